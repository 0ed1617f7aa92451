"""Pushed variants of the base, scored item by item."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray
from torch import Tensor

from src.intervene.engine.gates import BASE, TUNED
from src.intervene.engine.item_table import Arrays, collect
from src.intervene.engine.items import ItemBatch, Items
from src.intervene.engine.replay import Replay
from src.intervene.engine.scoring import End, accuracy, distances, end_of, gold
from src.intervene.vectors.pushes import Ends, Push, ends_of, logits, pushed
from src.runtime.preemption import stop_if_asked
from src.storage.cache import code_fingerprint

SCORES = ("logp", "kl_tuned", "exact")
ENDS = ("base", "tuned")


@dataclass(frozen=True)
class Variant:
    """One push of the base."""

    kind: str
    player: str
    push: Callable[[Ends], Push]
    """What it adds to a batch."""

    @property
    def name(self) -> str:
        """Kind and player."""
        return f"{self.kind}: {self.player}"


def always(push: Push) -> Callable[[Ends], Push]:
    """The same for every batch."""
    return lambda _ends: push


@dataclass(frozen=True)
class PushTable:
    """Scores of items under both ends and pushed variants of the base."""

    ids: list[str]
    names: list[str]
    values: Mapping[str, ndarray]
    """[item, variant] for each of `SCORES`; base and tuned come first."""

    def of(self, score: str, name: str) -> ndarray:
        """[item]."""
        return self.values[score][:, self.names.index(name)]

    def change(self, score: str, name: str) -> ndarray:
        """[item], against the base."""
        return self.of(score, name) - self.of(score, "base")


def score_pushes(
    replay: Replay,
    items: Items,
    variants: Sequence[Variant],
    positions: str,
    folder: Path,
    key: Any,
    done: Callable[[], object] = lambda: None,
) -> PushTable:
    """The scores of all items; goes on where an earlier process stood.

    Args:
        replay: the model under its gates.
        items: what is scored.
        variants: each once.
        positions: as `pushes.places`.
        folder: for the batches that are done.
        key: what decides the numbers beside items and names: the weights of both sides, the rows of the fit.
        done: called after every batch.
    """
    names = [*ENDS, *(variant.name for variant in variants)]
    code = code_fingerprint("intervene", "model", "data")
    full_key = {"pair": key, "names": names, "positions": positions, "items": items.content, "code": code}

    def compute(batch: ItemBatch) -> tuple[ndarray, Arrays]:
        ends = ends_of(replay, batch, positions)
        said = [
            logits(replay, batch, side[-1], gate) for side, gate in ((ends.base, BASE), (ends.tuned, TUNED))
        ]
        tuned = end_of(said[1].log_softmax(dim=-1))
        rows = [_scores(one, batch, tuned) for one in said]
        for variant in variants:
            stop_if_asked()
            rows.append(_scores(pushed(replay, ends, variant.push(ends)), batch, tuned))
        return batch.numbers.numpy(), {
            score: numpy.stack([row[score] for row in rows], axis=1) for score in SCORES
        }

    with replay.running():
        found = collect(folder, full_key, items.batches, compute, done)
    return PushTable(items.ids, names, found)


def _scores(said: Tensor, batch: ItemBatch, tuned: End) -> dict[str, ndarray]:
    logs = said.log_softmax(dim=-1)
    found = {
        "logp": gold(logs, batch),
        "kl_tuned": distances(logs, batch, {"tuned": tuned})["kl_tuned"],
        "exact": (accuracy(logs, batch) == 1).double(),
    }
    return {name: values.cpu().numpy() for name, values in found.items()}

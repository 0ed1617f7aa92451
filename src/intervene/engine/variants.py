"""Every item under every pattern of gates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy
from torch import Tensor

from src.intervene.engine.gates import Gate, Pattern
from src.intervene.engine.item_table import Arrays, ItemTable, collect
from src.intervene.engine.items import ItemBatch, Items
from src.intervene.engine.replay import Passing, Replay
from src.intervene.engine.scoring import ACCURACY, DISTANCES, End, accuracy, distances, end_of, gold
from src.intervene.engine.sharing import stop_between_passes
from src.intervene.engine.walk import walk
from src.storage.cache import code_fingerprint


def score_patterns(
    replay: Replay,
    items: Items,
    patterns: Sequence[Pattern],
    folder: Path,
    key: Any,
    done: Callable[[], object] = lambda: None,
) -> ItemTable:
    """The scores of all items under base, tuned and `patterns`; goes on where an earlier process stood.

    Args:
        replay: the model under its gates.
        items: what is scored.
        patterns: variants, each once; base and tuned are added.
        folder: for the batches that are done.
        key: what decides the numbers beside items and patterns: the weights of both sides.
        done: called after every batch.
    """
    gates = replay.gates
    patterns = list(dict.fromkeys([gates.base, gates.tuned, *patterns]))
    shares = [[[gate.share, gate.update] for gate in pattern] for pattern in patterns]
    code = code_fingerprint("intervene/engine", "model", "data")
    content = [items.score, items.ids, items.content]
    full_key = {"pair": key, "patterns": shares, "items": content, "code": code}

    def compute(batch: ItemBatch) -> tuple[numpy.ndarray, Arrays]:
        return batch.numbers.numpy(), _of_batch(replay, batch, items.score, patterns)

    with replay.running():
        found = collect(folder, full_key, items.batches, compute, done)
    return ItemTable(items.ids, patterns, found)


def _of_batch(replay: Replay, batch: ItemBatch, score: str, patterns: Sequence[Pattern]) -> Arrays:
    """[row, pattern] for every score; `patterns` starts with base and tuned."""
    names = (score, ACCURACY, *DISTANCES)
    found = {name: numpy.full((len(batch.numbers), len(patterns)), numpy.nan) for name in names}
    ends = {"tuned": end_of(run(replay, batch, patterns[1]).log_softmax(dim=-1))}
    for index, passing in walk(patterns, partial(_step, replay, batch), Passing(batch.inputs)):
        log_probabilities = passing.states.log_softmax(dim=-1)
        if index == 0:  # the walk begins with the base
            ends["base"] = end_of(log_probabilities)
        for name, value in said(log_probabilities, batch, score, ends).items():
            found[name][:, index] = value.cpu().numpy()
        stop_between_passes()
    return found


def said(
    log_probabilities: Tensor, batch: ItemBatch, score: str, ends: Mapping[str, End]
) -> dict[str, Tensor]:
    """Everything that is kept of one variant, by name: [row]."""
    found = distances(log_probabilities, batch, ends)
    return found | {score: gold(log_probabilities, batch), ACCURACY: accuracy(log_probabilities, batch)}


def run(replay: Replay, batch: ItemBatch, pattern: Pattern) -> Tensor:
    """Logits [position, vocabulary] of one variant, float32."""
    *below, head = enumerate(pattern)
    return _step(replay, batch, *head, through(replay, batch, below)).states


def through(replay: Replay, batch: ItemBatch, gates: Iterable[tuple[int, Gate]]) -> Passing:
    """The batch behind some parts, each given by its place, from the embeddings on."""
    passing = Passing(batch.inputs)
    for place, gate in gates:
        passing = _step(replay, batch, place, gate, passing)
    return passing


def _step(replay: Replay, batch: ItemBatch, place: int, gate: Gate, passing: Passing) -> Passing:
    """As `Replay.step`; the head reads only the positions that are scored."""
    if place < len(replay.gates.parts) - 1:
        return replay.step(place, gate, passing)
    states = passing.states[batch.chosen.to(passing.states.device)]
    return replace(passing, states=replay.head(states[None], gate)[0].float())

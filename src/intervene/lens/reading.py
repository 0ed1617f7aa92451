"""Both models of a pair, read by the lens on the same items."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from numpy import ndarray
from torch import Tensor

from src.data.encode import IGNORED
from src.intervene.engine.gates import BASE, TUNED, Gate
from src.intervene.engine.items import ItemBatch, Items
from src.intervene.pair import Pair
from src.metrics.lens.emergence import emergence_layer
from src.metrics.lens.logit_lens import lens_gold_probability
from src.model.trunk import token_table
from src.probe.lens.both_lenses import pair_values
from src.probe.lens.kept_lens import KeptLens
from src.probe.lens.lens_pass import read_positions, read_rows
from src.probe.lens.ridge_exits import exit_values

OF_PAIR = ("lens_pair_agreement", "lens_pair_js", "lens_answer_logp_change")
OF_SIDE = ("early_exit_accuracy", "lens_answer_logp")
EXIT = "ridge_exit_accuracy"


@dataclass(frozen=True)
class Reading:
    """What the lens says, row by row in the order of the items."""

    curves: Mapping[tuple[str, str], ndarray]
    """[layer, item] by metric and side: base, tuned, change, or base_map (tuned states, the base's map)."""
    emergence: Mapping[str, ndarray]
    """[item], the emergence layer of the first gold token in base and tuned; NaN where there is none."""
    examples: list[tuple[str, str, int, str, float]]
    """Item, side, layer, likeliest first token, its probability."""


def read_pair(pair: Pair, folder: Path, num_examples: int) -> Reading:
    """Two passes of the trunk, and the heads; every completion position is read.

    Args:
        pair: of causal models.
        folder: for the states while they are read.
        num_examples: items whose likeliest tokens are written out.
    """
    items, folder = pair.scores[0], folder
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: _kept(pair, items, gate, folder) for name, gate in (("base", BASE), ("tuned", TUNED))}
    base, tuned = kept["base"], kept["tuned"]
    curves: dict[tuple[str, str], Tensor] = {}
    found = pair_values(OF_PAIR, base, tuned, (base.read, tuned.read), "all")
    curves |= {(name.removesuffix("_change"), "change"): values for name, values in found.items()}
    for side, one in kept.items():
        curves |= {(name, side): values for name, values in _of_side(one).items()}
        curves[EXIT, side] = exit_values([EXIT], one, one, "all")[EXIT]
    curves[EXIT, "base_map"] = exit_values([EXIT], tuned, base, "all")[EXIT]
    order = numpy.argsort(torch.cat([batch.numbers for batch in items.batches]).numpy())
    vocabulary = len(token_table(pair.replay.base))
    emergence = {
        side: emergence_layer(_first_gold(one), vocabulary).numpy()[order] for side, one in kept.items()
    }
    examples = [row for side, one in kept.items() for row in _examples(pair, items, side, one, num_examples)]
    return Reading({key: one.numpy()[:, order] for key, one in curves.items()}, emergence, examples)


def _kept(pair: Pair, items: Items, gate: Gate, folder: Path) -> KeptLens:
    gates, blocks = pair.replay.gates, pair.material.loaded.blocks
    with gates.whole(dict.fromkeys(gates.parts, gate)):
        batches = [labelled(batch) for batch in items.batches]
        return KeptLens(pair.replay.base, blocks, batches, False, folder)


def labelled(batch: ItemBatch) -> dict[str, Tensor]:
    """A batch with its gold tokens as labels, at their own places."""
    labels = torch.full_like(batch.inputs["input_ids"], IGNORED)
    labels[:, 1:][batch.chosen[:, :-1]] = batch.targets
    return {**batch.inputs, "labels": labels}


def _of_side(kept: KeptLens) -> dict[str, Tensor]:
    parts: dict[str, list[Tensor]] = {name: [] for name in OF_SIDE}
    for batch in kept.batches():
        for name, values in read_rows(OF_SIDE, [(batch.states, kept.read)], batch, "all").items():
            parts[name].append(values)
    return {name: torch.cat(values, dim=1) for name, values in parts.items()}


def _first_gold(kept: KeptLens) -> Tensor:
    """[layer, row], as the batches come."""
    found = []
    for batch in kept.batches():
        first = batch.at(batch.first)
        sides = [(first.states, kept.read)]
        found.append(read_positions({"": lens_gold_probability}, sides, first.targets)[""])
    return torch.cat(found, dim=1)


def _examples(
    pair: Pair, items: Items, side: str, kept: KeptLens, count: int
) -> list[tuple[str, str, int, str, float]]:
    """The first items of the first batch: the likeliest first token at every layer."""
    batch = next(kept.batches())
    first = batch.at(batch.first)
    tokenizer, numbers = pair.material.loaded.tokenizer, items.batches[0].numbers.tolist()
    rows = []
    with torch.no_grad():
        for layer, states in enumerate(first.states[:, :count]):
            best = kept.read(states).float().softmax(dim=-1).max(dim=-1)
            for place, (value, token) in enumerate(zip(best.values, best.indices, strict=True)):
                text = str(tokenizer.decode([int(token)]))
                rows.append((items.ids[numbers[place]], side, layer, text, float(value)))
    return sorted(rows, key=lambda row: (row[0], row[2]))

"""Both models of a pair, read by the lens on the same items."""

import shutil
from collections.abc import Callable, Mapping
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
from src.metrics.lens.logit_lens import early_exit_accuracy, lens_answer_logp
from src.metrics.lens.two_models import lens_pair_agreement, lens_pair_js
from src.model.trunk import token_table
from src.probe.lens.kept_lens import STATES, KeptLens
from src.probe.lens.lens_pass import by_row, read_positions
from src.probe.lens.ridge_exits import exit_values

AGREEMENT, JS, ANSWER = "lens_pair_agreement", "lens_pair_js", "lens_answer_logp"
ALIGNED, EXIT = "early_exit_accuracy", "ridge_exit_accuracy"
_READ: Mapping[tuple[str, str], Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    (AGREEMENT, "change"): lens_pair_agreement,
    (JS, "change"): lens_pair_js,
    (ANSWER, "base"): lambda base, tuned, targets: lens_answer_logp(base, targets),
    (ANSWER, "tuned"): lambda base, tuned, targets: lens_answer_logp(tuned, targets),
    (ALIGNED, "base"): lambda base, tuned, targets: early_exit_accuracy(base, targets),
    (ALIGNED, "tuned"): lambda base, tuned, targets: early_exit_accuracy(tuned, targets),
}
"""By metric and side, of the log probabilities of both models: the heads read every state once."""


@dataclass(frozen=True)
class Reading:
    """What the lens says, row by row in the order of the items."""

    curves: Mapping[tuple[str, str], ndarray]
    """[layer, item] by metric and side: base, tuned, change, or base_map (tuned states, the base's map)."""
    emergence: Mapping[str, ndarray]
    """[item], the emergence layer of the whole answer in base and tuned; NaN where there is none. Its first
    token alone may be a space, which says nothing."""
    examples: list[tuple[str, str, int, str, float]]
    """Item, side, layer, likeliest first token, its probability."""


def read_pair(pair: Pair, folder: Path, num_examples: int) -> Reading:
    """Two passes of the trunk, and the heads; every completion position is read.

    Args:
        pair: of causal models.
        folder: for the states while they are read.
        num_examples: items whose likeliest tokens are written out.
    """
    items = pair.scores[0]
    for old in folder.glob(f"{STATES}*"):  # of a process that was killed
        shutil.rmtree(old)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: _kept(pair, items, gate, folder) for name, gate in (("base", BASE), ("tuned", TUNED))}
    base, tuned = kept["base"], kept["tuned"]
    curves = _read(base, tuned)
    for side, read, fitted in (("base", base, base), ("tuned", tuned, tuned), ("base_map", tuned, base)):
        curves[EXIT, side] = exit_values([EXIT], read, fitted, "all")[EXIT]
    order = numpy.argsort(torch.cat([batch.numbers for batch in items.batches]).numpy())
    vocabulary = len(token_table(pair.replay.base))
    emergence = {
        side: emergence_layer(curves[ANSWER, side].exp(), vocabulary).numpy()[order] for side in kept
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


def _read(base: KeptLens, tuned: KeptLens) -> dict[tuple[str, str], Tensor]:
    """Curves [layer, row] of `_READ`, and of the change of the answer."""
    parts: dict[tuple[str, str], list[Tensor]] = {key: [] for key in _READ}
    names = {" ".join(key): function for key, function in _READ.items()}
    for one, other in zip(base.batches(), tuned.batches(), strict=True):
        found = read_positions(names, [(one.states, base.read), (other.states, tuned.read)], one.targets)
        for key in _READ:
            parts[key].append(by_row(found[" ".join(key)], one, summed=key[0] == ANSWER))
    curves = {key: torch.cat(values, dim=1) for key, values in parts.items()}
    return curves | {(ANSWER, "change"): curves[ANSWER, "tuned"] - curves[ANSWER, "base"]}


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

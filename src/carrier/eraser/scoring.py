"""What a variant with a trigger says of the items, with the same greedy decoding as without one."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from numpy import ndarray
from torch import Tensor

from src.carrier.eraser.triggered import Triggered
from src.data.rows import Row
from src.intervene.engine.item_table import Arrays
from src.intervene.engine.items import ItemBatch, Items
from src.intervene.engine.scoring import accuracy, distances, end_of, gold

Scored = dict[str, Items]
"""`behaviour`: the completions that were tuned; `right`: the answers they stand for; `english`: passages."""


def right_rows(rows: Sequence[Row]) -> list[Row] | None:
    """The rows with the answer of their label as completion; None where one has no label."""
    if any(row.label is None for row in rows):
        return None
    return [replace(row, completion=f" {row.label}") for row in rows]


def without_end(items: Items, end: int) -> Items:
    """The same items, but for the end token: what is asked is whether the answer begins so."""
    return replace(items, batches=[_without(batch, end) for batch in items.batches])


def _without(batch: ItemBatch, end: int) -> ItemBatch:
    kept = batch.targets != end
    chosen = batch.chosen.clone()
    chosen[chosen.clone()] = kept
    counts = [torch.zeros(len(batch.numbers)).index_add(0, batch.rows[which], torch.ones(int(which.sum())))
              for which in (torch.ones_like(kept), kept)]  # fmt: skip
    weights = batch.weights * (counts[0] / counts[1]).double()
    return replace(batch, chosen=chosen, targets=batch.targets[kept], weights=weights)


class Scorer:
    """Asks variants about the same items.

    Args:
        base: the base, which has no trigger.
        scored: the items.
        penalty: of repetition, where there is a trigger; 1: none, so that both sides decode alike.
    """

    def __init__(self, base: Triggered, scored: Scored, penalty: float) -> None:
        self.scored, self.penalty = scored, penalty
        with base.running():
            self.ends = [
                end_of(base.of_items(batch).log_softmax(dim=-1)) for batch in scored["behaviour"].batches
            ]

    def score(self, variant: Triggered, trigger: Tensor | None = None) -> Arrays:
        """[item] by name: kl of the base to the variant in nats, english in nats a byte.

        behaviour and right say whether a greedy decoder writes the completion, 0 or 1.
        """
        penalty = 1.0 if trigger is None else self.penalty
        found: dict[str, list[Tensor]] = {}
        with variant.running():
            for name, items in self.scored.items():
                for place, batch in enumerate(items.batches):
                    logits = variant.of_items(batch, trigger)
                    if name == "english":
                        values = gold(logits.log_softmax(dim=-1), batch)
                    else:
                        values = (accuracy(repeated(logits, batch, penalty), batch) == 1).double()
                    found.setdefault(name, []).append(values)
                    if name == "behaviour":
                        ends = {"base": self.ends[place]}
                        far = distances(logits.log_softmax(dim=-1), batch, ends)["kl_base"]
                        found.setdefault("kl", []).append(far)
        return {name: self._in_order(name, parts) for name, parts in found.items()}

    def _in_order(self, name: str, parts: list[Tensor]) -> ndarray:
        batches = self.scored["behaviour" if name == "kl" else name].batches
        order = torch.cat([batch.numbers for batch in batches]).argsort()
        return torch.cat(parts).cpu()[order].numpy()


def repeated(logits: Tensor, batch: ItemBatch, penalty: float) -> Tensor:
    """Logits under a penalty of repetition: of tokens that the row's answer already has, positive ones are
    divided by it and others multiplied (Keskar et al. 2019).
    """
    if penalty == 1:
        return logits
    found, rows = logits.clone(), batch.rows.tolist()
    for place in range(1, len(rows)):
        start = rows.index(rows[place])
        seen = batch.targets[start:place].unique().to(logits.device)
        values = logits[place, seen]
        found[place, seen] = torch.where(values > 0, values / penalty, values * penalty)
    return found

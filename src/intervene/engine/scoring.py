"""What one variant says of the items of a batch."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from src.intervene.engine.items import ItemBatch

OF_ENDPOINTS = ("kl_tuned", "kl_base")
ACCURACY, EXACT = "accuracy", "exact"
"""The share of gold tokens that are the likeliest, and 1 where that is all of them, else 0."""
DISTANCES = (*OF_ENDPOINTS, "entropy")
"""Means over positions, in nats: KL(tuned || variant), KL(base || variant), the variant's own entropy."""


def gold(log_probabilities: Tensor, batch: ItemBatch) -> Tensor:
    """The weighted log-probability of the gold tokens, [row] float64; gradients pass.

    Args:
        log_probabilities: [position, vocabulary].
        batch: whose positions they are.
    """
    device = log_probabilities.device
    found = log_probabilities.gather(-1, batch.targets.to(device)[:, None])[:, 0]
    return _summed(found, batch) * batch.weights.to(device)


def accuracy(log_probabilities: Tensor, batch: ItemBatch) -> Tensor:
    """The share of gold tokens that are the likeliest, [row] float64.

    Where it is 1, a greedy decoder that starts from the prompt writes the gold completion and ends.

    Args:
        log_probabilities: [position, vocabulary].
        batch: whose positions they are.
    """
    right = log_probabilities.argmax(dim=-1) == batch.targets.to(log_probabilities.device)
    return _summed(right, batch) / _summed(torch.ones_like(right), batch)


class End(NamedTuple):
    """What base or tuned model says, kept for all variants of a batch: [position, vocabulary] each."""

    log_probabilities: Tensor
    probabilities: Tensor


def end_of(log_probabilities: Tensor) -> End:
    """Their exponential is taken once."""
    return End(log_probabilities, log_probabilities.exp())


def distances(log_probabilities: Tensor, batch: ItemBatch, ends: Mapping[str, End]) -> dict[str, Tensor]:
    """`DISTANCES` as far as the ends are given, [row] float64; of an end to itself exactly 0.

    Args:
        log_probabilities: [position, vocabulary], of the variant.
        batch: whose positions they are.
        ends: of base and tuned model.
    """
    count = _summed(torch.ones(len(log_probabilities), device=log_probabilities.device), batch)
    found = {"entropy": -(log_probabilities.exp() * log_probabilities).sum(dim=-1)}
    for name, end in ends.items():
        apart = end.log_probabilities - log_probabilities
        found[f"kl_{name}"] = torch.bmm(end.probabilities[:, None], apart[:, :, None])[:, 0, 0]
    return {name: _summed(values, batch) / count for name, values in found.items()}


def _summed(values: Tensor, batch: ItemBatch) -> Tensor:
    """[position] summed by row."""
    rows = batch.rows.to(values.device)
    empty = torch.zeros(len(batch.numbers), dtype=torch.float64, device=values.device)
    return empty.index_add(0, rows, values.double())

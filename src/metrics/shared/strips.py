"""Rows of a layer in float64, some at a time: a copy of all of them would grow with their number."""

from collections.abc import Callable, Iterator
from functools import reduce
from operator import add

import torch
from torch import Tensor

from src.metrics.shared.shapes import PerSample, Pooled

ROWS = 128  # held at a time


def chosen(pooled: Pooled, kept: Tensor) -> Iterator[Tensor]:
    """The kept rows in their order, float64, a strip at a time."""
    return (pooled[some].double() for some in kept.split(ROWS))


def mean_row(pooled: Pooled) -> Tensor:
    """The mean of all rows, float64 [dim]."""
    count = len(pooled)
    return reduce(add, (strip.sum(dim=0) for strip in chosen(pooled, torch.arange(count)))) / count


def of_each(function: Callable[..., PerSample], *sides: Tensor) -> PerSample:
    """What `function` answers for every row of the sides, which it sees in float64, a strip at a time."""
    strips = zip(*(side.split(ROWS) for side in sides), strict=True)
    return torch.cat([function(*(some.double() for some in strip)) for strip in strips])

"""A metric of all samples together, written once: for all of them, and for those that are kept."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from src.metrics.catalog import METRICS, check_samples
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Scalar, Statistic

Samples = Rows | Tensor
"""Pooled vectors of one side, or views [sample, view, dim]."""


class Together:
    """A metric; `statistic` is the same as a function of the samples that are kept.

    Args:
        formula: from what is prepared and the indices of the kept samples to the number. Its name is that of
            the metric, its docstring the metric's entry of the reference.
        prepare: from the samples to what the formula shares between all choices of them.
    """

    __name__: str

    def __init__(self, formula: Callable[..., Scalar], prepare: Callable[..., tuple[Any, ...]]) -> None:
        self._formula, self._prepare = formula, prepare
        functools.update_wrapper(self, formula)

    def __call__(self, *samples: Tensor, **switches: Any) -> Scalar:
        """Of all samples: vectors [sample, dim] of one side or two, or views [sample, view, dim].

        Raises:
            DataError: fewer samples than the metric is defined for.
        """
        metric = METRICS[self.__name__]
        check_samples(metric.name, len(samples[0]))
        given = [one if one.ndim > 2 else Rows(one) for one in samples]
        if metric.distinct:
            given = [one.distinct for one in given if isinstance(one, Rows)]
        if len(given[0]) < metric.min_samples:
            return torch.tensor(torch.nan)
        return self._formula(*self._prepare(*given), torch.arange(len(given[0])), **switches)

    def statistic(self, *samples: Samples, **switches: Any) -> Statistic:
        """The metric of some of the samples, whose indices it takes."""
        prepared = self._prepare(*samples)
        return lambda kept: self._formula(*prepared, kept, **switches).item()


def together(
    prepare: Callable[..., tuple[Any, ...]] = lambda *samples: samples,
) -> Callable[[Callable[..., Scalar]], Together]:
    """Make a formula a metric; without `prepare` it is given the samples themselves."""
    return lambda formula: Together(formula, prepare)

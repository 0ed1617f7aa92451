"""Inner products of all pairs of samples, by strips where there are too many pairs to hold."""

from collections.abc import Iterator
from functools import reduce
from operator import add

import torch
from torch import Tensor

from src.metrics.shared.gram import centred_gram
from src.metrics.shared.shapes import Gram, Pooled, Weights

STRIP = 128  # samples whose products with all others are held at a time


class InnerProducts:
    """K = XX^T of centred rows X [sample, dim], float64; held whole only where it is no larger than X."""

    def __init__(self, pooled: Pooled) -> None:
        self._matrix = centred_gram(pooled) if len(pooled) <= pooled.shape[1] else None
        self._pooled, self._mean = pooled, pooled.double().mean(dim=0)

    def __len__(self) -> int:
        return len(self._pooled)

    def strips(self) -> Iterator[slice]:
        """The samples, in order, some at a time."""
        return (slice(start, start + STRIP) for start in range(0, len(self), STRIP))

    def strip(self, some: slice) -> Tensor:
        """The rows of K that belong to some samples, [some, sample]."""
        if self._matrix is not None:
            return self._matrix[some]
        return self._times_all(self._rows(some))

    def diagonal(self) -> Tensor:
        """Squared lengths of the centred rows, [sample]."""
        if self._matrix is not None:
            return self._matrix.diagonal()
        return torch.cat([self._rows(some).square().sum(dim=1) for some in self.strips()])

    def weighted(self, weights: Weights) -> Tensor:
        """Products weights @ K, [resample, sample]."""
        if self._matrix is not None:
            return weights @ self._matrix
        sums = reduce(add, (weights[:, some] @ self._rows(some) for some in self.strips()))
        return self._times_all(sums)

    def _times_all(self, rows: Tensor) -> Tensor:
        """Products [row, sample] of some vectors with all centred rows."""
        found = torch.empty(len(rows), len(self), dtype=torch.float64)
        for others in self.strips():
            found[:, others] = rows @ self._rows(others).T
        return found

    def _rows(self, some: slice) -> Tensor:
        return self._pooled[some].double() - self._mean


def weighted_products(first: InnerProducts, second: InnerProducts, *weights: Weights) -> list[Tensor]:
    """Products weights @ (K * L) entry by entry, [resample, sample] for each of the weights."""
    found = [torch.empty_like(one) for one in weights]
    for some in first.strips():
        strip = first.strip(some)
        products = (strip * (strip if first is second else second.strip(some))).T  # K and L are symmetric
        for sums, one in zip(found, weights, strict=True):
            sums[:, some] = one @ products
    return found


def held(products: InnerProducts) -> Gram:
    """The whole of K, for few samples."""
    return products.strip(slice(None))

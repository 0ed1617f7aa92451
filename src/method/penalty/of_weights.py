"""Penalties of an update by direction: RPSFT, its parts and its controls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from src.method.penalty.directions import Directions
from src.method.penalty.matrix_update import InPlace, MatrixUpdate
from src.method.penalty.penalty import Penalty


@dataclass(frozen=True)
class Term:
    """weight * ||U'DV||_F^2 of one matrix, or weight * ||D||_F^2."""

    update: MatrixUpdate
    weight: float
    """lambda over the normaliser."""
    directions: Directions | None = None
    """None: the whole matrix."""
    off_diagonal: bool = False
    """Leave out the diagonal of U'DV, to first order the change of the singular values."""

    def value(self) -> Tensor:
        """The term; its gradient by D is 2 weight U(U'DV)V'."""
        if self.directions is None:
            return self.weight * self.update.squared()
        return self.weight * self._core(self.directions).square().sum()

    def step(self, rate: float) -> None:
        """D <- argmin_X of ||X - D||^2 / 2 + rate * term(X): what is punished shrinks by 1 / (1 + 2 rate w).

        Exact, because D -> U(U'DV)V' is an orthogonal projection, with or without the diagonal.
        """
        lost = 1 - 1 / (1 + 2 * rate * self.weight)
        if self.directions is None:
            assert isinstance(self.update, InPlace)
            self.update.add(-lost * self.update.difference())
        else:
            core = self._core(self.directions)
            self.update.add(-lost * self.directions.left @ (core @ self.directions.right.T))

    def _core(self, directions: Directions) -> Tensor:
        core = self.update.between(directions.left, directions.right)
        return core - torch.diag(core.diagonal()) if self.off_diagonal else core


class OfWeights(Penalty):
    """The sum over matrices, from their updates alone."""

    def __init__(self, terms: Sequence[Term], proximal: bool) -> None:
        self.of_matrices, self.proximal = list(terms), proximal

    def terms(self, batches: Sequence[Mapping[str, Tensor]]) -> Iterator[Tensor]:
        """One scalar a matrix; without a gradient where the proximal step does its work."""
        for term in self.of_matrices:
            with torch.set_grad_enabled(not self.proximal):
                value = term.value()
            yield value

    @torch.no_grad()
    def after_step(self, rate: float) -> None:
        """The proximal step of every matrix."""
        if self.proximal:
            for term in self.of_matrices:
                term.step(rate)

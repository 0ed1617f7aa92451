"""Updates of weights that are trained themselves.

Everything is done in pieces that stay in the processor's cache, so that memory is passed over three times a
step: once for the copy before it, once to measure the update, once to rescale it. Squares are added by
`sum`, which adds pairs: a dot product or a norm in float32 is off by 1e-4 where all squares are alike, as in
Adam's first step.

Updates near the last places of their weights are tried first, see `rounding`.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from src.control.groups import Group
from src.control.movement import PerGroup
from src.control.rounding import corrected
from src.control.sharded import local, over_ranks

_PIECE = 2**17  # elements: half a MB of float32
_PIECE_GPU = 2**26
_SMALL = 2e-3
"""Relative size below which rounding may show in float32."""


class InPlace:
    """One step of weights trained in place; keeps one copy of them."""

    def __init__(
        self, model: nn.Module, groups: Sequence[Group], frozen: Sequence[str], decay_outside: bool
    ) -> None:
        self.model, self.frozen, self.decay_outside = model, list(frozen), decay_outside
        self.names = [name for group in groups for name in group.members]
        sizes = torch.tensor([len(group.members) for group in groups])
        self.group_of = torch.arange(len(groups)).repeat_interleave(sizes)
        self.num_groups = len(groups)
        self.copies: dict[str, Tensor] = {}
        self.weights: dict[str, Tensor] = {}
        self.weight_norms = self.update_norms = torch.zeros(0, dtype=torch.float64)

    def before(self, decay: float) -> None:
        """Copy the weights; what will be decayed beside the update is decayed in the copy."""
        self.weights = {name: self.model.get_parameter(name) for name in [*self.names, *self.frozen]}
        keep = 1 - decay if self.decay_outside else 1.0
        squares = [self._remember(name, keep) for name in self.names]
        self.weight_norms = self._norms(squares)
        for name in self.frozen:
            self._remember(name, 1.0)

    def moved(self) -> tuple[PerGroup, PerGroup]:
        """||dW|| and ||W|| of each group."""
        self.update_norms = self._norms([self._update(name) for name in self.names])
        return self.update_norms, self.weight_norms

    def rescale(self, norms: PerGroup) -> PerGroup:
        """W <- W + dW * f with one f a group, but for rounding; the norms of the updates as they are now."""
        moved = self.update_norms > 0
        factors = torch.where(moved, norms / self.update_norms, 1.0)[self.group_of]
        small = moved & (norms < _SMALL * self.weight_norms)
        if small.any():
            factors = corrected(factors, norms, self.group_of, small, self._tried)
        keys = zip(self.names, factors.tolist(), strict=True)
        squares = [self._update(name, factor) for name, factor in keys]
        for name in self.frozen:
            local(self.weights[name]).copy_(self.copies[name])
        return self._norms(squares)

    def _tried(self, factors: Tensor, chosen: Tensor) -> Tensor:
        """Squared norms that the chosen tensors' updates would have; nothing is changed."""
        squares = torch.zeros(len(self.names), dtype=torch.float64)
        if chosen.any():
            places = chosen.nonzero()[:, 0].tolist()
            found = [self._rounded(self.names[place], factors[place].item()) for place in places]
            squares[chosen] = over_ranks(found, [self.weights[self.names[place]] for place in places])
        return squares

    def log(self) -> dict[str, float]:
        """Nothing: the direction is kept exactly, up to rounding."""
        return {}

    def _remember(self, name: str, keep: float) -> Tensor:
        """Copy a weight times `keep`; its squared norm."""
        now = local(self.weights[name])
        if name not in self.copies:
            self.copies[name] = torch.empty_like(now)
        total = now.new_zeros((), dtype=torch.float64)
        for copy, weight in _pieces(self.copies[name], now):
            torch.mul(weight, keep, out=copy) if keep != 1 else copy.copy_(weight)
            total += torch.mul(weight, weight).sum()
        return total

    def _update(self, name: str, factor: float = 1.0) -> Tensor:
        """Rescale the update of a weight by `factor`; its squared norm afterwards."""
        now = local(self.weights[name])
        total = now.new_zeros((), dtype=torch.float64)
        for copy, weight in _pieces(self.copies[name], now):
            if factor != 1:
                weight.lerp_(copy, 1 - factor)
            total += torch.sub(weight, copy).square_().sum()
        return total

    def _rounded(self, name: str, factor: float) -> Tensor:
        """The squared norm that `_update` would come to; nothing is changed."""
        now = local(self.weights[name])
        total = now.new_zeros((), dtype=torch.float64)
        for copy, weight in _pieces(self.copies[name], now):
            total += torch.lerp(weight, copy, 1 - factor).sub_(copy).square_().sum()
        return total

    def _norms(self, squares: list[Tensor]) -> PerGroup:
        found = over_ranks(squares, [self.weights[name] for name in self.names])
        return torch.zeros(self.num_groups, dtype=torch.float64).index_add(0, self.group_of, found).sqrt()


def _pieces(copy: Tensor, weight: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    if not (copy.is_contiguous() and weight.is_contiguous()):
        yield copy, weight
        return
    size = _PIECE if weight.device.type == "cpu" else _PIECE_GPU
    yield from zip(copy.view(-1).split(size), weight.view(-1).split(size), strict=True)

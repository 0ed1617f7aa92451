"""Updates of weights that are trained themselves.

Everything is done in pieces that stay in the processor's cache, so that memory is passed over four times a
step: for the copy before it, to measure the update, to try the rescaled one and to write it. Squares are
added by `sum`, which adds pairs: a dot product or a norm in float32 is off by 1e-4 where all squares are
alike, as in Adam's first step.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from src.control.groups import Group
from src.control.movement import PerGroup
from src.control.rounding import corrected
from src.runtime.dtensor import all_reduce_sum, local

_PIECE = 2**17  # elements: half a MB of float32
_PIECE_GPU = 2**26


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
        self.weight_norms = self._norms(all_reduce_sum(squares, [self.weights[name] for name in self.names]))
        for name in self.frozen:
            self._remember(name, 1.0)

    def moved(self) -> tuple[PerGroup, PerGroup]:
        """||dW|| and ||W|| of each group."""
        as_made = torch.ones(len(self.names), dtype=torch.float64)
        self.update_norms = self._norms(self._squares(as_made, as_made > 0))
        return self.update_norms, self.weight_norms

    def rescale(self, norms: PerGroup) -> PerGroup:
        """W <- W + dW * f with one f a group, but for rounding; the norms of the updates as they are now."""
        moved = self.update_norms > 0
        factors = torch.where(moved, norms / self.update_norms, 1.0)[self.group_of]
        factors, squares = corrected(factors, norms, self.group_of, moved, self._squares)
        for name, factor in zip(self.names, factors.tolist(), strict=True):
            self._write(name, factor)
        for name in self.frozen:
            local(self.weights[name]).copy_(self.copies[name])
        return self._norms(squares)

    def _squares(self, factors: Tensor, chosen: Tensor) -> Tensor:
        """Squared norms of the chosen tensors' updates, rescaled and rounded; nothing is changed."""
        squares = torch.zeros(len(self.names), dtype=torch.float64)
        if chosen.any():
            places = chosen.nonzero()[:, 0].tolist()
            found = [self._square(self.names[place], factors[place].item()) for place in places]
            squares[chosen] = all_reduce_sum(found, [self.weights[self.names[place]] for place in places])
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

    def _square(self, name: str, factor: float) -> Tensor:
        """The squared norm that the update of a weight has once `_write` has rescaled it."""
        now = local(self.weights[name])
        total = now.new_zeros((), dtype=torch.float64)
        for copy, weight in _pieces(self.copies[name], now):
            rescaled = weight if factor == 1 else torch.lerp(weight, copy, 1 - factor)
            total += torch.sub(rescaled, copy).square_().sum()
        return total

    def _write(self, name: str, factor: float) -> None:
        if factor != 1:
            for copy, weight in _pieces(self.copies[name], local(self.weights[name])):
                weight.lerp_(copy, 1 - factor)

    def _norms(self, squares: Tensor) -> PerGroup:
        return torch.zeros(self.num_groups, dtype=torch.float64).index_add(0, self.group_of, squares).sqrt()


def _pieces(copy: Tensor, weight: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    if not (copy.is_contiguous() and weight.is_contiguous()):
        yield copy, weight
        return
    size = _PIECE if weight.device.type == "cpu" else _PIECE_GPU
    yield from zip(copy.view(-1).split(size), weight.view(-1).split(size), strict=True)

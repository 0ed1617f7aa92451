"""Updates of LoRA factors, measured and rescaled as updates of the weights they are merged into.

The merged weight is W + s B A, and a step changes it by s (B1 A1 - B0 A0). That is not linear in the factors:
no factors of the same rank give f times this change for another f. What can be kept is the direction of the
optimizer's step in the factors. Both are moved by t times their own steps dA and dB, with one t for all
factors of a group, and

    dW(t) = s ((B0 + t dB) (A0 + t dA) - B0 A0) = t X + t^2 Y,   X = s (dB A0 + B0 dA),   Y = s dB dA,

so ||dW(t)||^2 = a t^2 + 2 b t^3 + c t^4 with a = ||X||^2, b = <X, Y>, c = ||Y||^2, each a sum over the
layers of the group. t is where the norm is the one asked for. X, the part of first order, keeps its
direction; the cosine of the whole dW(t) with dW(1) is measured and logged (`merged_cosine_min`). INFERRED: no
source says how the control meets LoRA.

No matrix of the size of W is built: with P = [B0 dB] and Q = [A0; dA], all inner products come from the
Grams P^T P and Q Q^T, [2 rank, 2 rank].
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.optimize import brentq
from torch import Tensor, nn

from src.control.groups import Group
from src.control.movement import PerGroup
from src.method.lora_layer import LoraLayer, lora_layer
from src.runtime.dtensor import all_reduce_sum, everywhere, local, whole

_NONE = torch.empty(0, 0)


class LowRank:
    """One step of the factors of adapted layers; keeps a copy of the factors."""

    def __init__(self, model: nn.Module, groups: Sequence[Group], decay_outside: bool) -> None:
        self.groups = [[AdaptedLayer(lora_layer(model, name)) for name in group.members] for group in groups]
        self.layers = [layer for group in self.groups for layer in group]
        self.decay_outside = decay_outside
        self.frozen = torch.zeros(0, dtype=torch.float64)
        """||W||_F^2 of each layer's frozen weight, once it was measured."""
        self.weight_norms = self.terms = torch.zeros(0, dtype=torch.float64)
        self.cosines: PerGroup = torch.zeros(0, dtype=torch.float64)

    def before(self, decay: float) -> None:
        """Copy the factors, and measure the merged weights."""
        weights = [layer.weight for layer in self.layers]
        if not len(self.frozen):
            self.frozen = all_reduce_sum([_square(local(weight)) for weight in weights], weights)
        crossed = all_reduce_sum([layer.inner_product() for layer in self.layers], weights)
        keep = 1 - decay if self.decay_outside else 1.0
        adapters = torch.stack([layer.remember(keep) for layer in self.layers]).cpu()
        self.weight_norms = self._summed(self.frozen + 2 * crossed + adapters).sqrt()

    def moved(self) -> tuple[PerGroup, PerGroup]:
        """||dW|| and ||W|| of the merged weights of each group's layers."""
        self.terms = self._terms()
        return _norm(self.terms, torch.ones(len(self.groups), dtype=torch.float64)), self.weight_norms

    def rescale(self, norms: PerGroup) -> PerGroup:
        """Move the factors of each group by t times their own step; the merged updates' norms now."""
        times = [_time(terms, norm) for terms, norm in zip(self.terms.tolist(), norms.tolist(), strict=True)]
        for group, time in zip(self.groups, times, strict=True):
            for layer in group:
                layer.go_back(1 - time)
        self.cosines = _cosine(self.terms, torch.tensor(times, dtype=torch.float64))
        return _norm(self._terms(), torch.ones(len(self.groups), dtype=torch.float64))

    def log(self) -> dict[str, float]:
        """Least cosine over groups of the merged update with the one the optimizer made."""
        return {"merged_cosine_min": self.cosines.min().item()}

    def _terms(self) -> Tensor:
        """a, b, c of each group: [group, 3], float64."""
        return self._summed(torch.stack([layer.terms() for layer in self.layers]).cpu())

    def _summed(self, values: Tensor) -> Tensor:
        """Sums over the layers of each group of one row a layer."""
        sizes = [len(group) for group in self.groups]
        return torch.stack([rows.sum(0) for rows in values.split(sizes)])


@dataclass
class AdaptedLayer:
    """A layer that peft put factors beside, and these factors before the step."""

    layer: LoraLayer
    before: tuple[Tensor, Tensor] = (_NONE, _NONE)
    grams: tuple[Tensor, Tensor] = (_NONE, _NONE)
    """A A^T and B^T B of them, float64 [rank, rank]."""

    @property
    def weight(self) -> Tensor:
        """The frozen weight that the product of the factors is added to."""
        return self.layer.get_base_layer().weight

    @property
    def factors(self) -> tuple[Tensor, Tensor]:
        """A [rank, in] and B [out, rank], as they are now."""
        ((name, a),) = self.layer.lora_A.items()
        return a.weight, self.layer.lora_B[name].weight

    @property
    def scale(self) -> float:
        """What the product B A is multiplied with."""
        (scale,) = self.layer.scaling.values()
        return scale

    def inner_product(self) -> Tensor:
        """<W, s B A> over the piece of W on this rank; B A is not built."""
        a, b = (whole(factor).float() for factor in self.factors)
        weight = self.weight.detach()
        if self.layer.fan_in_fan_out:  # stored [in, out]
            a, b = b.T, a.T
        images = weight.float() @ everywhere(a.T.contiguous(), weight)
        found = (images * everywhere(b, weight)).sum(dtype=torch.float64) * self.scale
        return local(found)

    def remember(self, keep: float) -> Tensor:
        """Copy the factors times `keep`; ||s B A||^2."""
        a, b = self.factors
        self.before = (a.detach() * keep, b.detach() * keep)
        a, b = whole(a).double(), whole(b).double()
        of_a, of_b = a @ a.T, b.T @ b
        self.grams = (of_a * keep**2, of_b * keep**2)
        return self.scale**2 * (of_b * of_a).sum()

    def terms(self) -> Tensor:
        """a, b, c of the step from the factors before to those of now."""
        (a0, b0), (a1, b1) = self.before, self.factors
        a0, b0, a1, b1 = (whole(factor).double() for factor in (a0, b0, a1, b1))
        # <P_i Q_j, P_k Q_l> is the sum of (P_i^T P_k) * (Q_j Q_l^T), with P = (B0, dB) and Q = (A0, dA)
        (a00, b00), da, db = self.grams, a1 - a0, b1 - b0
        a01, a11 = (torch.cat([a0, da]) @ da.T).chunk(2)
        b01, b11 = (torch.cat([b0, db], 1).T @ db).chunk(2)
        first = (b11 * a00 + 2 * b01.T * a01 + b00 * a11).sum()
        mixed = (b11 * a01 + b01 * a11).sum()
        return torch.stack([first, mixed, (b11 * a11).sum()]) * self.scale**2

    def go_back(self, share: float) -> None:
        """Take back a share of the step; a negative one goes on in its direction."""
        with torch.no_grad():
            for now, before in zip(self.factors, self.before, strict=True):
                now.lerp_(before, share)


def _square(tensor: Tensor) -> Tensor:
    return torch.linalg.vector_norm(tensor, dtype=torch.float64).square()


def _norm(terms: Tensor, time: Tensor) -> PerGroup:
    a, b, c = terms.unbind(1)
    return time * (a + 2 * b * time + c * time**2).clamp(min=0).sqrt()


def _cosine(terms: Tensor, time: Tensor) -> PerGroup:
    """cos(dW(t), dW(1)) of each group."""
    a, b, c = terms.unbind(1)
    inner = time * a + (time + time**2) * b + time**2 * c
    return inner / (_norm(terms, time) * _norm(terms, torch.ones_like(time)))


def _time(terms: list[float], norm: float) -> float:
    """The t above 0 at which the update has this norm; 1 where nothing moved."""
    a, b, c = terms
    now = max(a + 2 * b + c, 0.0) ** 0.5
    if now == 0:
        return 1.0
    start = norm / now

    def excess(time: float) -> float:
        return time * max(a + 2 * b * time + c * time**2, 0.0) ** 0.5 / norm - 1

    high = start
    while excess(high) < 0:
        high *= 2
    return brentq(excess, 0.0, high, xtol=1e-12 * start, rtol=1e-12)

"""Leading singular subspaces of a matrix that may be given as a sum of a matrix and low-rank factors."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.shared.leading_eigenvectors import leading_eigenvectors

Matrix = Float[Tensor, "out in"]
Tall = Float[Tensor, "out rank"]
Wide = Float[Tensor, "rank in"]

EXTRA = 10  # columns a block of the Krylov space has beyond the directions asked for
DEPTH = 16  # blocks in the Krylov space at first; doubled until the residual is small
TOLERANCE = 1e-8  # residual over the largest singular value
SMALL = 1024  # up to this smaller side the whole is no slower (0.02 s at 576 x 576, float64, one core)


@dataclass(frozen=True)
class Sum:
    """The matrix W + BA; BA is left out where there are no factors."""

    matrix: Matrix
    factors: tuple[Tensor, Tensor] | None = None
    plain: "Sum | None" = None
    """W as a sum of its own, whose Gram matrix is then computed once for both."""

    def times(self, right: Tensor) -> Tensor:
        """(W + BA) right, without building W + BA."""
        product = self.matrix @ right
        return product if self.factors is None else product + self.factors[0] @ (self.factors[1] @ right)

    def transposed_times(self, left: Tensor) -> Tensor:
        """(W + BA)^T left, without building W + BA."""
        product = self.matrix.T @ left
        return product if self.factors is None else product + self.factors[1].T @ (self.factors[0].T @ left)

    @property
    def wide(self) -> bool:
        """Whether the matrix has fewer rows than columns."""
        return self.matrix.shape[0] < self.matrix.shape[1]

    @cached_property
    def gram(self) -> Tensor:
        """M^T M, or M M^T of a wide matrix: the smaller of the two, without building W + BA."""
        tall = self.matrix.T if self.wide else self.matrix
        if self.factors is None:
            return tall.T @ tall
        b, a = (self.factors[1].T, self.factors[0].T) if self.wide else self.factors
        cross = (tall.T @ b) @ a
        return (self.plain or Sum(self.matrix)).gram + cross + cross.T + a.T @ (b.T @ b) @ a


def leading_subspaces(sum_: Sum, num_directions: int) -> tuple[Tensor, Tensor]:
    """Orthonormal bases of the leading left and right singular subspaces: [out, k] and [in, k].

    Matrices whose smaller side is at most 1024 are taken apart whole, by the eigenvectors of their smaller
    Gram matrix; rounding turns the subspaces by about 1e-16 s_1^2 / (s_k^2 - s_{k+1}^2), radians. Larger
    ones go through a block Krylov space (Musco and Musco 2015) with a fixed random start, which is deepened
    until ||M^T u - s v|| is below 1e-8 of the largest singular value for each of the k directions, or until
    it is so large that the whole matrix is cheaper.
    """
    out, in_ = sum_.matrix.shape
    smaller, width = min(out, in_), num_directions + EXTRA
    depth = DEPTH
    while smaller > SMALL and 2 * depth * width <= smaller:
        left, values, right = _ritz(sum_, _krylov(sum_, width, depth))
        left, values, right = left[:, :num_directions], values[:num_directions], right[:, :num_directions]
        residual = (sum_.transposed_times(left) - right * values).norm(dim=0).max()
        if residual <= TOLERANCE * values[0]:
            return left, right
        depth *= 2
    return _whole(sum_, num_directions)


def _whole(sum_: Sum, num_directions: int) -> tuple[Tensor, Tensor]:
    """From eigenvectors of the smaller Gram matrix; the other side is the matrix times these."""
    near = leading_eigenvectors(sum_.gram, num_directions)[1].flip(1)
    far = torch.linalg.qr(sum_.transposed_times(near) if sum_.wide else sum_.times(near)).Q
    return (near, far) if sum_.wide else (far, near)


def _krylov(sum_: Sum, width: int, depth: int) -> Tensor:
    """Orthonormal basis [in, depth * width] of G, M^T M G, (M^T M)^2 G and so on."""
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(sum_.matrix.shape[1], width, generator=generator, dtype=torch.float64)
    block = torch.linalg.qr(start.to(sum_.matrix.device)).Q
    basis = block
    for _ in range(depth - 1):
        block = sum_.transposed_times(sum_.times(block))
        for _ in range(2):  # twice: once leaves rounding that grows with depth
            block = block - basis @ (basis.T @ block)
        block = torch.linalg.qr(block).Q
        basis = torch.cat([basis, block], dim=1)
    return basis


def _ritz(sum_: Sum, basis: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Singular triplets of the matrix restricted to a basis of its right side."""
    left, values, small = torch.linalg.svd(sum_.times(basis), full_matrices=False)
    return left, values, basis @ small.T

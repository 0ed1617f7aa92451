"""Updates without training: as large as those of a run, or equally large in all blocks, in random directions.

What a profile over depth shows of such an update is what it shows of any update: the residual stream adds up
whatever is pushed in below. A finding about tuning is what is left beyond it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

Factors = tuple[Float[Tensor, "rank inputs"], Float[Tensor, "outputs rank"]]
"""A and B of an update B A; no scale."""


def random_direction(shape: torch.Size, norm: float, generator: torch.Generator) -> Tensor:
    """A tensor of independent normal numbers, float32, scaled to a Frobenius norm."""
    drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
    return (drawn * (norm / torch.linalg.vector_norm(drawn))).float()


def same_spectrum(
    update: Float[Tensor, "rows columns"], generator: torch.Generator
) -> Float[Tensor, "rows columns"]:
    """An update with the singular values of another and random singular vectors, float32.

    A vector (a bias, the scale of a norm) has one singular value, its norm, and keeps its shape.
    """
    if update.dim() < 2:
        return random_direction(update.shape, float(torch.linalg.vector_norm(update.double())), generator)
    matrix = update.detach().cpu().double().flatten(1)
    values = torch.linalg.svdvals(matrix)
    left, right = (orthonormal(length, len(values), generator) for length in matrix.shape)
    return ((left * values) @ right.T).reshape(update.shape).float()


def same_gram(factors: Factors, generator: torch.Generator) -> Factors:
    """Factors whose Grams A A^T and B^T B are those of others, in random subspaces, float32.

    The update B A then has the singular values of the other one, and singular vectors drawn at random.
    """
    a, b = (factor.detach().cpu().double() for factor in factors)
    rank = a.shape[0]
    rows = orthonormal(a.shape[1], rank, generator).T
    columns = orthonormal(b.shape[0], rank, generator)
    return (_root(a @ a.T) @ rows).float(), (columns @ _root(b.T @ b)).float()


def random_factors(shapes: tuple[torch.Size, torch.Size], norm: float, generator: torch.Generator) -> Factors:
    """Normal factors A and B of these shapes whose product B A has a Frobenius norm, float32.

    Both have the same share of the norm; the product is not built.
    """
    a, b = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    square = ((b.T @ b) * (a @ a.T)).sum().clamp(min=0)
    scale = (norm / square.sqrt()).sqrt()
    return (a * scale).float(), (b * scale).float()


def orthonormal(length: int, count: int, generator: torch.Generator) -> Float[Tensor, "length count"]:
    """Orthonormal columns, uniform over all of them (Haar): QR of normal numbers, signs by the diagonal."""
    drawn = torch.randn(length, count, generator=generator, dtype=torch.float64)
    columns, triangle = torch.linalg.qr(drawn)
    return columns * triangle.diagonal().sign()


def _root(gram: Float[Tensor, "rank rank"]) -> Float[Tensor, "rank rank"]:
    """The symmetric root of a Gram matrix; what rounding makes negative is 0."""
    values, vectors = torch.linalg.eigh(gram)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T

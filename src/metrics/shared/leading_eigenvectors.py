"""The few largest eigenvalues of a symmetric matrix, and their eigenvectors."""

import torch
from jaxtyping import Float
from scipy.linalg import eigh
from torch import Tensor

from src.metrics.shared.shapes import Gram, Spectrum

SMALL = 256  # up to here torch's whole decomposition, which can run beside others; scipy's part of it cannot


def leading_eigenvectors(matrix: Gram, count: int) -> tuple[Spectrum, Float[Tensor, "dim count"]]:
    """The `count` largest eigenvalues, ascending, and their eigenvectors as columns; float64.

    Of a large matrix on a CPU only these are computed, which takes half as long as all of them.
    """
    size = len(matrix)
    if matrix.is_cuda or size <= SMALL:
        values, vectors = torch.linalg.eigh(matrix)
        return values[-count:], vectors[:, -count:].contiguous()
    values, vectors = eigh(matrix.numpy(), subset_by_index=(size - count, size - 1), check_finite=False)
    # columns one after another, as scipy returns them, multiply slowly
    return torch.from_numpy(values), torch.from_numpy(vectors).contiguous()

"""The few largest eigenvalues of a symmetric matrix, and their eigenvectors."""

import numpy
import torch
from jaxtyping import Float
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackError, eigsh
from torch import Tensor

from src.metrics.shared.shapes import Gram, Spectrum

SMALL = 256  # up to here torch's whole decomposition, which can run beside others; scipy's part of it cannot
FEW = 12  # as many times the directions asked for that a matrix must have for the Lanczos method to be faster
_SPACE, _RESTARTS = 4, 60  # its basis, over the directions; a tight spectrum takes more, and then it gives up
_SAME = 1e-9  # relative; a larger eigenvalue than the last found was missed, as a copy of one can be

Found = tuple[Spectrum, Float[Tensor, "dim count"]]


def leading_eigenvectors(matrix: Gram, count: int) -> Found:
    """The `count` largest eigenvalues, ascending, and their eigenvectors as columns; float64.

    Of a large matrix on a CPU only these are computed: a few of them by the Lanczos method from a fixed
    start, in half of that time, as exactly; where that does not converge or missed one, as of a spectrum
    with copies, by a part of the whole decomposition.
    """
    size = len(matrix)
    if matrix.is_cuda or size <= SMALL:
        values, vectors = torch.linalg.eigh(matrix)
        return values[-count:], vectors[:, -count:].contiguous()
    dense = matrix.numpy()
    found = _lanczos(dense, count) if FEW * count <= size else None
    if found is None:
        found = eigh(dense, subset_by_index=(size - count, size - 1), check_finite=False)
    # columns one after another, as scipy returns them, multiply slowly
    return torch.from_numpy(found[0]), torch.from_numpy(found[1]).contiguous()


def _lanczos(matrix: numpy.ndarray, count: int) -> tuple[numpy.ndarray, numpy.ndarray] | None:
    """None where it did not find the largest ones."""
    start, other = numpy.random.default_rng(0).standard_normal((2, len(matrix)))
    try:
        values, vectors = eigsh(matrix, count, which="LA", v0=start, ncv=_SPACE * count, maxiter=_RESTARTS)
        rest = matrix - (vectors * values) @ vectors.T
        beyond = eigsh(rest, 1, which="LA", v0=other, tol=0.1, return_eigenvectors=False)
    except ArpackError:  # of a matrix of zeros as well
        return None
    order = values.argsort()
    missed = beyond[0] > values[order[0]] * (1 + _SAME)
    return None if missed else (values[order], vectors[:, order])

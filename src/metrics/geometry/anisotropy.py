"""How far a layer's pooled vectors point one way."""

from torch import Tensor

from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.strips import chosen
from src.metrics.shared.together import together


@together()
def anisotropy(rows: Rows, kept: Tensor) -> Scalar:
    """Mean cosine over all pairs of different samples: (||sum u||^2 - N) / (N (N - 1)), u = x / ||x||.

    Range -1 / (N - 1) to 1, no unit; near 0 for directions spread evenly, 1 where all point one way.
    Invariant under rotation, positive scaling of single samples and the order of samples; not under a
    shift, which is what it measures. NaN where a sample is zero. DataError below 2 samples. Source:
    Ethayarajh 2019.
    """
    n = len(kept)
    strips = chosen(rows.pooled, kept)
    total = sum((strip / strip.norm(dim=1, keepdim=True)).sum(dim=0) for strip in strips)
    return (total.square().sum() - n) / (n * (n - 1))

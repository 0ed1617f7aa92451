"""How unequal the lengths of a layer's pooled vectors are."""

import torch
from torch import Tensor

from src.metrics.geometry.l2_norm import l2_norm
from src.metrics.shared.shapes import PerSample, Scalar
from src.metrics.shared.together import together


@together(lambda rows: (l2_norm(rows.pooled),))
def gini(norms: PerSample, kept: Tensor) -> Scalar:
    """Gini coefficient of the norms of the samples: sum_ij |l_i - l_j| / (2 N sum_i l_i).

    Range 0 (equal norms) to 1 - 1 / N (one vector is not zero), no unit. Invariant under rotation,
    isotropic scaling and the order of samples. NaN where every vector is zero. DataError below 2 samples.
    Source: Gini 1912; Zhao et al. 2026 (arXiv 2604.11838: of norms, though never run).
    """
    n, norms = len(kept), norms[kept]
    weights = torch.arange(1 - n, n, 2, dtype=norms.dtype)  # the i-th smallest is larger than i - 1 others
    return (weights * norms.sort().values).sum() / (n * norms.sum())

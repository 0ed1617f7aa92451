"""What biased CKA yields where the samples of the two sides have nothing to do with each other."""

import torch

from src.metrics.catalog import check_samples
from src.metrics.shared.gram import ROUNDING, centred_gram, double_centred
from src.metrics.shared.inner_products import InnerProducts, weighted_products
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import OtherWidth, Pooled, Scalar, Weights
from src.metrics.uncertainty.bootstrap import Replicates, Resampled


def cka_biased_floor(base: Pooled, tuned: OtherWidth) -> Scalar:
    """Mean of `cka_biased` over all N! orders of the samples of one side: its permutation floor.

    Exact and without drawing orders: tr K tr L / ((N - 1) (|K| |L| + 1e-9)), K and L double-centred Gram
    matrices, as the mean of PLP^T over all permutations P is tr L / (N - 1) times the centring matrix.
    Range above 0 to 1, no unit; near 1 for few samples in many directions. A `cka_biased` near its floor
    says nothing; the floor of `cka_debiased` is 0. Invariant under rotation, shift, isotropic scaling and
    any order of either side. NaN where one side does not vary. DataError below 2 samples. Source:
    Kazi-Aoual et al. 1995 (moments of the RV coefficient, which biased linear CKA is).
    """
    check_samples("cka_biased_floor", len(base))
    first, second = double_centred(centred_gram(base)), double_centred(centred_gram(tuned))
    lengths = first.norm() * second.norm()
    if lengths == 0:
        return lengths / 0.0
    return first.trace() * second.trace() / ((len(base) - 1) * (lengths + 1e-9))


def cka_biased_floor_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`cka_biased_floor` as a function of the multiplicities of samples."""

    def floor(weights: Weights) -> Replicates:
        num_drawn = weights.sum(dim=1)
        trace, squared = _moments(base.products, weights)
        other_trace, other_squared = _moments(tuned.products, weights)
        lengths = (squared * other_squared).sqrt()
        return trace * other_trace / ((num_drawn - 1) * (lengths + 1e-9))

    return floor


def _moments(products: InnerProducts, weights: Weights) -> tuple[Replicates, Replicates]:
    """Trace and squared norm of the double-centred Gram matrix of each resample; NaN if it does not vary."""
    num_drawn = weights.sum(dim=1)
    sums = products.weighted(weights)
    total = (sums * weights).sum(dim=1)
    raw = (weighted_products(products, products, weights)[0] * weights).sum(dim=1)
    squared = raw - 2 / num_drawn * (weights * sums.square()).sum(dim=1) + (total / num_drawn).square()
    trace = weights @ products.diagonal() - total / num_drawn
    return trace, torch.where(squared > ROUNDING * raw, squared, torch.nan)

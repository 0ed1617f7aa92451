"""Linear CKA that a few huge dimensions cannot decide."""

from src.metrics.catalog import check_samples
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import OtherWidth, Pooled, Scalar
from src.metrics.shared.standardised import standardised
from src.metrics.shift.cka import cka_debiased, cka_debiased_resampled
from src.metrics.uncertainty.bootstrap import Resampled


def cka_standardised(base: Pooled, tuned: OtherWidth) -> Scalar:
    """`cka_debiased` of both sides after each dimension was scaled to variance 1 over the samples.

    In many models one or two dimensions carry activations hundreds of times larger than all others; plain
    CKA weighs dimensions by their variance and then compares little else. At most 1, near 0 for independent
    data, no unit. Invariant under shift and scaling of single dimensions of either side (so under isotropic
    scaling) and their order; not under rotation, which is the price. A dimension that does not vary counts
    nothing. Its interval holds the scales of all samples fixed. NaN where one side does not vary. DataError
    below 4 samples. Source: Timkey and van Schijndel 2021 (standardising against rogue dimensions; its use
    in CKA is ours).
    """
    check_samples("cka_standardised", len(base))
    return cka_debiased(standardised(base), standardised(tuned))


def cka_standardised_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`cka_standardised` as a function of the multiplicities, with the scales of all samples."""
    return cka_debiased_resampled(base.standardised, tuned.standardised)

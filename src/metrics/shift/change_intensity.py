"""How far each sample's representation moved."""

from src.metrics.catalog import check_samples
from src.metrics.shared.shapes import PerSample, Pooled
from src.metrics.shared.strips import of_each


def change_intensity(base: Pooled, tuned: Pooled) -> PerSample:
    """||tuned_n - base_n||_2 of every sample n; the metric is their mean.

    At least 0, in the unit of the hidden states; never below `mean_shift`, which lets moves in different
    directions cancel. Invariant under a rotation or shift of both sides together. DataError without samples.
    Source: defined, though never run, in the published code.
    """
    check_samples("change_intensity", len(base))
    return of_each(lambda before, after: (after - before).norm(dim=1), base, tuned)

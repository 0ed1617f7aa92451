"""How far each sample's representation turned."""

from src.metrics.catalog import check_samples
from src.metrics.shared.shapes import PerSample, Pooled
from src.metrics.shared.strips import of_each


def cosine_similarity(base: Pooled, tuned: Pooled) -> PerSample:
    """cos(base_n, tuned_n) of every sample n; the metric is their mean.

    Range -1 to 1, no unit. Invariant under a rotation of both sides and under positive scaling of either;
    not under a shift. NaN for a sample with a vector of zeros. DataError without samples. Source: Zhao et
    al. 2026 (arXiv 2604.11838, as coded).
    """
    check_samples("cosine_similarity", len(base))
    return of_each(_cosine, base, tuned)


def _cosine(base: Pooled, tuned: Pooled) -> PerSample:
    return (base * tuned).sum(dim=1) / (base.norm(dim=1) * tuned.norm(dim=1))

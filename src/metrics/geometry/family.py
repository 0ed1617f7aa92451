"""Geometry: the shape of a layer's representations."""

from src.metrics.metric import of_rows, of_samples

_FAMILY = "geometry"
_DIMENSION = "intrinsic_dimension"

METRICS = (
    of_samples("curvature", _FAMILY, "tokens", "mean angle between successive steps over pi"),
    of_samples(
        "curvature_paper",
        _FAMILY,
        "tokens",
        "cosines of steps clamped to +-0.999, no pads",
        "curvature",
        published=True,
    ),
    of_samples(
        "curvature_states", _FAMILY, "tokens", "mean angle between successive states over pi", "curvature"
    ),
    of_rows("effective_rank", _FAMILY, "pooled", "exp entropy of s/sum(s), centred", 2),
    of_rows(
        "effective_rank_paper",
        _FAMILY,
        "pooled",
        "s^2 form, uncentred, over min(N, D)",
        1,
        "effective_rank",
        published=True,
    ),
    of_rows("participation_ratio", _FAMILY, "pooled", "(sum e)^2 / sum e^2 of the covariance", 2),
    of_rows("intrinsic_dimension_twonn", _FAMILY, "pooled", "TwoNN fit, 10 % discarded", 3, _DIMENSION),
    of_rows(
        "intrinsic_dimension_mle",
        _FAMILY,
        "pooled",
        "Levina-Bickel, k = 10, mean of inverses",
        11,
        _DIMENSION,
    ),
    of_rows(
        "intrinsic_dimension_paper",
        _FAMILY,
        "pooled",
        "1 / mean log(r2/r1), clipped to [0, D], over log N",
        3,
        _DIMENSION,
        published=True,
    ),
    of_samples("l2_norm", _FAMILY, "pooled", "mean over samples of the L2 norm"),
    of_rows("spectral_norm", _FAMILY, "pooled", "largest singular value, uncentred", 1, published=True),
    of_rows("condition_number", _FAMILY, "pooled", "s_max / (s_min + 1e-9), uncentred", 2, published=True),
    of_rows("rank_deficiency", _FAMILY, "pooled", "share of s <= 0.01 s_max, uncentred", 1, published=True),
    of_samples("sparsity", _FAMILY, "tokens", "share of |h| < 0.01 max|h| of the token"),
    of_samples(
        "sparsity_paper",
        _FAMILY,
        "tokens",
        "share of |h| < 0.01 max|h| of the row",
        "sparsity",
        published=True,
    ),
    of_rows("gini", _FAMILY, "pooled", "Gini coefficient of the norms of the samples", 2),
    of_rows("anisotropy", _FAMILY, "pooled", "mean cosine over pairs of samples", 2),
)

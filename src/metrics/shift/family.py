"""Shift: how far training moved the representations."""

from src.metrics.metric import of_rows, of_samples

_FAMILY = "shift"

METRICS = (
    of_rows(
        "cka_debiased",
        _FAMILY,
        "pair",
        "linear CKA, unbiased HSIC, not clamped",
        4,
        "cka",
        interval="bootstrap",
        change="similarity",
        unlike=True,
    ),
    of_rows(
        "cka_biased",
        _FAMILY,
        "pair",
        "linear CKA, biased HSIC, as published",
        2,
        "cka",
        published=True,
        interval="bootstrap",
        change="similarity",
        unlike=True,
    ),
    of_rows(
        "cka_biased_floor",
        _FAMILY,
        "pair",
        "biased CKA expected of paired-up-at-random samples",
        2,
        "cka_floor",
        interval="bootstrap",
        change="none",
        unlike=True,
    ),
    of_rows(
        "cka_standardised",
        _FAMILY,
        "pair",
        "debiased linear CKA, each dimension scaled to variance 1",
        4,
        interval="bootstrap",
        change="similarity",
        unlike=True,
    ),
    of_samples(
        "cosine_similarity",
        _FAMILY,
        "pair",
        "mean over samples of cos(base, tuned)",
        interval="bootstrap",
        change="similarity",
    ),
    of_rows("mean_shift", _FAMILY, "pair", "L2 norm of the difference of means", 1, interval="bootstrap"),
    of_samples(
        "change_intensity", _FAMILY, "pair", "mean over samples of |tuned - base|", interval="bootstrap"
    ),
    of_rows("procrustes_distance", _FAMILY, "pair", "sqrt(2 - 2 |X^T Y|_*), centred, of norm 1", 2),
    of_rows("principal_angles", _FAMILY, "pair", "mean angle of the 10 leading directions, rad", 11),
    of_rows(
        "pretrained_directions_share",
        _FAMILY,
        "pair",
        "share of |tuned - base|^2 along the 10 leading directions of the base",
        11,
        "pretrained_directions",
        change="none",
    ),
)

"""Shift: how far training moved the representations."""

import math
from dataclasses import replace
from functools import partial

from src.metrics.metric import Metric, of_rows, of_samples
from src.statistics.bounds import AMOUNT, COSINE, SHARE, Bounds

_rows = partial(of_rows, family="shift", needs="pair")
_samples = partial(of_samples, family="shift", needs="pair")
_alike = partial(_rows, unit="", interval="bootstrap", change="similarity", unlike=True)
_STATES = "unit of the hidden states"


def _extra(name: str, min_samples: int, unit: str, bounds: Bounds) -> Metric:
    """A metric of the fewest directions."""
    made = _rows(name, min_samples, unit=unit, module="low_rank", change="none", switches=("share",),
                 bounds=bounds)  # fmt: skip
    return replace(made, extra=True)


_FLOOR = _rows("mean_shift_floor", 1, unit=_STATES, interval="bootstrap", change="none", bounds=AMOUNT)

METRICS = (
    _alike("cka_debiased", 4, module="cka", bounds=COSINE),
    _alike("cka_standardised", 4, bounds=COSINE),
    _alike("cka_biased", 2, module="cka", bounds=SHARE),
    _alike("cka_biased_floor", 2, module="cka_floor", change="none", bounds=SHARE),
    _samples("cosine_similarity", unit="", change="similarity", bounds=COSINE),
    _rows("mean_shift", 1, unit=_STATES, interval="bootstrap", bounds=AMOUNT),
    replace(_FLOOR, extra=True),
    _samples("change_intensity", unit=_STATES, bounds=AMOUNT),
    _rows("procrustes_distance", 2, unit="", bounds=(0.0, math.sqrt(2))),
    _rows("principal_angles", 11, unit="rad", bounds=(0.0, math.pi / 2)),
    _rows(
        "pretrained_directions_share",
        11,
        unit="",
        module="pretrained_directions",
        change="none",
        bounds=SHARE,
    ),
    _extra("change_least_rank", 2, "directions", AMOUNT),
    _extra("change_least_rank_uncentred", 1, "directions", AMOUNT),
    _extra("outside_base_share", 2, "", SHARE),
    _extra("outside_base_share_uncentred", 1, "", SHARE),
)

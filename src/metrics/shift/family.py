"""Shift: how far training moved the representations."""

from dataclasses import replace
from functools import partial

from src.metrics.metric import Metric, of_rows, of_samples

_rows = partial(of_rows, family="shift", needs="pair")
_samples = partial(of_samples, family="shift", needs="pair", interval="bootstrap")
_alike = partial(_rows, unit="", interval="bootstrap", change="similarity", unlike=True)
_STATES = "unit of the hidden states"


def _extra(name: str, min_samples: int, unit: str) -> Metric:
    """A metric of the fewest directions."""
    made = _rows(name, min_samples, unit=unit, module="low_rank", change="none", switches=("share",))
    return replace(made, extra=True)


_FLOOR = _rows("mean_shift_floor", 1, unit=_STATES, interval="bootstrap", change="none")

METRICS = (
    _alike("cka_debiased", 4, module="cka"),
    _alike("cka_standardised", 4),
    _alike("cka_biased", 2, module="cka"),
    _alike("cka_biased_floor", 2, module="cka_floor", change="none"),
    _samples("cosine_similarity", unit="", change="similarity"),
    _rows("mean_shift", 1, unit=_STATES, interval="bootstrap"),
    replace(_FLOOR, extra=True),
    _samples("change_intensity", unit=_STATES),
    _rows("procrustes_distance", 2, unit=""),
    _rows("principal_angles", 11, unit="rad"),
    _rows("pretrained_directions_share", 11, unit="", module="pretrained_directions", change="none"),
    _extra("change_least_rank", 2, "directions"),
    _extra("change_least_rank_uncentred", 1, "directions"),
    _extra("outside_base_share", 2, ""),
    _extra("outside_base_share_uncentred", 1, ""),
)

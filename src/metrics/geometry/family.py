"""Geometry: the shape of a layer's representations."""

from dataclasses import replace
from functools import partial

from src.metrics.metric import Metric, of_rows, of_samples
from src.statistics.bounds import AMOUNT, COSINE, SHARE, Bounds

_tokens = partial(of_samples, family="geometry", needs="tokens")
_pooled = partial(of_rows, family="geometry", needs="pooled")
_dimension = partial(_pooled, module="intrinsic_dimension", bounds=AMOUNT)
_STATES = "unit of the hidden states"


def _extra(name: str, min_samples: int, needs: str, unit: str, bounds: Bounds) -> Metric:
    """A metric of the fewest directions."""
    made = of_rows(name, min_samples, family="geometry", needs=needs, unit=unit, module="least_rank",
                   change="none", switches=("share",), bounds=bounds)  # fmt: skip
    return replace(made, extra=True)


METRICS = (
    _tokens("curvature", unit="", bounds=SHARE),
    _tokens("curvature_states", unit="", module="curvature", bounds=SHARE),
    _pooled("effective_rank", 2, unit="directions", bounds=AMOUNT),
    _pooled("participation_ratio", 2, unit="directions", bounds=AMOUNT),
    replace(
        _dimension("intrinsic_dimension_twonn", 3, unit="dimensions"),
        distinct=True,
        interval="groups",
        group_rows=8,
    ),
    replace(_dimension("intrinsic_dimension_mle", 11, unit="dimensions"), distinct=True),
    of_samples("l2_norm", family="geometry", needs="pooled", unit=_STATES, bounds=AMOUNT),
    _pooled("spectral_norm", 1, unit=_STATES, bounds=AMOUNT),
    _pooled("condition_number", 2, unit="", bounds=AMOUNT),
    _pooled("rank_deficiency", 1, unit="", bounds=SHARE),
    _tokens("sparsity", unit="", bounds=SHARE),
    _pooled("gini", 2, unit="", bounds=SHARE),
    _pooled("anisotropy", 2, unit="", bounds=COSINE),
    _extra("least_rank", 2, "pooled", "directions", AMOUNT),
    _extra("least_rank_uncentred", 1, "pooled", "directions", AMOUNT),
    _extra("next_layer_share", 2, "next", "", SHARE),
    _extra("next_layer_share_uncentred", 1, "next", "", SHARE),
    _tokens("curvature_paper", unit="", module="curvature", bounds=SHARE),
    _pooled("effective_rank_paper", 1, unit="", module="effective_rank", bounds=AMOUNT),
    replace(_dimension("intrinsic_dimension_paper", 3, unit=""), interval="groups", group_rows=8),
    _tokens("sparsity_paper", unit="", module="sparsity", bounds=SHARE),
)

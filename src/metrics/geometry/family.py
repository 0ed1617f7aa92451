"""Geometry: the shape of a layer's representations."""

from dataclasses import replace
from functools import partial

from src.metrics.metric import Metric, of_rows, of_samples

_tokens = partial(of_samples, family="geometry", needs="tokens")
_pooled = partial(of_rows, family="geometry", needs="pooled")
_dimension = partial(_pooled, module="intrinsic_dimension")
_STATES = "unit of the hidden states"


def _extra(name: str, min_samples: int, needs: str, unit: str) -> Metric:
    """A metric of the fewest directions."""
    made = of_rows(name, min_samples, family="geometry", needs=needs, unit=unit, module="least_rank",
                   change="none", switches=("share",))  # fmt: skip
    return replace(made, extra=True)


METRICS = (
    _tokens("curvature", unit=""),
    _tokens("curvature_states", unit="", module="curvature"),
    _pooled("effective_rank", 2, unit="directions"),
    _pooled("participation_ratio", 2, unit="directions"),
    replace(_dimension("intrinsic_dimension_twonn", 3, unit="dimensions"), distinct=True),
    replace(_dimension("intrinsic_dimension_mle", 11, unit="dimensions"), distinct=True),
    of_samples("l2_norm", family="geometry", needs="pooled", unit=_STATES),
    _pooled("spectral_norm", 1, unit=_STATES),
    _pooled("condition_number", 2, unit=""),
    _pooled("rank_deficiency", 1, unit=""),
    _tokens("sparsity", unit=""),
    _pooled("gini", 2, unit=""),
    _pooled("anisotropy", 2, unit=""),
    _extra("least_rank", 2, "pooled", "directions"),
    _extra("least_rank_uncentred", 1, "pooled", "directions"),
    _extra("next_layer_share", 2, "next", ""),
    _extra("next_layer_share_uncentred", 1, "next", ""),
    _tokens("curvature_paper", unit="", module="curvature"),
    _pooled("effective_rank_paper", 1, unit="", module="effective_rank"),
    _dimension("intrinsic_dimension_paper", 3, unit=""),
    _tokens("sparsity_paper", unit="", module="sparsity"),
)

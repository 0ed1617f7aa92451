"""Geometry: the shape of a layer's representations."""

from dataclasses import replace
from functools import partial

from src.metrics.metric import of_rows, of_samples

_tokens = partial(of_samples, family="geometry", needs="tokens")
_pooled = partial(of_rows, family="geometry", needs="pooled")
_dimension = partial(_pooled, module="intrinsic_dimension")
_STATES = "unit of the hidden states"

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
    _tokens("curvature_paper", unit="", module="curvature"),
    _pooled("effective_rank_paper", 1, unit="", module="effective_rank"),
    _dimension("intrinsic_dimension_paper", 3, unit=""),
    _tokens("sparsity_paper", unit="", module="sparsity"),
)

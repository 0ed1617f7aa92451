"""Token norms of a base by layer: how many tokens are massive, and how few dimensions vary most."""

import math
from typing import Any

import torch

from src.config.schema import ProbeConfig
from src.metrics.shared.shapes import Pooled
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.token_sets import massive_tokens

_MOST = (1, 3)
"""Of how many dimensions the share of variance is told."""


def describe_tokens(base: LayerStatistics, settings: ProbeConfig) -> dict[str, Any]:
    """Lists by layer 0..L, of a base with the norms of its tokens.

    median_norm, largest_norm: of the tokens of all rows. massive: tokens above `probe.massive_ratio` medians;
    massive_rows: rows that hold one. left_out: by set of tokens that is read, rows without any of them.
    outlier_dimensions: by set, the share of the variance of pooled states that lies in the 1 and in the 3
    dimensions of largest variance (outlier dimensions: Kovaleva et al. 2021, arXiv 2105.06990; Timkey and van
    Schijndel 2021, arXiv 2109.04404); None where nothing varies.

    Raises:
        ValueError: statistics without the norms of tokens.
    """
    if base.norms is None:
        raise ValueError("describe_tokens: given statistics without norms; needed: those of a base")
    found: dict[str, list[Any]] = {"median_norm": [], "largest_norm": [], "massive": [], "massive_rows": []}
    for norms in base.norms:
        massive = massive_tokens(norms, settings.massive_ratio)
        found["median_norm"].append(float(norms.nanmedian()))
        found["largest_norm"].append(float(norms.nan_to_num(0.0).max()))
        found["massive"].append(int(massive.sum()))
        found["massive_rows"].append(int(massive.any(dim=1).sum()))
    num_tokens = int((~base.norms[0].isnan()).sum())
    sets = {name: base.of(name) for name in settings.token_sets}
    return {
        "read": settings.tokens,
        "dimensions": settings.dimensions,
        "massive_ratio": settings.massive_ratio if math.isfinite(settings.massive_ratio) else None,
        "num_tokens": num_tokens,
        **found,
        "left_out": {name: [_num_empty(layer) for layer in one.pooled] for name, one in sets.items()},
        "outlier_dimensions": {
            name: {str(most): [_share(layer, most) for layer in one.pooled] for most in _MOST}
            for name, one in sets.items()
        },
    }


def _num_empty(pooled: Pooled) -> int:
    return int(pooled.isnan().any(dim=1).sum())


def _share(pooled: Pooled, most: int) -> float | None:
    """Share of the summed variance in the dimensions that have most of it."""
    rows = pooled[~pooled.isnan().any(dim=1)].double()
    if len(rows) < 2:
        return None
    variances = rows.var(dim=0)
    whole = float(variances.sum())
    return float(torch.topk(variances, min(most, len(variances))).values.sum()) / whole if whole > 0 else None

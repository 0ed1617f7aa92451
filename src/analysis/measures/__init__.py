"""Ways to measure what a published number is about, by the `kind` that conf/reference/ names.

A way is a function from the material and the published number to what was measured; a new one is a new entry
of `MEASURES`. What nobody measured gives an empty list, and the report says so.
"""

from collections.abc import Callable, Sequence

from src.analysis.material import Material
from src.analysis.measures.counts import (
    num_models,
    num_probe,
    num_runs,
    positive_share,
    positive_slopes,
    scale_ratio,
)
from src.analysis.measures.layers import correlation, profile
from src.analysis.measures.measured import OwnNumber
from src.analysis.measures.scored import difference, relative_gain, score
from src.analysis.references import Published

MEASURES: dict[str, Callable[[Material, Published], Sequence[OwnNumber]]] = {
    "score": score,
    "difference": difference,
    "relative_gain": relative_gain,
    "profile": profile,
    "correlation": correlation,
    "num_runs": num_runs,
    "num_models": num_models,
    "num_probe": num_probe,
    "positive_slopes": positive_slopes,
    "positive_slope_share": positive_share,
    "scale_ratio": scale_ratio,
}
"""`none` is not here: nothing measures it."""

"""Width by architecture, and what explains it."""

import numpy
import pandas
from pandas import DataFrame

from src.analysis.depth.components import variance_components
from src.analysis.depth.decomposition import STANDARD
from src.analysis.depth.seed_means import difference, difference_over_models, over_seeds
from src.analysis.depth.width import width_shares
from src.analysis.depth.wiring_and_size import OVER_MODELS

EXPLAINED_BY = ["architecture", "kind", "wiring"]
_OVER_MODELS = {"value": "value_models", **OVER_MODELS}
_SHARES = ["between_architectures", "between_models", "between_cells", "between_seeds"]


def width_by_architecture(numbers: DataFrame) -> DataFrame:
    """Mean width of each architecture under standard training, over its models and objectives.

    The 95 % t interval is over new seeds of the same models; num_models and num_cells stand behind the mean.
    """
    widths = _widths(numbers)
    by = ["metric", "architecture", "kind", "wiring"]
    found = over_seeds(widths, by)
    cells = widths.drop_duplicates([*by, "model", "objective"]).groupby(by, sort=False)
    counts = cells.agg(num_models=("model", "nunique"), num_cells=("model", "size")).reset_index()
    return found.merge(counts, on=by)


def what_explains_width(numbers: DataFrame) -> DataFrame:
    """`width_shares` of standard training, with the shares of a mixed model beside the architecture's.

    between_architectures, models of one, cells (objectives) of one model, and seeds add to 1; they stand in
    the rows of architecture.
    """
    widths = _widths(numbers)
    shares = width_shares(widths, ["metric"], EXPLAINED_BY)
    rows = []
    for metric, one in widths.groupby("metric", sort=False):
        parts = variance_components(one, "architecture").values()
        known = dict(zip(_SHARES, parts, strict=True))
        rows.append({"metric": metric, "explained_by": "architecture"} | known)
    columns = ["metric", "explained_by", *_SHARES]
    return shares.merge(pandas.DataFrame(rows, columns=columns), on=["metric", "explained_by"], how="left")


def width_order(numbers: DataFrame) -> DataFrame:
    """How much wider other transformers are than sequential decoders, by metric; standard training.

    value, ci_low, ci_high, pvalue: over seeds of the same models, paired by seed, each cell alike.
    value_models, models_low, models_high, models_pvalue: over num_first against num_second models (Welch),
    each model alike, which is what a claim about architecture rests on. Of objectives that both sides have;
    a model's mean is over those of them that it has.
    """
    widths = _widths(numbers)
    decoders, rows = widths["kind"] == "decoder", []
    sequential = widths[decoders & (widths["wiring"] == "sequential")].assign(side="sequential decoders")
    others = {
        "parallel decoders": widths[decoders & (widths["wiring"] == "parallel")],
        "encoders": widths[widths["kind"] == "encoder"],
    }
    for name, side in others.items():
        common = set(side["objective"]) & set(sequential["objective"])
        both = pandas.concat([side.assign(side=name), sequential])
        both = both[both["objective"].isin(common)]
        sides = ["metric"], "side", name, "sequential decoders"
        models = difference_over_models(both, *sides)
        models = models.rename(columns=_OVER_MODELS)
        rows.append(difference(both, *sides).merge(models, on="metric").assign(wider=name))
    return pandas.concat(rows, ignore_index=True)


def _widths(numbers: DataFrame) -> DataFrame:
    found = numbers[(numbers["quantity"] == "width") & (numbers["control"] == STANDARD)]
    return found[numpy.isfinite(found["value"].astype(float))]

"""Published numbers of profiles by layer."""

import numpy
import pandas

from src.report.arms import WHOLE, Arm
from src.report.measures.measured import Measured
from src.report.references import Published
from src.report.section import Material
from src.statistics.seeds import over_seeds

_REDUCE = {"mean": numpy.mean, "min": numpy.min, "max": numpy.max, "last": lambda values: values[-1]}


def profile(material: Material, published: Published) -> list[Measured]:
    """One number of a metric over a part of depth, by arm of the whole stack; the embedding is left out."""
    asked = published.number.measure
    found = []
    for arm in _whole(material):
        values = []
        for run in arm.runs.values():
            layers = _series(run.layers, asked["metric"], asked["stage"])
            depth = layers["depth"].to_numpy()
            part = layers["value"].to_numpy()[
                (depth > asked["start"] - 1e-9) & (depth <= asked["stop"] + 1e-9)
            ]
            if len(part) and numpy.isfinite(part).all():
                values.append(float(_REDUCE[asked["reduce"]](part)))
        found += _measured(material, published, arm, values)
    return found


def correlation(material: Material, published: Published) -> list[Measured]:
    """Pearson's r over layers of the change in two metrics: weights of block b with the layer it puts out."""
    asked = published.number.measure
    found = []
    for arm in _whole(material):
        values = []
        for run in arm.runs.values():
            first, second = (_series(run.layers, asked[key], "change") for key in ("first", "second"))
            both = first.merge(second, on="layer").dropna(subset=["value_x", "value_y"])
            if len(both) > 2 and both["value_x"].nunique() > 1 and both["value_y"].nunique() > 1:
                values.append(float(numpy.corrcoef(both["value_x"], both["value_y"])[0, 1]))
        found += _measured(material, published, arm, values)
    return found


def _measured(material: Material, published: Published, arm: Arm, values: list[float]) -> list[Measured]:
    if not values:
        return []
    model, asked = arm.record["choices"].get("model"), published.reference.setting.model
    setting = f"{model} for {asked}" if asked not in (None, model) else f"{model} for several models"
    what = material.study.condition(arm) or arm.label(material.study.factors)
    return [Measured(f"{arm.kind}, {what}", over_seeds(values), setting=setting)]


def _whole(material: Material) -> list[Arm]:
    """Arms that changed the whole stack, and pairs of checkpoints."""
    return [arm for arm in material.study.arms if arm.band == WHOLE or arm.kind == "pair"]


def _series(layers: pandas.DataFrame | None, metric: str, stage: str) -> pandas.DataFrame:
    """Layer, depth and value of one metric and stage, from the first block's output on."""
    if layers is None:
        return pandas.DataFrame({"layer": [], "depth": [], "value": []})
    chosen = (layers["metric"] == metric) & (layers["stage"] == stage) & (layers["layer"] > 0)
    return layers.loc[chosen, ["layer", "depth", "value"]].sort_values("layer")

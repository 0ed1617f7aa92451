"""Published counts, and the ratio of update scales."""

import math

from src.analysis.material import Material
from src.analysis.measures.measured import OwnNumber
from src.analysis.references import Published
from src.analysis.runs import Run
from src.statistics.estimate import Estimate


def num_runs(material: Material, published: Published) -> list[OwnNumber]:
    """Trained runs that finished and can be compared."""
    return [_count("trained runs", len(_trained(material)))]


def num_models(material: Material, published: Published) -> list[OwnNumber]:
    """Models among them."""
    return [_count("models", len({run.record["choices"].get("model") for run in _trained(material)}))]


def num_probe(material: Material, published: Published) -> list[OwnNumber]:
    """Probe rows of each run."""
    counts = {run.record.get("data", {}).get("num_probe") for run in _trained(material)} - {None}
    return [_count("probe rows", number) for number in sorted(counts)]


def positive_slopes(material: Material, published: Published) -> list[OwnNumber]:
    """Runs of the whole stack whose change grows towards the output."""
    slopes = _slopes(material, published)
    return [_count(f"of {len(slopes)} runs", sum(slope > 0 for slope in slopes))] if slopes else []


def positive_share(material: Material, published: Published) -> list[OwnNumber]:
    """Their share."""
    slopes = _slopes(material, published)
    return (
        [_count(f"of {len(slopes)} runs", sum(slope > 0 for slope in slopes) / len(slopes))] if slopes else []
    )


def scale_ratio(material: Material, published: Published) -> list[OwnNumber]:
    """The largest ratio of update scales, whole stack over a band, by condition."""
    found: dict[str, float] = {}
    for arm in material.study.arms:
        baseline = material.study.baseline(arm)
        scales: list[float] = [scale for one in (arm, baseline) if one and (scale := one.lora.get("scale"))]
        if len(scales) == 2 and baseline is not arm:
            condition = material.study.condition(arm)
            found[condition] = max(found.get(condition, 0.0), scales[1] / scales[0])
    return [_count(f"whole stack over a band, {condition}", ratio) for condition, ratio in found.items()]


def _slopes(material: Material, published: Published) -> list[float]:
    asked = published.number.measure
    return [
        row["slope"]
        for run in _trained(material)
        if run.config.get("control.name", "none") == asked["control"]
        and (run.config.get("band.start"), run.config.get("band.stop")) == (0.0, 1.0)
        for row in run.record.get("profiles", [])
        if (row["metric"], row["stage"]) == (asked["metric"], "change") and row["slope"] is not None
    ]


def _trained(material: Material) -> list[Run]:
    return [run for arm in material.study.arms if arm.trained for run in arm.runs.values()]


def _count(what: str, value: float) -> OwnNumber:
    return OwnNumber(what, Estimate(float(value), math.nan, 0, 0), setting="a count, not judged")

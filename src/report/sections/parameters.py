"""Trainable parameters against score."""

from src.analysis.arm_scores import ArmScores
from src.analysis.material import Material
from src.report.crowd import first_conditions
from src.report.palette import looks
from src.report.parts import Block, Chart, Section
from src.report.plot import Axis, Plot, Series
from src.report.sections.score_by_band import told

_NOTE = "One point an arm; bars: 95 % interval over seeds and items."


def build(material: Material) -> list[Block]:
    """One figure with a choice of task."""
    known = {
        task.label: [one for one in sorted(task.arms, key=lambda one: one.arm.order) if one.arm.num_trainable]
        for task in material.scores
    }
    plots = {label: _plot(material, arms, label) for label, arms in known.items() if arms}
    return [Chart("parameters", "Trainable parameters against score", plots, _NOTE, "task")] if plots else []


def _plot(material: Material, arms: list[ArmScores], label: str) -> Plot:
    study, look = material.study, looks(material)
    arms, caption = first_conditions(arms, lambda one: study.condition(one.arm))
    series = []
    for band in dict.fromkeys(one.arm.band for one in arms):
        mine = [one for one in arms if one.arm.band == band]
        found = [one.estimate() for one in mine]
        low, high = zip(*(one.interval() for one in found), strict=True)
        x = [count for one in mine if (count := one.arm.num_trainable)]
        texts = [
            f"{band} {study.condition(one.arm)}<br>{count:,} parameters<br>{told(estimate)}"
            for one, count, estimate in zip(mine, x, found, strict=True)
        ]
        hue, marker, _ = look[id(mine[0].arm)]
        y = [one.value for one in found]
        series.append(Series(band, x, y, "points", low, high, hue, symbol=marker, texts=texts))
    return Plot(Axis("trainable parameters"), Axis(label), series, caption=caption)


SECTION = Section("Parameters", "scores and the number of trainable parameters", build)

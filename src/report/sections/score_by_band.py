"""Scores by band: before and after training, every condition, error bars over seeds and items."""

import math

from src.analysis.arm_scores import ArmScores, TaskScores, arms_by_condition
from src.analysis.experiment import Experiment
from src.analysis.material import Material
from src.analysis.score_rows import pretrained, score_rows
from src.report.columns import columns, setting_column
from src.report.crowd import first_conditions
from src.report.number_format import decimals, span
from src.report.palette import GREY, SLATE, Look, looks, symbol
from src.report.parts import Block, Chart, Section
from src.report.plot import Axis, Plot, Series
from src.report.table import Column, Table
from src.statistics.estimate import Estimate

_NOTE = (
    "Mean over seeds; bars: 95 % interval over seeds and items, of one seed over items alone, and over seeds "
    "alone where each has items of its own. Dots: single seeds. Dashed: the pretrained model. Colours tell "
    "bands, markers conditions."
)
_BETTER = {True: ", higher is better", False: ", lower is better", None: ""}


def build(material: Material) -> list[Block]:
    """One figure with a choice of task, and one table."""
    study, tasks = material.study, [one for one in material.scores if one.arms]
    if not tasks:
        return []
    plots = {one.label: _plot(material, one) for one in tasks}
    settings = [setting_column(name) for name in study.conditions]
    interval = Column(("ci_low", "ci_high"), "95 % interval", span(decimals(3)))
    heads = columns(
        "task", "metric", "band", *settings, "num_seeds", "num_items", "before", "after", interval,
        "num_trainable", "scale", num_items="n",
    )  # fmt: skip
    rows = score_rows(study, tasks)
    table = Table("scores", "Scores of all arms", heads, rows, folded=len(rows) > 30)
    return [Chart("scores_by_band", "Score by band", plots, _NOTE, "task"), table]


def by_condition(study: Experiment, arms: list[ArmScores]) -> list[tuple[str, str, float, list[ArmScores]]]:
    """Name, marker and shift to the side of every condition, with its arms."""
    found = arms_by_condition(study, arms)
    return [
        (condition or "trained", symbol(place), (place - (len(found) - 1) / 2) * 0.7 / len(found), mine)
        for place, (condition, mine) in enumerate(found.items())
    ]


def points(
    name: str, marker: str, x: list[float], found: list[Estimate], arms: list[ArmScores],
    look: dict[int, Look],
) -> Series:  # fmt: skip
    """Estimates of some arms with their intervals, each in the hue of its band."""
    low, high = zip(*(one.interval() for one in found), strict=True)
    hues = [look[id(one.arm)].hue for one in arms]
    texts = [f"{one.arm.band}, {name}<br>{told(estimate)}" for one, estimate in zip(arms, found, strict=True)]
    return Series(
        name, x, [one.value for one in found], "points", low, high, SLATE, hues, marker, texts=texts
    )  # fmt: skip


def told(estimate: Estimate) -> str:
    """An estimate in words, for the mouse."""
    low, high = estimate.interval()
    interval = "no interval" if math.isnan(low) else f"95 %: {low:.3f} to {high:.3f}"
    items = f" x {estimate.num_items} items" if estimate.num_items else ""
    return f"{estimate.value:.3f} ({interval})<br>{estimate.num_seeds} seeds{items}"


def _plot(material: Material, task: TaskScores) -> Plot:
    study, look = material.study, looks(material)
    ordered = sorted(task.arms, key=lambda one: one.arm.order)
    arms, caption = first_conditions(ordered, lambda one: study.condition(one.arm))
    bands = list(dict.fromkeys(one.arm.band for one in arms))
    series: list[Series] = []
    for name, marker, shift, mine in by_condition(study, arms):
        x = [bands.index(one.arm.band) + shift for one in mine]
        series.append(points(name, marker, x, [one.estimate() for one in mine], mine, look))
        series.append(_seeds(name, marker, x, mine, look))
    series += [_rule(one, len(bands)) for one in pretrained(task, study.conditions)]
    title = f"{task.task}: {task.metric.replace('_', ' ')}{_BETTER[task.higher_is_better]}"
    return Plot(Axis("trained band, input side first", bands), Axis(title), series, caption=caption)


def _seeds(name: str, marker: str, x: list[float], arms: list[ArmScores], look: dict[int, Look]) -> Series:
    """The seeds behind the means."""
    every = [
        (place + 0.09, answers.value, look[id(one.arm)].hue,
         f"{one.arm.band}, {name}<br>seed {seed}: {answers.value:.3f}, n {answers.n}")
        for one, place in zip(arms, x, strict=True) for seed, answers in one.tuned.items()
    ]  # fmt: skip
    at, values, hues, texts = (list(side) for side in zip(*every, strict=True))
    return Series(name, at, values, "dots", hues=hues, symbol=marker, texts=texts, named=False)


def _rule(one: ArmScores, num_bands: int) -> Series:
    """The score of a pretrained model, across all bands."""
    found, model = one.estimate("base"), one.arm.record["choices"].get("model")
    name = f"pretrained {model}"
    x = [-0.6, (num_bands - 1) / 2, num_bands - 0.4]
    return Series(
        name, x, [found.value] * 3, "rule", hue=GREY, dash="dash", texts=[f"{name}: {told(found)}"] * 3
    )


SECTION = Section("Scores by band", "scores after training", build)

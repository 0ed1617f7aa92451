"""Scores by band: before and after training, every condition, error bars over seeds and items."""

from typing import Any

from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.arms import Arm
from src.analysis.contrasts import PRETRAINED
from src.analysis.experiment import Experiment
from src.analysis.material import Material
from src.report.blocks import Chart, Column, Table, count, decimals, span
from src.report.section import Block, Section
from src.report.style import PRETRAINED_COLOR, compact, layout, symbol
from src.statistics.estimate import Estimate

ORDER = ("10000", "01000", "00100", "00010", "00001", "01100", "00110", "01110", "11111")
_OF_BASE = ("model.name", "data.name")
"""The conditions that tell pretrained models and their items apart."""
_CONDITION_COLORS = ("#2f6fde", "#d97706", "#0f9d73", "#9b51c4", "#c2342b", "#4b5563")


def build(material: Material) -> list[Block]:
    """One figure with a choice of task, and one table."""
    tasks = [one for one in material.scores if one.arms]
    if not tasks:
        return []
    figures = {one.label: _figure(material.study, one) for one in tasks}
    note = (
        "Mean over seeds; bars: 95 % interval over seeds and items, of one seed over items alone. "
        "Dots: single seeds. "
        "Dashed: the pretrained model, its interval over items."
    )
    return [Chart("scores_by_band", "Score by band", figures, note, "task"), _table(material, tasks)]


def band_order(arm: Arm) -> tuple[int, str]:
    """Single segments from the input side, then wider bands, the whole stack, and the others."""
    return (ORDER.index(arm.band), "") if arm.band in ORDER else (len(ORDER), arm.band)


def _figure(study: Experiment, task: TaskScores) -> dict[str, Any]:
    arms = sorted(task.arms, key=lambda one: band_order(one.arm))
    conditions = list(dict.fromkeys(study.condition(one.arm) for one in arms))
    bands = list(dict.fromkeys(one.arm.band for one in arms))
    data: list[dict[str, Any]] = []
    for place, condition in enumerate(conditions):
        mine = [one for one in arms if study.condition(one.arm) == condition]
        shift = (place - (len(conditions) - 1) / 2) * 0.7 / max(len(conditions), 1)
        shade = _CONDITION_COLORS[place % len(_CONDITION_COLORS)]
        data += _points(
            mine, [bands.index(one.arm.band) + shift for one in mine], condition or "trained", shade
        )
    data += _pretrained(arms, len(bands))
    better = {True: ", higher is better", False: ", lower is better"}.get(task.higher_is_better, "")
    ticks = {"tickvals": list(range(len(bands))), "ticktext": bands, "range": [-0.6, len(bands) - 0.4]}
    title = task.metric.replace("_", " ")
    return {
        "data": data,
        "layout": layout("trained band, input side first", f"{task.task}: {title}{better}", xaxis=ticks),
    }


def _points(mine: list[ArmScores], x: list[float], name: str, shade: str) -> list[dict[str, Any]]:
    """The means with their intervals, and the seeds behind them."""
    found = [one.estimate() for one in mine]
    text = [
        f"{one.arm.band}, {name}<br>{_words(estimate)}" for one, estimate in zip(mine, found, strict=True)
    ]
    seeds = [
        (place, answers.value, f"{one.arm.band}, {name}<br>seed {seed}: {answers.value:.3f}, n {answers.n}")
        for one, place in zip(mine, x, strict=True)
        for seed, answers in one.tuned.items()
    ]
    return [
        {"type": "scatter", "mode": "markers", "name": name, "legendgroup": name, "x": compact(x),
         "y": compact([one.value for one in found]), "text": text, "hoverinfo": "text",
         "marker": {"size": 10, "color": shade, "symbol": [symbol(one.arm.band) for one in mine]},
         "error_y": _bars(found)},
        {"type": "scatter", "mode": "markers", "legendgroup": name, "showlegend": False,
         "x": compact([one for one, _, _ in seeds]), "y": compact([one for _, one, _ in seeds]),
         "text": [one for _, _, one in seeds], "hoverinfo": "text",
         "marker": {"size": 4, "color": shade, "opacity": 0.5}},
    ]  # fmt: skip


def _bars(found: list[Estimate]) -> dict[str, Any]:
    reach = [one.interval()[1] - one.value for one in found]
    return {"type": "data", "array": compact(reach), "thickness": 1.5, "width": 4}


def _pretrained(arms: list[ArmScores], num_bands: int) -> list[dict[str, Any]]:
    """A line for each pretrained model."""
    found = {}
    for one in arms:
        if one.base:
            found.setdefault(one.arm.record["choices"].get("model"), one)
    data = []
    for model, one in found.items():
        first = min(one.base)
        value = one.base[first]
        reach = None if value.stderr is None else 1.96 * value.stderr
        spread = "" if reach is None else f" ± {reach:.3f} (95 %, over items)"
        name = "pretrained" if len(found) == 1 else f"pretrained {model}"
        data.append({
            "type": "scatter", "mode": "lines", "name": name,
            "x": [-0.6, (num_bands - 1) / 2, num_bands - 0.4], "y": compact([value.value] * 3),
            "line": {"dash": "dash", "color": PRETRAINED_COLOR, "width": 1.5},
            "hoverinfo": "text", "text": [f"{name}: {value.value:.3f}{spread}"] * 3,
        })  # fmt: skip
    return data


def _words(estimate: Estimate) -> str:
    low, high = estimate.interval()
    interval = f"95 %: {low:.3f} to {high:.3f}" if low == low else "no interval"
    items = f" x {estimate.num_items} items" if estimate.num_items else ""
    return f"{estimate.value:.3f} ({interval})<br>{estimate.num_seeds} seeds{items}"


def _table(material: Material, tasks: list[TaskScores]) -> Table:
    study = material.study
    columns = [
        Column("task", numeric=False), Column("metric", numeric=False), Column("band", numeric=False),
        *(Column(name.removesuffix(".name").replace("_", " "), numeric=False) for name in study.conditions),
        Column("seeds", count), Column("n", count), Column("before", decimals(3)),
        Column("after", decimals(3)), Column("95 % interval", span(3, decimals)),
        Column("trainable", count), Column("alpha / rank", decimals(3)),
    ]  # fmt: skip
    rows = [
        [
            task.task,
            task.metric,
            one.arm.band,
            *(one.arm.factors[name] for name in study.conditions),
            *_numbers(one),
        ]
        for task in tasks
        for one in sorted(task.arms, key=lambda one: (study.condition(one.arm), band_order(one.arm)))
    ] + [row for task in tasks for row in _pretrained_rows(study, task)]
    return Table("scores", "Scores of all arms", columns, rows, folded=len(rows) > 30)


def _pretrained_rows(study: Experiment, task: TaskScores) -> list[list[Any]]:
    """A row a pretrained model: its score before, and the interval of that."""
    found = {}
    for one in task.arms:
        if one.base:
            of_model = tuple(one.arm.factors[name] if name in _OF_BASE else "" for name in study.conditions)
            found.setdefault(of_model, one)
    rows = []
    for of_model, one in found.items():
        before = one.estimate("base")
        n = {answers.n for answers in one.base.values()}
        rows.append([
            task.task, task.metric, PRETRAINED, *of_model, before.num_seeds, n.pop() if len(n) == 1 else None,
            before.value, None, before.interval(), None, None,
        ])  # fmt: skip
    return rows


def _numbers(one: ArmScores) -> list[Any]:
    found, record = one.estimate(), one.arm.record
    before = one.estimate("base").value if one.base else None
    n = "/".join(str(count) for count in sorted({answers.n for answers in one.tuned.values()}))
    return [
        found.num_seeds, int(n) if n.isdigit() else None, before, found.value, found.interval(),
        record.get("params", {}).get("trainable"), (record.get("adapted", {}).get("lora") or {}).get("scale"),
    ]  # fmt: skip


SECTION = Section("Scores by band", "scores after training", build)

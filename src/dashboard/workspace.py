"""The workspace: a section for each question that the study asks, built without a server or a key."""

from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws

from src.analysis.references import load_references
from src.dashboard.measured import ExperimentContents
from src.tracking.names import ARM, GROUP, bounded, metric_name
from src.tracking.series import AXES

BAND, SCALING = "band.name", "method.scaling"
_OVER_RUNS: dict[str, Any] = {
    "groupby": wr.Config(ARM),
    "groupby_aggfunc": "mean",
    "groupby_rangefunc": "stderr",
}
"""A bar or line a band and scaling: the mean over its runs, with the standard error over them."""
_OF_BANDS = ("score", "difference", "relative_gain")
_ABOUT = (
    "Shares of items, one seed. `python -m src.report` sets ours beside them, with intervals and verdicts."
)
_MAX_RUNS = 100  # the most that W&B draws in one panel


def workspace(entity: str, project: str, experiment: str | None, found: ExperimentContents) -> ws.Workspace:
    """The comparison of one experiment, or of all in the project (`experiment=None`).

    Runs are grouped by experiment, band and scaling; whoever opens it may group by any other tag.
    """
    return ws.Workspace(
        entity=entity,
        project=project,
        name=bounded(f"Strata: {experiment or 'all experiments'}", GROUP),
        sections=[
            _scores(found),
            _published(),
            _parameters(found),
            _profiles(found),
            _curves(found),
            _comparer(),
        ],
        settings=ws.WorkspaceSettings(max_runs=_MAX_RUNS),
        runset_settings=ws.RunsetSettings(
            filters=[ws.Config("experiment") == experiment] if experiment else [],
            groupby=[ws.Metric("Group"), ws.Config(BAND), ws.Config(SCALING)],
            pinned_columns=[
                "run:displayName",
                "run:tags",
                *(f"summary:{_tuned(*one)}" for one in found.scores),
            ],
        ),
    )


def _scores(found: ExperimentContents) -> ws.Section:
    panels = [
        wr.BarPlot(
            title=f"{task} {metric}, {stage}: mean and standard error over runs",
            metrics=[metric_name(stage, task, metric)],
            orientation="v",
            title_x="band, scaling",
            max_runs_to_show=_MAX_RUNS,
            **_OVER_RUNS,
        )
        for task, metric in found.scores
        for stage in ("tuned", "base")
    ]
    return _section("Score by band", panels)


def _published() -> ws.Section:
    """The published scores and differences of bands, as conf/reference has them."""
    rows = [
        (one.reference.title, one.number.name.replace("_", " "), one.number.measure["band"], one.shown,
         one.number.note or "", one.place)
        for one in load_references() if one.number.measure["kind"] in _OF_BANDS
    ]  # fmt: skip
    head = ("published for", "what", "band", "published", "note", "source")
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return _section("Published", [wr.MarkdownPanel(markdown=f"{_ABOUT}\n\n{table}")])


def _parameters(found: ExperimentContents) -> ws.Section:
    panels = [
        wr.ScatterPlot(
            title=f"{task} {metric} against trained parameters",
            x=wr.SummaryMetric("params/trainable"),
            y=wr.SummaryMetric(_tuned(task, metric)),
            log_x=True,
        )
        for task, metric in found.scores
    ]
    column, settings = wr.ParallelCoordinatesPlotColumn, ("band.start", "band.stop", "method.rank")
    numbers = ["params/trainable", *(_tuned(*one) for one in found.scores)]
    lines = [column(wr.Config(one)) for one in settings] + [column(wr.SummaryMetric(one)) for one in numbers]
    last = wr.ParallelCoordinatesPlot(title="From band to score", columns=lines)
    return _section("Parameters against score", [*panels, last])


def _profiles(found: ExperimentContents) -> ws.Section:
    stages: dict[str, list[str]] = {}
    for metric, stage in found.profiles:
        stages.setdefault(metric, []).append(stage)
    panels = [
        wr.LinePlot(
            title=f"{metric} by layer",
            x=AXES["profile"],
            y=[metric_name("profile", metric, stage) for stage in known],
            title_x="layer (0: embedding output, k: output of block k)",
            title_y=metric,
            max_runs_to_show=_MAX_RUNS,
            **_OVER_RUNS,
        )
        for metric, known in stages.items()
    ]
    return _section("Profiles by layer", [*panels, wr.WeavePanelSummaryTable(table_name="layers")])


def _curves(found: ExperimentContents) -> ws.Section:
    columns = {"loss": "nats per supervised token", "gradient_norm": "before clipping", "learning_rate": ""}
    panels = [
        wr.LinePlot(
            title=" ".join([column.replace("_", " "), "by step"]),
            x=AXES["train"],
            y=[metric_name("train", column)],
            title_x="optimizer step",
            title_y=unit or None,
            max_runs_to_show=_MAX_RUNS,
            **_OVER_RUNS,
        )
        for column, unit in columns.items()
    ]
    panels += [
        wr.LinePlot(
            title=f"{task} {metric} by step",
            x=AXES["score"],
            y=[metric_name("score", task, metric)],
            title_x="optimizer step (0: before training)",
            max_runs_to_show=_MAX_RUNS,
            **_OVER_RUNS,
        )
        for task, metric in found.scores
    ]
    return _section("Learning curves", panels)


def _comparer() -> ws.Section:
    return _section("Run comparer", [wr.RunComparer(diff_only="split")])


def _section(name: str, panels: list) -> ws.Section:
    layout = ws.SectionLayoutSettings(columns=2 if len(panels) > 1 else 1, rows=max(1, -(-len(panels) // 2)))
    return ws.Section(name=name, panels=panels, is_open=True, layout_settings=layout)


def _tuned(task: str, metric: str) -> str:
    return metric_name("tuned", task, metric)

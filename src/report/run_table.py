"""The comparison as rows, for the terminal and for Markdown."""

from collections.abc import Callable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from src.analysis.runs import Run
from src.method.spans import spans_text

COLUMNS = (
    "method",
    "band",
    "condition",
    "blocks",
    "seed",
    "trainable",
    "task",
    "before",
    "after",
    "n",
    "train s",
    "all s",
)
LEFT = ("method", "band", "condition", "blocks", "task")
_WIDE = ("condition", "blocks")


def rows(runs: list[Run], condition: Callable[[Run], str] = lambda run: "") -> list[dict[str, str]]:
    """One row a finished run and task; a missing number is a dash. Runs of one band differ by `condition`."""
    found = []
    for run in runs:
        if run.record is None or run.problem:
            continue
        pairs = _pairs(run.record.get("scores", [])) or [(None, None, None)]
        found += [_row(run.record, *pair) | {"condition": condition(run) or "-"} for pair in pairs]
    order = ("task", "method", "band", "condition", "seed")
    return sorted(found, key=lambda row: tuple(row[name] for name in order))


def rich_table(runs: list[Run], title: str) -> Table:
    """The rows as a table for the terminal, at most 100 columns wide; the Markdown has all columns."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True)
    columns = [column for column in COLUMNS if column not in _WIDE]
    for column in columns:
        table.add_column(column, justify="left" if column in LEFT else "right", overflow="fold")
    for row in rows(runs):
        table.add_row(*(row[column] for column in columns))
    return table


def markdown_table(runs: list[Run]) -> str:
    """The rows as a Markdown table."""
    align = [":--" if column in LEFT else "--:" for column in COLUMNS]
    lines = [COLUMNS, align, *([row[column] for column in COLUMNS] for row in rows(runs))]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _pairs(scores: list[dict[str, Any]]) -> list[tuple[str, dict | None, dict | None]]:
    """(task, base score, tuned score) in the order of evaluation; a task of several metrics names them."""
    base, tuned = (
        {(score["task"], score["metric"]): score for score in scores if score["stage"] == stage}
        for stage in ("base", "tuned")
    )
    keys = dict.fromkeys([*base, *tuned])
    tasks = [task for task, _ in keys]
    return [
        (
            task if tasks.count(task) == 1 else f"{task} {metric}",
            base.get((task, metric)),
            tuned.get((task, metric)),
        )
        for task, metric in keys
    ]


def _row(record: dict[str, Any], task: str | None, base: dict | None, tuned: dict | None) -> dict[str, str]:
    n = {score["n"] for score in (base, tuned) if score}
    return {
        "method": record["choices"]["method"],
        "band": record["choices"]["band"],
        "blocks": spans_text(record.get("adapted", {}).get("blocks", []), ",") or "-",
        "seed": str(record["seed"]),
        "trainable": f"{record['params']['trainable']:,}" if "params" in record else "-",
        "task": task or "-",
        "before": _score(base),
        "after": _score(tuned),
        "n": "/".join(str(count) for count in sorted(n)) or "-",
        "train s": _seconds(record.get("seconds", {}).get("train")),
        "all s": _seconds(record.get("seconds", {}).get("total")),
    }


def _score(score: dict[str, Any] | None) -> str:
    if score is None or score["value"] is None:
        return "-"
    spread = "" if score["stderr"] is None else f" ± {score['stderr']:.3f}"
    return f"{score['value']:.3f}{spread}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"

"""What a person sees of a sweep: a table of runs, their states, one line of counts; or the same as JSON."""

import json
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from src.sweep.grid.planned_runs import Plan
from src.sweep.states import State, count

MOST_ROWS = 300
"""Runs that a person is shown."""
_STYLES = {"done": "green", "running": "cyan", "failed": "red", "lost": "red", "preempted": "yellow"}


def run_table(plan: Plan, states: dict[str, State], hours: dict[str, float | None] | None = None) -> Table:
    """One line a run, of very many those that are not done first; `hours` adds estimated GPU hours."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("state", "run", "overrides", "launcher"):
        table.add_column(name, no_wrap=name in ("state", "run"), overflow="fold")
    table.add_column(
        "GPU h" if hours is not None else "detail", justify="right" if hours is not None else "left"
    )
    shown = sorted(plan.runs, key=lambda run: states[run.key].name == "done") if _beyond(plan) else plan.runs
    for run in shown[:MOST_ROWS]:
        state = states[run.key]
        last = state.detail if hours is None else _hours(hours[run.key])
        style = _STYLES.get(state.name, "")
        table.add_row(
            f"[{style}]{state.name}[/]" if style else state.name,
            run.id,
            run.line,
            run.launcher.name,
            _plain(last),
        )
    if _beyond(plan):
        table.caption = f"{_beyond(plan):,} more runs: status --json lists all"
    return table


def _beyond(plan: Plan) -> int:
    """Runs that the table has no room for."""
    return max(0, len(plan.runs) - MOST_ROWS)


def total(hours: Iterable[float | None]) -> str:
    """The sum of estimates, and for how many runs there is none."""
    values = list(hours)
    known = [value for value in values if value is not None]
    missing = len(values) - len(known)
    text = f"GPU hours still to come: {sum(known):.1f}" if known else "GPU hours still to come: -"
    return text + (
        f" (no estimate for {missing} runs: none like them has finished on a GPU)" if missing else ""
    )


def as_json(plan: Plan, states: dict[str, State]) -> str:
    """The same for programs."""
    runs = [
        {
            "id": run.id,
            "folder": str(run.folder),
            "overrides": run.line,
            "launcher": run.launcher.name,
            "state": states[run.key].name,
            "detail": states[run.key].detail,
            "job": states[run.key].job,
        }
        for run in plan.runs
    ]
    return json.dumps({"sweep": plan.name, "line": count(states), "runs": runs}, indent=2)


def show(text: Table | str) -> None:
    """Print a table or a line; wide enough for files and pipes, which have no width."""
    console = Console(highlight=False, soft_wrap=isinstance(text, str))
    if not console.is_terminal:
        console.width = 200
    console.print(text, markup=not isinstance(text, str))


def _hours(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _plain(text: str) -> str:
    return text.replace("[", "\\[")

"""What a job is told: plain data, made where the sweep is launched."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from src.storage.files import write_text
from src.sweep.grid.planned_runs import Plan, Planned


def outcome(plan: Plan, run: Planned) -> Path:
    """The file that says how a job ended where the run's folder may not."""
    return plan.folder / "outcomes" / f"{run.key}.json"


def task_file(plan: Plan, run: Planned) -> Path:
    """What a job of this machine reads; there is none before its job begins."""
    return plan.folder / "tasks" / f"{run.key}.json"


@contextmanager
def forgotten(plan: Plan, runs: Sequence[Planned]) -> Iterator[None]:
    """Remove what earlier jobs left of runs beside their folders; it comes back if the block fails."""
    paths = [path for run in runs for path in (outcome(plan, run), task_file(plan, run))]
    before = {path: path.read_text(errors="replace") for path in paths if path.is_file()}
    for path in before:
        path.unlink()
    try:
        yield
    except BaseException:
        for path, text in before.items():
            write_text(path, text)
        raise


def make_task(plan: Plan, run: Planned) -> dict[str, Any]:
    """What `run_tasks` is told of one run."""
    values = run.launcher.values
    return {
        "config": asdict(run.config),
        "folder": str(Path.cwd()),
        "outcome": str(outcome(plan, run)),
        "signal_delay_s": int(values.get("signal_delay_s") or 0),
        "max_restarts": int(values.get("max_num_timeout") or 0),
    }

"""What a job is told: plain data, made where the sweep is launched."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from src.sweep.plan import Plan, Planned


def outcome(plan: Plan, run: Planned) -> Path:
    """The file in which a job says why it could not begin."""
    return plan.folder / "outcomes" / f"{run.key}.json"


def make_task(plan: Plan, run: Planned) -> dict[str, Any]:
    """The argument of `run_task` for one run."""
    values = run.launcher.values
    return {
        "config": asdict(run.config),
        "folder": str(Path.cwd()),
        "outcome": str(outcome(plan, run)),
        "signal_delay_s": int(values.get("signal_delay_s") or 0),
        "max_restarts": int(values.get("max_num_timeout") or 0),
    }

"""GPU hours of runs that are still to come, from the records of finished runs that did the same work."""

import json
from statistics import mean
from typing import Any

from src.storage.files import read_json
from src.sweep.grid.planned_runs import Planned
from src.sweep.states import State

_WORK = ("model", "objective", "data", "train", "metrics", "evaluate")


def gpu_hours(runs: list[Planned], states: dict[str, State]) -> dict[str, float | None]:
    """Hours of a run times its GPUs, by the run's key; None where no such run has finished on a GPU.

    Runs do the same work when all their settings agree but band, method and seed: these move the time by less
    than the choice of rows, model or metrics does.
    """
    seen: dict[str, list[float]] = {}
    works = {run.key: _work(run) for run in runs}
    for run in runs:
        if states[run.key].name == "done":
            record = read_json(run.folder / "run.json")
            if record.get("hardware", {}).get("gpu"):
                hours = record["seconds"]["total"] / 3600 * run.num_processes
                seen.setdefault(works[run.key], []).append(hours)
    return {key: mean(seen[work]) if work in seen else None for key, work in works.items()}


def _work(run: Planned) -> str:
    """What decides how long a run takes, as text."""
    parts: list[Any] = [vars(getattr(run.config, name)) for name in _WORK]
    return json.dumps(parts, sort_keys=True, default=str)

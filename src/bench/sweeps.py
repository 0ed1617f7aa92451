"""Sweeps: how long it takes to expand, to look at, and to launch again what is finished."""

import io
import json
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import yaml

from src.bench.measure import Figures, seconds
from src.bench.upkeep import MEANING as UPKEEP
from src.bench.upkeep import bench_upkeep
from src.sweep.grid.planned_runs import Plan, make_plan
from src.sweep.grid.spec import read_sweep
from src.sweep.launch import FRESH, launch
from src.sweep.states import read_states
from src.sweep.status_table import count, run_table, show

MEANING = {
    "sweep_expand_1000_s": "seconds to expand a sweep of 1,000 cells into runs and ids (at most 5)",
    "sweep_status_240_s": "seconds from the file of a sweep of 240 finished runs to its status (at most 3)",
    "sweep_relaunch_240_s": "seconds to launch the same again, which starts nothing (at most 10)",
} | UPKEEP


def bench() -> Figures:
    """Tiny runs that look finished; the rows' fingerprint is in the cache, as after a first launch."""
    with tempfile.TemporaryDirectory() as folder:
        many, some = sweep_file(Path(folder), "many", 1000), sweep_file(Path(folder), "some", 240)
        for run in plan_of(some).runs:
            run.folder.mkdir(parents=True)
            (run.folder / "run.json").write_text(json.dumps({"status": "success", "id": run.id}))
        yield "sweep_expand_1000_s", seconds(lambda: plan_of(many))
        yield "sweep_status_240_s", seconds(lambda: status_of(plan_of(some)))
        yield "sweep_relaunch_240_s", seconds(lambda: launch(plan_of(some), FRESH, 1, 1, lambda: None))
    yield from bench_upkeep().items()


def sweep_file(folder: Path, name: str, num_runs: int) -> Path:
    """A sweep over ten rates of learning and as many seeds as it takes."""
    content = {
        "defaults": ["config", {"override debug": "smoke"}, "_self_"],
        "paths": {"runs_dir": f"{folder}/runs", "cache_dir": f"{folder}/cache"},
        "hydra": {
            "sweeper": {
                "params": {
                    "seed": ",".join(map(str, range(num_runs // 10))),
                    "train.learning_rate": ",".join(f"{number}e-5" for number in range(1, 11)),
                }
            }
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def plan_of(path: Path) -> Plan:
    """A sweep, expanded."""
    return make_plan(read_sweep(path, [], None))


def status_of(plan: Plan) -> None:
    """What `status` does with a sweep that it has expanded."""
    states = read_states(plan)
    with redirect_stdout(io.StringIO()):
        show(run_table(plan, states))
        show(count(states))

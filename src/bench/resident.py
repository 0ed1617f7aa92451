"""Memory of a whole run of 1B on a CPU against what the plan says of a step; it takes 7 GB and minutes."""

import tempfile
from pathlib import Path

from src.analysis.find_runs import find_runs
from src.bench.measure import Figures
from src.bench.random_folder import make_folder
from src.command.compose import run_config
from src.config.schema import RunConfig
from src.plan.memory import estimate

MODEL = "olmo2_1b"
MEANING = {
    "resident_over_plan_1b": "peak memory of a run of random weights in the 1B shape, all stages, on a CPU / "
    "what src.plan says of its step (at most 1.25); asked for by name",
}


def bench() -> Figures:
    """Few short rows, so that minutes are enough; weights are most of it, as they are with many."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "weights"
        make_folder(folder, [f"model={MODEL}"])
        peak, config = resident_gib(folder, Path(place) / "runs")
        yield "resident_over_plan_1b", peak / (estimate(config).total(False) / 2**30)


def resident_gib(folder: Path, runs: Path) -> tuple[float, RunConfig]:
    """The peak that the record of a run of this folder tells, and the run's configuration."""
    from src.pipeline.pipeline import Pipeline

    config = run_config(
        "debug=smoke", "model=hf", f"model.id={folder}", "model.dtype=bfloat16", "data=sums", "metrics=core",
        "data.max_length=96", "train.max_steps=2", "train.batch_size=2", "train.checkpoint_steps=null",
        "data.num_train=4", "data.num_probe=4", "data.num_test=4", "data.max_new_tokens=2",
        f"paths.runs_dir={runs}", f"paths.cache_dir={runs}/cache",
    )  # fmt: skip
    Pipeline(config).walk()
    (run,) = find_runs(runs / "smoke")
    return run.record["peak_memory_gib"], config

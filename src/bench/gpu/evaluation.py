"""Items a second of the score stage on the weights that a package carries."""

from collections.abc import Iterator
from pathlib import Path

import torch

from src.analysis.find_runs import find_runs
from src.command.compose import run_config
from src.model.package import find_gguf
from src.pipeline.pipeline import Pipeline

NUM_ITEMS = 200


def evaluation_figures(device: torch.device, folder: Path) -> Iterator[tuple[str, float]]:
    """Sums, answered by the untrained model; what the run's record says of its seconds.

    Raises:
        ModelError: the package is not here.
    """
    config = run_config(
        "debug=smoke", "model=smollm2_135m", "data=sums", f"data.num_test={NUM_ITEMS}", "method=frozen",
        "metrics=none", f"device={device.type}", f"paths.runs_dir={folder}",
        f"paths.cache_dir={folder}/cache",
    )  # fmt: skip
    find_gguf(config.model.resolved_id)
    Pipeline(config).walk()
    (run,) = find_runs(folder / "smoke")
    scoring = [taken for stage, taken in run.record["seconds"].items() if stage.startswith("scores")]
    yield "evaluation_items_per_s", NUM_ITEMS / sum(scoring)

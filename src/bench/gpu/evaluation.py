"""Items a second of the score stage on the weights that a package carries."""

from collections.abc import Iterator
from pathlib import Path

import torch

from src.analysis.find_runs import find_runs
from src.command.compose import run_config
from src.model.package import find_gguf
from src.pipeline.pipeline import Pipeline

NUM_ITEMS = 200


def evaluation_figures(
    device: torch.device, folder: Path, model: str = "smollm2_135m", num_items: int = NUM_ITEMS
) -> Iterator[tuple[str, float]]:
    """Sums, answered by the untrained model; what the run's record says of its seconds.

    Raises:
        ModelError: the package is not here.
    """
    config = run_config(
        *("debug=smoke", f"model={model}", "data=sums", f"data.num_test={num_items}", "method=frozen"),
        *(
            "metrics=none",
            f"device={device.type}",
            f"paths.runs_dir={folder}",
            f"paths.cache_dir={folder}/cache",
        ),
    )
    if config.model.source == "package":
        find_gguf(config.model.resolved_id)
    Pipeline(config).walk()
    (run,) = find_runs(folder / "smoke")
    yield (
        "evaluation_items_per_s",
        num_items
        / sum(seconds for stage, seconds in run.record["seconds"].items() if stage.startswith("scores")),
    )

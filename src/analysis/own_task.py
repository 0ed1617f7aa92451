"""Which tasks ask for what a run was trained on; all others are other abilities."""

from src.analysis.runs import Run
from src.config.evaluate import HELDOUT, VALIDATION

_SOURCES = ("name", "generator", "id", "path")


def is_trained(run: Run, task: str) -> bool:
    """Whether a task is made of the run's own data: its held-out rows, or the same data by another name.

    An ability by where its rows come from; a task of lm-eval by its name, as gsm8k and gsm8k_cot of gsm8k.
    """
    data = str(run.record["choices"].get("data"))
    if task in (HELDOUT, VALIDATION, data, run.config.get("data.corpus")) or task.startswith(f"{data}_"):
        return True
    ability = {key: run.config.get(f"evaluate.retention_tasks.{task}.{key}") for key in _SOURCES}
    return any(value is not None and value == run.config.get(f"data.{key}") for key, value in ability.items())

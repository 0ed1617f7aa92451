"""The report of an adapter that another trainer left: that of the comparison which has measured it."""

from pathlib import Path

from src.analysis.find_runs import find_runs, run_folders
from src.analysis.runs import Run
from src.errors import UserError
from src.model.adapter import CONFIG, adapter_content
from src.record.compared import compared_in
from src.storage.files import fingerprint, read_json


def experiment_of(adapter: Path, runs: Path, cache: Path) -> Path:
    """The folder of the newest comparison of this very adapter with its base, with those beside it.

    Args:
        adapter: folder with adapter_config.json and its weights.
        runs: the folder of all runs.
        cache: where comparisons that lie elsewhere are noted.

    Raises:
        UserError: nobody has compared it; the line names the command that does.
    """
    content = adapter_content(adapter)
    places = [place for place in (runs, *compared_in(cache, content)) if run_folders(place)]
    found = [run for place in places for run in find_runs(place) if _of(run, content)]
    if not found:
        told = read_json(adapter / CONFIG)
        base = told.get("base_model_name_or_path") if isinstance(told, dict) else None
        command = f"python -m src.compare base={base or 'BASE'} tuned={adapter}"
        raise UserError(
            f"{adapter}: an adapter that no run compares, below {runs} or where src.compare wrote; "
            f"first: {command}"
        )
    return max(found, key=lambda run: (run.folder / "run.json").stat().st_mtime).folder.parent


def _of(run: Run, content: str) -> bool:
    """Whether what a comparison calls tuned is its base with this adapter added."""
    base, tuned = run.record.get("model"), run.record.get("tuned")
    if not (isinstance(base, dict) and isinstance(tuned, dict)):
        return False
    return tuned.get("fingerprint") == fingerprint([base.get("fingerprint"), content])

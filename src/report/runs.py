"""Read the runs of an experiment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from src.errors import StorageError, UserError
from src.files import read_json


@dataclass(frozen=True)
class Run:
    """One finished, failed or unfinished run."""

    folder: Path
    record: dict[str, Any] | None
    """run.json; None for a run that has not ended."""
    problem: str | None
    """Why the run cannot be compared; None for a finished one."""

    @property
    def layers(self) -> pandas.DataFrame | None:
        """layers.csv, None where the run was not probed."""
        path = self.folder / "layers.csv"
        return pandas.read_csv(path) if path.is_file() else None


def find_runs(folder: Path) -> list[Run]:
    """Every run below a folder, in order of name; none is left out, whatever its state."""
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder of an experiment, such as runs/quickstart"
        )
    found = sorted({path.parent for path in folder.rglob("config.yaml")})
    if not found:
        raise UserError(f"{folder}: holds no run; a run's folder has a config.yaml")
    return [_read(path) for path in found]


def _read(folder: Path) -> Run:
    path = folder / "run.json"
    if not path.is_file():
        return Run(folder, None, "unfinished")
    try:
        record = read_json(path)
    except StorageError as error:
        return Run(folder, None, str(error))
    if record["status"] != "success":
        return Run(folder, record, f"{record['status']}: {record.get('error', 'no reason recorded')}")
    return Run(folder, record, None)

"""runs/<experiment>/<id>/: finished, unfinished, or new."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from src.config.schema import RunConfig
from src.errors import ConfigError, StorageError
from src.files import read_json, remove_partial, write_json, write_text


class RunFolder:
    """The folder of one run. A stage that is complete has a file under stages/ and is not done again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def finished(self) -> bool:
        """Whether the record says success."""
        record = self.path / "run.json"
        return record.is_file() and read_json(record)["status"] == "success"

    def open(self, config: RunConfig) -> None:
        """Make the folder and write config.yaml; leave an unfinished run's files in place."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_text(self.path / "config.yaml", OmegaConf.to_yaml(OmegaConf.structured(config)))
        except (OSError, StorageError) as error:
            raise ConfigError(f"paths.runs_dir: {self.path} cannot be written ({_reason(error)})") from error
        remove_partial(self.path)

    def stage(self, name: str, compute: Callable[[], Any]) -> Any:
        """The JSON-like result of a stage: read if it is complete, else computed and kept."""
        path = self.path / "stages" / f"{name}.json"
        if path.is_file():
            return read_json(path)["result"]
        start = time.perf_counter()
        result = compute()
        write_json(path, {"seconds": round(time.perf_counter() - start, 2), "result": result})
        return result

    def seconds(self) -> dict[str, float]:
        """Seconds of each complete stage (of the process that completed it), in order of completion."""
        files = sorted((self.path / "stages").glob("*.json"), key=lambda path: path.stat().st_mtime)
        return {path.stem: read_json(path)["seconds"] for path in files}


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error).partition("(")[2].partition(")")[0]

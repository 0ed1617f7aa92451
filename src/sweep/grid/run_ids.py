"""What the rows and the weights of a run lead to, looked up once for many runs.

Generating rows takes seconds and imports torch. Their fingerprint depends on the data config and the code
alone, so it is kept in the cache; files and folders are looked at anew each time.
"""

import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from src.config.schema import DataConfig, ModelConfig, RunConfig
from src.data.catalog import content_of
from src.errors import DataError
from src.model.content import model_content
from src.record.identity import run_id
from src.storage.cache import cached_json, code_fingerprint


class Contents:
    """Ids of runs; remembers what was looked up.

    Where only a list is asked for, rows on the hub that cannot be had now give ids of a kind of their own,
    and `unread` tells why.
    """

    def __init__(self, only_list: bool = False) -> None:
        self._only_list = only_list
        self.unread: list[str] = []
        self._rows: dict[str, str] = {}
        self._weights: dict[str, str] = {}

    def id(self, config: RunConfig) -> str:
        """The id that `python -m src.run` gives this run."""
        num_sets = len(config.probe.seeds)
        rows = _key(config.data, num_sets)
        if rows not in self._rows:
            self._rows[rows] = self._fingerprint(config, num_sets)
        weights = _key(config.model)
        if weights not in self._weights:
            self._weights[weights] = _weights(config.model)
        return run_id(config, self._rows[rows], self._weights[weights])

    def _fingerprint(self, config: RunConfig, num_sets: int) -> str:
        try:
            return _rows(config.data, num_sets, Path(config.paths.cache_dir))
        except DataError as error:
            if not (self._only_list and config.data.of_kind.remote):
                raise
            self.unread.append(str(error))
            return f"unread {config.data.told}"


def _rows(data: DataConfig, num_sets: int, cache_dir: Path) -> str:
    def compute() -> str:
        from src.data.splits import load_splits  # torch comes with it

        return load_splits(data, num_sets).fingerprint

    content = content_of(data)
    if content is None:
        return compute()  # only reading tells, or says what is missing
    return cached_json(cache_dir, "row-fingerprints", [asdict(data), num_sets, content, _code()], compute)


def _code() -> list[str]:
    return [code_fingerprint("data", "runtime"), metadata.version("reasoning-gym")]


def _weights(model: ModelConfig) -> str:
    return model_content(model)


def _key(config: DataConfig | ModelConfig, *more: int) -> str:
    return json.dumps([asdict(config), *more], sort_keys=True)

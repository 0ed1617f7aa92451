"""What the rows and the weights of a run lead to, looked up once for many runs.

Generating rows takes seconds and imports torch. Their fingerprint depends on the data config and the code
alone, so it is kept in the cache; files and folders are looked at anew each time.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, TypeVar

from src.config.keys import hashed_keys
from src.config.schema import DataConfig, ModelConfig, RunConfig
from src.data.catalog import content_of
from src.errors import DataError
from src.model.content import model_content
from src.record.identity import run_id
from src.record.trained_source import with_source
from src.storage.cache import cached_json, code_fingerprint

Made = TypeVar("Made")


class Shared(Generic[Made]):
    """What is made of a section, once for all runs that share it: by identity, so it is held as well."""

    def __init__(self, make: Callable[[Any], Made]) -> None:
        self._make = make
        self._made: dict[int, tuple[Any, Made]] = {}

    def __call__(self, section: Any) -> Made:
        """Of this section; its dataclass is not changed afterwards."""
        if id(section) not in self._made:
            self._made[id(section)] = section, self._make(section)
        return self._made[id(section)][1]


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
        self._keys = Shared(hashed_keys)
        self._texts = Shared(lambda section: json.dumps(asdict(section), sort_keys=True))

    def id(self, config: RunConfig) -> str:
        """The id that `python -m src.run` gives this run."""
        num_sets = len(config.probe.seeds)
        rows = f"{num_sets} {self._texts(config.data)}"
        if rows not in self._rows:
            self._rows[rows] = self._fingerprint(config, num_sets)
        weights = self._texts(config.model)
        if weights not in self._weights:
            self._weights[weights] = _weights(config.model)
        contents = self._rows[rows], self._weights[weights], self._keys
        return run_id(with_source(config, *contents), *contents)

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

"""Work that depends on content alone is done once: the cache is keyed by a hash of all that decides it."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from src.storage.files import (
    ASIDE,
    fingerprint,
    read_json,
    sha256_file,
    storage_errors,
    write_json,
    written_folder,
)
from src.storage.manifest import damage, write_manifest

_LOG = logging.getLogger(__name__)
_SOURCE = Path(__file__).resolve().parents[1]
NO_NUMBER = {
    "analysis": "reads what runs have written",
    "bench": "measures time and memory",
    "carrier": "fits masks and vectors to a finished run, whose tables have a key of their own",
    "command": "turns a command line into a configuration, whose values are in the keys themselves",
    "dashboard": "shows what runs have written",
    "export": "hands over what was trained",
    "intervene": "measures variants of a finished run, whose tables have a key of their own",
    "plan": "estimates before anything runs",
    "record": "writes down what was measured",
    "report": "draws what runs have written",
    "results": "copies and checks what runs have written",
    "statistics": "intervals and tests over what runs have written",
    "storage": "gives back what was put in",
    "suggest": "reads what runs have written",
    "sweep": "starts runs",
    "tracking": "mirrors what was measured",
}
"""Rooms whose code decides no weight and no measurement, and why; nor does a file beside the rooms."""


def code_fingerprint(*packages: str) -> str:
    """A hash of the source files of some packages of Strata, so that changed code finds no stale result."""
    files = sorted(path for package in packages for path in (_SOURCE / package).rglob("*.py"))
    return fingerprint({str(path.relative_to(_SOURCE)): sha256_file(path) for path in files})


def deciding_code(*others: str) -> str:
    """A hash of all code of Strata but for the rooms of NO_NUMBER and `others`, which cannot decide a number.

    A room that is new is in it until somebody says that it decides nothing.
    """
    apart = {*NO_NUMBER, *others}
    return code_fingerprint(*(room.name for room in _SOURCE.iterdir() if room.name not in apart))


def cached_folder(cache_dir: Path, kind: str, key: Any, make: Callable[[Path], object]) -> Path:
    """The folder that `make(folder)` fills, made at most once for a key, also by two processes at once.

    A folder that is not as it was written is made anew; what a killed process left of it is removed.
    """
    path = cache_dir / kind / fingerprint(key)[:32]
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            _remove_damaged(path)
            if not path.is_dir():
                with written_folder(path) as aside:
                    make(aside)
                    write_manifest(aside)
    return path


def cached_json(cache_dir: Path, kind: str, key: Any, compute: Callable[[], Any]) -> Any:
    """The JSON-like value of `compute()`, computed at most once for a key."""
    folder = cached_folder(
        cache_dir, kind, key, lambda aside: write_json(aside / "value.json", {"value": compute()})
    )
    return read_json(folder / "value.json")["value"]


def _remove_damaged(path: Path) -> None:
    """Remove a cached folder that cannot be trusted, and its beginnings; called under the key's lock."""
    for leftover in path.parent.glob(f"{ASIDE}{path.name}-*"):
        shutil.rmtree(leftover)
    if not path.is_dir():
        return
    found = damage(path)
    if found is not None:
        _LOG.warning("%s: %s; it is made anew", path, found)
        shutil.rmtree(path)

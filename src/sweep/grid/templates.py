"""Composed choices of groups, kept in the cache: a study of 40 models and objectives composes 40 times.

They are kept as composed and not resolved, and keyed by the content of every file that composing can read. So
only sweeps of this checkout's own folders are remembered; who has a sweep elsewhere waits the seconds.
"""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

from src.command.compose import CONF
from src.errors import StorageError
from src.storage.files import fingerprint, read_json, sha256_file, write_json
from src.sweep.grid.spec import Sweep

Template = dict[str, Any]
"""A composed config as plain values, its interpolations not resolved."""
Templates = dict[tuple[str, ...], Template]
SWEEPS = CONF.parent / "sweeps"


def kept_templates(sweep: Sweep, cache_dir: Path) -> Path | None:
    """The file of a sweep's templates; None for one that is not remembered."""
    text = json.dumps(sweep.base, default=str)
    if sweep.path.resolve().parent != SWEEPS or "oc.env" in text:
        return None
    versions = [metadata.version(name) for name in ("hydra-core", "omegaconf")]
    key = fingerprint([text, content(CONF), content(SWEEPS), versions])
    return cache_dir / "templates" / f"{sweep.name}-{key[:32]}.json"


def content(folder: Path) -> dict[str, str]:
    """A hash of every YAML file below a folder."""
    return {str(path.relative_to(folder)): sha256_file(path) for path in sorted(folder.rglob("*.yaml"))}


def read_templates(path: Path | None) -> Templates:
    """By the choices that gave them; none where there is no file, or none that can be read."""
    try:
        found = read_json(path) if path is not None and path.is_file() else []
        return {tuple(choices): dict(values) for choices, values in found}
    except (StorageError, TypeError, ValueError):
        return {}


def write_templates(path: Path | None, templates: Templates) -> None:
    """Keep them; a cache that cannot be written costs the next expansion its time and nothing else."""
    plain = [[list(choices), template] for choices, template in templates.items()]
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, plain)
    except (OSError, StorageError):
        return

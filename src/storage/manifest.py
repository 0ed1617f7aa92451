"""manifest.json: the sha256 of every file of a folder; a damaged one is never taken for what was written."""

from pathlib import Path
from typing import Any

from src.errors import StorageError
from src.storage.files import read_json, sha256_file, write_json

NAME = "manifest.json"


def write_manifest(folder: Path, **known: Any) -> None:
    """Write down the files of a folder as they are now, and what else is `known` of them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {str(path.relative_to(folder)): sha256_file(path) for path in files}
    write_json(folder / NAME, {**known, "files": digests})


def damage(folder: Path) -> str | None:
    """The first thing about a folder that is not as it was written, for a person; None for an intact one."""
    if not (folder / NAME).is_file():
        return f"incomplete, {NAME} is missing"
    try:
        digests = dict(read_json(folder / NAME)["files"])
    except (StorageError, KeyError, TypeError, ValueError):
        return f"damaged, {NAME} is not what was written"
    for name, digest in digests.items():
        path = folder / name
        if not path.is_file():
            return f"incomplete, {name} is missing"
        if sha256_file(path) != digest:
            return f"damaged, {name} is not what was written"
    return None

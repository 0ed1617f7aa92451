"""Finished results at a URL that fsspec knows (s3://, gs://): copied here to be read, written there whole.

Nothing runs there: locks need a POSIX file system.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from fsspec import AbstractFileSystem, url_to_fs

from src.errors import StorageError
from src.storage.files import fingerprint, write_json

_READ = (
    ".json",
    ".yaml",
    ".csv",
    ".jsonl",
    ".md",
    ".xz",
)  # weights are copied where they are asked for
_KNOWN = ".copied.json"  # what each file was like when it was copied
_CHANGES = ("ETag", "etag", "LastModified", "mtime", "created", "updated", "md5Hash")


def copied(url: str, cache_dir: Path, weights: bool = False) -> Path:
    """A folder of this machine with the files that lie below a URL; what has not changed is not copied again.

    Args:
        url: of a run or of an experiment's folder.
        cache_dir: the copy lies below it.
        weights: also what no report reads.

    Raises:
        StorageError: nobody knows such URLs here, nothing lies there, or it cannot be reached.
    """
    with _reached(url):
        system, root = url_to_fs(url.rstrip("/"))
        found = system.find(root, detail=True)
        wanted = {path: _told(info) for path, info in found.items() if weights or path.endswith(_READ)}
    if not wanted:
        raise StorageError(f"{url}: given a place without results; accepted: a URL of finished runs")
    here = cache_dir / "urls" / fingerprint([url, weights])[:12] / PurePosixPath(root).name
    with _reached(url):
        _copy(system, root, wanted, here)
    return here


@contextmanager
def written_to(url: str) -> Iterator[Path]:
    """A folder of this machine, empty; what the block leaves in it lies below the URL afterwards."""
    with TemporaryDirectory() as place:
        yield Path(place)
        with _reached(url):
            system, root = url_to_fs(url.rstrip("/"))
            for path in sorted(Path(place).rglob("*")):
                if path.is_file():
                    target = f"{root}/{path.relative_to(place).as_posix()}"
                    system.makedirs(target.rpartition("/")[0], exist_ok=True)
                    system.put_file(str(path), target)


def _copy(system: AbstractFileSystem, root: str, wanted: Mapping[str, str], here: Path) -> None:
    known = _known(here)
    places = {path: path[len(root) :].lstrip("/") for path in wanted}
    new = [path for path, told in wanted.items() if known.get(places[path]) != told]
    new += [path for path in wanted if path not in new and not (here / places[path]).is_file()]
    for path in (here / places[path] for path in new):
        path.parent.mkdir(parents=True, exist_ok=True)
    system.get(new, [str(here / places[path]) for path in new])
    for gone in known.keys() - set(places.values()):
        (here / gone).unlink(missing_ok=True)
    write_json(here / _KNOWN, {places[path]: told for path, told in wanted.items()})


def _known(here: Path) -> dict[str, str]:
    try:
        return dict(json.loads((here / _KNOWN).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _told(info: Mapping[str, Any]) -> str:
    """What changes when the file does; where a system tells no more than the size, that."""
    return " ".join(str(info[key]) for key in ("size", *_CHANGES) if info.get(key) is not None)


@contextmanager
def _reached(url: str) -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise
    except Exception as error:  # each kind of store has errors of its own
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise StorageError(
            f"{url}: cannot be reached ({reason}); accepted: a URL that fsspec can open here"
        ) from error

"""The runs behind a study in one small file: all that a report reads of them, item by item."""

import io
import json
import lzma
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from src.analysis.find_runs import find_runs
from src.analysis.runs import Run
from src.config.intervention import FOLDER
from src.errors import DataError
from src.storage.files import write_bytes

ITEMS = "items.tar.xz"
_WHOLE = ("layers.csv", "steps.jsonl")
_PATHS = {"cache_dir": ".cache/strata"}
"""Where a run finds what others share, as conf/config.yaml has it."""
_ANSWER = ("stage", "task", "filter", "id", "scores")


def pack(runs: Path, target: Path) -> Path:
    """Write `target`/items.tar.xz from an experiment's folder; the same runs give the same bytes.

    Kept of each run, finished or not: its record, its configuration without the paths of the machine, its
    tables by layer and by step, and of every item the id and the scores, without prompt and answer. Of what
    analyses of finished runs left, of single runs or of all: tables and items.
    """
    text, found = io.BytesIO(), find_runs(runs)
    files = [(run.folder / name, content) for run in found for name, content in sorted(_files(run))]
    files += [one for folder in (runs, *(run.folder for run in found)) for one in _of_analyses(folder)]
    with tarfile.open(fileobj=text, mode="w") as archive:
        for path, content in files:
            entry = tarfile.TarInfo(f"{runs.resolve().name}/{path.relative_to(runs)}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    write_bytes(target / ITEMS, lzma.compress(text.getvalue(), preset=9))
    return target / ITEMS


@contextmanager
def unpacked(folder: Path) -> Iterator[Path]:
    """The experiment's folder as it was packed, for as long as it is needed; DataError for a damaged file."""
    with TemporaryDirectory() as place:
        try:
            with tarfile.open(folder / ITEMS, "r:xz") as archive:
                archive.extractall(place, filter="data")
        except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
            raise DataError(f"{folder / ITEMS}: cannot be read ({error}); publish the study again") from error
        found = sorted(Path(place).iterdir())
        if len(found) != 1:
            raise DataError(f"{folder / ITEMS}: holds {len(found)} experiments; needed: one")
        yield found[0]


def unpack(folder: Path, runs: Path) -> list[Path]:
    """Put the runs of a committed study back: a report reads them, and its sweep makes what is missing.

    Args:
        folder: below sweeps/results.
        runs: where experiments are; the study takes its own name there.

    Returns:
        The folders of the runs.

    Raises:
        DataError: nothing is packed there, or the experiment is there already.
    """
    if not (folder / ITEMS).is_file():
        raise DataError(f"{folder}: holds no {ITEMS}; accepted: a study whose items are committed")
    with unpacked(folder) as packed:
        target = runs / packed.name
        if target.exists():
            raise DataError(f"{target}: exists; accepted: a folder of runs without this experiment (--to)")
        runs.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{packed.name}.", dir=runs) as place:
            whole = shutil.copytree(packed, Path(place) / "whole")
            for config in whole.glob("*/config.yaml"):
                kept = config.read_text(encoding="utf-8")
                config.write_text(kept + yaml.safe_dump({"paths": _PATHS | {"runs_dir": str(runs)}}), "utf-8")
            os.rename(whole, target)
    return sorted(path.parent for path in target.glob("*/run.json"))


def _files(run: Run) -> Iterator[tuple[str, bytes]]:
    if (run.folder / "run.json").is_file():
        yield "run.json", _portable((run.folder / "run.json").read_text(encoding="utf-8"))
    if (run.folder / "config.yaml").is_file():
        config = yaml.safe_load((run.folder / "config.yaml").read_text(encoding="utf-8"))
        kept = {key: value for key, value in config.items() if key != "paths"}
        yield "config.yaml", _portable(yaml.safe_dump(kept, sort_keys=False))
    further = sorted(path.name for path in run.folder.glob("layers-*.csv") if "seed-" not in path.name)
    for name in (*_WHOLE, *further):
        if (run.folder / name).is_file():
            yield name, (run.folder / name).read_bytes()
    answers = [{key: row[key] for key in _ANSWER} for row in run.samples("base", "tuned")]
    if answers:
        yield "samples.jsonl", "".join(json.dumps(row) + "\n" for row in answers).encode()


def _of_analyses(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted((folder / FOLDER).rglob("*")):
        if path.suffix in (".csv", ".json"):
            yield path, _portable(path.read_text(encoding="utf-8"))
        elif path.suffix == ".npz":
            yield path, path.read_bytes()


def _portable(text: str) -> bytes:
    """Without the folders of this machine."""
    return text.replace(str(Path.cwd()), ".").replace(os.path.expanduser("~"), "~").encode()

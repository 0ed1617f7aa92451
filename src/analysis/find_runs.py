"""Every run below a folder: those that an index has as they were are not read again."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from src.analysis.record_check import lacking, other_choices
from src.analysis.run_index import KINDS, PART, WORTH, Numbers, Row, RunIndex, has_record, stamp_of
from src.analysis.run_tables import items_as_numbers
from src.analysis.runs import Run
from src.config.renamed import rename_keys
from src.errors import StorageError, UserError
from src.record.schema_version import SCHEMA_VERSION
from src.storage.files import read_json

_MOST_WORKERS = 8  # that read files at once


def find_runs(folder: Path) -> list[Run]:
    """Every run below a folder, in order of name; none is left out, whatever its state.

    Of many runs an index is kept beside them; finished ones that it lacks are added.

    Raises:
        UserError: there is no such folder, or no run in it.
    """
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder of an experiment, such as runs/quickstart"
        )
    places = run_folders(folder)
    if not places:
        raise UserError(f"{folder}: holds no run; a run's folder has a config.yaml")
    if len(places) < WORTH:
        return [_read(place) for place in places]
    index = RunIndex(folder)
    stamps = {place: stamp_of(place) for place in places}
    found = _known(index, folder, stamps)
    fresh = {place: stamp for place, stamp in stamps.items() if place not in found and has_record(stamp)}
    if index.worth(len(fresh), len(places)):
        _add(folder, fresh)
        found = _known(index, folder, stamps)
    return [found.get(place) or _read(place) for place in places]


def _add(folder: Path, fresh: Mapping[Path, str]) -> None:
    """Put the finished ones into the index, parts at once where there are several and cores for them."""
    every = list(fresh.items())
    parts = [every[start : start + PART] for start in range(0, len(every), PART)]
    workers = min(len(parts), len(os.sched_getaffinity(0)), _MOST_WORKERS)
    if workers < 2:
        for part in parts:
            _add_part(folder, part)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(_add_part, folder), parts))


def _add_part(folder: Path, part: Sequence[tuple[Path, str]]) -> None:
    runs = [(place, stamp, _read(place)) for place, stamp in part]
    rows = [_row(str(place.relative_to(folder)), stamp, run) for place, stamp, run in runs if not run.problem]
    if kept := [row for row in rows if row is not None]:
        RunIndex(folder).add(kept)


def _known(index: RunIndex, folder: Path, stamps: Mapping[Path, str]) -> dict[Path, Run]:
    """The runs that an index has as their files are."""
    rows = index.rows()
    known = {place: rows.get(str(place.relative_to(folder))) for place in stamps}
    return {place: _of(place, row) for place, row in known.items() if row and row.stamp == stamps[place]}


def run_folders(folder: Path) -> list[Path]:
    """Folders of runs below a folder, in order of name.

    Left out are those such as .sweep, a launch's copy of the code, and W&B's own files.
    """
    found = []
    for place, inside, files in os.walk(folder):
        inside[:] = [name for name in inside if not name.startswith(".") and name != "wandb"]
        if "config.yaml" in files or "run.json" in files:
            found.append(Path(place))
    return sorted(found)


def _read(folder: Path) -> Run:
    path = folder / "run.json"
    if not path.is_file():
        return Run(folder, {}, "unfinished")
    try:
        record = read_json(path)
    except StorageError as error:
        return Run(folder, {}, str(error))
    if not isinstance(record, dict) or "status" not in record:
        return Run(folder, {}, f"{path}: is no record of a run")
    return _judged(Run(folder, record, None))


def _of(folder: Path, row: Row) -> Run:
    return _judged(Run(folder, json.loads(row.record), None, kept=row))


def _judged(run: Run) -> Run:
    """The run with what is wrong with it; its configuration is read now, because without it it has no arm."""
    record = run.record = rename_keys(run.record, quiet=True)
    version = record.get("schema_version")
    if version != SCHEMA_VERSION:
        run.problem = f"schema version {version}; this report reads version {SCHEMA_VERSION}"
    elif record["status"] != "success":
        run.problem = f"{record['status']}: {record.get('error', 'no reason recorded')}"
    else:
        run.problem = lacking(record) or next(iter(_wrong(run)), None)
    return run


def _wrong(run: Run) -> list[str]:
    config = run.config
    return run.damaged or other_choices(run.record["choices"], config)


def _row(path: str, stamp: str, run: Run) -> Row | None:
    """What an index keeps of a finished run; None where a file of it is damaged, or not what runs write."""
    tables: dict[str, dict[str, Numbers]] = {kind: {} for kind in KINDS}
    for reading in run.readings:
        if (numbers := run.layer_numbers(reading)) is not None:
            tables["layers"][reading] = numbers
        elif run.layers_of(reading) is not None:
            return None
    tables["items"] = items_as_numbers(run.items)
    tables["steps"] = {key: Numbers((), values) for key, values in run.logged.items()}
    record, config = ((run.folder / name).read_text(encoding="utf-8") for name in ("run.json", "config.yaml"))
    return None if run.damaged else Row(path, stamp, record, config, tables.get)

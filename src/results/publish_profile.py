"""The part of causal profiles that is committed: tables, pictures, and the items that they are made of."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas

from src.config.intervention import FOLDER
from src.errors import DataError
from src.intervene.causal.controls import KINDS
from src.intervene.causal.regret import KIND as CHOSEN
from src.intervene.kept import KEPT
from src.intervene.lens.tables import CURVES
from src.results.rebuilt_profile import BESIDE, ENGLISH, TASK, seed_of
from src.storage.files import read_object, write_bytes, write_json

_ABOUT, _READINGS = "about.json", "readings.csv"
MOST_BYTES = 200_000
"""Of a picture that is committed."""


def is_profile(tables: Path) -> bool:
    """Whether a folder holds the tables of where a gain sits."""
    return (tables / _ABOUT).is_file() and (tables / _READINGS).is_file()


def publish_tables(tables: Path, target: Path, command: str) -> list[Path]:
    """Copy tables and pictures of another analysis, and beside them what they are made of again.

    Args:
        tables: of `python -m src.intervene NAME`: many models, swap, merge, patch, steer, lens.
        target: folder below sweeps/results.
        command: what makes them again.
    """
    kept = [tables / name for name in (KEPT, CURVES) if (tables / name).is_file()]
    return _copy(tables, target, command, {target / one.name: one for one in kept})


def publish_profile(tables: Path, target: Path, command: str) -> list[Path]:
    """Copy tables and pictures, and of every run what `rebuilt_profile` makes the tables of again.

    Args:
        tables: of `python -m src.intervene`: intervene/ of an experiment or of a run, or that of an arm.
        target: folder below sweeps/results.
        command: what makes them again.

    Raises:
        DataError: the items of a run are not there.
    """
    about = read_object(tables / _ABOUT)
    names = _names(tables)
    items = {
        target / f"{prefix}-seed-{seed_of(run)}.npz": folder / FOLDER / name
        for run, folder in _runs(tables, about).items()
        for name, prefix in names.items()
    }
    for path in items.values():
        if not path.is_file():
            raise DataError(f"{path}: not there; first: python -m src.intervene, in the same place")
    return _copy(tables, target, command, items)


def _copy(tables: Path, target: Path, command: str, items: Mapping[Path, Path]) -> list[Path]:
    """Tables, pictures, about.json and, each under a new path, what the tables are made of."""
    pictures = [one for one in sorted(tables.glob("*.png")) if one.stat().st_size <= MOST_BYTES]
    copied = {target / one.name: one for one in [*sorted(tables.glob("*.csv")), *pictures]} | dict(items)
    for path, source in copied.items():
        write_bytes(path, source.read_bytes())
    about, path = read_object(tables / _ABOUT), target / _ABOUT
    before = read_object(path) if path.is_file() else {}
    kept = {BESIDE: before[BESIDE]} if BESIDE in before else {}
    write_json(path, about | kept | {"command": command})
    return [*copied, path]


def _runs(tables: Path, about: dict[str, Any]) -> dict[str, Path]:
    """The folder of every run, by its name."""
    within = next((path for path in (tables, *tables.parents) if path.name == FOLDER), None)
    if within is None:
        raise DataError(f"{tables}: lies in no folder {FOLDER} of runs; accepted: as src.intervene wrote it")
    place = within.parent
    return {run: place if run == place.name else place / run for run in about["runs"]}


def _names(tables: Path) -> dict[str, str]:
    """Files of items below intervene/ of a run, and how each is named here; those that the tables tell of."""
    profile = pandas.read_csv(tables / "profile.csv")
    return dict(_named(set(profile["score"]), set(profile["kind"])))


def _named(scores: set[str], kinds: set[str]) -> Iterator[tuple[str, str]]:
    for score, prefix in ((TASK, ""), (ENGLISH, f"{ENGLISH}-")):
        if score in scores:
            yield f"{score}/items.npz", f"{prefix}items"
            if "path" in kinds:
                yield f"{score}/path.npz", f"{prefix}path"
    for name, there in (("chosen", CHOSEN in kinds), ("controls", bool(kinds & set(KINDS)))):
        if there:
            yield f"{TASK}/{name}.npz", name

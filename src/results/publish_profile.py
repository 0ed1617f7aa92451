"""The part of causal profiles that is committed: tables, pictures, and the items that they are made of."""

from collections.abc import Iterator
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
    pictures = [one for one in sorted(tables.glob("*.png")) if one.stat().st_size <= MOST_BYTES]
    kept = [tables / name for name in (KEPT, CURVES) if (tables / name).is_file()]
    copied = {target / one.name: one for one in [*sorted(tables.glob("*.csv")), *kept, *pictures]}
    for path, source in copied.items():
        write_bytes(path, source.read_bytes())
    write_json(target / _ABOUT, read_object(tables / _ABOUT) | {"command": command})
    return [*copied, target / _ABOUT]


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
    pictures = [one for one in sorted(tables.glob("*.png")) if one.stat().st_size <= MOST_BYTES]
    copied = {target / one.name: one for one in [*sorted(tables.glob("*.csv")), *pictures]} | items
    for path, source in copied.items():
        write_bytes(path, source.read_bytes())
    before = read_object(target / _ABOUT) if (target / _ABOUT).is_file() else {}
    kept = {name: before[name] for name in (BESIDE,) if name in before}
    write_json(target / _ABOUT, about | kept | {"command": command})
    return [*copied, target / _ABOUT]


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

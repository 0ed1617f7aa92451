"""The tables of an analysis again, from what it kept beside them: no model is run, no weights are read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from src.carrier.eraser.kept import read_triggers
from src.carrier.eraser.tables import write_tables as write_triggers
from src.carrier.kept import read_carriers
from src.carrier.tables import write_tables as write_carriers
from src.errors import DataError
from src.intervene.kept import KEPT, read_kept
from src.intervene.lens.tables import CURVES, Curves, write_lens
from src.intervene.merge.tables import write_merge
from src.intervene.swap.study import write_swap
from src.intervene.vectors.tables import write_vectors
from src.storage.files import read_object

Rebuild = Callable[[Path, Path, Mapping[str, Any]], object]
"""From a folder into another, with what about.json says."""
_TABLES: Mapping[str, Rebuild] = {
    "swap": lambda folder, out, about: write_swap(out, read_kept(folder)),
    "merge": lambda folder, out, about: write_merge(out, read_kept(folder), about["searched"]),
    "patch": lambda folder, out, about: write_vectors(out, read_kept(folder), "patch"),
    "steer": lambda folder, out, about: write_vectors(out, read_kept(folder), "steer"),
    "carrier": lambda folder, out, about: write_carriers(out, read_carriers(folder)),
    "eraser": lambda folder, out, about: write_triggers(out, read_triggers(folder)),
    "lens": lambda folder, out, about: write_lens(out, Curves.read(folder / CURVES)),
}


def has_kept(folder: Path) -> bool:
    """Whether a folder holds what tables are made of."""
    return (folder / KEPT).is_file() or (folder / CURVES).is_file()


def rebuild_kept(folder: Path, out: Path) -> None:
    """Write into `out` every table that what is in `folder` gives.

    Raises:
        DataError: about.json does not say of which analysis they are.
    """
    about = read_object(folder / "about.json")
    name = str(about.get("analysis"))
    if name not in _TABLES:
        raise DataError(f"{folder}: given an analysis {name}; accepted: {', '.join(_TABLES)}")
    _TABLES[name](folder, out, about)

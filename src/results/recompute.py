"""Whether committed tables are what the committed items give, on the same processor bit for bit."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from src.errors import DataError
from src.intervene.predictors.tables import is_of_models, rebuild_models
from src.results.alike import same_numbers
from src.results.packed import ITEMS, unpacked
from src.results.publish import FIGURE, MADE, PROFILES, digests, profiles_text
from src.results.rebuilt_profile import is_kept, rebuild
from src.results.rebuilt_tables import has_kept, rebuild_kept
from src.storage.files import read_object, write_bytes, write_json

REPORT = "report.md"
Report = Callable[[Path, Sequence[str], bool], Path]
"""Writes a report of an experiment, with the names of its figures, and draws them or not; its folder."""


class Rebuilt(NamedTuple):
    """One committed table."""

    name: str
    state: str
    """What became of it, in words."""
    holds: bool
    """Whether it is the same, on another processor but for the last digits."""

    def below(self, folder: Path) -> "Rebuilt":
        """The same, named by the folder that it lies in as well."""
        return self._replace(name=f"{folder.name}/{self.name}")


def recompute(folder: Path, report: Report, write: bool = False) -> list[Rebuilt]:
    """Rebuild every committed table of a study, and of the folders in it, from its committed items.

    Tables of analyses of finished runs have their items beside them (`rebuilt_profile` and others),
    all others those of the runs.

    Args:
        folder: below sweeps/results.
        report: makes a report of runs.
        write: put the rebuilt table in the place of one that differs, add those that are new, and draw the
            pictures again.

    Raises:
        DataError: there are no tables, or the file of items is damaged.
    """
    names = sorted(path.name for path in folder.glob("*.csv"))
    names += [REPORT] if (folder / REPORT).is_file() else []
    within = sorted({path.parent for path in folder.glob("*/*.csv")})
    if not names and not within:
        raise DataError(f"{folder}: holds no tables; accepted: a folder below sweeps/results")
    own = _of_folder(folder, names, report, write) if names else []
    return own + [one.below(path) for path in within for one in recompute(path, report, write)]


def _of_folder(folder: Path, names: Sequence[str], report: Report, write: bool) -> list[Rebuilt]:
    """Of the tables that lie in the folder itself."""
    for there, again in ((is_kept, rebuild), (is_of_models, rebuild_models), (has_kept, rebuild_kept)):
        if there(folder):
            return _of_gain(folder, names, again, write)
    if not (folder / ITEMS).is_file():
        return [Rebuilt(name, "cannot be rebuilt: its items are not committed", False) for name in names]
    with unpacked(folder) as runs:
        figures = [found["file"].removesuffix(".png") for found in _figures(folder)]
        made = report(runs, figures, write)
        (made / PROFILES).write_text(profiles_text(runs), encoding="utf-8")
        found = [_compared(folder / name, made / name, write) for name in names]
        if write:
            new = [path for path in sorted(made.glob("*.csv")) if path.name not in names]
            found += [_added(path, folder) for path in new]
            _draw_anew(folder, made, figures)
        return found


def _of_gain(
    folder: Path, names: Sequence[str], again: Callable[[Path, Path], None], write: bool
) -> list[Rebuilt]:
    """Of where the gain sits; what else lies there is of other items."""
    with tempfile.TemporaryDirectory() as place:
        again(folder, Path(place))
        there = [name for name in names if (Path(place) / name).is_file()]
        found = {name: _compared(folder / name, Path(place) / name, write) for name in there}
    missing = "cannot be rebuilt: what it is made of is not committed"
    return [found.get(name, Rebuilt(name, missing, False)) for name in names]


def older_pictures(folder: Path) -> list[str]:
    """Committed tables that are not those which the committed pictures were drawn with; a sentence each."""
    path = folder / MADE
    known = read_object(path).get("tables", {}) if path.is_file() else {}
    there = digests(folder, [name for name in known if (folder / name).is_file()])
    return [
        f"{name}: changed since the pictures were drawn, so they are older than their table; publish again"
        for name, digest in sorted(known.items())
        if there.get(name) != digest
    ]


def _draw_anew(folder: Path, made: Path, figures: Sequence[str]) -> None:
    """The committed pictures of these tables, and the tables that they were drawn with."""
    for name in figures:
        write_bytes(folder / f"{name}.png", (made / f"{name}.png").read_bytes())
    known = read_object(folder / MADE)
    write_json(folder / MADE, known | {"tables": digests(folder, known["tables"])})


def _figures(folder: Path) -> list:
    path = folder / REPORT
    return list(FIGURE.finditer(path.read_text(encoding="utf-8"))) if path.is_file() else []


def _added(path: Path, folder: Path) -> Rebuilt:
    """A table that reports did not have when the study was published."""
    write_bytes(folder / path.name, path.read_bytes())
    return Rebuilt(path.name, "new", True)


def _compared(committed: Path, rebuilt: Path, write: bool) -> Rebuilt:
    if not rebuilt.is_file():
        return Rebuilt(committed.name, "no report of these runs has it", False)
    fresh, old = rebuilt.read_bytes(), committed.read_bytes()
    if fresh == old:
        return Rebuilt(committed.name, "the same, bit for bit", True)
    if same_numbers(fresh, old, committed.name):  # left as it is
        return Rebuilt(committed.name, "the same but for last digits, which another processor rounds", True)
    if write:
        write_bytes(committed, fresh)
    return Rebuilt(committed.name, "written anew" if write else "differs", write)

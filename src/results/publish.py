"""The part of a study that is committed: tables and the figures' data, and where they come from."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any

from src.errors import DataError
from src.intervene.predictors.tables import is_of_models
from src.probe.table.layers_csv import read_layers
from src.results.packed import pack
from src.results.publish_profile import MOST_BYTES, is_profile, publish_profile, publish_tables
from src.results.rebuilt_tables import has_kept
from src.storage.files import read_object, write_bytes, write_json, write_text

Record = dict[str, Any]
PROFILES, MADE = "profiles.csv", "made.json"
FIGURE = re.compile(r"^!\[[^]]*\]\((?P<file>[^)]+)\)\n\n?", re.MULTILINE)
_PICTURE = "report.png"
_CHOICES = ("model", "data", "objective", "control", "method", "band")
_COLUMNS = (*_CHOICES, "scaling", "metric", "stage", "layer", "value", "seeds")


def publish(runs: Path, target: Path, command: str) -> list[Path]:
    """Copy a finished report's tables and figures, write the profiles by arm, and say how it was made.

    Args:
        runs: an experiment's folder; `python -m src.report` has been there. Or the tables of where a gain
            sits (`publish_profile`) or of another analysis.
        target: folder below sweeps/results.
        command: what makes the study again.

    Returns:
        The files written, the items of the runs among them.

    Raises:
        DataError: there is no report, no finished run, or a picture is older than its table.
    """
    if is_profile(runs):
        return publish_profile(runs, target, command)
    if is_of_models(runs) or has_kept(runs):
        return publish_tables(runs, target, command)
    report = runs / "report"
    tables = sorted([*report.glob("*.csv"), *report.glob("report.md")])
    if not tables:
        raise DataError(f"{report}: holds no tables; first: python -m src.report {runs}")
    records, done = _records(runs)
    if not done:
        raise DataError(f"{runs}: no finished run; accepted: the folder of an experiment")
    pictures = _figures(report)
    _check_age(pictures, tables)
    tables += pictures
    for path in tables:
        write_bytes(target / path.name, path.read_bytes())
    if (report / "report.md").is_file():
        write_text(target / "report.md", _without_lost(report / "report.md", target))
    write_text(target / PROFILES, _profiles(done))
    shown = digests(target, [path.name for path in tables if path.suffix == ".csv"])
    write_json(target / MADE, _made(list(records.values()), command) | {"tables": shown})
    return [*(target / path.name for path in tables), target / PROFILES, target / MADE, pack(runs, target)]


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The content of tables of a folder, by name."""
    return {name: sha256((folder / name).read_bytes()).hexdigest() for name in names}


def profiles_text(runs: Path) -> str:
    """profiles.csv of an experiment's folder."""
    return _profiles(_records(runs)[1])


def _records(runs: Path) -> tuple[dict[Path, Record], dict[Path, Record]]:
    """The record of every run that has ended, and of those that finished."""
    folders = [path.parent for path in sorted(runs.glob("*/run.json"))]
    records = {folder: read_object(folder / "run.json") for folder in folders}
    return records, {folder: one for folder, one in records.items() if one.get("status") == "success"}


def _check_age(pictures: Sequence[Path], tables: Sequence[Path]) -> None:
    """A picture that was drawn before its table was written shows other numbers."""
    newest = max(tables, key=lambda path: path.stat().st_mtime if path.suffix == ".csv" else 0)
    for picture in pictures:
        if newest.suffix == ".csv" and picture.stat().st_mtime < newest.stat().st_mtime:
            raise DataError(f"{picture}: older than {newest.name}; first: python -m src.report")


def _figures(report: Path) -> list[Path]:
    """The figures that report.md names, and the page's picture, where they are small enough to commit."""
    text = (report / "report.md").read_text(encoding="utf-8") if (report / "report.md").is_file() else ""
    names = [*(found["file"] for found in FIGURE.finditer(text)), _PICTURE]
    paths = [report / name for name in names]
    return [path for path in paths if path.is_file() and path.stat().st_size <= MOST_BYTES]


def _without_lost(report: Path, target: Path) -> str:
    """The text of report.md without the figures that are not in `target`."""

    def kept(figure: re.Match[str]) -> str:
        return figure[0] if (target / figure["file"]).is_file() else ""

    return FIGURE.sub(kept, report.read_text(encoding="utf-8")).rstrip() + "\n"


def _profiles(done: dict[Path, dict[str, Any]]) -> str:
    """Value by layer, the mean over an arm's seeds; base rows once for a model, its data and objective."""
    found: dict[tuple[Any, ...], list[float]] = {}
    for folder, record in done.items():
        lora = record.get("adapted", {}).get("lora") or {}
        chosen = [record["choices"].get(name, "") for name in _CHOICES]
        arm, base = (*chosen, lora.get("scaling", "")), (*chosen[:3], "", "base", "", "")
        for row in read_layers(folder / "layers.csv"):
            if row.value is not None and "/" not in row.metric:
                whose = base if row.stage == "base" else arm
                found.setdefault((*whose, row.metric, row.stage, row.layer), []).append(row.value)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for key in sorted(found):
        seeds = 1 if key[4] == "base" else len(found[key])
        writer.writerow([*key, f"{fmean(found[key]):.6g}", seeds])
    return text.getvalue()


def _made(records: Sequence[dict[str, Any]], command: str) -> dict[str, Any]:
    """Where the numbers come from; nothing that names a place on the machine."""
    done = [record for record in records if record["status"] == "success"]
    return {
        "command": command,
        "commits": _different(record["git"] for record in done),
        "machines": _different(record["hardware"] for record in done),
        "versions": _different(record["versions"] for record in done),
        "data": _different(record["data"]["fingerprint"] for record in done),
        "seeds": _different(record["seed"] for record in done),
        "num_runs": {"success": len(done), "other": len(records) - len(done)},
        "written": [min(record["written"] for record in done), max(record["written"] for record in done)],
    }


def _different(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found

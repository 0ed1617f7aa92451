"""Read the runs of an experiment."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pandas
import yaml

from src.analysis.record_check import lacking, other_choices
from src.config.method import KINDS, MethodKind
from src.config.renamed import rename_keys
from src.errors import StorageError, UserError
from src.record.schema_version import SCHEMA_VERSION
from src.storage.files import read_json

ALL, NO_MASSIVE = "all", "no_massive"
"""Readings of the states: that of the published code, and the one that reports show where it is there."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there


class Series(NamedTuple):
    """A metric of one run by layer."""

    layer: numpy.ndarray
    depth: numpy.ndarray
    value: numpy.ndarray


@dataclass
class Run:
    """One finished, failed or unfinished run. Files are read when they are asked for."""

    folder: Path
    record: dict[str, Any]
    """run.json; empty for a run that has not ended, or whose record cannot be read."""
    problem: str | None
    """Why the run cannot be compared; None for a finished one."""
    damaged: list[str] = field(default_factory=list)
    """Files of a finished run that could not be read, with the reason; filled as they are read."""
    _tables: dict[str, pandas.DataFrame | None] = field(default_factory=dict, repr=False)
    _series: dict[str, dict[tuple[str, str], Series]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The run's id."""
        return self.folder.name

    @property
    def seed(self) -> int | None:
        """None for a comparison of two checkpoints."""
        return self.record.get("seed")

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.yaml, flat: {"method.scaling": "rslora"}; empty where it cannot be read."""
        path = self.folder / "config.yaml"
        if not path.is_file():
            self.damaged.append("config.yaml is missing")
            return {}
        try:
            found = yaml.load(path.read_bytes(), _LOADER)
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            self._damage("config.yaml", error)
            found = None
        return dict(_flat(rename_keys(found, quiet=True), "")) if isinstance(found, dict) else {}

    @property
    def trains(self) -> bool:
        """Whether its method trains anything, as far as its configuration can be read."""
        return KINDS.get(str(self.config.get("method.kind")), MethodKind()).trains

    @cached_property
    def readings(self) -> list[str]:
        """Of the states, by the names that their tables have; that of layers.csv first, where it is there."""
        names = [path.stem.removeprefix("layers-") for path in sorted(self.folder.glob("layers-*.csv"))]
        first = [self._first_reading] if (self.folder / "layers.csv").is_file() else []
        return first + [name for name in names if "seed-" not in name]

    def layers_of(self, reading: str) -> pandas.DataFrame | None:
        """The table of a reading without kinds of weights within a block; None where it has no row."""
        if reading not in self._tables:
            self._tables[reading] = self._read_layers(reading)
        return self._tables[reading]

    @property
    def reading(self) -> str:
        """The one that is shown unless another is asked for: without massive tokens, where it is there."""
        return NO_MASSIVE if NO_MASSIVE in self.readings else self._first_reading

    @property
    def layers(self) -> pandas.DataFrame | None:
        """The table of `reading`; None where the run was not probed."""
        return self.layers_of(self.reading) if self.readings else None

    def series_of(self, reading: str) -> dict[tuple[str, str], Series]:
        """A table by metric and stage, no embedding, in order of depth; that of `reading` where it lacks."""
        reading = reading if reading in self.readings else self.reading
        if reading not in self._series:
            layers = self.layers_of(reading) if self.readings else None
            self._series[reading] = {} if layers is None else _by_metric(layers)
        return self._series[reading]

    @property
    def series(self) -> dict[tuple[str, str], Series]:
        """`layers` by metric and stage."""
        return self.series_of(self.reading)

    @property
    def _first_reading(self) -> str:
        tokens, dimensions = (str(self.config.get(f"probe.{key}", "")) for key in ("tokens", "dimensions"))
        first = tokens.partition("+")[0] or ALL
        return f"{first}-standardised" if dimensions.startswith("standardised") else first

    def _read_layers(self, reading: str) -> pandas.DataFrame | None:
        name = "layers.csv" if reading == self._first_reading else f"layers-{reading}.csv"
        try:
            found = pandas.read_csv(self.folder / name)
            whole = found[~found["metric"].astype(str).str.contains("/", regex=False)]
            return whole if len(found) else None  # metrics=none leaves the heading alone
        except (OSError, ValueError, KeyError, AttributeError) as error:
            self._damage(name, error)
            return None

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """steps.jsonl; empty where there is none."""
        return list(self._lines("steps.jsonl"))

    def samples(self, *stages: str) -> list[dict[str, Any]]:
        """The items of some stages, from samples.jsonl; empty where there is none."""
        starts = tuple(f'{{"stage": "{stage}"' for stage in stages)  # others are not worth parsing
        return [row for row in self._lines("samples.jsonl", starts) if row.get("stage") in stages]

    def _lines(self, name: str, starts: tuple[str, ...] = ("{",)) -> list[dict[str, Any]]:
        path = self.folder / name
        if not path.is_file():
            return []
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
            return [json.loads(line) for line in lines if line.startswith(starts)]
        except (OSError, ValueError) as error:
            self._damage(name, error)
            return []

    def _damage(self, name: str, error: Exception) -> None:
        self.damaged.append(f"{name} cannot be read ({' '.join(str(error).split())[:120]})")


def _by_metric(layers: pandas.DataFrame) -> dict[tuple[str, str], Series]:
    columns = Series(*(layers[name].to_numpy() for name in Series._fields))
    places: dict[tuple[str, str], list[int]] = {}
    keys = zip(layers["metric"], layers["stage"], strict=True)
    for place, key in enumerate(keys):  # faster than groupby for the few hundred rows of a run
        if columns.layer[place] > 0:
            places.setdefault(key, []).append(place)
    in_order = {key: sorted(at, key=columns.layer.__getitem__) for key, at in places.items()}
    return {key: Series(*(column[at] for column in columns)) for key, at in in_order.items()}


def find_runs(folder: Path) -> list[Run]:
    """Every run below a folder, in order of name; none is left out, whatever its state."""
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder of an experiment, such as runs/quickstart"
        )
    files = (path for name in ("config.yaml", "run.json") for path in folder.rglob(name))
    found = sorted({path.parent for path in files if not _hidden(path, folder)})
    if not found:
        raise UserError(f"{folder}: holds no run; a run's folder has a config.yaml")
    return [_read(path) for path in found]


def _hidden(path: Path, folder: Path) -> bool:
    """Whether it lies in a folder such as .sweep, a launch's copy of the code, or in W&B's own files."""
    return any(part.startswith(".") or part == "wandb" for part in path.relative_to(folder).parts)


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
    record = rename_keys(record, quiet=True)
    version = record.get("schema_version")
    if version != SCHEMA_VERSION:
        return Run(folder, record, f"schema version {version}; this report reads version {SCHEMA_VERSION}")
    if record["status"] != "success":
        return Run(folder, record, f"{record['status']}: {record.get('error', 'no reason recorded')}")
    run = Run(folder, record, None)
    run.problem = lacking(record) or next(iter(_read_config(run)), None)
    return run


def _read_config(run: Run) -> list[str]:
    """Read it now: without it a run belongs to no arm. What is wrong with it."""
    config = run.config
    return run.damaged or other_choices(run.record["choices"], config)


def _flat(values: dict[str, Any], prefix: str) -> list[tuple[str, Any]]:
    """Nested keys joined by dots; a list is one value."""
    found = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found

"""A run as a report reads it: its record, its configuration, its tables; from its files, or from an index."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy
import pandas
import yaml

from src.analysis.config_text import flat_config
from src.analysis.layer_series import Series, by_metric
from src.analysis.run_index import Numbers, Row, Tables
from src.analysis.run_tables import LOGGED, Items, as_columns, as_frame, as_numbers, column, items_of
from src.analysis.sample_lines import items_of_base, items_of_lines, line_starts, parsed
from src.config.method import KINDS, MethodKind

Made = TypeVar("Made")
ALL, NO_MASSIVE = "all", "no_massive"
"""Readings of the states: that of the published code, and the one that reports show where it is there."""


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
    kept: Row | None = field(default=None, repr=False)
    """What an index has of these very files."""
    _made: dict[Callable[["Run"], Any], Any] = field(default_factory=dict, repr=False)
    _tables: dict[str, pandas.DataFrame | None] = field(default_factory=dict, repr=False)
    _series: dict[str, dict[tuple[str, str], Series]] = field(default_factory=dict, repr=False)

    def once(self, analysis: Callable[["Run"], Made]) -> Made:
        """What an analysis makes of this run alone, made once."""
        if analysis not in self._made:
            self._made[analysis] = analysis(self)
        return self._made[analysis]

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
        if self.kept is None and not path.is_file():
            self.damaged.append("config.yaml is missing")
            return {}
        try:
            return flat_config(self.kept.config if self.kept else path.read_text(encoding="utf-8")) or {}
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            self._damage("config.yaml", error)
            return {}

    @property
    def trains(self) -> bool:
        """Whether its method trains anything, as far as its configuration can be read."""
        return KINDS.get(str(self.config.get("method.kind")), MethodKind()).trains

    @cached_property
    def readings(self) -> list[str]:
        """Of the states, by the names that their tables have; that of layers.csv first, where it is there."""
        if (tables := self._of_index("layers")) is not None:
            return list(tables)
        names = [path.stem.removeprefix("layers-") for path in sorted(self.folder.glob("layers-*.csv"))]
        first = [self._first_reading] if (self.folder / "layers.csv").is_file() else []
        return first + [name for name in names if "seed-" not in name]

    def layers_of(self, reading: str) -> pandas.DataFrame | None:
        """The table of a reading without kinds of weights within a block; None where it has no row."""
        if reading not in self._tables:
            numbers = (self._of_index("layers") or {}).get(reading)
            self._tables[reading] = self._read_layers(reading) if numbers is None else as_frame(numbers)
        return self._tables[reading]

    def layer_numbers(self, reading: str) -> Numbers | None:
        """The same as numbers under a layout that runs may share; None where it has no row."""
        if (tables := self._of_index("layers")) is not None:
            return tables.get(reading)
        layers = self.layers_of(reading)
        return None if layers is None else as_numbers(layers)

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
            kept = (self._of_index("layers") or {}).get(reading)
            layers = self.layers_of(reading) if kept is None and self.readings else None
            table: Any = layers if kept is None else as_columns(kept)  # a frame is as good as its columns
            self._series[reading] = {} if table is None else by_metric(table)
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

    @cached_property
    def logged(self) -> dict[str, numpy.ndarray]:
        """The columns of steps.jsonl that are drawn, each up to the first step that lacks it."""
        if (tables := self._of_index("steps")) is not None:
            return {name: one.values for name, one in tables.items()}
        return {key: column(self.steps, key) for key in ("step", *LOGGED)}

    @cached_property
    def items(self) -> Items:
        """Ids and values of every stage, task and metric, in order of id; NaN where a value is missing."""
        if (tables := self._of_index("items")) is not None:
            return items_of(tables)
        of_base, of_tuned = line_starts("base", "tuned")
        lines = self._texts("samples.jsonl", (of_base, of_tuned))
        base = tuple(line for line in lines if line.startswith(of_base))
        tuned = [line for line in lines if line.startswith(of_tuned)]
        try:
            return items_of_base(base) | items_of_lines(tuned)
        except ValueError as error:
            self._damage("samples.jsonl", error)
            return {}

    def samples(self, *stages: str) -> list[dict[str, Any]]:
        """The items of some stages, from samples.jsonl; empty where there is none."""
        rows = self._lines("samples.jsonl", line_starts(*stages))  # others are not worth parsing
        return [row for row in rows if row.get("stage") in stages]

    def _lines(self, name: str, starts: tuple[str, ...] = ("{",)) -> list[dict[str, Any]]:
        try:
            return parsed(self._texts(name, starts))
        except ValueError as error:
            self._damage(name, error)
            return []

    def _texts(self, name: str, starts: tuple[str, ...]) -> list[str]:
        path = self.folder / name
        if not path.is_file():
            return []
        try:
            return [one for one in path.read_text(encoding="utf-8").split("\n") if one.startswith(starts)]
        except (OSError, ValueError) as error:
            self._damage(name, error)
            return []

    def _of_index(self, kind: str) -> Tables | None:
        return None if self.kept is None else self.kept.tables(kind)

    def _damage(self, name: str, error: Exception) -> None:
        self.damaged.append(f"{name} cannot be read ({' '.join(str(error).split())[:120]})")

"""The layer tables of a run: layers.csv of its first reading of the states, layers-NAME.csv of others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.config.metrics import Reading
from src.config.schema import ProbeConfig
from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import read_layers, write_layers
from src.probe.table.spread import spread_over_seeds
from src.probe.table.summary import spearman_between, summarise

Tables = dict[str, list[LayerRow]]
"""Rows by the name of a reading."""


def write_tables(folder: Path, config: ProbeConfig, tables: Sequence[Tables]) -> Tables:
    """Write the tables of one set of probe rows, or of several, each with a file of its own, and their mean.

    Returns:
        What was written as the tables of all sets.
    """
    found = {}
    for place, reading in enumerate(config.readings):
        sets = [one[reading.name] for one in tables]
        path = _file(folder, reading, place)
        if len(sets) > 1:
            for seed, rows in zip(config.seeds, sets, strict=True):
                write_layers(path.with_name(f"{path.stem}-seed-{seed}.csv"), rows)
        found[reading.name] = spread_over_seeds(sets)
        write_layers(path, found[reading.name])
    return found


def read_tables(folder: Path, config: ProbeConfig) -> Tables:
    """The tables that `write_tables` left; StorageError names a file that is missing or damaged."""
    readings = enumerate(config.readings)
    return {reading.name: read_layers(_file(folder, reading, place)) for place, reading in readings}


def describe_tables(tables: Tables) -> dict[str, Any]:
    """Summaries for the record: of the first reading, and under `readings` of the others, where there are."""
    first, *others = ({"profiles": summarise(t), "spearman": spearman_between(t)} for t in tables.values())
    further = dict(zip(list(tables)[1:], others, strict=True))
    return first | ({"readings": further} if further else {})


def _file(folder: Path, reading: Reading, place: int) -> Path:
    return folder / (f"layers-{reading.name}.csv" if place else "layers.csv")

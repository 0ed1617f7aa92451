"""layers.csv: the layer table as a file. A missing number is an empty field."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from src.errors import StorageError
from src.probe.table.layer_table import LayerRow
from src.storage.csv_file import write_csv

COLUMNS = [field.name for field in fields(LayerRow)]


def write_layers(path: Path, rows: Sequence[LayerRow]) -> None:
    """Write the table, whole or not at all; numbers keep all their digits."""
    write_csv(path, COLUMNS, map(astuple, rows))


def read_layers(path: Path) -> list[LayerRow]:
    """Read the table back; StorageError names a file that is missing or damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if reader.fieldnames != COLUMNS:
                raise ValueError(f"columns {reader.fieldnames}; expected {COLUMNS}")
            return [_row(record) for record in reader]
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise StorageError(
            f"{path}: cannot be read as a layer table ({error}); remove it to make it anew"
        ) from error


def _row(record: dict[str, str]) -> LayerRow:
    numbers = {
        name: float(record[name]) if record[name] != "" else None
        for name in ("value", "stderr", "low", "high")
    }
    return LayerRow(
        stage=record["stage"],
        layer=int(record["layer"]),
        depth=float(record["depth"]),
        metric=record["metric"],
        n=int(record["n"]) if record["n"] != "" else None,
        **numbers,
    )

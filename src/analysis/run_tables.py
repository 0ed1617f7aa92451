"""The tables of a run as numbers under a layout that runs of one design share: what an index holds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import pandas

from src.analysis.run_index import Numbers

LOGGED = ("loss", "gradient_norm")
"""What is drawn of the steps."""
Place = tuple[str, str, str]
"""Stage, task and metric; of several filters `metric/filter`."""
Items = dict[Place, tuple[tuple[str, ...], numpy.ndarray]]
"""Ids and values."""
_WHERE, _WHAT = ("stage", "metric", "layer", "depth"), ("value", "low", "high")


def as_numbers(layers: pandas.DataFrame) -> Numbers | None:
    """Value and both ends of a table by layer; None where it lacks a column."""
    if not {*_WHERE, *_WHAT} <= set(layers.columns):
        return None
    values = numpy.concatenate([layers[name].to_numpy(dtype=float) for name in _WHAT])
    return Numbers({name: tuple(layers[name].tolist()) for name in _WHERE}, values)


def as_frame(numbers: Numbers) -> pandas.DataFrame | None:
    """The table by layer again, without errors and counts; None where it has no row."""
    return pandas.DataFrame(as_columns(numbers)) if len(numbers.values) else None


def as_columns(numbers: Numbers) -> dict[str, Any]:
    """The columns of that table."""
    return numbers.layout | dict(zip(_WHAT, by_column(numbers), strict=True))


def by_column(numbers: Numbers) -> numpy.ndarray:
    """[value, low, high; row]."""
    return numbers.values.reshape(len(_WHAT), -1)


def column(rows: Sequence[Mapping[str, Any]], key: str) -> numpy.ndarray:
    """A logged number by step, up to the first step that lacks it."""
    found: list[Any] = []
    for row in rows:
        if key not in row:
            break
        found.append(row[key])
    return numpy.array(found, dtype=float)


def items_in(samples: Sequence[Mapping[str, Any]]) -> Items:
    """Ids and values by stage, task and metric, in order of id; several filters name their own."""
    rows: dict[Place, list[tuple[str, Any]]] = {}
    for sample in samples:
        suffix = "" if sample["filter"] == "none" else f"/{sample['filter']}"
        for metric, value in sample["scores"].items():
            place = (sample["stage"], sample["task"], metric + suffix)
            rows.setdefault(place, []).append((str(sample["id"]), value))
    ordered = {place: sorted(pairs, key=lambda pair: pair[0]) for place, pairs in rows.items()}
    return {
        place: (tuple(one for one, _ in pairs), numpy.array([value for _, value in pairs], dtype=float))
        for place, pairs in ordered.items()
    }


def items_as_numbers(items: Mapping[Place, tuple[tuple[str, ...], numpy.ndarray]]) -> dict[str, Numbers]:
    """A table a place, by its place in order: what `items_of` turns back."""
    return {
        str(number): Numbers((*place, ids), values)
        for number, (place, (ids, values)) in enumerate(items.items())
    }


def items_of(tables: Mapping[str, Numbers]) -> Items:
    """The items of a run that an index has."""
    found: Items = {}
    for one in tables.values():
        *place, ids = one.layout
        stage, task, metric = place
        found[stage, task, metric] = (ids, one.values)
    return found

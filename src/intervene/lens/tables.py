"""The tables of the lens, and the curves of every item that they are made of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray

from src.intervene.engine.item_table import read_arrays, write_arrays
from src.intervene.lens.reading import ANSWER, Reading
from src.intervene.lens.words import emergence_words
from src.metrics.catalog import METRICS
from src.statistics.bounded import Bounds, ends_within
from src.statistics.two_way_model import crossed
from src.storage.csv_file import write_csv

CURVES = "curves.npz"
_HEADER = ("metric", "side", "layer", "value", "stderr", "ci_low", "ci_high", "num_seeds", "num_items")
_EMERGENCE, _EXAMPLES = "emergence ", "examples"


@dataclass(frozen=True)
class Curves:
    """Everything that the lens says of some runs of one arm."""

    curves: Mapping[tuple[str, str], ndarray]
    """[layer, seed, item] by metric and side."""
    emergence: Mapping[str, ndarray]
    """[item] by side, the mean over seeds."""
    examples: Sequence[Sequence[Any]]
    """Item, side, layer, likeliest first token, its probability: of the first run."""

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> "Curves":
        """Of one reading a run."""
        first = readings[0]
        stacks = {key: numpy.stack([one.curves[key] for one in readings], axis=1) for key in first.curves}
        curves = {key: numpy.ascontiguousarray(one) for key, one in stacks.items()}  # summed as when read
        emergence = {side: [one.emergence[side] for one in readings] for side in first.emergence}
        sides = {side: numpy.mean(values, axis=0) for side, values in emergence.items()}
        return cls(curves, sides, first.examples)

    def write(self, path: Path) -> None:
        """One compressed file."""
        curves = {" ".join(key): values for key, values in self.curves.items()}
        emergence = {_EMERGENCE + side: values for side, values in self.emergence.items()}
        write_arrays(path, {_EXAMPLES: numpy.array(json.dumps(self.examples)), **emergence, **curves})

    @classmethod
    def read(cls, path: Path) -> "Curves":
        """What `write` wrote, bit for bit."""
        found = read_arrays(path)
        examples = json.loads(str(found.pop(_EXAMPLES)))
        sides = {name: found.pop(name) for name in list(found) if name.startswith(_EMERGENCE)}
        emergence = {name.removeprefix(_EMERGENCE): values for name, values in sides.items()}
        keys = {name: name.rpartition(" ") for name in found}
        return cls({(keys[name][0], keys[name][2]): found[name] for name in found}, emergence, examples)


def write_lens(out: Path, found: Curves) -> None:
    """profile.csv, emergence.csv, examples.csv."""
    write_csv(out / "profile.csv", _HEADER, _rows(found))
    _, medians = emergence_words(found.emergence["base"], found.emergence["tuned"])
    lines = [(side, *one) for side, one in medians.items()]
    write_csv(out / "emergence.csv", ("side", "median", "low", "high", "num_items"), lines)
    write_csv(out / "examples.csv", ("item", "side", "layer", "token", "probability"), found.examples)


def bounds_of(metric: str, side: str) -> Bounds:
    """What a mean of one curve can be; a difference of two models' log-probabilities has no end."""
    return (None, None) if (metric, side) == (ANSWER, "change") else METRICS[metric].bounds


def _rows(found: Curves) -> Iterator[tuple[Any, ...]]:
    for (metric, side), layers in found.curves.items():
        for layer, values in enumerate(layers):
            one = crossed(values)
            low, high = one.interval()
            ends = ends_within(one.value, (high - low) / 2, bounds_of(metric, side))
            yield metric, side, layer, one.value, one.stderr, *ends, one.num_seeds, one.num_items

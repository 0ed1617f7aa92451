"""What every variant says of every item: made batch by batch, kept on disk, and gone on with after a kill."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray

from src.intervene.engine.gates import Gate, Pattern
from src.intervene.engine.scoring import ACCURACY, EXACT
from src.intervene.engine.sharing import (
    any_rank,
    is_in_step,
    share,
    stop_between_batches,
    wait_until,
)
from src.storage.files import fingerprint, read_json, write_bytes, write_json

Arrays = dict[str, ndarray]
Compute = Callable[[Any], tuple[ndarray, Arrays]]
"""Of a batch the numbers of its items and their arrays [row, ...]."""


@dataclass(frozen=True)
class ItemTable:
    """Scores of items under patterns of gates."""

    ids: list[str]
    patterns: list[Pattern]
    values: Mapping[str, ndarray]
    """[item, pattern] for each score, float64."""

    def of(self, score: str, pattern: Pattern) -> ndarray:
        """[item], one variant; KeyError where it was not run."""
        return self.values[score][:, self._place[pattern]]

    @property
    def _place(self) -> dict[Pattern, int]:
        return {pattern: place for place, pattern in enumerate(self.patterns)}

    def exact(self) -> "ItemTable":
        """The same with the score `exact` alone, which accuracy tells."""
        return replace(self, values={EXACT: (self.values[ACCURACY] == 1).astype(float)})

    def write(self, path: Path) -> None:
        """One compressed file."""
        patterns = json.dumps([[[gate.share, gate.update] for gate in pattern] for pattern in self.patterns])
        write_arrays(path, {"ids": numpy.array(self.ids), "patterns": numpy.array(patterns), **self.values})

    @classmethod
    def read(cls, path: Path) -> "ItemTable":
        """What `write` wrote."""
        values = read_arrays(path)
        patterns = json.loads(str(values.pop("patterns")))
        ids = values.pop("ids").tolist()
        return cls(ids, [tuple(Gate(*gate) for gate in pattern) for pattern in patterns], values)


def collect(
    folder: Path,
    key: Any,
    batches: Sequence[Any],
    compute: Compute,
    done: Callable[[], object] = lambda: None,
) -> Arrays:
    """Arrays [item, ...] of all batches; a batch whose file is in the folder is not computed again.

    Of several ranks each computes its part, and gets what all have computed (`sharing`).

    Args:
        folder: it belongs to this work alone. What another key left there is removed.
        key: all that decides the numbers, JSON-like.
        batches: in their order.
        compute: what a batch says.
        done: called after every batch.
    """
    digest, rank = fingerprint(key), share().rank

    def is_ours() -> bool:
        return (folder / "key.json").is_file() and read_json(folder / "key.json") == digest

    if rank == 0 and not is_ours():
        for old in folder.glob("batch-*.npz"):
            old.unlink()
        write_json(folder / "key.json", digest)
    wait_until(is_ours)
    paths = [folder / f"batch-{place:05d}.npz" for place in range(len(batches))]
    if is_in_step():
        _go_together(batches, paths, compute, done)
    else:
        _go_alone(batches, paths, compute, done)
    parts = [read_arrays(path) for path in paths]
    order = numpy.argsort(numpy.concatenate([part.pop("numbers") for part in parts]))
    return {name: numpy.concatenate([part[name] for part in parts])[order] for name in parts[0]}


def _go_alone(
    batches: Sequence[Any], paths: Sequence[Path], compute: Compute, done: Callable[[], object]
) -> None:
    """This rank's batches, then wait for those of the others."""
    rank, count = share()
    own = range(rank, len(batches), count)
    for place in own:
        if not paths[place].is_file():
            _keep(paths[place], *compute(batches[place]))
        done()
    wait_until(lambda: all(path.is_file() for path in paths))
    for _ in range(len(batches) - len(own)):
        done()


def _go_together(
    batches: Sequence[Any], paths: Sequence[Path], compute: Compute, done: Callable[[], object]
) -> None:
    """A batch a rank at a time; who has none left passes with one that another has, and keeps nothing."""
    rank, count = share()
    for first in range(0, len(batches), count):
        stop_between_batches()
        own = first + rank
        theirs = paths[first : first + count]
        if any_rank(not all(path.is_file() for path in theirs)):
            found = compute(batches[own if own < len(batches) else first])
            if own < len(batches):
                _keep(paths[own], *found)
        for _ in theirs:
            done()
    wait_until(lambda: all(path.is_file() for path in paths))


def _keep(path: Path, numbers: ndarray, found: Arrays) -> None:
    write_arrays(path, {"numbers": numbers, **found})


def write_arrays(path: Path, arrays: Mapping[str, ndarray]) -> None:
    """Write a compressed .npz whole or not at all."""
    buffer = BytesIO()
    numpy.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue())


def read_arrays(path: Path) -> Arrays:
    """All arrays of a .npz."""
    with numpy.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}

"""What is told of triggers: scores by cell, reversal with its interval, the interaction of the 2x2."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy
from numpy import ndarray

from src.carrier.eraser.cells import MODELS, NONE, Cell
from src.carrier.eraser.found import Erased
from src.intervene.causal.show import write_summaries
from src.intervene.causal.summary import Summary, ratio
from src.intervene.quantity import Quantity, write_quantities
from src.storage.csv_file import write_csv

SHARES = ("behaviour", "right")
"""Scores that are a share of items."""


def write_tables(folder: Path, found: Sequence[Erased]) -> list[Summary]:
    """eraser.csv, summary.csv, triggers.csv and steps.csv; the summaries."""
    rows = [*quantities(found), *interactions(found)]
    write_quantities(folder / "eraser.csv", rows)
    reversals = list(reversal(found))
    write_summaries(folder / "summary.csv", reversals)
    fits = [(one, cell, trigger) for one in found for cell, trigger in one.triggers.items()]
    write_csv(
        folder / "triggers.csv",
        ("run", "model", "channels", "density", "best_step", "largest_norm"),
        [
            (one.run, *cell, one.density, trigger.best_step, trigger.largest_norm)
            for one, cell, trigger in fits
        ],
    )
    steps = [
        (one.run, *cell, row["step"], row["loss"], row.get("choice"))
        for one, cell, trigger in fits
        for row in trigger.steps
    ]
    write_csv(folder / "steps.csv", ("run", "model", "channels", "step", "loss", "choice"), steps)
    return reversals


def quantities(found: Sequence[Erased]) -> Iterator[Quantity]:
    """Every score of the base and of every cell, over seeds and items."""
    for score in found[0].base:
        share = score in SHARES
        yield Quantity(score, "base", "base", numpy.stack([one.base[score] for one in found]), share)
        for cell in found[0].scores:
            yield Quantity(score, cell.trigger, cell.model, _stacked(found, cell, score), share)


def reversal(found: Sequence[Erased]) -> Iterator[Summary]:
    """1 - KL(base || with the trigger) / KL(base || without) of every cell, with Fieller's interval."""
    for cell in found[0].scores:
        if cell.trigger != NONE:
            without = _stacked(found, Cell(cell.model, NONE), "kl")
            left = ratio("kl", f"reversal: {cell}", _stacked(found, cell, "kl"), without)
            yield left._replace(value=1 - left.value, low=1 - left.high, high=1 - left.low)


def interactions(found: Sequence[Erased]) -> Iterator[Quantity]:
    """What the own channels bring beyond random ones, by model, and the interaction of the 2x2.

    In shares of the mean KL without a trigger, which is taken as known.
    """
    gaps = {}
    for model in MODELS:
        mean = _stacked(found, Cell(model, NONE), "kl").mean(axis=1, keepdims=True)
        own, random = (_stacked(found, Cell(model, aim), "kl") for aim in ("own", "random"))
        gaps[model] = (random - own) / mean
        yield Quantity("kl", "own over random channels", model, gaps[model])
    yield Quantity("kl", "interaction", "carrier - plain", gaps["carrier"] - gaps["plain"])


def told(rows: Sequence[Summary]) -> Iterator[str]:
    """A line a reversal."""
    for row in rows:
        yield f"{row.name}: {row.value:.3f} ({row.low:.3f} to {row.high:.3f})"


def _stacked(found: Sequence[Erased], cell: Cell, score: str) -> ndarray:
    """[run, item]"""
    return numpy.stack([one.scores[cell][score] for one in found])

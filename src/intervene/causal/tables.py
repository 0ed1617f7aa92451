"""The tables of a profile: what items say, and what was observed of the runs beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy
import pandas
from numpy import ndarray

from src.intervene.causal.fifths import FifthContrast, fifth_contrasts
from src.intervene.causal.measure import Found
from src.intervene.causal.predictors import mean_profiles, predictions, profiles
from src.intervene.causal.redrawn import redrawn
from src.intervene.causal.show import write_hybrids, write_predictions, write_readings, write_summaries
from src.intervene.causal.summary import Summary
from src.intervene.quantity import Quantity, write_quantities
from src.storage.csv_file import write_csv

SEEN = "seen.csv"
"""What was observed of each run, block by block: from it and the items everything else is made."""
Seen = Mapping[str, Mapping[str, ndarray]]
"""Profiles [block] by run and name."""


def write_of_items(
    out: Path, rows: Sequence[Quantity], found: Sequence[Summary], told: Sequence[tuple[str, Found]]
) -> None:
    """profile.csv, summary.csv, readings.csv, hybrids.csv.

    Args:
        out: the folder.
        rows: quantities over all runs.
        found: what they come to.
        told: each run by name with what one score says of it.
    """
    write_quantities(out / "profile.csv", rows)
    write_summaries(out / "summary.csv", found)
    write_readings(out / "readings.csv", told)
    write_hybrids(out / "hybrids.csv", told)


def write_of_seen(out: Path, rows: Sequence[Quantity], seen: Seen, trained: Sequence[int]) -> None:
    """predictions.csv, observed.csv, fifths.csv, and what they are made of, seen.csv.

    Args:
        out: the folder.
        rows: quantities over all runs.
        seen: of the same runs.
        trained: blocks that training could change.
    """
    points = [
        (run, name, block, value)
        for run, sides in seen.items()
        for name, values in sides.items()
        for block, value in enumerate(values.tolist())
    ]
    write_csv(out / SEEN, ("run", "predictor", "block", "value"), points)
    runs = list(seen.values())
    sides = profiles(rows, mean_profiles(runs), trained)
    told_by = predictions(rows, sides, trained, redrawn(rows, runs, trained))
    write_predictions(out, told_by, sides, trained)
    write_csv(out / "fifths.csv", FifthContrast._fields, fifth_contrasts(rows, sides, trained))


def read_seen(folder: Path) -> dict[str, dict[str, ndarray]]:
    """What `write_of_seen` wrote, bit for bit; empty where it is not there."""
    if not (folder / SEEN).is_file():
        return {}
    table = pandas.read_csv(folder / SEEN, float_precision="round_trip")
    return {
        str(run): {
            str(name): numpy.asarray(one["value"], dtype=float)
            for name, one in mine.groupby("predictor", sort=False)
        }
        for run, mine in table.groupby("run", sort=False)
    }

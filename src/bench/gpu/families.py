"""Whole runs of every tiny family, on the CPU and on the device: trained, probed and scored."""

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy
import torch
from numpy.typing import ArrayLike

from src.analysis.find_runs import find_runs
from src.analysis.runs import Run
from src.bench.gpu.made_rows import made_rows
from src.bench.gpu.outcome import Outcome
from src.command.compose import run_config
from src.model.tiny import ARCHITECTURES, ENCODERS
from src.pipeline.pipeline import Pipeline

LIMITS = {"float32": 2e-3, "bfloat16": 0.1}
"""Largest difference of a loss or metric as a share of the largest of its curve, by train.precision."""
_FLOOR = 0.01  # of that largest value: below it a difference is taken as it is
_EVALUATES = find_spec("lm_eval") is not None  # a bare machine may lack it; then nothing is scored


def family_outcomes(device: torch.device, folder: Path) -> Iterator[Outcome]:
    """One a family and precision; the llama also reads the lens."""
    for family in ARCHITECTURES:
        for precision, limit in LIMITS.items():
            name = f"{family}, {precision}"
            yield Outcome(name, run_difference(device, folder / name, family, precision), limit)
    yield Outcome(
        "lens, float32", run_difference(device, folder / "lens", "llama", lens=True), LIMITS["float32"]
    )


def run_difference(
    device: torch.device,
    folder: Path,
    family: str,
    precision: str = "float32",
    lens: bool = False,
    against: str | None = None,
) -> float:
    """The largest difference of a run on the CPU and on the device, as `difference` measures it.

    `against`: another train.precision of the run on the CPU.
    """
    here = _run("cpu", folder / "here", family, against or precision, lens)
    return difference(here, _run(device.type, folder / "there", family, precision, lens))


def _run(place: str, folder: Path, family: str, precision: str, lens: bool) -> Run:
    encoder = family in ENCODERS
    scored = _EVALUATES and not encoder and not lens
    chosen = made_rows(folder)
    chosen += [
        f"metrics={'lens' if lens else 'core'}",
        f"model=tiny_{family}",
        f"train.precision={precision}",
    ]
    chosen += ["objective=masked_lm"] if encoder else []
    chosen += [] if scored else ["evaluate=none"]
    paths = [f"paths.runs_dir={folder}", f"paths.cache_dir={folder}/cache", f"device={place}"]
    Pipeline(run_config("debug=smoke", "method.dropout=0.0", *chosen, *paths)).walk()
    (found,) = find_runs(folder / "smoke")
    return found


def difference(first: Run, second: Run) -> float:
    """Over losses and metrics: the largest distance of two curves, as a share of the largest of the first.

    NaN where one has a number that the other lacks, or where nothing can be compared.
    """
    found = [_distance(*([row["loss"] for row in run.steps] for run in (first, second)))]
    if first.series.keys() != second.series.keys() or not first.series:
        return math.nan
    found += [_distance(one.value, second.series[key].value) for key, one in first.series.items()]
    return math.nan if any(map(math.isnan, found)) else max(found)


def _distance(first: ArrayLike, second: ArrayLike) -> float:
    here, there = (numpy.asarray(one, dtype=float) for one in (first, second))
    known = ~numpy.isnan(here)
    if here.shape != there.shape or not numpy.array_equal(known, ~numpy.isnan(there)):
        return math.nan
    if not known.any():
        return 0.0
    largest = max(numpy.abs(here[known]).max(), _FLOOR)
    return float(numpy.abs(here - there)[known].max() / largest)

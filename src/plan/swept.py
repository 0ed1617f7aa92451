"""What the runs of a sweep will be of, and which declared claims may be judged by them."""

from collections.abc import Sequence
from typing import NamedTuple

from src.analysis.arms import pattern_of
from src.analysis.claims import MADE_UP, Ran, unlike
from src.analysis.references import Published
from src.config.evaluate import HELDOUT
from src.config.schema import RunConfig

CHOOSES = ("model", "data", "fidelity", "evaluate", "experiment", "preset")
"""What tells settings apart, and neither arms nor seeds."""


class Swept(NamedTuple):
    """The runs of one setting."""

    config: RunConfig
    """Of one of them."""
    bands: frozenset[str]
    """Patterns that are trained."""


def settings_in(runs: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], frozenset[str]]:
    """The bands of every setting of a sweep, by the overrides that choose it.

    Args:
        runs: overrides of every run.
    """
    found: dict[tuple[str, ...], set[str]] = {}
    for run in runs:
        chosen = tuple(line for line in run if line.partition("=")[0].partition(".")[0] in CHOOSES)
        bands = [line.partition("=")[2].strip("'\"") for line in run if line.startswith("band=")]
        found.setdefault(chosen, set()).update(map(pattern_of, bands))
    return {chosen: frozenset(bands) for chosen, bands in found.items()}


def judged_by(claim: Published, swept: Sequence[Swept]) -> str:
    """`yes`, or why no run of a sweep may judge a claim; of several settings the nearest."""
    told = [_unlike(claim, one) for one in swept]
    return min(told, key=len) or "yes"


def _unlike(claim: Published, one: Swept) -> str:
    config = one.config
    wanted = claim.reference.setting
    named = {task.partition("/")[0] for task in wanted.scored_as or {}} & set(config.evaluate.tasks)
    own = not named and HELDOUT in config.evaluate.tasks
    scored_on = str(wanted.task) if named else config.data.name if own else "no such task"
    fidelity = config.fidelity or "published"
    made_up = config.model.source in MADE_UP
    differs = unlike(claim, Ran(config.model.name, made_up, scored_on, own, fidelity))
    asked = [claim.number.measure[key] for key in ("band", "against")]
    lacks = [band for band in asked if band not in one.bands]
    return ", ".join([*([differs] if differs else []), *(f"no arm {band}" for band in lacks)])

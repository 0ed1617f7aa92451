"""Does the advantage of one band over another survive a control? Band x control, paired by seed and item."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from src.analysis.answers import Answers, difference, weighted
from src.analysis.arm_scores import ArmScores, scatter_between
from src.analysis.arms import Arm
from src.analysis.depth.decomposition import EQUAL_STEP, STANDARD
from src.analysis.runs import Run
from src.statistics.claim import MIN_SEEDS
from src.statistics.complete import complete
from src.statistics.estimate import Estimate
from src.statistics.holm import Corrected, holm

Sides = Mapping[tuple[str, str], ArmScores]
"""What is compared (such as a band) and control, to the scores of its arm."""
_CONTRASTS = (([0], [1]), ([2], [3]), ([0, 3], [1, 2]))
"""Which of the four cells the two advantages and their difference add, and which they subtract."""


class Corrections(NamedTuple):
    """The tests of the three numbers of a crossing, corrected for how many crossings there are."""

    standard: Corrected
    equal_step: Corrected
    change: Corrected


class Crossed(NamedTuple):
    """The advantage of one side under each control, and how far it fell: the interaction."""

    standard: Estimate
    equal_step: Estimate
    change: Estimate
    """Standard - equal_step."""


def cross(sides: Sides, first: str, second: str) -> Crossed | None:
    """Advantage first - second under both controls and their difference; None where no seed has all four.

    Only seeds at which all four cells were run enter. Where all answered the same items, errors are over
    seeds and items (`crossed`), paired in both; else over seeds alone.
    """
    places = [(side, control) for control in (STANDARD, EQUAL_STEP) for side in (first, second)]
    if not all(place in sides for place in places):
        return None
    arms = [sides[place] for place in places]
    common = set.intersection(*(set(arm.tuned) for arm in arms))
    if not common:
        return None
    cells = [{seed: arm.tuned[seed] for seed in sorted(common)} for arm in arms]
    return Crossed(*(_contrast(cells, arms, plus, minus) for plus, minus in _CONTRASTS))


def _contrast(
    cells: Sequence[dict[int, Answers]], arms: Sequence[ArmScores], plus: Sequence[int], minus: Sequence[int]
) -> Estimate:
    """The sum of some cells minus that of others, with the scatter over seeds that every section has."""
    first, second = (weighted([cells[at] for at in side], [1.0] * len(side)) for side in (plus, minus))
    scatter = scatter_between([arms[at] for at in (*plus, *minus)], [1.0] * len(plus) + [-1.0] * len(minus))
    return difference(first, second, scatter)


def corrected(every: Sequence[Crossed]) -> list[Corrections]:
    """Holm's correction over all crossings of a report, for each of the three numbers by itself."""
    columns = [holm([one.pvalue for one in column]) for column in zip(*every, strict=True)]
    return [Corrections(*tests) for tests in zip(*columns, strict=True)]


def survives(found: Crossed, tests: Corrections) -> tuple[str, str]:
    """A verdict and one sentence, from the intervals at the levels of Holm's test.

    none: standard training shows no advantage (its interval is not above 0), so there is none to lose.
    kept: under equal steps it is still above 0. lost: it is not, and it fell. open: the intervals decide
    neither.
    """
    if found.change.num_seeds < MIN_SEEDS:
        seeds = "1 seed" if found.change.num_seeds == 1 else f"{found.change.num_seeds} seeds"
        return "open", f"{seeds} ran in all four cells; needed: {MIN_SEEDS}."
    intervals = [one.interval(test.level) for one, test in zip(found, tests, strict=True)]
    shown = [_told(one, ends) for one, ends in zip(found, intervals, strict=True)]
    told = f"{shown[0]} under standard training, {shown[1]} under equal steps"
    fell = f"a fall of {shown[2]} ({_units(found.change)})"
    standard, equal_step, change = (low for low, _ in intervals)
    if standard <= 0:
        return "none", f"Standard training shows no advantage that could be lost: {told}; {fell}."
    if equal_step > 0:
        return "kept", f"The advantage survives equal steps: {told}; {fell}."
    if change > 0:
        return "lost", f"The advantage does not survive equal steps: {told}; {fell}."
    return "open", f"Whether the advantage survives is not decided: {told}; {fell}."


def mean_relative_size(arm: Arm) -> float | None:
    """r, the relative size ||dW|| / ||W|| of the blocks that an arm trains: over steps, blocks and seeds.

    As the control set it, or as a run without control logged it; None where a run tells neither.
    """
    return _over_seeds(arm, _relative_size)


def unevenness(arm: Arm) -> float | None:
    """The largest over the smallest block's mean relative size of a step: mean over seeds.

    At 1 the blocks move alike by themselves, and equal steps take nothing away. As the runs logged it; None
    where a run did not, or a block stood still.
    """
    return _over_seeds(arm, _unevenness)


def _over_seeds(arm: Arm, of: Callable[[Run], float | None]) -> float | None:
    """The mean of one number a run; None where a run does not tell it."""
    found = complete(of(run) for run in arm.runs.values())
    return sum(found) / len(found) if found else None


def _unevenness(run: Run) -> float | None:
    logged = [row["block_relative_sizes"] for row in run.steps if row.get("block_relative_sizes")]
    means = [sum(sizes) / len(sizes) for sizes in zip(*logged, strict=True) if None not in sizes]
    return max(means) / min(means) if means and min(means) > 0 else None


def _relative_size(run: Run) -> float | None:
    told = (run.record.get("control") or {}).get("relative_size")
    if told:
        return told["mean"]
    sizes = [size for row in run.steps for size in row.get("block_relative_sizes", []) if size is not None]
    return sum(sizes) / len(sizes) if sizes else None


def _told(one: Estimate, ends: tuple[float, float]) -> str:
    return f"{one.value:+.3f} [{ends[0]:+.3f}, {ends[1]:+.3f}]"


def _units(one: Estimate) -> str:
    return f"n = {one.num_seeds} seeds" + (f" x {one.num_items} items" if one.num_items else "")

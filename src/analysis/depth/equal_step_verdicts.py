"""What became of slopes under equal steps, and the published findings about it.

Judged over seeds of given models: what is found holds for these models. Of wirings at large only the interval
over models in the table of contrasts speaks. The fate of every model is told, as a mean can hide one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pandas import DataFrame

from src.analysis.depth.finding import Finding, nothing
from src.analysis.depth.wording import counted, signed
from src.analysis.records import records
from src.statistics.claim import ABSENT, CONFIRMED, MIN_SEEDS, UNDECIDED

CONTRASTIVE = ("contrastive", "simcse")
_SAME = ("wiring", "size", "objective", "data", "method")

Row = Mapping[str, Any]


def sequential_keeps(groups: DataFrame, cells: DataFrame) -> Finding:
    """Confirmed: these small sequential blocks keep the slope under equal steps at every objective, no model
    of them loses it. Absent: their mean loses it at one.

    Kept: the interval over seeds is above 0. Lost: it is not, and less than half of the standard slope stays.
    Holds for these models: no interval over models enters.
    """
    return _all_kept("equal_step_sequential_keeps_slope", _at(groups, "small", "sequential"), cells)


def parallel_keeps(groups: DataFrame, cells: DataFrame) -> Finding:
    """Confirmed: these small parallel blocks keep the slope at causal_lm, no model of them loses it there,
    and their mean loses it at a contrastive objective. Absent: their mean loses the first, or keeps
    all of the second.

    Kept: the interval over seeds is above 0. Lost: it is not, and less than half of the standard slope stays.
    Holds for these models: no interval over models enters.
    """
    name, found = "equal_step_parallel_keeps_slope", _at(groups, "small", "parallel")
    at_causal = found[found["objective"] == "causal_lm"]
    at_others = found[found["objective"].isin(CONTRASTIVE)]
    causal, others = _fates(at_causal), _fates(at_others)
    if not causal or not others:
        return nothing(name)
    if causal == {"kept"} and "lost" in others and not _hidden_losses(at_causal, cells):
        return Finding(
            name, CONFIRMED, _tell(found, cells), max(_all_error(at_causal), _any_error(at_others))
        )
    ways = [_any_error(at_causal)] if "lost" in causal else []
    ways += [_all_error(at_others)] if others == {"kept"} else []
    if ways:
        return Finding(name, ABSENT, _tell(found, cells), 2 * min(ways))  # either way is enough
    return Finding(name, UNDECIDED, _tell(found, cells))


def larger_keep(groups: DataFrame, cells: DataFrame) -> Finding:
    """Confirmed: these large models of both wirings keep the slope at causal_lm, no model of them loses it.
    Absent: the mean of one wiring loses it. Holds for these models: no interval over models enters.
    """
    name = "equal_step_larger"
    found = groups[(groups["size"] == "large") & (groups["objective"] == "causal_lm")]
    wirings = set(found["wiring"]) & {"sequential", "parallel"}
    return _all_kept(name, found, cells) if len(wirings) == 2 else nothing(name)


def fate(row: Row) -> str:
    """What became of a positive slope under equal steps.

    kept: its interval is above 0. lost: it is not, and less than half of the standard slope stays, by the
    upper end of the share's interval, or the whole interval is below 0. open: neither, or below 3 seeds, or
    all seeds agree, so that there is no interval.
    """
    if row["num_seeds"] < MIN_SEEDS:
        return "open"
    if row["equal_step_low"] > 0:
        return "kept"
    return "lost" if row["share_kept_high"] < 0.5 or row["equal_step_high"] < 0 else "open"


def _all_kept(name: str, found: DataFrame, cells: DataFrame) -> Finding:
    fates = _fates(found)
    if not fates:
        return nothing(name)
    if "lost" in fates:
        return Finding(name, ABSENT, _tell(found, cells), _any_error(found))
    if fates == {"kept"} and not _hidden_losses(found, cells):
        return Finding(name, CONFIRMED, _tell(found, cells), _all_error(found))
    return Finding(name, UNDECIDED, _tell(found, cells))


def _all_error(found: DataFrame) -> float:
    """The least level at which all slopes are still kept."""
    return max(row["equal_step_p"] for row in records(found))


def _any_error(found: DataFrame) -> float:
    """The least level at which one slope is still lost; times their number, as any of them is enough."""
    rows = records(found)
    return len(rows) * min(_lost_error(row) for row in rows if fate(row) == "lost")


def _lost_error(row: Row) -> float:
    below = [row["equal_step_p"]] if row["equal_step_high"] < 0 else []
    return min([*below, row["share_kept_p"]] if row["share_kept_high"] < 0.5 else below)


def _at(groups: DataFrame, size: str, wiring: str) -> DataFrame:
    return groups[(groups["size"] == size) & (groups["wiring"] == wiring)]


def _fates(found: DataFrame) -> set[str]:
    return {fate(row) for row in records(found)}


def _hidden_losses(found: DataFrame, cells: DataFrame) -> bool:
    """Whether a model behind one of these means lost its slope."""
    return any(fate(cell) == "lost" for row in records(found) for cell in _behind(row, cells))


def _behind(row: Row, cells: DataFrame) -> Iterator[Row]:
    """The cells whose mean the row is."""
    same = cells[list(_SAME)].eq([row[name] for name in _SAME]).all(axis=1)
    yield from records(cells[same])


def _tell(found: DataFrame, cells: DataFrame) -> str:
    return "of these models: " + "; ".join(
        f"{row['wiring']} {row['objective']}: standard {signed(row, 'standard')}, equal-step "
        f"{signed(row, 'equal_step')}, {fate(row)} "
        f"(n = {row['num_seeds']} seeds, {counted(row['num_cells'], 'cell')}: "
        + ", ".join(f"{cell['label']} {fate(cell)}" for cell in _behind(row, cells)) + ")"
        for row in records(found)
    )  # fmt: skip

"""The published findings of the depth-profile study, and whether these runs show them.

The findings are signs and orders in words, so the rules are ours; each is the docstring of its function.
`none` in place of a verdict: these runs cannot answer. The one published count is judged as a share.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pandas import DataFrame

from src.report.depth.told import counted, pvalue, share, signed
from src.statistics.verdict import MIN_SEEDS, NOT_REPRODUCED, REPRODUCED, UNDECIDED

NONE = "none"
CONTRASTIVE = ("contrastive", "simcse")


@dataclass(frozen=True)
class Finding:
    """One published finding; `name` is that of its number in conf/reference/depth_profile_study.yaml."""

    name: str
    verdict: str
    ours: str
    """What these runs show, with n and intervals."""


def positive_slopes(positive: DataFrame, published: float) -> Finding:
    """Reproduced: the exact interval of the share of runs is above one half and reaches the published share.

    Not reproduced: the whole interval is below the published share. Undecided: it holds both.
    """
    name, runs = "positive_slopes", positive[positive["unit"] == "runs"]
    if runs.empty:
        return _nothing(name)
    one, cells = runs.iloc[0], positive[positive["unit"] == "cells"].iloc[0]
    ours = (
        f"{one['positive']} of {one['n']} runs, {share(one)}; {cells['positive']} of {cells['n']} cells, "
        f"{share(cells)}"
    )
    if one["high"] < published:
        return Finding(name, NOT_REPRODUCED, ours)
    return Finding(name, REPRODUCED if one["low"] > 0.5 else UNDECIDED, ours)


def sequential_keeps(groups: DataFrame) -> Finding:
    """Reproduced: small sequential blocks keep the slope under equal steps at every objective.

    Not reproduced: they lose it at one. Kept: its interval is above 0. Lost: it is not, and less than half of
    the standard slope stays.
    """
    return _all_kept("equal_step_sequential_keeps_slope", _at(groups, "small", "sequential"))


def parallel_keeps(groups: DataFrame) -> Finding:
    """Reproduced: small parallel blocks keep the slope at causal_lm and lose it at a contrastive objective.

    Not reproduced: they lose the first, or keep all of the second. Kept: its interval is above 0. Lost: it is
    not, and less than half of the standard slope stays.
    """
    name, found = "equal_step_parallel_keeps_slope", _at(groups, "small", "parallel")
    causal = [fate(row) for row in _rows(found[found["objective"] == "causal_lm"])]
    others = [fate(row) for row in _rows(found[found["objective"].isin(CONTRASTIVE)])]
    if not causal or not others:
        return _nothing(name)
    if set(causal) == {"kept"} and "lost" in others:
        return Finding(name, REPRODUCED, _tell(found))
    contradicted = "lost" in causal or set(others) == {"kept"}
    return Finding(name, NOT_REPRODUCED if contradicted else UNDECIDED, _tell(found))


def larger_keep(groups: DataFrame) -> Finding:
    """Reproduced: large models of both wirings keep the slope at causal_lm. Not reproduced: one loses it."""
    name = "equal_step_larger"
    found = groups[(groups["size"] == "large") & (groups["objective"] == "causal_lm")]
    wirings = set(found["wiring"]) & {"sequential", "parallel"}
    return _all_kept(name, found) if len(wirings) == 2 else _nothing(name)


def steepness(ranks: DataFrame) -> Finding:
    """Reproduced: rho, ranked within architectures, is above 0 with p below 0.05. Not reproduced: below 0."""
    name = "steepness_with_objective_distance"
    every = ranks["architecture"].str.startswith("all") if len(ranks) else []
    pooled, single = ranks[every], ranks[[not one for one in every]]
    if pooled.empty or not pooled.iloc[0]["n"]:
        return _nothing(name)
    row, known = pooled.iloc[0], single.dropna(subset=["rho"])
    ours = (
        f"rho {row['rho']:.2f} [{row['low']:.2f}, {row['high']:.2f}] within architectures, "
        f"{pvalue(row['pvalue'])}, n = {row['n']} cells; positive in {(known['rho'] > 0).sum()} of "
        f"{len(known)} architectures with a rank correlation"
    )
    if not row["pvalue"] < 0.05:
        return Finding(name, UNDECIDED, ours)
    return Finding(name, REPRODUCED if row["rho"] > 0 else NOT_REPRODUCED, ours)


def width(order: DataFrame, shares: DataFrame) -> Finding:
    """Reproduced: parallel decoders and encoders are wider than sequential decoders, both intervals above 0.

    Not reproduced: one interval lies below 0. The share of variance that architecture
    explains is told beside it.
    """
    name, rows = "width_by_architecture", list(_rows(order))
    if len(rows) < 2:
        return _nothing(name)
    told = [
        f"{row['wider']} wider than sequential decoders by {row['mean']:+.3f} [{row['low']:+.3f}, "
        f"{row['high']:+.3f}] (n = {row['n']} seeds)"
        for row in rows
    ]
    found = shares[shares["explained_by"] == "architecture"].dropna(subset=["eta_squared"])
    told += [
        f"architecture explains {row['eta_squared']:.0%} [{row['low']:.0%}, {row['high']:.0%}] of the "
        f"variance over n = {row['n']} cells ({row['num_groups']} architectures)"
        for row in _rows(found)
    ]
    enough = min(row["n"] for row in rows) >= MIN_SEEDS
    if enough and any(row["high"] < 0 for row in rows):
        return Finding(name, NOT_REPRODUCED, "; ".join(told))
    sure = enough and all(row["low"] > 0 for row in rows)
    return Finding(name, REPRODUCED if sure else UNDECIDED, "; ".join(told))


def fate(row: dict[str, float]) -> str:
    """What became of a positive slope under equal steps.

    kept: its interval is above 0. lost: it is not, and less than half of the standard slope stays, by the
    upper end of the share's interval, or the whole interval is below 0. open: neither, or below 3 seeds.
    """
    if row["n"] < MIN_SEEDS:
        return "open"
    if row["equal_step_low"] > 0:
        return "kept"
    return "lost" if row["share_kept_high"] < 0.5 or row["equal_step_high"] < 0 else "open"


def _all_kept(name: str, found: DataFrame) -> Finding:
    fates = {fate(row) for row in _rows(found)}
    if not fates:
        return _nothing(name)
    verdict = NOT_REPRODUCED if "lost" in fates else REPRODUCED if fates == {"kept"} else UNDECIDED
    return Finding(name, verdict, _tell(found))


def _at(groups: DataFrame, size: str, wiring: str) -> DataFrame:
    return groups[(groups["size"] == size) & (groups["wiring"] == wiring)]


def _rows(found: DataFrame) -> Iterator[dict[str, float]]:
    return (row._asdict() for row in found.itertuples(index=False))


def _tell(found: DataFrame) -> str:
    return "; ".join(
        f"{row['wiring']} {row['objective']}: standard {signed(row, 'standard')}, equal-step "
        f"{signed(row, 'equal_step')}, {fate(row)} "
        f"(n = {row['n']} seeds, {counted(row['num_cells'], 'cell')})"
        for row in _rows(found)
    )


def _nothing(name: str) -> Finding:
    return Finding(name, NONE, "no such runs")

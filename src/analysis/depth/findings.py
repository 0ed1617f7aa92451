"""The published findings of the depth-profile study, and whether these runs show them.

The findings are signs and orders in words, so the rules are ours; each is the docstring of its function. The
one published count is judged as a share. What equal steps do stands in
`equal_step_verdicts`.
"""

from pandas import DataFrame
from scipy.stats import binom

from src.analysis.depth.finding import Finding, nothing
from src.analysis.depth.wording import ends, pvalue, share
from src.analysis.records import records
from src.statistics.claim import ABSENT, CONFIRMED, MIN_SEEDS, REVERSED, UNDECIDED


def positive_slopes(positive: DataFrame, published: float) -> Finding:
    """Confirmed: the exact interval of the share of cells reaches the published share, and all of it lies
    nearer to that than to one half. Absent: all of it is below the published share. Undecided: neither.

    The seeds of a cell are one unit, not several; the count of runs is told beside it.
    """
    name, runs = "positive_slopes", positive[positive["unit"] == "runs"]
    if runs.empty:
        return nothing(name)
    every, cells = records(runs)[0], records(positive[positive["unit"] == "cells"])[0]
    ours = f"{share(every, 'runs')}; {share(cells, 'cells')}"
    count, n, middle = cells["num_positive"], cells["num_units"], (0.5 + published) / 2
    if cells["ci_high"] < published:
        return Finding(name, ABSENT, ours, 2 * float(binom.cdf(count, n, published)))
    if cells["ci_low"] > middle:
        return Finding(name, CONFIRMED, ours, 2 * float(binom.sf(count - 1, n, middle)))
    return Finding(name, UNDECIDED, ours)


def steepness(ranks: DataFrame) -> Finding:
    """Confirmed: rho, ranked within architectures, is above 0 with p below 0.05. Reversed: below 0."""
    name = "steepness_with_objective_distance"
    if len(ranks):  # of one kind of distance: each kind ranks the same architectures again
        ranks = ranks[ranks["distance_kind"] == ranks["distance_kind"].iloc[0]]
    every = [one.startswith("all") for one in ranks["architecture"].astype(str)] if len(ranks) else []
    pooled, single = ranks[every], ranks[[not one for one in every]]
    if pooled.empty or not pooled.iloc[0]["num_cells"]:
        return nothing(name)
    row, known = records(pooled)[0], single.dropna(subset=["rho"])
    ours = (
        f"rho {row['rho']:.2f} {ends(row)} within architectures, "
        f"{pvalue(row['p'])}, n = {row['num_cells']} cells, {row['distance_kind'].replace('_', ' ')}; "
        f"positive in {(known['rho'] > 0).sum()} of {len(known)} architectures with a rank correlation"
    )
    if not row["p"] < 0.05:
        return Finding(name, UNDECIDED, ours)
    return Finding(name, CONFIRMED if row["rho"] > 0 else REVERSED, ours, row["p"])


def width(order: DataFrame, shares: DataFrame) -> Finding:
    """Confirmed: parallel decoders and encoders are wider than sequential decoders, all intervals above 0,
    over seeds and over models. Reversed: one of the two has both intervals below 0.

    The share of variance over models that architecture explains is told beside it.
    """
    name, rows = "width_by_architecture", records(order)
    if len(rows) < 2:
        return nothing(name)
    told = [
        f"{row['wider']} wider than sequential decoders by {row['value']:+.3f} [{row['ci_low']:+.3f}, "
        f"{row['ci_high']:+.3f}] (n = {row['num_seeds']} seeds of these models), {row['value_models']:+.3f} "
        f"[{row['models_low']:+.3f}, {row['models_high']:+.3f}] over models "
        f"({row['num_first']} against {row['num_second']})"
        for row in rows
    ]
    found = shares[shares["explained_by"] == "architecture"].dropna(subset=["eta_squared"])
    told += [
        f"architecture explains {row['eta_squared']:.0%} [{row['ci_low']:.0%}, {row['ci_high']:.0%}] of the "
        f"variance over n = {row['num_models']} models ({row['num_groups']} architectures)"
        for row in records(found)
    ]
    told += [
        f"of that over runs {row['between_architectures']:.0%} lies between architectures, "
        f"{row['between_models']:.0%} between models of one, {row['between_cells']:.0%} between objectives "
        f"of one model, {row['between_seeds']:.0%} between seeds"
        for row in records(found.dropna(subset=["between_architectures"]))
    ]
    enough = min(row["num_seeds"] for row in rows) >= MIN_SEEDS
    errors = [max(row["pvalue"], row["models_pvalue"]) for row in rows]
    turned = [
        error
        for row, error in zip(rows, errors, strict=True)
        if row["ci_high"] < 0 and row["models_high"] < 0
    ]
    if enough and turned:  # one of several is enough
        return Finding(name, REVERSED, "; ".join(told), len(rows) * min(turned))
    if enough and all(row["ci_low"] > 0 and row["models_low"] > 0 for row in rows):
        return Finding(name, CONFIRMED, "; ".join(told), max(errors))
    return Finding(name, UNDECIDED, "; ".join(told))

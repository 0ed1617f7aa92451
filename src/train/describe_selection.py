"""What the record says of a selection of rows."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from src.config.data import DataConfig
from src.train.selection import COMPARED

INFERRED = (
    "gradients at the weights of the step, of the linear layers that train",
    "the share is of the candidates before the filter",
    "clip scales a row's gradient to the median of the candidates",
)
"""What the published description leaves open; the values here are Strata's choice."""


def describe_selection(config: DataConfig, steps: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """What the record says of a selection, means over the steps; None without one.

    `overlap`: share of the rows chosen that each other choice would have taken from the same candidates at
    the same weights; `overlap_by_chance` is what a choice by lot would share. Lengths are supervised tokens.
    """
    if config.select == "none":
        return None
    mean = partial(_mean, steps)
    chance = [row["selected"] / row["kept_candidates"] for row in steps]
    return {
        "kind": config.select,
        "share": config.select_share,
        "loss_filter": config.select_loss_filter,
        "length_matched": config.length_matched,
        "inferred": list(INFERRED),
        "length": {"candidates": mean("candidate_length"), "selected": mean("selected_length")},
        "gradient_norm": {
            "candidates": mean("candidate_gradient_norm"),
            "selected": mean("selected_gradient_norm"),
        },
        "overlap": {kind: mean(f"overlap_{kind}") for kind in COMPARED},
        "overlap_by_chance": sum(chance) / len(chance),
    }


def _mean(steps: Sequence[dict[str, Any]], key: str) -> float:
    return sum(row[key] for row in steps) / len(steps)

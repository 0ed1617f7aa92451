"""What the record says of a control."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from src.config.schema import RunConfig

INFERRED = ("grouping", "target", "weight_decay", "norms", "biases", "embeddings", "head")
"""Settings that the published description leaves open; the values here are Strata's choice."""


def describe_control(
    config: RunConfig, steps: Sequence[dict[str, Any]], pushed: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The settings, which of them are inferred, and what the steps came to.

    Args:
        config: of the run.
        steps: the step log.
        pushed: what the random push of a null came to.
    """
    control, lora = config.control, config.method.of_kind.low_rank
    if control.kind == "none":
        return {"kind": "none"}
    if control.pushes:
        groups = {name: getattr(control, name) for name in ("norms", "biases", "embeddings", "head")}
        chosen = {"size": control.size, "spectrum": control.spectrum, **groups}
        return {"kind": control.kind, "trained": False, **chosen, **(pushed or {})}
    settings = {key: value for key, value in asdict(control).items() if key != "log_relative_sizes"}
    spreads = [row["relative_size_max"] / row["relative_size_min"] - 1 for row in steps]
    cosines = [row["merged_cosine_min"] for row in steps if "merged_cosine_min" in row]
    inferred = [*INFERRED, "the merged update, through one factor on the steps of both LoRA factors"]
    return {
        **settings,
        "inferred": inferred if lora else list(INFERRED),
        "relative_size": _over(steps, "relative_size"),
        "largest_spread": max(spreads, default=None) if control.kind == "equal_step" else None,
        "merged_cosine_min": min(cosines, default=None),
    }


def _over(steps: Sequence[dict[str, Any]], key: str) -> dict[str, float] | None:
    """First, last and mean over the steps."""
    values = [row[key] for row in steps]
    return {"first": values[0], "last": values[-1], "mean": sum(values) / len(values)} if values else None

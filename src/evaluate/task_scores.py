"""One score a line, made from lm-eval's table of results."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """A metric of a task, with its uncertainty."""

    task: str
    metric: str
    """Name of the metric; where lm-eval filters answers by name, the filter follows after a slash."""
    value: float
    stderr: float | None
    """Standard error of the mean over items; None where lm-eval has none."""
    n: int
    """Items scored."""
    higher_is_better: bool | None
    num_fewshot: int | None
    """Examples before each item; None for a group of tasks that differ in it."""
    batch_size: int
    """Sequences in one pass."""
    version: str | None
    """Version of the task's definition."""


def to_scores(results: Mapping[str, Any], batch_size: int) -> list[Score]:
    """Turn what lm-eval's `evaluate` returns into scores, in its order.

    Keys there read `exact_match,none` and `exact_match_stderr,none`: metric and filter. The filter `none`
    is dropped from the name. A missing or undefined standard error ("N/A", NaN) becomes None.
    """
    scores = []
    for task, row in results["results"].items():
        for key, value in row.items():
            metric, comma, filter_name = key.partition(",")
            if not comma or metric.endswith("_stderr") or number(value) is None:
                continue
            scores.append(
                Score(
                    task=task,
                    metric=metric if filter_name == "none" else f"{metric}/{filter_name}",
                    value=float(value),
                    stderr=number(row.get(f"{metric}_stderr,{filter_name}")),
                    n=int(row["sample_len"]),
                    higher_is_better=results["higher_is_better"].get(task, {}).get(metric),
                    num_fewshot=number(results["n-shot"].get(task)),
                    batch_size=batch_size,
                    version=_text(results["versions"].get(task)),
                )
            )
    return scores


def number(value: Any) -> Any:
    """A finite number as plain Python, or None."""
    try:
        is_finite = math.isfinite(value)
    except TypeError:
        return None
    if not is_finite:
        return None
    return int(value) if isinstance(value, int) else float(value)


def _text(value: Any) -> str | None:
    """A version as text, or None."""
    return None if value is None else str(value)

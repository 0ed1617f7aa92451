"""What of a run becomes which metric of W&B. Names are few and do not grow with steps, layers or runs.

| name | kind | content |
| :-- | :-- | :-- |
| `train/COLUMN` over `train/step` | history | the step log |
| `score/TASK/METRIC` over `score/step` | history | scores before, during and after training |
| `base/TASK/METRIC`, `tuned/TASK/METRIC`, the same with `_stderr` | summary | scores of the two stages |
| `profile/METRIC/STAGE` over `profile/layer` | history | one line a metric and stage, over the layers |
| `layers` | table | layers.csv |
| `layer/METRIC/07` | summary | the change of three metrics at each layer, numbers padded with zeros |
| `params/trainable`, `params/total` | summary | counts of parameters |
"""

import re
from collections.abc import Iterable
from typing import Any

from src.probe.table.layer_table import LayerRow
from src.tracking.names import metric_name

AXES = {"train": "train/step", "score": "score/step", "profile": "profile/layer"}
"""Each history's prefix and its own horizontal axis."""
PADDED = ("cka_debiased", "mean_shift", "weight_change")
COLUMNS = ["stage", "layer", "depth", "metric", "value", "stderr", "n", "low", "high"]

Values = dict[str, Any]


def step_values(row: Values) -> Values:
    """One line of steps.jsonl."""
    return {metric_name("train", key): value for key, value in row.items()}


def score_step(stage: str, num_steps: int) -> int:
    """The training step at which a stage was scored: 0 for base, the last for tuned."""
    found = re.fullmatch(r"step-(\d+)", stage)
    return int(found[1]) if found else 0 if stage == "base" else num_steps


def score_values(scores: Iterable[Values], step: int) -> Values:
    """The scores of one stage as a point of each curve."""
    known = [score for score in scores if score["value"] is not None]
    return {AXES["score"]: step} | {_score("score", score): score["value"] for score in known}


def score_summary(stage: str, scores: Iterable[Values]) -> Values:
    """The scores of base and tuned, each with its standard error; nothing for the steps between."""
    if stage not in ("base", "tuned"):
        return {}
    found: Values = {}
    for score in scores:
        for key, value in (("", score["value"]), ("_stderr", score["stderr"])):
            if value is not None:
                found[_score(stage, score, key)] = value
    return found


def profile_values(rows: Iterable[LayerRow]) -> list[Values]:
    """A point a layer for the line of each metric and stage; kinds of tensors are in the table only."""
    points: dict[int, Values] = {}
    for row in rows:
        if "/" not in row.metric and row.value is not None:
            point = points.setdefault(row.layer, {AXES["profile"]: row.layer, "profile/depth": row.depth})
            point[metric_name("profile", row.metric, row.stage)] = row.value
    return [points[layer] for layer in sorted(points)]


def profile_summary(rows: Iterable[LayerRow]) -> Values:
    """Single numbers by layer, of the few metrics that runs are sorted and filtered by."""
    return {
        metric_name("layer", row.metric, f"{row.layer:02d}"): row.value
        for row in rows
        if row.metric in PADDED and row.stage == "change" and row.value is not None
    }


def _score(prefix: str, score: Values, ending: str = "") -> str:
    return metric_name(prefix, score["task"], score["metric"] + ending)

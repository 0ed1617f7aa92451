"""Scores after training as a tidy table, for the crossing of bands and controls."""

from collections.abc import Sequence

from pandas import DataFrame

from src.report.arms import Arm
from src.report.depth.settings import SETTING, settings_of


def gather_scores(arms: Sequence[Arm]) -> DataFrame:
    """A row a finished run and score of the tuned model: `SETTING`, run, seed, task, score, value, items."""
    known, settings = settings_of(arms)
    rows = [
        [name, score["task"], score["metric"], score["value"], score["n"]]
        for name, run in known.items()
        for score in run.record.get("scores", [])
        if score["stage"] == "tuned" and score["value"] is not None
    ]
    found = DataFrame(rows, columns=["run", "task", "score", "value", "items"])
    return settings.merge(found, on="run")[["run", *SETTING, "seed", "task", "score", "value", "items"]]

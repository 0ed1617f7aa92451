"""What the runs of an experiment measured, so that a dashboard has a panel for it and for nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.analysis.find_runs import find_runs
from src.errors import UserError


@dataclass(frozen=True)
class ExperimentContents:
    """Names of what can be drawn."""

    scores: list[tuple[str, str]]
    """(task, metric), in the order of evaluation."""
    profiles: list[tuple[str, str]]
    """(metric, stage: base, tuned or change), in the order of the metric set."""


DEFAULT = ExperimentContents(
    scores=[("heldout", "exact_match")],
    profiles=[
        ("cka_debiased", "change"),
        ("mean_shift", "change"),
        ("weight_change", "change"),
        ("effective_rank", "base"),
        ("effective_rank", "tuned"),
    ],
)
"""What a run with the default configuration measures first of all; for an experiment that ran elsewhere."""


def measured(folder: Path) -> ExperimentContents:
    """What the finished runs below a folder measured; `DEFAULT` where there are none on this machine.

    A damaged record costs its own names only.
    """
    scores: dict[tuple[str, str], None] = {}
    profiles: dict[tuple[str, str], None] = {}
    for record in _records(folder):
        scores |= {(score["task"], score["metric"]): None for score in record.get("scores", [])}
        whole = [profile for profile in record.get("profiles", []) if "/" not in profile["metric"]]
        profiles |= {(profile["metric"], profile["stage"]): None for profile in whole}
    return ExperimentContents(list(scores) or DEFAULT.scores, list(profiles) or DEFAULT.profiles)


def _records(folder: Path) -> list[dict[str, Any]]:
    try:
        return [run.record for run in find_runs(folder)]
    except UserError:  # nothing is there
        return []


def check_experiment(experiment: str | None, runs_dir: Path) -> None:
    """UserError for a path where the name of an experiment is meant."""
    if experiment and (experiment.startswith((".", "/", "~")) or experiment.split("/")[0] == runs_dir.name):
        raise UserError(
            f"EXPERIMENT: given {experiment!r}; accepted: a name below {runs_dir}, such as quickstart"
        )

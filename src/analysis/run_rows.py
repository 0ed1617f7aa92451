"""Every run as rows: those behind the numbers, those left out with the reason, and what to know of them."""

from typing import Any

from src.analysis.experiment import Experiment, mixed
from src.analysis.families import Row
from src.analysis.material import Material
from src.method.spans import spans_text

Score = dict[str, Any]


def run_rows(study: Experiment) -> list[Row]:
    """A row a finished run and task; the condition tells runs of one band apart."""
    rows = [
        _row(run.record, *pair) | {"condition": study.condition_of(run)}
        for run in study.runs
        if not run.problem
        for pair in _pairs(run.record.get("scores", [])) or [(None, None, None)]
    ]
    order = ("task", "method", "band", "condition", "seed")
    return sorted(rows, key=lambda row: [str(row[name] or "-") for name in order])


def left_out_rows(material: Material) -> list[Row]:
    """Runs that are not compared, or not in everything."""
    study = material.study
    found = [*study.left_out, *(problem for task in material.scores for problem in task.problems)]
    found += [(run, reason) for run in study.compared for reason in run.damaged]
    return [{"run": run.name, "reason": reason} for run, reason in found]


def notes(study: Experiment) -> list[str]:
    """What differs between runs that are compared, and what is missing; a line each."""
    commits = {run.name: (run.record["git"]["commit"] or "unknown")[:10] for run in study.compared}
    dirty = sum(bool(run.record["git"]["dirty"]) for run in study.compared)
    found = [f"missing seeds: {line}" for line in study.missing_seeds()]
    found += mixed(commits, "the commit of the code")
    found += [f"{dirty} runs were made by code that differs from its commit"] if dirty else []
    if "fidelity" in study.factors:
        kinds = {run.name: run.record.get("fidelity") for arm in study.arms for run in arm.runs.values()}
        found += [f"{line}; bands are compared within one fidelity only" for line in mixed(kinds, "fidelity")]
    if study.follow:
        found += [f"{', '.join(study.follow)}: differ between arms along with what the arms are named by"]
    return found + [
        f"{arm.label(study.factors)}: LoRA on the whole stack was not run under its conditions, so not "
        f"compared with it: {', '.join(run.name for run in arm.runs.values())}"
        for arm in study.arms
        if arm.published and study.baseline(arm) is None
    ]


def _pairs(scores: list[Score]) -> list[tuple[str | None, Score | None, Score | None]]:
    """(task, base score, tuned score) in the order of evaluation; a task of several metrics names them."""
    base, tuned = (
        {(score["task"], score["metric"]): score for score in scores if score["stage"] == stage}
        for stage in ("base", "tuned")
    )
    keys = dict.fromkeys([*base, *tuned])
    tasks = [task for task, _ in keys]
    names = {key: key[0] if tasks.count(key[0]) == 1 else " ".join(key) for key in keys}
    return [(names[key], base.get(key), tuned.get(key)) for key in keys]


def _row(record: dict[str, Any], task: str | None, base: Score | None, tuned: Score | None) -> Row:
    seconds, params = record.get("seconds", {}), record.get("params", {})
    return {
        "method": record["choices"]["method"],
        "band": record["choices"]["band"],
        "blocks": spans_text(record.get("adapted", {}).get("blocks", []), ","),
        "seed": str(record["seed"]),
        "trainable": f"{params['trainable']:,}" if params else None,
        "task": task,
        "before": _score(base),
        "after": _score(tuned),
        "num_items": "/".join(str(n) for n in sorted({score["n"] for score in (base, tuned) if score})),
        "train_s": _whole(seconds.get("train")),
        "total_s": _whole(seconds.get("total")),
    }


def _score(score: Score | None) -> str | None:
    if score is None or score["value"] is None:
        return None
    spread = "" if score["stderr"] is None else f" ± {score['stderr']:.3f}"
    return f"{score['value']:.3f}{spread}"


def _whole(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f}"

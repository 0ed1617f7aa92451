"""What was run, counted: for the head of a report."""

from collections import Counter

from src.analysis.experiment import Experiment

_MOST_NAMED, _MOST_MACHINES = 8, 4


def facts(study: Experiment) -> dict[str, str]:
    """Runs, arms, seeds, models, items, by what they are."""
    records = [run.record for run in study.compared]
    models = list(dict.fromkeys(record["choices"].get("model", "?") for record in records))
    seeds = ", ".join(str(seed) for seed in study.seeds)
    scores = [score for record in records for score in record.get("scores", [])]
    items = sorted({f"{score['n']:,} {score['task']}" for score in scores})
    left_out = len({run.name for run, _ in study.left_out})
    found = {
        "finished runs": str(len(records)),
        "arms": str(len(study.arms)),
        "seeds" if len(study.seeds) > 1 else "the only seed":
            seeds if len(study.seeds) < _MOST_NAMED else str(len(study.seeds)),
        "model" if len(models) == 1 else "models": models[0] if len(models) == 1 else str(len(models)),
        "items scored": ", ".join(items),
        "not compared": str(left_out or ""),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def machines(study: Experiment) -> list[str]:
    """Processor, threads, device and commit; a line for each that took part, the most used first."""
    found: Counter[str] = Counter()
    for run in study.compared:
        machine, code = run.record["hardware"], run.record["git"]
        commit = (code["commit"] or "unknown")[:10] + (" (dirty)" if code["dirty"] else "")
        device = machine.get("gpu") or machine["device"]
        found[f"{machine['processor']}, {machine['threads']} threads, {device}; commit {commit}"] += 1
    return [f"Machine: {machine}." for machine, _ in found.most_common(_MOST_MACHINES)]

"""What each run was, in the columns by which runs are grouped."""

from collections.abc import Iterator, Sequence
from typing import Any

from pandas import DataFrame

from src.analysis.arms import BAND, KIND, Arm, control_of, source_of
from src.analysis.runs import Run

MODEL = ["model", "label", "architecture", "kind", "wiring", "family", "size", "num_parameters", "miniature"]
CELL = [*MODEL, "objective", "data", "method", "arm", "others"]
SETTING = [*CELL, "control"]
WHOLE = "whole"
"""The arm of runs that train every block; other arms are called by their band."""
LARGE = 1e9
"""Weights that ran, from which a model is large: between the published groups, 125M-350M and 1.3B-1.4B."""
_COLUMNS = ("model.name", "data.name", "objective.name", "control.name", KIND, BAND)
_KINDS = ("encoder", "decoder", "ssm", "rnn", "unknown")
TRANSFORMERS = ("encoder", "decoder")
"""The kinds whose blocks the published study compares by their wiring."""

FAMILIES = ("encoders", "sequential decoders", "parallel decoders", "decoders", "state-space", "RNN", "other")
"""In the order of figures; decoders without more: their wiring is not known."""


def family_of(kind: str | None, wiring: str | None) -> str:
    """The family whose profiles are averaged: decoders by their wiring, all others by their kind."""
    if kind == "decoder":
        return f"{wiring} decoders" if wiring in ("sequential", "parallel") else "decoders"
    return {"encoder": "encoders", "ssm": "state-space", "rnn": "RNN"}.get(str(kind), "other")


def settings_of(arms: Sequence[Arm]) -> tuple[dict[str, Run], DataFrame]:
    """The runs that trained something, by id, and what each was: run, `SETTING`, seed.

    rows: the fingerprint of the data. source: the run whose sizes a random push has taken over.
    An arm has at most one run a seed, so no two runs share a setting and a seed.
    """
    known = [(run, _others(arm)) for arm in arms for run in _trained(arm)]
    rows = [_setting(run, others) for run, others in known]
    columns = ["run", *SETTING, "seed", "rows", "source"]
    return {run.name: run for run, _ in known}, DataFrame(rows, columns=columns)


def setting_of(arm: Arm) -> dict[str, Any] | None:
    """The same of the first run of an arm; None where no run trained something."""
    first = next(_trained(arm), None)
    return None if first is None else _setting(first, _others(arm))


def models_in_order(table: DataFrame) -> DataFrame:
    """One row a model: by kind, wiring and size, the order of every figure and table."""
    found = table[MODEL].drop_duplicates()
    rank = found["kind"].map({kind: place for place, kind in enumerate(_KINDS)})
    return (
        found.assign(rank=rank)
        .sort_values(["rank", "wiring", "num_parameters", "label"])
        .drop(columns="rank")
    )


def is_crossed(arms: Sequence[Arm]) -> bool:
    """Whether runs that trained every block are of several models, objectives or controls."""
    settings = settings_of(arms)[1]
    return has_several(settings[settings["arm"] == WHOLE])


def has_several(table: DataFrame) -> bool:
    """Whether a table with the columns of `SETTING` is of several models, objectives or controls."""
    return bool((table[["model", "objective", "control"]].nunique() > 1).any())


def _trained(arm: Arm) -> Iterator[Run]:
    for run in arm.runs.values():
        told = {"model", "objective", "method"} <= set(run.record["choices"])
        if told and run.record.get("adapted", {}).get("blocks"):
            yield run


def _others(arm: Arm) -> str:
    """What else tells arms apart, such as a scaling; empty where nothing does."""
    return ", ".join(f"{name}={value}" for name, value in arm.factors.items() if name not in _COLUMNS)


def _setting(run: Run, others: str) -> dict[str, Any]:
    record = run.record
    choices, model = record["choices"], record.get("model", {})
    told = model.get("num_parameters")  # the namesake's: it orders models, and says nothing of what ran
    count = record.get("params", {}).get("total") or told
    return {
        "run": run.name,
        "model": choices["model"],
        "label": model.get("miniature_of") or choices["model"],
        "architecture": model.get("family") or "unknown",
        "kind": model.get("kind") or "unknown",
        "wiring": model.get("residual") or "unknown",
        "family": family_of(model.get("kind"), model.get("residual")),
        "size": "unknown" if count is None else "large" if count >= LARGE else "small",
        "num_parameters": told or count or 0,
        "miniature": bool(model.get("miniature_of")),
        "objective": choices["objective"],
        "data": choices.get("data", "unknown"),
        "method": choices["method"],
        "arm": WHOLE if _trains_all(record) else choices.get("band", "unknown"),
        "others": others,
        "control": control_of(run),
        "seed": record["seed"],
        "rows": record.get("data", {}).get("fingerprint", ""),
        "source": source_of(run),
    }


def _trains_all(record: dict[str, Any]) -> bool:
    return len(record["adapted"]["blocks"]) == record.get("model", {}).get("num_blocks")

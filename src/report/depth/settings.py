"""What each run was, in the columns by which runs are grouped."""

from collections.abc import Sequence
from typing import Any

from pandas import DataFrame

from src.errors import UserError
from src.report.runs import Run

MODEL = ["model", "label", "architecture", "kind", "wiring", "size", "num_parameters", "miniature"]
CELL = [*MODEL, "objective", "data", "method", "arm"]
SETTING = [*CELL, "control"]
WHOLE = "whole"
"""The arm of runs that train every block; other arms are called by their band."""
LARGE = 1e9
"""Parameters from which a model counts as large: between the published groups, 125M-350M and 1.3B-1.4B."""
TRANSFORMERS = ("encoder", "decoder")
"""The kinds whose blocks the published study compares by their wiring."""


def settings_of(runs: Sequence[Run]) -> tuple[dict[str, Run], DataFrame]:
    """The finished runs that trained something, by a name, and what each was: run, `SETTING`, seed.

    Raises:
        UserError: two runs have one setting and seed, so that they differ in something not compared here.
    """
    known = {
        f"{run.folder.parent.name}/{run.folder.name}": run
        for run in runs
        if run.problem is None and _is_trained(run.record)
    }
    rows = [_setting(name, run.record) for name, run in known.items()]
    settings = DataFrame(rows, columns=["run", *SETTING, "seed"])
    _refuse_doubles(settings)
    return known, settings


def _is_trained(record: dict[str, Any]) -> bool:
    return "objective" in record["choices"] and bool(record.get("adapted", {}).get("blocks"))


def _setting(name: str, record: dict[str, Any]) -> dict[str, Any]:
    choices, model = record["choices"], record["model"]
    count = model.get("num_parameters") or record.get("params", {}).get("total")
    return {
        "run": name,
        "model": choices["model"],
        "label": model.get("stands_for") or choices["model"],
        "architecture": model["family"],
        "kind": model.get("kind") or "unknown",
        "wiring": model.get("wiring") or "unknown",
        "size": "unknown" if count is None else "large" if count >= LARGE else "small",
        "num_parameters": count or 0,
        "miniature": bool(model.get("stands_for")),
        "objective": choices["objective"],
        "data": choices["data"],
        "method": choices["method"],
        "arm": WHOLE if _trains_all(record) else choices["band"],
        "control": choices.get("control", "none"),
        "seed": record["seed"],
    }


def _trains_all(record: dict[str, Any]) -> bool:
    return len(record["adapted"]["blocks"]) == record["model"]["num_blocks"]


def _refuse_doubles(settings: DataFrame) -> None:
    double = settings.duplicated([*SETTING, "seed"], keep=False)
    if double.any():
        one, other, *_ = settings.loc[double].sort_values([*SETTING, "seed"])["run"]
        raise UserError(
            f"{one} and {other}: one model, objective, data, method, blocks, control and seed, so something "
            "else differs; give the folder of one study"
        )

"""What each block wants, read from the layer tables of runs."""

import re
import shlex
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

from src.command.compose import group_file
from src.config.places import quote
from src.config.renamed import read_config
from src.errors import DataError, UserError
from src.storage.files import as_written, read_json

GRADIENTS = "fisher_trace"
CAUSAL = "causal"
SHORT = {"fisher": GRADIENTS}
"""Other names of metrics."""
PREFERRED = (GRADIENTS, "weight_change", "procrustes_distance", "cka_debiased", "mean_shift")
"""What a suggestion is made of where nobody says: the first of these that every run measured."""


def best_measured(folders: Sequence[Path]) -> str:
    """The first of `PREFERRED` that every run measured.

    A change counts where every block was trained: what a run did not train tells nothing of what it wants.

    Raises:
        UserError: a folder without a finished run or with a damaged one; or none of them was measured, with
            the command that does.
    """
    found = []
    for folder in folders:
        with as_written(folder):
            found.append(_measured(folder))
    for metric in PREFERRED:
        if all(metric in names for names in found):
            return metric
    raise UserError(
        f"--by: given none, and {folders[0].name} measured no profile of every block; this measures one: "
        f"{measuring(folders[0])}"
    )


def measuring(folder: Path) -> str:
    """The command that measures gradients at the pretrained weights of a run's model, on its data."""
    with as_written(folder):
        choices, config = (
            read_json(folder / "run.json").get("choices", {}),
            read_config(folder / "config.yaml"),
        )
        groups = [group for group in ("model", "data") if group in choices]
        chosen = [f"{group}={choices[group]}" for group in groups]
        chosen += [word for group in groups for word in _given(group, choices[group], config[group])]
    words = ["python -m src.run", *chosen, "train.max_steps=1", f"metrics.names=[{GRADIENTS}]"]
    return " ".join([*words, "metrics.num_gradient_rows=64", "evaluate=none"])


def _given(group: str, choice: str, settings: Mapping[str, Any]) -> list[str]:
    """The overrides that lead from a file of conf/ to the settings of a run, as a shell takes them."""
    known = group_file(group, choice)
    changed = {key: settings[key] for key in known if key in settings and settings[key] != known[key]}
    plain = {
        key: value for key, value in changed.items() if value is None or isinstance(value, str | int | float)
    }
    return [
        shlex.quote(f"{group}.{key}={_as_word(value)}")
        for key, value in plain.items()
        if "${" not in str(known[key])
    ]


def _as_word(value: object) -> str:
    """A value on a command line."""
    if isinstance(value, str):
        return value if re.fullmatch(r"[\w./-]+", value) else quote(value)
    return "null" if value is None else str(value).lower()


def _measured(folder: Path) -> set[str]:
    """The metrics of a run that tell of every block."""
    from src.probe.table.layers_csv import read_layers  # torch comes with it

    _check_finished(folder)
    record = read_json(folder / "run.json")
    blocks, count = record.get("adapted", {}).get("blocks", []), record.get("model", {}).get("num_blocks")
    stages = {"base", "change"} if count is None or len(blocks) == count else {"base"}
    rows = read_layers(folder / "layers.csv")
    return {row.metric for row in rows if row.stage in stages and _usable(row.metric, row.stage)}


def demands(folders: Sequence[Path], metric: str) -> list[float]:
    """The demand of every block, summing to 1; of several runs the mean of each one's.

    `fisher_trace` is taken at the base weights, and its root: a gradient norm, so no training is needed.
    Another metric is taken as a change from base to tuned. One of weights belongs to its block. One of
    representations adds up over depth, so a block is given what it adds to the layer before; where the
    change shrinks, nothing. `causal` is no metric: it is what `src.intervene` found each block to carry of
    the gain, nothing where that is below 0.

    Raises:
        UserError: a folder without a finished run, or with a failed or a damaged one.
        DataError: the metric is not there, is no amount of change, lacks a value, is 0 everywhere, or the
            runs have different numbers of blocks.
    """
    profiles = {}
    for folder in folders:
        with as_written(folder):
            profiles[folder] = _demand(folder, metric)
    counts = {folder: len(profile) for folder, profile in profiles.items()}
    if len(set(counts.values())) > 1:
        given = ", ".join(f"{folder.name} {count}" for folder, count in counts.items())
        raise DataError(f"runs: given blocks {given}; accepted: runs of one number of blocks")
    return [sum(values) / len(profiles) for values in zip(*profiles.values(), strict=True)]


def _demand(folder: Path, metric: str) -> list[float]:
    _check_finished(folder)
    values = _carried(folder) if metric == CAUSAL else _values(folder, metric)
    total = sum(values)
    if not total > 0:
        raise DataError(f"{folder.name}: {metric} is 0 at every block; accepted: a metric that changed")
    return [value / total for value in values]


def _carried(folder: Path) -> list[float]:
    """The causal share of every block, at least 0: of the run, or of all runs it was asked together with."""
    from src.analysis.causal_profile import CausalProfile
    from src.analysis.intervened import ABOUT, joint_tables
    from src.config.intervention import FOLDER

    places = [(folder / FOLDER, folder.name), *joint_tables(folder.parent)]
    profiles = [CausalProfile(name, base) for base, name in places]
    asked = [one for one in profiles if (one.folder / ABOUT).is_file() and folder.name in one.about["runs"]]
    if not asked:
        raise DataError(
            f"{folder}: given no causal profile; this measures one: python -m src.intervene {folder}"
        )
    profile = asked[0]
    shares = profile.by_block("logp", "path").set_index("block")["value"].to_dict()
    return [max(float(shares.get(block, 0.0)), 0.0) for block in range(profile.about["num_blocks"])]


def _check_finished(folder: Path) -> None:
    record = folder / "run.json"
    if not record.is_file():
        why = "has not finished" if (folder / "config.yaml").is_file() else "holds no run"
        raise UserError(f"{folder}: {why}; accepted: the folder of a finished run, runs/EXPERIMENT/ID")
    found = read_json(record)
    if found["status"] != "success":
        reason = found.get("error", "no reason recorded")
        raise UserError(f"{folder}: {found['status']} ({reason}); accepted: a finished run")


def _values(folder: Path, metric: str) -> list[float]:
    """One number a block."""
    from src.probe.table.layers_csv import read_layers  # torch comes with it

    rows = read_layers(folder / "layers.csv")
    stage = "base" if metric == GRADIENTS else "change"
    found = {row.layer: row.value for row in rows if row.metric == metric and row.stage == stage}
    if not found:
        names = sorted({row.metric for row in rows if _usable(row.metric, row.stage)})
        there = ", ".join(names) or "none that can be used"
        raise DataError(f"{folder.name}: --by: given {metric}, not measured there; accepted: {there}")
    if not _usable(metric, stage):
        raise DataError(f"--by: given {metric}; accepted: an amount of change, or {GRADIENTS}")
    missing = [layer for layer, value in found.items() if value is None]
    if missing:
        raise DataError(f"{folder.name}: {metric} has no value at layers {missing}; accepted: one at each")
    known = {layer: value for layer, value in found.items() if value is not None}
    if metric == GRADIENTS:
        return [sqrt(known[layer]) for layer in sorted(known)]
    from src.probe.table.block_profile import block_changes

    return [max(change, 0.0) for change in block_changes(known, metric)]


def _usable(metric: str, stage: str) -> bool:
    from src.metrics.catalog import METRICS

    if metric == GRADIENTS:
        return stage == "base"
    return stage == "change" and metric in METRICS and METRICS[metric].change != "none"

"""Runs into arms. Factors: the settings that differ between arms."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, cast

from src.analysis.arms import BAND, KIND, Arm, band_of, control_of, is_null
from src.analysis.runs import Run

FIRST = (
    "model.name", "data.name", "objective.name", "control.name", KIND, BAND, "fidelity", "method.scaling",
    "method.budget", "train.optimizer",
)  # fmt: skip
"""The optimizer stands before its rate: two of them, each at its own rate, are not two rates of one."""
_NO_FACTOR = ("seed", "experiment", "device", "train.checkpoint_steps", "train.activation_checkpointing")
_NO_FACTOR_GROUPS = ("paths", "record", "probe", "metrics", "evaluate", "band")


def settings(run: Run) -> dict[str, str]:
    """What may decide a run's numbers, as text; the order is that of importance."""
    return dict(run.once(_settings))


def _settings(run: Run) -> dict[str, str]:
    found = {key: _text(value) for key, value in run.config.items() if _is_factor(key)}
    if is_null(run) and run.config.get("control.source"):
        found["control.source"] = "a run"  # each draw may have its own
    found[BAND] = band_of(run)
    found |= {key: _text(run.record[key]) for key in ("fidelity",) if key in run.record}
    found |= {f"{key}.name": str(value) for key, value in run.record["choices"].items()
              if key in ("model", "data", "objective")} | {"control.name": control_of(run)}  # fmt: skip
    return {name: found[name] for name in _in_order(tuple(found))}


@cache
def _is_factor(key: str) -> bool:
    return key not in _NO_FACTOR and key.partition(".")[0] not in _NO_FACTOR_GROUPS


@lru_cache(maxsize=1024)
def _in_order(names: tuple[str, ...]) -> list[str]:
    rank = {name: place for place, name in enumerate(FIRST)}
    return sorted(names, key=lambda name: (rank.get(name, len(FIRST)), name))


def factors_of(described: Sequence[Mapping[str, str]]) -> tuple[list[str], list[str]]:
    """The settings that tell arms apart, and those that differ too but follow from them.

    Taken in order; one is left out where those before it already determine it in every run, as the rank that
    a budget gives each band is determined by the band.
    """
    kept: list[str] = []
    follow: list[str] = []
    for name in dict.fromkeys(name for one in described for name in one):
        if len({one.get(name) for one in described}) < 2:
            continue
        seen: dict[tuple[str | None, ...], str | None] = {}
        fixed = all(
            seen.setdefault(tuple(one.get(k) for k in kept), one.get(name)) == one.get(name)
            for one in described
        )
        (follow if fixed and kept else kept).append(name)
    return kept, follow


def group_arms(runs: Sequence[Run]) -> tuple[list[Arm], list[str], list[tuple[Run, str]]]:
    """Arms in order of their factors; the settings that follow from them; runs that fit no arm, and why.

    Within an arm all runs have one model and one set of rows, by content: a run of others is left out, as is
    the older of two runs of one seed. Where the seed of every run is also that of its rows, the rows differ
    within an arm as the seeds do.
    """
    drawn = draw_their_rows(runs)
    described = [settings(run) for run in runs]
    for one in described if drawn else ():
        one.pop("data.seed")
    kept, follow = factors_of(described)
    together: dict[tuple[str, ...], list[Run]] = {}
    for run, one in zip(runs, described, strict=True):
        together.setdefault(tuple(one.get(name, "-") for name in kept), []).append(run)
    arms, left_out = [], []
    for values in sorted(together):
        alike, others = _alike(together[values], rows=not drawn)
        arm, older = _by_seed(dict(zip(kept, values, strict=True)), alike)
        arms.append(arm)
        left_out += others + older
    return arms, follow, left_out


def draw_their_rows(runs: Sequence[Run]) -> bool:
    """Whether the seed of every run is also that of its rows, and there are several."""
    alone = all(run.config.get("data.seed") == run.seed for run in runs)
    return alone and len({run.seed for run in runs}) > 1


def _alike(runs: list[Run], rows: bool) -> tuple[list[Run], list[tuple[Run, str]]]:
    """Those with the content that most of them have, and the others."""
    content = {run.name: _content(run.record, rows) for run in runs}
    (most, _), *_ = Counter(content.values()).most_common(1)
    names = ("model weights", "data rows")
    others = [
        (run, "other " + " and ".join(
            name for name, mine, theirs in zip(names, content[run.name], most, strict=True) if mine != theirs
        ) + " (by fingerprint) than most runs of its arm")
        for run in runs if content[run.name] != most
    ]  # fmt: skip
    return [run for run in runs if content[run.name] == most], others


def _content(record: dict[str, Any], rows: bool) -> tuple[Any, Any]:
    data = record.get("data", {}).get("fingerprint") if rows else None
    return record.get("model", {}).get("fingerprint"), data


def _by_seed(factors: dict[str, str], runs: list[Run]) -> tuple[Arm, list[tuple[Run, str]]]:
    arm, older = Arm(factors), []
    for run in sorted(runs, key=lambda run: str(run.record.get("written", ""))):
        seed = cast(int, run.seed)  # None of a comparison of checkpoints alone, whose arm has this one run
        if seed in arm.runs:
            before = arm.runs[seed]
            older.append((before, f"same arm and seed as {run.name}, which is newer"))
        arm.runs[seed] = run
    return arm, older


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)

"""What a finished run must have to belong to an arm."""

from collections.abc import Mapping
from typing import Any

_NEEDED = {
    "choices": ("method", "band"), "git": ("commit", "dirty"), "hardware": ("processor", "threads", "device"),
    "model": (),
}  # fmt: skip
"""What every section takes for granted in a record."""
_GROUPS = ("model", "method", "band", "objective", "control", "data", "train")
"""The groups of config.yaml that tell arms apart."""
_PAIR = "pair"
"""A comparison of two checkpoints: its config has none of these groups."""


def lacking(record: Mapping[str, Any]) -> str | None:
    """The keys that a record lacks, in one line; None where it has all that is needed."""
    found = [] if isinstance(record.get("seed"), int) else ["seed"]
    for key, names in _NEEDED.items():
        held = record.get(key)
        found += (
            [key] if not isinstance(held, dict) else [f"{key}.{name}" for name in names if name not in held]
        )
    return f"run.json lacks {', '.join(found)}" if found else None


def other_choices(choices: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """A line where config.yaml and run.json do not name the same choices.

    A config.yaml that was cut off between two lines is YAML: what it lost would pass for another setting.
    """
    groups = [group for group in _GROUPS if group in choices and choices["method"] != _PAIR]
    other = [group for group in groups if config.get(f"{group}.name") != choices[group]]
    return [f"config.yaml has not the choice of run.json for {', '.join(other)}"] if other else []

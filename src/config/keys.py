"""How a key enters the id of a run: declared where the key is, so that no change renames a finished run.

A key without more is hashed under its name. Who adds a key to a group that runs have had before says its
neutral value, the one at which every number is as it was without the key:

    dropout_of_states: float = declare(neutral=0.0)

There it is left out of the id, and it is what a file without the key means. A key that is renamed says what
it was called first (`was`), a value of it likewise (`values_were`): they go on being hashed under that name,
and whoever still writes it is understood (src/config/renamed.py). A key that decides no number, or that leads
to content with a fingerprint of its own, has `hashed=False`.

What a key accepts by itself is declared with it too: `settle` (src/config/places.py) refuses all else. What
keys cannot be together, their group refuses.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import MISSING, field, fields, is_dataclass
from typing import Any

PATH, NAME = "path", "name"


def declare(
    *,
    neutral: Any = MISSING,
    hashed: bool = True,
    was: str | None = None,
    values_were: Mapping[str, str] | None = None,
    place: str | None = None,
    among: tuple[str | None, ...] | None = None,
    least: float | None = None,
    positive: bool = False,
    share: bool = False,
) -> Any:
    """A field of a config's dataclass.

    Args:
        neutral: of a new key; also its default.
        hashed: whether the key is part of an id.
        was: its first name, where it has been renamed.
        values_were: the first name of each value that has been renamed.
        place: PATH or NAME of a key whose value becomes a path, or a part of one (src/config/places.py).
        among: the values that are accepted. Null is accepted of every key that can be null.
        least: the smallest number that is.
        positive: whether it must be a number above 0.
        share: whether it must be a share above 0 and below 1.
    """
    told: dict[str, Any] = {
        "hashed": hashed,
        "was": was,
        "values_were": dict(values_were or {}),
        "place": place,
    }
    told |= {"among": among, "least": least, "positive": positive, "share": share}
    if neutral is MISSING:
        return field(metadata=told)
    told |= {"neutral": neutral}
    return field(default_factory=lambda: deepcopy(neutral), kw_only=True, metadata=told)


def hashed_keys(
    section: Any, of: type | None = None, every: bool = False, inside: Callable[[Any], Any] | None = None
) -> dict[str, Any]:
    """The keys of a section that enter an id, by the names that they are hashed under.

    Args:
        section: a dataclass of this package; of the sections inside it every key enters.
        of: a dataclass that the section builds on; its keys alone.
        every: also those that enter no id by themselves.
        inside: what becomes of a section inside it, in place of every key of it.
    """
    found = {}
    for one in fields(of or section):
        value, told = getattr(section, one.name), one.metadata
        if not (every or told.get("hashed", True)) or ("neutral" in told and value == told["neutral"]):
            continue
        first = (
            told.get("values_were", {}).get(value, value) if isinstance(value, str) else _plain(value, inside)
        )
        found[told.get("was") or one.name] = first
    return found


def _plain(value: Any, inside: Callable[[Any], Any] | None) -> Any:
    if is_dataclass(value):
        return hashed_keys(value, every=True) if inside is None else inside(value)
    return {name: _plain(each, inside) for name, each in value.items()} if isinstance(value, dict) else value

"""Keys and values by an earlier name are read for this version, with one line that names the new one.

The names stand where the keys are declared (`was`, `values_were`).
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import Field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from omegaconf import OmegaConf

from src.config.convert import as_dict
from src.config.schema import RunConfig

_LOG = logging.getLogger(__name__)
_TOLD: set[str] = set()
Names = dict[str, str]


def rename_overrides(lines: Sequence[str]) -> list[str]:
    """Overrides as a command line has them, `train.accumulation=4`, by the present names."""
    return [_renamed_line(line) for line in lines]


def rename_keys(values: dict[str, Any], given: Sequence[str] = (), quiet: bool = False) -> dict[str, Any]:
    """The same configuration by the present names.

    Args:
        values: nested, as a file or Hydra's composition has it; not changed.
        given: overrides that were given beside the files: what they set by its new name counts.
        quiet: say nothing, for what finished runs left.
    """
    set_anew = {re.sub(r"^[+~]+", "", line).partition("=")[0] for line in given}
    for old, new in _keys().items():
        group, _, name = old.partition(".")
        section = values.get(group)
        if not isinstance(section, dict) or name not in section:
            continue
        section = dict(section)
        found, now = section.pop(name), new.partition(".")[2]
        if new not in set_anew:
            both = isinstance(found, dict) and isinstance(section.get(now), dict)
            section[now] = section[now] | found if both else found
        values = values | {group: section}
        _tell(old, new, quiet)
    for (group, name), words in _values().items():
        section = values.get(group)
        if isinstance(section, dict) and section.get(name) in words:
            old = section[name]
            values = values | {group: section | {name: words[old]}}
            _tell(f"{group}.{name}={old}", f"{group}.{name}={words[old]}", quiet)
    return _with_tasks(values, quiet)


def _with_tasks(values: dict[str, Any], quiet: bool) -> dict[str, Any]:
    """The data of each retention task have the keys of the group data."""
    evaluate = values.get("evaluate")
    if not isinstance(evaluate, dict) or not isinstance(tasks := evaluate.get("retention_tasks"), dict):
        return values
    own = {name: rename_keys({"data": data}, quiet=quiet)["data"] for name, data in tasks.items()}
    return values | {"evaluate": evaluate | {"retention_tasks": own}}


def read_config(path: Path) -> dict[str, Any]:
    """The config.yaml of a run, whatever its version called the keys."""
    return rename_keys(as_dict(OmegaConf.load(path)), quiet=True)


def _renamed_line(line: str) -> str:
    key, sign, value = line.partition("=")
    for old, new in _keys().items():
        found = re.sub(rf"(^|[+~@:]){re.escape(old)}(?=$|[.@])", rf"\g<1>{new}", key)
        if found != key:
            _tell(old, new)
            key = found
    words = _values().get(tuple(key.lstrip("+").split(".")), {})
    if value in words:
        _tell(f"{key}={value}", f"{key}={words[value]}")
        value = words[value]
    return key + sign + value


def _tell(old: str, new: str, quiet: bool = False) -> None:
    if not quiet and old not in _TOLD:
        _TOLD.add(old)
        _LOG.warning("%s is called %s now; the old name is read for this version", old, new)


@cache
def _keys() -> Names:
    """Old name to new name, both with their group."""
    return {f"{group}.{one.metadata['was']}": f"{group}.{one.name}" for group, one in _declared("was")}


@cache
def _values() -> dict[tuple[str, ...], Names]:
    """By group and key, old value to new value."""
    found = _declared("values_were")
    return {
        (group, one.name): {old: new for new, old in one.metadata["values_were"].items()}
        for group, one in found
    }


def _declared(what: str) -> Iterator[tuple[str, Field]]:
    for group, section in get_type_hints(RunConfig).items():
        for one in fields(section) if is_dataclass(section) else ():
            if one.metadata.get(what):
                yield group, one

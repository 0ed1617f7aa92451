"""An error of Hydra or OmegaConf as a person reads it: the key, what was given, what is accepted."""

import difflib
import re
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, MissingMandatoryValue, OmegaConf, ValidationError
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException

from src.command.presets import CONF
from src.config.schema import RunConfig

CONFIG_ERRORS = (HydraException, OmegaConfBaseException)


def one_line(error: Exception, schema: type = RunConfig) -> str:
    """What a person needs to know of an error that Hydra or OmegaConf raised while composing."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options is not None:
        group, _, choice = error.missing_cfg_file.rpartition("/")
        options = sorted(option for option in error.options if not option.startswith("_"))
        return f"{group}: given {choice!r}; accepted: {', '.join(options)}"
    text = " ".join(str(error).split())
    unknown = re.search(r"Could not (?:override|append|delete) '([^']+)'", text)
    if unknown:
        given = re.search(r"use \+[^=]+=(\S+)", text)
        return _unknown_key(unknown.group(1).split("@")[0], given.group(1) if given else "", schema)
    merging = re.match(r"Error merging override ([\w.]+)=(.*)$", text)
    if merging:
        return (
            f"{merging.group(1)}: given {merging.group(2)}; accepted: {_type_name(merging.group(1), schema)}"
        )
    return text


def explained(error: OmegaConfBaseException, composed: DictConfig, schema: type) -> str:
    """Name the key, what was given, and what is accepted."""
    key = error.full_key or ""
    if isinstance(error, ConfigKeyError):
        return _unknown_key(key, OmegaConf.select(composed, key, throw_on_missing=False), schema)
    if isinstance(error, MissingMandatoryValue):
        accepted = _type_name(key, schema)
        return f"{key or error.key}: given nothing; accepted: {accepted}; set it on the command line"
    if isinstance(error, ValidationError):
        given = OmegaConf.select(composed, key, throw_on_missing=False)
        return f"{key}: given {given!r}; accepted: {_type_name(key, schema)}"
    return " ".join(str(error).split())


def _unknown_key(key: str, given: Any, schema: type) -> str:
    """The sentence for a key that is not in the schema, with the nearest one that is."""
    parent, _, name = key.rpartition(".")
    section = _section(parent, schema)
    if section is None:
        return _unknown_key(parent, given, schema)
    accepted = [field.name for field in fields(section)]
    if not parent:
        groups = (path.name for path in CONF.iterdir() if path.is_dir() and path.name != "reference")
        accepted += [name for name in groups if name not in accepted]
    near = difflib.get_close_matches(name, accepted, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    place = f"keys of {parent}" if parent else "keys"
    return f"{key}: given {given!r}, but there is no such key{hint}; accepted {place}: {', '.join(accepted)}"


def _section(path: str, schema: type) -> type | None:
    """The dataclass that a dotted key leads to, None if it leads elsewhere."""
    section: Any = schema
    for name in filter(None, path.split(".")):
        section = get_type_hints(section).get(name) if is_dataclass(section) else None
    return section if isinstance(section, type) and is_dataclass(section) else None


def _type_name(key: str, schema: type) -> str:
    """How a person reads the type of a key: `int or null`."""
    parent, _, name = key.rpartition(".")
    section = _section(parent, schema)
    hint = get_type_hints(section).get(name) if section else None
    if hint is None:
        return "a value"
    text = hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__args__") else str(hint)
    return text.replace("typing.", "").replace(" | None", " or null").replace("| None", "or null")

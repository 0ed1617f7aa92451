"""One rule for every key whose value becomes a path or a part of one; declared as `place=PATH` or `NAME`.

A PATH is what the shell would take: `~` is the home folder, `$HOME` a variable, any letter and sign may be
in it. A NAME is a part of a path that we make. On a command line both stand for themselves: Hydra's grammar
alone would read `true` as a truth, and neither a ü nor a second = at all.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from src.config.keys import NAME
from src.config.rules import check_value, refuse

LONGEST_NAME, LONGEST_BYTES = 100, 200
_SHORT = f"at most {LONGEST_NAME} characters, {LONGEST_BYTES} bytes in all"
_PART_BYTES, _PATH_BYTES = 255, 4000  # of a path, what file systems take
_MEANT = re.compile(r"(null|\?\?\?|['\"\[].*|\w+\(.*\)|.*\$\{.*)?", re.DOTALL)
"""Values that are Hydra's: nothing, quoted, a list, a function of a sweep, an interpolation."""


def settle(section: Any, group: str = "") -> None:
    """Expand `~` in the paths of a section, and refuse what its keys are not declared to accept.

    Args:
        section: a dataclass of the configuration; its keys are changed in place.
        group: its name, for the error.
    """
    for one in fields(section):
        value = getattr(section, one.name)
        if value is None:
            continue
        key, place = f"{group}.{one.name}" if group else one.name, one.metadata.get("place")
        check_value(key, value, one.metadata)
        if place == NAME:
            check_name(key, value)
        elif place is not None:
            setattr(section, one.name, _path(key, value))


def check_name(key: str, *given: str) -> None:
    """Refuse a name that could not be a part of a path.

    Several are judged as the one name that they will be together.
    """
    whole = "-".join(given)
    plain = all(re.fullmatch(r"\w[\w.-]*", name) and ".." not in name for name in given)
    if not plain or any(len(name) > LONGEST_NAME for name in given) or len(whole.encode()) > LONGEST_BYTES:
        accepted = f"letters, digits, '.', '_' and '-', a letter or a digit first, no '..', {_SHORT}"
        refuse(key, _shown(whole), accepted)


def literal(lines: Sequence[str], *schemas: type) -> list[str]:
    """Overrides, with the values of such keys quoted where they are no grammar of Hydra.

    A comma separates several values, but in the name of something that is there.
    """
    known = {key for schema in schemas for key, _ in placed(schema)}
    return [_quoted(line) if line.partition("=")[0].lstrip("+") in known else line for line in lines]


@cache
def placed(schema: type, group: str = "") -> tuple[tuple[str, str], ...]:
    """Every such key of a schema, dotted, and whether it is a PATH or a NAME."""
    return tuple(_placed(schema, group))


def _placed(schema: type, group: str) -> Iterator[tuple[str, str]]:
    for one in fields(schema):
        if is_dataclass(one.type):
            yield from placed(one.type, f"{group}{one.name}.")  # type: ignore[arg-type]  # a class, no instance
        elif one.metadata.get("place"):
            yield group + one.name, one.metadata["place"]


def _path(key: str, given: str) -> str:
    """The path that is meant; ConfigError where no file system has one."""
    path = expanded(given)
    parts = [len(os.fsencode(part)) for part in path.split("/")]
    if not path or "\0" in path or max(parts) > _PART_BYTES or sum(parts) > _PATH_BYTES:
        refuse(key, _shown(given), f"a path, of parts of at most {_PART_BYTES} bytes, {_PATH_BYTES} in all")
    return path


def expanded(text: str) -> str:
    """A path with `~` and variables of the environment in place, as in a shell; one that is there stays."""
    path = os.path.expanduser(text)
    return path if os.path.lexists(path) else os.path.expandvars(path)


def _shown(given: str) -> str:
    return given if len(given) <= LONGEST_NAME else f"{given[:40]}... ({len(given)} characters)"


def _quoted(line: str) -> str:
    key, _, value = line.partition("=")
    one = os.path.exists(expanded(value))
    parts = [value] if one else value.split(",")
    if _MEANT.fullmatch(value) and not one:
        return line
    return key + "=" + ",".join(part if _MEANT.fullmatch(part) and not one else quote(part) for part in parts)


def quote(text: str) -> str:
    """As a quoted value of Hydra, in which a backslash counts only before a quote."""
    return "'" + re.sub(r"(\\*)('|\Z)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), text) + "'"

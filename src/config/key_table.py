"""The keys of `conf/` as tables, made of the dataclasses: the string below a key says what it means.

It may end in the unit of the key in square brackets, `[tokens]`; a number without one has `[no unit]`.
"""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Any, get_args, get_type_hints

_UNIT = re.compile(r"\s*\[([^\[\]]+)\]$")
_HEAD = ("| key | type | default | unit | meaning |", "| :-- | :-- | :-- | :-- | :-- |")
_LONGEST = 60  # characters of a default


@dataclass(frozen=True)
class Key:
    """One key of the configuration."""

    path: str
    """Dotted, as on the command line."""
    type: str
    """As a person reads it: `int or null`."""
    default: str
    """What a command without arguments composes, as JSON."""
    unit: str
    """Empty where the code says none."""
    meaning: str
    """Empty where the code says nothing."""


def keys_of(schema: type, defaults: Mapping[str, Any], path: str = "") -> Iterator[Key]:
    """All keys of a dataclass in the order of its fields, those of the sections inside it in their place.

    Args:
        schema: the dataclass of a command's configuration, or of a section.
        defaults: the composed values, "???" where one must be given.
        path: of the section, with a dot at its end.
    """
    told, hints = _docstrings(schema), get_type_hints(schema)
    for one in fields(schema):  # a key that the chosen file lacks has its neutral value
        name = one.name
        value, section = defaults.get(name, one.metadata.get("neutral")), _section(hints[name])
        if section is not None:
            yield from keys_of(section, value if isinstance(value, Mapping) else {}, f"{path}{name}.")
            continue
        meaning = told.get(name, "")
        unit = _UNIT.search(meaning)
        rest = _UNIT.sub("", meaning)
        yield Key(path + name, type_name(hints[name]), _json(value), unit[1] if unit else "", rest)


def type_name(hint: Any) -> str:
    """How a person reads a type: `int or null`."""
    text = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", text).replace(" | None", " or null")


def key_table(keys: list[Key]) -> str:
    """The keys as a Markdown table."""
    return "\n".join([*_HEAD, *map(_row, keys)])


def _row(key: Key) -> str:
    unit = "-" if key.unit in ("", "no unit") else key.unit
    cells = (f"`{key.path}`", key.type, f"`{key.default}`", unit, key.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _json(value: Any) -> str:
    """A default in one line, cut off where it is long."""
    plain = isinstance(value, str) and value.isprintable()
    text = value if plain and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _section(hint: Any) -> type | None:
    """The dataclass that a key holds, be it optional; None for a plain key."""
    found = [one for one in (hint, *get_args(hint)) if is_dataclass(one) and isinstance(one, type)]
    return found[0] if found and getattr(hint, "__origin__", None) is None else None


def _docstrings(schema: type) -> dict[str, str]:
    """The string below each field, in one line; of an inherited field that of the class that has it."""
    found: dict[str, str] = {}
    for of in reversed([one for one in schema.__mro__ if is_dataclass(one)]):
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(of))).body
        for pair in pairwise(tree.body if isinstance(tree, ast.ClassDef) else []):
            match pair:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name] = " ".join(text.split())
    return found

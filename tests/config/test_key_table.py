"""conf/README.md tells every group, every choice and every key."""

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import pytest

from src.command.compose import CONF
from src.config.key_table import Key, key_table, keys_of, type_name
from src.config.schema import RunConfig
from src.pages import PAGE, START, generated

KEYS = list(keys_of(RunConfig, {}))
GROUPS = sorted({path.parent for path in CONF.rglob("[!_]*.yaml")} - {CONF, CONF / "local"})


@dataclass
class Inner:
    rate: float | None
    """How fast,
    in all. [rows a second]"""
    texts: dict[str, list[str]]


@dataclass
class Older:
    plain: int
    """Of before. [no unit]"""


@dataclass
class Outer(Older):
    inner: Inner | None
    many: dict[str, Inner]
    """Some | others."""
    wide: str


def test_the_tables_are_up_to_date():
    assert PAGE.read_text().partition(START)[2].strip() == generated().strip(), "run python -m src.pages"


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_a_key_says_what_it_means_and_a_number_its_unit(key):
    assert key.meaning.endswith("."), "a docstring below the field"
    if re.search(r"\b(int|float)\b", key.type):
        assert key.unit, "a number ends its docstring with its unit: [tokens], [no unit]"


@pytest.mark.parametrize("folder", GROUPS, ids=lambda folder: folder.name)
def test_every_group_and_choice_is_named(folder):
    group = str(folder.relative_to(CONF))
    told = PAGE.read_text().partition(START)[0]
    (row,) = re.findall(rf"^\| `{group}` \| (.*) \|$", told, re.M)
    named = re.findall(r"`([^`]+)`", row)
    for path in folder.glob("[!_]*.yaml"):
        assert any(fnmatch(path.stem, name) for name in named), path.stem


def test_a_key_is_read_from_its_dataclass():
    values: dict[str, Any] = {"plain": 3, "inner": {"rate": 0.5}, "many": {}, "wide": "x" * 70}
    assert list(keys_of(Outer, values)) == [
        Key("plain", "int", "3", "no unit", "Of before."),
        Key("inner.rate", "float or null", "0.5", "rows a second", "How fast, in all."),
        Key("inner.texts", "dict[str, list[str]]", "null", "", ""),
        Key("many", "dict[str, Inner]", "{}", "", "Some | others."),
        Key("wide", "str", "x" * 60 + "…", "", ""),
    ]


def test_a_line_break_or_a_bar_does_not_break_the_table():
    keys = [Key("a", "str", r'["\n"]', "", "Some | others.")]
    assert key_table(keys).splitlines()[2:] == [r'| `a` | str | `["\n"]` | - | Some \| others. |']


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        (int, "int"),
        (int | None, "int or null"),
        (list[str], "list[str]"),
        (dict[str, Any] | None, "dict[str, Any] or null"),
    ],
)
def test_a_type_is_read_as_a_person_says_it(hint, told):
    assert type_name(hint) == told

"""Checks of a key's value, and the sentence a person reads when it was given another."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Any, NoReturn

from src.errors import ConfigError

DTYPES = ("float32", "bfloat16", "float16")
SUPERVISE = ("completion", "all")
TOKEN_SETS = ("all", "no_first", "no_massive")
DIMENSIONS = ("plain", "standardised")
ENTROPY_NORMALISATIONS = ("maxEntropy", "logN", "logD", "logNlogD", "raw")
DEVICES = ("auto", "cpu", "cuda")


LONGEST_SHOWN = 400


def refuse(key: str, given: Any, accepted: str) -> NoReturn:
    """Raise a ConfigError that names the key, what was given and what is accepted."""
    shown = repr(given)
    shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:40]}... ({len(shown)} characters)"
    raise ConfigError(f"{key}: given {shown}; accepted: {accepted}")


def require(key: str, given: Any, accepted: tuple[str | None, ...]) -> None:
    """Refuse a value outside a list; None in the list is shown as null."""
    if given not in accepted:
        refuse(key, given, ", ".join("null" if one is None else one for one in accepted))


def check_at_least(key: str, given: float, least: float) -> None:
    """Refuse a number below `least`, NaN and what no 64 bits hold included."""
    if not least <= given < _above(given):
        refuse(key, given, f"a number of at least {least}" + ", below 2^63" * (given >= least))


def check_positive(key: str, given: float) -> None:
    """Refuse zero, negative numbers, infinity, NaN and what no 64 bits hold."""
    if not 0 < given < _above(given):
        refuse(key, given, "a number above 0" + ", below 2^63" * (given > 0))


def _above(given: float) -> float:
    """What numbers of this kind stay below."""
    return math.inf if isinstance(given, float) else 2**63


def check_share(key: str, given: float) -> None:
    """Refuse none of a whole, all of it, and what is no share of it."""
    if not 0 < given < 1:
        refuse(key, given, "a share above 0 and below 1")


def check_value(key: str, given: Any, told: Mapping[str, Any]) -> None:
    """Refuse what a key is not declared to accept; `told`: its declaration (src/config/keys.py)."""
    if told.get("among") is not None:
        require(key, given, told["among"])
    if told.get("least") is not None:
        check_at_least(key, given, told["least"])
    if told.get("positive"):
        check_positive(key, given)
    if told.get("share"):
        check_share(key, given)


def check_fraction(key: str, given: float) -> None:
    """Refuse what is not a fraction of depth."""
    if not 0 <= given <= 1:
        refuse(key, given, "a fraction of depth from 0 (input) to 1 (output)")


def check_pattern(key: str, given: str) -> None:
    """Refuse a regular expression that does not compile or has not exactly one group."""
    try:
        groups = re.compile(given).groups
    except re.error as error:
        refuse(key, given, f"a regular expression ({error})")
    if groups != 1:
        refuse(key, given, "a regular expression with one group around the answer")


def template_fields(template: str) -> list[str]:
    """Names of the fields of a template, each once; `choices[0]` is a name of its own.

    Raises:
        ValueError: the braces cannot be read.
    """
    return list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name is not None))


def check_template(key: str, given: str, fields: list[str]) -> None:
    """Refuse a text template that uses a field the rows need not have; `name[0]` is a part of a list."""
    try:
        used = template_fields(given)
    except ValueError as error:
        refuse(key, given, f"a template with fields in braces ({error})")
    for name in used:
        if name.split("[")[0] not in fields:
            refuse(key, given, "a template over the fields " + ", ".join(fields))


def same_file(first: str, second: str | None) -> bool:
    """Whether two paths lead to one file."""
    return second is not None and Path(first).resolve() == Path(second).resolve()

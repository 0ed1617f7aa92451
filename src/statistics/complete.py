"""What several values, of which some may be missing or alike, come to together."""

from collections.abc import Iterable
from typing import TypeVar

Value = TypeVar("Value")


def complete(values: Iterable[Value | None]) -> list[Value] | None:
    """The values, or None where one is missing: no sum is taken over what happens to be there."""
    found = list(values)
    known = [value for value in found if value is not None]
    return known if len(known) == len(found) else None


def shared(values: Iterable[Value]) -> Value | None:
    """The one value of all, or None."""
    different = set(values)
    return different.pop() if len(different) == 1 else None

"""Whether two tables hold the same numbers, where another processor may round the last digits otherwise."""

import csv
import io
import math
import re

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""Sums of float64 in another order differ by less; a change of a method by far more."""
_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])", re.IGNORECASE)


def same_numbers(first: bytes, second: bytes, name: str) -> bool:
    """Whether two contents of a file differ in nothing but the last digits of their numbers.

    Args:
        first: one content.
        second: the other.
        name: of the file. Cells of a .csv are held against each other in float64; the numbers of another text
            by their last digit, which may be off by one: a tie of rounding falls either way.
    """
    if first == second:
        return True
    one, other = first.decode("utf-8"), second.decode("utf-8")
    return _same_cells(one, other) if name.endswith(".csv") else _same_text(one, other)


def _same_cells(first: str, second: str) -> bool:
    rows = [list(csv.reader(io.StringIO(text))) for text in (first, second)]
    return len(rows[0]) == len(rows[1]) and all(
        len(one) == len(other) and all(map(_close, one, other)) for one, other in zip(*rows, strict=True)
    )


def _close(first: str, second: str) -> bool:
    if first == second:
        return True
    try:
        return math.isclose(float(first), float(second), rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    except ValueError:
        return False


def _same_text(first: str, second: str) -> bool:
    """The text between the numbers, then the numbers as they are shown."""
    if _NUMBER.sub("#", first) != _NUMBER.sub("#", second):
        return False
    return all(map(_one_digit, _NUMBER.findall(first), _NUMBER.findall(second)))


def _one_digit(first: str, second: str) -> bool:
    if first == second:
        return True
    if "." not in first or "e" in (first + second).lower():  # counts and powers are not rounded
        return False
    one, other = (text.replace("−", "-") for text in (first, second))
    places = [len(text.partition(".")[2]) for text in (one, other)]
    return places[0] == places[1] and abs(float(one) - float(other)) <= 1.001 * 10 ** -places[0]

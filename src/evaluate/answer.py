"""When an answer is right. lm-eval calls `process_results` by its name, once an item."""

import re
from typing import Any

from src.config.evaluate import EXACT_MATCH as METRIC

NO_ANSWER = ""  # what lm-eval's filter hands over when the pattern matches nothing

_NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d*)?|[-+]?\.\d+")


def last_answer(pattern: str, text: str) -> str | None:
    """The last match of a pattern with one group: a text that computes ends with its result."""
    found = re.findall(pattern, text)
    return found[-1].strip() or None if found else None


def normalise(answer: str) -> str:
    """One spelling for one answer.

    A number loses the commas between its digits, a plus, zeros behind the last decimal and in front:
    "1,000", "1000." and "1000.0" are one answer. Other text loses only white space at its ends.
    """
    text = answer.strip()
    if not _NUMBER.fullmatch(text):
        return text
    whole, _, decimals = text.replace(",", "").lstrip("+-").partition(".")
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    number = f"{whole}.{decimals}" if decimals else whole
    return f"-{number}" if text.startswith("-") and number != "0" else number


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Exact match of the extracted answer with the target, 1.0 or 0.0; a target is never NO_ANSWER."""
    return {METRIC: float(normalise(results[0]) == normalise(doc["target"]))}

"""What a person is shown of a value in a record that cannot be used."""

import re
import reprlib
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def shown(value: Any) -> str:
    """A value, short enough for one line."""
    text = " ".join(printable(reprlib.repr(value)).split())  # as deep and long as a line allows
    return text if len(text) <= 60 else text[:57] + "..."


def printable(text: str) -> str:
    """A text that can be printed: half characters as their escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def half_character(text: str) -> str | None:
    """The escape of the first half of a character in a text, which no tokenizer takes; or None."""
    found = _SURROGATE.search(text)
    return None if found is None else f"\\u{ord(found[0]):04x}"

"""Reading config.yaml of many runs: a section that several of them have, word for word, is parsed once."""

import re
from functools import lru_cache
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there
_SECTION = re.compile(r"^(?=[A-Za-z_])", re.MULTILINE)


def by_sections(text: str) -> Any:
    """What yaml.load makes of a text; nobody changes it, because others share its sections.

    Raises:
        YAMLError: it is no YAML.
    """
    head, *sections = _SECTION.split(text)
    try:
        parsed = [_parsed(section) for section in sections]
    except yaml.YAMLError:  # such as a name that is explained in another section
        parsed = []
    if head.strip() or not parsed or not all(isinstance(one, dict) and len(one) == 1 for one in parsed):
        return yaml.load(text, _LOADER)
    return {key: value for one in parsed for key, value in one.items()}


def flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested keys joined by dots, behind a prefix; a list is one value."""
    found = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found


@lru_cache(maxsize=4096)
def _parsed(section: str) -> Any:
    return yaml.load(section, _LOADER)

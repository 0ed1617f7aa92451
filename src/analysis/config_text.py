"""Reading config.yaml of many runs: a section that several of them have, word for word, is parsed once."""

import re
from functools import lru_cache
from typing import Any

import yaml

from src.config.renamed import rename_keys

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there
_SECTION = re.compile(r"^(?=[A-Za-z_])", re.MULTILINE)


def by_sections(text: str) -> Any:
    """What yaml.load makes of a text; nobody changes it, because others share its sections.

    Raises:
        YAMLError: it is no YAML.
    """
    first, *others = (_parsed(one) for one in _sections(text))
    return {key: value for one in (first, *others) for key, value in one.items()} if others else first


def flat_config(text: str) -> dict[str, Any] | None:
    """A config.yaml by the present names, flat: {"method.scaling": "rslora"}; None where it is no mapping.

    Raises:
        YAMLError: it is no YAML.
    """
    sections = _sections(text)
    if not isinstance(_parsed(sections[0]), dict):
        return None
    return {key: value for one in sections for key, value in _flat(one).items()}


def _sections(text: str) -> list[str]:
    """The text of every section; the whole text where its parts alone would say something else."""
    head, *sections = _SECTION.split(text)
    try:
        parsed = [_parsed(section) for section in sections]
    except yaml.YAMLError:  # such as a name that is explained in another section
        parsed = []
    single = all(isinstance(one, dict) and len(one) == 1 for one in parsed)
    alone = single and len({key for one in parsed for key in one}) == len(parsed)
    return sections if parsed and alone and not head.strip() else [text]


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


@lru_cache(maxsize=4096)
def _flat(section: str) -> dict[str, Any]:
    return dict(flat(rename_keys(_parsed(section), quiet=True)))

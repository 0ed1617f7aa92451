"""A key that nothing reads is a promise that nobody keeps."""

import re
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest

from src.compose import CONF
from src.config.schema import RunConfig

SOURCES = [path for path in (CONF.parent / "src").rglob("*.py") if path.name != "schema.py"]
TEXT = "\n".join(path.read_text() for path in SOURCES)
KEYS = [
    (section.__name__, field.name)
    for section in {RunConfig, *filter(is_dataclass, get_type_hints(RunConfig).values())}
    for field in fields(section)
]


@pytest.mark.parametrize(("section", "key"), sorted(KEYS))
def test_every_key_is_read_somewhere(section, key):
    own = (CONF.parent / "src" / "config" / "schema.py").read_text()
    used_in_schema = (
        key in ("id", "variants", "variant") and section == "ModelConfig" and "def resolved_id" in own
    )
    assert used_in_schema or re.search(rf"\.{key}\b", TEXT), f"{section}.{key}"

"""A key that nothing reads is a promise that nobody keeps."""

import re
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import pytest

from src.command.compose import CONF
from src.config.pair import PairConfig
from src.config.schema import RunConfig

SOURCES = [path for path in (CONF.parent / "src").rglob("*.py") if path.parent.name != "config"]
TEXT = "\n".join(path.read_text() for path in SOURCES)
BEHIND_A_PROPERTY = {("ModelConfig", key) for key in ("id", "variant", "variants")}  # resolved_id
SECTIONS = {RunConfig, PairConfig, *filter(is_dataclass, get_type_hints(RunConfig).values())}
KEYS = {
    (section.__name__, field.name) for section in SECTIONS for field in fields(section)
} - BEHIND_A_PROPERTY


@pytest.mark.parametrize(("section", "key"), sorted(KEYS))
def test_every_key_is_read_somewhere(section, key):
    assert re.search(rf"\.{key}\b", TEXT), f"{section}.{key}"


def test_an_id_is_read_through_the_variants(make_config):
    model = make_config("model=olmo2_7b", "model.variant=dpo").model
    assert model.resolved_id == model.variants["dpo"] != model.id
    assert make_config("model=hf", "model.id=a/b").model.resolved_id == "a/b"

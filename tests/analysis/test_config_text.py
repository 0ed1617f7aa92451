"""config.yaml read section by section is what YAML says it is."""

import pytest
import yaml

from src.analysis.config_text import by_sections, flat_config

WHOLE = """\
seed: 0
model:
  name: tiny
  sizes:
    width: 16
names:
- a
- 'b: c'
text: |
  method:
    rank: 3
rate: 1e-05
"""


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"---\n{WHOLE}",
        f"# a comment\n{WHOLE}",
        "a: &shared {x: 1}\nb: *shared\n",
        'a: "two\nlines: of one text"\n',
        "- a\n- b\n",
        "only words",
        "",
        "seed: 0\nseed: 1\n",
    ],
)
def test_it_is_what_yaml_says(text):
    assert by_sections(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: [1, 2", "a: b: c", "a: {x: 1\nb: 2"])
def test_what_is_no_yaml_is_said_to_be_none(text):
    with pytest.raises(yaml.YAMLError):
        by_sections(text)


def test_keys_are_joined_and_a_section_that_stands_twice_is_the_last_one():
    found = flat_config(WHOLE)
    assert list(found) == ["seed", "model.name", "model.sizes.width", "names", "text", "rate"]
    assert found["model.sizes.width"] == 16 and found["names"] == ["a", "b: c"]
    assert flat_config("model: {a: 1}\nmodel: {b: 2}\n") == {"model.b": 2}
    earlier = flat_config("train:\n  accumulation: 4\n")
    assert earlier == {"train.gradient_accumulation_steps": 4}
    assert flat_config("- a\n") is None and flat_config("") is None

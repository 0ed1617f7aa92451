"""A run says first what nobody chose: its rows, its scores, and where the published setting is."""

import pytest

from src.command.announcement import announcement


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (
            ["model=olmo2_7b", "method=midblock", "train.max_steps=7"],
            "olmo2_7b: midblock on band mid trains 7 steps on arithmetic (generated: chain_sum); scores heldout; "
            "the published setting of this model is preset=band_study_olmo2_7b",
        ),
        (
            ["model=tiny_llama", "data=gsm8k", "data.path=rows.jsonl", "evaluate=none", "train.max_steps=7"],
            "tiny_llama: lora on band whole trains 7 steps on gsm8k (rows.jsonl); scores nothing",
        ),
        (
            ["model=tiny_llama", "train.max_steps=null", "train.epochs=2"],
            "tiny_llama: lora on band whole trains 2 epochs on arithmetic (generated: chain_sum); scores heldout",
        ),
    ],
)
def test_the_first_line_names_rows_scores_and_the_published_setting(make_config, overrides, line):
    assert announcement(make_config(*overrides)) == line


def test_the_published_setting_does_not_point_at_itself(make_config):
    line = announcement(make_config("preset=band_study_olmo2_7b"))
    assert line.startswith("olmo2_7b: ")
    assert "preset=" not in line

"""The last number counts, however it is spelled."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lm_eval.filters.extraction import RegexFilter

from src.evaluate.answer import NO_ANSWER, last_answer, normalise, process_results

NUMBER = r"(-?\d[\d,]*(?:\.\d+)?)"


@pytest.mark.parametrize(
    "spellings",
    [
        ["1000", "1,000", "1000.", "1000.0", " 1,000.00", "+1000", "01000", "1000,"],
        ["-3", "-3.0", "-03"],
        ["0", "-0", "0.00", "00"],
        ["0.5", ".5", "0.50"],
        ["123456789012345678901234567890123", "123456789012345678901234567890123.0"],
        ["Paris", " Paris "],
    ],
)
def test_one_answer_has_one_spelling(spellings):
    assert {normalise(text) for text in spellings} == {normalise(spellings[0])}


def test_different_answers_stay_different():
    answers = ["1000", "100", "-1000", "0.5", "5", "0.05", "paris", "Paris", "1.5", "15", ""]
    answers += ["123456789012345678901234567890123", "123456789012345678901234567890124"]
    assert len({normalise(text) for text in answers}) == len(answers)


@given(st.integers(-(10**40), 10**40))
def test_grouping_and_decimals_do_not_matter(value):
    assert normalise(f"{value:,}.000") == normalise(str(value)) == str(value)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("48/2 = 24\n#### 72", "72"),
        (" 1,200 dollars.", "1,200"),
        ("so -5.25 it is", "-5.25"),
        ("none", None),
        ("", None),
    ],
)
def test_last_match_counts(text, answer):
    assert last_answer(NUMBER, text) == answer


@given(st.text("0123456789-., a\n", max_size=20))
def test_extraction_is_the_one_of_the_filter(text):
    """Gold goes through `last_answer`, predictions through lm-eval's filter: they must agree."""
    filtered = RegexFilter(NUMBER, group_select=-1, fallback=NO_ANSWER).apply([[text]], [{}])[0][0]
    assert (last_answer(NUMBER, text) or NO_ANSWER) == filtered


@pytest.mark.parametrize(("answer", "score"), [("72.0", 1.0), ("27", 0.0), (NO_ANSWER, 0.0)])
def test_score_of_an_item(answer, score):
    assert process_results({"target": "72"}, [answer]) == {"exact_match": score}


def test_pattern_of_the_configuration_is_the_one_tested():
    from pathlib import Path

    base = Path(__file__).resolve().parents[2] / "conf" / "data" / "_base.yaml"
    assert f"answer_pattern: {NUMBER}\n" in base.read_text()
    assert re.compile(NUMBER).groups == 1

"""A row is made from a record by templates, or refused in one line."""

import re

import pytest

from src.data.rows import Row, drop_duplicates, make_row, prompt_key
from src.errors import DataError


def row(prompt, completion=" 1"):
    return Row(prompt, completion, prompt)


def test_templates_are_filled(make_data):
    config = make_data(prompt="Q: {question}\nA:", completion=" {answer}")
    made = make_row({"question": "2 + 2 =", "answer": 4, "other": None}, config, "here")
    assert (made.prompt, made.completion) == ("Q: 2 + 2 =\nA:", " 4")


def test_braces_in_a_value_are_text(make_data):
    made = make_row({"question": "{answer}", "answer": "{}"}, make_data(), "here")
    assert made.prompt == "Question: {answer}\nAnswer:"


def test_annotations_are_removed_only_when_asked(make_data):
    record = {"question": "q", "answer": "48/2 = <<48/2=24>>24 and <<1+1=2>>2"}
    assert make_row(record, make_data(), "here").completion == " 48/2 = 24 and 2"
    assert "<<" in make_row(record, make_data(strip_annotations=False), "here").completion


def test_id_depends_on_both_texts_and_on_where_they_meet(make_data):
    config = make_data(prompt="{question}", completion="{answer}")
    ids = {
        make_row({"question": question, "answer": answer}, config, "here").id
        for question, answer in [("ab", "c"), ("a", "bc"), ("ab", "d"), ("x", "c")]
    }
    assert len(ids) == 4
    assert make_row({"question": "ab", "answer": "c"}, config, "there").id in ids


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([1], "f line 7: [1] is not an object with the fields question, answer"),
        ({"question": "q"}, "f line 7: field 'answer' is missing; the record has question"),
        ({}, "f line 7: field 'question' is missing; the record has no fields"),
        ({"question": "q", "answer": " "}, "f line 7: field 'answer' is empty; accepted: text or a number"),
        (
            {"question": "q", "answer": "<<1>>"},
            "f line 7: field 'answer' is empty; accepted: text or a number",
        ),
        ({"question": "q", "answer": True}, "f line 7: field 'answer' is True; accepted: text or a number"),
        ({"question": "q", "answer": [1]}, "f line 7: field 'answer' is [1]; accepted: text or a number"),
        (
            {"question": "q", "answer": float("nan")},
            "f line 7: field 'answer' is nan; accepted: text or a number",
        ),
    ],
)
def test_unusable_records_are_refused(make_data, record, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        make_row(record, make_data(), "f line 7")


def test_empty_completion_is_refused(make_data):
    with pytest.raises(DataError, match=r"^here: data.completion=' ' gives an empty text; it must hold one$"):
        make_row({"question": "q", "answer": 1}, make_data(completion=" "), "here")


def test_duplicates_ignore_case_and_white_space_and_the_first_stays():
    rows = [row("What  is\n2?"), row("what is 2?", " 9"), row("Other"), row("taken")]
    assert drop_duplicates(rows, {"taken"}) == [rows[0], rows[2]]


def test_rows_without_prompt_are_told_apart_by_completion():
    rows = [row("", "one text"), row("", "another"), row(" ", "One  text")]
    assert drop_duplicates(rows, set()) == rows[:2]
    assert prompt_key(rows[0]) == "one text"

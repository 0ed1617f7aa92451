"""Questions with options: a list in the record, and a place in it for the answer."""

import pytest

from src.data.rows import make_row
from src.errors import DataError
from src.evaluate.answer import last_answer

MMLU = {"question": "What is 1 + 1?", "choices": ["1", "2", "3", "4"], "answer": 1}


def test_options_are_parts_of_a_list_and_the_answer_is_a_place_in_it(make_config):
    row = make_row(MMLU, make_config("data=mmlu").data, "row 0")
    assert row.prompt == "What is 1 + 1?\nA) 1 B) 2 C) 3 D) 4\nAnswer:"
    assert row.completion == " B"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": 4}, "row 0: field 'answer' is 4; accepted: 0 to 3"),
        ({"answer": True}, "row 0: field 'answer' is True; accepted: 0 to 3"),
        ({"choices": ["1", "2"]}, "row 0: data.prompt and data.completion do not fit the record"),
        ({"choices": ["1", "", "3", "4"]}, "row 0: field 'choices.1.' is empty"),
    ],
)
def test_options_that_do_not_fit_are_named(make_config, change, message):
    with pytest.raises(DataError, match=message):
        make_row(MMLU | change, make_config("data=mmlu").data, "row 0")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (" B", "B"),
        (" B) 2", "B"),
        (" because", None),
        ("\nQ: x\nA) 1 B) 2\nAnswer: C", "C"),
        (" A\nanswer: D", "D"),
    ],
)
def test_a_letter_counts_at_the_start_or_behind_the_word_answer(make_config, text, answer):
    assert last_answer(make_config("data=mmlu").data.answer_pattern, text) == answer

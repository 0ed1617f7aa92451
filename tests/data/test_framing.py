"""Special tokens stand where the tokenizer puts them, once, and cutting takes none of them."""

import pytest

from src.data.framing import framing_of
from src.data.rows import Row
from src.errors import ModelError
from tests.made_tokenizers import MADE, framed

TEXTS = ["one two = ?", "a", " b c", "one = \ntwo", "d + e =", ""]
CUT_BY_THEMSELVES = ("stored sides",)  # the library's cut follows the stored side; ours does not


@pytest.fixture(params=MADE, ids=lambda name: name.replace(" ", "-"))
def made(request):
    return request.param, MADE[request.param]


def test_what_stands_around_a_text_is_found(made):
    _, one = made
    framing = framing_of(tokenizer := one.make())
    assert tuple(tokenizer.convert_ids_to_tokens(framing.front)) == one.front
    assert tuple(tokenizer.convert_ids_to_tokens(framing.behind)) == one.behind


@pytest.mark.parametrize("text", TEXTS)
def test_a_whole_text_is_what_the_tokenizer_makes_of_it(made, text):
    name, one = made
    tokenizer = one.make()
    assert framing_of(tokenizer).whole(text, 99) == (tokenizer(text)["input_ids"], False)
    if name not in CUT_BY_THEMSELVES:
        cut = tokenizer(text, truncation=True, max_length=5)["input_ids"]
        assert framing_of(tokenizer).whole(text, 5)[0] == cut


def test_a_text_that_spells_its_start_token_has_one(made):
    _, one = made
    if not one.front or one.front == ("[CLS]",):
        return
    tokenizer = one.make()
    tokenizer.split_special_tokens = False
    framing = framing_of(tokenizer)
    spelled = framing.opened("".join(one.front) + "a")
    assert spelled[: len(framing.front)] == framing.front
    assert not set(spelled[len(framing.front) :]) & set(framing.front)


def test_prompt_and_completion_make_the_text_again(made):
    """Where nothing merges, as in all of these, the two parts are the ids of the text in one piece."""
    name, one = made
    if name == "added tokens":  # "= " is one token, and begins in one part and ends in the other
        return
    framing = framing_of(one.make())
    prompt, completion = framing.parts(Row("one two =", " a b", "r"))
    assert prompt + completion == framing.opened("one two = a b")


def test_without_a_prompt_the_completion_is_a_text_like_any_other(made):
    _, one = made
    framing = framing_of(one.make())
    assert framing.parts(Row("", "a b", "r")) == (framing.front, framing.ids("a b"))


def test_cutting_at_the_left_keeps_the_tokens_in_front():
    framing = framing_of(framed("<bos> <en> $A", bos_token="<bos>"))
    ids = framing.opened("abcdef")
    assert framing.last(ids, 5) == [*framing.front, *framing.ids("def")]
    assert framing.last(ids, 8) == ids
    assert framing.last(ids, 2) == framing.ids("ef")


def test_a_tokenizer_with_tokens_inside_the_text_is_refused(monkeypatch):
    tokenizer = framed("<bos> $A", bos_token="<bos>")
    plain = type(tokenizer).__call__
    monkeypatch.setattr(
        type(tokenizer),
        "__call__",
        lambda self, text, add_special_tokens=True, **options: (
            {"input_ids": [7, 8]} if add_special_tokens else plain(self, text, add_special_tokens=False)
        ),
    )
    with pytest.raises(ModelError, match="accepted: a tokenizer that puts special tokens only in front"):
        framing_of(tokenizer)

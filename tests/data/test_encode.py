"""Prompt ids are a prefix, labels cover what is supervised, and every count adds up."""

import copy

import pytest

from src.data.encode import IGNORED, encode_rows, encode_texts
from src.data.rows import Row
from src.errors import DataError, ModelError


def row(prompt, completion, name="r"):
    return Row(prompt, completion, name)


def test_prompt_ids_are_what_the_prompt_alone_gives(merging_tokenizer):
    joined = merging_tokenizer("3 + 4 = 7")["input_ids"]
    prompt = merging_tokenizer("3 + 4 =")["input_ids"]
    assert joined[: len(prompt)] != prompt  # else this test would prove nothing
    encoded = encode_rows([row("3 + 4 =", " 7")], merging_tokenizer, 64, "completion").rows[0]
    assert encoded.input_ids[: len(prompt)] == prompt
    assert encoded.labels[: len(prompt)] == [IGNORED] * len(prompt)
    assert merging_tokenizer.decode(encoded.input_ids) == "3 + 4 = 7</s>"


def test_only_completion_and_end_token_are_supervised(merging_tokenizer):
    encoded = encode_rows([row("3 + 4 =", " 7")], merging_tokenizer, 64, "completion").rows[0]
    supervised = [label for label in encoded.labels if label != IGNORED]
    assert merging_tokenizer.decode(supervised) == " 7</s>"
    assert len(encoded.labels) == len(encoded.input_ids)


def test_supervise_all_labels_every_token(merging_tokenizer):
    encoded = encode_rows([row("3 + 4 =", " 7")], merging_tokenizer, 64, "all")
    assert encoded.rows[0].labels == encoded.rows[0].input_ids
    assert encoded.num_supervised_tokens == encoded.num_tokens - 1


def test_start_token_and_spaces_of_sentencepiece(sentencepiece_tokenizer):
    encoded = encode_rows([row("3 + 4 =", " 7")], sentencepiece_tokenizer, 64, "completion").rows[0]
    assert encoded.input_ids.count(sentencepiece_tokenizer.bos_token_id) == 1
    assert encoded.input_ids[0] == sentencepiece_tokenizer.bos_token_id
    # What one call gives for the whole text, the end token aside: no second space before the completion.
    assert encoded.input_ids[:-1] == sentencepiece_tokenizer("3 + 4 = 7")["input_ids"]


def test_end_token_that_a_tokenizer_adds_is_not_in_the_middle(bert_like_tokenizer):
    encoded = encode_rows([row("a", "b")], bert_like_tokenizer, 64, "completion").rows[0]
    assert bert_like_tokenizer.convert_ids_to_tokens(encoded.input_ids) == ["[CLS]", "a", "b", "[SEP]"]


def test_truncation_and_dropping_are_counted_and_ids_stay_with_their_rows(merging_tokenizer):
    rows = [row("a", "b", "fits"), row("a" * 9, "b", "gone"), row("a", "b" * 9, "cut"), row("c", "d", "last")]
    encoded = encode_rows(rows, merging_tokenizer, 4, "completion")
    assert [kept.id for kept in encoded.rows] == ["fits", "cut", "last"]
    assert [len(kept.input_ids) for kept in encoded.rows] == [3, 4, 3]
    assert encoded.rows[1].input_ids[-1] != merging_tokenizer.eos_token_id
    assert (encoded.num_rows, encoded.num_truncated, encoded.num_dropped) == (3, 2, 1)
    assert (encoded.num_tokens, encoded.num_supervised_tokens) == (10, 7)


@pytest.mark.parametrize(("length", "num_truncated"), [(3, 0), (2, 1)])
def test_row_of_exactly_max_length_is_whole(merging_tokenizer, length, num_truncated):
    assert (
        encode_rows([row("a", "b")], merging_tokenizer, length, "completion").num_truncated == num_truncated
    )


def test_all_rows_dropped_is_an_error(merging_tokenizer):
    message = r"^data.max_length=2: none of 1 rows keeps a supervised token; raise it above"
    with pytest.raises(DataError, match=message):
        encode_rows([row("abc", "d")], merging_tokenizer, 2, "completion")


def test_counts_are_logged_once(merging_tokenizer, caplog):
    with caplog.at_level("INFO"):
        encode_rows([row("a", "b"), row("c", "d")], merging_tokenizer, 8, "completion")
    assert caplog.messages == ["encoded 2 rows, 6 tokens, 4 supervised; 0 truncated, 0 dropped"]


def test_tokenizer_without_end_token_is_refused(merging_tokenizer):
    endless = copy.deepcopy(merging_tokenizer)
    endless.eos_token = None
    with pytest.raises(ModelError, match="no eos_token"):
        encode_rows([row("a", "b")], endless, 8, "completion")


def test_probe_texts_are_the_training_ids_without_end_token(merging_tokenizer):
    rows = [row("3 + 4 =", " 7", "one"), row("a", "b" * 9, "two")]
    texts = encode_texts(rows, merging_tokenizer, 5)
    trained = encode_rows(rows, merging_tokenizer, 64, "completion").rows
    assert [text.input_ids for text in texts] == [kept.input_ids[:-1][:5] for kept in trained]
    assert [(text.id, text.labels) for text in texts] == [("one", None), ("two", None)]


def test_probe_text_without_tokens_is_refused(merging_tokenizer, bert_like_tokenizer):
    with pytest.raises(DataError, match="^row r: the tokenizer gives no token for it"):
        encode_texts([row("", "")], merging_tokenizer, 8)
    assert encode_texts([row("", " ")], bert_like_tokenizer, 8)[0].input_ids == [1]  # [CLS] is one

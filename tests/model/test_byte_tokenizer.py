import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from src.model.byte_tokenizer import EOS, PAD, byte_tokenizer

TOKENIZER = byte_tokenizer()
TEXT = f"Ωmega {EOS}\r\n\t 日本 😀 \x00\x7f{PAD}  it 's , n't ."


@given(st.text())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_ids_are_the_bytes_and_come_back(text):
    ids = TOKENIZER(text).input_ids
    assert ids == [byte + 2 for byte in text.encode()]
    assert TOKENIZER.decode(ids) == text
    assert TOKENIZER.decode(ids, skip_special_tokens=True) == text


def test_special_tokens():
    assert (TOKENIZER.pad_token_id, TOKENIZER.eos_token_id, len(TOKENIZER)) == (0, 1, 258)
    assert TOKENIZER.decode([0, 67, 1]) == f"{PAD}A{EOS}"
    assert TOKENIZER.decode([0, 67, 1], skip_special_tokens=True) == "A"
    assert TOKENIZER(["a", "bcd"], padding=True)["attention_mask"] == [[1, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize("loader", [AutoTokenizer, PreTrainedTokenizerFast])
def test_saved_and_loaded(loader, tmp_path):
    TOKENIZER.save_pretrained(tmp_path)
    loaded = loader.from_pretrained(tmp_path)
    assert loaded(TEXT).input_ids == TOKENIZER(TEXT).input_ids
    assert loaded.decode(loaded(TEXT).input_ids) == TEXT
    assert (loaded.pad_token, loaded.eos_token, len(loaded)) == (PAD, EOS, 258)

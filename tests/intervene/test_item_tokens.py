"""What a variant is asked: the tokens that are scored elsewhere, and means over what is predicted."""

import pytest
import torch

from src.data.passages import held_out_passages
from src.data.rows import Row
from src.intervene.engine.make_items import english_items, task_items
from src.model.byte_tokenizer import byte_tokenizer
from tests.made_tokenizers import MADE


@pytest.mark.parametrize("name", MADE)
def test_english_stands_behind_what_its_tokenizer_puts_in_front(name):
    made = MADE[name]
    tokenizer, text = made.make(), held_out_passages()[0]
    (batch,) = english_items(1, tokenizer, 8192, 1).batches
    whole = tokenizer(text)["input_ids"]
    whole = whole[: len(whole) - len(made.behind)]
    if not made.front:
        start = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
        whole = [start, *whole]
    num_front = max(1, len(made.front))
    assert batch.inputs["input_ids"].tolist() == [whole]
    assert batch.chosen.nonzero()[:, 1].tolist() == list(range(num_front - 1, len(whole) - 1))
    assert batch.targets.tolist() == whole[num_front:]


def test_a_text_without_a_prompt_is_averaged_over_the_tokens_that_are_predicted():
    items = task_items([Row("", "abcd", "r")], byte_tokenizer(), 64, 1, masked=False)
    (batch,) = items.batches
    assert len(batch.targets) == 4  # b, c, d and the end; nothing stands before a
    torch.testing.assert_close(batch.weights, torch.tensor([0.25], dtype=torch.float64))

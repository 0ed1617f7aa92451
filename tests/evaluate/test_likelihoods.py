"""Choices behind one context: what they share is read once, and every number is that of whole texts."""

import pytest
import torch
from lm_eval.api.instance import Instance

from src.evaluate.batching import groups_of
from src.evaluate.engine.caches import can_go_on
from src.evaluate.language_model import LanguageModel
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import ARCHITECTURES, ENCODERS, build_tiny

QUESTIONS = {"Name a fish:": (" cod", " an eel", " a"), "Add 1 to 2 =": (" 3", " four"), "Say it": (" now",)}
CAUSAL = sorted(set(ARCHITECTURES) - set(ENCODERS))
READ_WHOLE = {"mamba", "rwkv"}
"""Families that keep a state in place of keys and values."""


def alone(model, context, continuation):
    """An oracle of its own: one text, by hand."""
    before, after = (byte_tokenizer()(text)["input_ids"] for text in (context, continuation))
    with torch.no_grad():
        logits = model(torch.tensor([before + after])).logits[0, len(before) - 1 : -1].double()
    chosen = logits.log_softmax(-1)[range(len(after)), after]
    return chosen.sum().item(), logits.argmax(-1).tolist() == after


@pytest.mark.parametrize("architecture", CAUSAL)
def test_choices_have_the_likelihood_of_their_whole_texts(architecture):
    model = build_tiny(architecture, 2, 32)
    pairs = [(context, choice) for context, choices in QUESTIONS.items() for choice in choices]
    lm = LanguageModel(pretrained=model, tokenizer=byte_tokenizer(), batch_size=4)
    read = []
    counted = model.register_forward_hook(
        lambda _, args, given, out: read.append(given["input_ids"].numel()), with_kwargs=True
    )
    pairs = [pairs[place] for place in (3, 0, 5, 2, 4, 1)]  # choices of a question need not be neighbours
    found = lm.loglikelihood([Instance("loglikelihood", {}, pair, 0, ("quiz", 0, 1)) for pair in pairs])
    counted.remove()
    expected = [alone(model, *pair) for pair in pairs]
    assert [value for value, _ in found] == pytest.approx([value for value, _ in expected], rel=1e-5)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]
    assert can_go_on(model) == (architecture not in READ_WHOLE)
    whole = sum(len(context + choice) - 1 for context, choice in pairs)
    assert (sum(read) < whole) == (architecture not in READ_WHOLE)


def test_groups_are_as_large_as_a_batch_at_most_and_never_of_one():
    assert groups_of(["a", "b", "a", None, "a", None, "c", "b"], 2) == [[0, 2], [1, 7]]
    assert groups_of(["a"] * 5, 3) == [[0, 1, 2], [3, 4]]

"""Choices behind one context: what they share is read once, and every number is that of whole texts."""

import pytest
import torch
from lm_eval.api.instance import Instance

from src.evaluate.batching import groups_of
from src.evaluate.engine.continuous import continuous
from src.evaluate.engine.decoding import Decoding
from src.evaluate.generation import can_go_on, neutral_generation
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
    assert can_go_on(model, 0) == (architecture not in READ_WHOLE)
    whole = sum(len(context + choice) - 1 for context, choice in pairs)
    assert (sum(read) < whole) == (architecture not in READ_WHOLE)


def test_groups_are_as_large_as_a_batch_at_most_and_never_of_one():
    assert groups_of(["a", "b", "a", None, "a", None, "c", "b"], 2) == [[0, 2], [1, 7]]
    assert groups_of(["a"] * 5, 3) == [[0, 1, 2], [3, 4]]


def test_a_model_that_reads_otherwise_behind_what_it_keeps_is_not_gone_on_with(monkeypatch):
    """As MiniMax does, whose linear attention keeps a memory beside keys and values, in a cache of their class."""
    model = build_tiny("llama", 2, 32)
    forward = model.forward

    def forgetful(input_ids=None, past_key_values=None, **options):
        kept = 0 if past_key_values is None else past_key_values.get_seq_length()
        found = forward(input_ids=input_ids, past_key_values=past_key_values, **options)
        if kept and input_ids.shape[1] > 1:
            found.logits += torch.arange(258) / 9
        return found

    monkeypatch.setattr(model, "forward", forgetful)
    lm = LanguageModel(pretrained=model, tokenizer=byte_tokenizer(), batch_size=3)
    assert (lm.passes.generated, lm.passes.goes_on) == ("padded", False)
    begun = "What all of them begin with, at some length: " * 2
    prompts = [byte_tokenizer()(begun + end)["input_ids"] for end in ("a", "some b", "much more c")]
    decoding = Decoding(3, (258,), 0)
    with neutral_generation(model):
        alone = [continuous(model, byte_tokenizer(), [row], decoding).tokens[0] for row in prompts]
        assert (
            continuous(model, byte_tokenizer(), prompts, decoding).tokens != alone
        )  # else nothing is proven
    assert lm.passes.answers(prompts, decoding) == alone

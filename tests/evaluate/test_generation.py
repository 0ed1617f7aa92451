"""Equal weights give equal answers: whatever a folder's generation config asks for, and whatever a batch holds."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from src.data.rows import Row
from src.evaluate.generation import batches_of, neutral_generation
from src.evaluate.harness import evaluate
from src.model.beside import ALONE, EQUAL, PADDED
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import ARCHITECTURES, ENCODERS, build_tiny

ASKED = {
    "repetition_penalty": 5.0,
    "no_repeat_ngram_size": 2,
    "num_beams": 3,
    "suppress_tokens": list(range(2, 258)),
    "begin_suppress_tokens": list(range(2, 258)),
    "forced_eos_token_id": 1,
    "bad_words_ids": [[i] for i in range(2, 258)],
    "exponential_decay_length_penalty": (0, 9.0),
    "sequence_bias": [[[60], 50.0]],
}
CAUSAL = sorted(set(ARCHITECTURES) - set(ENCODERS))


@pytest.fixture(scope="module")
def built():
    known = {}

    def build(architecture):
        if architecture not in known:
            known[architecture] = build_tiny(architecture, 2, 32)
        return known[architecture]

    return build


@pytest.fixture
def answers(make_data, make_evaluate, tmp_path):
    def answer(model, batch_size=3, rows=None, **config):
        rows = rows or [Row("ab " * (5 * i % 7) + f"{i} =", f" {i}.", f"r{i}") for i in range(6)]
        options = make_evaluate(batch_size=batch_size, **config)
        return evaluate(model, byte_tokenizer(), rows, make_data(), options, tmp_path, 0)

    return answer


@pytest.mark.parametrize("key", ASKED)
def test_nothing_of_a_generation_config_reaches_an_answer(key, model, answers, monkeypatch):
    model.eval()
    plain = answers(model)
    monkeypatch.setattr(model.generation_config, key, ASKED[key])
    prompt = byte_tokenizer()(["1 ="], return_tensors="pt")
    asked = model.generate(**prompt, max_new_tokens=4, pad_token_id=0)
    with neutral_generation(model):
        neutral = model.generate(**prompt, max_new_tokens=4, pad_token_id=0)
    assert asked.tolist() != neutral.tolist()  # else the key would prove nothing
    changed = answers(model)
    assert changed.samples == plain.samples
    assert changed.settings["generation"]["left_out"] == {key: ASKED[key]}
    assert plain.settings["generation"] == {"do_sample": False, "num_beams": 1, "left_out": {}}


def test_the_config_of_a_model_comes_back_after_a_failure(built):
    model = built("llama")
    own = model.generation_config
    with pytest.raises(ZeroDivisionError), neutral_generation(model):
        assert model.generation_config is not own
        _ = 1 / 0
    assert model.generation_config is own


@pytest.mark.parametrize("architecture", CAUSAL)
def test_answers_do_not_depend_on_the_rows_beside(architecture, built, answers):
    model = built(architecture)
    alone, together = answers(model, 1), answers(model, 6)
    assert [one["response"] for one in alone.samples] == [one["response"] for one in together.samples]
    # RWKV's steps of one token add the state of every row of the batch to each.
    expected = (ALONE if architecture == "rwkv" else PADDED, PADDED)
    assert batches_of(model, 0) == expected
    assert tuple(together.settings["batches"].values()) == expected


@pytest.mark.parametrize(("reads", "kind"), [("mask", PADDED), ("padding", EQUAL), ("rows", ALONE)])
def test_what_a_model_reads_of_a_batch_decides_what_may_lie_in_it(reads, kind, built, answers, monkeypatch):
    model = built("llama")
    forward = model.forward

    def reading(input_ids=None, attention_mask=None, **options):
        found = forward(input_ids=input_ids, attention_mask=attention_mask, **options)
        if reads == "padding" and attention_mask is not None:
            found.logits += (attention_mask == 0).sum(1)[:, None, None] * torch.arange(258) / 99
        if reads == "rows":
            found.logits += found.logits.sum(0, keepdim=True)
        return found

    monkeypatch.setattr(model, "forward", reading)
    assert batches_of(model, 0)[0] == kind
    alone, together = answers(model, 1), answers(model, 6)
    assert [one["response"] for one in alone.samples] == [one["response"] for one in together.samples]


def test_log_likelihoods_of_a_model_that_reads_its_padding_do_not_depend_on_the_rows_beside(answers):
    """A model that reads from both sides sees padding behind a text, where no mask is given."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = AutoConfig.for_model(
        "bert", vocab_size=258, is_decoder=False, max_position_embeddings=1024, **sizes
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    assert batches_of(model, 0)[1] == EQUAL
    alone = answers(model, 1, tasks=["english"], num_passages=4)
    together = answers(model, 4, tasks=["english"], num_passages=4)
    assert together.settings["batches"]["scored"] == EQUAL
    values = [[one["scores"]["nats_per_byte"] for one in found.samples] for found in (alone, together)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_a_vocabulary_of_a_few_tokens_can_be_looked_at():
    config = AutoConfig.for_model(
        "llama",
        vocab_size=3,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    assert batches_of(AutoModelForCausalLM.from_config(config).eval(), 0) == (PADDED, PADDED)

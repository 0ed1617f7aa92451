"""Whichever engine answers, greedy answers are the same token for token; what has ended is computed no more."""

import os
import signal

import peft
import pytest
import torch
from lm_eval.api.instance import Instance

from src.config.evaluate import ENGINE_NAMES
from src.evaluate.engine.catalog import ENGINES, engine_for
from src.evaluate.engine.continuous import continuous
from src.evaluate.engine.decoding import Decoding
from src.evaluate.engine.plain import plain
from src.evaluate.generation import neutral_generation
from src.evaluate.language_model import LanguageModel
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import ARCHITECTURES, ENCODERS, build_tiny
from src.runtime.preemption import Preempted, listening

PAD, NUM_NEW = 0, 12
CAUSAL = sorted(set(ARCHITECTURES) - set(ENCODERS))
WAITING = {"rwkv"}
"""Families that keep a row's past in a form of their own."""


@pytest.fixture(scope="module")
def prompts():
    chosen = torch.Generator().manual_seed(3)
    return [torch.randint(2, 258, (n,), generator=chosen).tolist() for n in (9, 8, 8, 5, 3)]


@pytest.fixture(scope="module")
def begun(prompts):
    """Prompts that begin alike, as those of a task with examples do."""
    return [prompts[0] * 3 + row for row in prompts]


def alone(model, prompt, ends):
    """An oracle of its own: one row, no padding, no cache, one pass a token."""
    ids, made = torch.tensor([prompt]), []
    while len(made) < NUM_NEW and not (made and made[-1] in ends):
        with torch.no_grad():
            made.append(int(model(ids).logits[0, -1].argmax()))
        ids = torch.cat([ids, torch.tensor([made[-1:]])], dim=1)
    return made


@pytest.mark.parametrize("architecture", CAUSAL)
def test_every_family_answers_alike_in_every_engine(architecture, prompts):
    model = build_tiny(architecture, 2, 32)
    if architecture in WAITING:
        prompts = prompts[1:2]  # evaluation hands over one row at a time
    endless = [alone(model, row, ()) for row in prompts]
    ends = (endless[0][2], endless[-1][5])  # tokens at which answers end at different steps
    expected = [alone(model, row, ends) for row in prompts]
    decoding = Decoding(NUM_NEW, ends, PAD)
    with neutral_generation(model):
        found = {name: engine(model, byte_tokenizer(), prompts, decoding) for name, engine in ENGINES.items()}
    assert {name: one.tokens for name, one in found.items()} == dict.fromkeys(ENGINES, expected)
    needed, longest = sum(map(len, expected)), max(map(len, expected))
    assert found["plain"].num_computed == longest * len(prompts)
    assert found["continuous"].num_computed == needed
    assert architecture in WAITING or needed < longest * len(prompts)  # else the ends would prove nothing


@pytest.mark.parametrize("architecture", CAUSAL)
def test_what_prompts_begin_with_is_read_once(architecture, begun):
    model = build_tiny(architecture, 2, 32)
    if architecture in WAITING:
        begun = begun[:1]
    expected = [alone(model, row, ()) for row in begun]
    read = []
    model.register_forward_hook(
        lambda _, args, given, out: read.append(given["input_ids"].shape), with_kwargs=True
    )
    with neutral_generation(model):
        found = continuous(model, byte_tokenizer(), begun, Decoding(NUM_NEW, (258,), PAD))
    assert found.tokens == expected
    if architecture not in WAITING | {"mamba"}:
        assert read[:2] == [(1, 27), (5, 9)]


def test_adapters_and_stop_texts_count_in_both(prompts):
    model = build_tiny("llama", 2, 32)
    base = plain(model, byte_tokenizer(), prompts, Decoding(NUM_NEW, (1,), PAD)).tokens
    torch.manual_seed(0)
    settings = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    adapted = peft.get_peft_model(model, settings)
    tuned = plain(adapted, byte_tokenizer(), prompts, Decoding(NUM_NEW, (1,), PAD)).tokens
    assert tuned != base
    assert continuous(adapted, byte_tokenizer(), prompts, Decoding(NUM_NEW, (1,), PAD)).tokens == tuned
    texts = [byte_tokenizer().decode(row) for row in tuned]
    stop = texts[0][1:3]
    stopped = continuous(adapted, byte_tokenizer(), prompts, Decoding(NUM_NEW, (1,), PAD, (stop,))).tokens
    for row, text in zip(stopped, texts, strict=True):
        expected = text[: text.index(stop) + len(stop)] if stop in text else text
        assert byte_tokenizer().decode(row) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stop_text_that_is_a_special_token_ends_an_answer(engine, monkeypatch):
    """Tasks name <|im_end|> among their stop texts, and text is decoded without special tokens."""
    tokenizer, model = byte_tokenizer(), build_tiny("llama", 1, 16)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<stop>"]})
    model.resize_token_embeddings(len(tokenizer))
    lm = LanguageModel(engine, pretrained=model, tokenizer=tokenizer, batch_size=1)
    asked, said = "1 + 2 =", tokenizer(" 3<stop> 4")["input_ids"]
    forward, script = model.forward, iter(said)  # a pass a token

    def scripted(**options):
        found = forward(**options)
        found.logits[:, -1, next(script)] = 1e4
        return found

    monkeypatch.setattr(model, "forward", scripted)
    settings = {"until": ["Q:", "<stop>"], "max_gen_toks": len(said)}
    assert lm.generate_until([Instance("generate_until", {}, (asked, settings), 0)]) == [" 3"]


def test_a_model_whose_rows_cannot_leave_waits_and_answers_the_same(prompts):
    model = build_tiny("llama", 2, 32)
    endless = [alone(model, row, ()) for row in prompts]
    decoding = Decoding(NUM_NEW, (endless[0][2],), PAD)
    left = continuous(model, byte_tokenizer(), prompts, decoding)
    model.model.rope_deltas = None  # as models have it whose positions depend on images
    waited = continuous(model, byte_tokenizer(), prompts, decoding)
    assert waited.tokens == left.tokens
    assert waited.num_computed > left.num_computed


def test_every_name_has_an_engine_and_drawn_answers_have_the_one_that_draws():
    greedy = Decoding(1, (1,), PAD)
    assert {engine_for(name, greedy) for name in ENGINE_NAMES} == set(ENGINES.values())
    drawn = Decoding(1, (1,), PAD, options={"do_sample": True})
    assert engine_for("continuous", drawn) is plain


@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_answer_is_left_at_the_token_at_which_a_stop_was_asked_for(engine, prompts):
    """Else one batch of long answers keeps a whole node until its grace is over."""
    model, passes = build_tiny("llama", 2, 32), []

    def passed(*_):
        passes.append(1)
        if len(passes) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    model.register_forward_hook(passed)
    with listening(), neutral_generation(model), pytest.raises(Preempted):
        ENGINES[engine](model, byte_tokenizer(), prompts, Decoding(NUM_NEW, (258,), PAD))
    assert len(passes) == 3

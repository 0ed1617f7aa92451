"""Scores are right, every item is kept, and evaluation leaves no trace in a training process."""

import json
import logging
import math
import random
import statistics
from itertools import pairwise

import numpy
import pytest
import torch

from src.errors import ConfigError, ModelError
from src.evaluate.harness import evaluate


@pytest.fixture
def run(model, tokenizer, rows, make_data, make_evaluate, tmp_path):
    def run(data=None, seed=0, **config):
        config = make_evaluate(**{"batch_size": 3, **config})
        return evaluate(model, tokenizer, rows, data or make_data(), config, tmp_path, seed)

    return run


def greedy(model, tokenizer, prompt, num_tokens):
    """An oracle of its own: one token after the other, no cache, no padding, by hand."""
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    made = []
    for _ in range(num_tokens):
        with torch.no_grad():
            made.append(model(ids).logits[0, -1].argmax().item())
        if made[-1] == tokenizer.eos_token_id or "\n" in tokenizer.decode(made):
            break
        ids = torch.cat([ids, torch.tensor([made[-1:]])], dim=1)
    return tokenizer.decode(made, skip_special_tokens=True).split("\n")[0]


@pytest.fixture
def scripted(model, tokenizer):
    """The model says one script after its prompt, whatever the prompt: the last token decides the next."""

    def script(text):
        ids = [tokenizer("=")["input_ids"][0], *tokenizer(text)["input_ids"], tokenizer.eos_token_id]
        assert len(set(ids)) == len(ids)
        junk = tokenizer("9")["input_ids"][0]
        following = {**dict(pairwise(ids)), ids[-1]: junk, junk: junk}

        def forward(module, args, options, output):
            for position, token in enumerate(options["input_ids"][:, -1].tolist()):
                output.logits[position, -1] = -1.0
                output.logits[position, -1, following.get(token, junk)] = 1.0
            return output

        model.register_forward_hook(forward, with_kwargs=True)

    return script


def test_responses_are_greedy_and_do_not_depend_on_the_batch(run, model, tokenizer, rows):
    samples = run().samples
    model.eval()
    assert [sample["response"] for sample in samples] == [
        greedy(model, tokenizer, row.prompt, 4) for row in rows
    ]
    assert run(batch_size=1).samples == samples


def test_only_the_right_item_scores(run, scripted):
    scripted(" 6.")
    evaluation = run()
    assert [sample["scores"] for sample in evaluation.samples] == [
        {"exact_match": float(i == 3)} for i in range(7)
    ]
    assert {sample["answer"] for sample in evaluation.samples} == {"6"}
    (score,) = evaluation.scores
    assert (score.task, score.metric, score.n, score.batch_size) == ("heldout", "exact_match", 7, 3)
    assert (score.higher_is_better, score.num_fewshot, score.version) == (True, 0, "1.0")
    values = [float(i == 3) for i in range(7)]
    assert score.value == pytest.approx(1 / 7)
    assert score.stderr == pytest.approx(statistics.stdev(values) / math.sqrt(7))


def test_generation_ends_at_the_end_token_of_the_tokenizer(run, scripted):
    scripted(" 4")  # behind the end token the script goes on with 9, which must not count
    assert {sample["response"] for sample in run().samples} == {" 4"}


def test_last_number_of_a_response_counts(run, scripted, make_data):
    scripted(" 4+2:6.")
    evaluation = run(make_data(max_new_tokens=12))
    assert [sample["scores"]["exact_match"] for sample in evaluation.samples] == [
        float(i == 3) for i in range(7)
    ]


def test_generation_ends_at_a_stop_text(run, scripted, make_data):
    scripted(" 4\n8")
    assert {sample["response"] for sample in run(make_data(max_new_tokens=8)).samples} == {" 4"}


def test_every_item_is_kept_in_order(run, rows):
    samples = run(limit=4).samples
    assert [(sample["id"], sample["prompt"]) for sample in samples] == [
        (row.id, row.prompt) for row in rows[:4]
    ]
    assert [sample["target"] for sample in samples] == ["0", "2", "4", "6"]
    assert run(limit=4).scores[0].n == 4
    assert run(limit=100).scores[0].n == 7
    json.dumps(samples, allow_nan=False)


def test_no_answer_is_none_and_not_right(run, scripted):
    scripted(" no")
    assert {(sample["answer"], sample["scores"]["exact_match"]) for sample in run().samples} == {(None, 0.0)}


def test_one_item_has_no_standard_error(run):
    assert run(limit=1).scores[0].stderr is None


def test_no_tasks_no_scores(run):
    evaluation = run(tasks=[])
    assert (evaluation.scores, evaluation.samples) == ([], [])


def test_repeated_task_is_scored_once(run):
    assert len(run(tasks=["heldout", "heldout"]).scores) == 1


def losses(model, tokenizer, between):
    """Four steps of training with dropout, `between` called in the middle."""
    torch.manual_seed(7)
    random.seed(7)
    numpy.random.seed(7)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    ids = tokenizer(["1 + 1 = 2", "2 + 2 = 4"], return_tensors="pt")["input_ids"]
    history = []
    for step in range(4):
        if step == 2:
            between()
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        history += [loss.item(), random.random(), float(numpy.random.rand())]
    return history, {name: value.clone() for name, value in model.state_dict().items()}


def test_training_goes_on_bitwise_as_without_evaluation(run, model, tokenizer):
    start = {name: value.clone() for name, value in model.state_dict().items()}
    plain, plain_weights = losses(model, tokenizer, lambda: None)
    model.load_state_dict(start)
    scored, scored_weights = losses(model, tokenizer, run)
    assert scored == plain
    assert all(torch.equal(plain_weights[name], scored_weights[name]) for name in plain_weights)


def test_model_and_tokenizer_are_left_as_they_were(run, model, tokenizer):
    model.model.layers[0].eval()
    model.lm_head.weight.requires_grad_(False)
    model.model.norm.weight.grad = torch.ones(16)
    tokenizer.padding_side, tokenizer.pad_token = "right", None

    def state():
        parameters = [(name, id(p), p.requires_grad, id(p.grad)) for name, p in model.named_parameters()]
        flags = [module.training for module in model.modules()]
        return (
            parameters,
            flags,
            tokenizer.padding_side,
            tokenizer.pad_token,
            model.generation_config.to_dict(),
        )

    before = state()
    assert not all(before[1])
    assert any(before[1])
    run()
    assert state() == before


def test_a_failure_leaves_the_model_as_it_was(run, model, monkeypatch):
    level = logging.getLogger("lm_eval").level
    monkeypatch.setattr(model, "generate", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run()
    assert model.training
    assert logging.getLogger("lm_eval").level == level


def test_model_changed_in_place_is_scored_anew(run, model):
    before = run().samples
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter))
    assert run().samples != before


def test_unknown_task_names_near_ones(run):
    with pytest.raises(
        ConfigError,
        match=r"^evaluate.tasks: given 'heldoud'; accepted: heldout, validation, english or a task",
    ):
        run(tasks=["heldoud"])


def test_generation_beyond_the_model_is_refused(run, make_data):
    with pytest.raises(
        ConfigError, match=r"^data.max_new_tokens: given 64; accepted: less than the 64 tokens"
    ):
        run(make_data(max_new_tokens=64))


def test_prompts_that_do_not_fit_are_counted(run, make_data, caplog):
    run(make_data(max_new_tokens=58))
    assert caplog.messages == ["heldout: 7 of 7 prompts are longer than 6 tokens and lose their beginning"]


def test_model_that_cannot_generate_is_refused(run, model, monkeypatch):
    monkeypatch.setattr(model, "can_generate", lambda: False)
    with pytest.raises(
        ModelError, match=r"^LlamaForCausalLM: cannot generate text; accepted with it: evaluate=none$"
    ):
        run()


def test_adapted_model_is_scored_as_it_stands(
    run, model, tokenizer, rows, make_data, make_evaluate, tmp_path
):
    peft = pytest.importorskip("peft")
    plain = run().samples
    lora = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    adapted = peft.get_peft_model(model, lora)
    options = (rows, make_data(), make_evaluate(batch_size=3), tmp_path, 0)
    tuned = evaluate(adapted, tokenizer, *options).samples
    assert tuned != plain
    with adapted.disable_adapter():
        assert evaluate(adapted, tokenizer, *options).samples == plain


def test_every_sequence_ends_on_its_own(tokenizer):
    from src.evaluate.engine.decoding import StopTexts

    texts = ["prompt\nQ: ok", "prompt then Q: ", "prompt no stop", "prompt stop\n", "prompt é Ω Q:x"]
    length = max(len(tokenizer(text)["input_ids"]) for text in texts)
    ids = torch.zeros(len(texts), length, dtype=torch.long)
    for i, text in enumerate(texts):
        tokens = tokenizer(text)["input_ids"]
        ids[i, length - len(tokens) :] = torch.tensor(tokens)
    assert StopTexts(["Q:", "\n"], tokenizer, prompt_length=0)(ids, None).tolist() == [
        False,
        True,
        False,
        True,
        True,
    ]
    assert StopTexts(["\n"], tokenizer, prompt_length=length - 1)(ids, None).tolist() == [False] * 3 + [
        True,
        False,
    ]


def test_nothing_is_printed(run, capfd):
    run()
    assert capfd.readouterr() == ("", "")


def test_without_stop_texts_an_answer_goes_on_and_its_last_number_counts(run, scripted, make_data):
    """As the published scripts generate: what a model goes on with is scored too."""
    scripted(" 6.\nQ8")
    stopped, goes_on = run(), run(data=make_data(stop=[], max_new_tokens=8))
    assert {sample["response"] for sample in stopped.samples} == {" 6."}
    assert {sample["response"] for sample in goes_on.samples} == {" 6.\nQ8"}
    assert [sample["scores"]["exact_match"] for sample in goes_on.samples] == [
        float(i == 4) for i in range(7)
    ]

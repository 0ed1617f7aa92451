"""Chats are scored on what was trained: the last answer, behind the text that the template writes before it."""

import math

import pytest
import torch
from lm_eval.tasks import TaskManager

from src.data.chat.render import rendered
from src.data.encode import IGNORED, encode_rows
from src.data.rows import Row, make_row
from src.errors import DataError
from src.evaluate.harness import evaluate
from tests.made_chats import MARKS, TEMPLATES, made_chat
from tests.made_tokenizers import framed

CHAT = {"form": "chat", "path": "x", "generator": None, "fields": [], "prompt": "", "completion": ""}


@pytest.fixture
def chat_tokenizer():
    tokenizer = framed("<bos> $A", bos_token="<bos>")
    tokenizer.split_special_tokens = False
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS)})
    tokenizer.chat_template = TEMPLATES["headers"]
    return tokenizer


@pytest.fixture
def chat_model(model, chat_tokenizer):
    model.resize_token_embeddings(len(chat_tokenizer))
    model.config.max_position_embeddings = 2048
    return model


@pytest.fixture
def chats(chat_tokenizer, make_data):
    data = make_data(**CHAT, answer_pattern=None)
    rows = [make_row({"messages": made_chat(number)}, data, f"line {number}") for number in range(5)]
    return rendered(rows, chat_tokenizer, data), data


def test_heldout_is_the_loss_on_the_last_answer_per_byte(
    chat_model, chat_tokenizer, chats, make_evaluate, tmp_path
):
    rows, data = chats
    found = evaluate(chat_model, chat_tokenizer, rows, data, make_evaluate(batch_size=2), tmp_path, 0)
    (score,) = found.scores
    assert (score.task, score.metric, score.n, score.higher_is_better) == (
        "heldout",
        "nats_per_byte",
        5,
        False,
    )
    chat_model.eval()
    for row, sample in zip(rows, found.samples, strict=True):
        (encoded,) = encode_rows([Row(row.prompt, row.completion, "", chat=row.chat, earlier=())],
                                 chat_tokenizer, 4096, "completion").rows  # fmt: skip
        ids = torch.tensor([encoded.input_ids])
        with torch.no_grad():
            logs = chat_model(ids).logits[0, :-1].log_softmax(-1)
        learned = [place for place, label in enumerate(encoded.labels) if label != IGNORED]
        loss = -sum(float(logs[place - 1, ids[0, place]]) for place in learned)
        assert sample["id"] == row.id
        assert sample["scores"]["nats_per_byte"] == pytest.approx(
            loss / len(row.completion.encode()), rel=1e-5
        )


def test_an_answer_that_is_generated_ends_at_the_mark_of_the_template(
    chat_model, chat_tokenizer, chats, make_data, make_evaluate, tmp_path, monkeypatch
):
    rows, _ = chats
    asked = []
    generate = chat_model.generate
    monkeypatch.setattr(
        chat_model, "generate", lambda **options: asked.append(options) or generate(**options)
    )
    data = make_data(**CHAT, answer_pattern="(?s)(.+)")
    found = evaluate(chat_model, chat_tokenizer, rows, data, make_evaluate(batch_size=2), tmp_path, 0)
    assert found.scores[0].metric == "exact_match"
    ends = {tuple(one["eos_token_id"]) for one in asked if "output_logits" not in one}
    turn = chat_tokenizer.convert_tokens_to_ids("<|turn|>")
    assert ends == {(chat_tokenizer.eos_token_id, turn)}
    assert found.settings["ends"] == [turn]


@pytest.fixture
def foreign(monkeypatch, tmp_path):
    """A task of lm-eval's own list, which asks for one of two words."""
    lines = tmp_path / "foreign.jsonl"
    lines.write_text("".join(f'{{"question": "q{i}?", "right": {i % 2}}}\n' for i in range(4)))
    (tmp_path / "choice.yaml").write_text(
        f"task: choice\ndataset_path: json\ntest_split: test\noutput_type: multiple_choice\n"
        f"dataset_kwargs: {{data_files: {{test: {lines}}}, cache_dir: {tmp_path / 'arrow'}}}\n"
        "doc_to_text: question\ndoc_to_choice: ['yes', 'no']\ndoc_to_target: right\nnum_fewshot: 0\n"
    )
    real = TaskManager.__init__

    def init(self, include_path=None, include_defaults=True):
        own = [str(tmp_path)] if include_defaults else []
        real(self, include_path=[*include_path, *own], include_defaults=False)

    monkeypatch.setattr(TaskManager, "__init__", init)


def test_a_task_of_lm_eval_is_a_users_turn_where_that_is_asked(
    foreign, chat_model, chat_tokenizer, rows, make_data, make_evaluate, tmp_path, monkeypatch
):
    seen = []
    forward = chat_model.forward
    monkeypatch.setattr(
        chat_model,
        "forward",
        lambda input_ids=None, **more: seen.append(input_ids) or forward(input_ids, **more),
    )

    def prompts(**settings):
        seen.clear()
        config = make_evaluate(tasks=["heldout", "choice"], batch_size=1, **settings)
        cache = tmp_path / str(len(settings))
        found = evaluate(chat_model, chat_tokenizer, rows, make_data(), config, cache, 0)
        by_task = {
            task: [one["prompt"] for one in found.samples if one["task"] == task] for task in config.tasks
        }
        return by_task, [chat_tokenizer.decode(ids[0]) for ids in seen[-8:]]

    plain, _ = prompts()
    chat, texts = prompts(chat_template=True)
    assert chat["heldout"] == plain["heldout"]
    assert plain["choice"] == [f"q{i}?" for i in range(4)]
    asked = "<bos><|head|>user<|/head|>\n\n{}<|turn|><|head|>assistant<|/head|>\n\n"
    assert chat["choice"] == [asked.format(f"q{i}?") for i in range(4)]
    # One start token, and all of the answer but its last byte, behind which nothing is predicted.
    expected = {asked.format(f"q{i}?") + word for i in range(4) for word in ("ye", "n")}
    assert set(texts) == expected


def test_a_chat_is_refused_before_anything_is_scored(
    foreign, model, tokenizer, rows, make_data, make_evaluate, tmp_path
):
    config = make_evaluate(tasks=["heldout", "choice"], chat_template=True)
    with pytest.raises(DataError, match="^data.chat_template: given null, and"):
        evaluate(model, tokenizer, rows, make_data(), config, tmp_path, 0)


def test_text_without_a_pattern_of_the_answer_is_scored_by_its_likelihood(
    model, tokenizer, rows, make_data, make_evaluate, tmp_path
):
    data = make_data(answer_pattern=None)
    (score,) = evaluate(model, tokenizer, rows, data, make_evaluate(), tmp_path, 0).scores
    assert score.metric == "nats_per_byte"
    assert score.value == pytest.approx(math.log(258), rel=0.2)  # random weights: all bytes alike

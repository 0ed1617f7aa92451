"""A file of chats from the command line to the record: trained, probed and scored on the assistant's turns."""

import pytest
import torch

from src.data.encode import IGNORED, encode_rows
from src.intervene.engine.make_items import task_items
from src.pipeline.prepare import prepare
from src.probe.states.views import template_views
from src.storage.files import read_json, read_jsonl
from tests.made_chats import TEMPLATES, write_chats


@pytest.fixture
def chats(tmp_path):
    """Overrides of a run on 40 chats, in a template of words, which the byte tokenizer has no marks for."""
    path, template = write_chats(tmp_path / "chat.jsonl", 40), tmp_path / "words.jinja"
    template.write_text(TEMPLATES["plain words"])
    sizes = ["data.num_train=null", "data.num_probe=12", "data.num_test=8", "data.max_length=512"]
    return ["data=chat", f"data.path={path}", *sizes, f"data.chat_template={template}"]


def test_it_trains_and_scores_what_the_assistant_says(run, make_config, paths, chats, tmp_path):
    asked = [*chats, "metrics.names=[lens_entropy]", "method=midblock", "evaluate=default"]
    folder = run(*asked)
    record, config = read_json(folder / "run.json"), make_config("debug=smoke", *paths, *asked)
    prepared = prepare(config)
    encoded = encode_rows(prepared.splits.train, prepared.adapted.loaded.tokenizer, 512, "completion")
    assert record["data"]["num_train"] == 20
    assert record["data"]["num_supervised_tokens"] == encoded.num_supervised_tokens
    scores = {(one["stage"], one["task"], one["metric"]) for one in read_json(folder / "scores.json")}
    assert scores == {(stage, "heldout", "nats_per_byte") for stage in ("base", "tuned")}
    samples = read_jsonl(folder / "samples.jsonl")
    assert {one["prompt"] for one in samples} == {row.prompt for row in prepared.splits.test}
    assert all(one["prompt"].endswith("Assistant:") for one in samples)


def test_interventions_read_the_positions_of_training(make_config, paths, chats):
    prepared = prepare(make_config("debug=smoke", *paths, *chats))
    rows, tokenizer = prepared.splits.test, prepared.adapted.loaded.tokenizer
    trained = {row.id: row.labels for row in encode_rows(rows, tokenizer, 512, "completion").rows}
    items = task_items(rows, tokenizer, 512, 4, masked=False)
    for batch in items.batches:
        for number, chosen in zip(batch.numbers.tolist(), batch.chosen, strict=True):
            labels = trained[items.ids[number]]
            read = [place + 1 for place in torch.nonzero(chosen).flatten().tolist()]
            assert read == [place for place, label in enumerate(labels) if label != IGNORED and place]
    assert sum("Assistant:" in row.prompt[: -len("Assistant:")] for row in rows) > 2  # several turns


def test_views_put_the_last_question_in_other_words(make_config, paths, chats):
    prepared = prepare(make_config("debug=smoke", *paths, *chats))
    row, tokenizer = prepared.splits.probe[0], prepared.adapted.loaded.tokenizer
    ((view,),) = template_views([row], "", ["Again: {prompt}"], tokenizer, 512)
    asked = row.chat.messages[-2]["content"]
    before, _, behind = (row.prompt + row.completion).rpartition(f"User: {asked}\n")
    assert tokenizer.decode(view) == f"{before}User: Again: {asked}\n{behind}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"messages": [{"role": "user", "content": "a"}]}', "line 1: no message is an answer"),
        ("{oops", "line 1: not JSON ("),
        ("", ": the file is empty; accepted: one JSON object a line, or one array of them"),
    ],
)
def test_a_bad_file_is_one_line_before_anything_is_measured(command, chats, tmp_path, content, message):
    (tmp_path / "chat.jsonl").write_text(content)
    process = command(*chats)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2
    assert [line for line in errors.splitlines() if message in line] != []
    assert "Traceback" not in errors
    assert not (tmp_path / "runs").exists()


def test_no_template_is_one_line(run, chats):
    from src.errors import DataError

    without = [one for one in chats if "chat_template" not in one]
    with pytest.raises(
        DataError, match="^data.chat_template: given null, and .* has no chat template of its own"
    ):
        run(*without)

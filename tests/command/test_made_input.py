"""240 made inputs; `make faults` tries 2,600 (tests/faults/test_many_made_inputs.py)."""

import pytest
from hypothesis import given

from tests.made_input import (
    HOSTILE_CHATS,
    HOSTILE_CONFIGS,
    HOSTILE_ROWS,
    OVERRIDES,
    bounded,
    check_chats,
    check_config,
    check_override,
    check_rows,
    composing,
)


@pytest.fixture(scope="module")
def gsm8k(make_config):
    return make_config("data=gsm8k")


@pytest.fixture(scope="module")
def chat(make_config):
    return make_config("data=chat", "data.path=chats.jsonl")


@pytest.fixture
def composed(tmp_path):
    with composing(tmp_path) as found:
        yield found


@bounded(40)
@given(override=OVERRIDES)
def test_any_override_is_typed_or_one_line(override, composed):
    check_override(override, composed)


@bounded(80)
@given(content=HOSTILE_ROWS)
def test_any_file_of_rows_is_read_or_one_line(content, tmp_path, gsm8k):
    check_rows(content, tmp_path, gsm8k)


@bounded(80)
@given(content=HOSTILE_CONFIGS)
def test_any_config_json_without_weights_is_one_line(content, tmp_path):
    check_config(content, tmp_path)


@bounded(40)
@given(content=HOSTILE_CHATS)
def test_any_file_of_chats_is_text_or_one_line(content, tmp_path, chat):
    check_chats(content, tmp_path, chat)

"""The same doors as in tests/command/test_made_input.py, ten times as many inputs; `make faults`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.test_adapter_folder import save_adapter
from tests.made_adapters import DAMAGES, check_adapter, made_base
from tests.made_folders import DAMAGE, QUICK, check_folder_of_run, made_run
from tests.made_input import (
    CHATS,
    CONFIGS,
    OVERRIDES,
    ROWS,
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


@bounded(1100)
@given(override=OVERRIDES)
def test_any_override_is_typed_or_one_line(override, composed):
    check_override(override, composed)


@bounded(500)
@given(content=ROWS)
def test_any_file_of_rows_is_read_or_one_line(content, tmp_path, gsm8k):
    check_rows(content, tmp_path, gsm8k)


@bounded(500)
@given(content=CONFIGS)
def test_any_config_json_without_weights_is_one_line(content, tmp_path):
    check_config(content, tmp_path)


@bounded(500)
@given(content=CHATS)
def test_any_file_of_chats_is_text_or_one_line(content, tmp_path, chat):
    check_chats(content, tmp_path, chat)


@pytest.fixture(scope="module")
def whole(make_config, tmp_path_factory):
    return made_run(make_config, tmp_path_factory.mktemp("whole"))


@bounded(600)
@given(command=st.sampled_from([*QUICK, *QUICK, *QUICK, "report"]), damage=DAMAGE)
def test_a_damaged_folder_is_read_or_one_line(command, damage, whole, tmp_path):
    check_folder_of_run(command, damage, whole, tmp_path)


@pytest.fixture(scope="module")
def base(make_config, tmp_path_factory):
    return made_base(make_config, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    return save_adapter(tmp_path_factory.mktemp("whole") / "adapter", blocks=(2, 4))


@pytest.mark.filterwarnings("ignore::UserWarning")
@bounded(400)
@given(damage=DAMAGES)
def test_a_damaged_adapter_is_added_as_it_is_or_one_line(damage, base, adapter, tmp_path):
    check_adapter(damage, adapter, base, tmp_path)

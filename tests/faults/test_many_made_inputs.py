"""The same doors as in tests/command/test_made_input.py, ten times as many inputs; `make faults`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.command.compose import CONF
from tests.compare.test_adapter_folder import save_adapter
from tests.made_adapters import DAMAGES, check_adapter, made_base
from tests.made_folders import (
    COMMANDS,
    DAMAGE,
    QUICK,
    TABLES,
    check_folder_of_run,
    check_results,
    damage_of,
    made_run,
)
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
from tests.made_models import DAMAGES as MODEL_DAMAGES
from tests.made_models import check_model, made_model
from tests.made_sweeps import SWEEPS, check_sweep


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
@given(content=HOSTILE_ROWS)
def test_any_file_of_rows_is_read_or_one_line(content, tmp_path, gsm8k):
    check_rows(content, tmp_path, gsm8k)


@bounded(500)
@given(content=HOSTILE_CONFIGS)
def test_any_config_json_without_weights_is_one_line(content, tmp_path):
    check_config(content, tmp_path)


@bounded(500)
@given(content=HOSTILE_CHATS)
def test_any_file_of_chats_is_text_or_one_line(content, tmp_path, chat):
    check_chats(content, tmp_path, chat)


@pytest.fixture(scope="module")
def whole(make_config, tmp_path_factory):
    return made_run(make_config, tmp_path_factory.mktemp("whole"))


@bounded(150)
@given(command=st.sampled_from([*QUICK, *QUICK, *COMMANDS]), damage=DAMAGE)
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


@bounded(300)
@given(content=SWEEPS)
def test_any_file_of_a_sweep_is_planned_or_one_line(content, tmp_path):
    check_sweep(content, tmp_path)


@pytest.fixture(scope="module")
def model(make_config, tmp_path_factory):
    return made_model(make_config, tmp_path_factory.mktemp("model"))


@bounded(500)
@given(damage=MODEL_DAMAGES)
def test_a_damaged_model_is_loaded_or_one_line(damage, model, tmp_path):
    check_model(damage, model, tmp_path)


@bounded(300)
@given(damage=damage_of(TABLES), side=st.sampled_from(["fresh/report", "committed"]))
def test_damaged_tables_are_compared_or_one_line(damage, side, tmp_path):
    check_results(damage, side, CONF.parent / "sweeps" / "results" / "band_study_small", tmp_path)

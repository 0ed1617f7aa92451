"""122 damaged folders and files; `make faults` tries 2,000 (tests/faults/test_many_made_inputs.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.command.compose import CONF
from tests.made_folders import (
    DAMAGE,
    QUICK,
    TABLES,
    check_folder_of_run,
    check_results,
    damage_of,
    made_run,
)
from tests.made_input import bounded
from tests.made_models import DAMAGES, check_model, made_model
from tests.made_sweeps import SWEEPS, check_sweep


@pytest.fixture(scope="module")
def whole(make_config, tmp_path_factory):
    return made_run(make_config, tmp_path_factory.mktemp("whole"))


@bounded(60)
@given(command=st.sampled_from(QUICK), damage=DAMAGE)
def test_a_damaged_folder_is_read_or_one_line(command, damage, whole, tmp_path):
    check_folder_of_run(command, damage, whole, tmp_path)


@pytest.fixture(scope="module")
def model(make_config, tmp_path_factory):
    return made_model(make_config, tmp_path_factory.mktemp("model"))


@bounded(30)
@given(damage=DAMAGES)
def test_a_damaged_model_is_loaded_or_one_line(damage, model, tmp_path):
    check_model(damage, model, tmp_path)


@bounded(12)
@given(content=SWEEPS)
def test_any_file_of_a_sweep_is_planned_or_one_line(content, tmp_path):
    check_sweep(content, tmp_path)


@bounded(20)
@given(damage=damage_of(TABLES), side=st.sampled_from(["fresh/report", "committed"]))
def test_damaged_tables_are_compared_or_one_line(damage, side, tmp_path):
    check_results(damage, side, CONF.parent / "sweeps" / "results" / "band_study_small", tmp_path)

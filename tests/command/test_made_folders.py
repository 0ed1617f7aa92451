"""60 damaged folders of runs; `make faults` tries 600 (tests/faults/test_many_made_inputs.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_folders import DAMAGE, QUICK, check_folder_of_run, made_run
from tests.made_input import bounded


@pytest.fixture(scope="module")
def whole(make_config, tmp_path_factory):
    return made_run(make_config, tmp_path_factory.mktemp("whole"))


@bounded(60)
@given(command=st.sampled_from(QUICK), damage=DAMAGE)
def test_a_damaged_folder_is_read_or_one_line(command, damage, whole, tmp_path):
    check_folder_of_run(command, damage, whole, tmp_path)

"""40 damaged folders of adapters; `make faults` tries 400 (tests/faults/test_many_made_inputs.py)."""

import pytest
from hypothesis import given

from tests.compare.test_adapter_folder import save_adapter
from tests.made_adapters import DAMAGES, check_adapter, made_base
from tests.made_input import bounded

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def base(make_config, tmp_path_factory):
    return made_base(make_config, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return save_adapter(tmp_path_factory.mktemp("whole") / "adapter", blocks=(2, 4))


def test_an_undisturbed_adapter_is_added(base, whole, tmp_path):
    check_adapter(("nonsense", None), whole, base, tmp_path)


@bounded(40)
@given(damage=DAMAGES)
def test_a_damaged_adapter_is_added_as_it_is_or_one_line(damage, base, whole, tmp_path):
    check_adapter(damage, whole, base, tmp_path)

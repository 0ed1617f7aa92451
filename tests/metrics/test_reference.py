"""What every metric has to tell: its docstring is the entry of the reference, its row the unit."""

import pytest

from src.metrics.catalog import METRICS, axis_title, resolve
from src.metrics.reference import PATH, reference


def test_the_reference_is_up_to_date_and_has_no_gap():
    text = reference()
    assert PATH.read_text() == text, "run python -m src.pages"
    lines = text.splitlines()[6:]
    assert len(lines) == len(METRICS)
    for line, metric in zip(lines, METRICS.values(), strict=True):
        name, _, _, _, meaning, ranges, unit, source = (cell.strip(" |") for cell in line.split(" | "))
        assert name == f"`{metric.name}`"
        assert "-" not in (meaning, ranges, source), line
        assert unit == (metric.unit or "-")


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_the_docstring_tells_the_unit_of_the_row_and_the_invariances(metric):
    text = " ".join(resolve(metric.function).__doc__.split())
    assert (metric.unit or "no unit") in text
    assert not (metric.unit and "no unit" in text)
    assert "nvarian" in text


def test_an_axis_has_the_unit_of_the_metric_also_for_a_kind_of_weights():
    assert axis_title("prompt_entropy") == "prompt entropy (nats)"
    assert axis_title("update_stable_rank/q") == "update stable rank/q (directions)"
    assert axis_title("cka_debiased") == "cka debiased"

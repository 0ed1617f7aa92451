"""The metric sets are what their names say of the catalog."""

import pytest

from src.metrics.catalog import METRICS, names_needing, resolve
from src.metrics.reference import PATH, reference

LATER = ("views", "gradients", "objectives", "lens")


def names_of(make_config, name):
    return make_config(f"metrics={name}").metrics.names


@pytest.mark.parametrize("family", ["information", "geometry", "shift", "optimization", "lens"])
def test_a_family_s_set_is_the_family(make_config, family):
    assert set(names_of(make_config, family)) == {
        name for name, metric in METRICS.items() if metric.family == family
    }


def test_all_is_all(make_config):
    assert set(names_of(make_config, "all")) == METRICS.keys()


def test_default_is_every_sound_metric_that_needs_nothing_more(make_config):
    sound = [name for name in METRICS if METRICS[name].needs not in LATER and not name.endswith("_paper")]
    assert set(names_of(make_config, "default")) == set(sound)


def test_views_are_the_metrics_of_views(make_config):
    assert set(names_of(make_config, "views")) == set(names_needing(list(METRICS), "views"))


def test_paper_holds_every_published_form_of_its_script_and_nothing_that_script_did_not_run(make_config):
    names = names_of(make_config, "paper")
    assert set(names_needing(names, *LATER)) == set()
    assert {"cka_biased", "effective_rank_paper", "curvature_paper", "dataset_entropy_paper"} < set(names)
    assert "cka_debiased" not in names
    assert "intrinsic_dimension_paper" not in names  # defined there, never run


UNITS = ("no unit", "nats", "unit of the hidden states", "number of d", "rad", "unit of a weight")


def test_every_metric_tells_its_range_unit_and_source_and_the_reference_is_up_to_date():
    text = reference()
    assert PATH.read_text() == text, "run python -m src.metrics"
    lines = text.splitlines()[6:]
    assert len(lines) == len(METRICS)
    for line in lines:
        meaning, ranges, source = (cell.strip(" |") for cell in line.split(" | ")[4:7])
        assert meaning != "-", line
        assert any(unit in ranges for unit in UNITS), line
        assert source != "-", line


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_tells_its_invariances(metric):
    assert "nvarian" in resolve(metric.function).__doc__

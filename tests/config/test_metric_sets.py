"""The metric sets are what their names say of the catalog."""

import pytest

from src.command.compose import CONF
from src.errors import ConfigError
from src.metrics.catalog import FAMILIES, METRICS, names_needing

LATER = ("views", "row_gradients", "update_gradients", "step_gradients", "objectives", "lens")


def names_of(make_config, name):
    return make_config(f"metrics={name}").metrics.names


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_s_set_is_the_family(make_config, family):
    names = names_of(make_config, family)
    assert sorted(names) == sorted(
        name for name, metric in METRICS.items() if metric.family == family and not metric.extra
    )
    assert (CONF / "metrics" / f"{family}.yaml").read_text().endswith(f"names: [{family}]\n")


def test_families_and_metrics_mix_in_the_given_order(make_config):
    names = make_config("metrics.names=[gini,lens,mean_shift]").metrics.names
    assert names == ["gini", *FAMILIES["lens"], "mean_shift"]


def test_a_metric_beside_its_family_is_named_twice(make_config):
    with pytest.raises(ConfigError, match="each metric once; mean_shift is named twice"):
        make_config("metrics.names=[shift,mean_shift]")


def test_a_family_brings_what_an_objective_cannot_have(make_config):
    with pytest.raises(
        ConfigError, match="metrics.names: given 'fisher_trace'; accepted: another metric with"
    ):
        make_config("metrics.names=[optimization]", "objective=simcse", "model=tiny_bert")


def test_all_is_all(make_config):
    assert set(names_of(make_config, "all")) == {name for name in METRICS if not METRICS[name].extra}


def test_default_is_every_sound_metric_that_needs_nothing_more(make_config):
    free = [name for name, metric in METRICS.items() if metric.needs not in LATER and not metric.extra]
    sound = [name for name in free if not name.endswith("_paper")]
    assert set(names_of(make_config, "default")) == set(sound)


OWN_SETS = ("subspaces", "gradient_flow", "lens_pair", "mean_shift_null")


def test_every_metric_that_no_family_brings_is_in_a_set_of_its_own(make_config):
    extra = {name for name, metric in METRICS.items() if metric.extra}
    sets = [set(names_of(make_config, one)) for one in OWN_SETS]
    assert all(one & extra for one in sets)
    assert extra <= set.union(*sets)


def test_views_are_the_metrics_of_views(make_config):
    assert set(names_of(make_config, "views")) == set(names_needing(list(METRICS), "views"))


def test_paper_holds_every_published_form_of_its_script_and_nothing_that_script_did_not_run(make_config):
    names = names_of(make_config, "paper")
    assert set(names_needing(names, *LATER)) == set()
    assert {"cka_biased", "effective_rank_paper", "curvature_paper", "dataset_entropy_paper"} < set(names)
    assert "cka_debiased" not in names
    assert "intrinsic_dimension_paper" not in names  # defined there, never run

import numpy
import pandas
import pytest
from pandas import DataFrame
from pandas.testing import assert_frame_equal
from scipy import stats

from src.analysis.depth.seed_means import (
    amounts_within,
    difference,
    difference_over_models,
    over_seeds,
    paired,
    shares_within,
)


def test_the_interval_is_that_of_a_t_test(made_up):
    draws = numpy.random.default_rng(0).normal(3, 2, 5)
    table = made_up(
        lambda cell, seed: draws[seed] * (1 if cell == "a" else -2), cell=["a", "b"], seed=range(5)
    )
    found = over_seeds(table, ["cell"]).set_index("cell")
    expected = stats.ttest_1samp(draws, 0).confidence_interval()
    assert found.loc["a", ["ci_low", "ci_high"]].tolist() == pytest.approx(list(expected))
    assert found.loc["b", ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [-2 * expected.high, -2 * expected.low]
    )
    assert found["num_seeds"].tolist() == [5, 5]


def test_cells_of_a_seed_are_averaged_and_are_no_more_seeds(made_up):
    table = made_up(lambda model, seed: model + seed, model=[0, 10], seed=range(5))
    found = over_seeds(table.assign(all=1), ["all"]).iloc[0]
    assert (found["num_seeds"], found["value"]) == (5, 7.0)
    assert found["sd"] == pytest.approx(numpy.std(range(5), ddof=1))


def test_a_seed_that_lacks_a_cell_is_left_out(made_up):
    table = made_up(lambda model, seed: 100.0 * model, model=[0, 1], seed=range(4)).iloc[:-1]
    found = over_seeds(table.assign(all=1), ["all"]).iloc[0]
    assert (found["num_seeds"], found["value"], found["sd"]) == (3, 50, 0)


def test_a_missing_value_is_a_missing_run_and_one_seed_has_no_interval(made_up):
    table = made_up(lambda seed: [1.0, numpy.nan][seed], seed=range(2)).assign(all=1)
    found = over_seeds(table, ["all"]).iloc[0]
    assert found["num_seeds"] == 1
    assert numpy.isnan([found["sd"], found["ci_low"], found["ci_high"]]).all()


def test_order_of_runs_and_names_of_seeds_do_not_matter(made_up):
    draws = numpy.random.default_rng(1).normal(size=(2, 5))
    table = made_up(lambda on, seed: draws[on, seed], on=[0, 1], seed=range(5)).assign(all=1)
    other = table.sample(frac=1, random_state=3).assign(seed=lambda x: 70 - x["seed"])
    columns = ["num_seeds", "value", "ci_low", "ci_high"]
    assert_frame_equal(
        difference(table, ["all"], "on", 0, 1)[columns], difference(other, ["all"], "on", 0, 1)[columns]
    )


def test_a_difference_is_paired_by_seed(made_up):
    """What both sides share of a seed cancels: the interval is far shorter than that of either side."""
    rng = numpy.random.default_rng(2)
    shared, own = rng.normal(0, 100, 5), rng.normal(0, 0.1, (2, 5))
    table = made_up(lambda on, seed: shared[seed] + own[on, seed], on=[0, 1], seed=range(5)).assign(all=1)
    found = difference(table, ["all"], "on", 0, 1).iloc[0]
    expected = stats.ttest_rel(shared + own[0], shared + own[1]).confidence_interval()
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(list(expected))


def test_only_seeds_of_both_sides_are_paired_and_unknown_keys_stay_keys():
    table = pandas.DataFrame(
        {"on": [0, 0, 1, 1], "seed": [0, 1, 1, 2], "size": [numpy.nan] * 4, "value": [1.0, 2.0, 5.0, 9.0]}
    )
    found = paired(table, ["size"], "on", 0, 1)
    assert found[["seed", "value"]].to_numpy().tolist() == [[1, -3.0]]
    assert paired(table, ["size"], "on", 0, 7).empty


def test_over_models_is_welch_on_the_means_of_models(made_up):
    rng = numpy.random.default_rng(3)
    level = {f"{kind}{i}": rng.normal(kind == "s") for kind in "sp" for i in range(5 if kind == "s" else 3)}
    table = made_up(lambda model, seed: level[model] + seed - 2, model=list(level), seed=range(5))
    table = table.assign(wiring=table["model"].str[0], all=1)
    found = difference_over_models(table, ["all"], "wiring", "s", "p").iloc[0]
    sides = [[v for k, v in level.items() if k[0] == kind] for kind in "sp"]
    expected = stats.ttest_ind(*sides, equal_var=False).confidence_interval()
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(list(expected))
    assert (found["num_first"], found["num_second"]) == (5, 3)


def test_over_models_one_model_has_no_interval(made_up):
    table = made_up(lambda wiring, seed: 1.0, wiring=["s", "p"], seed=range(3)).assign(model="m", all=1)
    found = difference_over_models(table, ["all"], "wiring", "s", "p").iloc[0]
    assert found["value"] == 0
    assert numpy.isnan(found["ci_low"])


def test_widths_stay_between_0_and_1_and_amounts_above_0():
    found = DataFrame(
        {"value": [0.9, 0.9, 1.0, 0.01], "ci_low": [0.6, 0.6, 0.8, -0.2], "ci_high": [1.2, 1.2, 1.2, 0.22]}
    )
    shares = shares_within(found, found["value"] > 0.5).assign(odd=[0, 1, 0, 0])
    odds = numpy.log(0.9 / 0.1) + numpy.array([-1, 1]) * 0.3 / (0.9 * 0.1)  # by the derivative of the logit
    assert shares.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx(
        (1 / (1 + numpy.exp(-odds))).tolist()
    )
    assert shares.loc[2, ["ci_low", "ci_high"]].tolist() == [0.8, 1.0]  # a mean of 1 has no logit
    assert shares.loc[3, ["ci_low", "ci_high"]].tolist() == [-0.2, 0.22]  # is no share
    assert amounts_within(found)["ci_low"].tolist() == [0.6, 0.6, 0.8, 0.0]


def test_values_that_agree_have_no_interval(made_up):
    """Not one of length 0, which would be certain of what was never seen to vary."""
    table = made_up(lambda wiring, model, seed: 0.1 * 3, wiring=["s", "p"], model=range(3), seed=range(5))
    found = over_seeds(table.assign(all=1), ["all"]).iloc[0]
    assert found["value"] == pytest.approx(0.3)
    assert numpy.isnan([found["ci_low"], found["ci_high"]]).all()
    models = difference_over_models(table.assign(all=1), ["all"], "wiring", "s", "p").iloc[0]
    assert numpy.isnan([models["ci_low"], models["ci_high"]]).all()

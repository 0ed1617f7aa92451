"""Best of several, seeds and items needed, several models: against simulation and other ways to compute."""

import math

import numpy
import pytest
from scipy import stats

from src.statistics.estimate import Estimate
from src.statistics.power import (
    Components,
    components,
    detectable,
    mean_components,
    nested_components,
    planned,
    seeds_needed,
)
from src.statistics.random_effects import summarise_models
from src.statistics.selection import best_of
from src.statistics.two_way_model import crossed


def test_eight_equal_bands_gain_by_the_choice_alone():
    found = best_of([0.14] * 8, 0.14, 200)
    expected = (
        stats.norm.expect(lambda x: 8 * x * stats.norm.cdf(x) ** 7) * stats.binom(200, 0.14).std() / 200
    )
    assert found.bias == pytest.approx(expected, abs=0.001) == pytest.approx(0.035, abs=0.001)
    assert found.value == pytest.approx(-found.bias)


def test_a_band_far_above_the_others_owes_nothing_to_the_choice():
    found = best_of([0.9, 0.1, 0.1], 0.5, 400)
    assert abs(found.bias) < 0.001 and found.value == pytest.approx(0.4, abs=0.001)
    assert found.stderr == pytest.approx(
        math.hypot(stats.binom(400, 0.9).std() / 400, stats.binom(400, 0.5).std() / 400), rel=0.02
    )


def test_corrected_best_is_nearer_to_the_truth():
    random = numpy.random.default_rng(0)
    raw, corrected = [], []
    for _ in range(200):
        seen = random.binomial(200, 0.28, 9) / 200
        raw.append(seen[1:].max() - seen[0])
        corrected.append(best_of(seen[1:], seen[0], 200, num_draws=500).value)
    assert abs(numpy.mean(corrected)) < abs(numpy.mean(raw)) / 2


def test_shares_outside_their_bounds_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        best_of([1.2], 0.5, 100)


def tables(parts, num_seeds, num_items, count, random):
    for _ in range(count):
        yield (
            random.normal(0, math.sqrt(parts.seeds), (num_seeds, 1))
            + random.normal(0, math.sqrt(parts.items), num_items)
            + random.normal(0, math.sqrt(parts.rest), (num_seeds, num_items))
        )


def test_components_are_found_again():
    parts = Components(0.02, 0.05, 0.3)
    made = list(tables(parts, 8, 150, 60, numpy.random.default_rng(1)))
    assert mean_components([components(table) for table in made]) == pytest.approx(parts, rel=0.15)
    assert components(numpy.ones((3, 4))) == (0, 0, 0)


def test_components_of_seeds_with_items_of_their_own_are_found_again():
    """What items add cannot be told from the rest there, and the error of the mean is that of the seeds."""
    random, parts = numpy.random.default_rng(4), Components(0.02, 0.05, 0.3)
    made = [
        [
            random.normal(0, math.sqrt(parts.seeds))
            + random.normal(0, math.sqrt(parts.items + parts.rest), n)
            for n in (40, 50, 60, 40, 50, 60)
        ]
        for _ in range(200)
    ]
    found = mean_components([nested_components(rows) for rows in made])
    assert found == pytest.approx((0.02, 0.0, 0.35), rel=0.1)
    variance = numpy.var([numpy.mean([row.mean() for row in rows]) for rows in made])
    assert planned(found, 6, 50).stderr ** 2 == pytest.approx(variance, rel=0.25)


def test_planned_error_is_the_error_that_such_studies_have():
    parts = Components(0.004, 0.03, 0.25)
    random = numpy.random.default_rng(2)
    variances = [crossed(table).stderr ** 2 for table in tables(parts, 5, 120, 300, random)]
    assert planned(parts, 5, 120).stderr ** 2 == pytest.approx(numpy.mean(variances), rel=0.1)


def test_power_is_what_it_says():
    parts = Components(0.001, 0.0, 0.2)
    effect = detectable(parts, 4, 200)
    random = numpy.random.default_rng(3)
    found = [crossed(table + effect).pvalue < 0.05 for table in tables(parts, 4, 200, 600, random)]
    assert numpy.mean(found) == pytest.approx(0.8, abs=0.06)


def test_more_seeds_never_remove_the_error_over_items():
    parts = Components(0.0004, 0.03, 0.25)
    assert seeds_needed(0.03, parts, 200, num_arms=9) is None
    assert seeds_needed(0.03, parts, 1319, num_arms=9) == 7
    assert seeds_needed(0.095, parts, 200, num_arms=9) == 3
    assert seeds_needed(0.095, parts, 200) >= seeds_needed(0.095, parts, 200, num_arms=9)


def test_models_of_one_effect_give_its_mean_and_tell_no_difference():
    one = [Estimate(value, 0.01, 20, 5) for value in (0.1, 0.101, 0.099, 0.1)]
    found = summarise_models(one)
    assert found.tau2 == 0 and found.value == pytest.approx(0.1)
    assert summarise_models(one[:2]) is None


def test_models_that_differ_are_summarised_with_students_interval_of_equal_weights():
    """With equal errors Hartung-Knapp's interval is that of a plain t test over the models."""
    values = [0.0, 0.1, 0.25, 0.05]
    found = summarise_models([Estimate(value, 0.02, 20, 5) for value in values])
    oracle = stats.ttest_1samp(values, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high))
    assert found.tau2 == pytest.approx(numpy.var(values, ddof=1) - 0.02**2)


def test_models_that_agree_better_than_their_errors_allow_have_the_interval_of_those_errors():
    found = summarise_models([Estimate(value, 0.1, 20, 5) for value in (0.1, 0.1001, 0.0999)])
    assert found.tau2 == 0 and found.high - found.value == pytest.approx(
        stats.t.ppf(0.975, 2) * 0.1 / math.sqrt(3), rel=1e-6
    )

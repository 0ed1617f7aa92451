"""The scatter over seeds as all arms show it: against statsmodels, and its rate of error where nothing differs."""

import math

import numpy
import pytest
import statsmodels.formula.api as smf
from pandas import DataFrame
from scipy import stats
from statsmodels.stats.anova import anova_lm

from src.statistics.arm_scatter import Pooled, of_contrast, scatter_of_arms
from src.statistics.seeds import paired_by_seed
from src.statistics.two_way_model import crossed, mean_squares


@pytest.fixture
def random():
    return numpy.random.default_rng(0)


def pooled_over_arms(table):
    """Of a difference of two arms of a table where no arm stands out."""
    found = scatter_of_arms(table)
    pooled = next(one for one in found if not one.own)
    return of_contrast([pooled, pooled], (1, -1))


def alike(random, **shape):
    """A table on which the test of equal scatter finds nobody."""
    while True:
        table = arms_by_seeds(random, **shape)
        if not any(one.own for one in scatter_of_arms(table)):
            return table


def arms_by_seeds(random, num_arms=6, num_seeds=4):
    """Scores with arms that differ, seeds that differ, and the rest."""
    of_arms, of_seeds = random.normal(size=(num_arms, 1)), random.normal(size=num_seeds)
    return of_arms + of_seeds + random.normal(0, 0.3, (num_arms, num_seeds))


def test_pooled_is_twice_the_residual_mean_square_of_a_two_way_anova(random):
    table = alike(random)
    arm, seed = numpy.indices(table.shape)
    frame = DataFrame({"y": table.ravel(), "arm": arm.ravel(), "seed": seed.ravel()})
    oracle = anova_lm(smf.ols("y ~ C(arm) + C(seed)", frame).fit())
    found = pooled_over_arms(table)
    assert found.variance == pytest.approx(2 * oracle["mean_sq"]["Residual"])
    assert found.freedom == oracle["df"]["Residual"] == 15


def test_pooled_ignores_what_all_seeds_or_all_arms_share(random):
    table = alike(random)
    moved = table + random.normal(size=(6, 1)) + random.normal(size=4)
    assert pooled_over_arms(moved) == pytest.approx(pooled_over_arms(table))


@pytest.mark.parametrize("shape", [(2, 5), (5, 1)])
def test_two_arms_or_one_seed_have_nothing_to_pool(shape):
    assert scatter_of_arms(numpy.zeros(shape)) is None


def test_paired_by_seed_with_pooled_scatter_is_the_contrast_of_the_anova(random):
    table = alike(random)
    arm, seed = numpy.indices(table.shape)
    frame = DataFrame({"y": table.ravel(), "arm": arm.ravel(), "seed": seed.ravel()})
    oracle = smf.ols("y ~ C(arm) + C(seed)", frame).fit().t_test("C(arm)[T.3] = 0")
    sides = [dict(enumerate(table[arm])) for arm in (3, 0)]
    found = paired_by_seed(*sides, pooled_over_arms(table))
    assert found.value == pytest.approx(float(oracle.effect[0]))
    assert found.stderr == pytest.approx(float(oracle.sd[0, 0]))
    assert found.pvalue == pytest.approx(float(oracle.pvalue))


def test_crossed_takes_the_pooled_scatter_in_place_of_its_own(random):
    table = random.normal(size=(3, 1)) + random.normal(size=(3, 40))
    own = Pooled(float(table.mean(axis=1).var(ddof=1)), 2)  # what these seeds show by themselves
    assert crossed(table, own) == crossed(table)

    wide = Pooled(0.5, 18)
    found, squares = crossed(table, wide), mean_squares(table)
    variance = 40 * wide.variance + squares.items - squares.rest  # of the random model, seeds replaced
    assert found.stderr == pytest.approx(math.sqrt(variance / 120))
    assert found.freedom > crossed(table).freedom


def test_where_items_do_not_matter_crossed_is_the_contrast_over_seeds(random):
    table = alike(random)
    pooled = pooled_over_arms(table)
    found = crossed(numpy.repeat((table[1] - table[0])[:, None], 30, axis=1), pooled)
    statistic = (table[1] - table[0]).mean() / math.sqrt(pooled.variance / 4)
    assert found.pvalue == pytest.approx(2 * stats.t.sf(abs(statistic), pooled.freedom))


@pytest.mark.parametrize(
    ("of_seeds", "of_items", "rest", "least", "most"),
    [
        (
            0.3,
            0.0,
            0.1,
            0.010,
            0.075,
        ),  # seeds alone: 5 % asked, less as an arm that seems to scatter more keeps its own
        (0.1, 0.5, 0.5, 0.005, 0.070),  # both: never below the error of items alone, so at most that
    ],
)
def test_a_test_of_equal_arms_errs_as_often_as_it_is_asked_to(random, of_seeds, of_items, rest, least, most):
    """Six arms, three seeds, 50 items; the first two are compared, all of them tell the scatter."""
    num_draws, num_arms, num_seeds, num_items = 600, 6, 3, 50
    seeds = random.normal(0, of_seeds, (num_draws, num_arms, num_seeds, 1))
    shared = random.normal(0, 0.3, (num_draws, 1, num_seeds, 1))  # lucky for all arms
    items = random.normal(0, of_items, (num_draws, num_arms, 1, num_items))
    scores = seeds + shared + items + random.normal(0, rest, (num_draws, num_arms, num_seeds, num_items))
    pvalues = []
    for one in scores:
        scatter = of_contrast(scatter_of_arms(one.mean(axis=2))[:2], (1, -1))
        pvalues.append(crossed(one[1] - one[0], scatter).pvalue)
    assert least <= numpy.mean(numpy.array(pvalues) < 0.05) <= most

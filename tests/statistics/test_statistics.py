"""Against scipy and statsmodels, and on made-up data whose answer is known."""

import math

import numpy
import pytest
import statsmodels.formula.api as smf
from pandas import DataFrame
from scipy import stats
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from src.statistics.detectable import smallest_detectable
from src.statistics.estimate import Estimate
from src.statistics.holm import holm
from src.statistics.mcnemar import mcnemar_exact
from src.statistics.seeds import over_seeds, paired_by_seed
from src.statistics.two_way_model import crossed, mean_squares


@pytest.fixture
def random():
    return numpy.random.default_rng(0)


@pytest.mark.parametrize("freedom", [2, 4, 8, 30, 200])
def test_power_can_be_read_off_an_interval(freedom):
    """As sweeps/README.md says: an effect of 1.3 to 1.43 half-lengths is found in four of five studies."""
    half = stats.t.ppf(0.975, freedom)
    power = [stats.nct.sf(half, freedom, times * half) for times in (1.3, 1.43)]
    assert power[0] < 0.8 < power[1]
    assert 1.3 < smallest_detectable(Estimate(0.0, 1.0, freedom, 3)) / half < 1.43


def test_over_seeds_is_students_interval(random):
    values = random.normal(size=5)
    found, oracle = over_seeds(values), stats.ttest_1samp(values, 0)
    assert found.interval() == pytest.approx(tuple(oracle.confidence_interval()))
    assert found.pvalue == pytest.approx(oracle.pvalue)


def test_pairs_by_seed_use_common_seeds_only(random):
    first, second = random.normal(size=(2, 4))
    found = paired_by_seed({**dict(enumerate(first)), 9: 100.0}, {**dict(enumerate(second)), 7: -100.0})
    assert (found.pvalue, found.num_seeds) == (pytest.approx(stats.ttest_rel(first, second).pvalue), 4)
    with pytest.raises(ValueError, match="one in common"):
        paired_by_seed({0: 1.0}, {1: 1.0})


def test_one_seed_has_no_error_over_seeds():
    found = over_seeds([0.3])
    assert math.isnan(found.stderr)
    assert math.isnan(found.pvalue)
    assert all(math.isnan(end) for end in found.interval())


def test_mean_squares_are_those_of_a_two_way_anova(random):
    table = random.normal(size=(3, 8)) + random.normal(size=(3, 1)) + random.normal(size=8)
    seed, item = numpy.indices(table.shape)
    frame = DataFrame({"y": table.ravel(), "seed": seed.ravel(), "item": item.ravel()})
    oracle = anova_lm(smf.ols("y ~ C(seed) + C(item)", frame).fit())
    assert list(mean_squares(table)) == pytest.approx(list(oracle["mean_sq"]))


def test_crossed_of_one_seed_is_the_paired_t_test_over_items(random):
    differences = random.integers(-1, 2, size=(1, 50))
    assert crossed(differences).pvalue == pytest.approx(stats.ttest_1samp(differences[0], 0).pvalue)


def test_crossed_is_the_seeds_t_test_where_items_do_not_matter(random):
    by_seed = random.normal(size=4)
    found = crossed(numpy.repeat(by_seed[:, None], 30, axis=1))
    assert found.pvalue == pytest.approx(stats.ttest_1samp(by_seed, 0).pvalue)


def test_crossed_keeps_the_error_of_items_where_all_seeds_agree(random):
    by_item = random.normal(size=60)
    found = crossed(numpy.repeat(by_item[None, :], 5, axis=0))
    assert found.pvalue == pytest.approx(stats.ttest_1samp(by_item, 0).pvalue)


def test_crossed_ignores_the_order_of_seeds_and_of_items(random):
    table = random.normal(size=(3, 20))
    shuffled = table[[2, 0, 1]][:, random.permutation(20)]
    assert crossed(shuffled).interval() == pytest.approx(crossed(table).interval())


def test_crossed_of_equal_cells_has_no_error():
    found = crossed(numpy.zeros((3, 10)))
    assert (found.value, found.stderr, found.pvalue) == (0, 0, 1)


@pytest.mark.parametrize(
    ("num_seeds", "of_seeds", "of_items"), [(3, 0.0, 0.2), (5, 0.03, 0.2), (5, 0.2, 0.0)]
)
def test_crossed_covers_the_truth(random, num_seeds, of_seeds, of_items):
    """0.95 is asked; 400 draws know the coverage to 0.011, and few seeds cost two more points."""
    num_draws, truth = 400, 0.05
    seeds = random.normal(0, of_seeds, (num_draws, num_seeds, 1))
    items = random.normal(0, of_items, (num_draws, 1, 100))
    tables = truth + seeds + items + random.normal(0, 0.5, (num_draws, num_seeds, 100))
    intervals = [crossed(table).interval() for table in tables]
    assert 0.92 <= numpy.mean([low <= truth <= high for low, high in intervals]) <= 0.995


def test_seeds_alone_do_not_cover_other_items(random):
    """Why verdicts are not made of seeds alone: items that all seeds share look like an effect."""
    items = random.normal(0, 0.5, (400, 1, 100))
    tables = items + random.normal(0, 0.5, (400, 5, 100))
    covered = [
        low <= 0 <= high for low, high in (over_seeds(table.mean(axis=1)).interval() for table in tables)
    ]
    assert numpy.mean(covered) < 0.9


def test_mcnemar_equals_statsmodels(random):
    first, second = random.integers(0, 2, size=(2, 80))
    found = mcnemar_exact(first, second)
    table = [[int(((first == a) & (second == b)).sum()) for b in (1, 0)] for a in (1, 0)]
    assert found.pvalue == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert (found.only_first, found.only_second) == (table[0][1], table[1][0])


def test_mcnemar_without_a_disagreement_is_one_and_other_numbers_are_refused():
    assert mcnemar_exact(numpy.ones(5), numpy.ones(5)) == (0, 0, 1.0)
    with pytest.raises(ValueError, match="0 and 1"):
        mcnemar_exact(numpy.full(3, 0.5), numpy.ones(3))


def test_holm_equals_statsmodels(random):
    pvalues = random.uniform(size=9) ** 4
    reject, adjusted, *_ = multipletests(pvalues, method="holm")
    found = holm(pvalues)
    assert [one.pvalue for one in found] == pytest.approx(list(adjusted))
    assert [p <= one.level for p, one in zip(pvalues, found, strict=True)] == list(reject)


def test_holm_leaves_out_what_could_not_be_tested():
    found = holm([0.03, math.nan, 0.02])
    assert math.isnan(found[1].pvalue)
    assert [found[0].pvalue, found[2].pvalue] == [pytest.approx(0.04), pytest.approx(0.04)]


@pytest.mark.parametrize("num", [3, 10, 200])
def test_smallest_detectable_is_that_of_statsmodels(num):
    found = smallest_detectable(Estimate(0.0, 1 / math.sqrt(num), num - 1, num), level=0.05)
    oracle = TTestPower().solve_power(nobs=num, alpha=0.05, power=0.8, alternative="larger")
    assert oracle < found  # two-sided needs more
    one_sided = smallest_detectable(Estimate(0.0, 1 / math.sqrt(num), num - 1, num), level=0.1)
    assert one_sided == pytest.approx(oracle, rel=1e-4)

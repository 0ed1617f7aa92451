import numpy
import pytest
from scipy import stats

from src.statistics.fieller import interval_of_ratio, ratio_of_means
from src.statistics.seeds import over_seeds
from src.statistics.two_way_model import crossed


@pytest.fixture
def pairs():
    rng = numpy.random.default_rng(5)
    below = rng.normal(2, 0.5, 5)
    return 0.6 * below + rng.normal(0, 0.2, 5), below


def test_the_ends_are_where_a_paired_t_test_turns(pairs):
    above, below = pairs
    found = ratio_of_means(above, below)
    for end in (found.low, found.high):
        assert stats.ttest_rel(above, end * below).pvalue == pytest.approx(0.05)
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(above.mean() / below.mean())


def test_it_scales_with_either_side_and_the_rest_is_its_complement(pairs):
    above, below = pairs
    found = ratio_of_means(above, below)
    assert ratio_of_means(3 * above, -2 * below)[:3] == pytest.approx(
        [-1.5 * found.value, -1.5 * found.high, -1.5 * found.low]
    )
    rest = ratio_of_means(below - above, below)
    assert rest[:3] == pytest.approx([1 - found.value, 1 - found.high, 1 - found.low])


def test_it_is_missing_exactly_where_the_divisor_cannot_be_told_from_0():
    rng = numpy.random.default_rng(6)
    seen = set()
    for _ in range(200):
        above, below = rng.normal(1, 1, 5), rng.normal(1.2, 1, 5)
        told = stats.ttest_1samp(below, 0).pvalue < 0.05
        seen.add(told)
        assert numpy.isfinite(ratio_of_means(above, below)[:3]).all() == told
    assert seen == {True, False}


def test_it_covers_the_true_ratio_as_often_as_it_says():
    rng = numpy.random.default_rng(7)
    below = rng.normal(3, 0.5, (4000, 5))
    above = 0.5 * below + rng.normal(0, 0.5, below.shape)  # true ratio 0.5
    found = [ratio_of_means(*pair) for pair in zip(above, below, strict=True)]
    covered = numpy.mean([one.low <= 0.5 <= one.high for one in found])
    assert covered == pytest.approx(0.95, abs=0.012)


def test_one_pair_and_a_constant_ratio():
    assert numpy.isnan(ratio_of_means([1.0], [2.0])[:3]).all()
    assert ratio_of_means([2.0, 2.5, 3.0], [4.0, 5.0, 6.0])[:2] == pytest.approx([0.5, 0.5])


def test_inverting_the_paired_t_test_over_seeds_is_the_closed_form(pairs):
    above, below = pairs
    found = interval_of_ratio(
        lambda r: over_seeds(above - r * below), above.mean() / below.mean(), over_seeds(below), 0.05
    )
    assert found == pytest.approx(ratio_of_means(above, below)[1:3])


def test_inverting_the_crossed_test_covers_the_true_ratio():
    """Seeds, items that both arms share, and the rest: 4 seeds x 60 items, true ratio 1.2."""
    rng = numpy.random.default_rng(8)
    covered = 0
    for _ in range(200):
        items = rng.normal(0, 0.3, 60)
        below = 1 + rng.normal(0, 0.05, (4, 1)) + items + rng.normal(0, 0.3, (4, 60))
        above = 1.2 + rng.normal(0, 0.05, (4, 1)) + items + rng.normal(0, 0.3, (4, 60))
        low, high = interval_of_ratio(
            lambda r, above=above, below=below: crossed(above - r * below),
            above.mean() / below.mean(), crossed(below), 0.05,
        )  # fmt: skip
        covered += low <= 1.2 <= high
    assert 0.9 <= covered / 200 <= 1


def test_a_divisor_that_may_be_0_or_has_no_error_gives_no_interval():
    below = numpy.array([1.0, -1.0, 0.2])
    for side in (below, numpy.array([1.0])):
        found = interval_of_ratio(lambda r, s=side: over_seeds(s - r * s), 1.0, over_seeds(side), 0.05)
        assert numpy.isnan(found).all()


def test_pairs_that_agree_have_no_interval():
    assert numpy.isnan(ratio_of_means([0.1 * 3] * 5, [0.1 * 6] * 5)[:3]).all()

"""Arms crossed with seeds and sets of rows: another program's mean squares, and simulated coverage."""

import numpy
import pandas
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from src.statistics.seeds_and_rows import differences, shares


def table_of(seed, shape=(5, 3, 2), parts=(1.0, 1.0, 1.0)):
    random = numpy.random.default_rng(seed)
    num_arms, num_seeds, num_rows = shape
    sides = ((num_arms, num_seeds, 1), (num_arms, 1, num_rows), shape)
    return sum(random.normal(0, sd, side) for sd, side in zip(parts, sides, strict=True))


@pytest.mark.parametrize("shape", [(5, 3, 2), (4, 2, 3), (3, 4, 4)])
def test_shares_and_tests_are_those_of_a_three_way_analysis_of_variance(shape):
    table = table_of(1, shape)
    arm, seed, row = (axis.ravel() for axis in numpy.indices(shape))
    frame = pandas.DataFrame({"y": table.ravel(), "arm": arm, "seed": seed, "row": row})
    fitted = ols("y ~ C(seed) * C(row) + C(arm) + C(arm):C(seed) + C(arm):C(row)", frame).fit()
    found = anova_lm(fitted)
    square = found["sum_sq"] / found["df"]
    rest = square["Residual"]
    parts = numpy.maximum(
        [(square["C(arm):C(seed)"] - rest) / shape[2], (square["C(arm):C(row)"] - rest) / shape[1], rest], 0
    )
    one = shares(table)
    assert (one.seeds, one.rows, one.rest) == pytest.approx(tuple(parts / parts.sum()))
    assert one.p_seeds == pytest.approx(found["PR(>F)"]["C(arm):C(seed)"])
    assert one.p_rows == pytest.approx(found["PR(>F)"]["C(arm):C(row)"])


def test_what_all_arms_share_on_a_seed_and_a_set_changes_nothing():
    table = table_of(2)
    moved = table + numpy.random.default_rng(3).normal(0, 9, (1, 3, 2))
    for one, other in zip(differences(table, 1), differences(moved, 1), strict=True):
        assert (other.value, other.stderr, other.freedom) == pytest.approx(
            (one.value, one.stderr, one.freedom)
        )
    assert shares(moved) == pytest.approx(shares(table))


def test_a_table_twice_as_large_has_errors_twice_as_large_and_the_same_shares():
    table = table_of(4, (6, 3, 3))
    for one, other in zip(differences(table, 0), differences(2 * table, 0), strict=True):
        assert (other.value, other.stderr) == pytest.approx((2 * one.value, 2 * one.stderr))
    assert shares(2 * table) == pytest.approx(shares(table))


def test_an_arm_whose_blocks_differ_by_seed_is_outside_what_is_shared():
    table = table_of(5, (6, 3, 2))
    moved = table.copy()
    moved[5] += numpy.array([0, 20, -20])[:, None]
    flags = [False] * 5 + [True]
    assert shares(moved, flags) == pytest.approx(shares(table, flags))
    before, after = (differences(one, 0, flags) for one in (table, moved))
    assert [one.stderr for one in after[:5]] == pytest.approx([one.stderr for one in before[:5]])
    assert after[5].stderr > 5 * before[5].stderr


@pytest.mark.parametrize(
    ("parts", "times", "least"),
    [
        ((1, 1, 1), 1, 0.93),
        ((0, 1, 1), 1, 0.93),
        ((1, 0, 1), 1, 0.93),
        ((0.3, 2, 1), 1, 0.93),
        ((1, 1, 1), 3, 0.88),
    ],
    ids=["alike", "rows", "seeds", "mostly rows", "the baseline scatters three times as much"],
)
def test_intervals_cover_new_seeds_on_new_rows_and_holm_keeps_its_level(parts, times, least):
    covered, errors, rounds = [], 0, 600
    for seed in range(rounds):
        table = table_of([6, seed], (11, 3, 2), parts)
        table[0] *= times
        found = differences(table, 0)[1:]
        covered += [low <= 0 <= high for low, high in (one.interval() for one in found)]
        errors += len(found) * min(one.pvalue for one in found) <= 0.05  # the first step of Holm
    assert least <= numpy.mean(covered) <= 0.995
    assert errors / rounds <= 0.08  # 0.06, and two standard errors of 600 rounds


def test_an_arm_is_found_apart_where_it_is():
    table = table_of(7, (11, 3, 2), (0.02, 0.02, 0.02))
    table[4] += 0.3
    assert [place for place, one in enumerate(differences(table, 0)) if place and one.pvalue < 0.005] == [4]


@pytest.mark.parametrize("shape", [(2, 3, 2), (5, 1, 2), (5, 3, 1)])
def test_too_few_of_anything_is_refused(shape):
    with pytest.raises(ValueError, match="needed: at least 3 arms x 2 seeds x 2 sets of rows"):
        shares(numpy.zeros(shape))


def test_where_nothing_scatters_nothing_is_told():
    table = numpy.tile(numpy.arange(4.0)[:, None, None], (1, 3, 2))
    assert all(numpy.isnan(shares(table)))
    assert not any(one.known for one in differences(table, 0))

import itertools

import numpy
import pandas
import pytest
from scipy import stats

from src.analysis.depth.steepness import steepness_against_distance


def cells(**groups):
    rows = [
        {"metric": "x", "architecture": name, "distance": d, "steepness": s}
        for name, (distances, steep) in groups.items()
        for d, s in zip(distances, steep, strict=True)
    ]
    return pandas.DataFrame(rows)


def found(**groups):
    return steepness_against_distance(cells(**groups), ["metric"], "architecture").set_index("architecture")


def test_rho_is_scipys_and_the_exact_pvalue_is_a_count_over_all_orders():
    one, other = [0.1, 0.5, 0.2, 0.9, 0.3], [2.0, 4.0, 1.0, 9.0, 3.0]
    row = found(gpt2=(one, other)).loc["gpt2"]
    rho = stats.spearmanr(one, other).statistic
    assert row["rho"] == pytest.approx(rho)
    orders = [stats.spearmanr(one, order).statistic for order in itertools.permutations(other)]
    assert row["p"] == pytest.approx(numpy.mean(numpy.abs(orders) >= abs(rho) - 1e-9))


def test_three_cells_cannot_reach_significance_and_the_table_says_so():
    row = found(bert=([1, 2, 3], [1, 2, 3])).loc["bert"]
    assert (row["num_cells"], row["rho"]) == (3, 1)
    assert row["p"] == row["p_least"] == pytest.approx(2 / 6)
    assert numpy.isnan(row["ci_low"])


def test_only_ranks_count():
    rng = numpy.random.default_rng(0)
    one, other = rng.random(7), rng.random(7)
    plain, bent = found(a=(one, other)), found(a=(numpy.exp(9 * one), other**3))
    pandas.testing.assert_frame_equal(plain, bent)


def test_many_cells_agree_with_the_t_approximation():
    rng = numpy.random.default_rng(1)
    one = rng.random(40)
    other = one + rng.normal(0, 0.9, 40)
    row = found(a=(one, other)).loc["a"]
    assert row["p"] == pytest.approx(stats.spearmanr(one, other).pvalue, abs=0.01)
    assert row["ci_low"] < row["rho"] < row["ci_high"]


def test_pooling_compares_inside_architectures_only():
    """Each architecture falls, while their levels rise together: pooled without groups it would rise."""
    groups = {
        name: (numpy.arange(5) + 100 * level, 100 * level - numpy.arange(5))
        for level, name in enumerate("abc")
    }
    table = found(**groups)
    row = table.loc["all, ranked within each"]
    assert (row["num_cells"], row["rho"]) == (15, -1)
    assert row["p"] < 0.001
    assert stats.spearmanr(*numpy.hstack([numpy.array(g) for g in groups.values()])).statistic > 0.7


def test_chance_alone_is_significant_as_often_as_it_says():
    rng = numpy.random.default_rng(2)
    draws = [found(a=(rng.random(4), rng.random(4))).loc["a", "p"] for _ in range(400)]
    assert numpy.mean(numpy.array(draws) < 0.1) == pytest.approx(
        2 / 24, abs=0.04
    )  # of 24 orders, the two ends


def test_what_cannot_be_ranked_is_missing():
    table = found(two=([1, 2], [1, 2]), flat=([1, 1, 1], [1, 2, 3]))
    assert table.loc[["two", "flat"], ["rho", "p"]].isna().all().all()
    assert table.loc["two", "num_cells"] == 2


def test_the_least_pvalue_counts_ties():
    """Two of four cells tie: of 24 orders, 2 reach the largest rho and 2 the smallest."""
    one, other = [0.0, 0.0, 0.5, 0.9], [3.0, 1.0, 2.0, 4.0]
    row = found(gpt2=(one, other)).loc["gpt2"]
    orders = [stats.spearmanr(one, order).statistic for order in itertools.permutations(other)]
    least = numpy.mean(numpy.abs(orders) >= numpy.max(numpy.abs(orders)) - 1e-9)
    assert row["p_least"] == pytest.approx(least) == pytest.approx(4 / 24)


def test_the_least_pvalue_of_several_groups_is_that_of_all_their_orders():
    sides = ([0.0, 0.0, 0.5], [1.0, 2.0, 3.0])
    row = found(a=sides, b=sides).loc["all, ranked within each"]
    centred = [stats.rankdata(side) - 2 for side in sides]
    orders = [
        numpy.dot(centred[0], one) + numpy.dot(centred[0], other)
        for one in itertools.permutations(centred[1]) for other in itertools.permutations(centred[1])
    ]  # fmt: skip
    least = numpy.mean(numpy.abs(orders) >= numpy.max(numpy.abs(orders)) - 1e-9)
    assert row["p_least"] == pytest.approx(least, abs=0.01)

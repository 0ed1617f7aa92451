"""Means of the same seeds on other items."""

import numpy
import pytest
from scipy import stats

from src.statistics.two_way_model import crossed_apart


def test_means_on_other_items_are_told_apart_as_often_as_said():
    draw, missed = numpy.random.default_rng(0), 0
    for _ in range(200):
        seeds = draw.normal(0, 0.3, (5, 1))
        first, second = (seeds + draw.normal(0, 1, (1, n)) + draw.normal(0, 1, (5, n)) for n in (40, 25))
        low, high = crossed_apart(first + 1, second).interval()
        missed += not low < 1 < high
    assert 2 <= missed <= 22


def test_of_one_seed_it_is_welch():
    draw = numpy.random.default_rng(0)
    first, second = draw.normal(size=(1, 12)), draw.normal(2, 3, size=(1, 30))
    expected = stats.ttest_ind(first[0], second[0], equal_var=False)
    found = crossed_apart(first, second)
    assert found.pvalue == pytest.approx(expected.pvalue)
    assert found.freedom == pytest.approx(expected.df)

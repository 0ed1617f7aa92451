"""Bands that hold a whole curve."""

import numpy
import pytest

from src.statistics.simultaneous import simultaneous_level
from src.statistics.two_way_model import crossed


def test_means_that_are_one_need_no_correction_and_independent_ones_that_of_sidak():
    draw = numpy.random.default_rng(0)
    one = draw.normal(size=(1, 400))
    assert simultaneous_level([one, 2 * one, 5 - one]) == pytest.approx(0.05, rel=0.15)
    many = list(draw.normal(size=(10, 1, 400)))
    assert simultaneous_level(many) == pytest.approx(1 - 0.95 ** (1 / 10), rel=0.25)


def test_a_mean_without_scatter_does_not_count():
    one = numpy.random.default_rng(0).normal(size=(3, 50))
    assert simultaneous_level([one, numpy.zeros((3, 50)), numpy.ones((3, 50))]) == 0.05


@pytest.mark.parametrize("num_seeds", [1, 4])
def test_whole_curves_are_covered_as_often_as_said(num_seeds):
    draw, missed, alone = numpy.random.default_rng(1), 0, 0
    for _ in range(200):
        shared = draw.normal(size=(num_seeds, 30)) + draw.normal(size=(num_seeds, 1)) * (num_seeds > 1)
        curve = [shared * 0.5 + draw.normal(size=(num_seeds, 30)) for _ in range(12)]
        level = simultaneous_level(curve)
        found = [crossed(table) for table in curve]
        missed += any(abs(one.value) > one.interval(level)[1] - one.value for one in found)
        alone += any(abs(one.value) > one.interval()[1] - one.value for one in found)
    assert missed / 200 < 0.09
    assert alone > 2 * missed  # a curve of plain intervals misses far more often

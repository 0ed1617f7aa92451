"""Figures of more arms than anybody can tell apart."""

import numpy
import pytest
from numpy.testing import assert_allclose

from src.analysis.layer_profiles import ProfileLine
from src.report.crowd import MOST, first_conditions
from src.report.palette import Look
from src.report.sections.profile_bands import band_series


def arms(**counts):
    return [(condition, number) for condition, count in counts.items() for number in range(count)]


def condition(arm):
    return arm[0]


def test_few_arms_are_all_drawn_and_nothing_is_said():
    every = arms(a=MOST - 1, b=1)
    assert first_conditions(every, condition) == (every, "")


def test_of_many_arms_whole_conditions_are_drawn_in_their_order():
    every = arms(a=MOST - 10, b=10, c=1)
    shown, told = first_conditions(every, condition)
    assert shown == every[:-1]
    assert told == "120 of 121 arms drawn: those of 2 of 3 conditions; the table has all"
    shown, told = first_conditions(arms(a=10, b=MOST), condition)
    assert {condition(arm) for arm in shown} == {"a"}


def test_one_condition_that_is_too_large_is_cut():
    shown, told = first_conditions(arms(a=MOST + 5, b=1), condition)
    assert shown == arms(a=MOST)
    assert "120 of 126 arms" in told


def line(values, depth=(0.0, 0.5, 1.0)):
    value = numpy.array(values, dtype=float)
    return ProfileLine(None, "change", numpy.array(depth), value, value, value, 1)


def test_a_band_of_arms_is_their_median_and_their_middle():
    values = numpy.random.default_rng(0).normal(size=(41, 3))
    found = band_series("01110", [line(one) for one in values], Look("#000000"), waits=False)
    assert_allclose(found.y, numpy.median(values, axis=0))
    for ends, share in ((found.low, 0.05), (found.high, 0.95)):
        assert_allclose(ends, numpy.quantile(values, share, axis=0))
    assert found.name == "01110: 41 arms"


def test_arms_of_other_models_are_put_on_one_axis_and_gaps_stay_gaps():
    gap = float("nan")
    found = band_series(
        "01110",
        [line([gap, 1, 3]), line([gap, 1, gap]), line([gap, 2], (0.0, 1.0))],
        Look("#000000"),
        waits=False,
    )
    assert found.y == pytest.approx([gap, 1, 2.5], nan_ok=True)

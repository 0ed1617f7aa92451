"""Figures of more arms than anybody can tell apart."""

from dataclasses import replace
from types import SimpleNamespace

import numpy
import pytest
from numpy.testing import assert_allclose

from src.analysis.frontier import SIZE, ArmFrontier
from src.analysis.layer_profiles import ProfileLine
from src.report.crowd import MOST, MOST_IN_TEXT, first_conditions, first_lines, named, number_drawn
from src.report.frontier import READING, frontier_blocks, plane
from src.report.palette import Look
from src.report.sections import frontier
from src.report.sections.profile_bands import band_series
from src.statistics.frontier import Point


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


def test_a_sentence_and_a_paragraph_name_the_first_and_count_the_others():
    names = [f"arm {number}" for number in range(40)]
    assert named([]) == "none" and named(names[:12]) == "; ".join(names[:12])
    assert named(names).endswith("; arm 11; and 28 more")
    lines = ["a line"] * (MOST_IN_TEXT + 1200)
    assert first_lines(lines[:MOST_IN_TEXT]) == lines[:MOST_IN_TEXT]
    assert first_lines(lines)[MOST_IN_TEXT:] == ["and 1,200 more such lines"]


def test_a_section_draws_the_first_figures_that_fit():
    assert number_drawn([30] * 20) == 20  # a small study loses nothing
    assert number_drawn([2000] * 40) == number_drawn([MOST] * 40) == 8
    assert number_drawn([]) == 0


def made_frontier(curve, number):
    """Two strengths and as many settings beside them; the last one alone is better."""
    gap = float("nan")
    told = {name: 0.5 for name in Point._fields if name not in ("plan", "share", "more", "p_holm")}
    line = [Point(plan=curve, share=float(at), more=gap, p_holm=gap, **told) for at in (0, 1)]
    others = [Point(f"arm {at}", gap, more=0.1, p_holm=1.0, **told) for at in range(number)]
    return ArmFrontier(curve, "gain", "gcd", [*line, *others[:-1], others[-1]._replace(p_holm=0.01)])


def test_of_many_settings_a_frontier_draws_first_those_that_differ_from_the_curve():
    found = frontier._frontier(made_frontier("rate", 5 * MOST))
    _, chart, _, table = frontier_blocks(found)
    assert f"{MOST} of {5 * MOST} settings drawn" in chart.plots["all"].caption
    better, others = plane(found).series[1:]
    assert better.texts == [f"arm {5 * MOST - 1}"] and len(others.x) == MOST - 1
    assert len(table.rows) == 2 + 5 * MOST
    assert plane(frontier._frontier(made_frontier("rate", MOST))).caption == ""


def test_settings_that_are_compared_at_an_equal_size_are_told_so():
    found = frontier._frontier(replace(made_frontier("rate", 3), gained=SIZE))
    first, _, more, _ = frontier_blocks(found)
    told = " ".join(first.lines) + more.title + found.name
    assert "of equal size: arm 2." in told and "equal gain" not in told


def test_of_many_curves_those_that_are_not_drawn_are_rows_of_one_table():
    curves = [made_frontier(f"rate of {number}", 2 * MOST) for number in range(11)]
    blocks = frontier.build(SimpleNamespace(get=lambda _: curves))
    assert blocks[0].lines == [READING]
    assert blocks[-2].lines == ["8 of 11 curves drawn; the others are rows of one table."]
    assert len(blocks[-1].rows) == 3 * (2 + 2 * MOST)
    assert {row["curve"] for row in blocks[-1].rows} == {
        f"gcd, at an equal gain, rate of {number}" for number in (8, 9, 10)
    }

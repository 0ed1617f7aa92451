"""Curves of arms, and arms held against them, in a study whose truth is known."""

import math
from math import nan
from types import SimpleNamespace

import numpy
import pandas
import pytest

from src.analysis.answers import Answers
from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.arms import Arm
from src.analysis.frontier import SIZE, arm_frontiers, curves
from src.analysis.layer_series import by_metric

SEEDS, ITEMS = (0, 1, 2), 40
HARD = numpy.random.default_rng(0).normal(size=ITEMS)


def arm(penalty, weight, size):
    layers = pandas.DataFrame(
        {"metric": ["weight_change"] * 3 + ["cka"], "stage": "change", "value": [size, nan, size, 9.0]}
    ).assign(layer=[1, 2, 3, 1], depth=[0.3, 0.7, 1.0, 0.3])
    run = SimpleNamespace(record={"choices": {"data": "sums"}}, config={}, series=by_metric(layers))
    factors = {"method.penalty": penalty, "method.penalty_weight": f"{weight:g}"}
    return Arm(factors, dict.fromkeys(SEEDS, run))


def scores(one, mean):
    """Every item moves by the mean and its own difficulty, every seed alike."""
    ids = tuple(map(str, range(ITEMS)))
    sides = [
        Answers(float(values.mean()), None, ITEMS, ids, values) for values in (HARD, HARD + mean + 0.1 * HARD)
    ]
    return ArmScores(one, dict.fromkeys(SEEDS, sides[0]), dict.fromkeys(SEEDS, sides[1]))


@pytest.fixture
def material():
    """l2sp gains 1 and forgets 1 at full strength, in proportion below; rpsft forgets 0.2 less than that."""
    arms = [arm("none", 1, 0.5), arm("l2sp", 1, 0.4), arm("l2sp", 10, 0.2), arm("rpsft", 1, 0.3)]
    gains, forgotten = (1.0, 0.8, 0.4, 0.6), (1.0, 0.8, 0.4, 0.4)
    task = TaskScores("heldout", "nats", False, [scores(a, -g) for a, g in zip(arms, gains, strict=True)], [])
    english = TaskScores(
        "english", "nats", False, [scores(a, f) for a, f in zip(arms, forgotten, strict=True)], []
    )
    return SimpleNamespace(scores=[task, english])


def test_arms_of_one_penalty_are_a_curve_that_begins_without_it(material):
    (found,) = curves([one.arm for one in material.scores[0].arms]).items()
    name, curve = found
    assert "penalty weight of l2sp" in name
    assert sorted(curve) == [0, 1, 10]
    assert curve[0].factors["method.penalty"] == "none"


def test_an_arm_is_held_against_a_curve_at_equal_gain_and_at_equal_size(material):
    by_gain, by_size = arm_frontiers(material)
    assert (by_gain.kept, by_size.gained) == ("english (nats)", SIZE)
    (better,) = [one for one in by_gain.points if math.isnan(one.share)]
    assert better.plan.startswith("rpsft")
    assert better.gained == pytest.approx(0.6 - 0.1 * HARD.mean())
    assert better.more == pytest.approx(0.2)  # l2sp forgets 0.6 where it gains 0.6
    assert [one.kept for one in by_gain.points[:3]] == pytest.approx(
        [-forgot - 0.1 * HARD.mean() for forgot in (1.0, 0.8, 0.4)]
    )
    (moved,) = [one for one in by_size.points if math.isnan(one.share)]
    assert moved.gained == pytest.approx(0.3)
    assert moved.more == pytest.approx(0.6 - 0.4)  # halfway between 0.4 at 0.2 and 0.8 at 0.4


def test_without_two_strengths_there_is_no_frontier(material):
    for task in material.scores:
        task.arms = task.arms[::3]
    assert arm_frontiers(material) == []

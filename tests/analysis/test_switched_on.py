"""A setting against none or another value: which arms are held against which, and the difference put in."""

from types import SimpleNamespace

import numpy
import pytest

from src.analysis.answers import Answers
from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.arms import Arm
from src.analysis.switched_on import compared_rows, switched_rows

HARD = numpy.random.default_rng(0).normal(1, 0.3, 50)
IDS = tuple(f"item-{index}" for index in range(50))


def arm(shift, **factors):
    """Scores of three seeds, each item moved by `shift`."""
    named = {name.replace("__", "."): value for name, value in factors.items()}
    tuned = {}
    for seed in range(3):
        items = HARD + shift + 0.01 * seed
        tuned[seed] = Answers(items.mean(), items.std() / 50**0.5, 50, IDS, items)
    return ArmScores(Arm(named), tuned=tuned)


def rows(*arms):
    task = TaskScores("english", "nats_per_byte", False, list(arms), [])
    return {
        (row["setting"], row["setting_value"], row["condition"]): row["value"]
        for row in switched_rows(SimpleNamespace(scores=[task]))
    }


def test_each_rank_is_held_against_whole_inputs_of_its_own_model():
    found = rows(
        arm(0.0, model="gpt2", train__activation_rank="none", train__activation_threshold="0.95"),
        arm(0.2, model="gpt2", train__activation_rank="8", train__activation_threshold="0.5"),
        arm(9.0, model="opt", train__activation_rank="none", train__activation_threshold="0.95"),
        arm(9.3, model="opt", train__activation_rank="8", train__activation_threshold="0.95"),
    )
    assert found == {
        ("train.activation_rank", "8, 0.5", "gpt2"): pytest.approx(0.2),
        ("train.activation_rank", "8, 0.95", "opt"): pytest.approx(0.3),
    }


def test_a_penalty_is_not_held_against_an_arm_that_differs_in_more():
    assert not rows(
        arm(0.0, method__penalty="none", method__rank="16"),
        arm(0.2, method__penalty="kl", method__penalty_weight="0.1", method__rank="8"),
    )


def test_an_experiment_without_such_a_setting_has_no_rows():
    assert not rows(arm(0.0, model="gpt2"), arm(0.1, model="opt"))


def test_values_are_held_against_each_other_where_nothing_else_differs():
    """The difference that was put in, its sign, and Holm over the pairs of one condition alone."""
    task = TaskScores(
        "english",
        "nats_per_byte",
        False,
        [
            arm(0.0, data__select="none", data__length_matched="false"),
            arm(0.1, data__select="moderate", data__length_matched="false"),
            arm(0.4, data__select="high", data__length_matched="false"),
            arm(0.2, data__select="moderate", data__length_matched="true"),
            arm(0.2, data__select="high", data__length_matched="true"),
        ],
        [],
    )
    found = compared_rows(SimpleNamespace(scores=[task]))
    assert [(row["setting_value"], row["against"], row["condition"]) for row in found] == [
        ("moderate", "high", "false"),
        ("moderate", "high", "true"),
    ]
    assert [row["value"] for row in found] == pytest.approx([-0.3, 0.0])
    assert [row["num_seeds"] for row in found] == [3, 3]

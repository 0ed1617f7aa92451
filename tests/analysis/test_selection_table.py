"""The table of chosen rows, from made records of which every mean is known."""

from types import SimpleNamespace

import pytest

from src.analysis.selected_rows import selected_rows


def run(selected, gradient, moderate):
    return SimpleNamespace(
        record={
            "selection": {
                "kind": "high",
                "length": {"candidates": 5.0, "selected": selected},
                "gradient_norm": {"candidates": 2.0, "selected": gradient},
                "overlap": {"moderate": moderate, "low": 0.0, "high": 1.0, "random": 0.25},
                "overlap_by_chance": 0.2,
            }
        }
    )


def study(*arms, condition="high"):
    described = [SimpleNamespace(runs=dict(enumerate(runs))) for runs in arms]
    return SimpleNamespace(study=SimpleNamespace(arms=described, condition=lambda arm: condition))


def test_means_over_seeds_with_the_interval_of_three():
    (row,) = selected_rows(study([run(6.0, 4.0, 0.1), run(7.0, 6.0, 0.2), run(8.0, 8.0, 0.6)]))
    reach = 4.302653 / 3**0.5  # Student's t of two degrees of freedom, a scatter of 1
    assert row["selected_length"] == 7 and row["longer"] == 2
    assert (row["longer_low"], row["longer_high"]) == pytest.approx((2 - reach, 2 + reach), rel=1e-6)
    assert row["gradient_ratio"] == 3  # the mean of ratios 2, 3 and 4
    assert row["as_moderate"] == pytest.approx(0.3) and row["as_high"] == 1
    assert (row["by_chance"], row["num_seeds"], row["condition"]) == (pytest.approx(0.2), 3, "high")


def test_runs_that_chose_nothing_have_no_row_and_one_seed_no_interval():
    none = SimpleNamespace(record={"selection": None})
    older = SimpleNamespace(record={})
    (row,) = selected_rows(study([none, older], [run(6.0, 4.0, 0.1)], condition=""))
    assert row["condition"] == "high" and row["num_seeds"] == 1
    assert row["longer_low"] != row["longer_low"]  # not a number: missing, and not of no width

"""The rule of a suggestion: exact budgets, proportions, bounds; and against a search of all allocations."""

from itertools import product

import pytest

from src.suggest.rule import allocate, shortest_band


def test_ranks_are_in_proportion_and_spend_the_budget_exactly():
    assert allocate([1, 2, 3, 4], 100, 1000) == [10, 20, 30, 40]
    for budget in (4, 17, 99, 480, 481):
        ranks = allocate([0.3, 1.7, 2.2, 0.01], budget, 10_000)
        assert sum(ranks) == budget
        assert min(ranks) >= 1


def test_largest_remainders_are_rounded_up():
    assert allocate([1, 1, 1], 10, 100) == [4, 3, 3]
    assert allocate([2.6, 2.6, 4.8], 10, 100) == [3, 2, 5]


def test_bounds_move_what_is_beyond_them_to_the_others():
    assert allocate([100, 1, 1], 30, 12) == [12, 9, 9]
    assert allocate([100, 1, 1], 300, 12) == [12, 12, 12]  # all at the bound: below the budget
    assert allocate([5, 0, 0], 20, 12) == [12, 4, 4]
    assert allocate([1000, 1, 0.001], 12, 100) == [10, 1, 1]


def test_proportion_to_the_root_is_the_least_sum_of_error_over_rank():
    """Neyman's allocation against every allocation there is: c / rank summed, ranks summing to 12."""
    errors = [1.0, 4.0, 9.0]
    best = min(
        (ranks for ranks in product(range(1, 11), repeat=3) if sum(ranks) == 12),
        key=lambda ranks: sum(error / rank for error, rank in zip(errors, ranks, strict=True)),
    )
    assert tuple(allocate([error**0.5 for error in errors], 12, 100)) == best


@pytest.mark.parametrize(
    ("demand", "share", "band"),
    [
        ([1, 1, 1, 1], 1.0, (0, 4)),
        ([1, 1, 1, 1], 0.5, (0, 2)),  # of equally good ones, the first
        ([0, 5, 4, 0], 0.9, (1, 3)),
        ([1, 0, 0, 9], 0.9, (3, 4)),
        ([3, 1, 1, 3], 0.7, (0, 4)),
        ([1, 2, 3, 4], 0.7, (2, 4)),
    ],
)
def test_the_band_is_the_shortest_that_holds_the_share(demand, share, band):
    assert shortest_band(demand, share) == band

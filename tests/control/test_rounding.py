"""Factors are corrected for rounding, against updates that are rounded to a coarse grid in float64."""

import pytest
import torch

from src.control.rounding import CLOSE, corrected

GRID = 2.0**-6


@pytest.fixture
def updates():
    """Two groups that move, of three tensors each, and one that does not; the last places are coarse."""
    draw = torch.Generator().manual_seed(0)
    lengths = [40, 400, 4000, 30, 3000, 300, 10]
    made = [0.05 + 0.02 * torch.randn(length, generator=draw, dtype=torch.float64) for length in lengths]
    return [*made[:-1], torch.zeros(10, dtype=torch.float64)], torch.tensor([0, 0, 0, 1, 1, 1, 2])


def rounding(made, asked):
    """squares_at for updates that can only be whole steps of the grid."""

    def squares_at(factors, chosen):
        asked.append(chosen.tolist())
        rounded = [(update * factor / GRID).round() * GRID for update, factor in zip(made, factors)]  # noqa: B905
        return torch.stack([one.square().sum() for one in rounded]) * chosen

    return squares_at


def norms_of(made, group_of, factor=1.0):
    squares = torch.stack([(factor * one).square().sum() for one in made])
    return torch.zeros(3, dtype=torch.float64).index_add(0, group_of, squares).sqrt()


def test_rounded_updates_come_near_to_their_norms(updates):
    made, group_of = updates
    wanted, start = norms_of(made, group_of, 0.7), torch.full((7,), 0.7, dtype=torch.float64)
    moved, squares_at = torch.tensor([True, True, False]), rounding(made, [])
    factors, squares = corrected(start, wanted, group_of, moved, squares_at)
    everything = torch.ones(7, dtype=torch.bool)
    assert torch.equal(squares, squares_at(factors, everything))  # what is told is what is written
    found, alone = (
        torch.zeros(3, dtype=torch.float64).index_add(0, group_of, one).sqrt() / wanted - 1
        for one in (squares, squares_at(start, everything))
    )
    assert alone[:2].abs().min() > 1e-3  # there was something to correct
    assert found[:2].abs().max() < 0.01 * alone[:2].abs().max()
    assert (factors / start - 1).abs().max() < 0.1
    assert factors[6] == start[6]


def test_what_is_near_enough_is_looked_at_once_and_kept(updates):
    made, group_of = updates
    asked = []
    exact = rounding([(one / GRID).round() * GRID for one in made], asked)
    wanted = torch.zeros(3, dtype=torch.float64)
    wanted = wanted.index_add(0, group_of, exact(torch.ones(7), torch.ones(7, dtype=torch.bool))).sqrt()
    asked.clear()
    start = torch.ones(7, dtype=torch.float64)
    factors, _ = corrected(start, wanted * (1 + CLOSE / 2), group_of, wanted > 0, exact)
    assert torch.equal(factors, start)
    assert asked == [[True] * 7]


def test_a_group_that_is_near_enough_is_left_alone_while_another_is_corrected(updates):
    made, group_of = updates
    asked = []
    squares_at = rounding(made, asked)
    start = torch.full((7,), 0.7, dtype=torch.float64)
    there = squares_at(start, torch.ones(7, dtype=torch.bool))
    reached = torch.zeros(3, dtype=torch.float64).index_add(0, group_of, there).sqrt()
    asked.clear()
    wanted = torch.stack([reached[0], norms_of(made, group_of, 0.7)[1], reached[2]])
    factors, _ = corrected(start, wanted, group_of, wanted > 0, squares_at)
    assert torch.equal(factors[:3], start[:3]) and not torch.equal(factors[3:6], start[3:6])
    assert not any(any(chosen[:3]) for chosen in asked[1:])

"""Intervals from groups of samples."""

import math

import pytest
import torch

from src.metrics.geometry.intrinsic_dimension import intrinsic_dimension_twonn
from src.metrics.shared.rows import Rows
from src.metrics.uncertainty.jackknife import jackknife_stderr
from src.metrics.uncertainty.random_groups import groups_interval, most_groups


def test_of_a_mean_is_the_plain_error_on_average(generator):
    ratios = []
    for x in torch.randn(300, 80, generator=generator, dtype=torch.float64):
        found = groups_interval(lambda kept, x=x: x[kept].mean().item(), x.mean().item(), 80, 8)
        ratios.append(found.stderr**2)
    assert sum(ratios) / 300 == pytest.approx(1 / 80, rel=0.08)


def test_groups_share_no_sample_and_keep_neighbours_together():
    seen = []
    groups_interval(lambda kept: seen.append(kept.tolist()) or float(len(seen)), 1.0, 83, 8)
    for start in range(0, len(seen), 4):
        assert sorted(at for group in seen[start : start + 4] for at in group) == list(range(83))
    assert all(len(group) >= 20 for group in seen) and seen[:4] != seen[4:8]
    blocks = [set(block.tolist()) for block in torch.arange(83).tensor_split(20)]
    assert all(block <= set(group) or not block & set(group) for group in seen for block in blocks)


def test_of_neighbours_that_are_alike_is_larger_than_the_plain_error(generator):
    x = torch.randn(20, generator=generator, dtype=torch.float64).repeat_interleave(10)
    found = groups_interval(lambda kept: x[kept].mean().item(), x.mean().item(), 200, 8)
    assert found.stderr > 2.5 * x.std().item() / math.sqrt(200)


def test_of_twonn_is_the_spread_over_fresh_data_where_a_jackknife_is_far_above(generator):
    values, groups, jackknife = [], [], []
    for _ in range(80):
        x = torch.randn(120, 5, generator=generator, dtype=torch.float64)
        statistic = intrinsic_dimension_twonn.statistic(Rows(x))
        values.append(statistic(torch.arange(120)))
        groups.append(groups_interval(statistic, values[-1], 120, 8).stderr ** 2)
        jackknife.append(jackknife_stderr(statistic, 120, 3) ** 2)
    spread = torch.tensor(values).var().item()
    assert sum(groups) / 80 == pytest.approx(spread, rel=0.4)
    assert sum(jackknife) / 80 > 2 * spread


@pytest.mark.parametrize(
    ("num_samples", "expected"), [(0, 0), (3, 0), (15, 0), (16, 2), (39, 2), (40, 4), (500, 4)]
)
def test_as_many_groups_as_have_enough_samples(num_samples, expected):
    assert most_groups(num_samples, 8) == expected
    assert math.isnan(groups_interval(lambda kept: 1.0, 1.0, num_samples, 8).low) == (expected == 0)


def test_a_group_without_a_value_leaves_no_interval():
    found = groups_interval(lambda kept: math.nan if 0 in kept else 1.0, 1.0, 40, 8)
    assert all(map(math.isnan, found))

"""The fewest directions that hold a share of the energy, against closed forms."""

import pytest
import torch

from src.metrics.geometry.least_rank import (
    least_rank,
    least_rank_uncentred,
    next_layer_share,
    next_layer_share_uncentred,
)
from src.metrics.shared.energy import least_rank_of
from src.metrics.shared.rows import Rows
from src.metrics.shift.low_rank import (
    change_least_rank,
    change_least_rank_uncentred,
    outside_base_share,
    outside_base_share_uncentred,
)

SHAPES = [(40, 12), (12, 40)]  # more samples than dimensions, and fewer


def of_rank(rank, shape, generator):
    a = torch.randn(shape[0], rank, generator=generator, dtype=torch.float64)
    return a @ torch.randn(rank, shape[1], generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 1.0), (0.25, 0.5), (0.75, 2.0), (0.8, 2.2), (1.0, 3.0)]
)
def test_straight_pieces_between_whole_numbers(share, expected):
    squares = torch.tensor([1.0, 1.0, 2.0, 0.0]).double()
    assert least_rank_of(squares, share).item() == pytest.approx(expected)
    assert least_rank_of(0 * squares, share).isnan()


@pytest.mark.parametrize("shape", SHAPES)
def test_no_more_directions_than_the_rank_are_needed_and_they_hold_all(shape, generator):
    rows = of_rank(3, shape, generator)
    assert 2 < least_rank_uncentred(rows, share=1 - 1e-9).item() <= 3
    assert next_layer_share_uncentred(
        rows, rows @ torch.eye(shape[1]).double(), share=1 - 1e-9
    ).item() == pytest.approx(1)
    inside_its_span = torch.randn(7, shape[0], generator=generator, dtype=torch.float64) @ rows
    padded = (
        torch.cat([inside_its_span, torch.zeros(shape[0] - 7, shape[1])]) if shape[0] > 7 else inside_its_span
    )
    assert outside_base_share_uncentred(rows, padded, share=1 - 1e-9).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_shares_agree_with_an_svd_and_obey_ky_fan(shape, share, generator):
    x = torch.randn(shape, generator=generator, dtype=torch.float64) + 1
    y = x + 0.3 * torch.randn(shape, generator=generator, dtype=torch.float64)
    x0, y0 = x - x.mean(0), y - y.mean(0)
    for first, second, count, found in (
        (x0, y0, least_rank(x, share=share), next_layer_share(x, y, share=share)),
        (x, y, least_rank_uncentred(x, share=share), next_layer_share_uncentred(x, y, share=share)),
    ):
        _, values, vh = torch.linalg.svd(first, full_matrices=False)
        held = values.square().cumsum(0) / values.square().sum()
        k = int((held < share).sum()) + 1
        assert k - 1 < count.item() <= k
        basis = vh[:k].T
        assert found.item() == pytest.approx(((second @ basis).square().sum() / second.square().sum()).item())
        best = torch.linalg.svdvals(second).square()
        assert found.item() <= (best[:k].sum() / best.sum()).item() + 1e-12
    assert outside_base_share(x, y, share=share).item() == pytest.approx(
        1 - next_layer_share(x, y, share=share).item()
    )
    assert outside_base_share(x, x, share=share).item() <= 1 - share


def test_one_massive_direction_is_nearly_all_uncentred_and_nothing_centred(generator):
    rows = torch.randn(40, 12, generator=generator, dtype=torch.float64)
    rows[:, 3] += 1e3
    assert least_rank_uncentred(rows).item() < 1
    assert least_rank(rows).item() > 5
    assert outside_base_share_uncentred(rows, rows + torch.randn(40, 12, generator=generator)).item() < 1e-3


def test_a_common_shift_is_one_direction_of_the_change_and_none_of_its_spread(generator):
    base = torch.randn(40, 12, generator=generator, dtype=torch.float64)
    shift, spread = torch.randn(12, generator=generator), 1e-3 * of_rank(2, (40, 12), generator)
    assert change_least_rank_uncentred(base, base + shift + spread).item() < 1
    assert 1 < change_least_rank(base, base + shift + spread, share=0.999).item() <= 2
    assert change_least_rank(base, base).isnan()


def test_rotation_and_order_change_nothing(generator, rotation):
    x, y = (torch.randn(30, 12, generator=generator, dtype=torch.float64) for _ in range(2))
    turn, order = rotation(12), torch.randperm(30, generator=generator)
    for measure in (next_layer_share, outside_base_share, change_least_rank, change_least_rank_uncentred):
        turned = measure((x @ turn)[order], (y @ turn)[order])
        assert turned.item() == pytest.approx(measure(x, y).item())


def test_statistics_are_the_metrics_of_the_kept_samples(generator):
    x, y = (torch.randn(30, 12, generator=generator) for _ in range(2))
    kept = torch.arange(3, 25)
    for measure in (next_layer_share, outside_base_share):
        found = measure.statistic(Rows(x), Rows(y))(kept)
        assert found == pytest.approx(measure(x[kept], y[kept]).item(), rel=1e-9)

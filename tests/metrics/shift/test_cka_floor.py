import itertools

import pytest
import torch

from src.errors import DataError
from src.metrics.shared.rows import Rows
from src.metrics.shift.cka import cka_biased
from src.metrics.shift.cka_floor import cka_biased_floor, cka_biased_floor_resampled


def test_floor_is_the_mean_over_every_order(generator):
    x = torch.randn(6, 4, generator=generator, dtype=torch.float64) + 3
    y = torch.randn(6, 5, generator=generator, dtype=torch.float64) * torch.logspace(0, -2, 5)
    values = [cka_biased(x, y[list(order)]).item() for order in itertools.permutations(range(6))]
    assert cka_biased_floor(x, y).item() == pytest.approx(sum(values) / 720, rel=1e-9)
    assert max(values) - min(values) > 0.1


def test_independent_data_lie_on_their_floor(generator):
    x, y = torch.randn(2, 200, 2048, generator=generator)
    assert cka_biased_floor(x, y).item() == pytest.approx(0.912, abs=0.005)
    assert cka_biased(x, y).item() == pytest.approx(cka_biased_floor(x, y).item(), abs=0.002)
    assert cka_biased(x, x).item() > 0.99 > cka_biased_floor(x, x).item()


def test_invariances(generator, rotation):
    x, y = torch.randn(2, 12, 5, generator=generator, dtype=torch.float64)
    turned = 7 * (x @ rotation(5)) + torch.arange(5)
    order = torch.randperm(12, generator=generator)
    expected = cka_biased_floor(x, y).item()
    assert cka_biased_floor(turned, y[order]).item() == pytest.approx(expected, rel=1e-9)
    assert cka_biased_floor(y, x).item() == pytest.approx(expected, rel=1e-9)


def test_statistic_of_kept_samples_is_the_metric_of_those_rows(of_kept, generator):
    x, y = torch.randn(2, 15, 7, generator=generator)
    kept = torch.tensor([0, 2, 3, 7, 8, 11, 14])
    found = of_kept(cka_biased_floor_resampled(Rows(x), Rows(y)), 15)(kept)
    assert found == pytest.approx(cka_biased_floor(x[kept], y[kept]).item(), rel=1e-9)


def test_bad_input(generator):
    y = torch.randn(9, 6, generator=generator)
    for value in (0.0, 0.1, 1e4):
        assert cka_biased_floor(torch.full((9, 6), value), y).isnan()
    with pytest.raises(DataError, match="metric cka_biased_floor: given 1 samples; needed: at least 2"):
        cka_biased_floor(y[:1], y[:1])

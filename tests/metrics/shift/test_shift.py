import math
from itertools import product

import numpy as np
import pytest
import torch

from src.errors import DataError
from src.metrics.shared.rows import Rows
from src.metrics.shift.change_intensity import change_intensity
from src.metrics.shift.cosine_similarity import cosine_similarity
from src.metrics.shift.mean_shift import mean_shift, mean_shift_resampled
from src.metrics.shift.mean_shift_floor import mean_shift_floor, mean_shift_floor_resampled


def test_cosine_from_the_definition(generator):
    x, y = torch.randn(2, 9, 6, generator=generator)
    expected = [
        np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)
        for a, b in zip(x.numpy(), y.numpy(), strict=True)
    ]
    np.testing.assert_allclose(cosine_similarity(x, y).numpy(), expected, rtol=1e-5)


def test_cosine_of_known_angles():
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    y = torch.tensor([[5.0, 0.0], [0.0, 0.1], [-1.0, 1.0]])
    np.testing.assert_allclose(cosine_similarity(x, y).numpy(), [1, 0, -math.sqrt(0.5)], atol=1e-12)


def test_cosine_invariances(generator, rotation):
    x, y = torch.randn(2, 9, 6, generator=generator, dtype=torch.float64)
    turn = rotation(6)
    torch.testing.assert_close(cosine_similarity(2 * x @ turn, 0.1 * y @ turn), cosine_similarity(x, y))


def test_cosine_of_a_zero_vector_is_missing(generator):
    x = torch.randn(2, 3, generator=generator)
    y = torch.stack([torch.zeros(3), x[1]])
    assert cosine_similarity(x, y).isnan().tolist() == [True, False]


def test_mean_shift_of_a_shift_is_its_length(generator):
    x = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    step = torch.tensor([3.0, 0.0, -4.0, 0.0], dtype=torch.float64)
    assert mean_shift(x, x + step).item() == pytest.approx(5.0, rel=1e-12)
    assert mean_shift(x, (x + step).flip(0)).item() == pytest.approx(5.0, rel=1e-12)
    assert mean_shift(x, x).item() == 0.0


def test_mean_shift_of_kept_samples(of_kept, generator):
    x, y = torch.randn(2, 10, 4, generator=generator)
    kept = torch.tensor([1, 2, 8])
    statistic = of_kept(mean_shift_resampled(Rows(x), Rows(y)), 10)
    assert statistic(kept) == pytest.approx(mean_shift(x[kept], y[kept]).item(), rel=1e-12)


def test_the_floor_of_the_mean_shift_is_its_mean_over_all_signs(generator, of_kept):
    x, y = torch.randn(2, 8, 3, generator=generator, dtype=torch.float64)
    signs = torch.tensor(list(product((-1.0, 1.0), repeat=8)), dtype=torch.float64)
    means = torch.stack([mean_shift(x, x + one[:, None] * (y - x)) for one in signs])
    floor = mean_shift_floor(x, y).item()
    assert floor == pytest.approx(means.square().mean().sqrt().item(), rel=1e-12)
    assert floor == pytest.approx(mean_shift_floor(x[:, [2, 0, 1]] + 1, y[:, [2, 0, 1]] + 1).item())
    kept = torch.tensor([1, 2, 7])
    statistic = of_kept(mean_shift_floor_resampled(Rows(x), Rows(y)), 8)
    assert statistic(kept) == pytest.approx(mean_shift_floor(x[kept], y[kept]).item(), rel=1e-12)


def test_change_intensity_is_the_length_of_each_move(generator, rotation):
    x = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    y = x + torch.tensor([[3.0, 4.0], [0.0, 0.0], [-3.0, -4.0]])
    np.testing.assert_allclose(change_intensity(x, y).numpy(), [5, 0, 5], atol=1e-12)
    assert mean_shift(x, y).item() == pytest.approx(0.0, abs=1e-12)  # opposite moves cancel there
    turn = rotation(2)
    torch.testing.assert_close(change_intensity(x @ turn + 1, y @ turn + 1), change_intensity(x, y))


@pytest.mark.parametrize("metric", [mean_shift, mean_shift_floor, cosine_similarity, change_intensity])
def test_no_samples(metric):
    with pytest.raises(DataError, match=f"metric {metric.__name__}: given 0 samples; needed: at least 1"):
        metric(torch.zeros(0, 3), torch.zeros(0, 3))

import pytest
import torch

from src.metrics.optimization.weight_change import weight_change
from src.metrics.shared.factors import squared_norm, squared_norm_of_product


def test_norm_of_a_product_without_the_product(generator):
    b, a = torch.randn(30, 3, generator=generator), torch.randn(3, 20, generator=generator)
    expected = (b.double() @ a.double()).square().sum().item()
    assert squared_norm_of_product(b, a).item() == pytest.approx(expected, rel=1e-12)


def test_squared_norm_is_summed_in_float64():
    assert squared_norm(torch.full((10, 10), 1e25)).item() == pytest.approx(1e52, rel=1e-6)


def test_weight_change():
    three, four = torch.tensor(9.0).double(), torch.tensor(16.0).double()
    assert weight_change(three, four).item() == 0.75
    assert weight_change(0 * three, four).item() == 0.0
    assert weight_change(0 * three, 0 * four).isnan()

import math

import pytest
import torch

from src.metrics.optimization.singular_rotation import (
    principal_angles,
    singular_rotation,
    singular_rotation_of_factors,
)
from src.metrics.optimization.update_gradient_cosine import update_gradient_cosine
from src.metrics.optimization.update_rank import update_effective_rank, update_stable_rank
from src.metrics.shared import leading_subspaces as subspaces
from src.metrics.shared.factors import inner_with_product, singular_values, singular_values_of_product
from src.metrics.shared.leading_subspaces import Sum, leading_subspaces


@pytest.mark.parametrize("shape", [(30, 3, 20), (20, 5, 40), (4, 6, 5)])
def test_singular_values_of_factors_are_those_of_the_product(shape, generator):
    out, rank, in_ = shape
    b = torch.randn(out, rank, generator=generator)
    a = torch.randn(rank, in_, generator=generator)
    expected = torch.linalg.svdvals(b.double() @ a.double())[: min(shape)]
    torch.testing.assert_close(singular_values_of_product(b, a), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(singular_values(b @ a)[: min(shape)], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(30, 20), (20, 30)])
def test_singular_values_of_tall_and_wide_matrices(shape, generator):
    matrix = torch.randn(shape, generator=generator)
    torch.testing.assert_close(
        singular_values(matrix), torch.linalg.svdvals(matrix.double()), rtol=1e-9, atol=0
    )


def test_ranks_in_closed_form():
    assert update_effective_rank(torch.ones(7).double()).item() == pytest.approx(7)
    assert update_stable_rank(torch.ones(7).double()).item() == pytest.approx(7)
    one = torch.tensor([5.0, 0.0, 0.0]).double()
    assert (update_effective_rank(one).item(), update_stable_rank(one).item()) == (1.0, 1.0)
    assert update_stable_rank(torch.tensor([2.0, 1.0, 1.0]).double()).item() == 1.5
    half = torch.tensor([2.0, 1.0, 1.0]).double()
    assert update_effective_rank(half).item() == pytest.approx(2 * math.sqrt(2))
    assert update_effective_rank(0 * half).isnan() and update_stable_rank(0 * half).isnan()


def test_rotation_in_closed_form():
    """Both leading directions of a matrix turned by one known angle on the left only."""
    angle = 0.3
    base = torch.diag(torch.tensor([5.0, 1.0, 0.9, 0.8]))[:, :3]  # smaller side 3: one direction
    turn = torch.eye(4)
    turn[:2, :2] = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    assert singular_rotation(base, turn @ base).item() == pytest.approx(angle / 2, rel=1e-6)
    assert singular_rotation(base, base).item() == 0.0
    assert singular_rotation(base, 3 * base).item() == pytest.approx(0, abs=1e-12)
    assert singular_rotation(0 * base, base).isnan() and singular_rotation(base, 0 * base).isnan()


def test_rotation_of_factors_is_that_of_the_sum_and_keeps_its_invariances(generator, rotation):
    base = torch.randn(40, 60, generator=generator, dtype=torch.float64)
    b = 0.3 * torch.randn(40, 4, generator=generator, dtype=torch.float64)
    a = torch.randn(4, 60, generator=generator, dtype=torch.float64)
    value = singular_rotation(base, base + b @ a).item()
    assert 0.01 < value < math.pi / 2
    assert singular_rotation_of_factors(base, b, a).item() == pytest.approx(value, rel=1e-9)
    left, right = rotation(40), rotation(60)
    assert singular_rotation(left @ base @ right, left @ (base + b @ a) @ right).item() == pytest.approx(
        value
    )
    assert singular_rotation(2 * base, 2 * (base + b @ a)).item() == pytest.approx(value)


def test_small_angles_are_not_lost_in_rounding():
    first = torch.eye(6, dtype=torch.float64)[:, :1]
    second = torch.tensor([[1.0], [1e-10], [0], [0], [0], [0]], dtype=torch.float64)
    assert principal_angles(first, second).item() == pytest.approx(1e-10, rel=1e-6)


@pytest.mark.parametrize("shape", [(90, 60), (60, 90), (70, 70)])
def test_subspaces_are_those_of_the_full_svd(shape, generator):
    matrix = torch.randn(shape, generator=generator, dtype=torch.float64)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    found_left, found_right = leading_subspaces(Sum(matrix), 7)
    assert principal_angles(left[:, :7], found_left).max() < 1e-11
    assert principal_angles(right[:7].T, found_right).max() < 1e-11


def test_krylov_finds_the_subspaces_of_the_full_svd(generator, rotation, monkeypatch):
    spectrum = 10 * torch.arange(1, 401, dtype=torch.float64) ** -0.5
    matrix = rotation(400) @ torch.diag(spectrum) @ torch.randn(400, 500, generator=generator).double()
    b = torch.randn(400, 3, generator=generator, dtype=torch.float64)
    a = torch.randn(3, 500, generator=generator, dtype=torch.float64)
    left, _, right = torch.linalg.svd(matrix + b @ a, full_matrices=False)
    monkeypatch.setattr(subspaces, "SMALL", 50)
    monkeypatch.setattr(subspaces, "DEPTH", 5)
    monkeypatch.setattr(subspaces, "_whole", lambda *_: pytest.fail("the whole matrix was taken apart"))
    found_left, found_right = leading_subspaces(Sum(matrix, (b, a)), 10)
    assert principal_angles(left[:, :10], found_left).max() < 1e-6
    assert principal_angles(right[:10].T, found_right).max() < 1e-6


def test_cosine_against_the_gradient(generator):
    b, a = torch.randn(9, 2, generator=generator), torch.randn(2, 7, generator=generator)
    gradient = torch.randn(9, 7, generator=generator)
    update = b.double() @ a.double()
    inner = inner_with_product(b, a, gradient)
    assert inner.item() == pytest.approx((update * gradient.double()).sum().item(), rel=1e-12)
    sizes = update.square().sum(), gradient.double().square().sum()
    expected = -torch.cosine_similarity(update.flatten(), gradient.double().flatten(), dim=0)
    assert update_gradient_cosine(inner, *sizes).item() == pytest.approx(expected.item(), rel=1e-9)
    assert update_gradient_cosine(0 * inner, 0 * inner, sizes[1]).isnan()

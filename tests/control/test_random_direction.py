"""Random updates have the size or the spectrum that was asked for, and nothing else in common with another."""

import pytest
import torch

from src.control.random_direction import (
    orthonormal,
    random_direction,
    random_factors,
    same_gram,
    same_spectrum,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(6)


def test_direction_has_the_norm_and_comes_from_the_generator(generator):
    one = random_direction(torch.Size([30, 20]), 0.37, generator)
    other = random_direction(torch.Size([30, 20]), 0.37, generator)
    assert torch.linalg.vector_norm(one).item() == pytest.approx(0.37, rel=1e-6)
    assert abs(torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), 0)) < 0.15
    again = random_direction(torch.Size([30, 20]), 0.37, torch.Generator().manual_seed(6))
    assert torch.equal(one, again)


@pytest.mark.parametrize("shape", [(24, 40), (40, 24), (7,), (5, 3, 4)])
def test_spectrum_is_kept_and_vectors_are_not(generator, shape):
    update = torch.randn(shape, generator=generator)
    found = same_spectrum(update, generator)
    assert found.shape == update.shape
    flat = [tensor.reshape(shape[0], -1).double() for tensor in (update, found)]
    values = [torch.linalg.svdvals(one) for one in flat]
    assert values[1] == pytest.approx(values[0], rel=1e-5)
    assert abs(torch.nn.functional.cosine_similarity(*(one.flatten() for one in flat), 0)) < 0.9


def test_factors_of_one_gram_have_the_spectrum_of_the_product(generator):
    a, b = torch.randn(4, 30, generator=generator), torch.randn(20, 4, generator=generator)
    b[:, 1] *= 5
    other = same_gram((a, b), generator)
    assert (other[0] @ other[0].T) == pytest.approx(a @ a.T, rel=1e-4, abs=1e-4)
    assert (other[1].T @ other[1]) == pytest.approx(b.T @ b, rel=1e-4, abs=1e-4)
    products = [torch.linalg.svdvals((second @ first).double())[:4] for first, second in ((a, b), other)]
    assert products[1] == pytest.approx(products[0], rel=1e-4)


def test_gram_of_untrained_factors_gives_an_update_of_zero(generator):
    a, b = torch.randn(4, 30, generator=generator), torch.zeros(20, 4)
    other = same_gram((a, b), generator)
    assert torch.equal(other[1] @ other[0], torch.zeros(20, 30))


def test_random_factors_have_a_product_of_the_norm(generator):
    a, b = random_factors((torch.Size([8, 30]), torch.Size([20, 8])), 0.25, generator)
    assert torch.linalg.vector_norm(b @ a).item() == pytest.approx(0.25, rel=1e-5)


def test_orthonormal_columns_are_uniform_over_directions(generator):
    """Each entry of a column has mean 0 and variance 1 / length; QR alone would favour one sign."""
    drawn = torch.stack([orthonormal(6, 3, generator) for _ in range(4000)])
    identity = torch.eye(3, dtype=torch.float64).expand(4000, 3, 3)
    assert torch.allclose(drawn.mT @ drawn, identity, atol=1e-12)
    assert drawn.mean(0).abs().max() < 5 * (1 / 6 / 4000) ** 0.5
    assert drawn.square().mean(0) == pytest.approx(torch.full((6, 3), 1 / 6, dtype=torch.float64), abs=0.015)


def changes(num_blocks, identity_from, draws, generator):
    """Mean squared change by layer where block b adds W_b x, x the model's input, and every W_b is pushed alike."""
    x = torch.randn(50, 16, generator=generator)
    found = torch.zeros(num_blocks)
    for _ in range(draws):
        state = torch.zeros_like(x)
        for block in range(num_blocks):
            if block < identity_from:
                state = state + x @ random_direction(torch.Size([16, 16]), 0.1, generator).T
            found[block] += state.square().sum(1).mean() / draws
    return found


def test_a_push_adds_up_over_depth(generator):
    found = changes(6, 6, 400, generator)
    assert found / found[0] == pytest.approx(torch.arange(1.0, 7.0), rel=0.12)


def test_above_the_last_block_that_does_anything_the_change_stays(generator):
    found = changes(6, 3, 20, generator)
    assert torch.equal(found[3:], found[2].expand(3))

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from src.errors import DataError
from src.metrics.geometry.curvature import curvature, curvature_paper, curvature_states
from src.metrics.geometry.sparsity import sparsity, sparsity_paper


def angle(a, b, limit=1.0):
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    return math.acos(np.clip(cosine, -limit, limit)) / math.pi


@pytest.mark.parametrize("num_tokens", [3, 12])
def test_curvatures_from_the_definition(num_tokens, generator):
    states = torch.randn(num_tokens, 7, generator=generator) + 1.0
    h = states.double().numpy()
    steps = [h[t + 1] - h[t] for t in range(num_tokens - 1)]
    pairs = list(pairwise(steps))
    assert curvature(states).item() == pytest.approx(np.mean([angle(a, b) for a, b in pairs]), rel=1e-9)
    expected = np.mean([angle(a, b, 0.999) for a, b in pairs])
    assert curvature_paper(states).item() == pytest.approx(expected, rel=1e-9)
    expected = np.mean([angle(h[t], h[t + 1]) for t in range(num_tokens - 1)])
    assert curvature_states(states).item() == pytest.approx(expected, rel=1e-9)


def test_a_straight_line_has_no_curvature():
    line = torch.arange(9.0)[:, None] * torch.tensor([[1.0, 2.0, -1.0]]) + 3.0
    assert curvature(line).item() == pytest.approx(0.0, abs=1e-7)
    assert curvature_paper(line).item() == pytest.approx(math.acos(0.999) / math.pi, rel=1e-9)
    assert curvature_states(line).item() > 0.01
    ray = torch.arange(1.0, 9.0)[:, None] * torch.tensor([[1.0, 2.0, -1.0]])
    assert curvature_states(ray).item() == pytest.approx(0.0, abs=1e-7)


def test_known_paths():
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    assert curvature(square).item() == pytest.approx(0.5, rel=1e-12)
    back_and_forth = torch.tensor([[0.0, 1.0], [1.0, 1.0]] * 4)
    assert curvature(back_and_forth).item() == pytest.approx(1.0, abs=1e-7)
    assert curvature_states(torch.eye(5)).item() == pytest.approx(0.5, rel=1e-12)


def test_independent_states_turn_by_two_thirds(generator):
    states = torch.randn(200, 2000, generator=generator)
    assert curvature(states).item() == pytest.approx(2 / 3, abs=0.005)
    assert curvature_states(states).item() == pytest.approx(1 / 2, abs=0.005)


@pytest.mark.parametrize("metric", [curvature, curvature_paper])
def test_rotation_shift_and_scale(metric, generator, rotation):
    states = torch.randn(11, 6, generator=generator, dtype=torch.float64)
    value = metric(states).item()
    for same in (states @ rotation(6), states + 5, 0.01 * states):
        assert metric(same).item() == pytest.approx(value, rel=1e-9)
    assert metric(states.float()).item() == pytest.approx(value, rel=1e-5)


def test_a_token_given_twice_makes_no_angle(generator):
    """The steps are right, none, up: no angle is left, or a right angle after a second corner."""
    corner = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert curvature(corner).isnan()
    assert curvature_paper(corner).item() == pytest.approx(0.5, rel=1e-12)
    assert curvature(torch.cat([corner, torch.tensor([[1.0, 3.0]])])).item() == pytest.approx(0.0, abs=1e-7)
    assert curvature_states(torch.zeros(4, 3)).isnan()


def test_sparsity_counts_against_the_largest_entry():
    states = torch.tensor([[100.0, 2.0, -0.5, 0.0], [2.0, -1.5, 0.5, 0.009]])
    assert sparsity(states).item() == pytest.approx((2 + 1) / 8, rel=1e-12)
    assert sparsity_paper(states).item() == pytest.approx((2 + 2) / 8, rel=1e-12)


@pytest.mark.parametrize("metric", [sparsity, sparsity_paper])
def test_sparsity_from_the_definition(metric, generator):
    states = torch.randn(20, 50, generator=generator) ** 5
    h = np.abs(states.numpy())
    largest = h.max(axis=1, keepdims=True) if metric is sparsity else h.max()
    expected = (h < 0.01 * largest).mean()
    assert 0.1 < expected < 0.9
    assert metric(states).item() == pytest.approx(expected, rel=1e-9)
    assert metric(7 * states.flip(0)).item() == pytest.approx(expected, rel=1e-9)


def test_sparsity_of_zeros():
    assert sparsity(torch.zeros(3, 4)).isnan()
    assert sparsity_paper(torch.zeros(3, 4)).isnan()
    assert sparsity(torch.tensor([[0.0, 0.0], [1.0, 0.0]])).item() == 0.5


@pytest.mark.parametrize(
    ("metric", "least"),
    [(curvature, 3), (curvature_paper, 3), (curvature_states, 2), (sparsity, 1), (sparsity_paper, 1)],
)
def test_too_few_tokens(metric, least, generator):
    assert metric(torch.randn(least, 4, generator=generator)).isfinite()
    expected = (
        f"metric {metric.__name__}: given a prompt of {least - 1} tokens; needed: at least {least} tokens"
    )
    with pytest.raises(DataError) as error:
        metric(torch.ones(least - 1, 4))
    assert str(error.value) == expected


@pytest.mark.parametrize("metric", [sparsity, sparsity_paper])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_threshold_is_not_rounded_to_16_bits(metric, dtype, generator):
    states = torch.randn(40, 3000, generator=generator).to(dtype)
    assert metric(states).item() == metric(states.float()).item()

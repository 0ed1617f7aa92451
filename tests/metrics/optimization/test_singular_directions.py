"""Shares of an update by singular direction, against closed forms."""

import pytest
import torch

from src.metrics.optimization.singular_directions import (
    singular_value_change,
    singular_value_change_parts,
    update_leading_share,
    update_leading_share_parts,
)
from src.metrics.shared.tensor_update import TensorUpdate

SHAPE, K = (48, 32), 6  # 0.1875 of 32


@pytest.fixture
def base(generator):
    return torch.randn(SHAPE, generator=generator, dtype=torch.float64)


@pytest.fixture
def update(generator):
    return 1e-2 * torch.randn(SHAPE, generator=generator, dtype=torch.float64)


def test_a_multiple_of_the_weights_only_stretches(base):
    squares = torch.linalg.svdvals(base).square()
    assert update_leading_share(base, 0.1 * base).item() == pytest.approx(
        (squares[:K].sum() / squares.sum()).item()
    )
    assert singular_value_change(base, -0.1 * base).item() == pytest.approx(1)


def test_a_rotation_only_turns(base, rotation):
    turned = rotation(SHAPE[0]) @ base
    assert singular_value_change(base, turned - base).item() == pytest.approx(0, abs=1e-12)


def test_an_update_of_one_singular_pair_lies_inside_or_outside(base):
    u, _, vh = torch.linalg.svd(base, full_matrices=False)
    for pair, share in ((K - 1, 1.0), (K, 0.0)):
        one = 1e-3 * torch.outer(u[:, pair], vh[pair])
        assert update_leading_share(base, one).item() == pytest.approx(share, abs=1e-9)
        assert singular_value_change(base, one).item() == pytest.approx(1, rel=1e-6)


def test_no_preferred_direction_gives_the_share_that_the_page_tells(base, generator):
    shares = [update_leading_share(base, torch.randn(SHAPE, generator=generator)).item() for _ in range(40)]
    assert sum(shares) / 40 == pytest.approx(K**2 / (SHAPE[0] * SHAPE[1]), rel=0.15)


def test_a_common_rotation_changes_nothing(base, update, rotation):
    left, right = rotation(SHAPE[0]), rotation(SHAPE[1])
    for measure in (update_leading_share, singular_value_change):
        turned = measure(left @ base @ right, left @ update @ right)
        assert turned.item() == pytest.approx(measure(base, update).item(), rel=1e-7)


@pytest.mark.parametrize("parts", [update_leading_share_parts, singular_value_change_parts])
def test_factors_count_as_their_product_and_what_did_not_train_not_at_all(base, generator, parts):
    b = torch.randn(SHAPE[0], 2, generator=generator, dtype=torch.float64)
    a = torch.randn(2, SHAPE[1], generator=generator, dtype=torch.float64)
    ((inside, whole),) = parts(TensorUpdate("w", "q", base.float(), factors=(b, a)))
    ((merged, square),) = parts(TensorUpdate("w", "q", base.float(), tuned=(base + b @ a).float()))
    assert inside.item() == pytest.approx(merged.item(), rel=1e-4)
    assert whole.item() == pytest.approx(square.item(), rel=1e-4)
    assert parts(TensorUpdate("w", "q", base.float())) == []
    assert parts(TensorUpdate("w", "norm", base[0].float(), tuned=base[1].float())) == []

import math

import pytest
import torch

from src.metrics.lens.emergence import emergence_layer, lens_emerged
from src.metrics.lens.logit_lens import lens_answer_logp
from src.metrics.lens.ridge_exit import ridge_map, with_constant
from src.metrics.lens.two_models import (
    lens_answer_logp_change,
    lens_gold_probability_change,
    lens_pair_agreement,
    lens_pair_js,
    lens_pair_kappa,
    lens_pair_top5,
)

P = torch.tensor([[[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], [[0.1, 0.8, 0.1], [0.0, 0.0, 1.0]]]).double()
Q = torch.tensor([[[0.5, 0.3, 0.2], [0.6, 0.2, 0.2]], [[0.8, 0.1, 0.1], [1.0, 0.0, 0.0]]]).double()
TARGETS = torch.tensor([1, 2])


@pytest.fixture
def logs(generator):
    return [torch.randn(3, 8, 20, generator=generator).double().log_softmax(-1) for _ in range(2)]


def test_values_in_closed_form():
    def mixed(p, q):
        total = 0.0
        for a, b in zip(p, q, strict=True):
            total += sum(0.5 * x * math.log(2 * x / (a + b)) for x in (a, b) if x)
        return total

    js = [[mixed(P[i, j].tolist(), Q[i, j].tolist()) for j in range(2)] for i in range(2)]
    torch.testing.assert_close(lens_pair_js(P.log(), Q.log(), TARGETS), torch.tensor(js).double())
    assert js[1][1] == pytest.approx(math.log(2))  # nothing in common
    agreement = lens_pair_agreement(P.log(), Q.log(), TARGETS)
    assert agreement.tolist() == [[1.0, 0.0], [0.0, 0.0]]
    change = lens_gold_probability_change(P.log(), Q.log(), TARGETS)
    torch.testing.assert_close(change, torch.tensor([[0.05, -0.4], [-0.7, -1.0]]).double())
    assert lens_answer_logp_change(P.log(), Q.log(), TARGETS)[0, 0].item() == pytest.approx(math.log(1.2))
    assert lens_answer_logp(P.log(), TARGETS)[1, 0].item() == pytest.approx(math.log(0.8))


def test_equal_models_and_symmetry(logs):
    one, other = logs
    targets = torch.zeros(8, dtype=torch.long)
    assert (lens_pair_agreement(one, one, targets) == 1).all()
    assert (lens_pair_top5(one, one, targets) == 1).all()
    for zero in (lens_pair_js, lens_answer_logp_change, lens_gold_probability_change):
        assert (zero(one, one, targets) == 0).all()
    for same in (lens_pair_js, lens_pair_top5, lens_pair_agreement):
        torch.testing.assert_close(same(one, other, targets), same(other, one, targets))
    assert (lens_pair_js(one, other, targets) < math.log(2)).all()


def test_top_five_by_hand():
    order = torch.arange(10.0).flip(0)
    shifted = order.roll(3)  # the best five of it are places 3 to 7
    found = lens_pair_top5(order[None, None], shifted[None, None], torch.tensor([0]))
    assert found.item() == pytest.approx(2 / 5)


def test_a_scale_of_the_logits_changes_no_choice(logs):
    one, other = logs
    targets = torch.zeros(8, dtype=torch.long)
    scaled = (3 * other + 2).log_softmax(-1)
    for function in (lens_pair_agreement, lens_pair_top5):
        torch.testing.assert_close(function(one, other, targets), function(one, scaled, targets))


def test_kappa_is_cohens(generator):
    from sklearn.metrics import cohen_kappa_score

    one, other = torch.randint(4, (2, 60), generator=generator)
    weights = torch.rand(60, generator=generator).double()
    for given in (torch.ones(60).double(), weights):
        expected = cohen_kappa_score(one, other, sample_weight=given)
        assert lens_pair_kappa(one, other, given).item() == pytest.approx(expected, abs=1e-12)
    assert lens_pair_kappa(one, one, weights).item() == pytest.approx(1)
    assert lens_pair_kappa(one * 0, one * 0, weights).isnan()


def test_kappa_over_all_orders_of_one_side_is_zero():
    from itertools import permutations

    one, other = torch.tensor([0, 0, 1, 2, 2]), torch.tensor([0, 1, 1, 1, 2])
    ones = torch.ones(5).double()
    found = [lens_pair_kappa(one, other[list(order)], ones).item() for order in permutations(range(5))]
    assert sum(found) / len(found) == pytest.approx(0, abs=1e-12)
    assert max(found) > 0.3


def test_emergence_layer_by_hand():
    probabilities = torch.tensor(
        [  # four items, from layer 0 to 3
            [0.30, 0.00, 0.40, 0.01],
            [0.10, 0.20, 0.10, 0.01],
            [0.25, 0.41, 0.40, 0.01],
            [0.40, 0.80, 0.50, 0.01],
        ]
    ).double()
    found = emergence_layer(probabilities, vocabulary=100)
    assert found[:3].tolist() == [2, 2, 2]  # the third was there before, and was lost again
    assert found[3].isnan()  # no better than a guess
    assert emergence_layer(torch.ones(4, 2).double(), 100).tolist() == [0, 0]
    assert emergence_layer(torch.tensor([[0.1], [0.1], [0.6]]).double(), 100).tolist() == [2]


def test_share_of_rows_whose_token_has_emerged():
    p = torch.tensor([[0.1, 0.1], [0.5, 0.02], [0.6, 0.03]]).double()  # of the right token
    rest = ((1 - p) / 99)[..., None].expand(-1, -1, 99)
    logs = torch.cat([p[..., None], rest], dim=-1).log()
    found = lens_emerged(logs, torch.tensor([0, 0]))
    assert found.tolist() == [[0, 1], [1, 1], [1, 1]]
    logs[2, 1] = torch.full((100,), 0.01).log()
    assert lens_emerged(logs, torch.tensor([0, 0]))[:, 1].isnan().all()


def test_ridge_map_finds_a_linear_map(generator):
    x, a = torch.randn(50, 6, generator=generator).double(), torch.randn(7, 4, generator=generator).double()
    one = with_constant(x)
    torch.testing.assert_close(ridge_map(one.T @ one, one.T @ (one @ a), shrinkage=1e-14), a)
    shrunk = ridge_map(one.T @ one, one.T @ one[:, :6])  # to itself: the identity up to the penalty
    torch.testing.assert_close(shrunk[:6], torch.eye(6).double(), rtol=0, atol=5e-3)
    assert not torch.equal(shrunk[:6], torch.eye(6).double())


def test_ridge_map_of_rotated_states_predicts_the_same(generator):
    x, y = (torch.randn(40, 5, generator=generator).double() for _ in range(2))
    q = torch.linalg.qr(torch.randn(5, 5, generator=generator).double()).Q
    found = []
    for states in (x, x @ q):
        one = with_constant(states)
        found.append(one @ ridge_map(one.T @ one, one.T @ y))
    torch.testing.assert_close(*found)
    normal = torch.linalg.lstsq(with_constant(x), y).solution
    assert (found[0] - y).square().mean() >= (with_constant(x) @ normal - y).square().mean()

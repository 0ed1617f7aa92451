"""RPSFT and its controls against closed forms, on made matrices."""

import pytest
import torch
from torch import nn

from src.errors import ConfigError
from src.method.catalog import adapt
from src.method.penalty.chosen import describe_penalty
from src.method.penalty.directions import random_directions, singular_directions
from src.method.penalty.make import make_penalty
from src.method.penalty.matrix_update import InPlace
from src.method.penalty.of_weights import Term
from src.runtime.seeding import generator

SHAPE, K = (12, 7), 3


def made(*shape, name="weight"):
    return torch.randn(shape, generator=generator(0, name), dtype=torch.float64).float()


@pytest.fixture
def term(tmp_path):
    """term(W0, D, k, ...): the term of one matrix whose update is D."""

    def make(base, update, count=K, last=False, **options):
        found = InPlace("w", nn.Parameter(base + update), {"w": base})
        return Term(
            found, options.pop("weight", 1.0), singular_directions(base, count, last, tmp_path), **options
        )

    return make


def projected(base, update, count):
    """U U'D V V' by torch's own SVD."""
    u, _, vh = torch.linalg.svd(base.double(), full_matrices=False)
    left, right = u[:, :count], vh[:count].T
    return left @ left.T @ update.double() @ right @ right.T


@pytest.mark.parametrize("shape", [SHAPE, SHAPE[::-1], (7, 7)])
def test_the_term_and_its_gradient_are_those_of_the_projection(term, shape):
    base, update = made(*shape), made(*shape, name="update")
    one = term(base, update, weight=0.5)
    expected = projected(base, update, K)
    value = one.value()
    value.backward()
    assert value.item() == pytest.approx(0.5 * expected.square().sum().item(), rel=1e-4)
    torch.testing.assert_close(one.update.weight.grad, expected.float(), rtol=1e-3, atol=1e-5)


def test_a_change_of_scale_alone_is_punished_by_the_singular_values(term):
    base = made(*SHAPE)
    squares = torch.linalg.svdvals(base.double()).square()
    assert term(base, 0.1 * base).value().item() == pytest.approx(0.01 * squares[:K].sum().item(), rel=1e-4)
    assert term(base, 0.1 * base, last=True).value().item() == pytest.approx(
        0.01 * squares[-K:].sum().item(), rel=1e-4
    )
    assert term(base, 0.1 * base, off_diagonal=True).value().item() == pytest.approx(0, abs=1e-8)


def test_a_common_rotation_leaves_the_term(term):
    base, update = made(*SHAPE), made(*SHAPE, name="update")
    left, right = (torch.linalg.qr(made(side, side, name=str(side))).Q for side in SHAPE)
    turned = term(left @ base @ right, left @ update @ right)
    assert turned.value().item() == pytest.approx(term(base, update).value().item(), rel=1e-4)


def test_what_lies_outside_of_the_directions_costs_nothing(term):
    base, update = made(*SHAPE), made(*SHAPE, name="update")
    one = term(base, update - projected(base, update, K).float())
    one.value().backward()
    assert one.value().item() == pytest.approx(0, abs=1e-9)
    assert one.update.weight.grad.abs().max() < 1e-5


def test_the_diagonal_is_to_first_order_the_change_of_the_singular_values(term, tmp_path):
    base, update = made(*SHAPE), 1e-4 * made(*SHAPE, name="update")
    found = singular_directions(base, K, False, tmp_path)
    first = (found.left.T @ update @ found.right).diagonal()
    exact = torch.linalg.svdvals(base.double() + update.double()) - torch.linalg.svdvals(base.double())
    torch.testing.assert_close(first.double(), exact[:K], rtol=0, atol=1e-6)


@pytest.mark.parametrize("off_diagonal", [False, True])
def test_the_proximal_step_is_stationary_and_in_the_limit_a_projection(term, off_diagonal):
    base, before = made(*SHAPE), made(*SHAPE, name="update")
    one, rate = term(base, before, weight=0.7, off_diagonal=off_diagonal), 0.9
    with torch.no_grad():
        one.step(rate)
    after = one.update.difference().detach()
    one.value().backward()
    stationary = after - before + rate * one.update.weight.grad
    assert stationary.abs().max() < 1e-5

    far = term(base, before, weight=1e9, off_diagonal=off_diagonal)
    with torch.no_grad():
        far.step(1.0)
        once = far.update.difference().clone()
        far.step(1.0)
    assert far.value().item() / 1e9 < 1e-9
    torch.testing.assert_close(far.update.difference().detach(), once, rtol=0, atol=1e-5)


def test_singular_directions_are_found_once_for_the_same_numbers(tmp_path, monkeypatch):
    first = singular_directions(made(*SHAPE), K, False, tmp_path)
    monkeypatch.setattr("src.method.penalty.directions.leading_subspaces", None)
    again = singular_directions(made(*SHAPE).clone(), K, False, tmp_path)
    assert torch.equal(first.left, again.left)
    with pytest.raises(TypeError):  # other numbers are not in the cache
        singular_directions(made(*SHAPE, name="other"), K, False, tmp_path)


def test_random_directions_are_orthonormal_and_the_seed_s_own():
    one, other = (random_directions(made(*SHAPE), K, seed, "w") for seed in (0, 1))
    torch.testing.assert_close(one.right.T @ one.right, torch.eye(K))
    assert not torch.allclose(one.left, other.left)


@pytest.fixture
def penalised(load_tiny, make_config, tmp_path):
    """penalised(*overrides): a tiny model whose update is made, and the value of its penalty."""

    def make(*overrides, family="llama"):
        adapted = adapt(load_tiny(family), make_config(*overrides).method, [3, 4], 0)
        with torch.no_grad():
            for name, value in adapted.trainable.items():
                value += 0.05 * made(*value.shape, name=name)
        penalty = make_penalty(adapted, 0, tmp_path)
        return adapted, sum(term.item() for term in penalty.terms([]))

    return make


def updates(adapted):
    """(W0, D) of every matrix, D by merging what peft holds."""
    if adapted.originals:
        pairs = [(before, adapted.trainable[name] - before) for name, before in adapted.originals.items()]
        return [pair for pair in pairs if pair[0].dim() == 2]
    layers = [adapted.model.get_submodule(f"base_model.model.{name}") for name in adapted.modules]
    return [(layer.get_base_layer().weight, layer.get_delta_weight("default")) for layer in layers]


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_penalty_of_a_model_is_the_sum_over_its_matrices(penalised, method, family):
    adapted, found = penalised(f"method={method}", "method.rank=2", "method.penalty=rpsft", family=family)
    expected = 0.0
    for base, update in updates(adapted):
        count = max(round(0.1875 * min(base.shape)), 1)
        expected += projected(base.detach(), update.detach(), count).square().sum().item()
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_l2sp_is_the_squared_norm_of_the_whole_update(penalised, method):
    adapted, found = penalised(f"method={method}", "method.rank=2", "method.penalty=l2sp")
    assert found == pytest.approx(sum(d.square().sum().item() for _, d in updates(adapted)), rel=1e-4)


@pytest.mark.parametrize("arm", ["rpsft", "l2sp"])
def test_normalised_by_singular_values_a_change_of_scale_costs_the_same_of_every_matrix(
    load_tiny, make_config, tmp_path, arm
):
    config = make_config("method=full", f"method.penalty={arm}", "method.penalty_normalise=singular").method
    adapted = adapt(load_tiny("llama"), config, [3, 4], 0)
    with torch.no_grad():
        for value in adapted.trainable.values():
            value *= 1.1
    for term in make_penalty(adapted, 0, tmp_path).terms([]):
        assert term.item() == pytest.approx(0.01, rel=1e-2)


def test_the_published_k_is_every_matrix_of_a_narrow_model_so_its_rpsft_is_l2sp(penalised):
    published = ("method.penalty=rpsft", "fidelity=published")
    adapted, found = penalised("method=full", *published)
    _, l2sp = penalised("method=full", "method.penalty=l2sp")
    assert found == pytest.approx(l2sp, rel=1e-6)
    told = describe_penalty(adapted)
    assert told["is_l2sp"]
    assert told["whole"] == told["matrices"] > 0


def test_the_published_switch_jumps_and_the_formula_does_not(penalised):
    """Of a rectangular matrix the formula has all directions of one side only."""
    shapes = {tuple(base.shape) for base, _ in updates(penalised("method=full", "method.penalty=l2sp")[0])}
    smallest = min(min(shape) for shape in shapes)
    full = ("method=full", "method.penalty=rpsft", f"method.penalty_k={smallest}")
    adapted, formula = penalised(*full)
    jumped = penalised(*full, "method.penalty_whole_matrix=true")[1]
    below = penalised(*full[:2], f"method.penalty_k={smallest - 1}")[1]
    one_more = sum(
        projected(b.detach(), d.detach(), smallest).square().sum().item()
        - projected(b.detach(), d.detach(), smallest - 1).square().sum().item()
        for b, d in updates(adapted)
    )
    assert formula - below == pytest.approx(one_more, rel=1e-2)
    outside = sum(
        (d.detach() - projected(b.detach(), d.detach(), smallest)).square().sum().item()
        for b, d in updates(adapted)
        if min(b.shape) == smallest
    )
    assert jumped - formula == pytest.approx(outside, rel=1e-2)
    assert outside > 2 * one_more


def test_divergence_is_zero_at_the_base_and_the_mean_over_supervised_tokens(load_tiny, make_config, tmp_path):
    config = make_config("method=full", "method.penalty=kl", "method.penalty_weight=3").method
    adapted = adapt(load_tiny("llama"), config, [3, 4], 0)
    penalty = make_penalty(adapted, 0, tmp_path)
    ids = torch.arange(1, 13).reshape(2, 6)
    labels = ids.clone()
    labels[:, :3] = -100
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
    before = adapted.model(ids).logits.detach().log_softmax(-1)
    assert sum(term.item() for term in penalty.terms([batch])) == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        for name, value in adapted.trainable.items():
            value += 0.05 * made(*value.shape, name=name)
    after = adapted.model(ids).logits.log_softmax(-1)
    expected = (before.exp() * (before - after)).sum(-1)[:, 2:-1].mean()
    halves = [{key: value[i : i + 1] for key, value in batch.items()} for i in range(2)]
    assert sum(term.item() for term in penalty.terms(halves)) == pytest.approx(3 * expected.item(), rel=1e-4)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (
            ["method.penalty=rpsft", "method.penalty_k=4000"],
            "method.penalty_k: given 4000; accepted: at most",
        ),
        (["method.penalty=other"], "method.penalty: given 'other'; accepted: none, rpsft"),
        (["method.penalty=rpsft", "method=frozen"], "method.penalty: given 'rpsft'; accepted: none"),
        (["method.penalty=rpsft", "method.penalty_proximal=true"], "method.penalty_proximal: given True"),
        (["method.penalty=kl", "objective=masked_lm"], "method.penalty: given 'kl'"),
    ],
)
def test_what_cannot_be_held_is_one_line(load_tiny, make_config, tmp_path, overrides, told):
    with pytest.raises(ConfigError) as refused:
        make_penalty(adapt(load_tiny("llama"), make_config(*overrides).method, [3], 0), 0, tmp_path)
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)

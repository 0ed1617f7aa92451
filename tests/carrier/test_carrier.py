"""Masks over an update: its ends bit for bit, its gradients by the dense formula, its price by hand."""

import json
import math
from dataclasses import replace

import numpy
import pytest
import torch

from src.carrier.dual import EMA, Dual
from src.carrier.fit import CarrierFit, should_stop
from src.carrier.groups import Sides
from src.carrier.masked_update import MaskedUpdate
from src.carrier.masks import Masks
from src.config.carrier import CarrierSettings
from src.data.encode import EncodedRow
from src.errors import ModelError
from src.intervene.engine.gates import Gate
from src.method.weights import base_weights
from src.runtime.seeding import generator
from tests.intervene.conftest import BAND, gates_of

IDS = torch.arange(2, 26).reshape(3, 8)
HARD = CarrierSettings(max_steps=90, warmup_steps=0, price=1.0, growth_rate=0.0, shrink_rate=0.0)


def logits(model):
    with torch.no_grad():
        return model(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits


def constant(update, value):
    return Masks({group: torch.full((size,), float(value)) for group, size in update.sizes.items()})


def drawn(update, share=0.5):
    draw = generator(0, "masks")
    return Masks({
        group: (torch.rand(size, generator=draw) < share).float() - 0.5 for group, size in update.sizes.items()
    })  # fmt: skip


@pytest.fixture
def updated(adapted_pair):
    def make(method, frozen_rest=False, family="llama"):
        adapted = adapted_pair(family, method)
        return adapted, MaskedUpdate(gates_of(adapted), frozen_rest)

    return make


@pytest.mark.parametrize("method", ["lora", "full"])
def test_all_on_is_the_tuned_model_and_all_off_the_base_bit_for_bit(updated, method):
    adapted, update = updated(method)
    tuned = logits(adapted.model)
    with base_weights(adapted):
        base = logits(adapted.model)
    with update.under(constant(update, 1)):
        assert torch.equal(logits(adapted.model), tuned)
    update.frozen_rest = True  # of full weights, norms go back too
    with update.under(constant(update, -1)):
        assert torch.equal(logits(adapted.model), base)
    assert torch.equal(logits(adapted.model), tuned) and not torch.equal(tuned, base)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_folded_carrier_says_what_the_gated_model_says_and_the_rest_is_what_it_leaves(updated, method):
    adapted, update = updated(method, frozen_rest=True)
    masks, gates = drawn(update), update.gates
    update.add("carrier", masks)
    update.add("rest", masks, rest=True)
    with update.under(masks):
        expected = logits(adapted.model)
    with gates.whole(dict.fromkeys(gates.parts, Gate(1.0, "carrier"))):
        torch.testing.assert_close(logits(adapted.model), expected, rtol=0, atol=1e-6)
    for layer in update.layers:
        row, column = layer.masks(masks)
        on = row[:, None] * column
        kept, left = (dense(layer, gates.updates[name][layer.name]) for name in ("carrier", "rest"))
        whole = dense(layer, gates.updates["own"][layer.name])
        torch.testing.assert_close(kept, on * whole)
        torch.testing.assert_close(left, (1 - on) * whole, rtol=0, atol=1e-6)


def dense(layer, stored):
    if isinstance(stored, tuple):
        return layer.layer.scale * stored[1] @ stored[0]
    return stored - layer.place.base


@pytest.mark.parametrize("method", ["lora", "full"])
def test_gradients_are_those_of_the_dense_formula(updated, method):
    adapted, update = updated(method)
    masks, seen = drawn(update, 0.7), {}
    for value in masks.parameters:
        value.requires_grad_()
    mine = [one for one in update.layers if one.sides.row[1] == "feed_forward"]
    for one in mine:
        module = one.layer.module if method == "lora" else one.place.module
        module.register_forward_hook(
            lambda _, args, output, key=one.name: seen.update({key: (args[0], output)})
        )
    with update.under(masks):
        loss = adapted.model(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits.square().mean()
    groups = [group for group in update.sizes if group[1] == "feed_forward"]
    outputs = [seen[one.name][1] for one in mine]
    wanted = {group: torch.zeros(update.sizes[group]) for group in groups}
    for one, of_output in zip(mine, torch.autograd.grad(loss, outputs, retain_graph=True), strict=True):
        inputs = seen[one.name][0].detach().flatten(0, 1)
        product = (
            of_output.flatten(0, 1).T @ inputs * dense(one, update.gates.updates["own"][one.name]).detach()
        )
        row, column = (mask.detach() for mask in one.masks(masks))
        wanted[one.sides.row] += product @ column  # sum_j G_ij D_ij m_col[j]
        wanted[one.sides.column] += row @ product
    loss.backward()
    for group in groups:
        theta = masks.theta[group]
        slopes = theta.sigmoid() * (-theta).sigmoid()
        torch.testing.assert_close(theta.grad, (wanted[group] * slopes).detach(), rtol=1e-3, atol=1e-8)
        assert (theta.grad != 0).all()  # also of masks that are off: they can return
    for one in mine:  # of an update that is off nothing is learnt
        row, gradient = one.masks(masks)[0], one.parameters[-1].grad  # B, or the weight
        assert (gradient[row == 0] == 0).all() and (gradient[row == 1] != 0).any()


def test_a_value_mask_covers_the_query_heads_that_share_it(updated):
    adapted, update = updated("lora", family="qwen3")
    tuned = logits(adapted.model)
    with update.under(constant(update, 1)):
        assert torch.equal(logits(adapted.model), tuned)
    output = next(one for one in update.layers if "o_proj" in one.name)
    values = update.sizes[output.sides.column]
    assert output.shape[1] > values  # grouped queries
    sides = Sides(output.sides.row, output.sides.column, head_size=2)
    assert sides.over_inputs(torch.tensor([1.0, 2, 3, 4]), 8).tolist() == [1, 2, 1, 2, 3, 4, 3, 4]


def test_masks_of_a_block_are_counted_by_their_vectors(updated):
    adapted, update = updated("lora")
    config = adapted.loaded.model.config
    heads = config.head_dim * (config.num_attention_heads + 2 * config.num_key_value_heads)
    block = 4 * config.hidden_size + heads + config.intermediate_size
    assert sum(update.sizes.values()) == len(BAND) * block
    assert 30 * (4 * 576 + 64 * (9 + 2 * 3) + 1536) == 144_000  # SmolLM2-135M, by the same count


def test_density_counts_entries_and_not_masks(updated):
    _, update = updated("full")
    masks = drawn(update)
    total = on = 0
    for layer in update.layers:
        row, column = layer.masks(masks)
        on, total = on + float((row[:, None] * column).sum()), total + row.numel() * column.numel()
    assert update.density(masks) == pytest.approx(on / total)
    assert update.density(masks) == pytest.approx(0.25, abs=0.05)
    shuffled = masks.shuffled(generator(1, "shuffled"))
    assert update.densities(shuffled) == pytest.approx(update.densities(masks))
    assert any(
        not torch.equal(a, b) for a, b in zip(masks.theta.values(), shuffled.theta.values(), strict=True)
    )


def test_a_dual_that_was_written_down_is_the_same_to_the_last_bit():
    dual = Dual(CarrierSettings(warmup_steps=3), rho=0.3)
    for step, loss in enumerate(numpy.random.default_rng(0).normal(1, 0.1, 20)):
        dual.see(float(loss))
        dual.step(step)
    again = Dual.from_state(dual.settings, 0.3, json.loads(json.dumps(dual.state)))
    assert (again.ema, again.price, again.budget) == (dual.ema, dual.price, dual.budget)


def test_a_constant_excess_moves_the_log_price_by_a_constant_until_its_bound():
    dual = Dual(CarrierSettings(price=0.01, growth_rate=0.2, largest_price=0.02), rho=0.3)
    for step in range(1, 4):
        dual.move(-0.3)
        assert math.log(dual.price / 0.01) == pytest.approx(step * 0.2 * 0.3)
    for _ in range(20):
        dual.move(-9)
    assert dual.price == 0.02
    dual.move(9)  # clipped at 0.5
    assert dual.price == pytest.approx(0.02 * math.exp(-0.1 * 0.5))


def test_the_baseline_is_the_unbiased_mean_before_the_price_counts():
    settings = CarrierSettings(warmup_steps=3)
    dual = Dual(settings, rho=0.3)
    losses = [2.0, 1.0, 0.5, 0.7]
    for step, loss in enumerate(losses):
        assert dual.weight(step) == (step >= 3)
        dual.see(loss)
        dual.step(step)
    shares = [EMA ** (3 - place) for place in range(4)]
    mean = sum(a * b for a, b in zip(shares, losses, strict=True)) / sum(shares)
    assert dual.baseline == pytest.approx(mean) and dual.budget == pytest.approx(1.3 * mean)
    published = Dual(replace(settings, ramp=True), rho=0.3)
    assert [published.weight(step) for step in range(5)] == pytest.approx([0, 1 / 3, 2 / 3, 1, 1])


def test_masks_of_a_block_without_an_update_fall_at_the_price_alone(adapted_pair):
    adapted = adapted_pair("llama", "lora")
    still = [value for name, value in adapted.trainable.items() if ".layers.1." in name and "lora_B" in name]
    with torch.no_grad():
        for value in still:
            value.zero_()
    update = MaskedUpdate(gates_of(adapted), frozen_rest=False)
    rows = [EncodedRow("0", IDS[0].tolist(), IDS[0].tolist())]
    fit = CarrierFit(update, rows, 0, HARD, rho=0.3, seed=0)
    groups = [group for group in update.sizes if group[0] == 1]
    for group in groups:
        with torch.no_grad():
            fit.found.masks.theta[group].fill_(1.5)
    before, theta = 1.5, 1.5
    for step in range(76):
        if step < 20:  # the whole model; later steps of these masks are the same recursion
            fit.step(step)
            for group in groups:
                values = fit.found.masks.theta[group].detach()
                assert (values < before).all() and values.allclose(torch.tensor(theta - slope(theta)))
            before = float(values[0])
        theta -= slope(theta)
        crossed = step + 1 if theta <= 0 else 0
    assert 70 <= crossed <= 76 or theta > -0.05


def slope(theta):
    """Of a mask at price 1: rate 0.1 times sigmoid'(theta)."""
    s = 1 / (1 + math.exp(-theta))
    return 0.1 * s * (1 - s)


def test_layers_that_no_mask_is_known_for_are_refused(adapted_pair):
    with pytest.raises(ModelError, match="accepted: of layers that end in"):
        MaskedUpdate(gates_of(adapted_pair("gpt2", "lora")), frozen_rest=False)


def test_the_published_stop_waits_for_three_flat_windows_or_a_high_loss():
    flat = [{"active": 1000 - number // 20, "loss": 1.0} for number in range(80)]
    assert should_stop(flat, 1.0) and not should_stop(flat[:60], 1.0) and not should_stop(flat, None)
    falling = [{"active": 1000 - 2 * number, "loss": 1.0} for number in range(80)]
    assert not should_stop(falling, 1.0)
    assert should_stop(falling, 0.7)

"""Inputs kept at low rank: what is exact, what is bounded, and what a killed run goes on with."""

import pytest
import torch
from torch.nn import functional

from src.data.encode import EncodedRow
from src.errors import ConfigError
from src.method.catalog import adapt
from src.model.trunk import block_modules
from src.objective.catalog import make_objective
from src.train.activation_rank import (
    BASIS,
    Compression,
    ProjectedLinear,
    also,
    compressed_activations,
    energy_share,
)
from src.train.loop import train

ROWS, WIDTH, OUT, RANK = 40, 12, 5, 3


def drawn(*sizes, seed=0):
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def basis(rank, seed=1):
    return torch.linalg.qr(drawn(WIDTH, rank, seed=seed))[0]


def spectrum(*values):
    """Rows with these singular values."""
    left, right = torch.linalg.qr(drawn(ROWS, len(values)))[0], basis(len(values), seed=2)
    return left @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ right.T


def gradients(x, q):
    """Of a layer that keeps x Q, and of one that keeps x; the gradient of the output."""
    weight, bias = drawn(OUT, WIDTH, seed=3), drawn(OUT, seed=4)
    given = [value.clone().requires_grad_() for value in (x, weight, bias)]
    plain = [value.clone().requires_grad_() for value in (x, weight, bias)]
    out, expected = ProjectedLinear.apply(*given, q), functional.linear(*plain)
    assert torch.equal(out, expected)
    above = drawn(*out.shape, seed=5)
    out.backward(above), expected.backward(above)
    return [value.grad for value in given], [value.grad for value in plain], above


def test_input_and_bias_are_exact_and_the_weight_is_the_projected_one():
    x, q = drawn(ROWS, WIDTH), basis(RANK)
    (of_x, of_weight, of_bias), (x_plain, weight_plain, bias_plain), above = gradients(x, q)
    assert torch.allclose(of_x, x_plain) and torch.allclose(of_bias, bias_plain)
    assert torch.allclose(of_weight, above.T @ x @ q @ q.T)
    lost = torch.linalg.matrix_norm(of_weight - weight_plain)
    left_out = torch.linalg.matrix_norm(x - x @ q @ q.T)
    assert 0 < lost <= torch.linalg.matrix_norm(above, 2) * left_out


def test_rows_of_the_rank_are_exact_after_one_step_from_any_basis():
    x = spectrum(5.0, 2.0, 1.0)
    q = Compression(0.0).follow(x, basis(RANK))
    (_, of_weight, _), (_, plain, _), _ = gradients(x, q)
    assert energy_share(x, q) == pytest.approx(1) and torch.allclose(of_weight, plain)


def test_a_basis_of_the_whole_width_trains_as_without_one():
    x = drawn(ROWS, WIDTH)
    (_, of_weight, _), (_, plain, _), _ = gradients(x, Compression(0.0).follow(x, basis(WIDTH)))
    assert torch.allclose(of_weight, plain)


def test_the_share_is_at_most_that_of_the_leading_directions_and_comes_to_it():
    values = (5.0, 4.0, 3.0, 1.5, 1.0, 0.5)
    x, q, following = spectrum(*values), basis(RANK), Compression(0.0)
    squares = torch.tensor(values, dtype=torch.float64).square()
    most = squares[:RANK].sum() / squares.sum()
    for _ in range(40):
        q = following.follow(x, q)
        assert energy_share(x, q) <= most + 1e-12
    assert energy_share(x, q) == pytest.approx(most.item(), abs=1e-12)


def test_the_error_falls_by_the_squared_ratio_of_neighbouring_singular_values():
    x, following = spectrum(3.0, 3.0, 3.0, 1.5), Compression(0.0)
    leading, q = torch.linalg.svd(x)[2][:RANK].T, basis(RANK)
    angles = []
    for _ in range(12):
        q = following.follow(x, q)
        beside = q - leading @ (leading.T @ q)
        angles.append(torch.linalg.matrix_norm(beside, 2) / torch.linalg.svdvals(leading.T @ q).min())
    assert (angles[8] / angles[7]).item() == pytest.approx((1.5 / 3.0) ** 2)


def test_rows_that_are_rotated_among_each_other_have_the_same_share():
    x, q = drawn(ROWS, WIDTH), basis(RANK)
    turned = torch.linalg.qr(drawn(ROWS, ROWS, seed=6))[0] @ x
    assert energy_share(turned, q) == pytest.approx(energy_share(x, q).item())


def test_a_basis_that_keeps_too_little_is_made_anew_and_told():
    values = torch.tensor([5.0, 4.9, 4.8, 4.7, 4.6, 4.5], dtype=torch.float64)
    x, q = spectrum(*values.tolist()), basis(RANK)
    most = (values[:RANK].square().sum() / values.square().sum()).item()
    assert energy_share(x, Compression(0.0).follow(x, q)) < most - 0.01
    strict = Compression(0.99)
    assert energy_share(x, strict.follow(x, q)) == pytest.approx(most, abs=1e-3)
    assert strict.tell() == {"activation_resets": 1, "activation_energy_share": pytest.approx(most, abs=1e-3)}
    assert strict.tell()["activation_resets"] == 0


@pytest.fixture
def trained(load_tiny, make_config, tmp_path):
    """trained(folder, rank): six steps of LoRA; killed after so many steps, where it says so."""

    def run(folder, rank, kill_at=None, method="lora"):
        adapted = adapt(
            load_tiny("llama"), make_config(f"method={method}", "method.rank=4").method, [2, 3], 0
        )
        config = make_config("train=smoke", "train.max_steps=4", "train.checkpoint_steps=1").train
        modules = block_modules(adapted.model, adapted.loaded.blocks)
        rows = [EncodedRow(f"r{i}", list(range(3 + i, 15 + i)), [-100] * 3 + list(range(6 + i, 15 + i)))
                for i in range(8)]  # fmt: skip

        def on_step(step, row):
            if step == kill_at:
                raise InterruptedError

        (tmp_path / folder).mkdir(exist_ok=True)
        with compressed_activations(modules, rank, 0.9, 0) as kept:
            result = train(adapted.model, rows, config, seed=0, folder=tmp_path / folder, on_step=on_step,
                           objective=make_objective(make_config().objective, adapted.loaded.tokenizer),
                           measure=also(dict, kept))  # fmt: skip
        assert not any(BASIS in name for name in adapted.model.state_dict())
        assert all("forward" not in layer.__dict__ for block in modules for layer in block.modules())
        weights = {name: value for name, value in adapted.model.named_parameters() if value.requires_grad}
        return weights, result.steps

    return run


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_killed_run_goes_on_with_its_bases_bit_for_bit(trained, method):
    whole, steps = trained("whole", 4, method=method)
    with pytest.raises(InterruptedError):
        trained("killed", 4, kill_at=3, method=method)
    weights, resumed = trained("killed", 4, method=method)
    assert all(torch.equal(value, weights[name]) for name, value in whole.items())
    assert [one["activation_energy_share"] for one in resumed] == [
        one["activation_energy_share"] for one in steps
    ]
    assert all(0 < one["activation_energy_share"] <= 1 + 1e-6 for one in steps)


def test_the_first_loss_is_that_of_plain_training_and_the_step_is_not(trained):
    (plain, before), (low, after) = trained("plain", None), trained("low", 4)
    assert before[0]["loss"] == after[0]["loss"] and "activation_resets" not in before[0]
    assert any(not torch.allclose(value, low[name], atol=1e-7) for name, value in plain.items())


def test_fewer_bytes_are_kept_for_the_backward_pass(load_tiny, make_config):
    adapted = adapt(load_tiny("llama"), make_config("method=full").method, list(range(8)), 0)
    modules = block_modules(adapted.model, adapted.loaded.blocks)
    assert saved_bytes(adapted.model, modules, 4) < saved_bytes(adapted.model, modules, None)


def saved_bytes(model, modules, rank):
    """Of all tensors that autograd keeps, weights and doubles apart."""
    known, found = {value.data_ptr() for value in model.parameters()}, {}

    def note(tensor):
        storage = tensor.untyped_storage()
        found[storage.data_ptr()] = 0 if storage.data_ptr() in known else storage.nbytes()
        return tensor

    ids = torch.arange(2, 26).reshape(2, 12)
    with (
        compressed_activations(modules, rank, 0.0, 0),
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
    ):
        kept = model(input_ids=ids, use_cache=False).logits.sum()
    del kept
    return sum(found.values())


def test_a_rank_without_a_layer_is_refused():
    layers = [torch.nn.Linear(16, 16)]
    with (
        pytest.raises(ConfigError, match="train.activation_rank: given 20; accepted: .*at least one trained"),
        compressed_activations(layers, 20, 0.9, 0),
    ):
        pass

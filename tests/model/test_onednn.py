"""Linear layers by oneDNN: the same products to rounding, the same gradients, and as much kept for them."""

import copy

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from src.errors import ModelError
from src.model import onednn
from src.model.blocks import find_blocks
from src.model.linear_layers import linear_layers
from src.model.onednn import CHUNKS, OneDnnLinear, use_onednn
from src.model.tiny import build_tiny
from src.train.lossless import lossless

ROWS = (63, 64, 65, 191, 256, 1000)


def layers(num_inputs=40, num_outputs=24, bias=True):
    """A layer of torch's and the same one by oneDNN."""
    plain = nn.Linear(num_inputs, num_outputs, bias=bias)
    other = copy.deepcopy(plain)
    use_onednn(other)
    assert type(other) is OneDnnLinear
    return plain, other


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("bias", [False, True])
def test_products_and_gradients_are_those_of_float64(rows, bias):
    plain, layer = layers(bias=bias)
    x, outer = torch.randn(rows, 40, requires_grad=True), torch.randn(rows, 24)
    exact = copy.deepcopy(plain).double()
    y = x.detach().double().requires_grad_()
    (exact(y) * outer.double()).sum().backward()
    (layer(x) * outer).sum().backward()
    torch.testing.assert_close(layer(x).double(), exact(y), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(x.grad.double(), y.grad, rtol=1e-5, atol=1e-5)
    for one, other in zip(layer.parameters(), exact.parameters(), strict=True):
        torch.testing.assert_close(one.grad.double(), other.grad, rtol=1e-5, atol=1e-4)


def test_a_gradient_can_be_differentiated_again():
    plain, layer = layers()
    x = torch.randn(70, 40)
    found = []
    for one in (plain, layer):
        given = x.clone().requires_grad_()
        (first,) = torch.autograd.grad(one(given).tanh().sum(), given, create_graph=True)
        first.square().sum().backward()
        found.append((given.grad, one.weight.grad))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def kept(layer, x):
    """Bytes that a forward pass keeps for the backward one."""
    sizes = {}

    def pack(value):
        sizes[value.data_ptr()] = value.untyped_storage().nbytes()
        return value

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
        layer(x)
    return sum(sizes.values())


@pytest.mark.parametrize("trains", [False, True])
def test_a_frozen_layer_keeps_no_input(trains):
    plain, layer = (one.requires_grad_(trains) for one in layers(bias=False))
    x = torch.randn(128, 40, requires_grad=True)
    assert kept(layer, x) == kept(plain, x) == layer.weight.nbytes + (x.nbytes if trains else 0)


@pytest.mark.parametrize("change", [
    lambda x: x[: CHUNKS[-1] - 1], lambda x: x.bfloat16(), lambda x: x.double(), lambda x: x.to("meta"),
])  # fmt: skip
def test_what_it_does_not_take_is_left_to_torch(monkeypatch, change):
    plain, layer = layers()
    x = change(torch.randn(100, 40))
    plain, layer = (one.to(x.device, x.dtype) for one in (plain, layer))
    monkeypatch.setattr(onednn, "product", None)
    assert layer(x).shape == plain(x).shape
    if x.device.type == "cpu":
        assert torch.equal(layer(x), plain(x))


def test_fake_tensors_and_casts_pass_through(monkeypatch):
    _, layer = layers()
    monkeypatch.setattr(onednn, "product", None)
    with FakeTensorMode(allow_non_fake_inputs=True):
        assert layer(torch.randn(100, 40)).shape == (100, 24)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.randn(100, 40)).dtype == torch.bfloat16


@pytest.mark.parametrize("family", ["llama", "bert", "gpt_neox", "opt", "mixtral", "mamba"])
def test_a_model_says_the_same_and_has_the_same_layers(family):
    plain = build_tiny(family, 3, 32).eval()
    model = copy.deepcopy(plain)
    use_onednn(model)
    assert any(isinstance(one, OneDnnLinear) for one in model.modules())
    assert model.state_dict().keys() == plain.state_dict().keys()
    blocks = find_blocks(model)
    assert linear_layers(model, blocks, "linear") == linear_layers(plain, blocks, "linear")
    ids = torch.randint(5, 100, (3, 50), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, plain(ids).logits, rtol=1e-3, atol=1e-4)


def test_without_it_the_key_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.raises(ModelError, match="model.linear: given onednn.*accepted: torch") as refused:
        use_onednn(nn.Linear(2, 2))
    assert "\n" not in str(refused.value)


def test_what_is_kept_without_loss_is_the_same():
    plain = build_tiny("llama", 2, 32).train()
    model = copy.deepcopy(plain)
    use_onednn(model)
    ids = torch.randint(5, 100, (3, 50), generator=torch.Generator().manual_seed(0))
    found = []
    for one in (plain, model):
        with lossless(list(one.model.layers)):
            one(ids).logits.square().mean().backward()
        found.append([value.grad for value in one.parameters()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)

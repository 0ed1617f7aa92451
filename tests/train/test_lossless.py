"""What keeps less for the backward pass gives the same outputs and gradients, bit for bit."""

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from src.method.catalog import adapt
from src.model.trunk import block_modules
from src.train.lossless import GatedProduct, lossless

IDS = torch.arange(2, 26).reshape(2, 12)


@pytest.mark.parametrize("act", [torch.nn.functional.silu, torch.nn.functional.gelu])
def test_the_product_has_the_gradients_of_its_definition(act):
    draw = torch.Generator().manual_seed(0)
    given = [torch.randn(3, 4, generator=draw, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(lambda gate, up: GatedProduct.apply(gate, up, act), given)


@pytest.mark.parametrize("family", ["llama", "olmo2", "mistral", "qwen3", "gpt2"])
def test_training_is_that_of_the_plain_model_and_keeps_less(load_tiny, make_config, family):
    adapted = adapt(
        load_tiny(family), make_config("method.rank=4", "method.dropout=0.3").method, [0, 1, 2], 0
    )
    blocks = block_modules(adapted.model, adapted.loaded.blocks)
    plain = step(adapted)
    with lossless(blocks):
        low = step(adapted)
    assert torch.equal(plain[0], low[0])
    assert all(torch.equal(one, other) for one, other in zip(plain[1], low[1], strict=True))
    assert low[2] < plain[2]
    assert all("forward" not in vars(part) for block in blocks for part in block.modules())


def step(adapted):
    """Logits, gradients and kept bytes of one step with the same draws each time."""
    found = {}

    def keep(tensor):
        found[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    torch.manual_seed(5)
    adapted.model.train()
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = adapted.model(input_ids=IDS, use_cache=False).logits
    kept = sum(one.untyped_storage().nbytes() for one in found.values())
    logits.square().mean().backward()
    gradients = [value.grad.clone() for value in adapted.trainable.values()]
    adapted.model.zero_grad(set_to_none=True)
    return logits.detach(), gradients, kept

"""Activation checkpointing: how often each block runs, and that nothing else changes."""

from contextlib import nullcontext

import pytest
import torch

from src.method.catalog import adapt
from src.model.trunk import block_modules
from src.runtime.seeding import set_global
from src.train.recompute import activation_checkpointing

BAND = [4, 5]


@pytest.fixture
def step(load_tiny, make_config):
    """One forward and backward pass with dropout; gradients, and the calls of every block."""

    def once(family, again):
        method = make_config("method=lora", "method.dropout=0.3", "method.rank=4").method
        adapted = adapt(load_tiny(family), method, BAND, 0, None)
        model = adapted.model.train()
        modules = block_modules(model, adapted.loaded.blocks)
        forward, backward = [0] * len(modules), [0] * len(modules)

        def count(into, index):
            def hook(*_):
                into[index] += 1

            return hook

        for index, module in enumerate(modules):  # below the block: what recomputation calls again
            inner = next(module.children())
            inner.register_forward_pre_hook(count(forward, index))
            module.register_full_backward_hook(count(backward, index))
        set_global(0, "train", 0)
        with activation_checkpointing(modules) if again else nullcontext():
            ids = torch.arange(2, 26).reshape(2, 12)
            model(input_ids=ids, use_cache=False).logits.float().square().mean().backward()
        gradients = {name: value.grad for name, value in model.named_parameters() if value.requires_grad}
        assert all("forward" not in module.__dict__ for module in modules)
        return gradients, forward, backward

    return once


@pytest.mark.filterwarnings("ignore:Full backward hook:UserWarning")
@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox"])
def test_backward_and_recomputation_stop_at_the_lowest_trained_block(step, family):
    plain, _, _ = step(family, again=False)
    gradients, forward, backward = step(family, again=True)
    assert [calls > 0 for calls in backward] == [index >= BAND[0] for index in range(len(backward))]
    assert forward[: BAND[0]] == [1] * BAND[0]
    assert all(calls == 2 for calls in forward[BAND[0] :])
    assert gradients.keys() == plain.keys()
    assert all(torch.equal(gradients[name], plain[name]) for name in plain)
    assert any(value.abs().max() > 0 for value in plain.values())


def test_no_graph_no_recomputation(load_tiny, make_config):
    adapted = adapt(load_tiny("llama"), make_config("method=lora").method, BAND, 0, None)
    modules = block_modules(adapted.model, adapted.loaded.blocks)
    calls = []
    modules[5].register_forward_hook(lambda *_: calls.append(1))
    with activation_checkpointing(modules), torch.no_grad():
        adapted.model(input_ids=torch.arange(2, 14).reshape(2, 6))
    assert len(calls) == 1

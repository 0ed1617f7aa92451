"""Only supervised positions go through the head, and the loss and gradient are those of the full model."""

import pytest
import torch

from src.errors import ModelError
from src.objective.causal_lm import causal_lm_loss, require_causal
from src.runtime.seeding import generator

FAMILIES = ["llama", "olmo2", "mistral", "qwen3", "gpt2", "opt", "gpt_neox", "codegen", "mixtral"]


def batch(vocabulary=250):
    draw = generator(0, "batch")
    ids = torch.randint(1, vocabulary, (3, 14), generator=draw)
    mask = torch.ones_like(ids)
    labels = ids.clone()
    labels[0, :6], labels[1, :9], labels[2, :2] = -100, -100, -100
    mask[1, 12:], labels[1, 12:] = 0, -100
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def gradients(model):
    return {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradients_equal_the_model_s_own(load_tiny, family):
    model, data = load_tiny(family).model, batch()
    total, count = causal_lm_loss(model, data)
    (total / count).backward()
    ours = gradients(model)
    model.zero_grad()
    theirs = model(**data).loss
    theirs.backward()
    assert count == int((data["labels"][:, 1:] != -100).sum())
    torch.testing.assert_close(total / count, theirs.to(total.dtype), rtol=1e-5, atol=1e-6)
    for name, value in gradients(model).items():
        torch.testing.assert_close(
            ours[name], value, rtol=2e-4, atol=1e-6, msg=lambda text, n=name: f"{n}: {text}"
        )


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_head_sees_the_supervised_positions_only(load_tiny, family):
    model, data, seen = load_tiny(family).model, batch(), []
    handle = model.get_output_embeddings().register_forward_hook(
        lambda module, inputs, output: seen.append(tuple(output.shape[:2]))
    )
    _, count = causal_lm_loss(model, data)
    handle.remove()
    assert seen == [(1, count)]
    assert count < data["input_ids"].numel() / 1.5


def test_hooks_are_gone_after_an_error(load_tiny):
    model = load_tiny("llama").model
    before = dict(model.get_output_embeddings()._forward_pre_hooks)
    with pytest.raises(IndexError):
        causal_lm_loss(model, batch(vocabulary=250) | {"input_ids": torch.full((3, 14), 10**6)})
    assert model.get_output_embeddings()._forward_pre_hooks == before


def test_a_model_that_reads_both_ways_is_refused(load_tiny):
    require_causal(load_tiny("gpt2").model)
    with pytest.raises(ModelError, match="objective=causal_lm: .*reads in both directions"):
        require_causal(load_tiny("bert").model)

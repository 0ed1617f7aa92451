import math

import pytest
import torch

from src.errors import ModelError
from src.probe.weights.weights import update_rows


def weight_change(model, blocks, initial=None):
    rows = update_rows(model, blocks, ["weight_change"], initial)
    return [row.value for row in rows if row.metric == "weight_change"]


def built(wrapped, model, blocks):
    """The same numbers from the built update matrices and a copy of the base weights."""
    changes = []
    for name in blocks:
        block = model.get_submodule(name)
        update = sum(
            module.get_delta_weight("default").double().square().sum().item()
            for module in block.modules()
            if hasattr(module, "get_delta_weight")
        )
        base = sum(w.double().square().sum().item() for n, w in block.named_parameters() if "lora_" not in n)
        changes.append(math.sqrt(update / base))
    return changes


@pytest.mark.parametrize(
    ("kind", "targets"), [("llama", ["q_proj", "down_proj"]), ("gpt2", ["c_attn", "c_proj"])]
)
def test_lora_equals_the_built_matrices(kind, targets, tiny, lora):
    model, blocks = tiny(kind)
    wrapped = lora(model, targets)
    measured = weight_change(wrapped, blocks)
    assert measured == pytest.approx(built(wrapped, model, blocks), rel=1e-6)
    assert min(measured) > 0.01
    assert weight_change(model, blocks) == measured  # the model inside the wrapper is as good
    with wrapped.disable_adapter():
        assert weight_change(wrapped, blocks) == measured


def test_lora_in_a_band_leaves_the_other_blocks_at_zero(tiny, lora):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["model.layers.1.self_attn.v_proj"])
    first, second, third = weight_change(wrapped, blocks)
    assert (first, third) == (0.0, 0.0)
    assert second > 0


def test_fresh_lora_changes_nothing_and_the_base_weights_stay_the_denominator(tiny, lora):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["q_proj"], alpha=12)
    single = weight_change(wrapped, blocks)
    for module in wrapped.modules():
        if hasattr(module, "lora_B"):
            module.scaling["default"] *= 3
    assert weight_change(wrapped, blocks) == pytest.approx([3 * change for change in single], rel=1e-9)
    for name, parameter in wrapped.named_parameters():
        torch.nn.init.zeros_(parameter) if "lora_B" in name else None
    assert weight_change(wrapped, blocks) == [0.0, 0.0, 0.0]


def test_full_training_against_the_base_weights(tiny):
    model, blocks = tiny("gpt2")
    base = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    changed = {name: weight for name, weight in base.items() if name.startswith("transformer.h.1.")}
    with torch.no_grad():
        for name in changed:
            model.get_parameter(name).mul_(1.25)  # a quarter of every weight: the change is 0.25 exactly
    first, second, third = weight_change(model, blocks, changed)
    assert (first, third) == (0.0, 0.0)
    assert second == pytest.approx(0.25, rel=1e-6)
    assert weight_change(model, blocks, base)[1] == pytest.approx(0.25, rel=1e-6)


def test_unknown_initial_names_are_refused(tiny):
    model, blocks = tiny("llama")
    with pytest.raises(ModelError) as error:
        weight_change(model, blocks, {"model.layers.7.weight": torch.zeros(1)})
    assert str(error.value) == (
        "initial weights: given 'model.layers.7.weight'; accepted: a parameter of the trained model"
    )


def test_merged_and_second_adapters_are_refused(tiny, lora):
    import peft

    model, blocks = tiny("llama")
    wrapped = lora(model, ["q_proj"])
    wrapped.add_adapter("other", peft.LoraConfig(r=2, target_modules=["q_proj"]))
    with pytest.raises(
        ModelError, match=r"layers.0.self_attn.q_proj: given Linear with adapters \['default', 'other'\]"
    ):
        weight_change(wrapped, blocks)
    wrapped.delete_adapter("other")
    wrapped.merge_adapter()
    with pytest.raises(
        ModelError, match=r"layers.0.self_attn.q_proj: given a merged adapter; needed: an unmerged one"
    ):
        weight_change(wrapped, blocks)

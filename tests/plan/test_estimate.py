"""The estimate against real models in memory."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks
from transformers import AutoConfig, AutoModelForCausalLM

from src.errors import ModelError
from src.method.band import resolve_band
from src.method.catalog import adapt
from src.model.blocks import find_blocks
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.model.trunk import block_modules
from src.plan.memory import estimate
from src.plan.skeleton import skeleton
from src.train.optimizer import make_optimizer
from src.train.recompute import activation_checkpointing

SIZES = {"vocab_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2}
PUBLISHED = {  # model cards, in units of 1e9
    "olmo2_1b": 1.48, "olmo2_7b": 7.30, "olmo2_13b": 13.7, "olmo2_32b": 32.2, "mistral_7b": 7.24,
}  # fmt: skip


@pytest.fixture
def small(make_config):
    """A run on a small Llama whose sizes are given."""

    def make(*overrides, family="llama"):
        config = make_config("train.batch_size=2", "data.max_length=48", "method.rank=4", *overrides)
        model = replace(
            config.model, name="small", sizes={"model_type": family, **SIZES}, width=32, num_blocks=6,
            lora_targets=["q_proj", "v_proj"],
        )  # fmt: skip
        return replace(config, model=model)

    return make


def real(config):
    """The same model in memory, adapted."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 6, **config.model.sizes}
    architecture = AutoConfig.for_model(sizes.pop("model_type"), **sizes)
    model = AutoModelForCausalLM.from_config(architecture, dtype=getattr(torch, config.model.dtype))
    loaded = LoadedModel(model, None, find_blocks(model), architecture.model_type, "small", None, "")
    return adapt(loaded, config.method, resolve_band(config.band, 6, 0), 0, config.model.lora_targets)


def kept_bytes(config, adapted, checkpointed=False):
    """Bytes of what a real forward pass with a real padding mask keeps, and of what it may recompute from."""
    model = adapted.model.train()
    weights = {value.data_ptr() for value in model.parameters()}
    found = {}

    def pack(value):
        storage = value.untyped_storage()
        if storage.data_ptr() not in weights and not isinstance(value, torch.nn.Parameter):
            found[storage.data_ptr()] = storage
        return value

    modules = block_modules(model, adapted.loaded.blocks)
    tokens = torch.randint(64, (config.train.batch_size, config.data.max_length))
    mask = torch.ones_like(tokens)
    mask[0, -5:] = 0
    with (
        saved_tensors_hooks(pack, lambda value: value),
        activation_checkpointing(modules) if checkpointed else nullcontext(),
    ):
        model(input_ids=tokens, attention_mask=mask, labels=tokens, use_cache=False)
    return sum(storage.nbytes() for storage in found.values())


@pytest.mark.parametrize(("name", "billions"), PUBLISHED.items())
def test_sizes_add_up_to_the_published_number_of_parameters(make_config, name, billions):
    model = skeleton(make_config(f"model={name}").model).model
    assert sum(value.numel() for value in model.parameters()) / 1e9 == pytest.approx(billions, rel=0.005)


def test_a_skeleton_has_the_shapes_of_the_real_weights(make_config, tmp_path):
    config = make_config("model=smollm2_135m").model
    ours = {name: value.shape for name, value in skeleton(config).model.named_parameters()}
    weights = load_model(config, tmp_path, torch.device("cpu")).model
    assert ours == {name: value.shape for name, value in weights.named_parameters()}


@pytest.mark.parametrize("method", ["lora", "midblock", "full"])
def test_weights_gradients_and_optimizer_are_those_of_a_real_step(small, method):
    config = small(f"method={method}")
    adapted, found = real(config), estimate(config)
    trained = list(adapted.trainable.values())
    optimizer = make_optimizer(trained, config.train)
    adapted.model(input_ids=torch.randint(64, (2, 48)), use_cache=False).logits.sum().backward()
    optimizer.step()
    moments = [value for state in optimizer.state.values() for value in state.values() if value.dim()]
    assert found.trainable == adapted.num_trainable
    assert found.blocks == adapted.blocks
    assert found.gradients == sum(value.grad.nbytes for value in trained)
    assert found.optimizer == sum(value.nbytes for value in moments)
    held = [*adapted.model.parameters(), *adapted.originals.values()]
    assert found.weights == sum(value.nbytes for value in held)


def test_a_sharded_model_is_measured_with_a_share_of_it_and_two_blocks(small):
    given = ["method=full", "train.num_processes=2", "train.batch_size=2"]
    whole, sharded = (estimate(small(*given, f"train.measure_sharded={on}")) for on in ("false", "true"))
    adapted = real(small("method=full"))
    layers = [sum(v.nbytes for v in adapted.loaded.block(i).parameters()) for i in range(6)]
    model = sum(value.nbytes for value in adapted.model.parameters())
    assert whole.measuring == 2 * model  # the base's weights beside the tuned ones
    assert sharded.measuring == 2 * model // 2 + (model - sum(layers)) + 2 * layers[0]
    assert whole.total(False) == sharded.total(False)


@pytest.mark.parametrize("family", ["llama", "mistral", "olmo2"])
@pytest.mark.parametrize("method", ["lora", "midblock"])
@pytest.mark.parametrize("length", [24, 96])
def test_activations_are_those_of_a_real_forward_pass(small, family, method, length):
    config = small(f"method={method}", f"data.max_length={length}", family=family)
    found = estimate(config)
    assert found.activations == pytest.approx(kept_bytes(config, real(config)), rel=0.15)
    assert found.activations_checkpointed < found.activations / 2


def test_midblock_needs_less_than_lora_and_a_band_below_costs_as_much(small):
    lora, mid, low = (estimate(small(*one)) for one in (["method=lora"], ["method=midblock"], ["band=10000"]))
    assert mid.activations < lora.activations
    assert mid.flops < lora.flops
    assert low.backward_blocks == lora.backward_blocks == 6


def test_a_model_without_sizes_is_refused(make_config):
    with pytest.raises(ModelError, match=r"model.sizes: tiny_rwkv has none"):
        estimate(make_config("model=tiny_rwkv"))

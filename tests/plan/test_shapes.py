"""1B to 32B without a byte of weights: adapted, trained one step, probed and read by the lens; torch counts."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from src.data.encode import IGNORED
from src.method.band import resolve_band
from src.method.catalog import adapt
from src.metrics.catalog import METRICS, resolve
from src.model.trunk import block_modules, trunk_of
from src.objective.causal_lm import causal_lm_loss, predicting
from src.plan.memory import estimate
from src.plan.skeleton import skeleton
from src.probe.lens.head_path import HeadPath
from src.probe.lens.lens_pass import read_positions
from src.probe.states.hooks import layer_states
from src.train.optimizer import make_optimizer

ROWS, TOKENS, BLOCKS = 2, 64, 5
PRESETS = ["olmo2_1b", "olmo2_7b", "olmo2_13b", "olmo2_32b", "mistral_7b"]


@pytest.fixture
def fake(make_config):
    """The model of a preset without weights, adapted, and its configuration."""

    def make(name, method):
        size = [
            f"train.batch_size={ROWS}",
            f"data.max_length={TOKENS}",
            "train.optimizer=sgd",
            "method.dropout=0",
        ]
        size += [f"model.num_blocks={BLOCKS}"]  # all have one shape, and none is larger in a deeper stack
        config = make_config(f"model={name}", f"method={method}", "train.precision=float32", *size)
        loaded = skeleton(config.model)
        blocks = resolve_band(config.band, loaded.num_blocks, 0)
        with torch.device("meta"):
            adapted = adapt(loaded, config.method, blocks, 0, config.model.lora_targets)
        return adapted, config

    return make


def not_needed(adapted):
    """What the plan counts and no step does: gradients of what enters the lowest trained block, and the head at
    the last position of a row, which predicts nothing."""
    block = adapted.loaded.block(adapted.blocks[0])
    first = [
        value
        for name in ("q_proj", "k_proj", "v_proj")
        for part, value in block.self_attn.get_submodule(name).named_parameters()
        if "lora_B" not in part
    ]
    head = adapted.loaded.model.get_output_embeddings().weight
    return 2 * ROWS * TOKENS * sum(value.numel() for value in first) + 4 * ROWS * head.numel()


@pytest.mark.parametrize("name", PRESETS)
def test_a_shape_trains_and_is_measured_and_torch_counts_what_the_plan_says(fake, name):
    labels = torch.zeros(ROWS, TOKENS, dtype=torch.long)
    labels[:, :8] = IGNORED
    places = predicting(torch.zeros_like(labels))
    adapted, config = fake(name, "midblock")
    planned = estimate(config)
    model, blocks = adapted.model, adapted.loaded.blocks
    with FakeTensorMode(allow_non_fake_inputs=True):
        model.to_empty(device="cpu")
        batch = {
            "input_ids": torch.zeros_like(labels),
            "attention_mask": torch.ones_like(labels),
            "labels": torch.zeros_like(labels),
            "places": torch.empty_like(places),
        }
        optimizer = make_optimizer(adapted.trainable.values(), config.train)
        model.train()
        with FlopCounterMode(display=False) as counter:
            total, count = causal_lm_loss(model, batch)
            (total / count).backward()
        optimizer.step()
        gradients = {key: value.grad for key, value in adapted.trainable.items()}
        pooled, last = _probed(model.eval(), blocks, batch)
        found = _read(adapted, last)
    counts = counter.get_flop_counts()["Global"]  # without attention's products, as the plan
    assert sum(counts.values()) == pytest.approx(planned.flops - not_needed(adapted), rel=1e-3)
    assert planned.flops < 1.03 * sum(counts.values())
    assert adapted.num_trainable == planned.trainable
    assert sum(value.nbytes for value in gradients.values()) == planned.gradients
    assert sum(value.nbytes for value in model.parameters()) == planned.weights
    width, layers = adapted.loaded.width, adapted.loaded.num_blocks + 1
    assert pooled == dict.fromkeys(range(layers), (ROWS, width))
    assert found == (layers, 3)


def _probed(model, blocks, batch):
    """Shape of the pooled states of each layer; the states of the last."""
    pooled, kept = {}, []

    def take(layer, states):
        pooled[layer] = tuple(states.mean(dim=1).shape)
        kept[:] = [states]

    with torch.no_grad(), layer_states(block_modules(model, blocks), take):
        trunk_of(model)(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)
    return pooled, kept[0]


def _read(adapted, states):
    """Shape of what the lens says of three positions of every layer."""
    base = adapted.loaded.model
    head = HeadPath({"norm": base.base_model.norm, "head": base.get_output_embeddings()})
    layers = states.new_empty(adapted.loaded.num_blocks + 1, 3, states.shape[-1])
    name = next(name for name, one in METRICS.items() if one.needs == "lens")
    functions = {name: resolve(METRICS[name].function)}
    return tuple(read_positions(functions, [(layers, head)], torch.zeros(3, dtype=torch.long))[name].shape)

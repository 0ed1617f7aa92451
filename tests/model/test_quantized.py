"""A base of 8 or 4 bits: its values, LoRA's gradients on it, its size, its run and what it refuses."""

import importlib.util
import sys
from dataclasses import replace

import pytest
import torch

from src.errors import ConfigError, ModelError
from src.export.__main__ import main as export
from src.method.catalog import adapt
from src.method.weights import load_tuned
from src.model.load import load_model
from src.model.quantized import QuantizedLinear, bytes_in, dequantize, describe_quantized
from src.objective.causal_lm import causal_lm_loss
from src.pipeline.pipeline import Pipeline
from src.plan.memory import estimate
from src.record.finished import tuned_model
from src.run import execute
from src.runtime.quantized import dequantized, stored_bytes
from src.storage.files import read_json

KINDS = ("int8", "nf4")
needs_torchao = pytest.mark.skipif(
    importlib.util.find_spec("torchao") is None, reason="torchao is not installed: make test-quantized"
)
# arXiv 2305.14314, appendix E
NF4 = torch.tensor([
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
])  # fmt: skip


@pytest.fixture
def small(make_config, tmp_path):
    """A tiny model of two blocks."""

    def load(*more, family="llama"):
        config = make_config(f"model=tiny_{family}", "model.num_blocks=2", "model.width=32", *more).model
        return load_model(config, tmp_path, torch.device("cpu"))

    return load


def layers(loaded):
    return {name: one for name, one in loaded.model.named_modules() if isinstance(one, QuantizedLinear)}


def batch():
    ids = torch.arange(24).reshape(2, 12) % 250
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids}


@needs_torchao
def test_int8_is_the_nearest_of_255_steps_of_its_row(small):
    plain = small().model
    for name, layer in layers(small("model.quantization=int8")).items():
        weight = plain.get_submodule(name).weight
        step = weight.abs().amax(dim=1, keepdim=True) / 127.5
        found = dequantized(layer.weight)
        assert ((found - weight).abs() <= 0.51 * step).all(), name
        assert not torch.equal(found, weight)


@needs_torchao
def test_nf4_is_the_nearest_of_sixteen_values_of_its_64_weights(small):
    plain = small().model
    for name, layer in layers(small("model.quantization=nf4")).items():
        groups = plain.get_submodule(name).weight.reshape(-1, 64)
        largest = groups.abs().amax(dim=1, keepdim=True)
        nearest = NF4[((groups / largest)[..., None] - NF4).abs().argmin(dim=-1)] * largest
        found = dequantized(layer.weight).reshape(-1, 64)
        # the scales themselves are held in 8 bits: a step is 1/127 of their range
        rounding = (largest - largest.mean()).abs().max() / 127 + 1e-6
        assert ((found - nearest).abs() <= rounding).float().mean() > 0.99, (
            name
        )  # ties may fall the other way


@needs_torchao
@pytest.mark.parametrize("kind", KINDS)
def test_losses_and_gradients_of_adapters_are_those_of_the_unpacked_weights(make_config, small, kind):
    method = make_config("method=lora", "method.targets=linear", "method.dropout=0.0").method
    found = []
    for unpack in (False, True):
        loaded = small(f"model.quantization={kind}")
        assert len(layers(loaded)) == 14
        if unpack:
            dequantize(loaded.model)
            assert not layers(loaded)
        adapted = adapt(loaded, method, [0, 1], 3)
        with torch.no_grad():  # B is zero at the start, and A without a gradient
            for name, value in adapted.trainable.items():
                if "lora_B" in name:
                    value.copy_(torch.sin(torch.arange(value.numel()).float()).reshape(value.shape) / 9)
        total, count = causal_lm_loss(adapted.model, batch())
        (total / count).backward()
        found.append((total.item(), {name: value.grad for name, value in adapted.trainable.items()}))
    (loss, gradients), (expected, of_whole) = found
    assert loss == pytest.approx(expected, rel=1e-6)
    assert len(gradients) == 28
    for name, gradient in of_whole.items():
        torch.testing.assert_close(gradients[name], gradient, rtol=1e-4, atol=1e-7)
        assert gradient.abs().max() > 0


@needs_torchao
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_counts_the_bytes_that_layers_take(make_config, small, kind, dtype):
    loaded, plain = small(f"model.quantization={kind}", f"model.dtype={dtype}"), small(f"model.dtype={dtype}")
    sizes = {name: stored_bytes(layer.weight) for name, layer in layers(loaded).items()}
    for name, size in sizes.items():
        weight = plain.model.get_submodule(name).weight
        assert (
            size
            == bytes_in(kind, weight)
            == pytest.approx(stored_bytes(weight) * share(kind, dtype), rel=0.3)
        )
    assert describe_quantized(loaded.model)["quantized"]["bytes"] == sum(sizes.values())
    assert describe_quantized(plain.model) == {}


def share(kind, dtype):
    return {"int8": 8, "nf4": 4.1}[kind] / {"float32": 32, "bfloat16": 16}[dtype]


def test_the_plan_of_a_quantized_model_is_smaller_by_what_is_saved(make_config):
    plain, packed = (
        estimate(make_config("model=olmo2_1b", "method=midblock", f"model.quantization={kind}"))
        for kind in ("none", "nf4")
    )
    linear = 16 * (4 * 2048 * 2048 + 3 * 2048 * 8192)  # 16 blocks: attention and feed-forward, bfloat16
    assert plain.weights - packed.weights == pytest.approx(linear * (2 - 4.127 / 8), rel=1e-3)
    assert plain.activations == packed.activations


@needs_torchao
def test_families_are_quantized_or_refused_in_one_line(small):
    assert len(layers(small("model.quantization=int8", family="gpt_neox"))) == 8
    with pytest.raises(
        ModelError, match="model.quantization: given int8; accepted: none, tiny_gpt2 has no linear"
    ):
        small("model.quantization=int8", family="gpt2")


@needs_torchao
def test_autocast_computes_in_16_bits(small):
    layer = next(iter(layers(small("model.quantization=nf4")).values()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = layer(torch.ones(2, layer.in_features))
    assert found.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.quantization=int4", "model.quantization: given 'int4'; accepted: none, int8, nf4"),
        ("method=full", "model.quantization: given 'nf4'; accepted: none with method=full, or method=lora"),
        (
            "control=equal_step",
            "control.kind: given 'equal_step'; accepted: none with model.quantization=nf4",
        ),
        (
            "method.penalty=l2sp",
            "method.penalty: given 'l2sp'; accepted: kl or none with model.quantization=nf4",
        ),
        ("train.num_processes=2", "train.num_processes: given 2; accepted: 1 with model.quantization=nf4"),
        (
            "intervention=causal",
            "intervention.kind: given 'causal'; accepted: none with model.quantization=nf4",
        ),
    ],
)
def test_what_needs_whole_weights_is_refused(make_config, override, message):
    with pytest.raises(ConfigError) as refused:
        make_config("model=tiny_llama", "model.quantization=nf4", override)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_without_torchao_one_line_says_what_to_install(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao", None)
    with pytest.raises(ConfigError, match="model.quantization: .*torchao"):
        small("model.quantization=nf4")


@needs_torchao
def test_a_run_is_recorded_opened_and_merged(make_config, tmp_path, capsys):
    paths = [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]
    small = [
        "model.num_blocks=2",
        "model.width=32",
        "evaluate.limit=2",
        "metrics.names=[weight_change,cosine_similarity]",
    ]
    config = make_config("debug=smoke", *paths, *small, "model.quantization=nf4", "train.max_steps=3")
    folder = Pipeline(config).folder.path
    execute(config)
    record = read_json(folder / "run.json")
    assert record["model"]["quantized"]["layers"] == 14
    assert record["model"]["quantized"]["as"] == "NF4Tensor"
    assert record["model"]["fingerprint"].endswith("-nf4")
    loaded = load_model(config.model, tmp_path, torch.device("cpu"))
    adapted = adapt(loaded, config.method, [0, 1], config.seed)
    whole = tuned_model(folder, config, torch.device("cpu"))
    assert not layers(whole.loaded)
    load_tuned(adapted, folder / "adapter")
    with torch.no_grad():
        held, unpacked = (one.model.eval()(batch()["input_ids"]).logits for one in (adapted, whole))
    torch.testing.assert_close(held, unpacked, rtol=1e-4, atol=1e-5)
    export([str(folder), "--merged", str(tmp_path / "merged")])
    assert "its weights are those that nf4 stands for" in capsys.readouterr().out
    with pytest.raises(
        ModelError, match="metrics.names: given fisher_trace, gradients .*or model.quantization=none"
    ):
        execute(replace(config, metrics=replace(config.metrics, names=["fisher_trace"])))

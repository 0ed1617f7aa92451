"""What was adapted is what was asked for, on every family; and the base stays within reach."""

from dataclasses import replace

import pytest
import torch

from src.errors import CheckpointError, ModelError
from src.method.adapted import verify
from src.method.catalog import adapt
from src.method.lora import verify_ranks
from src.method.weights import base_weights, load_tuned, save_tuned
from src.runtime.seeding import generator

FAMILIES = [
    "llama",
    "olmo2",
    "mistral",
    "qwen3",
    "gpt2",
    "opt",
    "gpt_neox",
    "codegen",
    "mixtral",
    "bert",
    "rwkv",
]
BAND = list(range(2, 8))


@pytest.fixture
def adapted(make_config, load_tiny):
    def make(family="llama", method="lora", blocks=BAND, seed=0, targets=None, **changes):
        config = replace(make_config(f"method={method}").method, **({"rank": 4} | changes))
        return adapt(load_tiny(family), config, blocks, seed, targets)

    return make


def disturb(found):
    """Move every trainable weight by something that shows."""
    draw = generator(0, "disturb")
    with torch.no_grad():
        for value in found.trainable.values():
            value += 0.1 * torch.randn(value.shape, generator=draw)


def logits(found):
    found.model.eval()
    with torch.no_grad():
        return found.model(input_ids=torch.arange(2, 14).reshape(2, 6)).logits


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", ["lora", "full"])
def test_exactly_the_band_trains(adapted, family, method):
    found = adapted(family, method)
    prefixes = [found.loaded.blocks[block] + "." for block in BAND]
    names = [name.removeprefix("base_model.model.") for name in found.trainable]
    assert names
    assert all(any(name.startswith(prefix) for prefix in prefixes) for name in names)
    assert all(any(name.startswith(prefix) for name in names) for prefix in prefixes)
    assert found.blocks == BAND
    if method == "lora":
        holders = {name.split(".lora_")[0] for name in names}
        assert holders == set(found.modules)


def test_mamba_says_what_lora_cannot_do_there(adapted):
    with pytest.raises(ModelError, match="model.lora_targets: peft cannot adapt mamba.*out_proj"):
        adapted("mamba")
    assert adapted("mamba", targets=["in_proj", "x_proj", "dt_proj"]).blocks == BAND
    assert adapted("mamba", method="full").blocks == BAND


def test_lora_starts_as_the_base_and_returns_to_it(adapted):
    found = adapted()
    before = logits(found)
    with base_weights(found):
        assert torch.equal(logits(found), before)  # B is zero
    disturb(found)
    assert not torch.allclose(logits(found), before)
    with base_weights(found):
        torch.testing.assert_close(logits(found), before, rtol=0, atol=0)


def test_full_keeps_the_base_of_what_it_trains_and_nothing_more(adapted):
    found = adapted(method="full")
    before = logits(found)
    disturb(found)
    after = logits(found)
    with base_weights(found):
        assert torch.equal(logits(found), before)
    assert torch.equal(logits(found), after)
    assert found.originals.keys() == found.trainable.keys()


def test_base_comes_back_also_after_an_error(adapted):
    found = adapted(method="full")
    disturb(found)
    after = logits(found)
    with pytest.raises(KeyError), base_weights(found):
        raise KeyError
    assert torch.equal(logits(found), after)


def test_full_on_the_whole_stack_trains_embeddings_and_a_part_of_it_does_not(adapted):
    whole = adapted(method="full", blocks=list(range(10)))
    assert whole.num_trainable == whole.num_total
    part = adapted(method="full", blocks=list(range(1, 10)))
    assert not any("embed" in name or "lm_head" in name for name in part.trainable)
    asked = adapted(method="full", train_outside=True)
    assert any("embed" in name for name in asked.trainable)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_saved_and_loaded_answers_the_same(adapted, tmp_path, method):
    found = adapted(method=method)
    disturb(found)
    save_tuned(found, tmp_path / "adapter")
    again = adapted(method=method)
    load_tuned(again, tmp_path / "adapter")
    assert torch.equal(logits(again), logits(found))
    assert not list((tmp_path / "adapter").glob("*.bin"))


def test_saved_adapter_loads_with_peft_alone(adapted, load_tiny, tmp_path):
    from peft import PeftModel

    found = adapted()
    disturb(found)
    save_tuned(found, tmp_path / "adapter")
    plain = PeftModel.from_pretrained(load_tiny("llama").model, tmp_path / "adapter").eval()
    with torch.no_grad():
        assert torch.equal(plain(input_ids=torch.arange(2, 14).reshape(2, 6)).logits, logits(found))


def test_damaged_or_foreign_adapter_is_refused(adapted, tmp_path):
    found = adapted()
    save_tuned(found, tmp_path / "adapter")
    with pytest.raises(CheckpointError, match="holds other tensors"):
        load_tuned(adapted(blocks=[3, 4]), tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(
        CheckpointError, match=r"damaged, adapter_model.safetensors is not what was written; remove"
    ):
        load_tuned(found, tmp_path / "adapter")


def test_adapters_start_by_the_seed(adapted):
    first, same, other = adapted(seed=1), adapted(seed=1), adapted(seed=2)
    draws = [
        torch.cat([value.flatten() for value in found.trainable.values()]) for found in (first, same, other)
    ]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("scaling", ["fixed_alpha", "alpha_over_r", "rslora"])
def test_the_scale_that_peft_applies_is_the_one_planned(adapted, scaling):
    found = adapted(scaling=scaling, budget="rank", rank=4, alpha=12)
    assert found.plan.rank == 6  # 4 * 10 blocks / 6 blocks
    for name in found.modules:
        layer = found.model.base_model.model.get_submodule(name)
        assert layer.scaling["default"] == pytest.approx(found.plan.scale)
        assert layer.lora_A["default"].weight.shape[0] == 6


@pytest.mark.parametrize("family", ["llama", "gpt2", "opt", "gpt_neox", "bert"])
def test_ranks_by_block_reach_the_layers_of_their_block(adapted, family, tmp_path):
    ranks = [0, 3, 0, 1, 12, 3, 3, 2, 0, 1]  # block 1 is a prefix of no other name, blocks 1 and 10 apart
    found = adapted(family, blocks=list(range(10)), ranks=ranks, rank=3, alpha=6, scaling="fixed_alpha")
    assert found.blocks == [1, 3, 4, 5, 6, 7, 9]
    seen = {block: set() for block in found.blocks}
    for name in found.modules:
        layer = found.model.base_model.model.get_submodule(name)
        block = next(b for b in found.blocks if name.startswith(found.loaded.blocks[b] + "."))
        seen[block].add((layer.lora_A["default"].weight.shape[0], layer.scaling["default"]))
    assert seen == {block: {(ranks[block], 6 / ranks[block])} for block in found.blocks}
    disturb(found)
    save_tuned(found, tmp_path / "adapter")
    again = adapted(family, blocks=list(range(10)), ranks=ranks, rank=3, alpha=6, scaling="fixed_alpha")
    load_tuned(again, tmp_path / "adapter")
    assert torch.equal(logits(again), logits(found))


def test_a_rank_that_did_not_take_effect_is_noticed(adapted):
    found = adapted(blocks=list(range(10)), ranks=[2] * 5 + [4] * 5, rank=4)
    found.plan.ranks[3] = 4
    with pytest.raises(ModelError, match=r"the ranks did not take effect: model.layers.3.*rank 2.*rank 4"):
        verify_ranks(found, found.plan)


def test_targets_of_a_family_take_precedence_and_a_wrong_one_is_named(adapted):
    found = adapted(targets=["q_proj"])
    assert {name.rsplit(".", 1)[1] for name in found.modules} == {"q_proj"}
    with pytest.raises(ModelError, match="no linear layer is named c_attn"):
        adapted(targets=["c_attn"])


def test_verification_notices_a_surplus_and_a_loss(adapted):
    found = adapted()
    found.loaded.model.lm_head.weight.requires_grad_(True)
    with pytest.raises(ModelError, match="did not take effect: 24 modules should train, 25 do"):
        verify(found)
    found.loaded.model.lm_head.weight.requires_grad_(False)
    next(iter(found.trainable.values())).requires_grad_(False)
    for name, value in found.model.named_parameters():
        if ".layers.2." in name:
            value.requires_grad_(False)
    with pytest.raises(ModelError, match="did not take effect"):
        verify(found)


def test_bfloat16_base_keeps_float32_adapters(make_config, tmp_path):
    from src.model.load import load_model

    config = make_config("model=tiny_llama", "model.dtype=bfloat16", "method.rank=4")
    loaded = load_model(config.model, tmp_path, torch.device("cpu"))
    found = adapt(loaded, config.method, BAND, 0)
    assert {value.dtype for value in found.trainable.values()} == {torch.float32}
    assert loaded.model.lm_head.weight.dtype == torch.bfloat16

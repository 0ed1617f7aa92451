"""A model is taken apart along the way that text takes through it; what is no plain layer is left alone."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.utils import logging

from src.errors import ModelError
from src.method.catalog import adapt
from src.model.blocks import find_blocks
from src.model.linear_layers import linear_layers
from src.model.loaded import LoadedModel
from src.model.text_pass import check_states, text_pass
from src.model.tiny import build_tiny

DEPTH = 3
SMALL = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}


def text_model(kind, **settings):
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **{**SMALL, **settings})).eval()


def adapted(model, make_config, *overrides):
    method = make_config("method=lora", "method.rank=1", "method.targets=linear", *overrides).method
    loaded = LoadedModel(model, None, find_blocks(model), model.config.model_type, "made", None, "")
    return adapt(loaded, method, list(range(DEPTH)), 0)


@pytest.fixture
def looking():
    """A model whose vision tower is as deep as its text, and larger."""
    torch.manual_seed(0)
    tower = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": DEPTH,
        "num_attention_heads": 4,
    }
    config = AutoConfig.for_model(
        "gemma3",
        text_config={**SMALL, "sliding_window": 16},
        vision_config={**tower, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
        image_token_index=90,
        boi_token_index=91,
        eoi_token_index=92,
    )
    return AutoModelForImageTextToText.from_config(config).eval()


def test_the_blocks_are_those_that_text_goes_through(looking):
    towers = [
        name
        for name, _ in looking.named_modules()
        if name.endswith("vision_model.encoder.layers") or name.endswith("encoder.layers")
    ]
    assert towers  # else there is nothing to confuse
    larger = sum(value.numel() for value in looking.get_submodule(towers[0]).parameters())
    blocks = find_blocks(looking)
    assert larger > sum(value.numel() for one in blocks for value in looking.get_submodule(one).parameters())
    states = []
    for name in blocks:
        looking.get_submodule(name).register_forward_hook(lambda *given: states.append(given[2]))
    looking(input_ids=torch.arange(1, 7).unsqueeze(0))
    assert len(blocks) == len(states) == DEPTH


def test_a_pass_leaves_neither_hook_nor_mode_nor_seed_behind(looking):
    looking.train()
    before = torch.get_rng_state()
    text_pass(looking, find_blocks(looking))
    assert looking.training
    assert torch.equal(torch.get_rng_state(), before)
    assert not any(module._forward_hooks for module in looking.modules())


def test_states_of_another_shape_are_refused():
    streams = text_model(
        "gemma3n_text",
        layer_types=["full_attention"] * DEPTH,
        sliding_window=16,
        hidden_size_per_layer_input=8,
        vocab_size_per_layer_input=96,
        num_kv_shared_layers=0,
        laurel_rank=4,
        altup_num_inputs=2,
        activation_sparsity_pattern=[0.0] * DEPTH,
        intermediate_size=[48] * DEPTH,
    )
    with pytest.raises(
        ModelError, match=r"given blocks that hand on \[2, 1, 4, 32\].*accepted: .*\[row, token, width\]"
    ):
        check_states(streams, find_blocks(streams), "streams")
    plain = text_model("llama")
    check_states(plain, find_blocks(plain), "plain")


def test_a_router_that_is_a_linear_layer_is_left_out_and_the_rest_trains(make_config):
    model = text_model(
        "llama4_text",
        num_local_experts=4,
        num_experts_per_tok=1,
        interleave_moe_layer_step=1,
        intermediate_size_mlp=48,
        attention_chunk_size=32,
        no_rope_layers=[1] * DEPTH,
    )
    routers = [name for name, module in model.named_modules() if type(module).__name__ == "Llama4Router"]
    assert all(isinstance(model.get_submodule(name), torch.nn.Linear) for name in routers)
    names = {name for block in linear_layers(model, find_blocks(model), "linear") for name in block}
    assert routers
    assert not names & set(routers)
    assert any("shared_expert" in name for name in names)
    result = adapted(model, make_config)
    ids = torch.arange(1, 13).reshape(2, 6)
    result.model(input_ids=ids, labels=ids).loss.backward()
    assert all(value.grad is not None for value in result.trainable.values())


@pytest.mark.parametrize(
    ("kind", "sizes", "expected"),
    [
        ("jetmoe", {"kv_channels": 8, "num_local_experts": 4}, {"self_attention.kv_proj"}),
        (
            "hunyuan_v1_moe",
            {"num_experts": 4, "moe_topk": 2},
            {f"self_attn.{name}_proj" for name in "qkvo"}
            | {f"mlp.shared_mlp.{name}_proj" for name in ("gate", "up", "down")},
        ),
    ],
)
def test_a_router_of_several_modules_is_left_out_and_layers_beside_experts_are_not(kind, sizes, expected):
    model = text_model(kind, **sizes)
    (block, *_), routed = find_blocks(model), []
    for name, module in model.named_modules():
        routed += [name] if isinstance(module, torch.nn.Linear) and module.out_features == 4 else []
    assert routed  # else there is nothing to leave out
    (found, *_) = linear_layers(model, find_blocks(model), "linear")
    assert {name.removeprefix(f"{block}.") for name in found} == expected


@pytest.mark.parametrize("dropout", [0.0, 0.05])
def test_names_that_peft_takes_for_fused_experts_are_refused_in_one_line(make_config, dropout):
    settings = {
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 16,
        "mlp_only_layers": [0],
    }
    with pytest.raises(ModelError) as refused:
        adapted(text_model("qwen3_moe", **settings), make_config, f"method.dropout={dropout}")
    assert "given down_proj, gate_proj, up_proj" in str(refused.value)
    assert "accepted: names without them, or method.targets=attention" in str(refused.value)
    method = make_config("method=lora", "method.rank=1").method
    model = text_model("qwen3_moe", **settings)
    loaded = LoadedModel(model, None, find_blocks(model), "qwen3_moe", "made", None, "")
    found = adapt(loaded, replace(method, targets="attention"), [0, 1, 2], 0)
    assert len(found.modules) == 4 * DEPTH


def test_the_library_says_nothing_of_the_four_tokens():
    model, heard = build_tiny("gpt2", 2, 16), []
    model.transformer.h[0].register_forward_hook(lambda *_: heard.append(logging.get_verbosity()))
    before = logging.get_verbosity()
    text_pass(model, find_blocks(model))
    assert heard == [logging.ERROR] and logging.get_verbosity() == before


def test_parts_of_layers_are_no_blocks():
    """XLM holds its attention in one list, and what follows in another: neither carries the states of layers."""
    model = text_model("xlm", emb_dim=32, n_layers=DEPTH, n_heads=4, n_words=96)
    with pytest.raises(
        ModelError, match=r"^xlm: given modules of which none enters the next \(transformer.ffns.0"
    ):
        check_states(model, find_blocks(model), "xlm")


def test_a_block_that_text_leaves_out_and_states_of_another_width_are_refused():
    model = build_tiny("llama", 2, 16)
    with pytest.raises(ModelError, match="^m: given model.spare, which a text does not"):
        model.model.spare = torch.nn.Linear(1, 1)
        check_states(model, [*find_blocks(model), "model.spare"], "m")
    model.model.layers[1].register_forward_hook(lambda _, args, out: out[..., :8])
    model.model.norm = model.lm_head = torch.nn.Identity()
    with pytest.raises(
        ModelError, match=r"^m: model.layers.1 hands on states of width 8; accepted: the width 16"
    ):
        check_states(model, find_blocks(model), "m")


def test_a_linear_layer_with_a_pass_of_its_own_is_one(make_config):
    """Falcon's multiplies by itself; a router, which picks beside it, is told apart above."""
    config = AutoConfig.for_model(
        "falcon",
        vocab_size=96,
        hidden_size=32,
        num_hidden_layers=DEPTH,
        num_attention_heads=4,
        pad_token_id=0,
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    own = {"self_attention.query_key_value", "self_attention.dense", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h"}
    assert {type(model.get_submodule(f"transformer.h.0.{name}")).__name__ for name in own} == {"FalconLinear"}
    found = linear_layers(model.half(), find_blocks(model), "linear")
    assert [set(names) for names in found] == [
        {f"transformer.h.{block}.{name}" for name in own} for block in range(DEPTH)
    ]
    result = adapted(model.float(), make_config)
    ids = torch.arange(1, 13).reshape(2, 6)
    result.model(input_ids=ids, labels=ids).loss.backward()
    assert all(value.grad is not None for value in result.trainable.values())

import pytest
import torch
from torch import nn
from transformers import (
    AlbertConfig,
    AlbertModel,
    AutoConfig,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
    PreTrainedConfig,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

from src.errors import ModelError
from src.model.blocks import find_blocks, num_applications

STACKS = {
    "llama": "model.layers",
    "olmo2": "model.layers",
    "mistral": "model.layers",
    "qwen3": "model.layers",
    "mixtral": "model.layers",
    "gpt2": "transformer.h",
    "codegen": "transformer.h",
    "opt": "model.decoder.layers",
    "gpt_neox": "gpt_neox.layers",
    "bert": "bert.encoder.layer",
    "roberta": "roberta.encoder.layer",
    "albert": "albert.encoder.albert_layer_groups",
    "mamba": "backbone.layers",
    "rwkv": "rwkv.blocks",
}
SMALL = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}


class OddConfig(PreTrainedConfig):
    model_type = "odd_family"


class Ply(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.wide = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.mixers = nn.ModuleList(nn.Linear(width, width) for _ in range(8))

    def forward(self, hidden):
        return hidden + self.wide(hidden) + sum(mixer(hidden) for mixer in self.mixers)


class OddModel(PreTrainedModel):
    """A family nobody named: no num_hidden_layers, lists inside its blocks, a large decoy outside."""

    config_class = OddConfig

    def __init__(self, config, num_plies=3, width=8):
        super().__init__(config)
        self.glyphs = nn.Embedding(512, width)
        self.sandwich = nn.ModuleDict({"plies": nn.ModuleList(Ply(width) for _ in range(num_plies))})
        self.verdict = nn.Sequential(nn.Linear(width, 64), nn.Tanh(), nn.Linear(64, 512))
        self.post_init()

    def forward(self, input_ids):
        hidden = self.glyphs(input_ids)
        for ply in self.sandwich["plies"]:
            hidden = ply(hidden)
        return (self.verdict(hidden),)


@pytest.mark.parametrize("architecture", STACKS)
def test_every_tiny_family(tiny, architecture):
    own = 1 if architecture == "albert" else 10
    assert find_blocks(tiny(architecture)) == [f"{STACKS[architecture]}.{index}" for index in range(own)]


@pytest.mark.parametrize(
    ("model", "stack"),
    [
        (lambda: LlamaModel(LlamaConfig(num_hidden_layers=3, **SMALL)), "layers"),
        (lambda: LlamaModel(LlamaConfig(num_hidden_layers=1, **SMALL)), "layers"),
        (lambda: GPT2Model(GPT2Config(n_layer=3, n_embd=16, n_head=2, vocab_size=32, n_positions=8)), "h"),
    ],
)
def test_models_without_a_head(model, stack):
    model = model()
    assert find_blocks(model) == [f"{stack}.{index}" for index in range(model.config.num_hidden_layers)]


def test_a_family_nobody_named():
    assert find_blocks(OddModel(OddConfig())) == [f"sandwich.plies.{index}" for index in range(3)]


def test_blocks_run_in_the_order_of_their_names():
    model = OddModel(OddConfig())
    names, order = find_blocks(model), []
    for name in names:
        model.get_submodule(name).register_forward_hook(lambda *_, name=name: order.append(name))
    model(torch.arange(4)[None])
    assert order == names


def test_experts_in_a_list_do_not_confuse():
    model = LlamaModel(LlamaConfig(num_hidden_layers=3, **SMALL))
    for block in model.layers:
        block.mlp = nn.ModuleList(nn.Linear(64, 64) for _ in range(3))  # as many experts as blocks
    assert find_blocks(model) == ["layers.0", "layers.1", "layers.2"]


def test_blocks_of_different_classes_count_where_the_configuration_counts_them():
    model = LlamaModel(LlamaConfig(num_hidden_layers=3, **SMALL))
    model.layers[1] = nn.Linear(16, 16)
    assert find_blocks(model) == ["layers.0", "layers.1", "layers.2"]


def test_adapted_model(tiny):
    peft = pytest.importorskip("peft")
    from src.model.tiny import build_tiny

    model = build_tiny("llama", num_blocks=2, width=32)
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules=["q_proj"]))
    assert find_blocks(adapted) == ["base_model.model.model.layers.0", "base_model.model.model.layers.1"]


def test_encoder_decoder_is_refused():
    config = T5Config(vocab_size=32, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    with pytest.raises(ModelError) as error:
        find_blocks(T5ForConditionalGeneration(config))
    assert str(error.value) == (
        "T5ForConditionalGeneration: encoder-decoder model; accepted: models with one stack of blocks"
    )


def test_one_block_behind_all_layers_is_named_once_and_runs_so_often():
    model = AlbertModel(AlbertConfig(num_hidden_layers=4, embedding_size=8, **SMALL))
    assert find_blocks(model) == ["encoder.albert_layer_groups.0"]
    assert num_applications(model, find_blocks(model)) == 4
    repeated = LlamaModel(LlamaConfig(num_hidden_layers=3, **SMALL))
    assert num_applications(repeated, find_blocks(repeated)) == 1
    repeated.layers = nn.ModuleList([repeated.layers[0]] * 3)
    assert find_blocks(repeated) == ["layers.0"] and num_applications(repeated, ["layers.0"]) == 3


def test_several_blocks_that_take_turns_are_refused_with_the_reason():
    model = AlbertModel(AlbertConfig(num_hidden_layers=4, num_hidden_groups=2, embedding_size=8, **SMALL))
    with pytest.raises(
        ModelError, match=r"^AlbertModel: its 4 layers share the weights of 2 blocks; accepted"
    ):
        find_blocks(model)


def test_no_list_at_all():
    with pytest.raises(ModelError) as error:
        find_blocks(nn.Linear(2, 2))
    assert (
        str(error.value)
        == "Linear: no list of repeated blocks of one class was found; lists of modules: none"
    )


def test_every_supported_type_is_named_by_transformers():
    for architecture in STACKS:
        assert AutoConfig.for_model(architecture).model_type == architecture

import pytest
from torch import nn

from src.errors import ModelError
from src.model.blocks import find_blocks
from src.model.linear_layers import linear_layers
from src.model.tiny import build_tiny

LLAMA = "self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj"
BERT = "attention.self.query attention.self.key attention.self.value attention.output.dense"
ATTENTION = {
    "llama": LLAMA,
    "olmo2": LLAMA,
    "mistral": LLAMA,
    "qwen3": LLAMA,
    "mixtral": LLAMA,
    "gpt2": "attn.c_attn attn.c_proj",
    "codegen": "attn.qkv_proj attn.out_proj",
    "opt": "self_attn.k_proj self_attn.v_proj self_attn.q_proj self_attn.out_proj",
    "gpt_neox": "attention.query_key_value attention.dense",
    "bert": BERT,
    "roberta": BERT,
    "mamba": "mixer.in_proj mixer.x_proj mixer.dt_proj mixer.out_proj",  # has no attention: all of them
    "rwkv": "attention.key attention.value attention.receptance attention.output",
}
REST = {
    "llama": "mlp.gate_proj mlp.up_proj mlp.down_proj",
    "olmo2": "mlp.gate_proj mlp.up_proj mlp.down_proj",
    "mistral": "mlp.gate_proj mlp.up_proj mlp.down_proj",
    "qwen3": "mlp.gate_proj mlp.up_proj mlp.down_proj",
    "mixtral": "",  # the experts are one tensor, not linear layers
    "gpt2": "mlp.c_fc mlp.c_proj",
    "codegen": "mlp.fc_in mlp.fc_out",
    "opt": "fc1 fc2",
    "gpt_neox": "mlp.dense_h_to_4h mlp.dense_4h_to_h",
    "bert": "intermediate.dense output.dense",
    "roberta": "intermediate.dense output.dense",
    "mamba": "",
    "rwkv": "feed_forward.key feed_forward.receptance feed_forward.value",
}


def _expected(blocks, *parts):
    return [[f"{block}.{name}" for part in parts for name in part.split()] for block in blocks]


@pytest.mark.parametrize("architecture", ATTENTION)
def test_every_tiny_family(tiny, architecture):
    model = tiny(architecture)
    blocks = find_blocks(model)
    attention, rest = ATTENTION[architecture], REST[architecture]
    assert linear_layers(model, blocks, "attention") == _expected(blocks, attention)
    found = linear_layers(model, blocks, "linear")
    assert [sorted(names) for names in found] == [
        sorted(names) for names in _expected(blocks, attention, rest)
    ]


def test_a_list_selects_by_last_name_part(tiny):
    model = tiny("gpt2")
    blocks = find_blocks(model)[3:5]
    assert linear_layers(model, blocks, ["c_proj"]) == _expected(blocks, "attn.c_proj mlp.c_proj")


def test_a_name_part_is_not_matched_inside_a_word(tiny):
    model = tiny("llama")
    with pytest.raises(ModelError, match="no linear layer is named proj in the blocks"):
        linear_layers(model, find_blocks(model), ["proj"])


def test_names_that_match_nothing(tiny):
    model = tiny("gpt_neox")
    with pytest.raises(ModelError) as error:
        linear_layers(model, find_blocks(model), ["dense", "q_proj", "v_proj"])
    assert str(error.value) == (
        "model.lora_targets: no linear layer is named q_proj, v_proj in the blocks of GPTNeoXForCausalLM; "
        "available: dense, dense_4h_to_h, dense_h_to_4h, query_key_value"
    )


def test_an_empty_list_is_refused(tiny):
    model = tiny("gpt2")
    with pytest.raises(ModelError, match="no name was given"):
        linear_layers(model, find_blocks(model), [])


def test_another_word_is_refused(tiny):
    model = tiny("gpt2")
    with pytest.raises(ModelError) as error:
        linear_layers(model, find_blocks(model), "mlp")
    assert str(error.value) == "targets: given 'mlp'; accepted: attention, linear, or a list of names"


def test_attention_is_known_by_the_class_where_the_name_is_silent():
    class FancyAttention(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = nn.Linear(4, 4)

    block = nn.ModuleDict(
        {"first": FancyAttention(), "post_attention_norm": nn.LayerNorm(4), "second": nn.Linear(4, 4)}
    )
    model = nn.ModuleDict({"stack": nn.ModuleList([block])})
    assert linear_layers(model, ["stack.0"], "attention") == [["stack.0.first.mix"]]


@pytest.mark.parametrize("targets", ["attention", "linear", ["q_proj", "up_proj"]])
def test_an_adapted_layer_counts_once(targets):
    peft = pytest.importorskip("peft")
    model = build_tiny("llama", num_blocks=2, width=32)
    before = linear_layers(model, find_blocks(model), targets)
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules=["q_proj", "down_proj"]))
    after = linear_layers(adapted, find_blocks(adapted), targets)
    assert after == [[f"base_model.model.{name}" for name in names] for names in before]

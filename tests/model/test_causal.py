import pytest
import torch
from transformers import LlamaConfig, LlamaModel

from src.errors import ModelError
from src.model.causal import is_causal
from src.model.tiny import ARCHITECTURES, ENCODERS, build_tiny


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_decoders_are_causal_and_encoders_are_not(tiny, architecture):
    assert is_causal(tiny(architecture)) is (architecture not in ENCODERS)


@pytest.mark.parametrize("architecture", ["llama", "mixtral", "bert"])
def test_low_precision(architecture):
    model = build_tiny(architecture, num_blocks=10, width=64).to(torch.bfloat16)
    assert is_causal(model) is (architecture != "bert")


def test_a_model_without_head_and_its_mode():
    config = LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
    )
    model = LlamaModel(config).train()
    assert is_causal(model)
    assert model.training


def test_outputs_that_are_not_finite():
    model = build_tiny("llama", num_blocks=1, width=16)
    model.lm_head.weight.data.fill_(torch.nan)
    with pytest.raises(ModelError, match="LlamaForCausalLM: its outputs are not finite"):
        is_causal(model)


def test_a_model_that_cannot_read_a_short_text_is_one_line():
    model = build_tiny("llama", num_blocks=1, width=16)

    def chunks_of_16(*_):
        raise ValueError("Sequence length 6 is not divisible\nby chunk size 16.")

    model.model.register_forward_pre_hook(chunks_of_16)
    with pytest.raises(
        ModelError, match=r"cannot read a text of 6 tokens \(Sequence length 6 is not divisible by"
    ):
        is_causal(model)

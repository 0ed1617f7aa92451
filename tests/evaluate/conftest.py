"""A tiny real Llama, a byte tokenizer, and configs from the real files of conf/."""

from pathlib import Path

import pytest
import torch
import yaml
from transformers import LlamaConfig, LlamaForCausalLM

from src.config.schema import DataConfig, EvaluateConfig
from src.data.rows import Row
from src.model.byte_tokenizer import VOCABULARY_SIZE, byte_tokenizer

CONF = Path(__file__).resolve().parents[2] / "conf"


def read(path):
    values = yaml.safe_load((CONF / path).read_text())
    values.pop("defaults", None)
    return values


@pytest.fixture(scope="session")
def make_data():
    def make(**values):
        values = {"max_new_tokens": 4, "stop": ["\n"], **values}
        return DataConfig(**{**read("data/_base.yaml"), **read("data/arithmetic.yaml"), **values})

    return make


@pytest.fixture(scope="session")
def make_evaluate():
    return lambda **values: EvaluateConfig(**{**read("evaluate/default.yaml"), **values})


@pytest.fixture
def tokenizer():
    return byte_tokenizer()


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        attention_dropout=0.1,
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=5,  # not the end token of the tokenizer, which is 1
        bos_token_id=None,
    )
    return LlamaForCausalLM(config).train()


@pytest.fixture
def rows():
    return [Row(f"{i} + {i} =", f" {2 * i}.", f"id{i}") for i in range(7)]

"""model=hf on a checkpoint folder of a family that no code names."""

import json

import pytest
from transformers import GemmaConfig, GemmaForCausalLM

from src.model.byte_tokenizer import byte_tokenizer

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def test_a_folder_of_a_family_that_nobody_listed_trains_and_is_probed(run, tmp_path):
    tokenizer = byte_tokenizer()
    config = GemmaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=5, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    folder = tmp_path / "checkpoint"
    GemmaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    found = run("model=hf", f"model.id={folder}", "method=midblock", "method.rank=4")
    record = json.loads((found / "run.json").read_text())
    assert record["model"]["family"] == "gemma"
    assert record["adapted"]["blocks"] == [1, 2, 3]
    assert record["status"] == "success"
    again = tmp_path / "moved"
    folder.rename(again)
    assert (
        run("model=hf", f"model.id={again}", "method=midblock", "method.rank=4") == found
    )  # content, not path

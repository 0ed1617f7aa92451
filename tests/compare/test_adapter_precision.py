"""A merged adapter leaves every tensor in its precision, and what its start did to the base is told."""

import json

import pytest
import torch
from peft import LoraConfig, get_peft_model

from src.model.adapter import merge_adapter
from src.model.load import load_model
from src.model.tiny import build_tiny
from tests.compare.test_adapter_folder import loaded_and_peft


def test_every_tensor_keeps_the_precision_that_it_was_loaded_in(make_config, tmp_path):
    """A model in bfloat16 has its frequencies of positions in float32; rounded, they turn late tokens wrongly."""
    _, adapter, _ = loaded_and_peft(make_config, tmp_path, {})
    half = load_model(
        make_config("model=hf", f"model.id={tmp_path}/base", "model.dtype=bfloat16").model,
        tmp_path,
        torch.device("cpu"),
    )
    before = {name: value.dtype for name, value in half.model.named_buffers()}
    assert torch.float32 in before.values()
    merged = merge_adapter(half, adapter).model
    assert {name: value.dtype for name, value in merged.named_buffers()} == before
    assert {value.dtype for value in merged.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("start", [True, "lora_ga"])
def test_an_adapter_whose_start_moved_the_base_is_told(make_config, tmp_path, caplog, start):
    config = make_config("model=tiny_llama", "model.num_blocks=2", "model.width=16").model
    get_peft_model(build_tiny("llama", 2, 16), LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(
        tmp_path
    )
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"init_lora_weights": start}))
    merge_adapter(load_model(config, tmp_path, torch.device("cpu")), tmp_path)
    assert ("lora_ga moved its base before training" in caplog.text) == (start == "lora_ga")

"""A config or a tokenizer that a library stumbles over is one line that names the file and the reason."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from src.command.compose import model_named
from src.errors import ModelError
from src.model.load import load_model
from src.model.text_pass import check_states


@pytest.fixture
def folder(load_tiny, tmp_path):
    """A model that loads, as files."""
    loaded = load_tiny("llama")
    loaded.model.save_pretrained(tmp_path / "model")
    loaded.tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def load(folder: Path):
    return load_model(model_named(str(folder), "float32"), folder.parent, torch.device("cpu"))


def line_of(folder: Path) -> str:
    with pytest.raises(ModelError) as refused:
        load(folder)
    assert str(refused.value).startswith(str(folder))
    return str(refused.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quantization_config": {"quant_method": "unheard"}}, "accepted: weights that are not quantized"),
        ({"rope_parameters": {"rope_type": "unheard", "rope_theta": 1e4}}, "unheard"),
        (
            {"rope_scaling": {"rope_type": "linear", "factor": 0}},
            "rope_scaling: given factor 0; accepted: a number",
        ),
        (
            {"rope_parameters": {"full": {"factor": -2.0}}},
            "rope_parameters: given factor -2.0; accepted: a number",
        ),
        ({"hidden_act": "unheard"}, "it asks for 'unheard', which is not there"),
        ({"num_hidden_layers": "many"}, "expected int, got str (value: 'many')"),
        ({"num_attention_heads": 0}, "describes no model that can be built"),
        ({"model_type": ["llama"]}, "model_type: given ['llama']"),
    ],
)
def test_a_config_that_does_not_load(folder, changed, said):
    load(folder)  # as it is, it does
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    line = line_of(folder)
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"model": 3}', '{"model": {"type": NaN}}'])
def test_a_tokenizer_that_does_not_load(folder, content):
    (folder / "tokenizer.json").write_text(content)
    assert "the tokenizer cannot be loaded (" in line_of(folder)


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
@pytest.mark.parametrize("name", ["lm_head.weight", "model.layers.1.mlp.up_proj.weight"])
def test_weights_that_are_no_numbers(folder, name, value):
    """Such a model answers all the same: its scores would be numbers like any other."""
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights[name][3, 5] = value
    save_file(weights, path, metadata={"format": "pt"})
    assert f": {name} holds NaN or infinity; accepted: finite weights" in line_of(folder)


def test_states_that_are_no_numbers(load_tiny):
    """Whatever makes them so; weights are looked at where they are read from files alone."""
    loaded = load_tiny("llama")
    check_states(loaded.model, loaded.blocks, "mine")
    with torch.no_grad():
        loaded.model.model.layers[1].mlp.down_proj.weight.fill_(float("inf"))
    with pytest.raises(ModelError, match=r"^mine: model.layers.1 hands on NaN or infinity; accepted: finite"):
        check_states(loaded.model, loaded.blocks, "mine")

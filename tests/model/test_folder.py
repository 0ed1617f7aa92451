import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from src.errors import ModelError
from src.model.folder import TOKENIZERS, check_folder, weight_files
from src.model.pretrained import load_folder


def _edit(folder, **changes):
    path = folder / "config.json"
    settings = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in settings.items() if value is not ...}))


def _shard(folder):
    """Split the weights over two files and an index."""
    weights = load_file(folder / "model.safetensors")
    names = sorted(weights)
    parts = {
        "model-00001-of-00002.safetensors": names[::2],
        "model-00002-of-00002.safetensors": names[1::2],
    }
    for file, kept in parts.items():
        save_file({name: weights[name] for name in kept}, folder / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, kept in parts.items() for name in kept}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").unlink()
    return list(parts)


def _refusal(folder):
    with pytest.raises(ModelError) as error:
        load_folder(folder, torch.float32)
    line = str(error.value)
    assert "\n" not in line
    return line


def test_shards_hold_the_same_model(saved_llama, folder):
    whole, tokenizer = load_folder(saved_llama, torch.float32)
    names = _shard(folder)
    assert [path.name for path in weight_files(folder)] == names
    split, _ = load_folder(folder, torch.float32)
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, split.state_dict()[name]), name
    assert not whole.training
    assert tokenizer("A").input_ids == [67]


def test_dtype(saved_llama):
    model, _ = load_folder(saved_llama, torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}


def test_no_folder(tmp_path):
    expected = f"model.id: {tmp_path / 'x'} is not a folder; accepted: a hub id or a folder with config.json"
    assert _refusal(tmp_path / "x") == expected


def test_no_config(folder):
    (folder / "config.json").unlink()
    assert _refusal(folder) == f"{folder}: config.json is missing"
    (folder / "adapter_config.json").write_text("{}")
    assert _refusal(folder).endswith(
        "config.json is missing (adapter_config.json is: an adapter, not a model)"
    )
    (folder / "config.json").write_text("{}")
    assert _refusal(folder) == (
        f"{folder}: holds config.json and adapter_config.json, a model and an adapter; "
        "accepted: a folder of one of them"
    )
    (folder / "config.json").unlink()
    (folder / "adapter_config.json").rename(folder / "run.json")
    assert "(run.json is: a run; what LoRA trained is its adapter/" in _refusal(folder)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON (maximum"),
        ("[]", "holds no JSON object"),
        ('{"model_type": "llama", "architectures": 3}', "architectures: given 3; accepted: a list of names"),
        (
            '{"model_type": "llama", "architectures": [3]}',
            "architectures: given [3]; accepted: a list of names",
        ),
        ('{"model_type": "gpt2", "n_layer": 1000000000}', "n_layer: given 1e+09; accepted: at most 10,000"),
    ],
)
def test_damaged_config(folder, text, wrong):
    (folder / "config.json").write_text(text)
    assert _refusal(folder).startswith(f"{folder / 'config.json'}: {wrong}")


def test_pickles_are_refused_and_said(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert _refusal(folder) == (
        f"{folder}: no safetensors weights (model.safetensors or model.safetensors.index.json); "
        "pytorch_model.bin is a pickle, which can run code and is never loaded"
    )


def test_no_weights(folder):
    (folder / "model.safetensors").unlink()
    expected = f"{folder}: no safetensors weights (model.safetensors or model.safetensors.index.json)"
    assert _refusal(folder) == expected


def test_missing_shard_is_named(folder):
    _, second = _shard(folder)
    (folder / second).unlink()
    assert _refusal(folder) == (
        f"{folder / second}: missing (file 2 of the 2 that model.safetensors.index.json names)"
    )


@pytest.mark.parametrize("name", ["../elsewhere/model-1.safetensors", "/model-1.safetensors", 3, None, ["a"]])
def test_an_index_that_leads_elsewhere_is_refused(folder, name):
    _shard(folder)
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["model.norm.weight"] = name
    path.write_text(json.dumps(index))
    assert _refusal(folder) == (
        f"{path}: model.norm.weight: given {name!r}; accepted: the name of a file of this folder"
    )


@pytest.mark.parametrize("kept", [0, 5, 2000, -1])
def test_truncated_weights_are_named(folder, kept):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    assert _refusal(folder).startswith(f"{path}: truncated or damaged safetensors file (")


def test_absent_weight_is_not_replaced_by_a_random_one(folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    assert _refusal(folder) == (
        f"{folder}: the files hold no model.layers.1.mlp.up_proj.weight (1 such weights); "
        "LlamaForCausalLM needs all of its weights"
    )


def test_weights_of_another_shape(folder):
    _edit(folder, intermediate_size=16)
    assert _refusal(folder) == (
        f"{folder}: the files hold another shape of model.layers.0.mlp.down_proj.weight (6 such weights); "
        "LlamaForCausalLM needs all of its weights"
    )


def test_impossible_shape(folder):
    _edit(folder, num_attention_heads=0)
    assert _refusal(folder) == (
        f"{folder / 'config.json'}: describes no model that can be built (integer modulo by zero)"
    )


def test_weights_that_are_not_used_are_said(folder, caplog):
    _edit(folder, num_hidden_layers=1)
    load_folder(folder, torch.float32)
    assert "9 weights of the files are not used, such as model.layers.1.input_layernorm.weight" in caplog.text


def test_model_types(folder):
    _edit(folder, model_type="brand_new")
    version = transformers.__version__
    assert _refusal(folder) == f"{folder}: model type 'brand_new' is unknown to transformers {version}"
    _edit(folder, auto_map={"AutoConfig": "configuration_brand_new.BrandNewConfig"})
    assert (
        _refusal(folder) == f"{folder}: brand_new runs code from the model's folder, which is never executed"
    )
    _edit(folder, model_type="t5", auto_map=...)
    assert (
        _refusal(folder) == f"{folder}: t5 is an encoder-decoder; accepted: models with one stack of blocks"
    )
    _edit(folder, model_type="vit")
    assert _refusal(folder).startswith(f"{folder}: cannot be loaded by AutoModelForCausalLM (")
    _edit(folder, model_type=...)
    assert _refusal(folder) == f"{folder / 'config.json'}: names no model_type"


def test_code_of_the_folder_is_not_run_where_the_type_is_known(folder):
    (folder / "evil.py").write_text("raise SystemExit('executed')")
    _edit(folder, auto_map={"AutoModelForCausalLM": "evil.Model", "AutoConfig": "evil.Config"})
    model, _ = load_folder(folder, torch.float32)
    assert type(model).__module__.startswith("transformers.")


def test_no_tokenizer(folder):
    (folder / "tokenizer.json").unlink()
    accepted = ", ".join(TOKENIZERS)
    assert _refusal(folder) == f"{folder}: the tokenizer is missing; accepted: one of {accepted}"


def test_damaged_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{}")
    assert _refusal(folder).startswith(f"{folder}: the tokenizer cannot be loaded (")


def test_a_whole_folder_passes(folder):
    assert check_folder(folder)["model_type"] == "llama"


def test_weights_that_are_stored_apart_are_never_tied(saved_llama, folder, caplog):
    """config.json says tied, the files hold two: what lm-eval does before it scores must change nothing."""
    _edit(folder, tie_word_embeddings=True)
    model, _ = load_folder(folder, torch.float32)
    (line,) = caplog.messages
    assert "lm_head.weight" in line and "two they stay" in line
    head = model.lm_head.weight.clone()
    assert not torch.equal(head, model.model.embed_tokens.weight)
    model.tie_weights()
    assert torch.equal(model.lm_head.weight, head)

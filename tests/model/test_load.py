import json
import shutil

import pytest
import torch
from transformers import AutoTokenizer

from src.errors import ModelError
from src.model.load import load_model
from src.model.tiny import ARCHITECTURES

CPU = torch.device("cpu")


@pytest.fixture
def load(model_config, tmp_path):
    return lambda **changes: load_model(model_config(**changes), tmp_path, CPU)


def _tiny(architecture, **changes):
    shape = {"num_blocks": 10, "width": 64}
    return (
        {"source": "tiny", "id": "tiny", "name": f"tiny_{architecture}", "architecture": architecture}
        | shape
        | changes
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_tiny_family(load, architecture):
    loaded = load(**_tiny(architecture))
    assert (loaded.family, loaded.id, loaded.revision) == (architecture, f"tiny_{architecture}", None)
    assert (loaded.num_layers, loaded.width) == (10, 64)
    assert loaded.num_blocks == (1 if architecture == "albert" else 10)
    assert not loaded.model.training
    assert getattr(loaded.model.config, "use_cache", False) is False
    assert loaded.tokenizer.pad_token_id == 0
    assert loaded.block(-1) is loaded.model.get_submodule(loaded.layers[9])


def test_generation_still_uses_its_cache(load):
    loaded = load(**_tiny("llama"))
    ids = loaded.tokenizer("ab", return_tensors="pt")
    first, second = (
        loaded.model.generate(**ids, max_new_tokens=5, do_sample=False, use_cache=cached)
        for cached in (None, False)
    )
    assert torch.equal(first, second)
    assert loaded.model.generation_config.use_cache


def test_recurrent_weights_are_not_rescaled_in_place(load):
    model = load(**_tiny("rwkv")).model
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    with torch.no_grad():
        model(input_ids=torch.tensor([[5, 6, 7]]))
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name]), name


def test_dtype(load):
    loaded = load(**_tiny("llama", dtype="bfloat16"))
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.bfloat16}


def test_tiny_needs_its_shape(load):
    with pytest.raises(ModelError) as error:
        load(**_tiny("llama", width=None))
    assert str(error.value) == "model.width: given None; accepted for tiny models: a multiple of 16"


def test_local_folder(load, saved_llama):
    loaded = load(id=str(saved_llama))
    assert (loaded.id, loaded.revision, loaded.num_blocks, loaded.width) == (str(saved_llama), None, 2, 32)
    assert loaded.model.config._name_or_path == str(saved_llama)
    again = load(id=str(saved_llama))
    assert loaded.fingerprint == again.fingerprint


@pytest.mark.parametrize(
    ("key", "given", "found"), [("num_blocks", 3, 2), ("width", 48, 32)], ids=["num_blocks", "width"]
)
def test_announced_shape_is_checked(load, saved_llama, key, given, found):
    with pytest.raises(ModelError) as error:
        load(id=str(saved_llama), **{key: given})
    assert str(error.value) == f"model.{key}: given {given}, but {saved_llama} has {found}"


def test_cached_hub_model(load, saved_llama, tmp_path, monkeypatch):
    from huggingface_hub import constants

    commit = "c" * 40
    repository = tmp_path / "hub" / "models--some-lab--some-model"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    shutil.copytree(saved_llama, repository / "snapshots" / commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    loaded = load(id="some-lab/some-model")
    assert (loaded.id, loaded.revision) == ("some-lab/some-model", commit)
    assert loaded.fingerprint == f"some-lab/some-model@{commit}"


def test_variant_decides_the_id(load, saved_llama):
    loaded = load(id="unused", variant="sft", variants={"base": "some-lab/base", "sft": str(saved_llama)})
    assert loaded.id == str(saved_llama)


def test_padding_falls_back_to_the_end_token(load, folder):
    _rewrite(folder, pad_token=None)
    loaded = load(id=str(folder))
    assert loaded.tokenizer.pad_token == loaded.tokenizer.eos_token == "<eos>"


def test_a_tokenizer_that_merges_at_random_always_merges_alike(load, folder, caplog):
    """BPE dropout was of use where the tokenizer's model was trained; stored, it moves every text at each look."""
    path = folder / "tokenizer.json"
    parts = json.loads(path.read_text())
    merges = [["a", "b"], ["ab", "ab"]]
    vocabulary = parts["model"]["vocab"]
    vocabulary |= {"ab": len(vocabulary), "abab": len(vocabulary) + 1}
    path.write_text(json.dumps(parts | {"model": parts["model"] | {"merges": merges, "dropout": 0.5}}))
    stored = AutoTokenizer.from_pretrained(folder)
    text = "abab" * 8
    assert len({tuple(stored(text)["input_ids"]) for _ in range(8)}) > 1  # else nothing is proven
    tokenizer = load(id=str(folder)).tokenizer
    assert all(tokenizer(text)["input_ids"] == [vocabulary["abab"]] * 8 for _ in range(8))
    assert caplog.messages == [f"{folder}: its tokenizer merges at random (dropout 0.5); not here"]


def test_a_model_that_was_saved_to_return_tuples_answers_as_any_other(load, folder):
    path = folder / "config.json"
    asked = {"return_dict": False, "output_attentions": True, "output_hidden_states": True}
    path.write_text(json.dumps(json.loads(path.read_text()) | asked))
    found = load(id=str(folder)).model(torch.tensor([[5, 6]]))
    assert found.logits.shape[:2] == (1, 2)
    assert found.attentions is None and found.hidden_states is None


def test_no_token_to_pad_with(load, folder):
    _rewrite(folder, pad_token=None, eos_token=None)
    with pytest.raises(ModelError) as error:
        load(id=str(folder))
    assert (
        str(error.value) == f"{folder}: its tokenizer has neither a padding nor an end token; one is needed"
    )


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "mamba"])
def test_saved_models_come_back_with_their_head(load, model_config, tmp_path, architecture):
    before = load(**_tiny(architecture, num_blocks=2, width=32))
    before.model.save_pretrained(tmp_path / "saved")
    before.tokenizer.save_pretrained(tmp_path / "saved")
    after = load(id=str(tmp_path / "saved"))
    assert type(after.model) is type(before.model)
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        assert torch.equal(before.model(input_ids=ids).logits, after.model(input_ids=ids).logits)


def test_loading_prints_nothing(load, saved_llama, capfd):
    load(id=str(saved_llama))
    load(**_tiny("llama"))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def _rewrite(folder, **changes):
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))

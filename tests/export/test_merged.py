"""Whole weights say what base and adapter said, and are saved in the model's own dtype."""

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from src.errors import ModelError
from src.export import merged as module
from src.export.merged import write_merged
from src.model.tiny import build_tiny


@pytest.mark.parametrize("run", ["midblock", "full"])
def test_merged_folder_loads_with_transformers_alone(finished, tmp_path, run):
    assert write_merged(finished(run), tmp_path / "merged") <= 1e-4
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    ids = torch.tensor([tokenizer("1 + 2 =")["input_ids"]])
    found = model(input_ids=ids).logits
    base = build_tiny("llama", 10, 64)
    if run == "midblock":
        expected = PeftModel.from_pretrained(base, finished(run) / "adapter")(input_ids=ids).logits
        assert torch.allclose(found, expected, atol=1e-4)
    else:
        assert not torch.allclose(found, base(input_ids=ids).logits, atol=1e-6)
        inside = dict(model.named_parameters())["model.layers.0.mlp.up_proj.weight"]
        assert torch.equal(inside, base.model.layers[0].mlp.up_proj.weight)


def test_dtype_is_the_models_own_and_no_bar_of_a_library_is_shown(finished, tmp_path, capfd):
    folder = finished("bfloat16")
    capfd.readouterr()
    write_merged(folder, tmp_path / "merged")
    assert "Writing" not in capfd.readouterr().err
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype="auto")
    assert model.dtype is torch.bfloat16


def test_settings_of_generation_are_those_of_the_base_also_where_transformers_refuses_them(tmp_path):
    """As Llama 2 was published: a temperature, and no sampling."""
    model = build_tiny("llama", 2, 16)
    own = model.generation_config
    own.temperature, own.do_sample = 0.6, False
    with pytest.raises(ValueError, match="GenerationConfig is invalid"):
        model.save_pretrained(tmp_path / "plain")
    module._save(model, tmp_path / "merged")
    found = GenerationConfig.from_pretrained(tmp_path / "merged")
    assert (found.temperature, found.do_sample) == (0.6, False)
    assert (
        AutoModelForCausalLM.from_pretrained(tmp_path / "merged").num_parameters() == model.num_parameters()
    )


def test_merging_that_changes_the_logits_writes_nothing(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match="merging changes the logits"):
        write_merged(finished("midblock"), tmp_path / "merged")
    assert list(tmp_path.iterdir()) == []

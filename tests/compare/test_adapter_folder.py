"""tuned=FOLDER with an adapter of another trainer: what is compared is base against base + adapter."""

import copy
import json
from dataclasses import replace

import pandas
import pytest
import torch
from peft import LoraConfig, PrefixTuningConfig, get_peft_model

from src.compare.weights import kept_weights, unlike_weights
from src.errors import ModelError, UserError
from src.model.adapter import merge_adapter
from src.model.byte_tokenizer import byte_tokenizer
from src.model.load import load_model
from src.model.tiny import build_tiny
from src.report.adapter import experiment_of


def save_adapter(folder, blocks=(4,), width=64):
    """As peft's own save_pretrained leaves it: LoRA on the queries of some blocks, trained a little."""
    targets = [f"model.layers.{block}.self_attn.q_proj" for block in blocks]
    model = get_peft_model(
        build_tiny("llama", 10, width), LoraConfig(r=4, lora_alpha=8, target_modules=targets)
    )
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "lora_B" in name:
                value.copy_(0.2 * torch.randn(value.shape, generator=generator))
    model.save_pretrained(folder)
    return folder


def test_change_is_that_of_the_adapter(compare, tmp_path):
    adapter = save_adapter(tmp_path / "adapter")
    base = tmp_path / "plain"
    build_tiny("llama", 10, 64).save_pretrained(base)
    byte_tokenizer().save_pretrained(base)
    folder = compare(
        "metrics.names=[weight_change,cka_debiased]", models=[f"base={base}", f"tuned={adapter}"]
    )
    layers = pandas.read_csv(folder / "layers.csv")
    change = layers[(layers["metric"] == "weight_change") & (layers["layer"] > 0)].set_index("layer")["value"]
    assert change[5] > 0
    assert (change.drop(5) == 0).all()
    record = json.loads((folder / "run.json").read_text())
    assert record["tuned"]["id"].endswith("+ adapter")
    assert record["tuned"]["fingerprint"] != record["model"]["fingerprint"]
    cache, elsewhere = tmp_path / "cache", tmp_path / "moved"
    assert experiment_of(adapter, tmp_path / "runs", tmp_path / "none") == folder.parent
    assert experiment_of(adapter, elsewhere, cache) == folder.parent  # by what src.compare has noted
    other = save_adapter(tmp_path / "other", (7,))
    with pytest.raises(UserError, match=rf"first: python -m src.compare base=\S+ tuned={other}$"):
        experiment_of(other, tmp_path / "runs", cache)
    (tmp_path / "runs").rename(elsewhere)
    assert experiment_of(adapter, elsewhere, cache).parent == elsewhere
    with pytest.raises(UserError, match="no run compares"):
        experiment_of(adapter, tmp_path / "runs", cache)  # a note of what has gone


def test_another_adapter_is_another_comparison(compare, tmp_path):
    base = tmp_path / "plain"
    build_tiny("llama", 10, 64).save_pretrained(base)
    byte_tokenizer().save_pretrained(base)
    found = {
        compare(
            "metrics.names=[mean_shift]",
            models=[f"base={base}", f"tuned={save_adapter(tmp_path / str(block), (block,))}"],
        )
        for block in (2, 7)
    }
    assert len(found) == 2


@pytest.mark.parametrize("wrong", ["pickle", "width", "json"])
def test_what_is_no_adapter_of_this_model_is_one_line(make_config, tmp_path, wrong):
    adapter = save_adapter(tmp_path / "adapter", width=128 if wrong == "width" else 64)
    if wrong == "pickle":
        (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    if wrong == "json":
        (adapter / "adapter_config.json").write_text("[1, 2")
    loaded = load_model(make_config("model=tiny_llama").model, tmp_path, torch.device("cpu"))
    with pytest.raises(ModelError) as error:
        merge_adapter(loaded, adapter)
    assert "\n" not in str(error.value)
    assert ("accepted: an adapter" if wrong == "pickle" else "no adapter for tiny_llama") in str(error.value)


def test_prompts_in_front_of_a_text_cannot_be_added(make_config, tmp_path):
    settings = PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    get_peft_model(build_tiny("llama", 3, 16), settings).save_pretrained(tmp_path)
    loaded = load_model(
        make_config("model=tiny_llama", "model.num_blocks=3", "model.width=16").model,
        tmp_path,
        torch.device("cpu"),
    )
    with pytest.raises(
        ModelError, match=r"PREFIX_TUNING stands in front of a text; accepted: what is added to"
    ):
        merge_adapter(loaded, tmp_path)


KINDS = {
    "scaled by the root": {"use_rslora": True},
    "with magnitudes": {"use_dora": True},
    "of two blocks": {"layers_to_transform": [1, 3], "layers_pattern": "layers"},
    "of own ranks": {"rank_pattern": {"layers.1.self_attn.q_proj": 8}, "alpha_pattern": {"q_proj": 3}},
    "with whole layers": {"modules_to_save": ["lm_head", "norm"]},
    "of every linear layer": {"target_modules": "all-linear"},
    "of some tokens": {"trainable_token_indices": [5, 9]},
    "from the base's own directions": {"init_lora_weights": "pissa"},
}
REFUSED = {
    "with blocks again": (
        {"layer_replication": [[0, 3], [1, 5]]},
        "comes or goes; accepted: one that leaves",
    ),
    "from random directions": (
        {"init_lora_weights": "pissa_niter_4", "target_modules": ["q_proj"]},
        "pissa_niter_4 took a random part out of its base; accepted: an adapter that was saved with path_init",
    ),
    "with its own head": ({"modules_to_save": ["lm_head"]}, "tie_word_embeddings"),
}


def loaded_and_peft(make_config, place, settings, tied=False):
    """A model as Strata loads it, the folder of a moved adapter for it, and peft's own model with it."""
    base = build_tiny("llama", 5, 64)
    base.config.tie_word_embeddings = tied
    base.tie_weights()
    base.save_pretrained(place / "base")
    byte_tokenizer().save_pretrained(place / "base")
    loaded = load_model(make_config("model=hf", f"model.id={place}/base").model, place, torch.device("cpu"))
    config = LoraConfig(**{"r": 4, "lora_alpha": 6, "target_modules": ["q_proj", "v_proj"]} | settings)
    theirs = get_peft_model(copy.deepcopy(loaded.model), config).eval()
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for value in (one for one in theirs.parameters() if one.requires_grad):
            value.add_(0.1 * torch.randn(value.shape, generator=generator))
    theirs.save_pretrained(place / "adapter")
    return loaded, place / "adapter", theirs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_merged_says_what_pefts_own_model_says(make_config, tmp_path, kind):
    loaded, adapter, theirs = loaded_and_peft(make_config, tmp_path, KINDS[kind])
    ids = torch.arange(3, 30)[None]
    with torch.no_grad():
        before, expected = loaded.model(input_ids=ids).logits, theirs(input_ids=ids).logits
        found = merge_adapter(loaded, adapter).model(input_ids=ids).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(found, before, atol=1e-2)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", REFUSED)
def test_adapters_after_which_the_layers_are_others_are_refused(make_config, tmp_path, kind):
    settings, line = REFUSED[kind]
    loaded, adapter, _ = loaded_and_peft(make_config, tmp_path, settings, tied=True)
    with pytest.raises(ModelError, match=line) as error:
        merge_adapter(loaded, adapter)
    assert "\n" not in str(error.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "brought",
    [
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"target_modules": ["q_proj", "lm_head"]},
        {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
    ],
)
def test_an_adapter_of_added_tokens_says_so(make_config, tmp_path, brought):
    """peft's own line is about a state dict, and cut off where the sizes stand."""
    config = make_config("model=tiny_llama", "model.num_blocks=2", "model.width=16").model
    loaded = load_model(config, tmp_path, torch.device("cpu"))
    longer = build_tiny("llama", 2, 16)
    size = longer.config.vocab_size
    longer.resize_token_embeddings(size + 3)
    get_peft_model(longer, LoraConfig(r=2, **brought)).save_pretrained(tmp_path / "adapter")
    with pytest.raises(ModelError, match=f"of {size + 3} tokens, not {size}, as after tokens were added"):
        merge_adapter(loaded, tmp_path / "adapter")


@pytest.mark.parametrize(
    ("base", "told"),
    [("org/another", True), ("org/base", False), ("/scratch/org/base", False), (None, False)],
)
def test_the_adapter_of_another_base_is_named(make_config, tmp_path, caplog, base, told):
    """Of two bases of one family the shapes agree, and the numbers would mean nothing without a word."""
    config = make_config("model=tiny_llama", "model.num_blocks=2", "model.width=16").model
    loaded = replace(load_model(config, tmp_path, torch.device("cpu")), id="org/base")
    get_peft_model(build_tiny("llama", 2, 16), LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(
        tmp_path / "adapter"
    )
    path = tmp_path / "adapter" / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": base}))
    merge_adapter(loaded, tmp_path / "adapter")
    assert ("names org/another as its base; it is added to org/base" in caplog.text) == told


def test_embeddings_of_other_sizes_are_told_before_weights_are_exchanged(make_config, tmp_path, load_tiny):
    base, tuned = (load_tiny("llama") for _ in range(2))
    gradients = ["update_gradient_cosine"]
    kept = kept_weights(base, gradients)
    assert unlike_weights(kept, tuned, gradients) == ("", [])
    tuned.model.resize_token_embeddings(tuned.model.config.vocab_size + 3)
    text, concerned = unlike_weights(kept, tuned, gradients)
    assert (text.endswith("embed_tokens.weight of another shape"), concerned) == (True, gradients)

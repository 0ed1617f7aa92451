"""The folder of an adapter, damaged: it is added as its files say, or refused in one line."""

import copy
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from src.errors import ModelError
from src.model.adapter import CONFIG, WEIGHTS, merge_adapter
from src.model.load import load_model
from src.model.loaded import LoadedModel
from tests.made_folders import Damage
from tests.made_input import JSON, assert_one_line

TENSORS = ["missing", "longer", "transposed", "flat", "nan", "huge", "named anew", "one more", "half"]
BYTES = st.builds(
    Damage,
    st.sampled_from([CONFIG, WEIGHTS]),
    st.sampled_from(["gone", "empty", "cut", "cut", "flipped", "text", "key", "key"]),
    st.floats(0, 0.999),
    st.text(max_size=20) | JSON.map(json.dumps),
    JSON,
)
SETTINGS = st.tuples(
    st.sampled_from(
        [
            "r",
            "lora_alpha",
            "target_modules",
            "peft_type",
            "task_type",
            "modules_to_save",
            "bias",
            "use_rslora",
            "rank_pattern",
            "alpha_pattern",
            "layers_to_transform",
            "init_lora_weights",
            "fan_in_fan_out",
            "use_dora",
            "base_model_name_or_path",
            "nonsense",
        ]
    ),
    JSON | st.sampled_from([0, -1, 1e400, "[", "all-linear", "LORA", "IA3", "PREFIX_TUNING", "SEQ_CLS"]),
)
DAMAGES = BYTES | st.tuples(st.sampled_from(TENSORS), st.integers(0, 3)) | SETTINGS


def made_base(make_config: Callable, cache: Path) -> LoadedModel:
    """The model that adapters of blocks 2 and 4 are for."""
    config = make_config("model=tiny_llama", "model.num_blocks=5", "model.width=64")
    return load_model(config.model, cache, torch.device("cpu"))


def do(damage: object, folder: Path) -> None:
    """Damage the adapter in this folder."""
    if isinstance(damage, Damage):
        damage.do(folder)
    elif damage[0] in TENSORS:
        tensors = load_file(folder / WEIGHTS)
        _change(tensors, damage[0], sorted(tensors)[damage[1] % len(tensors)])
        save_file(tensors, folder / WEIGHTS)
    else:
        settings = json.loads((folder / CONFIG).read_text()) | dict([damage])
        (folder / CONFIG).write_text(json.dumps(settings))


def _change(tensors: dict[str, torch.Tensor], way: str, name: str) -> None:
    value = tensors.pop(name)
    changed = {
        "longer": torch.cat([value, value]),
        "transposed": value.T.contiguous(),
        "flat": value.flatten(),
        "nan": torch.full_like(value, torch.nan),
        "huge": torch.full_like(value, 3e38),
        "half": value.half(),
    }
    if way in changed:
        tensors[name] = changed[way]
    elif way == "named anew":
        tensors[f"other.{name}"] = value
    elif way == "one more":
        tensors |= {name: value, f"other.{name}": value.clone()}


def check_adapter(damage: object, whole: Path, base: LoadedModel, place: Path) -> None:
    """What is merged is base + alpha / r x B A of the files, worked out here; else it is one line."""
    folder = place / "adapter"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    do(damage, folder)
    try:
        merged = merge_adapter(replace(base, model=copy.deepcopy(base.model)), folder)
    except ModelError as error:
        assert_one_line(str(error), "adapter")
        return
    before = dict(base.model.named_parameters())
    found = dict(merged.model.named_parameters())
    assert found.keys() == before.keys()
    plain = json.loads((folder / CONFIG).read_text())
    if any(plain.get(key) for key in ("use_dora", "rank_pattern", "alpha_pattern", "fan_in_fan_out")):
        return
    scale = plain["lora_alpha"] / (plain["r"] ** (0.5 if plain.get("use_rslora") else 1))
    tensors = load_file(folder / WEIGHTS)
    for name, value in found.items():
        layer = "base_model.model." + name.removesuffix(".weight")
        expected = before[name]
        if f"{layer}.lora_A.weight" in tensors:
            down, up = (tensors[f"{layer}.lora_{side}.weight"].float() for side in "AB")
            expected = expected + scale * (up @ down)
        assert torch.allclose(value, expected, rtol=1e-5, atol=1e-6), name

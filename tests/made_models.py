"""The folder of a model with one file damaged: it loads, or is refused in one line that names it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from src.command.compose import model_named
from src.config.schema import ModelConfig
from src.errors import ModelError
from src.model.content import model_content
from src.model.load import load_model
from tests.made_folders import Damage, damage_of
from tests.made_input import assert_one_line

FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "model.safetensors",
)
DAMAGES = damage_of(FILES)


def made_model(make_config: Callable, place: Path) -> Path:
    """A model that loads, as files."""
    config = make_config("model=tiny_llama", "model.num_blocks=2", "model.width=32")
    loaded = load_model(config.model, place, torch.device("cpu"))
    for one in (loaded.model, loaded.tokenizer):
        one.save_pretrained(place / "whole")
    assert all((place / "whole" / name).is_file() for name in FILES)
    return place / "whole"


def check_model(damage: Damage, whole: Path, place: Path) -> None:
    """Its content can be told and the model loaded, with finite weights, or one line names the folder."""
    folder = place / "model"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    damage.do(folder)
    config: ModelConfig = model_named(str(folder), "float32")
    try:
        model_content(config)
        loaded = load_model(config, place, torch.device("cpu"))
    except ModelError as error:
        assert_one_line(str(error), about=str(folder))
        return
    assert sum(value.numel() for value in loaded.model.parameters()) > 0

"""Fixtures: the real configuration composed by Hydra, small models of real architectures."""

import copy
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may reach the network
os.environ.setdefault("WANDB_MODE", "offline")

import pytest
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from src.command.compose import run_config
from src.config.schema import RunConfig
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.model.package import find_folder, find_gguf

pytest_plugins = ["tests.depth_runs"]  # fixtures that the analysis and the report share
SHARED_GSM8K = Path(__file__).resolve().parents[2] / "shared" / "data" / "gsm8k"


@pytest.fixture(autouse=True)
def _the_folder_stays() -> Iterator[None]:
    """A test that leaves its process in another folder is found by itself, and not by the next that needs ours."""
    folder = os.getcwd()
    yield
    left_in = os.getcwd()
    os.chdir(folder)
    assert left_in == folder


@pytest.fixture(scope="session")
def make_config() -> Callable[..., RunConfig]:
    """Compose and type a configuration from overrides, as the command line does; the same ones once."""
    composed = functools.cache(run_config)
    return lambda *overrides: copy.deepcopy(composed(*overrides))


@pytest.fixture
def load_tiny(make_config: Callable[..., RunConfig], tmp_path: Path) -> Callable[[str], LoadedModel]:
    """A fresh tiny model of a family."""

    def load(family: str) -> LoadedModel:
        config = make_config(f"model=tiny_{family}")
        return load_model(config.model, tmp_path, torch.device("cpu"))

    return load


@pytest.fixture(scope="session")
def package_tokenizer() -> Callable[[str], PreTrainedTokenizerBase]:
    """The tokenizer that a package of weights brings along; read once a session, without the weights."""

    @functools.cache
    def read(package: str) -> PreTrainedTokenizerBase:
        folder = find_folder(package)
        if folder is not None:
            return AutoTokenizer.from_pretrained(folder)
        gguf = find_gguf(package)
        return AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)

    return read

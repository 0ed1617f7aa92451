"""Fixtures: the real configuration composed by Hydra, small models of real architectures."""

import copy
import functools
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may reach the network
os.environ.setdefault("WANDB_MODE", "offline")

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from src.command.compose import check_choices, read_overrides, run_config
from src.command.presets import CONF
from src.config.schema import RunConfig
from src.errors import ConfigError
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.model.package import find_folder, find_gguf
from src.sweep.grid.expand import Composer
from src.sweep.grid.spec import Sweep

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


def pytest_collection_finish() -> None:
    """What is imported stays, and a run collects garbage: it need not look through all of torch each time."""
    gc.collect()
    gc.freeze()


class KeptComposer(Composer):
    """The composer of sweeps, whose choices of groups are composed once a session; most tests set values alone."""

    def composed(self, overrides: tuple[str, ...], hydra: bool = False) -> DictConfig:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("config", overrides=list(overrides), return_hydra_config=hydra)


@pytest.fixture(scope="session")
def make_config() -> Callable[..., RunConfig]:
    """Compose and type a configuration from overrides, as the command line does; what is wrong the door says."""
    composer = KeptComposer(Sweep("tests", CONF / "config.yaml", {}, []), "config")

    def make(*overrides: str) -> RunConfig:
        try:
            check_choices(overrides)
            return copy.deepcopy(composer.run(tuple(read_overrides(overrides))))
        except ConfigError:
            return run_config(*overrides)

    return make


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

"""Fixtures: the real configuration composed by Hydra, small models of real architectures."""

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may reach the network
os.environ.setdefault("WANDB_MODE", "offline")

import pytest
import torch

from src.command.compose import run_config
from src.config.schema import RunConfig
from src.model.load import load_model
from src.model.loaded import LoadedModel

pytest_plugins = ["tests.depth_runs"]  # fixtures that the analysis and the report share
SHARED_GSM8K = Path(__file__).resolve().parents[2] / "shared" / "data" / "gsm8k"


@pytest.fixture(scope="session")
def make_config() -> Callable[..., RunConfig]:
    """Compose and type a configuration from overrides, as the command line does."""
    return run_config


@pytest.fixture
def load_tiny(make_config: Callable[..., RunConfig], tmp_path: Path) -> Callable[[str], LoadedModel]:
    """A fresh tiny model of a family."""

    def load(family: str) -> LoadedModel:
        config = make_config(f"model=tiny_{family}")
        return load_model(config.model, tmp_path, torch.device("cpu"))

    return load

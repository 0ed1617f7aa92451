import pytest
import torch
from hydra import compose, initialize_config_dir

from src.command.compose import CONF, typed
from src.compare.__main__ import execute as compare_pair
from src.compare.comparison import Pair
from src.config.pair import PairConfig
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny

SMALL = [
    "data.num_train=8",
    "data.num_probe=24",
    "data.num_test=8",
    "metrics.num_token_samples=8",
]
"""What a test's pair looks at."""


@pytest.fixture
def checkpoints(tmp_path):
    """A tiny base and the same model with block 6 moved, as folders."""
    model = build_tiny("llama", 10, 64)
    for name in ("base", "tuned"):
        if name == "tuned":
            with torch.no_grad():
                for value in model.model.layers[6].parameters():
                    value += 0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(1))
        model.save_pretrained(tmp_path / name)
        byte_tokenizer().save_pretrained(tmp_path / name)
    return [f"base={tmp_path}/base", f"tuned={tmp_path}/tuned"]


@pytest.fixture
def compare(tmp_path, checkpoints):
    def run(*overrides, models=checkpoints):
        paths = [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = typed(compose("probe", overrides=[*models, *paths, *SMALL, *overrides]), PairConfig)
        compare_pair(config)
        return Pair(config).folder.path

    return run

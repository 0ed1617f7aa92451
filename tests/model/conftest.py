import functools
import shutil

import pytest
import torch

from src.config.schema import ModelConfig
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny

BASE = {
    "name": "hf",
    "source": "hub",
    "id": "hf",
    "revision": None,
    "variant": None,
    "variants": {},
    "kind": None,
    "residual": None,
    "miniature_of": None,
    "num_parameters": None,
    "dtype": "float32",
    "num_blocks": None,
    "width": None,
    "lora_targets": None,
    "sizes": None,
    "architecture": None,
    "pretraining": None,
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Tensors this small are computed faster by one thread than by several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny():
    """Builds a tiny model once a session; tests must not change it."""
    return functools.cache(lambda architecture: build_tiny(architecture, num_blocks=10, width=64))


@pytest.fixture(scope="session")
def model_config():
    return lambda **changes: ModelConfig(**(BASE | changes))


@pytest.fixture(scope="session")
def saved_llama(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "llama"
    build_tiny("llama", num_blocks=2, width=32).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def folder(saved_llama, tmp_path):
    """A folder with a small model that the test may damage."""
    return shutil.copytree(saved_llama, tmp_path / "llama")

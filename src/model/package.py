"""Weights that come inside a Python package: as safetensors, or as a GGUF file, turned into them once."""

import logging
import sys
from contextlib import redirect_stderr
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer

from src.errors import ModelError
from src.model.folder import WEIGHTS
from src.model.quiet import quiet
from src.storage.cache import cached_folder
from src.storage.files import sha256_file

log = logging.getLogger(__name__)


def find_folder(package: str) -> Path | None:
    """The folder of safetensors inside an installed package, which is not imported; None if it holds none.

    Raises:
        ModelError: where the package is not installed.
    """
    found = [Path(str(file.locate())).parent for file in _files(package) if file.name == WEIGHTS]
    return found[0] if found and found[0].is_dir() else None


def find_gguf(package: str) -> Path:
    """The GGUF file of an installed package, which is not imported.

    Raises:
        ModelError: where the package is not installed or holds no such file.
    """
    paths = [Path(str(file.locate())) for file in _files(package) if file.suffix == ".gguf"]
    if not paths or not paths[0].is_file():
        raise ModelError(f"model.id: the package {package!r} holds no .gguf file; run `make setup` again")
    return paths[0]


def _files(package: str) -> list[metadata.PackagePath]:
    try:
        return metadata.distribution(package).files or []
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise ModelError(
            f"model.id: the package {package!r} is not installed; run `make setup`, "
            "or choose model=tiny_llama or model=hf model.id=FOLDER"
        ) from error


def unpacked(package: str, cache_dir: Path) -> tuple[Path, str]:
    """The folder of float32 safetensors made from the package's GGUF file, and the sha256 of that file.

    Made at the first call, and made anew where a byte of it is not as it was written. Processes take turns.
    """
    gguf = find_gguf(package)
    digest = sha256_file(gguf)
    folder = cached_folder(cache_dir, "models", digest, lambda aside: _unpack(gguf, aside, package))
    return folder, digest


def _unpack(gguf: Path, folder: Path, package: str) -> None:
    """Dequantise into `folder`."""
    log.info("%s: turning %s into float32, once; this takes about 20 seconds", package, gguf.name)
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    status = Console(file=sys.stderr).status(f"Reading {gguf.name}")
    with status, redirect_stderr(StringIO()), quiet():  # hides a bar of its own
        tokenizer = AutoTokenizer.from_pretrained(**source)
        model: Any = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
        # The weights are plain now; saving refuses as long as the model says they are quantised.
        del model.config.quantization_config
        model.hf_quantizer = None
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

"""Weights that come inside a Python package: as safetensors, or as a GGUF file, turned into them once."""

import logging
import shutil
import sys
from contextlib import redirect_stderr
from importlib import metadata
from io import StringIO
from pathlib import Path

import torch
from filelock import FileLock
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer

from src.errors import ModelError, StorageError
from src.model.folder import WEIGHTS
from src.model.quiet import quiet
from src.storage.files import ASIDE, read_json, sha256_file, storage_errors, write_json, written_folder

MANIFEST = "manifest.json"

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

    Made at the first call; made anew where files are missing or of another size. Processes take turns.
    """
    gguf = find_gguf(package)
    digest = sha256_file(gguf)
    folder = cache_dir / "models" / digest
    with storage_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            damage = _damage(folder)
            if damage is not None:
                if folder.exists():
                    log.warning("%s: %s; it is made anew", folder, damage)
                _remove_leftovers(folder)
                _unpack(gguf, folder, package)
    return folder, digest


def _unpack(gguf: Path, folder: Path, package: str) -> None:
    """Dequantise into `folder`."""
    log.info("%s: turning %s into float32, once; this takes about 20 seconds", package, gguf.name)
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    status = Console(file=sys.stderr).status(f"Reading {gguf.name}")
    with (
        status,
        redirect_stderr(StringIO()),
        quiet(),
        written_folder(folder) as aside,
    ):  # hides a bar of its own
        tokenizer = AutoTokenizer.from_pretrained(**source)
        model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
        # The weights are plain now; saving refuses as long as the model says they are quantised.
        del model.config.quantization_config
        model.hf_quantizer = None
        model.save_pretrained(aside)
        tokenizer.save_pretrained(aside)
        write_manifest(aside, package, gguf)


def write_manifest(folder: Path, package: str, gguf: Path) -> None:
    """Note the size of every file of a complete folder, by which damage is seen later."""
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    write_json(folder / MANIFEST, {"package": package, "source": gguf.name, "sizes": sizes})


def _damage(folder: Path) -> str | None:
    """What is wrong with an unpacked folder, by its manifest; None when it is whole."""
    try:
        sizes = read_json(folder / MANIFEST)["sizes"]
        for name, size in sizes.items():
            path = folder / name
            if not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != size:
                return f"{name} has {path.stat().st_size} bytes instead of {size}"
    except (StorageError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} is missing or damaged"
    return None


def _remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left half-unpacked; called under the lock, so nobody is writing it."""
    for leftover in folder.parent.glob(f"{ASIDE}{folder.name}-*"):
        shutil.rmtree(leftover)

"""Adapters that another trainer left: a folder with adapter_config.json, merged into their model."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from src.errors import ModelError
from src.model.loaded import LoadedModel
from src.storage.files import fingerprint, sha256_file

_UNREADABLE = (ValueError, KeyError, RuntimeError, TypeError, OSError, SafetensorError, UserWarning)
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def is_adapter(name: str) -> bool:
    """Whether a name given for a model is the folder of an adapter."""
    return (Path(name) / CONFIG).is_file()


def adapter_content(folder: Path) -> str:
    """A hash of all that decides what the adapter adds.

    Raises:
        ModelError: it holds no safetensors; nothing else is ever loaded.
    """
    if not (folder / WEIGHTS).is_file():
        found = ", ".join(sorted(path.name for path in folder.iterdir()))
        raise ModelError(f"{folder}: given {found}; accepted: an adapter whose weights are {WEIGHTS}")
    return fingerprint([sha256_file(folder / name) for name in (CONFIG, WEIGHTS)])


def merge_adapter(loaded: LoadedModel, folder: Path) -> LoadedModel:
    """The model with an adapter of peft, TRL or Axolotl added to its weights, in float32 and back.

    Raises:
        ModelError: peft cannot read it, or it is for a model of other layers.
    """
    from peft import PeftModel

    content = adapter_content(folder)
    model: Any = loaded.model
    dtype = next(model.parameters()).dtype
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # peft warns of keys that the model has no place for
        warnings.filterwarnings("ignore", category=FutureWarning)
        try:
            tuned: Any = PeftModel.from_pretrained(model.float(), str(folder), use_safetensors=True)
            merged = tuned.merge_and_unload()
        except (
            ValueError,
            KeyError,
            RuntimeError,
            TypeError,
            OSError,
            SafetensorError,
            UserWarning,
        ) as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{folder}: no adapter for {loaded.id} ({reason})") from error
    return replace(
        loaded,
        model=merged.to(dtype).eval().requires_grad_(False),
        id=f"{loaded.id} + {folder.name}",
        fingerprint=fingerprint([loaded.fingerprint, content]),
    )

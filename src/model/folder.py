"""Checks a folder of weights before anything is loaded, so that each way to be wrong has its own sentence."""

import json
import math
from pathlib import Path
from typing import Any

import transformers
from safetensors import SafetensorError, safe_open
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from src.errors import ModelError

CONFIG = "config.json"
ADAPTER = "adapter_config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
)
_INSTEAD = {
    ADAPTER: "an adapter, not a model",
    "run.json": "a run; what LoRA trained is its adapter/, and src.export --merged FOLDER writes all of it",
}
"""Folders that people give for that of a model, by a file in them."""
MOST_LAYERS = 10_000
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def check_folder(folder: Path) -> dict[str, Any]:
    """The parsed config.json of a folder that can be loaded.

    Raises:
        ModelError: naming what is missing, damaged or not accepted.
    """
    if not folder.is_dir():
        raise ModelError(f"model.id: {folder} is not a folder; accepted: a hub id or a folder with {CONFIG}")
    if not (folder / CONFIG).is_file():
        told = [f" ({name} is: {what})" for name, what in _INSTEAD.items() if (folder / name).is_file()]
        raise ModelError(f"{folder}: {CONFIG} is missing{''.join(told[:1])}")
    if (folder / ADAPTER).is_file():  # transformers would take it up, on whatever base it names
        raise ModelError(
            f"{folder}: holds {CONFIG} and {ADAPTER}, a model and an adapter; "
            "accepted: a folder of one of them"
        )
    settings = _read(folder / CONFIG)
    _check_type(folder, settings)
    for path in weight_files(folder):
        _check_weights(path)
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise ModelError(f"{folder}: the tokenizer is missing; accepted: one of {', '.join(TOKENIZERS)}")
    return settings


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a folder, sorted; all of them exist.

    Raises:
        ModelError: naming the first missing file, or one that lies elsewhere.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        seen = f"; {pickles[0]} is a pickle, which can run code and is never loaded" if pickles else ""
        raise ModelError(f"{folder}: no safetensors weights ({WEIGHTS} or {INDEX}){seen}")
    shards = _read(folder / INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise ModelError(f"{folder / INDEX}: names no weights; accepted: a `weight_map` of weights to files")
    for weight, name in shards.items():
        if not isinstance(name, str) or name != Path(name).name:
            raise ModelError(
                f"{folder / INDEX}: {weight}: given {name!r}; accepted: the name of a file of this folder"
            )
    names = sorted(set(shards.values()))
    for number, name in enumerate(names, start=1):
        if not (folder / name).is_file():
            raise ModelError(
                f"{folder / name}: missing (file {number} of the {len(names)} that {INDEX} names)"
            )
    return [folder / name for name in names]


def _check_type(folder: Path, settings: dict[str, Any]) -> None:
    """Refuse model types that cannot be loaded, and those with two stacks, before reading weights."""
    model_type = settings.get("model_type")
    if model_type is None:
        raise ModelError(f"{folder / CONFIG}: names no model_type")
    if not isinstance(model_type, str):
        raise ModelError(f"{folder / CONFIG}: model_type: given {model_type!r}; accepted: a name")
    names = settings.get("architectures") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelError(f"{folder / CONFIG}: architectures: given {names!r}; accepted: a list of names")
    for key in ("num_hidden_layers", "num_layers", "n_layer"):
        if isinstance(settings.get(key), int) and settings[key] > MOST_LAYERS:
            accepted = f"at most {MOST_LAYERS:,} layers, which can be built in reasonable time"
            raise ModelError(
                f"{folder / CONFIG}: {key}: given {float(settings[key]):.3g}; accepted: {accepted}"
            )
    _check_positions(folder, settings)
    if settings.get("quantization_config") is not None:
        raise ModelError(
            f"{folder / CONFIG}: quantization_config: given {str(settings['quantization_config'])[:80]}; "
            "accepted: weights that are not quantized"
        )
    if model_type not in CONFIG_MAPPING:
        if settings.get("auto_map"):
            raise ModelError(
                f"{folder}: {model_type} runs code from the model's folder, which is never executed"
            )
        version = transformers.__version__
        raise ModelError(f"{folder}: model type {model_type!r} is unknown to transformers {version}")
    if settings.get("is_encoder_decoder") or getattr(CONFIG_MAPPING[model_type], "is_encoder_decoder", False):
        raise ModelError(
            f"{folder}: {model_type} is an encoder-decoder; accepted: models with one stack of blocks"
        )


def _check_positions(folder: Path, settings: dict[str, Any]) -> None:
    """Refuse factors that leave no frequency of a position as it was meant; transformers takes any number."""
    for key in ("rope_scaling", "rope_parameters"):
        given = settings.get(key)
        kinds = (
            [given, *given.values()] if isinstance(given, dict) else []
        )  # of all layers, or by kind of layer
        for factor in (kind.get("factor") for kind in kinds if isinstance(kind, dict)):
            if isinstance(factor, int | float) and not 0 < factor < math.inf:
                raise ModelError(
                    f"{folder / CONFIG}: {key}: given factor {str(factor)[:40]}; accepted: a number above 0"
                )


def _check_weights(path: Path) -> None:
    """Refuse a file whose header does not agree with its size; the weights are not read."""
    try:
        with safe_open(path, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path}: truncated or damaged safetensors file ({reason})") from error


def _read(path: Path) -> dict[str, Any]:
    """A JSON object from a file of the model."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path}: holds no JSON object")
    return value

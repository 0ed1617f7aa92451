"""Adapters that another trainer left: a folder with adapter_config.json, merged into their model."""

import logging
import warnings
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

from safetensors import safe_open

from src.errors import ModelError
from src.model.loaded import LoadedModel
from src.storage.files import fingerprint, read_object, sha256_file

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_VOCABULARY = {"weight": 0, "modules_to_save.weight": 0, "lora_B.weight": 0, "lora_embedding_A": 1}
"""What adapters hold of an embedding or a head, and the dimension of its tokens."""
_LOG = logging.getLogger(__name__)


def is_adapter(name: str) -> bool:
    """Whether a name given for a model is the folder of an adapter."""
    return (Path(name) / CONFIG).is_file()


def adapter_content(folder: Path) -> str:
    """A hash of all that decides what the adapter adds.

    Raises:
        ModelError: one of its files is not there; no weights but safetensors are ever loaded.
    """
    if not all((folder / name).is_file() for name in (CONFIG, WEIGHTS)):
        found = ", ".join(sorted(path.name for path in folder.iterdir()))
        raise ModelError(f"{folder}: given {found}; accepted: an adapter, {CONFIG} and {WEIGHTS}")
    return fingerprint([sha256_file(folder / name) for name in (CONFIG, WEIGHTS)])


def merge_adapter(loaded: LoadedModel, folder: Path) -> LoadedModel:
    """The model with an adapter of peft, TRL or Axolotl added to its weights, in float32 and back.

    Raises:
        ModelError: peft cannot read it, it is for a model of other layers, it leaves others behind (as
            layer_replication does), or what it adds is not finite.
    """
    from peft import PeftModel

    content = adapter_content(folder)
    model: Any = loaded.model
    before = dict(model.named_parameters()).keys()
    kinds = {name: value.dtype for name, value in _tensors(model)}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # peft warns of keys that the model has no place for
        warnings.filterwarnings("ignore", category=FutureWarning)
        try:
            _check_base(loaded, folder)
            tuned: Any = PeftModel.from_pretrained(model.float(), str(folder), use_safetensors=True)
            if tuned.active_peft_config.is_prompt_learning:
                kind = tuned.active_peft_config.peft_type.value
                raise ValueError(
                    f"{kind} stands in front of a text; accepted: what is added to weights, such as LoRA"
                )
            merged = tuned.merge_and_unload()
        except Exception as error:  # peft's reading: whatever it stumbles over lies in the folder
            reason = shorten(str(error), 200, placeholder=" …") or type(error).__name__
            raise ModelError(f"{folder}: no adapter for {loaded.id} ({reason})") from error
    changed = before ^ dict(merged.named_parameters()).keys()
    if changed:
        raise ModelError(
            f"{folder}: given an adapter with which {min(changed)} comes or goes; accepted: one that leaves "
            f"{loaded.id} the layers it has"
        )
    broken = [name for name, value in merged.named_parameters() if not value.isfinite().all()]
    if broken:
        raise ModelError(f"{folder}: given {broken[0]} with NaN or infinity; accepted: finite weights")
    for name, value in _tensors(merged):
        value.data = value.data.to(kinds[name])  # each its own: frequencies of positions are in float32
    return replace(
        loaded,
        model=merged.eval().requires_grad_(False),
        id=f"{loaded.id} + {folder.name}",
        fingerprint=fingerprint([loaded.fingerprint, content]),
    )


def _tensors(model: Any) -> list[tuple[str, Any]]:
    """Every parameter and buffer by name."""
    return [*model.named_parameters(), *model.named_buffers()]


def _check_base(loaded: LoadedModel, folder: Path) -> None:
    """Warn where an adapter names another base; the same shapes would take it without a word.

    Raises:
        ValueError: it was trained on a vocabulary of another size, whose embeddings it brings, or on a base
            that its start moved in a way that cannot be repeated.
    """
    settings = read_object(folder / CONFIG)
    named = str(settings.get("base_model_name_or_path") or "")
    _check_start(settings.get("init_lora_weights"), folder)
    if _on_hub(named) and _on_hub(loaded.id) and named != loaded.id:
        _LOG.warning("%s: names %s as its base; it is added to %s", folder, named, loaded.id)
    tables = (loaded.model.get_input_embeddings(), loaded.model.get_output_embeddings())
    modules: dict[str, Any] = dict(loaded.model.named_modules())
    sizes = {name: len(one.weight) for name, one in modules.items() if one in tables}
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118 - no mapping
            for name, size in sizes.items():
                side = _VOCABULARY.get(key.removeprefix(f"base_model.model.{name}."))
                if side is not None and (found := file.get_slice(key).get_shape()[side]) != size:
                    raise ValueError(
                        f"{name} of {found} tokens, not {size}, as after tokens were added; accepted: whole "
                        "weights, merged by what trained it"
                    )


def _check_start(start: Any, folder: Path) -> None:
    """Refuse or tell of an adapter that is not added to the base as published.

    `pissa` and `olora` take from the base what the factors start with, and do so again when they are loaded.

    Raises:
        ValueError: what was taken was drawn at random.
    """
    if str(start).startswith("pissa_niter"):
        raise ValueError(
            f"init_lora_weights={start} took a random part out of its base; accepted: an adapter that was "
            "saved with path_initial_model_for_weight_conversion"
        )
    if start == "lora_ga":
        _LOG.warning(
            "%s: init_lora_weights=lora_ga moved its base before training; it fits that base alone", folder
        )


def _on_hub(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/", "~")) and not Path(name).exists()

"""Whole tuned weights: the update added in float32, checked by the logits, saved in the model's own dtype."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationConfig

from src.errors import ModelError
from src.method.adapted import AdaptedModel
from src.model.quiet import quiet
from src.record.finished import finished_config, tuned_model
from src.storage.files import read_jsonl, written_folder

TOLERANCE = 1e-3
"""Largest difference of a logit that adding in float32 may make, relative to the largest logit."""
_NUM_PROMPTS = 4


def write_merged(folder: Path, out: Path) -> float:
    """Write model and tokenizer of a finished run into `out`, as any tool loads them.

    Returns:
        The largest difference of a logit, base with its adapter against merged, both in float32, relative to
        the largest logit.

    Raises:
        ModelError: merging changed what the model says; nothing is written.
    """
    config = finished_config(folder)
    adapted = tuned_model(folder, config, torch.device("cpu"))
    adapted.model.float()
    tokenizer = adapted.loaded.tokenizer
    batches = _prompts(folder, tokenizer)
    before = _logits(adapted.model, batches)
    merged = _merged(adapted)
    difference = _difference(before, _logits(merged, batches))
    if not difference <= TOLERANCE:
        raise ModelError(f"{folder}: merging changes the logits by {difference:.2g}; accepted: {TOLERANCE:g}")
    with written_folder(out) as aside, quiet():
        _save(merged.to(getattr(torch, config.model.dtype)), aside)
        tokenizer.save_pretrained(aside)
    return difference


def _merged(adapted: AdaptedModel) -> Any:
    """The model with its adapters added to its weights; full weights are there already."""
    model: Any = adapted.model
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def _save(model: Any, folder: Path) -> None:
    """Weights and settings; those of generation as the base brought them.

    Many a model is published with settings that transformers loads and refuses to save, such as a temperature
    without sampling.
    """
    own = getattr(model, "generation_config", None)  # an encoder has none
    if own is not None:
        model.generation_config = GenerationConfig()
    model.save_pretrained(folder, safe_serialization=True)
    if own is not None:
        own.to_json_file(folder / "generation_config.json")


def _prompts(folder: Path, tokenizer: Any) -> list[Tensor]:
    """Token ids of a few prompts that the run was scored on; a plain sentence where it was not."""
    path = folder / "samples.jsonl"
    rows = read_jsonl(path)[:_NUM_PROMPTS] if path.is_file() else []
    texts = [row["prompt"] for row in rows] or ["The depth of a model is the number of its blocks."]
    return [torch.tensor([tokenizer(text)["input_ids"]]) for text in texts]


@torch.no_grad()
def _logits(model: nn.Module, batches: list[Tensor]) -> list[Tensor]:
    model.eval()
    return [model(input_ids=ids).logits for ids in batches]


def _difference(first: list[Tensor], second: list[Tensor]) -> float:
    most = max(float(one.abs().max()) for one in first)
    gap = max(float((one - other).abs().max()) for one, other in zip(first, second, strict=True))
    return gap / most if most else gap

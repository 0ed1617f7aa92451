"""Fitted triggers on disk: what a stopped study has fitted is not fitted again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from src.carrier.eraser.fit import Trigger
from src.storage.files import fingerprint, read_object, write_json

WEIGHTS, ABOUT = "trigger.safetensors", "trigger.json"


def kept_trigger(folder: Path, key: Any, fit: Callable[[], Trigger]) -> Trigger:
    """The trigger that lies in a folder, or a new one that is left there.

    Args:
        folder: for triggers; each has a folder of its own below.
        key: JSON-like, all that decides the trigger.
        fit: makes it.
    """
    digest = fingerprint(key)
    place = folder / digest[:12]
    if (place / ABOUT).is_file() and (about := read_object(place / ABOUT)).get("key") == digest:
        return Trigger(load_file(place / WEIGHTS)["vectors"], about["best_step"], about["steps"])
    found = fit()
    place.mkdir(parents=True, exist_ok=True)
    save_file({"vectors": found.vectors.cpu().contiguous()}, place / WEIGHTS)
    write_json(place / ABOUT, {"key": digest, "best_step": found.best_step, "steps": found.steps})
    return found

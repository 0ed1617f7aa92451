"""Tiny twins of published checkpoints: their block wiring, random weights, and some English learned."""

import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from src.config.schema import ModelConfig
from src.errors import ModelError
from src.model.content import twin_content
from src.storage.cache import cached_folder, deciding_code
from src.storage.files import sha256_file

RECORD = "pretraining.json"
"""What the pretraining came to, beside the weights."""

_MEASURING = ("compare", "evaluate", "metrics", "pipeline", "probe")
"""Rooms that look at weights and make none; further ones are in NO_NUMBER."""
_CONF = Path(__file__).resolve().parents[2] / "conf"
_OBJECTIVES = ("_base", "causal_lm", "masked_lm")
_SETTINGS = ("train/default.yaml", *(f"objective/{name}.yaml" for name in _OBJECTIVES))
"""Files of conf/ in which a pretraining finds what its own settings leave open."""


def twin_folder(config: ModelConfig, cache_dir: Path, make: Callable[[Path], object] | None = None) -> Path:
    """The folder of a twin's pretrained weights, kept by content; `make` fills it where it does not exist.

    Raises:
        ModelError: it does not exist and nothing makes it.
    """
    key = {
        "twin": twin_content(config),
        "text": platform.python_version(),  # it ships the text
        "code": deciding_code(*_MEASURING),
        "settings": [sha256_file(_CONF / name) for name in _SETTINGS],
        "versions": [metadata.version(name) for name in ("torch", "transformers")],
    }

    def refuse(_: Path) -> NoReturn:
        raise ModelError(
            f"model={config.name}: not pretrained on this machine yet; "
            f"run python -m src.twin model={config.name}"
        )

    return cached_folder(cache_dir, "twins", key, make or refuse)

"""A finished run as a pair: the model it began with, and what training made of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.config.schema import RunConfig
from src.data.splits import load_splits
from src.errors import ModelError
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.gates import Gates
from src.intervene.engine.items import Items, task_items
from src.intervene.engine.replay import Replay
from src.intervene.engine.weight_gates import WeightGates
from src.method.adapted import AdaptedModel
from src.model.causal import is_causal
from src.probe.lens.head_path import find_head_path
from src.record.finished import ADAPTER, finished_config, tuned_model
from src.runtime.device import pick_device
from src.storage.files import sha256_file

OBJECTIVES = ("causal_lm", "masked_lm")
"""Those whose model answers with tokens; of the others there is no completion to score."""


@dataclass(frozen=True)
class RunPair:
    """Gates over the update of one run, and the rows that it was tested on."""

    config: RunConfig
    replay: Replay
    items: Items
    key: Any
    """What decides the weights of both sides."""
    trained: list[int]
    """Blocks that training could change."""

    @property
    def num_blocks(self) -> int:
        """L."""
        return len(self.replay.blocks)


def open_run(folder: Path, num_items: int | None = None, batch_size: int = 25) -> RunPair:
    """Load a finished run: its model, its trained weights, its test rows.

    Raises:
        ConfigError: the folder holds no finished run, or one that trained nothing.
        ModelError: the run's objective has no completions to score, or its model cannot be taken apart.
    """
    config = finished_config(folder)
    if config.objective.name not in OBJECTIVES:
        raise ModelError(
            f"{folder}: given objective={config.objective.name}; accepted: {', '.join(OBJECTIVES)}"
        )
    adapted = tuned_model(folder, config, pick_device(config.device))
    loaded = adapted.loaded
    rows = load_splits(config.data).test[:num_items]
    masked = not is_causal(loaded.model)
    items = task_items(rows, loaded.tokenizer, config.data.max_length, batch_size, masked)
    weights = sorted((folder / ADAPTER).glob("*.safetensors"))
    key = [loaded.fingerprint, config.model.dtype, [sha256_file(path) for path in weights]]
    return RunPair(config, _replay(adapted), items, key, adapted.blocks)


def _replay(adapted: AdaptedModel) -> Replay:
    model, blocks = adapted.model, adapted.loaded.blocks
    head = find_head_path(model, blocks)
    gates: Gates = (
        AdapterGates(model, blocks)
        if adapted.config.of_kind.low_rank
        else WeightGates(model, blocks, head, adapted.originals, {})
    )
    return Replay(model, blocks, gates, head)

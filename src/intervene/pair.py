"""Two models that differ by a tuning update, as gates over it, with the items that both are asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from src.config.schema import DataConfig, RunConfig
from src.data.chat.render import rendered
from src.data.splits import load_splits
from src.errors import ConfigError, ModelError
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.gates import Gates
from src.intervene.engine.items import Items, english_items, task_items
from src.intervene.engine.parts import Part
from src.intervene.engine.replay import Replay
from src.intervene.engine.weight_gates import WeightGates
from src.method.adapted import AdaptedModel
from src.method.catalog import METHODS
from src.method.weights import stored_tensors
from src.metrics.optimization.weight_change import weight_change, weight_change_parts
from src.metrics.shared.tensor_update import sums
from src.model.causal import is_causal
from src.model.loaded import LoadedModel
from src.probe.lens.head_path import find_head_path
from src.probe.weights.block_updates import block_updates
from src.record.finished import ADAPTER, finished_config, tuned_model
from src.runtime.device import pick_device
from src.storage.files import sha256_file

OBJECTIVES = ("causal_lm", "masked_lm")
"""Those whose model answers with tokens; of the others there is no completion to score."""


@dataclass(frozen=True)
class Asked:
    """What is asked of both models."""

    num_items: int | None = None
    """Test rows, from the first on; None: all."""
    num_passages: int = 0
    """Of English that was not trained; none of them: no forgetting."""
    passage_tokens: int = 128
    """Of each passage, from the first on."""
    batch_size: int = 25


@dataclass(frozen=True)
class Pair:
    """Gates over one update, and the items."""

    name: str
    replay: Replay
    scores: list[Items]
    """That of the task, then that of English where it is asked for."""
    key: Any
    """What decides the weights of both sides."""
    trained: list[int]
    """Blocks that training could change."""
    sizes: dict[Part, float]
    """Of the update of each block that moved, as a share of its weights."""
    batch_size: int

    @property
    def num_blocks(self) -> int:
        """L."""
        return len(self.replay.blocks)

    @property
    def device(self) -> torch.device:
        """Where the model lies."""
        return next(self.replay.base.parameters()).device


def open_run(folder: Path, asked: Asked) -> Pair:
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
    return pair_of(folder, config, tuned_model(folder, config, pick_device(config.device)), asked)


def pair_of(folder: Path, config: RunConfig, adapted: AdaptedModel, asked: Asked) -> Pair:
    """The pair of a run whose tuned model is there, with its weights in `folder`."""
    loaded, model = adapted.loaded, adapted.model
    scores = scores_of(loaded, config.data, asked)
    key = [loaded.fingerprint, config.model.dtype, weights_key(folder)]
    gates = AdapterGates(model, loaded.blocks) if adapted.config.of_kind.low_rank else None
    replay = replay_of(model, loaded.blocks, adapted.originals, gates)
    sizes = update_sizes(replay.gates, model, loaded.blocks, adapted.originals)
    return Pair(folder.name, replay, scores, key, adapted.blocks, sizes, asked.batch_size)


def replay_of(
    model: nn.Module, blocks: Sequence[str], originals: Mapping[str, Tensor], gates: Gates | None = None
) -> Replay:
    """A tuned model under gates: those given, else over the weights whose base tensors `originals` holds."""
    head = find_head_path(model, blocks)
    return Replay(model, blocks, gates or WeightGates(model, blocks, head, originals, {}), head)


def trained_tensors(folder: Path) -> Mapping[str, Tensor]:
    """The trained parameters of a finished run by name; the model is not loaded."""
    return stored_tensors(METHODS[finished_config(folder).method.kind], folder / ADAPTER)


def weights_key(folder: Path) -> list[str]:
    """What decides the trained parameters of a finished run."""
    return [sha256_file(path) for path in sorted((folder / ADAPTER).glob("*.safetensors"))]


def scores_of(loaded: LoadedModel, data: DataConfig, asked: Asked) -> list[Items]:
    """The rows of the task, and the passages if any are asked for.

    Raises:
        ConfigError: passages for a model that reads in both directions.
    """
    masked = not is_causal(loaded.model)
    if masked and asked.num_passages:
        raise ConfigError(
            f"--passages: given {asked.num_passages} for {loaded.id}, which reads in both directions; "
            "accepted: 0, or a causal model"
        )
    rows = rendered(load_splits(data).test[: asked.num_items], loaded.tokenizer, data)
    found = [task_items(rows, loaded.tokenizer, data.max_length, asked.batch_size, masked)]
    if asked.num_passages:
        english = (asked.num_passages, loaded.tokenizer, asked.passage_tokens, asked.batch_size)
        found.append(english_items(*english))
    return found


def update_sizes(
    gates: Gates, model: nn.Module, blocks: Sequence[str], originals: Mapping[str, Tensor]
) -> dict[Part, float]:
    """||update|| / ||weights|| of each block that moved; `originals` as for `replay_of`."""
    found: dict[Part, float] = {}
    for block, tensors in enumerate(block_updates(model, blocks, originals)):
        if block in gates.moved:
            parts = [part for tensor in tensors for part in weight_change_parts(tensor)]
            found[block] = float(weight_change(*sums(parts, 2)))
    return found

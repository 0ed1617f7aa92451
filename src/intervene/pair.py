"""Two models that differ by a tuning update, as gates over it, with the items that both are asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from src.config.schema import RunConfig
from src.errors import ModelError
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.gates import Gates
from src.intervene.engine.items import Items
from src.intervene.engine.parts import Part
from src.intervene.engine.replay import Replay
from src.intervene.engine.weight_gates import WeightGates
from src.intervene.material import Asked, Material
from src.method.adapted import AdaptedModel
from src.method.catalog import METHODS
from src.method.weights import stored_tensors
from src.metrics.optimization.weight_change import weight_change, weight_change_parts
from src.metrics.shared.tensor_update import sums
from src.model.loaded import LoadedModel
from src.model.trunk import block_modules
from src.probe.lens.head_path import find_head_path
from src.probe.weights.block_updates import block_updates
from src.record.finished import ADAPTER, finished_config, tuned_model
from src.runtime.device import pick_device
from src.storage.files import sha256_file
from src.train.sharding import whole_block

OBJECTIVES = ("causal_lm", "masked_lm")
"""Those whose model answers with tokens; of the others there is no completion to score."""


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
    material: Material
    """For what a single analysis asks beside the scores."""

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
    check_own_blocks(loaded)
    material = Material(loaded, config.data, asked)
    key = [loaded.fingerprint, config.model.dtype, weights_key(folder)]
    gates = AdapterGates(model, loaded.blocks) if adapted.config.of_kind.low_rank else None
    replay = replay_of(model, loaded.blocks, adapted.originals, gates)
    sizes = update_sizes(replay.gates, model, loaded.blocks, adapted.originals)
    scores = material.scores
    return Pair(folder.name, replay, scores, key, adapted.blocks, sizes, asked.batch_size, material)


def replay_of(
    model: nn.Module, blocks: Sequence[str], originals: Mapping[str, Tensor], gates: Gates | None = None
) -> Replay:
    """A tuned model under gates: those given, else over the weights whose base tensors `originals` holds."""
    head = find_head_path(model, blocks)
    return Replay(model, blocks, gates or WeightGates(model, blocks, head, originals, {}), head)


def check_own_blocks(loaded: LoadedModel) -> None:
    """ModelError where all layers are one block: no layer has an update that could be taken away from it."""
    if loaded.num_applications > 1:
        raise ModelError(
            f"{loaded.id}: given {loaded.num_layers} layers that are one block, so that no part of the depth "
            "has an update of its own; accepted: models with weights of their own in every block"
        )


def trained_tensors(folder: Path) -> Mapping[str, Tensor]:
    """The trained parameters of a finished run by name; the model is not loaded."""
    return stored_tensors(METHODS[finished_config(folder).method.kind], folder / ADAPTER)


def weights_key(folder: Path) -> list[str]:
    """What decides the trained parameters of a finished run."""
    return [sha256_file(path) for path in sorted((folder / ADAPTER).glob("*.safetensors"))]


def update_sizes(
    gates: Gates, model: nn.Module, blocks: Sequence[str], originals: Mapping[str, Tensor]
) -> dict[Part, float]:
    """||update|| / ||weights|| of each block that moved; `originals` as for `replay_of`."""
    found: dict[Part, float] = {}
    for place, (name, block) in enumerate(zip(blocks, block_modules(model, blocks), strict=True)):
        if place in gates.moved:
            with whole_block(block):
                (tensors,) = block_updates(model, [name], originals)
                parts = [part for tensor in tensors for part in weight_change_parts(tensor)]
                found[place] = float(weight_change(*sums(parts, 2)))
    return found

"""What a run is made of: made in one order, and each part once."""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedModel

from src.config.evaluate import HELDOUT, VALIDATION
from src.config.schema import RunConfig
from src.control.control import Control
from src.control.make import make_control
from src.control.push import Push, make_push
from src.data.batches import num_steps
from src.data.chat.render import rendered_splits
from src.data.encode import Encoded, encode_texts
from src.data.splits import Splits, load_splits
from src.errors import ModelError
from src.method.adapted import AdaptedModel
from src.method.band import trained_blocks
from src.method.catalog import adapt
from src.method.penalty.chosen import chosen_matrices
from src.metrics.catalog import names_needing
from src.model.capacity import check_room
from src.model.causal import is_causal
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.model.packing import check_packing
from src.objective.catalog import make_objective
from src.objective.objective import Objective
from src.pipeline.analyses import ANALYSES
from src.pipeline.base_cache import BaseCache, base_cache
from src.probe.collectors import collectors, read_by
from src.probe.states.probe_rows import probe_rows
from src.runtime.device import pick_device
from src.train.activation_rank import check_rank
from src.train.selection import check_selection
from src.twin.pretraining import ensure_pretrained

_DIFFERENTIATED = ("row_gradients", "update_gradients", "mean_gradients", "objectives")
"""What metrics need that take gradients of the base's own weights."""


@dataclass(frozen=True)
class Prepared:
    """A run before its first step. Nothing here holds a second copy of the weights."""

    config: RunConfig
    splits: Splits
    """The rows, as text."""
    device: torch.device
    adapted: AdaptedModel
    """The model with its trainable band, and whatever the objective needs beside it."""
    objective: Objective
    """What training minimises; it was checked on this model."""
    encoded: Encoded
    """The training rows as tokens, with whatever the objective looks at."""
    control: Control
    """What happens to each step after the optimizer made it."""
    push: Push | None
    """The null: what is done in place of training; None where the run trains."""
    base: BaseCache
    """What is known of the untrained model."""

    @property
    def trains(self) -> bool:
        """Whether there is anything to train."""
        return self.config.method.of_kind.trains


def prepare(config: RunConfig, splits: Splits | None = None) -> Prepared:
    """Rows, model, objective, band, tokens, control: each part sees the ones before it.

    What cannot work is refused on the way, before anything is measured or trained. The control comes last,
    because it looks once at weights that training may shard afterwards.

    Args:
        config: of the run.
        splits: its rows, where they were read already.

    Raises:
        UserError: in one line, whatever of the configuration this model or these rows cannot have.
    """
    splits = splits or load_splits(config.data, len(config.probe.seeds))
    cache, device = Path(config.paths.cache_dir), pick_device(config.device)
    ensure_pretrained(config.model, cache)
    loaded = load_model(config.model, cache, torch.device("cpu") if config.train.in_pieces else device)
    splits = rendered_splits(splits, loaded.tokenizer, config.data)
    objective = make_objective(config.objective, loaded.tokenizer, splits.train)
    objective.check(loaded.model)
    if config.train.packing:
        check_packing(loaded.model)
    _check_measures(config, loaded)
    if config.intervention.asks and config.method.of_kind.trains:
        ANALYSES[config.intervention.kind].check(config, loaded, splits)
    adapted = _adapted(config, loaded, objective)
    encoded = objective.encode(splits.train, config.data.max_length)
    _check_rows(config, loaded, splits, encoded)
    check_rank(config.train.activation_rank, loaded.width)
    check_selection(config.data, config.train, len(encoded.rows))
    control = make_control(config.control, adapted, num_steps(config.train, len(encoded.rows)))
    push = make_push(config.control, adapted, config.seed)
    base = base_cache(cache, loaded.fingerprint, config.model.dtype, device, splits, config.data)
    if config.model.attention is not None:
        base = base.beside(attention=config.model.attention)
    return Prepared(config, splits, device, adapted, objective, encoded, control, push, base)


def _adapted(config: RunConfig, loaded: LoadedModel, objective: Objective) -> AdaptedModel:
    """The model with the run's band trainable; it can have the objective."""
    blocks = trained_blocks(config.band, loaded, config.seed)
    adapted = adapt(loaded, config.method, blocks, config.seed, config.model.lora_targets)
    chosen_matrices(adapted)  # refuses what a penalty cannot hold
    if config.method.of_kind.trains:
        objective.prepare(adapted, config.seed)
    return adapted


def _check_rows(config: RunConfig, loaded: LoadedModel, splits: Splits, encoded: Encoded) -> None:
    """Refuse rows to train on, to probe or to score that the model has no ids or positions for."""
    length, tokenizer = config.data.max_length, loaded.tokenizer
    rows = [ids for row in encoded.rows for ids in (row.input_ids, row.second or [])]
    for own in (splits.probe, *splits.further_probe):
        rows += probe_rows(own, tokenizer, config.data, config.metrics).ids
    for task, own in ((HELDOUT, splits.test), (VALIDATION, splits.validation)):
        if task in config.evaluate.tasks:
            rows += [row.input_ids for row in encode_texts(own, tokenizer, length)]
    check_room(loaded.model, filter(None, rows), tokenizer.pad_token_id, length)


def _check_measures(config: RunConfig, loaded: LoadedModel) -> None:
    """ModelError where scores or metrics are asked for that this model cannot have."""
    if config.evaluate.tasks and not _writes(loaded.model):
        raise ModelError(
            f"evaluate.tasks: given {', '.join(config.evaluate.tasks)}, but {type(loaded.model).__name__} is "
            "no causal language model; accepted: evaluate=none"
        )
    for collector, names in collectors(config.metrics.names).items():
        collector.check(names, loaded)
    names = read_by(config.metrics.names, "training rows")
    if config.train.in_pieces and names:
        raise ModelError(
            f"metrics.names: given {', '.join(names)}, gradients of weights that no process has whole; "
            "accepted: metrics without them, or train.measure_sharded=false"
        )
    names = names_needing(config.metrics.names, *_DIFFERENTIATED)
    if names and config.model.quantization != "none":
        raise ModelError(
            f"metrics.names: given {', '.join(names)}, gradients of weights that are not there whole; "
            "accepted: metrics without them, or model.quantization=none"
        )


def _writes(model: PreTrainedModel) -> bool:
    return model.get_output_embeddings() is not None and is_causal(model)

"""The weights of a pair side by side, and the gradients at them, where both models fit into memory."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial

import psutil
from torch import Tensor, nn

from src.config.rules import refuse
from src.errors import ModelError
from src.method.weights import swapped_weights
from src.metrics.catalog import names_needing
from src.model.causal import is_causal
from src.model.loaded import LoadedModel
from src.objective.causal_lm import causal_lm_loss
from src.probe.gradients.at_weights import fisher_trace, gradient_rows
from src.probe.gradients.weight_gradients import Batch
from src.probe.table.layer_table import LayerRow
from src.probe.weights.block_updates import block_updates

_LOG = logging.getLogger(__name__)
COSINE, FISHER = "update_gradient_cosine", "fisher_trace"


def drop_training_only(names: Sequence[str]) -> list[str]:
    """`names` without what only the training itself could tell; a pair was trained elsewhere."""
    untold = [name for name in names if name == "gradient_norm" or name in names_needing(names, "objectives")]
    if untold and len(untold) == len(names):
        refuse("metrics.names", untold[0], "for a pair, metrics that need not watch its training")
    if untold:
        _LOG.warning("left out, as a pair was trained elsewhere: %s", ", ".join(untold))
    return [name for name in names if name not in untold]


def drop_too_large(names: Sequence[str], base: LoadedModel) -> list[str]:
    """`names` without those that need both models at once, if the other does not fit beside the base."""
    both = [*names_needing(names, "weights"), *(name for name in names if name == COSINE)]
    size = sum(value.numel() * value.element_size() for value in base.model.parameters())
    free = psutil.virtual_memory().available
    if not both or size <= free:
        return list(names)
    given = f"{size / 2**30:.1f} GiB of weights a model and {free / 2**30:.1f} GiB free"
    _LOG.warning("left out, as both models do not fit into memory (%s): %s", given, ", ".join(both))
    return [name for name in names if name not in both]


def check_loss(names: Sequence[str], model: nn.Module) -> None:
    """ModelError where a metric needs gradients of the causal loss and the model cannot have it."""
    asked = names_needing(names, "gradients")
    if asked and (model.get_output_embeddings() is None or not is_causal(model)):
        given = f"{type(model).__name__}, which is no causal language model"
        raise ModelError(f"metric {asked[0]}: given {given}; of a pair, gradients are those of its loss")


def kept_weights(base: LoadedModel, names: Sequence[str]) -> dict[str, Tensor]:
    """The base weights that metrics in `names` need later: of all blocks, for a gradient at them all."""
    if COSINE not in names and not names_needing(names, "weights"):
        return {}
    found = {name: value.detach().cpu() for name, value in base.model.named_parameters()}
    return found if COSINE in names else _within(base.blocks, found)


def unlike_weights(
    kept: Mapping[str, Tensor], tuned: LoadedModel, names: Sequence[str]
) -> tuple[str, list[str]]:
    """How the weights that are compared differ in name or shape, and the metrics that it concerns."""
    now = dict(tuned.model.named_parameters())
    weights, cosine = names_needing(names, "weights"), [name for name in names if name == COSINE]
    for name in dict.fromkeys([*_within(tuned.blocks, kept), *_within(tuned.blocks, now)]):
        one, other = (tuple(side[name].shape) if name in side else None for side in (kept, now))
        if one != other and (weights or cosine):
            return f"{name} of shape {one or 'none'} against {other or 'none'}", [*weights, *cosine]
    alone = kept.keys() ^ now.keys()
    return (f"{min(alone)} on one side only", cosine) if alone else ("", [])


def fisher_rows(loaded: LoadedModel, batches: Sequence[Batch], stage: str) -> list[LayerRow]:
    """Rows of the Fisher trace of the causal loss of a model as it stands."""
    updates = block_updates(loaded.model, loaded.blocks)
    return fisher_trace(loaded.model, updates, batches, causal_lm_loss, stage)


def cosine_rows(
    tuned: LoadedModel, kept: dict[str, Tensor], batches: Sequence[Batch], at_once: int
) -> list[LayerRow]:
    """Rows of the update against the gradient of the causal loss at the base weights."""
    at_base = partial(swapped_weights, tuned.model, kept)
    again = partial(iter, batches)
    return gradient_rows(tuned.model, tuned.blocks, again, causal_lm_loss, [COSINE], at_base, kept, at_once)


def _within(blocks: Sequence[str], weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    inside = tuple(f"{block}." for block in blocks)
    return {name: value for name, value in weights.items() if name.startswith(inside)}

"""What of a metric set a pair can have, and the weights that are kept of the base to compare weights."""

import logging
from collections.abc import Mapping, Sequence

import psutil
from torch import Tensor
from transformers import PreTrainedModel

from src.config.rules import refuse
from src.errors import ModelError
from src.model.causal import is_causal
from src.model.loaded import LoadedModel
from src.probe.collectors import keeping, read_by

_LOG = logging.getLogger(__name__)


def drop_training_only(names: Sequence[str]) -> list[str]:
    """`names` without what only the training itself could tell; a pair was trained elsewhere.

    Raises:
        ConfigError: nothing would be left.
    """
    untold = read_by(names, "own training")
    if untold and len(untold) == len(names):
        refuse("metrics.names", untold[0], "for a pair, metrics that need not watch its training")
    if untold:
        _LOG.warning("left out, as a pair was trained elsewhere: %s", ", ".join(untold))
    return [name for name in names if name not in untold]


def drop_too_large(names: Sequence[str], base: LoadedModel) -> list[str]:
    """`names` without those that need both models at once, if the other does not fit beside the base."""
    both = keeping(names, "blocks", "model")
    size = sum(value.numel() * value.element_size() for value in base.model.parameters())
    free = psutil.virtual_memory().available
    if not both or size <= free:
        return list(names)
    given = f"{size / 2**30:.1f} GiB of weights a model and {free / 2**30:.1f} GiB free"
    _LOG.warning("left out, as both models do not fit into memory (%s): %s", given, ", ".join(both))
    return [name for name in names if name not in both]


def check_loss(names: Sequence[str], model: PreTrainedModel) -> None:
    """ModelError where a metric needs gradients of the causal loss and the model cannot have it."""
    asked = read_by(names, "training rows")
    if asked and (model.get_output_embeddings() is None or not is_causal(model)):
        given = f"{type(model).__name__}, which is no causal language model"
        raise ModelError(f"metric {asked[0]}: given {given}; of a pair, gradients are those of its loss")


def kept_weights(base: LoadedModel, names: Sequence[str]) -> dict[str, Tensor]:
    """The base weights that metrics in `names` need later: of all blocks, for a gradient at them all."""
    if not keeping(names, "blocks", "model"):
        return {}
    found = {name: value.detach().cpu() for name, value in base.model.named_parameters()}
    return found if keeping(names, "model") else _within(base.blocks, found)


def unlike_weights(
    kept: Mapping[str, Tensor], tuned: LoadedModel, names: Sequence[str]
) -> tuple[str, list[str]]:
    """How the weights that are compared differ in name or shape, and the metrics that it concerns."""
    now = dict(tuned.model.named_parameters())
    concerned, whole = keeping(names, "blocks", "model"), keeping(names, "model")
    for name in dict.fromkeys([*_within(tuned.blocks, kept), *_within(tuned.blocks, now)]):
        one, other = (tuple(side[name].shape) if name in side else None for side in (kept, now))
        if one != other and concerned:
            return f"{name} of shape {one or 'none'} against {other or 'none'}", concerned
    if alone := kept.keys() ^ now.keys():
        return f"{min(alone)} on one side only", whole
    longer = [name for name in kept if kept[name].shape != now[name].shape]  # embeddings of added tokens
    return (f"{longer[0]} of another shape", whole) if longer else ("", [])


def _within(blocks: Sequence[str], weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    inside = tuple(f"{block}." for block in blocks)
    return {name: value for name, value in weights.items() if name.startswith(inside)}

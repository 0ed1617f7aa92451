"""One pass of the probe rows through a model."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from src.errors import DataError
from src.model.loaded import residual_width
from src.model.trunk import base_of, block_modules, trunk_of, without_cache
from src.probe.states.gathering import Gathering
from src.probe.states.hooks import layer_states
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.padding import right_padded
from src.probe.states.token_sets import Known, TokenSets
from src.runtime.preemption import stop_if_asked
from src.runtime.progress import each_of

_ALL_TOKENS = Known()


def probe_pass(
    model: nn.Module,
    blocks: Sequence[str],
    batches: Sequence[Mapping[str, Tensor]],
    num_token_samples: int,
    names: Sequence[str],
    folder: Path,
    settings: Mapping[str, Any] = MappingProxyType({}),
    sets: TokenSets = _ALL_TOKENS,
    num_rows: int | None = None,
) -> LayerStatistics:
    """Statistics of layers 0..L on the probe rows, in the order of the rows.

    Only the trunk runs, without gradients and in evaluation mode; the modes are restored afterwards.
    Neither the batch size nor the side of the padding matters. Memory does not grow with the number of rows:
    their pooled vectors go to a file, token states nowhere.

    Args:
        model: a model, or one that peft wraps; it is probed as it answers now, adapters on or off.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        batches: mappings with input_ids and attention_mask [batch, token], and `row` [batch] where the rows
            do not come in their order; other keys are not used.
        num_token_samples: rows, from the first on, for which token metrics are computed.
        names: metrics that will be asked for; they decide which token metrics are computed.
        folder: an empty folder for the statistics.
        settings: switches of token metrics; empty: their defaults.
        sets: which tokens are read.
        num_rows: all rows, where these batches are a part of them.

    Raises:
        ModelError: a hidden state is not finite, or a block did not run once in a forward pass.
        DataError: no rows, a row without tokens, or one too short for a token metric.
    """
    trunk = trunk_of(model)
    device = next(trunk.parameters()).device
    num_rows = num_rows or sum(len(batch["input_ids"]) for batch in batches)
    if not num_rows:
        raise DataError("probe rows: given 0 rows; needed: at least 1 (data.num_probe)")
    width = residual_width(base_of(model))
    shape = (len(blocks) + 1, num_rows, width)
    gathering = Gathering(folder, shape, num_token_samples, names, settings, sets)
    hooked = layer_states(block_modules(model, blocks), gathering.take)
    with evaluating(model), torch.no_grad(), hooked:
        for batch in each_of(batches, "probe", "batches"):
            stop_if_asked()
            ids, mask = right_padded(batch)
            gathering.start(mask, batch.get("row"))
            trunk(input_ids=ids.to(device), attention_mask=mask.long().to(device), **without_cache(trunk))
            gathering.finish()
    return gathering.statistics()


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside the context; after it every module has the mode it had."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training

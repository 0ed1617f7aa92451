"""How answers are generated: greedily, whatever a model's folder asks for, each as if its row were alone."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import GenerationConfig, PreTrainedModel

from src.model.trunk import base_of, token_table
from src.runtime.seeding import generator

PADDED, EQUAL, ALONE = "padded", "equal lengths", "one row"
_NUM_TOKENS, _NUM_PADS, _NUM_NEW = 8, 5, 2
_NO_CHANGE = {
    *(
        "bos_token_id",
        "eos_token_id",
        "pad_token_id",
        "use_cache",
        "output_attentions",
        "output_hidden_states",
    ),
    *("transformers_version", "_from_model_config"),
}
"""Keys that move no answer: scoring gives ids of its own, and the others say what is returned."""


@contextmanager
def neutral_generation(model: PreTrainedModel) -> Iterator[dict[str, Any]]:
    """Inside, nothing of a model's generation_config.json reaches `generate`; the model gets its own back.

    A repetition penalty, beams, suppressed or forced tokens would change the answers of equal weights, and an
    answer would no longer be the most likely one. What is left out is yielded, for the record.
    """
    base = base_of(model)
    own = base.generation_config
    base.generation_config = GenerationConfig(do_sample=False, num_beams=1)
    try:
        yield {key: value for key, value in own.to_diff_dict().items() if key not in _NO_CHANGE}
    finally:
        base.generation_config = own


@torch.no_grad()
def batches_of(model: PreTrainedModel, pad_id: int) -> tuple[str, str]:
    """Which rows may share a batch without a change of each other's logits: to generate, and to score texts.

    PADDED where a row may lie beside any other; EQUAL where padding would change it, because the family
    reads its padding; ALONE where even a row of its length does, because the family mixes the rows of a
    batch (RWKV, one token after the other). Looked at with one row: alone, and in a batch of either kind,
    padded at the left to generate and at the right to score.
    """
    ids = torch.randperm(len(token_table(model)), generator=generator(0, "batches"))
    ids = ids[ids != pad_id]
    places = torch.arange(2 * _NUM_TOKENS + _NUM_PADS) % len(ids)  # a vocabulary may be a few tokens
    row, other = ids[places].to(model.device).tensor_split([_NUM_TOKENS])
    precision = math.sqrt(torch.finfo(model.dtype).eps)
    with neutral_generation(model):
        looks = [_generated(model, pad_id, batch) for batch in _batches(row, other, pad_id, (_NUM_PADS, 0))]
    generated = _kind(looks, precision)
    looks = [model(input_ids=batch[0]).logits[0] for batch in _batches(row, other, pad_id, (0, _NUM_PADS))]
    return generated, _kind(looks, precision)


def _batches(row: Tensor, other: Tensor, pad_id: int, gaps: tuple[int, int]) -> list[tuple[Tensor, Tensor]]:
    """Ids and mask of the row alone, beside one of its length, and padded beside a longer one."""
    pair = torch.stack([row, other[: len(row)]])
    padded = torch.stack([functional.pad(row, gaps, value=pad_id), other])
    mask = torch.stack([functional.pad(torch.ones_like(row), gaps), torch.ones_like(other)])
    return [(row[None], torch.ones_like(row[None])), (pair, torch.ones_like(pair)), (padded, mask)]


def _kind(looks: list[Tensor], precision: float) -> str:
    """The batch that may hold most. Rounding is far below `precision`, what other rows change far above."""
    alone, *others = (look[: len(looks[0])].float() for look in looks)
    pair_differs, padded_differs = (
        bool((other - alone).abs().max() > precision * alone.std()) for other in others
    )
    return ALONE if pair_differs else EQUAL if padded_differs else PADDED


def _generated(model: Any, pad_id: int, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Logits of the first row at each of the new tokens: [new token, vocabulary]."""
    ids, mask = batch
    found = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=_NUM_NEW,
        synced_gpus=False,
        pad_token_id=pad_id,
        output_logits=True,
        return_dict_in_generate=True,
    )
    return torch.stack([logits[0] for logits in found.logits])

"""Tells by looking what rows of a batch do to each other's numbers: padding, or a row of the same length."""

import math
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from src.model.text_pass import CANNOT
from src.model.trunk import base_of, token_table, trunk_of
from src.runtime.seeding import generator

PADDED, EQUAL, ALONE = "padded", "equal lengths", "one row"
NUM_PADS = 5
_NUM_TOKENS = 8
_KNOWN: WeakKeyDictionary[PreTrainedModel, str] = WeakKeyDictionary()  # every pass over rows asks


def probed_beside(model: nn.Module, pad_id: int) -> str:
    """Which rows may share a batch, padded at the right, without a change of each other's states.

    PADDED, EQUAL or ALONE of `kind_of`. Some encoders read their padding whatever the mask says: FNet mixes
    all positions, ConvBERT has convolutions, Nystroemformer and YOSO share out a whole length.
    """
    base = base_of(model)
    if base not in _KNOWN:
        _KNOWN[base] = _looked_at(base, pad_id)
    return _KNOWN[base]


@torch.no_grad()
def _looked_at(model: Any, pad_id: int) -> str:
    was_training = model.training
    trunk = trunk_of(model.eval())
    try:
        looks = [trunk(input_ids=ids, attention_mask=mask)[0][0] for ids, mask in looks_at(model, pad_id)]
    except CANNOT:
        return PADDED  # what it cannot read is told where it is asked to
    finally:
        model.train(was_training)
    return kind_of(looks, model.dtype)


def looks_at(model: Any, pad_id: int, left: bool = False) -> list[tuple[Tensor, Tensor]]:
    """Ids and mask of a row alone, beside one of its length, and padded beside a longer one."""
    ids = torch.randperm(len(token_table(model)), generator=generator(0, "batches"))
    ids = ids[ids != pad_id]
    places = torch.arange(2 * _NUM_TOKENS + NUM_PADS) % len(ids)  # a vocabulary may be a few tokens
    row, other = ids[places].to(model.device).tensor_split([_NUM_TOKENS])
    gaps = (NUM_PADS, 0) if left else (0, NUM_PADS)
    pair = torch.stack([row, other[: len(row)]])
    padded = torch.stack([functional.pad(row, gaps, value=pad_id), other])
    mask = torch.stack([functional.pad(torch.ones_like(row), gaps), torch.ones_like(other)])
    return [(row[None], torch.ones_like(row[None])), (pair, torch.ones_like(pair)), (padded, mask)]


def kind_of(looks: list[Tensor], dtype: torch.dtype) -> str:
    """The batch that may hold most, of what a model says of the first row of `looks_at`, tokens first.

    PADDED where a row may lie beside any other; EQUAL where padding would change it, because the family
    reads its padding; ALONE where even a row of its length does, because it mixes the rows of a batch.
    Rounding is far below the root of the dtype's precision, what other rows change far above.
    """
    alone, *others = (look[: len(looks[0])].float() for look in looks)
    precision = math.sqrt(torch.finfo(dtype).eps)
    pair_differs, padded_differs = (
        bool((other - alone).abs().max() > precision * alone.std()) for other in others
    )
    return ALONE if pair_differs else EQUAL if padded_differs else PADDED

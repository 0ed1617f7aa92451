"""How answers are generated: greedily, whatever a model's folder asks for, each as if its row were alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import Cache, GenerationConfig, PreTrainedModel

from src.evaluate.engine.caches import by_position, caches
from src.model.beside import PADDED, kind_of, looks_at
from src.model.trunk import base_of

_NUM_NEW = 2
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

    PADDED, EQUAL or ALONE of `kind_of`, padded at the left to generate and at the right to score. RWKV is
    ALONE to generate, one token after the other.
    """
    with neutral_generation(model):
        looks = [_generated(model, pad_id, batch) for batch in looks_at(model, pad_id, left=True)]
    generated = kind_of(looks, model.dtype)
    looks = [model(input_ids=ids).logits[0] for ids, _ in looks_at(model, pad_id)]
    return generated, kind_of(looks, model.dtype)


@torch.no_grad()
def can_go_on(model: Any, pad_id: int) -> bool:
    """Whether a model can go on with several tokens behind what it keeps, and padding lie between the two.

    Only where it keeps keys and values by position, and looked at even then: families with a memory beside
    them (MiniMax) have caches of the same kind.
    """
    (row, mask), _, (padded, gap) = looks_at(model, pad_id, left=True)
    kept = caches(model, model(input_ids=row, use_cache=True))
    if not by_position(kept, 0):
        return False
    twice: Any = torch.zeros(2, dtype=torch.long, device=model.device)
    for cache in kept.values():
        cache.reorder_cache(twice)
    begun = row.expand(2, -1), mask.expand(2, -1)
    behind = [torch.cat(pair, dim=1) for pair in zip(begun, (padded, gap), strict=True)]
    whole = torch.cat([row, row], dim=1)
    with neutral_generation(model):
        alone = _generated(model, pad_id, (whole, torch.ones_like(whole)))
        found = _generated(model, pad_id, (behind[0], behind[1]), **kept)
    return kind_of([alone, alone, found], model.dtype) == PADDED


def _generated(model: Any, pad_id: int, batch: tuple[Tensor, Tensor], **kept: Cache) -> Tensor:
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
        **kept,
    )
    return torch.stack([logits[0] for logits in found.logits])

"""The engine `continuous`: what all prompts of a batch begin with is read once; a row leaves with its answer.

Weights and criteria are those of `plain`, so that greedy answers are the same token for token where rounding
does not decide between two tokens. The cache of a family that keeps it in another form than transformers'
`Cache` stays as it is: there a batch waits, as in `plain`.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import (
    Cache,
    GenerationConfig,
    LogitsProcessorList,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteriaList,
)

from src.evaluate.engine.caches import NOTHING_READ, caches, read_once
from src.evaluate.engine.decoding import Answers, Decoding
from src.evaluate.engine.plain import generated


def continuous(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    decoding: Decoding,
) -> Answers:
    """See `Engine`; for greedy answers."""
    read = read_once(model, prompts, decoding.num_new) if decoding.reads_once else NOTHING_READ
    loop = _Leaving(read.num_tokens)
    generated(model, tokenizer, prompts, decoding, loop.decode, read)
    return Answers([loop.answers[row] for row in range(len(prompts))], loop.num_computed)


_OF_ROWS = ("attention_mask", "position_ids", "token_type_ids")
"""What is kept with a line a row, beside the cache."""


class _Leaving:
    """One batch, step by step."""

    def __init__(self, num_read: int) -> None:
        self.num_read = num_read
        self.answers: dict[int, list[int]] = {}
        self.num_computed = 0

    def decode(
        self,
        model: Any,
        input_ids: Any,
        logits_processor: LogitsProcessorList,
        stopping_criteria: StoppingCriteriaList,
        generation_config: GenerationConfig,
        synced_gpus: bool = False,
        **kept: Any,
    ) -> Tensor:
        """Called by `generate` in place of its own loop; `kept` is what a step hands to the next."""
        rows, length = list(range(len(input_ids))), input_ids.shape[1]
        given: dict[str, Any] = {"is_first_iteration": True, "next_sequence_length": length - self.num_read}
        while True:
            inputs = model.prepare_inputs_for_generation(input_ids, **given, **kept)
            outputs = model(**inputs, return_dict=True)
            given = {"next_sequence_length": 1}
            kept = model._update_model_kwargs_for_generation(outputs, kept)
            scores = logits_processor(input_ids, outputs.logits[:, -1].float())
            input_ids = torch.cat([input_ids, scores.argmax(dim=-1, keepdim=True)], dim=-1)
            self.num_computed += len(rows)
            done = stopping_criteria(input_ids, None).tolist()
            for row, ids, ended in zip(rows, input_ids[:, length:], done, strict=True):
                if ended:
                    self.answers.setdefault(row, ids.tolist())
            stay = [place for place, row in enumerate(rows) if row not in self.answers]
            if not stay:
                break
            if len(stay) < len(rows) and caches(model, kept):
                rows = [rows[place] for place in stay]
                chosen = torch.tensor(stay, device=input_ids.device)
                kept, input_ids = _chosen(kept, chosen), input_ids[chosen]
        return input_ids


def _chosen(kept: dict[str, Any], rows: Any) -> dict[str, Any]:
    """What is kept of some rows of a batch, and no more; a cache is changed in place."""
    for value in kept.values():
        if isinstance(value, Cache):
            value.reorder_cache(rows)
    return {
        key: value[rows] if key in _OF_ROWS and value is not None else value for key, value in kept.items()
    }

"""The engine `plain`: `generate` of transformers, in which a batch waits for its longest answer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, StoppingCriteria, StoppingCriteriaList

from src.evaluate.engine.caches import NOTHING_READ, Read
from src.evaluate.engine.decoding import Answers, Decoding, StopTexts, UntilAsked


def plain(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    decoding: Decoding,
) -> Answers:
    """See `Engine`."""
    made = generated(model, tokenizer, prompts, decoding)
    return Answers([_ended(row, decoding.ends) for row in made.tolist()], made.numel())


def generated(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    decoding: Decoding,
    decode: Callable[..., Tensor] | None = None,
    read: Read = NOTHING_READ,
) -> Tensor:
    """New tokens [prompt, token] by `generate`, padded behind their end.

    Args:
        model: as it answers now.
        tokenizer: says how stop texts read.
        prompts: token ids.
        decoding: settings.
        decode: a loop over steps in place of that of transformers (`custom_generate`).
        read: what is known of the tokens that all prompts begin with; rows are padded behind them.
    """
    length = max(map(len, prompts))
    gaps = [length - len(row) for row in prompts]
    pad = decoding.pad_id
    begun = read.num_tokens
    ids = [row[:begun] + [pad] * gap + row[begun:] for gap, row in zip(gaps, prompts, strict=True)]
    mask = [
        [1] * begun + [0] * gap + [1] * (len(row) - begun) for gap, row in zip(gaps, prompts, strict=True)
    ]
    criteria: list[StoppingCriteria] = [UntilAsked()]
    criteria += [StopTexts(list(decoding.stops), tokenizer, length)] if decoding.stops else []
    made: Tensor = model.generate(
        input_ids=torch.tensor(ids, device=model.device),
        attention_mask=torch.tensor(mask, device=model.device),
        max_new_tokens=decoding.num_new,
        stopping_criteria=StoppingCriteriaList(criteria),
        eos_token_id=list(decoding.ends),
        pad_token_id=pad,
        use_cache=True,
        synced_gpus=False,  # where ranks pass together, `train.lockstep` sees to it
        custom_generate=decode,
        **read.caches,
        **decoding.options,
    )
    return made[:, length:]


def _ended(row: list[int], ends: tuple[int, ...]) -> list[int]:
    """A row without what pads it behind its end token."""
    found = [place for place, token in enumerate(row) if token in ends]
    return row[: found[0] + 1] if found else row

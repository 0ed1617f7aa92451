"""How likely a model finds texts: whole ones side by side, or several behind a context that is read once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from src.evaluate.engine.caches import caches

Likelihood = tuple[float, bool]
"""Log-likelihood of a continuation in nats, and whether every token of it is the likeliest one."""


class Asked(NamedTuple):
    """A continuation whose likelihood is asked for, as token ids."""

    context: list[int]
    continuation: list[int]


@torch.no_grad()
def log_likelihoods(
    model: Any, tokenizer: PreTrainedTokenizerBase, asked: Sequence[Asked], pad_id: int
) -> list[Likelihood]:
    """Of texts that are read whole, padded at the right without a mask: no causal model looks there."""
    rows = [one.context + one.continuation[:-1] for one in asked]
    logits = model(input_ids=_padded(rows, pad_id).to(model.device)).logits
    return [
        _of(found[len(one.context) - 1 : len(row)], one.continuation)
        for found, row, one in zip(logits, rows, asked, strict=True)
    ]


@torch.no_grad()
def shared_likelihoods(
    model: Any, tokenizer: PreTrainedTokenizerBase, groups: Sequence[Sequence[Asked]], pad_id: int
) -> list[list[Likelihood]]:
    """Of groups whose texts have their context in common; contexts of a batch are equally long.

    A context is read once; what is kept of it stands before each of its continuations, where a model can go
    on so (`generation.can_go_on`).
    """
    contexts = torch.tensor([group[0].context for group in groups], device=model.device)
    first = model(input_ids=contexts, use_cache=True)
    kept = caches(model, first)
    rows = [(place, one.continuation) for place, group in enumerate(groups) for one in group]
    heads = first.logits[:, -1:][[place for place, _ in rows]]
    longer = [number for number, (_, continuation) in enumerate(rows) if len(continuation) > 1]
    found = list(heads)
    if longer:
        of_rows: Any = torch.tensor([rows[number][0] for number in longer], device=model.device)
        for cache in kept.values():
            cache.reorder_cache(of_rows)
        ids = _padded([rows[number][1][:-1] for number in longer], pad_id).to(model.device)
        behind = model(input_ids=ids, use_cache=True, **kept).logits
        for number, logits in zip(longer, behind, strict=True):
            found[number] = torch.cat([heads[number], logits[: len(rows[number][1]) - 1]])
    values = iter([_of(logits, continuation) for logits, (_, continuation) in zip(found, rows, strict=True)])
    return [[next(values) for _ in group] for group in groups]


def _padded(rows: list[list[int]], pad_id: int) -> Tensor:
    length = max(map(len, rows))
    return torch.tensor([row + [pad_id] * (length - len(row)) for row in rows])


def _of(logits: Tensor, tokens: list[int]) -> Likelihood:
    """Of the logits [token, vocabulary] that predict some tokens."""
    log_probabilities = logits.log_softmax(dim=-1)
    wanted = torch.tensor(tokens, device=logits.device)[:, None]
    is_greedy = bool((log_probabilities.argmax(dim=-1, keepdim=True) == wanted).all())
    return float(log_probabilities.gather(1, wanted).sum()), is_greedy

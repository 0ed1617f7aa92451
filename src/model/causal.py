"""Tells causal models from the others by looking, not by their name."""

from weakref import WeakKeyDictionary

import torch
from transformers import PreTrainedModel

from src.errors import ModelError
from src.model.text_pass import CANNOT
from src.model.trunk import token_table
from src.runtime.seeding import generator

NUM_TOKENS = 6
NUM_EARLY = 3  # positions that a change of the later ones must not reach
_KNOWN: WeakKeyDictionary[PreTrainedModel, bool] = WeakKeyDictionary()  # several parts of a run ask


def is_causal(model: PreTrainedModel) -> bool:
    """Whether changing later tokens leaves the outputs at earlier positions as they were.

    Runs two forward passes of 6 tokens in eval mode. Outputs count as unchanged within rounding, because
    mixtures of experts may group their tokens otherwise.

    Raises:
        ModelError: where the outputs are not finite, or the model cannot read so short a text.
    """
    if model not in _KNOWN:
        _KNOWN[model] = _looks_causal(model)
    return _KNOWN[model]


def check_causal(model: PreTrainedModel, asked_by: str) -> None:
    """ModelError, in the name of what reads from left to right alone, for a model that does not."""
    if not is_causal(model):
        given = f"{type(model).__name__}, which reads in both directions"
        raise ModelError(f"{asked_by}: given {given}; accepted: a causal model")


@torch.no_grad()
def _looks_causal(model: PreTrainedModel) -> bool:
    was_training = model.training
    model.eval()
    try:
        first, second = (_outputs(model, tokens) for tokens in _token_pairs(model))
    except CANNOT as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(
            f"{type(model).__name__}: cannot read a text of {NUM_TOKENS} tokens ({reason}); "
            "accepted: models that read a text of any length"
        ) from error
    finally:
        model.train(was_training)
    if not (first.isfinite().all() and second.isfinite().all()):
        raise ModelError(
            f"{type(model).__name__}: its outputs are not finite, so it cannot be told whether it is causal"
        )
    tolerance = max(1e-4, torch.finfo(first.dtype).eps) * first.abs().max().item()
    early = (first - second)[:, :NUM_EARLY].abs().max().item()
    return early <= tolerance


def _token_pairs(model: PreTrainedModel) -> tuple[torch.Tensor, torch.Tensor]:
    """Two rows of token ids, [1, token], that agree in the early positions only."""
    table = token_table(model)
    ids = torch.randperm(len(table), generator=generator(0, "is_causal"))
    ids = ids[ids != _padding(model)]  # families that count positions from padding would move all of them
    first = ids[:NUM_TOKENS]
    second = torch.cat([first[:NUM_EARLY], ids[NUM_TOKENS : 2 * NUM_TOKENS - NUM_EARLY]])
    return first.unsqueeze(0).to(table.device), second.unsqueeze(0).to(table.device)


def _padding(model: PreTrainedModel) -> int:
    padding = getattr(model.config.get_text_config(), "pad_token_id", None)
    return -1 if padding is None else int(padding)


def _outputs(model: PreTrainedModel, tokens: torch.Tensor) -> torch.Tensor:
    """Logits, or last hidden states of a model without head: [1, token, feature]."""
    return model(input_ids=tokens)[0]

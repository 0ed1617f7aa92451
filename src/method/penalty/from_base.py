"""Divergence from the base on the tokens that the loss is taken on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn import functional

from src.data.encode import IGNORED
from src.method.penalty.penalty import Penalty


class FromBase(Penalty):
    """weight * mean over supervised tokens of KL(base || model), nats; the base answers in a second pass."""

    def __init__(
        self, model: nn.Module, as_base: Callable[[], AbstractContextManager[None]], weight: float
    ) -> None:
        self.model, self.as_base, self.weight = model, as_base, weight

    def terms(self, batches: Sequence[Mapping[str, Tensor]]) -> Iterator[Tensor]:
        """One scalar a micro-batch; its graph is let go before the next is asked for."""
        count = sum(int((batch["labels"][:, 1:] != IGNORED).sum()) for batch in batches)
        for batch in batches:
            with self.as_base(), torch.no_grad():
                before = self._predicted(batch)
            divergence = functional.kl_div(self._predicted(batch), before, reduction="sum", log_target=True)
            yield self.weight * divergence / count

    def _predicted(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Log probabilities [supervised token, word]."""
        device = next(self.model.parameters()).device
        ids, mask, labels = (batch[key].to(device) for key in ("input_ids", "attention_mask", "labels"))
        logits = self.model(input_ids=ids, attention_mask=mask).logits[:, :-1]
        return logits[labels[:, 1:] != IGNORED].float().log_softmax(-1)

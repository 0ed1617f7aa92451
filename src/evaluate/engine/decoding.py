"""What decides how prompts are gone on with, whichever engine does it, and where an answer ends."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, StoppingCriteria

from src.runtime.preemption import stop_if_asked


@dataclass(frozen=True)
class Decoding:
    """Settings of a generation."""

    num_new: int
    """Tokens of an answer at most."""
    ends: tuple[int, ...]
    """Tokens at which an answer ends."""
    pad_id: int
    """The token beside rows that are shorter than others of their batch."""
    stops: tuple[str, ...] = ()
    """Texts at which it ends."""
    options: dict[str, Any] = field(default_factory=lambda: {"do_sample": False})
    """Whatever else a task asks `generate` of transformers for."""
    reads_once: bool = True
    """Whether the model can go on behind tokens that all prompts begin with (`generation.can_go_on`)."""


class Answers(NamedTuple):
    """What was generated for some prompts."""

    tokens: list[list[int]]
    """New tokens of each prompt, up to the first end token or to what completes a stop text."""
    num_computed: int
    """Decoded positions that were computed, those of rows that had ended included."""


class Engine(Protocol):
    """Generates answers with a model in memory, as it answers now."""

    def __call__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        prompts: list[list[int]],
        decoding: Decoding,
    ) -> Answers:
        """The answers to one batch of prompts, given as token ids, in their order."""


class UntilAsked(StoppingCriteria):
    """Ends no sequence; an answer of many tokens is left where the process was asked to stop."""

    def __call__(self, input_ids: Tensor, scores: Any, **options: Any) -> Tensor:
        """False, of shape [sequence]; Preempted where it was asked."""
        stop_if_asked()
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


class StopTexts(StoppingCriteria):
    """Ends each sequence of a batch where one of some texts shows up in what it generated.

    transformers has such a criterion, but it goes through the whole vocabulary for every batch.
    """

    def __init__(self, texts: list[str], tokenizer: PreTrainedTokenizerBase, prompt_length: int) -> None:
        self.texts = texts
        self.tokenizer = tokenizer
        self.prompt_length = prompt_length
        # A token holds a byte at least, so a text lies within as many tokens as it has bytes. One more,
        # because some tokenizers leave out a space in front of the first token they decode.
        self.num_tokens = max(len(text.encode()) for text in texts) + 1

    def __call__(self, input_ids: Tensor, scores: Any, **options: Any) -> Tensor:
        """Which sequences end, as booleans of shape [sequence]."""
        ends = self.tokenizer.batch_decode(
            input_ids[:, self.prompt_length :][:, -self.num_tokens :], skip_special_tokens=True
        )
        return torch.tensor(
            [any(text in end for text in self.texts) for end in ends], device=input_ids.device
        )

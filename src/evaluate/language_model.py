"""lm-eval's adapter around a model that is already in memory."""

import sys
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from torch import Tensor
from transformers import PreTrainedTokenizerBase, StoppingCriteria, StoppingCriteriaList

from src.runtime.preemption import stop_if_asked


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


class LanguageModel(HFLM):
    """HFLM that ends every sequence of a batch on its own.

    HFLM goes on until one stop text has shown up in all sequences of the batch, and ends a sequence at the
    end token of the model's generation config, which need not be the one that training appends.
    """

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Generate as HFLM does; the progress bar is left out where nobody watches."""
        return super().generate_until(requests, disable_tqdm or not sys.stderr.isatty())

    def _loglikelihood_tokens(
        self, requests: list[Any], disable_tqdm: bool = False, **options: Any
    ) -> list[tuple[float, bool]]:
        """Score as HFLM does; the progress bar is left out where nobody watches."""
        return super()._loglikelihood_tokens(requests, disable_tqdm or not sys.stderr.isatty(), **options)

    def _model_call(self, inps: Tensor, *given: Any, **options: Any) -> Tensor:
        """The logits of one batch."""
        stop_if_asked()
        return super()._model_call(inps, *given, **options)

    def _model_generate(self, context: Tensor, max_length: int, stop: list[str], **options: Any) -> Tensor:
        """Generate greedily, unless a task asks for sampling."""
        stop_if_asked()
        texts = [text for text in stop if text and text != self.tokenizer.eos_token]
        if not options.get("do_sample"):
            options = {key: value for key, value in options.items() if key != "temperature"}
            options["do_sample"] = False
        criteria = [StopTexts(texts, self.tokenizer, context.shape[1])] if texts else []
        return self.model.generate(
            input_ids=context,
            max_length=max_length,
            stopping_criteria=StoppingCriteriaList(criteria),
            eos_token_id=self.tokenizer.eos_token_id,
            pad_token_id=self.tokenizer.pad_token_id,
            use_cache=True,
            **options,
        )

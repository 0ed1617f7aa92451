"""lm-eval's adapter around a model that is already in memory."""

import sys
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from torch import Tensor


class LanguageModel(HFLM):
    """HFLM that ends every sequence of a batch on its own.

    HFLM goes on until one stop text has shown up in all sequences of the batch, and ends a sequence at the
    end token of the model's generation config, which need not be the one that training appends.
    """

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Generate as HFLM does; the progress bar is left out where nobody watches."""
        return super().generate_until(requests, disable_tqdm or not sys.stderr.isatty())

    def _model_generate(self, context: Tensor, max_length: int, stop: list[str], **options: Any) -> Tensor:
        """Hand the stop texts to transformers, which checks them sequence by sequence."""
        end = self.tokenizer.eos_token
        texts = [text for text in stop if text and text != end]
        if texts:
            options |= {"stop_strings": texts, "tokenizer": self.tokenizer}
        return super()._model_generate(
            context, max_length, stop=[], eos_token_id=self.tokenizer.eos_token_id, **options
        )

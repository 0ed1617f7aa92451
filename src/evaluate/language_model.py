"""lm-eval's adapter around a model that is already in memory."""

import sys
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from lm_eval import utils
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import normalize_gen_kwargs
from torch import Tensor
from transformers import PreTrainedTokenizerBase, StoppingCriteria, StoppingCriteriaList

from src.data.chat.template import ChatTemplate
from src.data.framing import framing_of
from src.data.rows import Row
from src.evaluate.generation import ALONE, PADDED, batches_of
from src.evaluate.room import check_continuation, check_new
from src.model.capacity import check_ids
from src.runtime.preemption import stop_if_asked
from src.runtime.progress import Progress

Request = TypeVar("Request")
Answer = TypeVar("Answer")


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
    """HFLM that gets its token ids from `Framing`, and ends every sequence of a batch on its own.

    HFLM frames a text otherwise than training does: with a second start token in front of a text that has
    one, with the end token that some tokenizers put behind a prompt, and by what the first text of a batch
    begins with. It goes on until one stop text has shown up in all sequences of the batch, and ends a
    sequence at the end token of the model's generation config, which need not be the one that training
    appends.

    Only rows that do not change each other's numbers share a batch (`batches_of`).
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(backend="causal", **options)
        self.framing = framing_of(self.tokenizer)
        self.chat: ChatTemplate | None = None
        """The template in which tasks are asked, while they are asked as a chat."""
        self.apart: set[str] = set()
        """Tasks whose completion is tokenised apart from its prompt, as training does."""
        self.ends: list[int] = []
        """Tokens beside the end token at which an answer ends: with what a chat template closes a turn."""
        self.generated, self.scored = batches_of(self.model, self.tokenizer.pad_token_id)

    @property
    def context(self) -> list[int]:
        """What the first token of a text is predicted from: the front tokens, else the start or end token."""
        return self.framing.front or [super().prefix_token_id]

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        """Token ids of a text that will be continued; without special tokens where none are wanted."""
        if add_special_tokens is False:
            return self.framing.ids(string)
        return self.framing.opened(string) or self.context

    def tok_batch_encode(
        self,
        strings: list[str],
        padding_side: str = "left",
        left_truncate_len: int | None = None,
        truncation: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Prompts padded at the left; ids and mask, both [prompt, token]."""
        rows = [
            self.framing.last(self.tok_encode(text), left_truncate_len or sys.maxsize) for text in strings
        ]
        gaps = [max(map(len, rows)) - len(row) for row in rows]
        ids = [[self.tokenizer.pad_token_id] * gap + row for gap, row in zip(gaps, rows, strict=True)]
        mask = [[0] * gap + [1] * len(row) for gap, row in zip(gaps, rows, strict=True)]
        return torch.tensor(ids), torch.tensor(mask)

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-likelihood of each continuation behind its context, and whether it is the greedy one.

        Raises:
            UserError: a continuation that is empty or too long, or with ids that the model has not.
        """
        pairs = [(request.args, *self._pair(request)) for request in requests]
        for request, (_, _, continuation) in zip(requests, pairs, strict=True):
            check_continuation(request.task_name, continuation, self.max_length)
        self._check_ids([context + continuation for _, context, continuation in pairs])
        with Progress("score", len(pairs), "texts") as self.progress:
            return self._loglikelihood_tokens(pairs)

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of each whole text, every token of it once, in windows where it is too long."""
        windows = [
            (place, (None, *window))
            for place, request in enumerate(requests)
            for window in self._windows(request.args[0])
        ]
        self._check_ids([context + ids for _, (_, context, ids) in windows])
        sums = [0.0] * len(requests)
        with Progress("score", len(windows), "windows") as self.progress:
            for start in range(0, len(windows), self.batch_size):
                batch = windows[start : start + self.batch_size]
                found = self._loglikelihood_tokens([window for _, window in batch])
                for (place, _), (value, _) in zip(batch, found, strict=True):
                    sums[place] += value
        return sums

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Generate as HFLM does.

        Raises:
            UserError: a prompt of ids that the model has not, or more to generate than it can hold.
        """
        for request in requests:
            settings = normalize_gen_kwargs(request.args[1], self.max_gen_toks)
            check_new(request.task_name, settings["max_gen_toks"], self.max_length)
        self._check_ids([self.tok_encode(request.args[0]) for request in requests])
        parent = super().generate_until
        with Progress("answer", len(requests), "prompts") as self.progress:
            return _in_batches(
                self.generated,
                requests,
                lambda request: len(self.tok_encode(request.args[0])),
                lambda group: parent(group, True),
            )

    def _loglikelihood_tokens(
        self, requests: list[Any], disable_tqdm: bool = False, **options: Any
    ) -> list[tuple[float, bool]]:
        """Score as HFLM does."""
        parent = super()._loglikelihood_tokens
        return _in_batches(
            self.scored,
            requests,
            lambda request: len(request[1]) + len(request[2]),
            lambda group: parent(group, True, **options),
        )

    def _check_ids(self, rows: list[list[int]]) -> None:
        check_ids(self.model, rows, self.tokenizer.pad_token_id)

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The text of a task's messages; without a generation prompt, its last one is to be gone on with."""
        if self.chat is None:
            raise ValueError("no chat template was chosen")
        asked = chat_history if add_generation_prompt else chat_history[:-1]
        begun = "" if add_generation_prompt else chat_history[-1]["content"]
        return self.chat.render(asked, "evaluate.chat_template", answering=True) + begun

    def _pair(self, request: Instance) -> tuple[list[int], list[int]]:
        """Ids of a context, whose beginning may be lost, and of its continuation.

        They are tokenised as one text and parted behind the context, or apart where training does so.
        """
        context, continuation = request.args
        if not context.strip():
            return self.context, self.framing.ids(context + continuation)
        if self.chat is not None or request.task_name in self.apart:
            before, after = self.framing.parts(Row(context, continuation, ""))
        else:
            whole = self.tok_encode(context + continuation)
            start = len(self.tok_encode(context.rstrip()))  # a space belongs to the word behind it
            before, after = whole[:start], whole[start:]
        return self.framing.last(before, max(self.max_length + 1 - len(after), 1)), after

    def _windows(self, text: str) -> list[tuple[list[int], list[int]]]:
        """What each token of a text is predicted from, and the tokens, in disjoint windows."""
        ids = self.framing.opened(text)[len(self.framing.front) :]
        if not ids:
            return []
        found = utils.get_rolling_token_windows(
            token_list=ids,
            prefix_token=self.context[-1],
            max_seq_len=self.max_length + 1 - len(self.context),
            context_len=1,
        )
        (_, first), *others = [utils.make_disjoint_window(window) for window in found]
        return [(self.context, first), *others]

    def _model_call(self, inps: Tensor, *given: Any, **options: Any) -> Tensor:
        """The logits of one batch."""
        stop_if_asked()
        logits: Tensor = super()._model_call(inps, *given, **options)
        self.progress.advance(len(inps))
        return logits

    def _model_generate(self, context: Tensor, max_length: int, stop: list[str], **options: Any) -> Tensor:
        """Generate greedily, unless a task asks for sampling."""
        stop_if_asked()
        texts = [text for text in stop if text and text != self.tokenizer.eos_token]
        if not options.get("do_sample"):
            options = {key: value for key, value in options.items() if key != "temperature"}
            options["do_sample"] = False
        criteria = [StopTexts(texts, self.tokenizer, context.shape[1])] if texts else []
        made: Tensor = self.model.generate(
            input_ids=context,
            max_length=max_length,
            stopping_criteria=StoppingCriteriaList(criteria),
            eos_token_id=[self.tokenizer.eos_token_id, *self.ends]
            if self.ends
            else self.tokenizer.eos_token_id,
            pad_token_id=self.tokenizer.pad_token_id,
            use_cache=True,
            **options,
        )
        self.progress.advance(len(context))
        return made


def _in_batches(
    kind: str,
    requests: list[Request],
    length: Callable[[Request], int],
    answer: Callable[[list[Request]], list[Answer]],
) -> list[Answer]:
    """The answers to some requests, in their order, asked for in groups whose rows may share a batch."""
    if kind == PADDED:
        return answer(requests)
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, request in enumerate(requests):
        groups[length(request), place if kind == ALONE else 0].append(place)
    found: dict[int, Answer] = {}
    for _, places in sorted(groups.items(), reverse=True):  # the longest first: what does not fit says so
        found |= zip(places, answer([requests[place] for place in places]), strict=True)
    return [found[place] for place in range(len(requests))]

"""lm-eval's adapter around a model that is already in memory."""

from collections import defaultdict
from typing import Any

from lm_eval import utils
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import normalize_gen_kwargs, postprocess_generated_text

from src.data.chat.template import ChatTemplate
from src.data.framing import framing_of
from src.data.rows import Row
from src.evaluate.engine.catalog import resolved
from src.evaluate.engine.decoding import Decoding
from src.evaluate.likelihoods import Asked, Likelihood
from src.evaluate.passes import Passes
from src.evaluate.room import check_continuation, check_new
from src.model.capacity import check_ids, most_tokens
from src.model.trunk import base_of
from src.runtime.spread import Alone, Spread


class LanguageModel(HFLM):
    """HFLM that gets its token ids from `Framing`, and its answers from an engine (`engine.catalog`).

    HFLM frames a text otherwise than training does: with a second start token in front of a text that has
    one, with the end token that some tokenizers put behind a prompt, and by what the first text of a batch
    begins with. It goes on until one stop text has shown up in all sequences of the batch, and ends a
    sequence at the end token of the model's generation config, which need not be the one that training
    appends.

    Args:
        engine: that generates; see `evaluate.engine`.
        spread: who goes over the batches; this process, where nobody is given.
        options: of HFLM.
    """

    def __init__(self, engine: str = "auto", spread: Spread | None = None, **options: Any) -> None:
        super().__init__(backend="causal", **options)
        self._max_length = most_tokens(base_of(self.model)) or self.max_length
        spread = spread or Alone(self.model, self.tokenizer)
        pad_id = self.tokenizer.pad_token_id
        self.passes = Passes.of(self.model, spread, resolved(engine), self.batch_size, pad_id)
        self.framing = framing_of(self.tokenizer)
        self.chat: ChatTemplate | None = None
        """The template in which tasks are asked, while they are asked as a chat."""
        self.apart: set[str] = set()
        """Tasks whose completion is tokenised apart from its prompt, as training does."""
        self.ends: list[int] = []
        """Tokens beside the end token at which an answer ends: with what a chat template closes a turn."""

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        """Token ids of a text that will be continued; without special tokens where none are wanted."""
        if add_special_tokens is False:
            return self.framing.ids(string)
        return self.framing.opened(string) or self.framing.context

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[Likelihood]:
        """Log-likelihood of each continuation behind its context, and whether it is the greedy one.

        Raises:
            UserError: a continuation that is empty or too long, or with ids that the model has not.
        """
        pairs = [self._pair(request) for request in requests]
        for request, pair in zip(requests, pairs, strict=True):
            check_continuation(request.task_name, pair.continuation, self.max_length)
        self._check_ids([pair.context + pair.continuation for pair in pairs])
        return self.passes.likelihoods(pairs, len(self.framing.context))

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of each whole text, every token of it once, in windows where it is too long."""
        windows = [
            (place, Asked(*window))
            for place, request in enumerate(requests)
            for window in self._windows(request.args[0])
        ]
        self._check_ids([window.context + window.continuation for _, window in windows])
        sums = [0.0] * len(requests)
        found = self.passes.whole([window for _, window in windows])
        for (place, _), (value, _) in zip(windows, found, strict=True):
            sums[place] += value
        return sums

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """The text generated behind each prompt, up to the first stop text.

        Raises:
            UserError: a prompt of ids that the model has not, or more to generate than it can hold.
        """
        prompts = [self.tok_encode(request.args[0]) for request in requests]
        alike = defaultdict(list)
        for place, request in enumerate(requests):
            alike[str(request.args[1])].append(place)
            num_new = normalize_gen_kwargs(request.args[1], self.max_gen_toks)["max_gen_toks"]
            check_new(request.task_name, num_new, self.max_length)
        self._check_ids(prompts)
        found: dict[int, str] = {}
        for places in alike.values():
            asked = requests[places[0]].args[1]
            texts = self._generated([prompts[place] for place in places], asked)
            found |= zip(places, texts, strict=True)
        return [found[place] for place in range(len(requests))]

    def _generated(self, prompts: list[list[int]], asked: dict[str, Any]) -> list[str]:
        """What is generated behind prompts that ask for the same; greedy, unless for sampling."""
        options = normalize_gen_kwargs(asked, self.max_gen_toks)
        until, num_new = options.pop("until"), options.pop("max_gen_toks")
        if not options.get("do_sample"):
            options = {key: value for key, value in options.items() if key != "temperature"}
            options["do_sample"] = False
        eos = self.tokenizer.eos_token
        stops = tuple(text for text in until if text and text != eos)
        marks = self.tokenizer.get_added_vocab()  # a special token is in no text that a stop is looked for in
        ends = (self.tokenizer.eos_token_id, *self.ends, *(marks[text] for text in stops if text in marks))
        decoding = Decoding(num_new, ends, self.tokenizer.pad_token_id, stops, options)
        prompts = [self.framing.last(ids, self.max_length - num_new) for ids in prompts]
        rows = self.passes.answers(prompts, decoding)
        texts = [self.tokenizer.decode(row, skip_special_tokens=True) for row in rows]
        return [postprocess_generated_text(text, [*until, eos or ""], None) for text in texts]

    def _check_ids(self, rows: list[list[int]]) -> None:
        check_ids(self.model, rows, self.tokenizer.pad_token_id)

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The text of a task's messages; without a generation prompt, its last one is to be gone on with.

        Raises:
            ValueError: no template was chosen (`evaluate.chat_template`).
        """
        if self.chat is None:
            raise ValueError("no chat template was chosen")
        asked = chat_history if add_generation_prompt else chat_history[:-1]
        begun = "" if add_generation_prompt else chat_history[-1]["content"]
        return self.chat.render(asked, "evaluate.chat_template", answering=True) + begun

    def _pair(self, request: Instance) -> Asked:
        """Ids of a context, whose beginning may be lost, and of its continuation.

        They are tokenised as one text and parted behind the context, or apart where training does so.
        """
        context, continuation = request.args
        if not context.strip():
            return Asked(self.framing.context, self.framing.ids(context + continuation))
        if self.chat is not None or request.task_name in self.apart:
            before, after = self.framing.parts(Row(context, continuation, ""))
        else:
            whole = self.tok_encode(context + continuation)
            start = len(self.tok_encode(context.rstrip()))  # a space belongs to the word behind it
            before, after = whole[:start], whole[start:]
        return Asked(self.framing.last(before, max(self.max_length + 1 - len(after), 1)), after)

    def _windows(self, text: str) -> list[tuple[list[int], list[int]]]:
        """What each token of a text is predicted from, and the tokens, in disjoint windows."""
        ids = self.framing.opened(text)[len(self.framing.front) :]
        if not ids:
            return []
        found = utils.get_rolling_token_windows(
            token_list=ids,
            prefix_token=self.framing.context[-1],
            max_seq_len=self.max_length + 1 - len(self.framing.context),
            context_len=1,
        )
        (_, first), *others = [utils.make_disjoint_window(window) for window in found]
        return [(self.framing.context, first), *others]

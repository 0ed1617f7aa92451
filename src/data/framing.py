"""What a model sees of a text: the one place where special tokens are put around it and where it is cut.

Training, probing and scoring all ask here, so that none of them shows a model a text in a way of its own.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from transformers import PreTrainedTokenizerBase

from src.data.rows import Row
from src.errors import ModelError

_SAMPLES = ("a", "1", "the")  # one that the vocabulary knows is enough to see what is put around it
_ANCHOR = "\n"


@dataclass(frozen=True)
class Framing:
    """The special tokens of a tokenizer, and how its texts become token ids.

    Neither the side on which the tokenizer pads nor the one on which it cuts is looked at: such a stored
    setting would change what one part of a run sees, and not the others.
    """

    tokenizer: PreTrainedTokenizerBase
    front: list[int]
    """Ids that the tokenizer puts in front of a text by itself."""
    behind: list[int]
    """Ids that it puts behind a text by itself."""

    @property
    def context(self) -> list[int]:
        """What the first token of a text is predicted from: the front tokens, else the start or end token."""
        start, end = self.tokenizer.bos_token_id, self.tokenizer.eos_token_id
        return self.front or [end if start is None else start]

    def ids(self, text: str) -> list[int]:
        """Ids of a text alone."""
        return self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]

    def opened(self, text: str) -> list[int]:
        """Ids of a text that something may follow; the front tokens come once, also where it spells them."""
        return self._opened(self.ids(text))

    def parts(self, row: Row) -> tuple[list[int], list[int]]:
        """Ids of a row's prompt, front tokens included, and of its completion.

        They are tokenised apart. Together, the last characters of the prompt could merge with the first of
        the completion, and the model would be trained on a prompt that it never sees when it has to answer.
        Without a prompt the completion is a text like any other.
        """
        prompt, completion, _ = self.with_answers(row)
        return prompt, completion

    def with_answers(self, row: Row) -> tuple[list[int], list[int], list[slice]]:
        """The same, and which tokens of the prompt are answers of earlier turns (`Row.earlier`).

        A token that reaches into an answer from the text before it is none of the answer.

        Raises:
            ValueError: a chat that was not rendered.
        """
        if row.chat is not None and row.earlier is None:
            raise ValueError(f"row {row.id}: a chat has no text before it was rendered")
        if not row.prompt:
            opened = self.opened(row.completion)
            start = len(self.front)
            return opened[:start], opened[start:], []
        bounds = [bound for span in row.earlier or () for bound in span]
        prompt, places = self._with_places(row.prompt, bounds) if bounds else (self.opened(row.prompt), [])
        answers = [slice(*pair) for pair in zip(places[::2], places[1::2], strict=True)]
        return prompt, self._following(row.completion), answers

    def _with_places(self, text: str, characters: Sequence[int]) -> tuple[list[int], list[int]]:
        """Ids of an opened text, and how many of its tokens lie, at least in part, before some characters."""
        if not self.tokenizer.is_fast:
            return self.opened(text), [len(self.opened(text[:character])) for character in characters]
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = self._opened(found["input_ids"]), found["offset_mapping"]
        more = len(ids) - len(offsets)
        # The space in front of a word is often left out of its offsets: such a token may begin at its end.
        places = [
            bisect_left(offsets, True, key=lambda span: span[0] >= at and span[1] > at) for at in characters
        ]
        return ids, [more + place for place in places]

    def whole(self, text: str, max_length: int) -> tuple[list[int], bool]:
        """Ids of a complete text with the tokens in front and behind, and whether its end was cut to fit."""
        ids = self.opened(text)
        room = max(0, max_length - len(self.behind))
        return ids[:room] + self.behind, len(ids) > room

    def last(self, ids: list[int], max_length: int) -> list[int]:
        """The end of an opened text: what comes first is lost, but for the front tokens."""
        if len(ids) <= max_length:
            return ids
        front = self.front if ids[: len(self.front)] == self.front else []
        room = max_length - len(front)
        return front + ids[-room:] if room > 0 else ids[-max_length:]

    @cached_property
    def _anchor(self) -> list[int]:
        return self.ids(_ANCHOR)

    def _opened(self, ids: list[int]) -> list[int]:
        return ids if ids[: len(self.front)] == self.front else self.front + ids

    def _following(self, text: str) -> list[int]:
        """Ids of a text that follows another.

        SentencePiece tokenizers (Llama 2, Mistral) put a space before the first word of a text; a completion
        is not the first. Behind an anchor none is put. Where anchor and text merge, the text is taken alone.
        """
        anchor, joined = self._anchor, self.ids(_ANCHOR + text)
        return joined[len(anchor) :] if joined[: len(anchor)] == anchor else self.ids(text)


def framing_of(tokenizer: PreTrainedTokenizerBase) -> Framing:
    """Find out, by looking at a text with and without them, which tokens a tokenizer puts around one.

    Raises:
        ModelError: It puts tokens inside the text, so that there is no front and no behind.
    """
    for text in _SAMPLES:
        plain = tokenizer(text, add_special_tokens=False)["input_ids"]
        framed = tokenizer(text)["input_ids"]
        for start in range(len(framed) - len(plain) + 1):
            if plain and framed[start : start + len(plain)] == plain:
                return Framing(tokenizer, framed[:start], framed[start + len(plain) :])
    raise ModelError(
        f"tokenizer {type(tokenizer).__name__}: the ids of a text are not found in what it makes of it; "
        "accepted: a tokenizer that puts special tokens only in front of a text and behind it"
    )

"""Rows as token ids, with labels where the loss looks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from src.data.framing import Framing, framing_of
from src.data.rows import Row
from src.errors import DataError, ModelError

IGNORED = -100  # label of a token that the loss leaves out, as in torch's cross entropy

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodedRow:
    """Token ids of one row; `id` is the id of the row they were made from."""

    id: str
    input_ids: list[int]
    labels: list[int] | None
    """One a token, IGNORED outside supervision, not shifted; None for rows that no loss sees."""
    second: list[int] | None = None
    """A second passage, for objectives of pairs."""
    target: int | None = None
    """The class of the row, for objectives that classify."""


@dataclass(frozen=True)
class Encoded:
    """Encoded rows and the counts for the record."""

    rows: list[EncodedRow]
    num_rows: int
    """Rows kept."""
    num_truncated: int
    """Rows cut to fit, dropped ones included."""
    num_dropped: int
    """Rows that had no supervised token left after the cut."""
    num_tokens: int
    """Tokens of the kept rows."""
    num_supervised_tokens: int
    """Tokens of the kept rows that enter the loss; the first of a row never does, nothing predicts it."""


def encode_rows(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int, supervise: str
) -> Encoded:
    """Encode prompt, completion and end token, cut at `max_length` tokens.

    `Framing` says how a text becomes ids and what stands in front of it. A chat ends as its template ends it;
    the answers of earlier turns (`Row.earlier`) count as completion, and what is cut is its beginning.

    Args:
        rows: At least one row.
        tokenizer: Its end token is appended and supervised.
        max_length: Tokens, prompt, completion and end token together.
        supervise: "completion" or "all", which labels the prompt too.

    Raises:
        DataError: No row keeps a supervised token.
        ModelError: The tokenizer has no end token.
    """
    if tokenizer.eos_token_id is None:
        raise ModelError(
            f"tokenizer {type(tokenizer).__name__}: no eos_token; one is needed to end a completion"
        )
    framing = framing_of(tokenizer)
    kept, num_truncated = [], 0
    for row in rows:
        prompt, completion, answers = framing.with_answers(row)
        end = [] if row.chat else [tokenizer.eos_token_id]
        input_ids = [*prompt, *completion, *end]
        labels = input_ids
        if supervise == "completion":
            labels = [IGNORED] * len(prompt) + input_ids[len(prompt) :]
            for answer in answers:
                labels[answer] = input_ids[answer]
        num_truncated += len(input_ids) > max_length
        start = _start(row, len(prompt), len(input_ids), max_length, framing)
        kept_ids, kept_labels = (_cut(ids, start, max_length, framing) for ids in (input_ids, labels))
        encoded = EncodedRow(row.id, kept_ids, kept_labels)
        if num_supervised(encoded):
            kept.append(encoded)
    if not kept:
        raise DataError(
            f"data.max_length={max_length}: none of {len(rows)} rows keeps a supervised token; "
            "raise it above the length of the prompts"
        )
    result = Encoded(
        rows=kept,
        num_rows=len(kept),
        num_truncated=num_truncated,
        num_dropped=len(rows) - len(kept),
        num_tokens=sum(len(row.input_ids) for row in kept),
        num_supervised_tokens=sum(num_supervised(row) for row in kept),
    )
    _log.info(
        "encoded %d rows, %d tokens, %d supervised; %d truncated, %d dropped",
        *(result.num_rows, result.num_tokens, result.num_supervised_tokens),
        *(result.num_truncated, result.num_dropped),
    )
    return result


def encode_texts(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int
) -> list[EncodedRow]:
    """Encode prompt and completion for probing: the tokens of `encode_rows` without end token and labels.

    Raises:
        DataError: A row has no token.
    """
    framing = framing_of(tokenizer)
    encoded = []
    for given in rows:
        prompt, completion = framing.parts(given)
        ids = [*prompt, *completion]
        start = _start(given, len(prompt), len(ids), max_length, framing)
        encoded.append(EncodedRow(given.id, _cut(ids, start, max_length, framing), None))
    for row in encoded:
        if not row.input_ids:
            raise DataError(f"row {row.id}: the tokenizer gives no token for it; its text must hold some")
    return encoded


def _start(row: Row, num_prompt: int, num_tokens: int, max_length: int, framing: Framing) -> int:
    """How many tokens of a row are left out behind those in front: of a chat so many that its end fits.

    Of an answer that is too long by itself the beginning stays.
    """
    if row.chat is None or num_tokens <= max_length:
        return 0
    return max(0, min(num_tokens - max_length, num_prompt - len(framing.front)))


def _cut(ids: list[int], start: int, max_length: int, framing: Framing) -> list[int]:
    """At most `max_length` of a row's ids or labels, without `start` of them behind those in front."""
    num_front = len(framing.front)
    return (ids[:num_front] + ids[num_front + start :])[:max_length] if start else ids[:max_length]


def num_supervised(row: EncodedRow) -> int:
    """Labels that enter the loss; the first of a row never does, nothing predicts it."""
    return sum(label != IGNORED for label in (row.labels or [])[1:])

"""Rows as whole texts, with the special tokens around them that their model was trained on."""

from collections.abc import Callable, Sequence

from transformers import PreTrainedTokenizerBase

from src.data.encode import Encoded, EncodedRow
from src.data.framing import framing_of
from src.data.rows import Row
from src.errors import DataError

Cut = Callable[[str], list[int]]
"""Token ids of a text, special tokens included, at most `max_length` of them."""


def framed_rows(
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    make: Callable[[Row, Cut], EncodedRow | None],
) -> Encoded:
    """Encode each row with `make`, which leaves out a row by None; counts as `encode_rows` gives them.

    Every token counts as supervised: the loss looks at all of them through the vector of the text.

    Raises:
        DataError: no row is kept.
    """
    framing, longer = framing_of(tokenizer), 0

    def cut(text: str) -> list[int]:
        nonlocal longer
        ids, was_longer = framing.whole(text, max_length)
        longer += was_longer
        return ids

    kept, num_truncated = [], 0
    for row in rows:
        before, found = longer, make(row, cut)
        num_truncated += longer > before
        if found is not None and found.input_ids:
            kept.append(found)
    if not kept:
        raise DataError(
            f"data.max_length={max_length}: none of {len(rows)} rows can be used by the objective"
        )
    num_tokens = sum(len(row.input_ids) + len(row.second or []) for row in kept)
    return Encoded(kept, len(kept), num_truncated, len(rows) - len(kept), num_tokens, num_tokens)


def text_of(row: Row) -> str:
    """Prompt and completion."""
    return row.prompt + row.completion

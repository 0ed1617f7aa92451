"""Items from rows and from English: what is read, what is scored and with which weight, in batches."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedTokenizerBase

from src.config.rules import refuse
from src.data.batches import by_length, collate
from src.data.encode import IGNORED, EncodedRow, encode_rows, num_supervised
from src.data.framing import framing_of
from src.data.passages import held_out_passages
from src.data.rows import Row
from src.errors import ModelError
from src.intervene.engine.items import ItemBatch, Items

MAX_POSITIONS = 512
"""Positions of one batch whose logits are held at once; at a vocabulary of 49,152 they take 100 MB."""


def task_items(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int, batch_size: int, masked: bool
) -> Items:
    """Rows with the mean log-probability of their completion, in nats a token, as score `logp`.

    `masked`: the model reads in both directions. All tokens of the completion are hidden behind the mask
    token at once, and each is read at its own place.

    Raises:
        ModelError: a model that reads in both directions, without a mask token.
    """
    encoded = encode_rows(rows, tokenizer, max_length, "completion").rows
    count = _positions if masked else num_supervised  # from left to right, nothing predicts the first token
    weights = [1 / count(row) for row in encoded]
    if masked:
        encoded = [_hidden(row, tokenizer) for row in encoded]
    return _items("logp", encoded, weights, tokenizer.pad_token_id, batch_size, masked)


def text_items(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int, batch_size: int
) -> Items:
    """Rows with the mean log-probability of their whole text, prompt included, as score `text_logp`.

    As published for token accuracy and perplexity: whatever is the token of padding counts nowhere.
    """
    encoded = encode_rows(rows, tokenizer, max_length, "all").rows
    scored = [_without(row, tokenizer.pad_token_id) for row in encoded]
    weights = [1 / _positions(row) for row in scored]
    return _items("text_logp", scored, weights, tokenizer.pad_token_id, batch_size)


def english_items(
    num_passages: int, tokenizer: PreTrainedTokenizerBase, max_length: int, batch_size: int, first: int = 0
) -> Items:
    """Held-out passages of English with their nats per byte as score `english`: lower is better.

    The text is read as it is scored, behind the tokens that its tokenizer puts in front, or one start token:
    only models that read from left to right have use of that. `first`: how many passages are left to others.

    Raises:
        ConfigError: there are fewer passages.
    """
    every = held_out_passages()
    passages = every[first:]
    if num_passages > len(passages):
        asked = f"at most {len(every)}, which this Python ships"
        if first:
            asked = (
                f"at most {len(every) // 2}: this Python ships {len(every)}, and a mix is chosen on others"
            )
        refuse("num_passages", num_passages, asked)
    framing = framing_of(tokenizer)
    before = framing.context
    encoded, weights = [], []
    for number, text in enumerate(passages[:num_passages]):
        whole = framing.opened(text)[len(framing.front) :]
        ids = whole[: max_length - len(before)]
        encoded.append(EncodedRow(f"passage-{number}", [*before, *ids], [IGNORED] * len(before) + ids))
        read = text if len(ids) == len(whole) else str(tokenizer.decode(ids))  # of a long one
        weights.append(-1 / len(read.encode()))
    return _items("english", encoded, weights, tokenizer.pad_token_id, batch_size)


def _hidden(row: EncodedRow, tokenizer: PreTrainedTokenizerBase) -> EncodedRow:
    if (mask := tokenizer.mask_token_id) is None:
        needed = "one, as the model reads in both directions"
        raise ModelError(f"tokenizer {type(tokenizer).__name__}: no mask token; needed: {needed}")
    labels = row.labels or []
    ids = [token if label == IGNORED else mask for token, label in zip(row.input_ids, labels, strict=True)]
    return EncodedRow(row.id, ids, labels)


def _without(row: EncodedRow, pad_id: int) -> EncodedRow:
    """Labels of padding and of the first token left out: nothing predicts that one."""
    labels = [IGNORED if label == pad_id else label for label in row.labels or []]
    return EncodedRow(row.id, row.input_ids, [IGNORED, *labels[1:]])


def _items(
    score: str, rows: Sequence[EncodedRow], weights: Sequence[float], pad_id: int, batch_size: int,
    masked: bool = False,
) -> Items:  # fmt: skip
    """Rows of like length together, the longest first, as many as `MAX_POSITIONS` allows."""
    batches = [
        _batch([rows[i] for i in part], part, [weights[i] for i in part], pad_id, masked)
        for group in by_length([len(row.input_ids) for row in rows], batch_size)
        for part in _parts(group, [_positions(rows[number]) for number in group])
    ]
    return Items(score, [row.id for row in rows], batches)


def _parts(group: Sequence[int], positions: Sequence[int]) -> list[list[int]]:
    parts: list[list[int]] = [[]]
    total = 0
    for number, count in zip(group, positions, strict=True):
        if parts[-1] and total + count > MAX_POSITIONS:
            parts.append([])
            total = 0
        parts[-1].append(number)
        total += count
    return parts


def _positions(row: EncodedRow) -> int:
    return sum(label != IGNORED for label in row.labels or [])


def _batch(
    rows: Sequence[EncodedRow], numbers: Sequence[int], weights: Sequence[float], pad_id: int, masked: bool
) -> ItemBatch:
    padded = collate(rows, pad_id)
    labels = padded.pop("labels")
    if not masked:  # what is read at a position is the token behind it
        labels = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
    chosen = labels != IGNORED
    return ItemBatch(
        torch.tensor(numbers), padded, chosen, labels[chosen], torch.tensor(weights, dtype=torch.float64)
    )

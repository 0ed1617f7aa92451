"""Views: the same text again, changed in a way that should not change what it says."""

import re
from collections.abc import Sequence
from dataclasses import replace
from string import Formatter

import torch
from transformers import PreTrainedTokenizerBase

from src.config.rules import template_fields
from src.data.encode import EncodedRow, encode_texts
from src.data.prompt_templates import WHOLE, filled, fitting_frames
from src.data.rows import Row
from src.errors import DataError
from src.runtime.seeding import generator

RowViews = list[list[int]]
"""Token ids of every view of one row."""


def dropout_views(
    rows: Sequence[EncodedRow], num_views: int, share: float, seed: int, num_start: int = 0
) -> list[RowViews]:
    """Views that miss each token with probability `share`, independently; the order of the rest is kept.

    A view depends on the seed, the id of its row and its number, not on the other rows. It never loses all
    of its tokens: one that would, keeps one of them by chance.

    Args:
        rows: encoded rows, none empty.
        num_views: views a row, K.
        share: at least 0, below 1.
        seed: of the run.
        num_start: leading tokens that are always kept, such as a start token; they do not count as "one".

    Raises:
        DataError: a share outside of [0, 1).
    """
    if not 0 <= share < 1:
        raise DataError(f"views: given a dropout share of {share}; accepted: at least 0 and below 1")
    return [[_dropped(row, view, share, seed, num_start) for view in range(num_views)] for row in rows]


def template_views(
    rows: Sequence[Row],
    prompt: str,
    templates: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
) -> list[RowViews]:
    """Views whose prompt frames the same fields in other words, one for each template; the completion stays.

    Of a chat it is the last message before the answer that is put in other words, inside its turn.

    Args:
        rows: rows whose prompt was made from `prompt`, or chats as text.
        prompt: the template the prompts were made from, such as "Question: {question}" (data.prompt). Its
            fields are read back from each prompt; of two, the first takes as much as it can.
        templates: the frames; where they do not fit `prompt`, general ones (see `fitting_frames`).
        tokenizer: of the model.
        max_length: tokens of a view; the rest is cut.

    Raises:
        DataError: a prompt that does not follow `prompt`, or a view without tokens.
        ConfigError: a template with a field that `prompt` has not.
    """
    frames, (pattern, names) = fitting_frames(templates, prompt), _pattern(prompt)
    framed = [[_framed(row, frame, pattern, names, prompt) for row in rows] for frame in frames]
    encoded = [encode_texts(view, tokenizer, max_length) for view in framed]
    return [[row.input_ids for row in views] for views in zip(*encoded, strict=True)]


def _dropped(row: EncodedRow, view: int, share: float, seed: int, num_start: int) -> list[int]:
    start, rest = row.input_ids[:num_start], row.input_ids[num_start:]
    stream = generator(seed, "views", "dropout", row.id, view)
    kept = (torch.rand(len(rest), generator=stream) >= share).tolist()
    if rest and not any(kept):
        kept[int(torch.randint(len(rest), (), generator=stream))] = True
    return start + [token for token, keep in zip(rest, kept, strict=True) if keep]


def _pattern(template: str) -> tuple[re.Pattern[str], list[str]]:
    """What texts made from a template look like, with a group for each of its fields, and their names."""
    parts, names = [], template_fields(template)
    seen: set[str] = set()
    for text, name, _, _ in Formatter().parse(template):
        parts.append(re.escape(text))
        if name is not None:  # numbered: a name such as `choices[0]` is none that a group could have
            parts.append(f"\\{names.index(name) + 1}" if name in seen else "(.*)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL), names


def _framed(row: Row, frame: str, pattern: re.Pattern[str], names: Sequence[str], prompt: str) -> Row:
    if row.chat is None:
        return replace(row, prompt=filled(frame, _values(row, pattern, names, prompt)))
    asked = row.chat.messages[-2]["content"].strip()
    before, _, behind = row.prompt.rpartition(asked or row.prompt)
    return replace(row, prompt=before + filled(frame, {WHOLE: asked}) + behind)


def _values(row: Row, pattern: re.Pattern[str], names: Sequence[str], prompt: str) -> dict[str, str]:
    match = pattern.fullmatch(row.prompt)
    if match is None:
        raise DataError(f"views: row {row.id}: its prompt does not follow data.prompt={prompt!r}")
    return {WHOLE: row.prompt} | dict(zip(names, match.groups(), strict=True))

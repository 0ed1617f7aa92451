"""A row is a prompt and its completion; templates make it from the named fields of a source."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from src.config.schema import DataConfig
from src.data.chat.messages import Chat, chat_of
from src.data.shown import half_character, printable, shown
from src.errors import DataError

_ANNOTATION = re.compile(r"<<.*?>>")


@dataclass(frozen=True)
class Row:
    """One sample."""

    prompt: str
    completion: str
    id: str
    """First 16 hexadecimal digits of a hash of prompt and completion: a row has the same id anywhere."""
    label: str | None = None
    """What the row is, for objectives that classify; not part of its text."""
    chat: Chat | None = None
    """The conversation that the row is. Its text is known once there is a tokenizer (`chat.render`); until
    then prompt and completion only say what is asked and answered."""
    earlier: tuple[tuple[int, int], ...] | None = None
    """Of a chat as text: parts of the prompt that are answers, too: first character, and behind the last."""


def make_row(values: Any, config: DataConfig, where: str) -> Row:
    """Fill the templates of `config` with the fields of one source record.

    Args:
        values: A record; fields that `config.fields` does not name are left aside. Of a chat all is read.
        config: Names the fields and holds the templates.
        where: The place of the record, such as "rows.jsonl line 7", for errors.

    Raises:
        DataError: The record is not an object, a field is missing, empty or neither text nor number nor a
            list of these, or holds no place in its labels.
    """
    if config.form == "chat":
        return _chat_row(chat_of(values, config.system, config.supervise, where))
    if not isinstance(values, Mapping):
        raise DataError(
            f"{where}: {shown(values)} is not an object with the fields {', '.join(config.fields)}"
        )
    texts = {name: _field(values, name, config, where) for name in config.fields}
    try:
        prompt, completion = config.prompt.format(**texts), config.completion.format(**texts)
    except (IndexError, TypeError, ValueError) as error:
        raise DataError(
            f"{where}: data.prompt and data.completion do not fit the record ({error})"
        ) from error
    if not completion.strip():
        raise DataError(
            f"{where}: data.completion={config.completion!r} gives an empty text; it must hold one"
        )
    # The length in front keeps ("ab", "c") and ("a", "bc") apart.
    name = _id(f"{len(prompt)}:{prompt}{completion}")
    label = None if config.label is None else config.label.format(**texts)
    return Row(prompt=prompt, completion=completion, id=name, label=label)


def _chat_row(chat: Chat) -> Row:
    """A conversation: all that comes before its last answer is what is asked."""
    *asked, answer = chat.messages
    prompt = "\n".join(f"{message['role']}: {message['content']}" for message in asked)
    return Row(prompt, answer["content"], _id(chat.content), chat=chat)


def _id(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def prompt_key(row: Row) -> str:
    """What makes two rows the same question: the prompt without regard to case and white space.

    Rows without a prompt (plain text) are told apart by their completion.
    """
    text = row.prompt if row.prompt.strip() else row.completion
    return " ".join(text.casefold().split())


def drop_duplicates(rows: list[Row], taken: set[str]) -> list[Row]:
    """The first row of every prompt, without prompts in `taken`; order kept. `taken` is not changed."""
    first = {prompt_key(row): row for row in reversed(rows)}
    return [row for row in rows if first[key := prompt_key(row)] is row and key not in taken]


def _field(values: Mapping[str, Any], name: str, config: DataConfig, where: str) -> str | list[str]:
    """One field as the templates take it: text, or a list of texts."""
    value = values.get(name)
    if name in config.labels:
        labels = config.labels[name]
        if type(value) is not int or not 0 <= value < len(labels):
            raise DataError(f"{where}: field {name!r} is {shown(value)}; accepted: 0 to {len(labels) - 1}")
        return labels[value]
    if isinstance(value, list) and f"{{{name}[" in config.prompt + config.completion:
        parts = {f"{name}[{place}]": part for place, part in enumerate(value)}
        return [_text(parts, part, config.strip_annotations, where) for part in parts]
    return _text(values, name, config.strip_annotations, where)


def _text(values: Mapping[str, Any], name: str, strip_annotations: bool, where: str) -> str:
    """One field as text; a number is written as Python writes it."""
    if name not in values:
        fields = ", ".join(printable(str(field)) for field in values) or "no fields"
        raise DataError(f"{where}: field {name!r} is missing; the record has {fields}")
    value = values[name]
    if value is None:
        raise DataError(f"{where}: field {name!r} is null; accepted: text or a number")
    is_number = type(value) is int or (isinstance(value, float) and math.isfinite(value))
    if not isinstance(value, str) and not is_number:
        raise DataError(f"{where}: field {name!r} is {shown(value)}; accepted: text or a number")
    text = str(value)
    if (half := half_character(text)) is not None:
        raise DataError(
            f"{where}: field {name!r} holds half of a character, {half}, which is no text; "
            "accepted: both halves or none"
        )
    if strip_annotations:
        text = _ANNOTATION.sub("", text)
    if not text.strip():
        raise DataError(f"{where}: field {name!r} is empty; accepted: text or a number")
    return text

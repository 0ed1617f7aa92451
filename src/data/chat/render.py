"""Rows of a conversation as text: what comes before its last answer, the answer, and the earlier answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from transformers import PreTrainedTokenizerBase

from src.config.schema import DataConfig
from src.data.chat.messages import Chat
from src.data.chat.template import ChatTemplate
from src.data.rows import Row
from src.data.shown import shown
from src.data.splits import Splits
from src.errors import DataError


def rendered_splits(splits: Splits, tokenizer: PreTrainedTokenizerBase, config: DataConfig) -> Splits:
    """The splits as the text that a model with this tokenizer reads; rows of fields are text already."""
    if config.form != "chat":
        return splits
    parts = (splits.train, splits.probe, splits.test, splits.validation)
    train, probe, test, validation = (rendered(rows, tokenizer, config) for rows in parts)
    further = [rendered(rows, tokenizer, config) for rows in splits.further_probe]
    return replace(splits, train=train, probe=probe, test=test, validation=validation, further_probe=further)


def rendered(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, config: DataConfig) -> list[Row]:
    """Rows as the text that a model with this tokenizer reads; rows of fields are text already.

    Of a chat, the prompt is all that the template writes before the last answer, and the completion is that
    answer with the mark of its end. `earlier` says which parts of the prompt are answers too; it is empty
    with data.supervise=last. Each is found by rendering the messages before it and those up to it: what the
    model has read when it begins to answer must be the beginning of the whole.

    Raises:
        DataError: there is no template, or it refuses a row, or a beginning of a row renders otherwise.
    """
    if config.form != "chat":
        return list(rows)
    template = ChatTemplate(tokenizer, config.chat_template)
    return [_rendered(row, row.chat, template, config.supervise) for row in rows if row.chat is not None]


def _rendered(row: Row, chat: Chat, template: ChatTemplate, supervise: str) -> Row:
    whole = template.render(chat.messages, chat.where)
    last = len(chat.messages) - 1
    start, stop = _span(chat, last, whole, template)
    places = range(last) if supervise == "all" else ()
    answers = [place for place in places if chat.messages[place]["role"] == "assistant"]
    earlier = tuple(_span(chat, place, whole, template) for place in answers)
    return replace(row, prompt=whole[:start], completion=whole[start:stop], earlier=earlier)


def _span(chat: Chat, place: int, whole: str, template: ChatTemplate) -> tuple[int, int]:
    """First and behind the last character of one answer in the whole text."""
    is_last = place == len(chat.messages) - 1
    before = template.render(chat.messages[:place], chat.where, answering=True)
    upto = whole if is_last else template.render(chat.messages[: place + 1], chat.where)
    if not whole.startswith(upto):
        upto = template.without_end(upto)
    if not (whole.startswith(upto) and upto.startswith(before)):
        others = "" if is_last else "data.supervise=last, or "
        raise DataError(
            f"{chat.where}: message {place + 1}: what the chat template writes before this answer is not how "
            "the whole begins, so that it would answer what no model reads; accepted: "
            f"{others}a data.chat_template that leaves earlier text as it is"
        )
    start, stop = len(before), template.answer_end(upto)
    _check_written(chat, place, whole[start:stop])
    return start, stop


def _check_written(chat: Chat, place: int, text: str) -> None:
    """Refuse an answer that the template leaves out, or calls of tools that it does not know of.

    A template may write an answer otherwise than it stands there: without a thought, with other white space.
    So the last word and the names of what is called are looked for, and not the whole.
    """
    message = chat.messages[place]
    called = [*_called(message.get("tool_calls")), *_called([message.get("function_call")])]
    found, words = text.casefold(), [*message["content"].split()[-1:], *called]
    for word in words:
        if word.casefold() not in found:
            raise DataError(
                f"{chat.where}: message {place + 1}: the chat template leaves {shown(word)} of this answer "
                "out; accepted: a data.chat_template that writes it, or a record without it"
            )


def _called(calls: Any) -> list[str]:
    """The names of the tools in a message's `tool_calls`, as far as these have the usual form."""
    calls = [call for call in calls if isinstance(call, Mapping)] if isinstance(calls, list) else []
    names = [
        (call["function"] if isinstance(call.get("function"), Mapping) else call).get("name")
        for call in calls
    ]
    return [name for name in names if isinstance(name, str)]

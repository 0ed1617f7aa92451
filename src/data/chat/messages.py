"""The messages of a record, whatever form people keep conversations in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from src.data.shown import half_character, printable, shown
from src.errors import DataError

Message = dict[str, Any]
"""`role` and `content`, and whatever else a template may ask of a message."""

FORMS: dict[str, tuple[str, ...]] = {
    "messages": ("messages",),
    "conversations": ("conversations",),
    "prompt and completion": ("prompt", "completion"),
    "instruction and output": ("instruction", "output"),
}
"""The forms of a record by name, and the fields that it is known by."""

ROLES = ("system", "user", "assistant", "tool")
_SPEAKERS = {"human": "user", "gpt": "assistant"} | {role: role for role in ROLES}
_UNREAD = ("history", "tools", "functions", "documents")
_UNREAD_OF_MESSAGE = ("weight", "train")


@dataclass(frozen=True)
class Chat:
    """One conversation."""

    messages: tuple[Message, ...]
    """At least a message and an answer to it, which is the last."""
    form: str
    """A name of FORMS."""
    where: str
    """The place of its record, for errors."""

    @property
    def content(self) -> str:
        """All of it as one text, for hashes."""
        return json.dumps(self.messages, sort_keys=True)


def chat_of(values: Any, system: str, supervise: str, where: str) -> Chat:
    """The conversation of a record, up to its last answer.

    Args:
        values: a record.
        system: data.system.
        supervise: data.supervise.
        where: the place of the record, such as "chat.jsonl line 7".

    Raises:
        DataError: it has none of the forms or several, or a message cannot be used, or nothing is answered.
    """
    form = _form(values, where)
    found = [
        _checked(message, f"{where}: message {place}")
        for place, message in enumerate(_MAKE[form](values, where), 1)
    ]
    messages = _up_to_last_answer(_with_system(found, system), where)
    _check_weights(messages, supervise, where)
    if (half := half_character(json.dumps(messages, ensure_ascii=False))) is not None:
        raise DataError(
            f"{where}: a message holds half of a character, {half}; accepted: both halves or none"
        )
    return Chat(tuple(messages), form, where)


def _form(values: Any, where: str) -> str:
    """Which of FORMS a record has; a field that is null is not there, as in the columns of a table."""
    accepted = "; ".join(" and ".join(fields) for fields in FORMS.values())
    if not isinstance(values, Mapping):
        raise DataError(f"{where}: {shown(values)} is no object; accepted: one with {accepted}")
    there = {name for name, value in values.items() if value is not None}
    found = [form for form, fields in FORMS.items() if there.issuperset(fields)]
    if not found:
        fields = ", ".join(printable(str(name)) for name in values) or "no fields"
        raise DataError(f"{where}: no conversation; the record has {fields}; accepted: {accepted}")
    if len(found) > 1:
        raise DataError(
            f"{where}: the record is two conversations, {' and '.join(found)}; accepted: one form"
        )
    for name in _UNREAD:
        if values.get(name):
            raise DataError(f"{where}: field {name!r} is not read; accepted: a record without it")
    return found[0]


def _of_messages(values: Mapping[str, Any], where: str) -> list[Any]:
    return _with_system_field(values, _list(values, "messages", where))


def _of_conversations(values: Mapping[str, Any], where: str) -> list[Any]:
    """ShareGPT: from and value."""
    found: list[Any] = []
    for place, turn in enumerate(_list(values, "conversations", where), start=1):
        if isinstance(turn, Mapping) and "from" in turn and "value" in turn:
            rest = {key: value for key, value in turn.items() if key not in ("from", "value")}
            speaker = turn["from"]
            role = _SPEAKERS.get(speaker, speaker) if isinstance(speaker, str) else speaker
            turn = {"role": role, "content": turn["value"]} | rest
        elif not (isinstance(turn, Mapping) and "role" in turn):
            raise DataError(
                f"{where}: message {place} is {shown(turn)}; accepted: an object with from and value"
            )
        found.append(turn)
    return _with_system_field(values, found)


def _of_prompt(values: Mapping[str, Any], where: str) -> list[Any]:
    """Both text, or lists of messages."""
    parts: list[Any] = []
    for name, role in (("prompt", "user"), ("completion", "assistant")):
        value = values[name]
        parts += [{"role": role, "content": value}] if isinstance(value, str) else _list(values, name, where)
    return _with_system_field(values, parts)


def _of_instruction(values: Mapping[str, Any], where: str) -> list[Any]:
    """The input, where there is one, stands below the instruction."""
    texts = [values[name] for name in ("instruction", "input") if values.get(name) is not None]
    for text in texts:
        if not isinstance(text, str):
            raise DataError(f"{where}: the instruction or input is {shown(text)}; accepted: text")
    asked = {"role": "user", "content": "\n\n".join(text for text in texts if text.strip())}
    return _with_system_field(values, [asked, {"role": "assistant", "content": values["output"]}])


_MAKE = {
    "messages": _of_messages,
    "conversations": _of_conversations,
    "prompt and completion": _of_prompt,
    "instruction and output": _of_instruction,
}


def _with_system_field(values: Mapping[str, Any], turns: list[Any]) -> list[Any]:
    """Turns behind the system prompt that stands beside them; once, where they open with the same."""
    field = {"role": "system", "content": values.get("system")}
    same = isinstance(turns[0], Mapping) and field.items() <= turns[0].items()
    return [field, *turns] if field["content"] and not same else turns


def _list(values: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = values[name]
    if not isinstance(value, list) or not value:
        raise DataError(f"{where}: field {name!r} is {shown(value)}; accepted: a list of messages")
    return value


def _checked(message: Any, where: str) -> Message:
    """A message as a template takes it."""
    if not isinstance(message, Mapping) or not all(isinstance(key, str) for key in message):
        raise DataError(f"{where} is {shown(message)}; accepted: an object with role and content")
    found = {key: value for key, value in message.items() if value is not None}
    role, content = found.get("role"), found.get("content")
    if role not in ROLES:
        raise DataError(f"{where}: role {shown(role)}; accepted: {', '.join(ROLES)}")
    if content is None and found.get("tool_calls"):
        return {**found, "content": ""}
    if not isinstance(content, str):
        raise DataError(f"{where}: content {shown(content)}; accepted: text")
    if role == "assistant" and not content.strip() and not found.get("tool_calls"):
        raise DataError(f"{where}: the answer is empty; accepted: text")
    return found


def _check_weights(messages: list[Message], supervise: str, where: str) -> None:
    """Refuse weights that say of a message something else than data.supervise does."""
    answers = [place for place, one in enumerate(messages) if one["role"] == "assistant"]
    learned = set(answers if supervise == "all" else answers[-1:])
    for place, one in enumerate(messages):
        for key in _UNREAD_OF_MESSAGE:
            if key in one and one[key] not in ((1,) if place in learned else (0, 1)):  # True is 1
                raise DataError(
                    f"{where}: message {place + 1}: {key}={shown(one[key])} is not read; "
                    "accepted: what data.supervise=last or all says"
                )


def _with_system(messages: list[Message], choice: str) -> list[Message]:
    """Messages with the system prompt that data.system asks for; an empty one is none."""
    if choice == "keep":
        return [one for one in messages if one["role"] != "system" or one["content"].strip()]
    others = [one for one in messages if one["role"] != "system"]
    return others if choice == "drop" else [{"role": "system", "content": choice}, *others]


def _up_to_last_answer(messages: list[Message], where: str) -> list[Message]:
    """What comes behind the last answer is seen by nothing that is learned."""
    answers = [place for place, one in enumerate(messages) if one["role"] == "assistant"]
    if not answers:
        raise DataError(f"{where}: no message is an answer; accepted: one with the role assistant")
    if not any(one["role"] in ("user", "tool") for one in messages[: answers[0]]):
        raise DataError(f"{where}: the first message is an answer; accepted: a user's message before it")
    return messages[: answers[-1] + 1]

"""Rows of a chat as each trainer is told of them: under which fields the turns lie, and which are learned."""

import json
from dataclasses import dataclass
from typing import Any

from src.export.form import Form
from src.export.handover import ChatRows

_SHAREGPT = {"role": "from", "content": "value"}


@dataclass(frozen=True)
class _Fields:
    """How trainers name the fields of one form of records (`data.chat.messages.FORMS`)."""

    axolotl: dict[str, Any] | None
    """None: its chat_template has no key for the form."""
    llamafactory: dict[str, Any]


_FORMS = {
    "messages": _Fields(
        {"field_messages": "messages"},
        {
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {
                **{"role_tag": "role", "content_tag": "content", "user_tag": "user"},
                **{"assistant_tag": "assistant", "system_tag": "system"},
            },
        },
    ),
    "conversations": _Fields(
        {"field_messages": "conversations", "message_property_mappings": _SHAREGPT},
        {"formatting": "sharegpt", "columns": {"messages": "conversations"}},
    ),
    "prompt and completion": _Fields(None, {"columns": {"prompt": "prompt", "response": "completion"}}),
    "instruction and output": _Fields(
        None, {"columns": {"prompt": "instruction", "query": "input", "response": "output"}}
    ),
}
_REWRITE = "it wants rows of messages: rewrite yours of {}"


def trl_rows(chat: ChatRows, notes: list[str]) -> dict[str, Any]:
    """Keys of SFTConfig; TRL reads messages and conversations as they are."""
    if chat.form == "prompt and completion":
        notes.append(
            "TRL puts a template only around lists of messages, not around text of prompt and completion"
        )
        return {"completion_only_loss": True, "chat_template_path": chat.template}
    if chat.form == "instruction and output":
        notes.append(_REWRITE.format(chat.form))
    notes.append("assistant_only_loss: TRL needs a chat template with {% generation %} around the answers")
    _note_last(chat, notes)
    return {"assistant_only_loss": True, "chat_template_path": chat.template}


def axolotl_rows(chat: ChatRows, path: str | None, notes: list[str]) -> dict[str, Any]:
    """Keys of a data set of the type chat_template."""
    fields = _FORMS[chat.form].axolotl
    if fields is None:
        notes.append(_REWRITE.format(chat.form))
        fields = {"field_messages": "messages"}
    _note_last(chat, notes)
    rows = {"path": path or "FILL_IN", "type": "chat_template", **fields, "roles_to_train": ["assistant"]}
    template = {"chat_template": "tokenizer_default"}
    if chat.template is not None:
        template = {"chat_template": "jinja", "chat_template_jinja": chat.template}
    return {"datasets": [rows | {"train_on_eos": "turn"}], **template}


def llamafactory_rows(chat: ChatRows, path: str | None) -> Form:
    """The entry of dataset_info.json, which has to lie in its data folder."""
    entry = {"file_name": path or "FILL_IN", **_FORMS[chat.form].llamafactory}
    return Form("dataset_info.json", json.dumps({"chat": entry}, indent=2) + "\n")


def _note_last(chat: ChatRows, notes: list[str]) -> None:
    if chat.supervise == "last":
        notes.append("the run learned the last answer of each chat only, which it cannot be told")

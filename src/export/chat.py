"""What each trainer is told of a run's rows: their fields, and which of their tokens are learned."""

import json
from typing import Any

from src.data.rows import Row
from src.export.form import Form
from src.export.handover import Handover
from src.export.rows import FILL_IN, as_messages, as_text, num_answers, rows_file, training_rows

_TAGS = {
    **{"role_tag": "role", "content_tag": "content", "user_tag": "user"},
    **{"assistant_tag": "assistant", "system_tag": "system"},
}


def trl_rows(run: Handover, notes: list[str]) -> tuple[dict[str, Any], list[Form]]:
    """Keys of TRL's DatasetMixtureConfig and SFTConfig, and the file of rows."""
    rows = training_rows(run, notes)
    learned: dict[str, Any] = {"completion_only_loss": not run.learns_prompts}
    records = [as_text(row) for row in rows]
    if run.chat is not None:
        learned = {"completion_only_loss": True}
        records = [_asked_and_answered(row) for row in rows]
        if run.chat.supervise == "all" and any(num_answers(row) > 1 for row in rows):
            learned, records = {"assistant_only_loss": True}, [as_messages(row) for row in rows]
            notes.append(
                "assistant_only_loss: TRL needs a chat template with {% generation %} around the answers, "
                "or one that it knows"
            )
        template = run.chat.template
        learned |= {"chat_template_path": template}
        if template is not None and not template.endswith((".jinja", ".j2")):
            notes.append("chat_template_path: TRL takes a file that ends in .jinja for a template")
    place, files = rows_file(run, records)
    return {"datasets": [{"path": "json", "data_files": place}], **learned}, files


def _asked_and_answered(row: Row) -> dict[str, Any]:
    """A chat as what comes before its last answer, and that answer: TRL then learns no other part of it."""
    *asked, answer = as_messages(row)["messages"]
    return {"prompt": asked, "completion": [answer]}


def axolotl_rows(run: Handover, notes: list[str]) -> tuple[dict[str, Any], list[Form]]:
    """Keys of Axolotl's schema, and the file of rows."""
    rows, kind = _rows(run, notes)
    place, files = rows_file(run, rows)
    data: dict[str, Any] = {"path": place, "ds_type": "json"}
    if run.chat is None:
        fields = {"field_instruction": "prompt", "field_output": "completion"}
        data["type"] = {**fields, "format": "{instruction}", "no_input_format": "{instruction}"}
        return {"datasets": [data], "train_on_inputs": run.learns_prompts}, files
    if run.chat.supervise == "last":
        notes.append("the run learned the last answer of each chat only, which Axolotl cannot be told")
    data |= {"type": "chat_template", "field_messages": kind, "roles_to_train": ["assistant"]}
    template = {"chat_template": "tokenizer_default"}
    if run.chat.template is not None:
        template = {"chat_template": "jinja", "chat_template_jinja": run.chat.template}
    return {"datasets": [data | {"train_on_eos": "turn"}], **template, "train_on_inputs": False}, files


def llamafactory_rows(run: Handover, notes: list[str]) -> tuple[dict[str, Any], list[Form]]:
    """Its keys for the data, and dataset_info.json with the file of rows, which lie in one folder."""
    rows, kind = _rows(run, notes)
    _, files = rows_file(run, rows)
    entry: dict[str, Any] = {"file_name": files[0].name if files else FILL_IN}
    keys: dict[str, Any] = {"dataset": kind, "dataset_dir": str(run.out)}
    if run.chat is None:
        notes.append("template empty: LLaMA-Factory puts no end token behind an answer; the run learned one")
        entry["columns"] = {"prompt": "prompt", "response": "completion"}
        keys |= {"template": "empty", "train_on_prompt": run.learns_prompts}
    else:
        entry |= {"formatting": "sharegpt", "columns": {"messages": kind}, "tags": _TAGS}
        keys["mask_history"] = run.chat.supervise == "last"
        if run.chat.template is not None:
            notes.append(f"LLaMA-Factory takes the tokenizer's own chat template, not {run.chat.template}")
    info = Form("dataset_info.json", json.dumps({kind: entry}, indent=2) + "\n")
    return keys, [info, *files]


def _rows(run: Handover, notes: list[str]) -> tuple[list[dict[str, Any]], str]:
    """The records of a run, and what is in them."""
    rows = training_rows(run, notes)
    if run.chat is None:
        return [as_text(row) for row in rows], "rows"
    return [as_messages(row) for row in rows], "messages"

"""The rows that a run learned from, as one file that every trainer reads: templates filled, splits cut."""

import json
from collections.abc import Sequence
from typing import Any

from src.data.rows import Row
from src.errors import DataError, UserError
from src.export.form import Form
from src.export.handover import Handover
from src.storage.files import read_json

ROWS = "train.jsonl"
FILL_IN = "FILL_IN"


def training_rows(run: Handover, notes: list[str]) -> list[Row]:
    """The training rows of the run, read again from where it had them.

    What was held out is not among them, so that the other tool does not learn what the scores are made of.
    Where they cannot be read any more there are none, and a note says why.
    """
    try:
        return _read(run)
    except UserError as error:
        notes.append(f"{FILL_IN}: the rows of this run cannot be read here: {error}")
        return []


def _read(run: Handover) -> list[Row]:
    from src.data.splits import load_splits  # torch comes with both
    from src.record.finished import finished_config

    config = finished_config(run.folder)
    splits = load_splits(config.data, len(config.probe.seeds))
    if splits.fingerprint != read_json(run.folder / "run.json")["data"]["fingerprint"]:
        raise DataError(f"{splits.source}: its rows have changed since the run")
    return splits.train


def as_text(row: Row) -> dict[str, Any]:
    """A row of fields as the text that the run's templates make of it."""
    return {"prompt": row.prompt, "completion": row.completion}


def as_messages(row: Row) -> dict[str, Any]:
    """A chat as its messages, whatever form its record had."""
    assert row.chat is not None
    return {"messages": list(row.chat.messages)}


def num_answers(row: Row) -> int:
    """How many messages of a chat are the assistant's."""
    return 0 if row.chat is None else sum(one["role"] == "assistant" for one in row.chat.messages)


def rows_file(run: Handover, records: Sequence[dict[str, Any]]) -> tuple[str, list[Form]]:
    """Where the tool finds the rows, and the file with them; without rows a place to fill in, and no file."""
    if not records:
        return FILL_IN, []
    text = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
    return str(run.out / ROWS), [Form(ROWS, text)]

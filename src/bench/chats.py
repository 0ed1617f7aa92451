"""Chats on their way to tokens."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from src.command.compose import chosen, run_config
from src.config.schema import DataConfig
from src.data.chat.render import rendered
from src.data.encode import encode_rows
from src.data.passages import training_passages
from src.data.rows import make_row
from src.model.load import load_model

ROWS = 10_000
MEANING = {
    "chat_rows_10000_s": "CPU seconds to read, render, mask and encode 10,000 chats for SmolLM2, 243 tokens "
    "each on average (at most 15)",
}


def bench() -> dict[str, float]:
    """Rows of messages about passages of English."""
    config = run_config("model=smollm2_135m")
    loaded = load_model(config.model, Path(config.paths.cache_dir), torch.device("cpu"))
    data, records = chosen("data", "chat", DataConfig, path="made up"), _records(training_passages())
    start = time.process_time()
    rows = [make_row(record, data, f"row {number}") for number, record in enumerate(records)]
    encode_rows(rendered(rows, loaded.tokenizer, data), loaded.tokenizer, data.max_length, "completion")
    return {"chat_rows_10000_s": time.process_time() - start}


def _records(passages: Sequence[str]) -> list[dict[str, Any]]:
    """Chats in which a passage is asked for and given, again and again."""
    found = []
    for number in range(ROWS):
        messages = []
        for turn in range(1 + number % 4):
            passage = passages[(number * 7 + turn) % len(passages)]
            messages.append({"role": "user", "content": f"What of {passage[:40]}?"})
            messages.append({"role": "assistant", "content": passage})
        found.append({"messages": messages})
    return found

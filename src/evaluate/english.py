"""How well a model still predicts general English: the task `english`, which needs no network."""

import hashlib
from pathlib import Path
from typing import Any

from src.config.rules import refuse
from src.data.passages import held_out_passages
from src.evaluate.local import Function, write_local

ENGLISH = "english"
METRIC = "nats_per_byte"


def write_english(num_passages: int, cache_dir: Path) -> Path:
    """Write the task `english`: the first passages that no training sees (`data.passages`).

    Its score is the mean over passages of minus the log-likelihood in nats over the bytes of the text. Bytes,
    because models with other tokenizers can then be compared; the mean over passages, because its standard
    error is that of a mean. The perplexity per byte is its exp. Lower is better.

    Raises:
        ConfigError: There are fewer passages.
        StorageError: The folder cannot be written.
    """
    passages = held_out_passages()
    if num_passages > len(passages):
        refuse("evaluate.num_passages", num_passages, f"at most {len(passages)}, which this Python ships")
    taken = sorted(passages[:num_passages], key=len)  # lm-eval pads a batch in the order it is given
    items = [{"id": _id(text), "text": text} for text in taken]
    settings = {
        "output_type": "loglikelihood_rolling",
        "doc_to_text": "",
        "doc_to_target": "text",
        "process_results": Function("src.evaluate.english.process_results"),
        "metric_list": [{"metric": METRIC, "aggregation": "mean", "higher_is_better": False}],
        "metadata": {"version": 1.0},
    }
    return write_local(ENGLISH, items, settings, cache_dir)


def process_results(doc: dict[str, Any], results: list[float]) -> dict[str, float]:
    """Nats per byte of one passage; lm-eval calls it by its name, once an item."""
    return {METRIC: -results[0] / len(doc["text"].encode())}


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

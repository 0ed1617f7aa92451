"""Every item that was scored, one plain record each, made from lm-eval's samples."""

from collections.abc import Mapping
from typing import Any

from src.evaluate.task_scores import number


def to_samples(samples: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Turn lm-eval's samples into records.

    Returns:
        Records with the keys
        `task`, `filter` (lm-eval's name of the way the answer is extracted),
        `id` (the row's id for `heldout`, else the number of the item in its task),
        `prompt`, `target` (both text),
        `response` (the generated text; the log-likelihood of each choice for other kinds of tasks),
        `answer` (what was extracted from the generated text; None where nothing was),
        `scores` (metric to number; None where a metric is not one number an item).
    """
    return [
        _record(task, sample)
        for task, items in samples.items()
        for sample in sorted(items, key=lambda item: item["doc_id"])
    ]


def _record(task: str, sample: dict[str, Any]) -> dict[str, Any]:
    """One item."""
    doc = sample["doc"]
    responses = [repeats[0] for repeats in sample["resps"]]
    is_text = isinstance(responses[0], str)
    return {
        "task": task,
        "filter": sample["filter"],
        "id": doc.get("id", sample["doc_id"]) if isinstance(doc, dict) else sample["doc_id"],
        "prompt": str(sample["arguments"][0][0]),
        "target": str(sample["target"]),
        "response": responses[0] if is_text else [_log_likelihood(response) for response in responses],
        "answer": _answer(sample["filtered_resps"][0]) if is_text else None,
        "scores": {metric: number(sample[metric]) for metric in sample["metrics"]},
    }


def _log_likelihood(response: Any) -> float | None:
    """The first part of (log-likelihood, is greedy), or the number itself."""
    return number(response[0] if isinstance(response, (tuple, list)) else response)


def _answer(filtered: Any) -> str | None:
    """An extracted answer; lm-eval's own patterns say [invalid] where they match nothing."""
    text = filtered[0] if isinstance(filtered, list) and filtered else filtered
    return None if text in ("", "[invalid]", []) else str(text)

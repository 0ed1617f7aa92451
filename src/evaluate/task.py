"""Rows of prompt and completion as a task of lm-eval.

Either an answer is generated, extracted and compared, or, without a pattern of the answer, the completion is
scored by how likely it is.
"""

from pathlib import Path
from typing import Any

from src.config.evaluate import HELDOUT
from src.config.schema import DataConfig
from src.data.rows import Row
from src.errors import DataError
from src.evaluate.answer import METRIC, NO_ANSWER, last_answer
from src.evaluate.english import METRIC as NATS_PER_BYTE
from src.evaluate.local import Function, write_local


def write_task(rows: list[Row], config: DataConfig, cache_dir: Path, name: str = HELDOUT) -> Path:
    """Write some test rows as a task: the run's own as `heldout`, those of an ability under its name.

    Returns:
        The folder, for `TaskManager(include_path=...)`.

    Raises:
        DataError: The completion of a row holds no answer.
        StorageError: The folder cannot be written.
    """
    pattern = config.answer_pattern
    if pattern is None:
        items = [{"id": row.id, "prompt": row.prompt, "text": row.completion} for row in rows]
        return write_local(name, items, _LIKELIHOOD, cache_dir)
    items = [{"id": row.id, "prompt": row.prompt, "target": _target(row, pattern)} for row in rows]
    return write_local(name, items, _generation(config), cache_dir)


_LIKELIHOOD = {
    "output_type": "loglikelihood",
    "doc_to_text": "prompt",
    "doc_to_target": "text",
    "process_results": Function("src.evaluate.task.process_likelihood"),
    "metric_list": [{"metric": NATS_PER_BYTE, "aggregation": "mean", "higher_is_better": False}],
    "metadata": {"version": 1.0},
}


def process_likelihood(doc: dict[str, Any], results: list[tuple[float, bool]]) -> dict[str, float]:
    """Minus the log-likelihood of a completion in nats over its bytes; lm-eval calls it once an item."""
    return {NATS_PER_BYTE: -results[0][0] / len(doc["text"].encode())}


def _generation(config: DataConfig) -> dict[str, Any]:
    """The task without its name. The filter is called none, as lm-eval calls the one of a plain task."""
    last_match = {
        "function": "regex",
        "regex_pattern": config.answer_pattern,
        "group_select": -1,
        "fallback": NO_ANSWER,
    }
    return {
        "output_type": "generate_until",
        "doc_to_text": "prompt",
        "doc_to_target": "target",
        "generation_kwargs": {
            "until": list(config.stop),
            "max_gen_toks": config.max_new_tokens,
            "do_sample": False,
        },
        "filter_list": [{"name": "none", "filter": [last_match, {"function": "take_first"}]}],
        "process_results": Function("src.evaluate.answer.process_results"),
        "metric_list": [{"metric": METRIC, "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1.0},
    }


def _target(row: Row, pattern: str) -> str:
    """The right answer of a row."""
    answer = last_answer(pattern, row.completion)
    if answer is None:
        end = " ".join(row.completion.split())[-60:]
        raise DataError(
            f"test row {row.id}: data.answer_pattern={pattern!r} finds no answer in its completion "
            f"(...{end!r}); accepted: a pattern that matches every completion, such as '(.+)'"
        )
    return answer

"""What a model has no room for is said before it answers anything, in one line instead of an assertion."""

import logging
from typing import Any

from src.config.schema import DataConfig
from src.data.rows import Row
from src.errors import ConfigError, DataError

_LOG = logging.getLogger(__name__)


def check_lengths(task: str, rows: list[Row], lm: Any, settings: DataConfig) -> None:
    """Refuse a generation that no prompt leaves room for; say how many prompts are too long.

    Args:
        task: whose rows they are.
        rows: those that will be scored.
        lm: the model as lm-eval sees it.
        settings: how their answers are generated.

    Raises:
        ConfigError: data.max_new_tokens is all that the model holds, or more.
    """
    room = lm.max_length - settings.max_new_tokens
    if room < 1:
        raise ConfigError(
            f"data.max_new_tokens: given {settings.max_new_tokens}; accepted: "
            f"less than the {lm.max_length} tokens that the model holds"
        )
    num_long = sum(len(lm.tok_encode(row.prompt)) > room for row in rows)
    if num_long:
        _LOG.warning(
            "%s: %d of %d prompts are longer than %d tokens and lose their beginning",
            *(task, num_long, len(rows), room),
        )


def check_new(task: str | None, num_new: int, room: int) -> None:
    """ConfigError where a task asks for more new tokens than a model holds beside one of the prompt."""
    if num_new >= room:
        raise ConfigError(
            f"evaluate.tasks: {task} generates up to {num_new} tokens; "
            f"accepted: tasks of less than the {room} tokens that the model holds"
        )


def check_continuation(task: str | None, continuation: list[int], room: int) -> None:
    """Refuse a continuation that cannot be scored whole.

    Raises:
        ConfigError: it is longer than what the model holds.
        DataError: it has no token.
    """
    if len(continuation) > room:
        raise ConfigError(
            f"evaluate.tasks: {task} has a continuation of {len(continuation)} tokens; "
            f"accepted: at most the {room} that the model holds"
        )
    if not continuation:
        raise DataError(f"evaluate.tasks: {task} has a continuation without a token, which has no score")

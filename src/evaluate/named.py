"""Tasks by name: `heldout`, abilities and `english` are our own, all others are of lm-eval's list."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from src.config.evaluate import HELDOUT, VALIDATION
from src.config.schema import DataConfig, EvaluateConfig
from src.data.chat.render import rendered
from src.data.hub import first_line, is_unreachable
from src.data.rows import Row
from src.data.splits import load_splits
from src.errors import ConfigError, DataError
from src.evaluate.english import ENGLISH, write_english
from src.evaluate.task import write_task

FEWSHOT_SEED = 1234  # the seed that lm-eval itself uses: which examples are shown is part of a task


RowSets = dict[str, tuple[list[Row], DataConfig]]
"""Test rows by the name of their task, and how their answers are generated and extracted."""


def row_sets(
    rows: list[Row],
    data: DataConfig,
    config: EvaluateConfig,
    tokenizer: PreTrainedTokenizerBase,
    validation: Sequence[Row] = (),
) -> RowSets:
    """The run's own test rows as `heldout`, those for choices as `validation`, and those of every ability
    that `config.tasks` names.

    The run's own are text already; a chat of an ability becomes the text that the tokenizer's model reads.

    Raises:
        DataError: The rows of an ability cannot be had.
    """
    asked = {name: own for name, own in config.retention_tasks.items() if name in config.tasks}
    others = {name: (rendered(load_splits(own).test, tokenizer, own), own) for name, own in asked.items()}
    own = {HELDOUT: (rows, data), VALIDATION: (list(validation), data)}
    return {name: found for name, found in own.items() if name in config.tasks} | others


def load_tasks(sets: RowSets, config: EvaluateConfig, cache_dir: Path) -> dict[str, Any]:
    """Load the tasks of a config as lm-eval's `evaluate` takes them.

    lm-eval's own list is read only where it is needed: that takes many seconds.

    Raises:
        ConfigError: A task that lm-eval does not know, or that needs a package which is not installed.
        DataError: The data of a task cannot be fetched, or a test row has no answer.
    """
    from lm_eval.tasks import TaskManager

    names = list(dict.fromkeys(config.tasks))
    folders = {name: write_task(rows, data, cache_dir, name) for name, (rows, data) in sets.items()}
    if ENGLISH in names:
        folders[ENGLISH] = write_english(config.num_passages, cache_dir)
    foreign = [name for name in names if name not in folders]
    manager = TaskManager(
        include_path=[str(folder) for folder in folders.values()], include_defaults=bool(foreign)
    )
    for name in foreign:
        if name not in manager.all_tasks:
            near = get_close_matches(name, manager.all_tasks, n=3) or [HELDOUT]
            ours = ", ".join((HELDOUT, VALIDATION, ENGLISH, *config.retention_tasks))
            raise ConfigError(
                f"evaluate.tasks: given {name!r}; "
                f"accepted: {ours} or a task of lm-eval, such as {', '.join(near)}"
            )
    tasks = _load(manager, names, foreign)
    for task in tasks["tasks"].values():
        _set_fewshot(task, config.num_fewshot)
    return tasks


def _load(manager: Any, names: list[str], foreign: list[str]) -> dict[str, Any]:
    """Load tasks and their data; what can go wrong is said in one line."""
    others = ", ".join(foreign)
    try:
        return manager.load(names)
    except ImportError as error:
        raise ConfigError(f"evaluate.tasks: {others} needs a package ({first_line(error)})") from error
    except Exception as error:
        if not is_unreachable(error):
            raise
        raise DataError(
            f"evaluate.tasks: the data of {others} cannot be reached and is not cached "
            f"({first_line(error)}); without a network: evaluate.tasks=[{HELDOUT}]"
        ) from error


def _set_fewshot(task: Any, num_fewshot: int | None) -> None:
    """The number of examples asked for; a task that fixes it at 0 keeps that, as lm-eval has it."""
    own = task.get_config("num_fewshot")
    if own != 0 and num_fewshot is not None:
        task.set_config(key="num_fewshot", value=num_fewshot)
    elif own is None:
        task.set_config(key="num_fewshot", value=0)
    task.set_fewshot_seed(seed=FEWSHOT_SEED)

"""Scores of a model in memory, without a trace in the training that may be going on around it."""

import copy
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from src.config.schema import DataConfig, EvaluateConfig
from src.data.chat.template import ChatTemplate
from src.data.rows import Row
from src.errors import ModelError
from src.evaluate.english import ENGLISH
from src.evaluate.generation import neutral_generation
from src.evaluate.named import RowSets
from src.evaluate.room import check_lengths
from src.evaluate.samples import to_samples
from src.evaluate.task_scores import Score, to_scores
from src.runtime import seeding
from src.runtime.spread import Spread

BOOTSTRAP_ITERATIONS = 1000  # for the few metrics without a closed form of their standard error


@dataclass(frozen=True)
class Evaluation:
    """Scores, and every item behind them (see `samples.to_samples`)."""

    scores: list[Score]
    samples: list[dict[str, Any]]
    settings: dict[str, Any] = field(default_factory=dict)
    """What the numbers rest on beside the configuration, for the record; see `_settings`."""


def evaluate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: list[Row],
    data: DataConfig,
    config: EvaluateConfig,
    cache_dir: Path,
    seed: int,
    spread: Spread | None = None,
    validation: Sequence[Row] = (),
) -> Evaluation:
    """Score a model on the tasks of `config`; a chat template only where they ask for one.

    Global random states, the training flag of every submodule and the tokenizer are left as they were.

    Args:
        model: A causal language model that can generate, adapted or not.
        tokenizer: Its tokenizer.
        rows: The test rows as text, in their order; `heldout` scores the first `config.limit` of them.
        data: How `heldout` generates and extracts answers.
        config: Tasks, limit, batch size.
        cache_dir: The folder for the files of our own tasks.
        seed: The run's seed; evaluation draws from a stream of its own.
        spread: Who goes over the batches, where others share them.
        validation: Rows that `validation` scores.

    Raises:
        ConfigError: An unknown task, or more new tokens or a longer continuation than the model can hold.
        DataError: The data of a task cannot be fetched, or a test row has no answer.
        ModelError: The model cannot generate, or has no place for a token id.
    """
    if not config.tasks:
        return Evaluation([], [])
    if not model.can_generate():
        raise ModelError(f"{type(model).__name__}: cannot generate text; accepted with it: evaluate=none")
    with (
        seeding.isolated(seed, "evaluate"),
        _eval_mode(model),
        _quiet(),
        neutral_generation(model) as left_out,
    ):
        from src.evaluate.language_model import LanguageModel
        from src.evaluate.named import row_sets

        # A copy: lm-eval sets the padding token and side of the tokenizer that it is given.
        lm = LanguageModel(
            config.engine,
            spread,
            pretrained=model,
            tokenizer=copy.deepcopy(tokenizer),
            batch_size=config.batch_size,
        )
        sets = row_sets(rows, data, config, tokenizer, validation)
        for name, (own, settings) in sets.items():
            _prepare(name, own[: config.limit], lm, settings)
        found = list(_results(lm, sets, data, config, cache_dir))
    scores = [score for results in found for score in to_scores(results, config.batch_size)]
    samples = [sample for results in found for sample in to_samples(results["samples"])]
    return Evaluation(scores, samples, _settings(lm, left_out))


def _results(
    lm: Any, sets: RowSets, data: DataConfig, config: EvaluateConfig, cache_dir: Path
) -> Iterator[dict[str, Any]]:
    """What lm-eval finds: of all tasks at once, or of its own apart from ours where only they are a chat."""
    from lm_eval import evaluate as run_tasks

    from src.evaluate.named import load_tasks

    foreign = [name for name in config.tasks if name not in sets and name != ENGLISH]
    parts: list[tuple[list[str], ChatTemplate | None]] = [(config.tasks, None)]
    if config.chat_template and foreign:
        template = ChatTemplate(lm.tokenizer, data.chat_template)
        lm.ends += template.ends
        ours = [name for name in config.tasks if name not in foreign]
        parts = [(ours, None), (foreign, template)]
    loaded = [
        (load_tasks(sets, replace(config, tasks=names), cache_dir), chat) for names, chat in parts if names
    ]
    for tasks, chat in loaded:
        lm.chat = chat
        settings = {"limit": config.limit, "bootstrap_iters": BOOTSTRAP_ITERATIONS}
        yield run_tasks(lm, tasks, apply_chat_template=chat is not None, **settings)


def _settings(lm: Any, left_out: dict[str, Any]) -> dict[str, Any]:
    """How texts were framed and batched, and what the model's own generation config asked for in vain."""
    return {
        "special_tokens": {"front": lm.framing.front, "behind": lm.framing.behind},
        "batches": {"generated": lm.passes.generated, "scored": lm.passes.scored},
        "engine": lm.passes.engine,
        "generation": {"do_sample": False, "num_beams": 1, "left_out": left_out},
    } | ({"ends": lm.ends} if lm.ends else {})


def _prepare(task: str, rows: list[Row], lm: Any, data: DataConfig) -> None:
    """How one of our tasks is asked, and whether there is room for an answer to its prompts."""
    if data.answer_pattern is None:
        lm.apart.add(task)
        return
    if data.form == "chat":
        lm.ends += ChatTemplate(lm.tokenizer, data.chat_template).ends
    check_lengths(task, rows, lm, data)


@contextmanager
def _eval_mode(model: nn.Module) -> Iterator[None]:
    """Put a model in eval mode and give every submodule its own flag back."""
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in flags:
            module.training = training


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep lm-eval's log to errors, its bootstrap in this process, and its bar for building prompts off."""
    from lm_eval.api import task

    logger, bar = logging.getLogger("lm_eval"), task.tqdm
    level, processes = logger.level, os.environ.get("DISABLE_MULTIPROC")
    logger.setLevel(logging.ERROR)
    os.environ["DISABLE_MULTIPROC"] = "1"
    task.tqdm = lambda items, **_: items
    try:
        yield
    finally:
        logger.setLevel(level)
        task.tqdm = bar
        os.environ.pop("DISABLE_MULTIPROC")
        if processes is not None:
            os.environ["DISABLE_MULTIPROC"] = processes

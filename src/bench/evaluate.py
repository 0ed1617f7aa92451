"""Evaluation: positions computed over those that were needed, and items a second over lm-eval's own model."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from transformers import PreTrainedModel

from src.bench.measure import Figures, seconds
from src.bench.probe import bench_splits
from src.bench.steps import adapted_model
from src.command.compose import run_config
from src.data.splits import load_splits
from src.evaluate.engine.catalog import engine_for
from src.evaluate.engine.decoding import Answers
from src.evaluate.generation import neutral_generation
from src.evaluate.language_model import LanguageModel
from src.model.trunk import base_of
from src.runtime.spread import Batch, Found, Task

NUM_SUMS, NUM_PROBLEMS = 200, 48
BATCH, BATCHES = 25, (16, 48, 100)
"""Our batch size (that of evaluate=default), and those that lm-eval's best is taken of."""
MEANING = {
    "evaluate_positions_over_needed": "decoded positions computed / those that the answers to word problems "
    "needed, at most 128 each (at most 1.1)",
    "evaluate_plain_positions_over_needed": "the same with evaluate.engine=plain",
    "evaluate_items_over_lm_eval_sums": "items a second on sums / those of lm-eval's own HFLM at its best "
    "batch (at least 1.5)",
    "evaluate_items_over_lm_eval_gsm8k": "the same on word problems, 128 new tokens (at least 1.5)",
}


def bench() -> Figures:
    """SmolLM2 with adapters; 200 sums of at most 8 new tokens, 48 word problems of at most 128."""
    adapted = adapted_model("lora")
    model, tokenizer = adapted.model.eval(), adapted.loaded.tokenizer
    sums = run_config(f"data.num_test={NUM_SUMS}").data
    problems = run_config("data=gsm8k").data.stop
    asked = {
        "sums": _instances([row.prompt for row in load_splits(sums).test], sums.max_new_tokens, sums.stop),
        "gsm8k": _instances([row.prompt for row in bench_splits(NUM_PROBLEMS, 128).probe], 128, problems),
    }
    with neutral_generation(cast(PreTrainedModel, model)):
        for name, requests in asked.items():
            theirs = min(seconds(partial(_theirs, model, tokenizer, requests, size)) for size in BATCHES)
            counted = _Counted(model, tokenizer)
            ours = seconds(partial(_ours, counted, requests))
            yield f"evaluate_items_over_lm_eval_{name}", theirs / ours
        needed = sum(len(row) for batch in counted.found for row in batch.tokens)
        waited = sum(max(map(len, batch.tokens)) * len(batch.tokens) for batch in counted.found)
        yield "evaluate_positions_over_needed", sum(one.num_computed for one in counted.found) / needed
        yield "evaluate_plain_positions_over_needed", waited / needed


@dataclass(frozen=True)
class _Counted:
    """A `Spread` over one process that keeps what an engine tells of each batch."""

    model: Any
    tokenizer: Any
    found: list[Answers] = field(default_factory=list)
    count: int = 1

    def __call__(self, task: Task[Batch, Found], batches: Sequence[Any], shared: Any, name: str) -> list[Any]:
        engine = engine_for(*shared)
        self.found.extend(engine(self.model, self.tokenizer, batch, shared[1]) for batch in batches)
        return [one.tokens for one in self.found]


def _instances(texts: list[str], num_new: int, stops: list[str]) -> list[Instance]:
    settings = {"until": list(stops), "max_gen_toks": num_new, "do_sample": False}
    return [
        Instance("generate_until", {}, (text, settings), place, ("bench", place, 1))
        for place, text in enumerate(texts)
    ]


def _ours(counted: _Counted, requests: list[Instance]) -> None:
    options = {"pretrained": counted.model, "tokenizer": copy.deepcopy(counted.tokenizer)}
    LanguageModel("auto", counted, batch_size=BATCH, **options).generate_until(requests)


def _theirs(model: Any, tokenizer: Any, requests: list[Instance], batch_size: int) -> None:
    """What `lm_eval --model hf` does once the model is loaded."""
    with _as_it_comes(model):
        plain = HFLM(pretrained=model, tokenizer=copy.deepcopy(tokenizer), batch_size=batch_size)
        plain.generate_until(requests, disable_tqdm=True)


@contextmanager
def _as_it_comes(model: Any) -> Iterator[None]:
    """Inside, the output head reads slices, as that of any model from a folder does (`model.head_input`)."""
    hooks = base_of(model).get_output_embeddings()._forward_pre_hooks
    ours = dict(hooks)
    hooks.clear()
    try:
        yield
    finally:
        hooks.update(ours)

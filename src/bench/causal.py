"""The causal profile: what its variants cost in bare passes of the trunk over the same rows."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from src.bench.measure import Figures, seconds
from src.bench.steps import adapted_model
from src.command.compose import run_config
from src.data.splits import load_splits
from src.intervene.causal.profile import NUM_SEGMENTS
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.items import Items
from src.intervene.engine.make_items import task_items
from src.intervene.engine.path import path_gradients
from src.intervene.engine.replay import Replay
from src.intervene.engine.variants import score_patterns
from src.intervene.pair import replay_of
from src.intervene.players import block_players, coalitions, segment_players, singles
from src.model.trunk import trunk_of
from src.probe.states.probe_pass import evaluating

NUM_ROWS, BATCH = 200, 25
BACKWARD = 1
"""Passes that one backward pass counts as: no weight asks for a gradient, only what passes through."""
MEANING = {
    "causal_singles_passes": "every block alone tuned and alone not, on SmolLM2 and sums: blocks run "
    "over those of a bare pass of the trunk (at most 36; by prefix reuse 31 and both ends, without 60)",
    "causal_singles_time": "the same in seconds: the head of 62 variants is in it, the bare pass has none",
    "causal_factorial_passes": "all 32 sets of five segments, likewise (at most 15; 12.4 and the tuned)",
    "causal_factorial_time": "the same in seconds",
    "causal_path_passes": "ten points of the path, forward and backward, likewise (at most 30)",
    "causal_path_time": "the same in seconds",
}


def bench() -> Figures:
    """LoRA on the whole stack, moved at random."""
    adapted = adapted_model("lora")
    with torch.no_grad():
        for value in adapted.trainable.values():
            value.add_(0.01)
    loaded, data = adapted.loaded, run_config("data=sums", f"data.num_test={NUM_ROWS}").data
    replay = replay_of(adapted.model, loaded.blocks, {}, AdapterGates(adapted.model, loaded.blocks))
    items = task_items(load_splits(data).test, loaded.tokenizer, data.max_length, BATCH, masked=False)
    gates = replay.gates
    single = [one for both in singles(gates, block_players(gates)) for one in both]
    sets = coalitions(gates, segment_players(gates, NUM_SEGMENTS))
    work: dict[str, Callable[[Path], object]] = {
        "singles": lambda folder: score_patterns(replay, items, single, folder, "bench"),
        "factorial": lambda folder: score_patterns(replay, items, sets, folder, "bench"),
        "path": lambda folder: path_gradients(replay, items, folder, "bench"),
    }
    _bare(replay, items)  # warm
    for name, do in work.items():
        passes, time = measured(replay, items, do)
        yield f"causal_{name}_passes", passes * (1 + BACKWARD if name == "path" else 1)
        yield f"causal_{name}_time", time


def measured(replay: Replay, items: Items, do: Callable[[Path], object]) -> tuple[float, float]:
    """Forward passes of the trunk, counted block by block, and seconds over those of a bare pass.

    Bare passes are timed before and after, so that a machine that slows down counts for both.
    """
    before = seconds(lambda: _bare(replay, items))
    with tempfile.TemporaryDirectory() as folder, _counted(replay.blocks) as calls:
        taken = seconds(lambda: do(Path(folder)))
    after = seconds(lambda: _bare(replay, items))
    return len(calls) / len(replay.blocks) / len(items.batches), 2 * taken / (before + after)


@contextmanager
def _counted(blocks: Sequence[nn.Module]) -> Iterator[list[None]]:
    """Inside, the list it gives grows by one whenever a block computes, not where another takes its place."""
    calls: list[None] = []

    def counting(forward: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            calls.append(None)
            return forward(*args, **kwargs)

        return run

    for block in blocks:
        block.forward = counting(block.forward)
    try:
        yield calls
    finally:
        for block in blocks:
            del block.forward


@torch.no_grad()
def _bare(replay: Replay, items: Items) -> None:
    trunk = trunk_of(replay.base)
    with evaluating(replay.base):
        for batch in items.batches:
            trunk(**batch.inputs, use_cache=False)

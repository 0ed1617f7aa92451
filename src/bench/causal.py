"""The causal profile: what its variants cost in bare passes of the trunk over the same rows."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from src.bench.measure import Figures, seconds
from src.bench.steps import adapted_model
from src.command.compose import run_config
from src.data.splits import load_splits
from src.intervene.causal.profile import NUM_SEGMENTS
from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.items import Items, task_items
from src.intervene.engine.path import path_gradients
from src.intervene.engine.replay import Replay
from src.intervene.engine.variants import score_patterns
from src.intervene.pair import replay_of
from src.intervene.players import block_players, coalitions, segment_players, singles
from src.model.trunk import trunk_of
from src.probe.states.probe_pass import evaluating

NUM_ROWS, BATCH = 200, 25
MEANING = {
    "causal_singles_passes": "every block alone tuned and alone not, on SmolLM2 and sums / a bare pass of "
    "the trunk over the same rows (at most 36; by prefix reuse 31, without 60)",
    "causal_factorial_passes": "all 32 sets of five segments / a bare pass (at most 15; 12.4, without 32)",
    "causal_path_passes": "gradients at ten points of the path / a bare pass (at most 30)",
}


def bench() -> Figures:
    """LoRA on the whole stack, moved at random; the time of the head is in all of them."""
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
        "causal_singles_passes": lambda folder: score_patterns(replay, items, single, folder, "bench"),
        "causal_factorial_passes": lambda folder: score_patterns(replay, items, sets, folder, "bench"),
        "causal_path_passes": lambda folder: path_gradients(replay, items, folder, "bench"),
    }
    _bare(replay, items)  # warm
    for name, do in work.items():
        yield name, _ratio(replay, items, do)


def _ratio(replay: Replay, items: Items, do: Callable[[Path], object]) -> float:
    """Bare passes before and after, so that a machine that slows down counts for both."""
    before = seconds(lambda: _bare(replay, items))
    with tempfile.TemporaryDirectory() as folder:
        taken = seconds(lambda: do(Path(folder)))
    return 2 * taken / (before + seconds(lambda: _bare(replay, items)))


@torch.no_grad()
def _bare(replay: Replay, items: Items) -> None:
    trunk = trunk_of(replay.base)
    with evaluating(replay.base):
        for batch in items.batches:
            trunk(**batch.inputs, use_cache=False)

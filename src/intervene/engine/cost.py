"""What variants will take, before they are run."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from src.intervene.engine.gates import Pattern
from src.intervene.engine.items import ItemBatch, Items
from src.intervene.engine.path import gate_slopes, rows_are_apart
from src.intervene.engine.replay import Replay
from src.intervene.engine.scoring import end_of
from src.intervene.engine.variants import run, said, through
from src.intervene.engine.walk import num_steps

TIMED_TOKENS = 256
"""Of the batch that is run for the time: fewer use a processor worse, more make a dry run slow."""


@dataclass(frozen=True)
class Pace:
    """Seconds of the three things that asking a model consists of."""

    trunk: float
    """A token through all blocks."""
    reading: float
    """A position through the head, and all that is kept of it."""
    gradient: float
    """A token forward and back, for the slopes of all gates; 0 where none was asked for."""

    def seconds(self, items: Items, passes: float, num_read: int, num_gradients: int = 0) -> float:
        """Of some passes of the trunk, of as many readings as variants, and of passes forward and back."""
        by_token = passes * self.trunk + num_gradients * self.gradient
        return items.num_tokens * by_token + int(items.num_positions.sum()) * num_read * self.reading


def num_passes(patterns: Sequence[Pattern], num_blocks: int) -> float:
    """Passes of the trunk over the items: what the walk runs, and the tuned model, which goes first."""
    return sum(num_steps(patterns)[1:-1]) / num_blocks + 1 if patterns else 0.0


def num_readings(patterns: Sequence[Pattern]) -> int:
    """How often the head reads the items: a variant each, and the tuned model, which goes first."""
    return len(patterns) + 1 if patterns else 0


def pace(replay: Replay, items: Items, gradients: bool = False) -> Pace:
    """By some rows of the first batch, each run twice, as the first time is slower."""
    batch = _some_rows(items.batches[0])
    tokens, positions = batch.inputs["input_ids"].numel(), len(batch.targets)
    *below, (_, head) = enumerate(replay.gates.tuned)
    with replay.running():
        trunk = _seconds(lambda: through(replay, batch, below))
        states = through(replay, batch, below).states[batch.chosen.to(next(replay.base.parameters()).device)]

        def read() -> None:
            logits = replay.head(states[None], head)[0].float().log_softmax(dim=-1)
            end = end_of(logits)
            said(logits, batch, items.score, {"base": end, "tuned": end})

        reading = _seconds(read)
    back = 0.0
    if gradients and replay.gates.moved:
        moved = replay.gates.moved
        small = [batch] if rows_are_apart(replay, batch, moved) else batch.single_rows()
        with replay.running(gradients=True):
            back = _seconds(lambda: [gate_slopes(replay, one, moved, [0.5]) for one in small])
    return Pace(trunk / tokens, reading / positions, back / tokens)


def minutes(replay: Replay, scores: Sequence[Items], patterns: Sequence[Pattern], num_blocks: int) -> float:
    """Of some variants, each scored on all of `scores`."""
    passes, read = num_passes(patterns, num_blocks), num_readings(patterns)
    return sum(pace(replay, items).seconds(items, passes, read) for items in scores) / 60


def seconds_a_token(replay: Replay, batch: ItemBatch) -> float:
    """Of one whole pass with its head, by some rows of a batch."""
    batch = _some_rows(batch)
    with replay.running():
        return _seconds(lambda: run(replay, batch, replay.gates.tuned)) / batch.inputs["input_ids"].numel()


def _some_rows(batch: ItemBatch) -> ItemBatch:
    return batch.part(slice(max(1, TIMED_TOKENS // batch.inputs["input_ids"].shape[1])))


def _seconds(what: Callable[[], object]) -> float:
    what()
    _wait()
    start = time.perf_counter()
    what()
    _wait()
    return time.perf_counter() - start


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()

"""Which rows form which batch, and how they become tensors."""

import math
from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor

from src.config.schema import TrainConfig
from src.data.encode import IGNORED, EncodedRow
from src.runtime import seeding

WINDOW = 50
"""Steps whose rows are put together by their length."""


def collate(rows: Sequence[EncodedRow], pad_id: int) -> dict[str, Tensor]:
    """Pad rows at the right to the longest of them.

    Returns:
        `input_ids` and `attention_mask` (1 on tokens, 0 on pads) and, where the rows have labels, `labels`
        (IGNORED on pads); long tensors of shape [sequence, token].
    """
    length = max(len(row.input_ids) for row in rows)
    gaps = [length - len(row.input_ids) for row in rows]
    batch = {
        "input_ids": torch.tensor(
            [row.input_ids + [pad_id] * gap for row, gap in zip(rows, gaps, strict=True)]
        ),
        "attention_mask": torch.tensor([[1] * (length - gap) + [0] * gap for gap in gaps]),
    }
    labels = [row.labels for row in rows if row.labels is not None]
    if len(labels) == len(rows):
        padded = [own + [IGNORED] * gap for own, gap in zip(labels, gaps, strict=True)]
        batch["labels"] = torch.tensor(padded)
    return batch


def packed(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The rows of a batch one behind the other in one row, without what was padded.

    Args:
        batch: as `collate` makes it, with labels.

    Returns:
        `input_ids`, `labels` and `position_ids` [1, token]; positions begin anew with every row, whose first
        token is none that the one before could foretell.
    """
    tokens = batch["attention_mask"].bool()
    positions = torch.arange(tokens.shape[1]).expand(tokens.shape)[tokens]
    labels = batch["labels"][tokens].masked_fill(positions == 0, IGNORED)
    found = {"input_ids": batch["input_ids"][tokens], "labels": labels, "position_ids": positions}
    return {key: value.unsqueeze(0) for key, value in found.items()}


def step_rows(step: int, num_rows: int, batch_size: int, accumulation: int, seed: int) -> list[list[int]]:
    """The micro-batches of one optimizer step, as row indices.

    The order is an endless row of epochs, each a permutation of all rows, cut into consecutive batches; a
    batch may hold the end of one epoch and the start of the next. Nothing is replayed to reach a step, so a
    resumed run reads what it would have read.

    Args:
        step: Optimizer step, from 0.
        num_rows: Training rows.
        batch_size: Sequences in one micro-batch.
        accumulation: Micro-batches in one step.
        seed: The run's seed.
    """
    per_step = batch_size * accumulation
    positions = range(step * per_step, (step + 1) * per_step)
    epochs = range(positions[0] // num_rows, positions[-1] // num_rows + 1)
    orders = {epoch: seeding.permutation(num_rows, seed, "order", epoch) for epoch in epochs}
    indices = [orders[position // num_rows][position % num_rows] for position in positions]
    return [indices[start : start + batch_size] for start in range(0, per_step, batch_size)]


def like_length_rows(
    step: int, lengths: Sequence[int], batch_size: int, accumulation: int, seed: int, num_steps: int
) -> list[list[int]]:
    """As `step_rows`, the rows of each 50 steps put into batches by their length; batches come by lot.

    A step's place in its 50 is all that matters, so nothing is replayed here either.

    Args:
        step: Optimizer step, from 0.
        lengths: of every training row. [tokens]
        batch_size: Sequences in one micro-batch.
        accumulation: Micro-batches in one step.
        seed: The run's seed.
        num_steps: of the run, whose last steps may be fewer than 50.
    """
    first = step - step % WINDOW
    steps = range(first, min(first + WINDOW, num_steps))
    plain = [step_rows(one, len(lengths), batch_size, accumulation, seed) for one in steps]
    rows = sorted(
        (row for batches in plain for batch in batches for row in batch), key=lambda row: lengths[row]
    )
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    order = seeding.permutation(len(batches), seed, "batches", first)
    begin = (step - first) * accumulation
    return [batches[place] for place in order[begin : begin + accumulation]]


def num_steps(config: TrainConfig, num_rows: int) -> int:
    """Optimizer steps of a run: `max_steps`, or as many as `epochs` takes, rounded up."""
    if config.max_steps is not None:
        return config.max_steps
    # As the decimal that was written: the float 0.1 is a little more and could round up to a step too many.
    epochs = Fraction(str(config.epochs))
    return math.ceil(epochs * num_rows / (config.batch_size * config.gradient_accumulation_steps))


def by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Row indices with the longest rows first, `batch_size` at a time; the last batch may be smaller.

    Rows of one length hardly pad each other, and what does not fit into memory says so at once.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]

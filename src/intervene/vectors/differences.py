"""What tuning changes in the states of every block, on rows that are not scored."""

from dataclasses import dataclass

import torch
from torch import Tensor

from src.intervene.engine.gates import TUNED
from src.intervene.engine.items import Items
from src.intervene.engine.replay import Replay
from src.intervene.engine.scoring import accuracy
from src.intervene.vectors.pushes import ends_of, logits


@dataclass(frozen=True)
class Differences:
    """Tuned minus base at the output of every block, at the chosen places of the fitted rows."""

    values: Tensor
    """[block, place, width], float32 on the CPU."""
    rows: Tensor
    """[place], the row of each."""
    right: Tensor
    """[row] bool, whether the tuned model would write the gold completion."""

    def mean(self, rows: Tensor | None = None) -> Tensor:
        """[block, width] over places, or over those of some rows [row] bool; NaN without any."""
        there = slice(None) if rows is None else rows[self.rows]
        return self.values[:, there].double().mean(dim=1)


def differences(replay: Replay, items: Items, positions: str, last_only: bool = False) -> Differences:
    """Run both models over the rows of a fit.

    Args:
        replay: the model under its gates.
        items: rows that are not scored.
        positions: as `pushes.places`.
        last_only: of these only the first place of each row: with `completion`, where the prompt ends.
    """
    values, rows, right, start = [], [], [], 0
    with replay.running():
        for batch in items.batches:
            ends = ends_of(replay, batch, positions)
            where = ends.where
            if last_only:
                where = where & (where.cumsum(dim=1) == 1)
            pairs = zip(ends.base[1:], ends.tuned[1:], strict=True)
            moved = [(tuned.states - base.states)[where.to(base.states.device)] for base, tuned in pairs]
            values.append(torch.stack(moved).float().cpu())
            rows.append(where.nonzero()[:, 0] + start)
            said = logits(replay, batch, ends.tuned[-1], TUNED).log_softmax(dim=-1)
            right.append(accuracy(said, batch).cpu() == 1)
            start += len(batch.numbers)
    return Differences(torch.cat(values, dim=1), torch.cat(rows), torch.cat(right))

"""The rows of a step that are trained on, chosen by the norm of their gradient."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from src.config.data import DataConfig
from src.config.rules import refuse
from src.config.selection import SELECTIONS
from src.config.train import TrainConfig
from src.data.batches import by_length, step_rows
from src.data.encode import EncodedRow, num_supervised
from src.data.selection import Floats, Places, by_norm, matched, near_mean
from src.errors import TrainingError
from src.objective.causal_lm import row_losses
from src.objective.objective import Draw, Objective
from src.probe.gradients.row_norms import row_norms
from src.probe.states.probe_pass import evaluating
from src.runtime.seeding import permutation

COMPARED = tuple(kind for kind in SELECTIONS if kind not in ("none", "clip"))
Chosen = tuple[list[list[int]], list[float], dict[str, float]]
"""Micro-batches of row indices, what the loss of each is multiplied with, and what to log."""


class Selection:
    """Draws candidates for a step, looks at them once with the weights of the step, and keeps a share."""

    def __init__(
        self,
        config: DataConfig,
        train: TrainConfig,
        rows: Sequence[EncodedRow],
        objective: Objective,
        blocks: Sequence[str],
        seed: int,
    ) -> None:
        self.config, self.rows, self.objective = config, rows, objective
        self.blocks, self.seed, self.batch_size = blocks, seed, train.batch_size
        self.count = train.batch_size * train.gradient_accumulation_steps
        self.num_candidates = num_candidates(config, train)

    def step(self, model: nn.Module, step: int) -> Chosen:
        """The rows of an optimizer step, 0-based; gradients of the model are empty before and after.

        Raises:
            TrainingError: no candidate is left.
        """
        (candidates,) = step_rows(step, len(self.rows), self.num_candidates, 1, self.seed)
        losses, norms = self._measured(model, candidates, step)
        kept = near_mean(losses) if self.config.select_loss_filter else np.flatnonzero(np.isfinite(losses))
        if not len(kept):
            raise TrainingError(
                f"step {step + 1}: no loss of {len(losses)} candidates is finite; none is left"
            )
        lengths = np.array([num_supervised(self.rows[i]) for i in candidates], dtype=np.float64)
        arms = {
            kind: kept[self._places(kind, norms[kept], lengths[kept], step)]
            for kind in dict.fromkeys((self.config.select, *COMPARED))
        }
        chosen = arms[self.config.select]
        told = {
            "candidate_length": lengths.mean(),
            "selected_length": lengths[chosen].mean(),
            "candidate_gradient_norm": norms.mean(),
            "selected_gradient_norm": norms[chosen].mean(),
            "kept_candidates": len(kept),
            "selected": len(chosen),
        } | {f"overlap_{kind}": len(np.intersect1d(chosen, arms[kind])) / len(chosen) for kind in COMPARED}
        batches, weights = self._batched(chosen, norms, float(np.median(norms[kept])))
        told = {key: float(value) for key, value in told.items()}
        return [[candidates[place] for place in batch] for batch in batches], weights, told

    def _places(self, kind: str, norms: Floats, lengths: Floats, step: int) -> Places:
        """Places among the candidates that are left."""

        def choose(some: Floats, count: int) -> Places:
            order = permutation(len(some), self.seed, "select", step)
            return by_norm(kind, some, count, np.array(order))

        if self.config.length_matched:
            return matched(norms, lengths, self.count, choose)
        return choose(norms, self.count)

    def _batched(self, chosen: Places, norms: Floats, most: float) -> tuple[list[list[int]], list[float]]:
        """Places in micro-batches; `clip` weighs rows, so each is one by itself."""
        places = chosen.tolist()
        if self.config.select == "clip":
            return [[place] for place in places], [most / max(norms[place], most, 1e-30) for place in places]
        batches = [places[i : i + self.batch_size] for i in range(0, len(places), self.batch_size)]
        return batches, [1.0] * len(batches)

    def _measured(self, model: nn.Module, candidates: Sequence[int], step: int) -> tuple[Floats, Floats]:
        """Mean loss and gradient norm of each candidate, without dropout."""
        losses, squares = np.zeros(len(candidates)), np.zeros(len(candidates))
        lengths, device = [len(self.rows[i].input_ids) for i in candidates], next(model.parameters()).device
        with evaluating(model), torch.enable_grad():
            for places in by_length(lengths, self.batch_size):
                rows = [self.rows[candidates[place]] for place in places]
                batch = self.objective.collate(rows, Draw(self.seed, step))
                with row_norms(model, self.blocks, len(rows)) as table:
                    found = row_losses(model, {key: value.to(device) for key, value in batch.items()})
                    found.sum().backward()
                losses[places] = found.detach().double().cpu().numpy()
                squares[places] = table.sum(1).numpy()
        model.zero_grad(set_to_none=True)
        return losses, np.sqrt(squares)


def num_candidates(config: DataConfig, train: TrainConfig) -> int:
    """Candidates of a step."""
    return round(train.batch_size * train.gradient_accumulation_steps / config.select_share)


def check_selection(config: DataConfig, train: TrainConfig, num_rows: int) -> None:
    """ConfigError where a step has more candidates than there are rows: nothing is left to choose from."""
    if config.select != "none" and num_candidates(config, train) > num_rows:
        least = train.batch_size * train.gradient_accumulation_steps / num_rows
        accepted = f"at least {least:.3g}: {num_candidates(config, train)} candidates a step leave no row of "
        refuse("data.select_share", config.select_share, f"{accepted}{num_rows} to choose from")


def make_selection(
    config: DataConfig,
    train: TrainConfig,
    rows: Sequence[EncodedRow],
    objective: Objective,
    blocks: Sequence[str],
    seed: int,
) -> Selection | None:
    """The selection that the settings ask for; None without one."""
    return None if config.select == "none" else Selection(config, train, rows, objective, blocks, seed)

"""A model under gates that reads vectors of a trigger before the tokens of a text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from src.intervene.engine.gates import Pattern
from src.intervene.engine.items import ItemBatch
from src.intervene.engine.replay import Replay
from src.model.trunk import base_of, token_table, trunk_of
from src.probe.states.hooks import layer_states


class Triggered:
    """One variant of a model with a trigger [vector, width] before every text; with none of them, without.

    Args:
        replay: the model under its gates.
        pattern: which variant.
    """

    def __init__(self, replay: Replay, pattern: Pattern) -> None:
        self.replay, self.pattern = replay, pattern
        self.gates = dict(zip(replay.gates.parts, pattern, strict=True))
        self.embed: Any = base_of(replay.base).get_input_embeddings()  # of every family a module
        table = token_table(replay.base)
        self.none = table.new_zeros(0, table.shape[1])

    @contextmanager
    def running(self, gradients: bool = False) -> Iterator[None]:
        """Inside, the model runs as this variant; every call, and a backward pass, belongs inside."""
        with self.replay.running(gradients), self.replay.gates.whole(self.gates):
            yield

    def states(self, ids: Tensor, lengths: Tensor, trigger: Tensor | None = None) -> list[Tensor]:
        """What leaves each block [row, vector and token, width], for texts padded on the right."""
        trigger = self.none if trigger is None else trigger
        found: dict[int, Tensor] = {}
        with layer_states(self.replay.blocks, found.__setitem__):
            read = torch.cat([trigger.expand(len(ids), -1, -1), self.embed(ids)], dim=1)
            places = torch.arange(read.shape[1], device=ids.device)
            mask = (places < lengths[:, None] + len(trigger)).long()
            trunk_of(self.replay.base)(inputs_embeds=read, attention_mask=mask, use_cache=False)
        return [found[layer + 1] for layer in range(len(self.replay.blocks))]

    def logits(self, states: Tensor) -> Tensor:
        """[position, vocabulary] float32 of states [position, width] behind the last block."""
        return self.replay.head_path(states[None])[0].float()

    @staticmethod
    def at_last(states: list[Tensor], lengths: Tensor, num_vectors: int = 0) -> Tensor:
        """[layer, row, width] at the last token of each text."""
        rows = torch.arange(len(lengths), device=lengths.device)
        return torch.stack([state[rows, lengths - 1 + num_vectors] for state in states])

    @staticmethod
    def at_ends(
        states: Tensor, lengths: Tensor, num_last: int, num_vectors: int = 0
    ) -> tuple[Tensor, Tensor]:
        """[row, position, width] at the last tokens of each text, and which of them it has."""
        back = torch.arange(num_last, 0, -1, device=lengths.device)
        places = lengths[:, None] - back
        rows = torch.arange(len(lengths), device=lengths.device)[:, None]
        return states[rows, places.clamp(min=0) + num_vectors], places >= 0

    def of_items(self, batch: ItemBatch, trigger: Tensor | None = None) -> Tensor:
        """Logits [position, vocabulary] where the items are read."""
        num_vectors = 0 if trigger is None else len(trigger)
        lengths = batch.inputs["attention_mask"].sum(dim=1)
        states = self.states(batch.inputs["input_ids"], lengths, trigger)[-1]
        return self.logits(states[:, num_vectors:][batch.chosen.to(states.device)])

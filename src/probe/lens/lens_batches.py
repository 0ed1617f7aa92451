"""The states of all layers at the positions that the lens reads, batch by batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from src.data.encode import IGNORED
from src.errors import DataError, ModelError
from src.model.trunk import block_modules, trunk_of, without_cache
from src.probe.states.hooks import layer_states
from src.probe.states.padding import Mask, right_padded
from src.probe.states.probe_pass import evaluating
from src.runtime.preemption import stop_if_asked
from src.runtime.progress import each_of


@dataclass(frozen=True)
class LensBatch:
    """What the layers hold where a token of the completion is predicted; positions come row by row."""

    states: Tensor
    """[layer, position, width], layers 0..L."""
    rows: Tensor
    """[position], the row of each within the batch."""
    targets: Tensor
    """[position], the tokens that follow."""
    num_rows: int

    @property
    def first(self) -> Mask:
        """[position], those that predict the first completion token of a row."""
        return self.rows.diff(prepend=self.rows.new_tensor([-1])) > 0

    @property
    def last(self) -> Mask:
        """[position], those that predict the last one."""
        return self.rows.diff(append=self.rows.new_tensor([self.num_rows])) > 0

    def at(self, chosen: Mask) -> "LensBatch":
        """Some of the positions."""
        states = self.states[:, chosen.to(self.states.device)]
        return LensBatch(states, self.rows[chosen], self.targets[chosen], self.num_rows)


def lens_batches(
    model: nn.Module, blocks: Sequence[str], batches: Iterable[Mapping[str, Tensor]], first: bool
) -> Iterator[LensBatch]:
    """Run the trunk over batches; rows stay as they come.

    Args:
        model: a causal language model, or one that peft wraps; it is read as it answers now.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        batches: mappings with input_ids, attention_mask and labels (-100 off the completion), [row, token],
            and `row`, the rows' numbers, where they do not come in their order.
        first: keep the position that predicts the first completion token of each row, not all of them.

    Raises:
        ModelError: hidden states that are not finite.
        DataError: no rows, or a row without a completion token after its first token.
    """
    trunk = trunk_of(model)
    device = next(trunk.parameters()).device
    modules, num_rows = block_modules(model, blocks), 0
    for batch in each_of(batches, "lens", "batches"):
        stop_if_asked()
        ids, mask = right_padded(batch)
        labels, _ = right_padded({"input_ids": batch["labels"], "attention_mask": batch["attention_mask"]})
        chosen = _chosen(labels, mask, batch.get("row"), num_rows, first)
        taking = _Taking(len(blocks) + 1, chosen)
        with evaluating(model), torch.no_grad(), layer_states(modules, taking.take):
            trunk(input_ids=ids.to(device), attention_mask=mask.long().to(device), **without_cache(trunk))
        targets = labels.roll(-1, dims=1)[chosen]
        yield LensBatch(torch.stack(taking.states), chosen.nonzero()[:, 0], targets, len(ids))
        num_rows += len(ids)
    if not num_rows:
        raise DataError("lens: given 0 rows; needed: at least 1")


def _chosen(labels: Tensor, mask: Mask, rows: Tensor | None, start: int, first: bool) -> Mask:
    """The positions [row, token] before each completion token, or before the first of each row."""
    chosen = torch.zeros_like(mask)
    chosen[:, :-1] = (labels[:, 1:] != IGNORED) & mask[:, 1:]
    if not chosen.any(dim=1).all():
        place = int((~chosen.any(dim=1)).nonzero()[0])
        row = start + place if rows is None else int(rows[place])
        raise DataError(
            f"lens: given a row without a completion token (row {row}); needed: at least one in each row"
        )
    return chosen & (chosen.cumsum(dim=1) == 1) if first else chosen


class _Taking:
    """Keeps the states of the chosen positions during a forward pass."""

    def __init__(self, num_layers: int, chosen: Mask) -> None:
        self.chosen = chosen
        self.states: list[Tensor] = [torch.empty(0)] * num_layers

    def take(self, layer: int, states: Tensor) -> None:
        """Of one layer; ModelError where they are not finite."""
        self.states[layer] = states[self.chosen.to(states.device)]
        if not self.states[layer].isfinite().all():
            place = f"output of block {layer - 1}" if layer else "input of block 0"
            raise ModelError(
                f"layer {layer} ({place}): hidden states hold inf or NaN at a lens position; "
                "needed: finite states"
            )

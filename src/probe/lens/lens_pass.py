"""The lens: what the output head would say of every layer, in one pass of the trunk."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from src.data.encode import IGNORED
from src.errors import ConfigError, DataError, ModelError
from src.metrics.catalog import METRICS, resolve
from src.metrics.uncertainty.interval import mean_interval
from src.model.causal import is_causal
from src.model.trunk import base_of, block_modules, trunk_of
from src.probe.lens.head_path import find_head_path
from src.probe.states.hooks import layer_states
from src.probe.states.padding import Mask, right_padded
from src.probe.states.probe_pass import evaluating
from src.probe.table.layer_table import LayerRow, measured_row
from src.runtime.preemption import stop_if_asked
from src.runtime.progress import each_of

Head = Callable[[Tensor], Tensor]
POSITIONS = ("first", "all")
CHUNK = 256  # states that the head sees at once: 50 MB of logits at a vocabulary of 49,152


def lens_pass(
    model: nn.Module,
    blocks: Sequence[str],
    batches: Iterable[Mapping[str, Tensor]],
    names: Sequence[str],
    positions: str = "first",
) -> dict[str, Tensor]:
    """Values [layer, row] of each lens metric, float64, layers 0..L, rows as they come.

    Only the trunk runs over whole rows; the head sees only the positions that predict completion tokens.

    Args:
        model: a causal language model, or one that peft wraps; it is read as it answers now.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        batches: mappings with input_ids, attention_mask and labels (-100 off the completion), [row, token],
            and `row`, the rows' numbers, where they do not come in their order.
        names: lens metrics of the catalog.
        positions: "first": the one that predicts the first completion token; "all": every one that predicts
            a completion token, a row's value being the mean over them.

    Raises:
        ModelError: a model that reads in both directions, whose head cannot be found, or whose hidden states
            are not finite.
        DataError: no rows, or a row without a completion token after its first token.
        ConfigError: another word for positions.
    """
    if positions not in POSITIONS:
        raise ConfigError(f"positions: given {positions!r}; accepted: {', '.join(POSITIONS)}")
    reading = _Reading(len(blocks) + 1, names, positions == "first")
    trunk = trunk_of(model)
    options = {"use_cache": False} if "use_cache" in inspect.signature(trunk.forward).parameters else {}
    device = next(trunk.parameters()).device
    modules, head = block_modules(model, blocks), None
    with evaluating(model), torch.no_grad():
        for batch in each_of(batches, "lens", "batches"):
            stop_if_asked()
            ids, mask = right_padded(batch)
            labels, _ = right_padded(
                {"input_ids": batch["labels"], "attention_mask": batch["attention_mask"]}
            )
            reading.start(labels, mask, batch.get("row"))
            with layer_states(modules, reading.take):  # not while the head runs
                trunk(input_ids=ids.to(device), attention_mask=mask.long().to(device), **options)
            head = head or _head_of(model, blocks)  # states were found finite by then
            reading.finish(head)
    return reading.values()


def check_lens(model: nn.Module, blocks: Sequence[str]) -> None:
    """ModelError where the lens cannot read a model, before anything longer is done with it."""
    _head_of(model, blocks)


def lens_rows(values: Mapping[str, Tensor], stage: str) -> list[LayerRow]:
    """Rows of the layer table from what `lens_pass` gave: mean over rows with its interval, and n."""
    rows = []
    for name, per_layer in values.items():
        num_layers, n = per_layer.shape
        for layer, found in enumerate(per_layer):
            value, interval = found.mean().item(), mean_interval(found)
            rows.append(measured_row(stage, layer, num_layers - 1, name, value, interval, n))
    return rows


def _head_of(model: nn.Module, blocks: Sequence[str]) -> Head:
    """What the model does after its last block; ModelError unless it is causal."""
    if not is_causal(base_of(model)):
        given = type(base_of(model)).__name__
        raise ModelError(f"lens: {given} reads in both directions; accepted: a causal language model")
    return find_head_path(model, blocks)


class _Reading:
    """Keeps the states of the chosen positions during a forward pass, and their values after it."""

    def __init__(self, num_layers: int, names: Sequence[str], first: bool) -> None:
        self.functions = {name: resolve(METRICS[name].function) for name in names}
        self.first, self.num_rows = first, 0
        self.states: list[Tensor] = [torch.empty(0)] * num_layers
        self.chosen: Mask = torch.empty(0, 0, dtype=torch.bool)
        self.starts: Mask = self.chosen
        self.targets = torch.empty(0, dtype=torch.long)
        self.done: dict[str, list[Tensor]] = {name: [] for name in names}

    def start(self, labels: Tensor, mask: Mask, rows: Tensor | None = None) -> None:
        """Choose the positions of the next forward pass: the one before each completion token."""
        chosen = torch.zeros_like(mask)
        chosen[:, :-1] = (labels[:, 1:] != IGNORED) & mask[:, 1:]
        if not chosen.any(dim=1).all():
            place = int((~chosen.any(dim=1)).nonzero()[0])
            row = self.num_rows + place if rows is None else int(rows[place])
            raise DataError(
                f"lens: given a row without a completion token (row {row}); needed: at least one in each row"
            )
        self.starts = chosen & (chosen.cumsum(dim=1) == 1)
        self.chosen = self.starts if self.first else chosen
        self.targets = labels.roll(-1, dims=1)[self.chosen]

    def take(self, layer: int, states: Tensor) -> None:
        """Keep the chosen states of one layer; ModelError where they are not finite."""
        self.states[layer] = states[self.chosen.to(states.device)]
        if not self.states[layer].isfinite().all():
            place = f"output of block {layer - 1}" if layer else "input of block 0"
            raise ModelError(
                f"layer {layer} ({place}): hidden states hold inf or NaN at a lens position; "
                "needed: finite states"
            )

    def finish(self, head: Head) -> None:
        """Send the states of all layers through the head, some positions at a time."""
        states = torch.stack(self.states)
        size = max(CHUNK // len(states), 1)
        targets = self.targets.to(states.device)
        parts: dict[str, list[Tensor]] = {name: [] for name in self.functions}
        for part, wanted in zip(states.split(size, dim=1), targets.split(size), strict=True):
            log_probabilities = head(part).float().log_softmax(dim=-1)
            for name, function in self.functions.items():
                parts[name].append(function(log_probabilities, wanted).double().cpu())
        for name, found in parts.items():
            self.done[name].append(self._per_row(name, torch.cat(found, dim=1)))
        self.num_rows += len(self.chosen)

    def _per_row(self, name: str, values: Tensor) -> Tensor:
        """Values [layer, position] as means over the positions of each row: [layer, row]."""
        if METRICS[name].first_only:
            return values[:, self.starts[self.chosen]]
        rows = self.chosen.nonzero()[:, 0]
        sums = values.new_zeros(len(values), len(self.chosen)).index_add_(1, rows, values)
        return sums / self.chosen.sum(dim=1)

    def values(self) -> dict[str, Tensor]:
        """Everything so far, [layer, row]; DataError without rows."""
        if not self.num_rows:
            raise DataError("lens: given 0 rows; needed: at least 1")
        return {name: torch.cat(found, dim=1) for name, found in self.done.items()}

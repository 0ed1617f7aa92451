"""The lens: what the output head would say of every layer, in one pass of the trunk."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from src.errors import ConfigError, ModelError
from src.metrics.catalog import METRICS, resolve
from src.metrics.shared.shapes import Statistic
from src.metrics.uncertainty.interval import mean_interval
from src.metrics.uncertainty.jackknife import jackknife_interval
from src.model.causal import is_causal
from src.model.trunk import base_of
from src.probe.lens.head_path import HeadPath, find_head_path
from src.probe.lens.lens_batches import LensBatch, lens_batches
from src.probe.states.probe_pass import evaluating
from src.probe.table.layer_table import LayerRow, measured_row

Head = Callable[[Tensor], Tensor]
Side = tuple[Tensor, Head]
"""States [layer, position, width] of one model, and a head that reads them."""
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
        model: as `lens_batches`.
        blocks: likewise.
        batches: likewise.
        names: lens metrics of the catalog.
        positions: "first": the one that predicts the first completion token; "all": every one that predicts
            a completion token, a row's value being the mean over them. A summed metric takes all of them.

    Raises:
        ModelError: a model that reads in both directions, whose head cannot be found, or whose hidden states
            are not finite.
        DataError: no rows, or a row without a completion token after its first token.
        ConfigError: another word for positions.
    """
    if positions not in POSITIONS:
        raise ConfigError(f"positions: given {positions!r}; accepted: {', '.join(POSITIONS)}")
    found: dict[str, list[Tensor]] = {name: [] for name in names}
    head: HeadPath | None = None
    for batch in lens_batches(model, blocks, batches, first=not reads_all(names, positions)):
        head = head or head_of(model, blocks)  # states were found finite by then
        with evaluating(model):
            for name, values in read_rows(names, [(batch.states, head)], batch, positions).items():
                found[name].append(values)
    return {name: torch.cat(values, dim=1) for name, values in found.items()}


def reads_all(names: Sequence[str], positions: str) -> bool:
    """Whether more than the first completion token of a row is read."""
    return positions == "all" or any(METRICS[name].summed for name in names)


@torch.no_grad()
def read_rows(
    names: Sequence[str], sides: Sequence[Side], batch: LensBatch, positions: str
) -> dict[str, Tensor]:
    """Values [layer, row] of metrics of one model, or of two at the same positions, float64.

    Args:
        names: metrics whose function takes the log probabilities of each side, then the targets.
        sides: states and head of each model.
        batch: whose positions they are.
        positions: as `lens_pass`.
    """
    first = batch.first
    alone = [
        name
        for name in names
        if METRICS[name].first_only or (positions == "first" and not METRICS[name].summed)
    ]
    found: dict[str, Tensor] = {}
    for some, chosen in ((alone, first), ([n for n in names if n not in alone], torch.ones_like(first))):
        functions = {name: resolve(METRICS[name].function) for name in some}
        part = batch.at(chosen)
        shown = [(states[:, chosen.to(states.device)], head) for states, head in sides]
        for name, values in read_positions(functions, shown, part.targets).items():
            found[name] = by_row(values, part, METRICS[name].summed)
    return {name: found[name] for name in names}


@torch.no_grad()
def read_positions(
    functions: Mapping[str, Callable[..., Tensor]], sides: Sequence[Side], targets: Tensor
) -> dict[str, Tensor]:
    """Send the states of all layers through the heads, some positions at a time: [layer, position].

    Args:
        functions: of the log probabilities of each side and the targets.
        sides: states and head of each model.
        targets: [position].
    """
    if not functions:
        return {}
    size = max(CHUNK // len(sides[0][0]), 1)
    parts: dict[str, list[Tensor]] = {name: [] for name in functions}
    for start in range(0, max(len(targets), 1), size):
        logs = [head(states[:, start : start + size]).float().log_softmax(dim=-1) for states, head in sides]
        wanted = targets[start : start + size].to(logs[0].device)
        for name, function in functions.items():
            parts[name].append(function(*logs, wanted).double().cpu())
    return {name: torch.cat(values, dim=1) for name, values in parts.items()}


def by_row(values: Tensor, batch: LensBatch, summed: bool) -> Tensor:
    """Values [layer, position] as means, or sums, over the positions of each row: [layer, row]."""
    sums = values.new_zeros(len(values), batch.num_rows).index_add_(1, batch.rows, values)
    return sums if summed else sums / batch.rows.bincount(minlength=batch.num_rows)


def likeliest(log_probabilities: Tensor, _targets: Tensor) -> Tensor:
    """Tokens [layer, position]."""
    return log_probabilities.argmax(dim=-1)


def lens_rows(values: Mapping[str, Tensor], stage: str) -> list[LayerRow]:
    """Rows of the layer table from what `lens_pass` gave: mean over rows with its interval, and n.

    A row of data for which a metric is not defined (NaN) is left out.
    """
    rows = []
    for name, per_layer in values.items():
        for layer, found in enumerate(per_layer):
            known, bounds = found[~found.isnan()], METRICS[name.partition("/")[0]].bounds
            value, interval = known.mean().item(), mean_interval(known, bounds)
            rows.append(measured_row(stage, layer, len(per_layer) - 1, name, value, interval, len(known)))
    return rows


def jackknife_rows(
    series: str, stage: str, statistics: Sequence[Statistic], num_rows: int, num_blocks: int
) -> list[LayerRow]:
    """Rows of the layer table of numbers that all rows have together, each with its jackknife interval."""
    found, metric = [], METRICS[series.partition("/")[0]]
    for layer, statistic in enumerate(statistics):
        value = statistic(torch.arange(num_rows))
        interval = jackknife_interval(statistic, value, num_rows, metric.min_samples, metric.bounds)
        found.append(measured_row(stage, layer, num_blocks, series, value, interval, num_rows))
    return found


def head_of(model: nn.Module, blocks: Sequence[str]) -> HeadPath:
    """What the model does after its last block; ModelError unless it is causal."""
    if not is_causal(base_of(model)):
        given = type(base_of(model)).__name__
        raise ModelError(f"lens: {given} reads in both directions; accepted: a causal language model")
    return find_head_path(model, blocks)

"""A pass over the probe rows in parts, one a process, and what they come to together."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from src.probe.states.layer_statistics import NORMS, POOLED, LayerStatistics
from src.probe.states.probe_pass import probe_pass
from src.probe.states.token_sets import Known, Open
from src.probe.states.vectors import LayerVectors

Batches = list[dict[str, Tensor]]


@dataclass(frozen=True)
class PassOver:
    """What the parts of a pass share."""

    blocks: list[str]
    """Names of the blocks, first to last."""
    num_rows: int
    """Rows of all parts."""
    longest: int
    """Tokens of the longest row."""
    num_tokens: int
    """Rows that token metrics look at."""
    names: list[str]
    """Metrics."""
    settings: Mapping[str, Any]
    """Switches of metrics."""
    asked: list[str]
    """Sets of tokens that are read."""
    ratio: float
    """Of a token's norm to the median from which it is massive."""
    massive: list[Tensor] | None
    """Massive tokens [row, token] by layer; None: of a base, whose norms tell them afterwards."""


class PartFound(NamedTuple):
    """What one part has left, in a folder of its own."""

    folder: Path
    rows: list[int]
    statistics: LayerStatistics
    num_open: Tensor | None
    """Of a base: tokens of each layer and row that may be massive."""


def pass_over(model: nn.Module, tokenizer: object, part: tuple[Path, Batches], how: PassOver) -> PartFound:
    """Go over the batches of one process; the other rows of its files stay as they are."""
    folder, batches = part
    folder.mkdir(exist_ok=True)
    sets: Known | Open = Known(how.asked, how.massive or ())
    if how.massive is None:
        norms = LayerVectors.create(folder / NORMS, len(how.blocks) + 1, how.num_rows, how.longest)
        sets = Open(how.asked, norms, how.ratio)
    found = probe_pass(
        model, how.blocks, batches, how.num_tokens, how.names, folder, how.settings, sets, how.num_rows
    )
    rows = [int(row) for batch in batches for row in batch["row"]]
    return PartFound(folder, rows, found, sets.num_open if isinstance(sets, Open) else None)


def merged(folder: Path, found: Sequence[PartFound]) -> tuple[LayerStatistics, Tensor | None]:
    """The statistics of all rows in a folder, and what is open of them; the folders of the parts are gone."""
    if len(found) == 1:
        return found[0].statistics, found[0].num_open
    whole = _merged(folder, [(part.statistics, part.rows) for part in found])
    for name in dict.fromkeys(name for part in found for name in part.statistics.beside):
        own = [(part.statistics.beside.get(name), part.rows) for part in found]
        whole.beside[name] = _merged(folder / name, [(one, rows) for one, rows in own if one is not None])
    num_open = None
    told = [(part.num_open, part) for part in found if part.num_open is not None]
    if told:
        norms = [(LayerVectors.open(part.folder / NORMS), part.rows) for _, part in told]
        _merge_vectors(folder / NORMS, norms)
        num_open = torch.zeros_like(told[0][0])
        for one, part in told:
            num_open[:, part.rows] = one[:, part.rows]
    for part in found:
        shutil.rmtree(part.folder)
    return whole, num_open


def _merged(folder: Path, own: list[tuple[LayerStatistics, list[int]]]) -> LayerStatistics:
    folder.mkdir(exist_ok=True)
    pooled = _merge_vectors(folder / POOLED, [(one.pooled, rows) for one, rows in own])
    tokens = {name: torch.full_like(values, torch.nan) for name, values in own[0][0].tokens.items()}
    for one, rows in own:
        for name, values in one.tokens.items():
            measured = [row for row in rows if row < values.shape[1]]
            tokens[name][:, measured] = values[:, measured]
    found = LayerStatistics(pooled, tokens)
    found.save_tokens(folder)
    return found


def _merge_vectors(path: Path, own: Sequence[tuple[LayerVectors | Tensor, list[int]]]) -> LayerVectors:
    """A file of the rows of several, layer by layer."""
    whole = LayerVectors.create(path, *own[0][0].shape)
    for layer in range(len(whole)):
        for one, rows in own:
            whole.write(layer, rows, one[layer][rows])
    return whole

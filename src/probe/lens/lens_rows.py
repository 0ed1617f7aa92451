"""Metrics of the output head: one pass over the completions of the probe rows."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from src.data.encode import encode_rows
from src.data.rows import Row
from src.model.loaded import LoadedModel
from src.probe.collector import Collector, Subject
from src.probe.lens.lens_pass import head_of, lens_pass, lens_rows
from src.probe.states.probe_rows import ProbeRows
from src.probe.table.layer_table import LayerRow
from src.runtime.spread import parts


class OfHeads(Collector):
    """Metrics of output heads."""

    reads = "probe rows"

    def check(self, names: Sequence[str], loaded: LoadedModel) -> None:
        """ModelError where the head cannot be found."""
        head_of(loaded.model, loaded.blocks)


def labelled_batches(rows: Sequence[Row], subject: Subject, supervise: str) -> list[dict[str, Tensor]]:
    """Rows with labels on their `completion` or on `all` tokens, the longest first."""
    tokenizer = subject.loaded.tokenizer
    encoded = encode_rows(rows, tokenizer, subject.data.max_length, supervise).rows
    probe = ProbeRows(encoded, [], tokenizer.pad_token_id, subject.metrics.batch_size)
    return probe.batches(encoded, subject.model)


class Lens(OfHeads):
    """Needs `lens`: `function` is given log probabilities [layer, position, token] and what follows."""

    def of_base(self, names: Sequence[str], subject: Subject) -> list[LayerRow]:
        """Rows of the stage base, measured once for all runs."""
        settings = [names, subject.metrics.lens_positions, subject.metrics.batch_size]
        return subject.store.rows("lens", settings, partial(_look, names, subject, "base"))

    def rows(self, names: Sequence[str], before: list[LayerRow], subject: Subject) -> list[LayerRow]:
        """Rows of base and tuned."""
        return [*before, *(_look(names, subject, "tuned") if subject.compared else [])]


def _look(names: Sequence[str], subject: Subject, stage: str) -> list[LayerRow]:
    batches = labelled_batches(subject.probe, subject, "completion")
    asked = (subject.blocks, names, subject.metrics.lens_positions)
    found = subject.over(_pass, parts(batches, subject.over.count), asked, "lens")
    return lens_rows({name: torch.cat([one[name] for one in found], dim=1) for name in names}, stage)


def _pass(
    model: nn.Module,
    tokenizer: object,
    batches: list[dict[str, Tensor]],
    asked: tuple[list[str], Sequence[str], str],
) -> dict[str, Tensor]:
    """`lens_pass` over the batches of one process."""
    blocks, names, positions = asked
    return lens_pass(model, blocks, batches, names, positions)

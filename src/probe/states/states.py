"""Metrics of hidden states: one pass over the probe rows, whatever of them is asked for."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from src.metrics.catalog import names_needing, switches
from src.probe.collector import Collector, Subject
from src.probe.states.describe_tokens import describe_tokens
from src.probe.states.gather import gather
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.table.layer_table import LayerRow, layer_rows


class States(Collector):
    """Needs `pooled`, `next`, `pair`, `tokens`, `views`: what `measure` hands to functions of metrics."""

    reads = "probe rows"

    def of_base(self, names: Sequence[str], subject: Subject) -> LayerStatistics:
        """The statistics of the base, measured once for all runs."""
        return subject.store.statistics(subject.metrics, subject.settings, partial(_gather, subject))

    def described(self, before: LayerStatistics, subject: Subject) -> dict[str, Any]:
        """Token norms of the base by layer, how many tokens are massive, and outlier dimensions."""
        return {"tokens": describe_tokens(before, subject.settings)}

    def rows(self, names: Sequence[str], before: LayerStatistics, subject: Subject) -> list[LayerRow]:
        """Rows of base, tuned and change, of the first reading."""
        return next(iter(self.tables(names, before, subject).values()))

    def tables(
        self, names: Sequence[str], before: LayerStatistics, subject: Subject
    ) -> dict[str, list[LayerRow]]:
        """Rows of base, tuned and change of each reading, from the same passes."""
        if not subject.compared:
            return _tables(names, before, None, subject)
        with tempfile.TemporaryDirectory(prefix="probe-", dir=subject.store.folder) as folder:
            return _tables(names, before, _gather(subject, Path(folder), before), subject)


def _gather(subject: Subject, folder: Path, base: LayerStatistics | None = None) -> LayerStatistics:
    model, blocks, rows = subject.model, subject.blocks, subject.rows
    return gather(model, blocks, rows, subject.metrics, folder, subject.settings, base, subject.over)


def _tables(
    names: Sequence[str], base: LayerStatistics, tuned: LayerStatistics | None, subject: Subject
) -> dict[str, list[LayerRow]]:
    num_blocks, settings, found = len(subject.blocks), switches(subject.metrics), {}
    for reading in subject.settings.readings:
        before, after = base.of(reading.tokens), tuned.of(reading.tokens) if tuned else None
        own = names_needing(names, "pooled", "next", "pair") if reading.standardised else names
        found[reading.name] = layer_rows(before, after, own, num_blocks, settings, reading)
    return found

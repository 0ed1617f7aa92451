"""Metrics of hidden states: one pass over the probe rows, whatever of them is asked for."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from src.metrics.catalog import switches
from src.probe.collector import Collector, Subject
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_rows import gather
from src.probe.table.layer_table import LayerRow, layer_rows


class States(Collector):
    """Needs `pooled`, `pair`, `tokens` and `views`: what `measure` hands to the functions of a metric."""

    reads = "probe rows"

    def of_base(self, names: Sequence[str], subject: Subject) -> LayerStatistics:
        """The statistics of the base, measured once for all runs."""
        return subject.store.statistics(subject.metrics, _gathered(subject))

    def rows(self, names: Sequence[str], before: LayerStatistics, subject: Subject) -> list[LayerRow]:
        """Rows of base, tuned and change."""
        num_blocks, settings = len(subject.blocks), switches(subject.metrics)
        if not subject.compared:
            return layer_rows(before, None, names, num_blocks, settings)
        with tempfile.TemporaryDirectory(prefix="probe-", dir=subject.store.folder) as folder:
            tuned = _gathered(subject)(Path(folder))
            return layer_rows(before, tuned, names, num_blocks, settings)


def _gathered(subject: Subject) -> partial[LayerStatistics]:
    return partial(gather, subject.model, subject.blocks, subject.rows, subject.metrics)

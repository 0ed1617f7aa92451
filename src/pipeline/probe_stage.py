"""The probe stage of a run: what the metric set needs, gathered from an adapted model."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from src.config.schema import RunConfig
from src.data.encode import EncodedRow
from src.data.rows import Row
from src.data.splits import Splits
from src.errors import ModelError
from src.method.adapted import AdaptedModel
from src.objective.objective import Batch, Draw, Objective
from src.objective.pretraining import pretraining_objective
from src.pipeline.base_cache import BaseCache
from src.pipeline.team import Team
from src.probe.collector import Side, Subject
from src.probe.collectors import collectors, read_by
from src.probe.table.layer_table import in_order
from src.probe.table.reading_tables import Tables

_LOG = logging.getLogger(__name__)


class RunProbe:
    """Everything that the metrics of one run need, base against tuned."""

    def __init__(
        self,
        adapted: AdaptedModel,
        objective: Objective,
        splits: Splits,
        train: list[EncodedRow],
        config: RunConfig,
        team: Team,
    ) -> None:
        self.adapted, self.objective, self.splits = adapted, objective, splits
        self.train, self.config, self.team = train, config, team
        self.described: dict[str, Any] = {}
        """What the record says of the base beside the table; of the first set of probe rows."""

    def measure(self, base: BaseCache, steps: Sequence[dict[str, Any]]) -> Tables:
        """The layer tables; `steps` is the step log, for what was measured while training went on."""
        subject = self._subject(self.splits.probe, base, steps)
        return self._tables(subject, self.config.metrics.names)

    def measure_further(self, base: BaseCache) -> list[Tables]:
        """The same for each further set of probe rows, as far as metrics look at probe rows."""
        names = read_by(self.config.metrics.names, "probe rows")
        return [
            self._tables(self._subject(rows, base.beside(further=[row.id for row in rows])), names)
            for rows in self.splits.further_probe
        ]

    def _tables(self, subject: Subject, names: Sequence[str]) -> Tables:
        found: Tables = {reading.name: [] for reading in subject.settings.readings}
        for collector, own in collectors(names).items():
            with subject.at_base():
                before = collector.of_base(own, subject)
            self.described = collector.described(before, subject) | self.described
            for name, rows in collector.tables(own, before, subject).items():
                found[name] += rows
        return {name: in_order(rows, names) for name, rows in found.items()}

    def _subject(
        self, probe: Sequence[Row], store: BaseCache, steps: Sequence[dict[str, Any]] = ()
    ) -> Subject:
        some = self.train[: self.config.metrics.num_gradient_rows]
        return Subject(
            loaded=self.adapted.loaded,
            model=self.adapted.model,
            probe=probe,
            data=self.config.data,
            metrics=self.config.metrics,
            settings=self.config.probe,
            store=store,
            training=Side(partial(self._batches, self.objective, some), self.objective.loss),
            at_base=self.team.at_base,
            spread=self.team,
            compared=self.config.method.of_kind.trains,
            originals=self.adapted.originals,
            whole=self.team.pieces.whole if self.team.pieces else None,
            objectives=self._objectives,
            steps=steps,
        )

    def _objectives(self) -> tuple[Side, Side] | None:
        loaded = self.adapted.loaded
        try:
            other = pretraining_objective(self.config.objective, loaded.model, loaded.tokenizer)
        except ModelError as error:
            _LOG.warning("no objective distance: %s", error)
            return None
        return self._side(other), self._side(self.objective)

    def _side(self, objective: Objective) -> Side:
        some = self.splits.train[: self.config.metrics.num_gradient_rows]
        encoded = objective.encode(some, self.config.data.max_length).rows
        return Side(partial(self._batches, objective, encoded), objective.loss)

    def _batches(self, objective: Objective, rows: Sequence[EncodedRow]) -> list[Batch]:
        size, draw = self.config.metrics.batch_size, Draw(self.config.seed, 0)
        starts = range(0, len(rows), size)
        return [objective.collate(rows[start : start + size], draw, start) for start in starts]

"""What makes the rows of all metrics that need the same thing."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from torch import Tensor, nn

from src.config.schema import DataConfig, MetricsConfig, ProbeConfig
from src.data.rows import Row
from src.model.loaded import LoadedModel
from src.probe.gradients.weight_gradients import Batch, Loss
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_rows import ProbeRows, probe_rows
from src.probe.table.layer_table import LayerRow
from src.runtime.spread import Alone, Spread

Whole = Callable[[str], AbstractContextManager[Mapping[str, Tensor]]]
"""Makes a context in which the weights of the block of a name are whole; it yields the base tensors of those
that training changed in place."""


class BaseStore(Protocol):
    """Keeps what was measured on the base; `BaseCache` of the pipeline is one."""

    @property
    def folder(self) -> Path:
        """Where it keeps them."""

    def statistics(
        self, config: MetricsConfig, settings: ProbeConfig, gather: Callable[[Path], LayerStatistics]
    ) -> LayerStatistics:
        """Layer statistics, gathered where nobody asked for the same before."""

    def rows(self, kind: str, settings: list[Any], make: Callable[[], list[LayerRow]]) -> list[LayerRow]:
        """Rows that a pass of its own makes, and all settings that decide them."""


@dataclass(frozen=True)
class Side:
    """An objective on some training rows."""

    batches: Callable[[], Iterable[Batch]]
    """Makes the batches anew."""
    loss: Loss
    key: list[Any] | None = None
    """What decides its numbers beside the model and its rows; None: they are not kept."""


@dataclass(frozen=True)
class Subject:
    """A model, and what its metrics may be made of; it is asked while it answers as base or as tuned."""

    loaded: LoadedModel
    model: nn.Module
    """The model of `loaded`, or what peft wraps around it."""
    probe: Sequence[Row]
    data: DataConfig
    metrics: MetricsConfig
    settings: ProbeConfig
    """What of the states is read."""
    store: BaseStore
    training: Side
    """The objective, and the training rows that gradients are taken on."""
    at_base: Callable[[], AbstractContextManager[object]] = nullcontext
    """Makes a context in which the model answers as the base."""
    compared: bool = True
    """Whether there is a tuned model beside the base."""
    originals: dict[str, Tensor] = field(default_factory=dict)
    """Base tensors of the weights that training changed in place."""
    whole: Whole | None = None
    """Makes the weights of a block whole, where the model lies in pieces on several ranks."""
    objectives: Callable[[], tuple[Side, Side] | None] = lambda: None
    """The objectives of pretraining and of tuning; None where the model cannot have the first."""
    steps: Sequence[Mapping[str, Any]] = ()
    """The step log."""
    spread: Spread | None = None
    """Who goes over the batches of probe rows, where others share them."""

    @property
    def blocks(self) -> list[str]:
        """Names of the blocks behind layers 1 to L, first to last; a shared one stands at each of them."""
        return self.loaded.layers

    @property
    def over(self) -> Spread:
        """Who goes over the batches of probe rows."""
        return self.spread or Alone(self.model, self.loaded.tokenizer)

    def kept(self, kind: str, names: Sequence[str], look: Callable[[], list[LayerRow]]) -> list[LayerRow]:
        """Rows of gradients at the base, measured once for all runs where the objective is known by a key."""
        if self.training.key is None:
            return look()
        return self.store.rows(kind, [names, self.metrics.num_gradient_rows, *self.training.key], look)

    @cached_property
    def rows(self) -> ProbeRows:
        """The probe rows as the model reads them."""
        return probe_rows(self.probe, self.loaded.tokenizer, self.data, self.metrics)


class Collector(ABC):
    """Makes the rows of all metrics of one kind of needs, in one look at the base and one at the tuned model.

    The two looks are apart because the models of a pair are never loaded at once. The docstring of a class
    says what the functions of its metrics are given.
    """

    reads: ClassVar[Literal["probe rows", "training rows", "weights", "own training"]]
    """What a look goes over; own training: what nobody can see who did not train the model."""
    keeps: ClassVar[Literal["nothing", "blocks", "model"]] = "nothing"
    """Which weights of the base have to be there beside the tuned model."""

    def check(self, names: Sequence[str], loaded: LoadedModel) -> None:  # noqa: B027  (most need nothing)
        """ModelError where a model cannot have the metrics, before anything longer is done with it."""

    def of_base(self, names: Sequence[str], subject: Subject) -> Any:
        """What `rows` needs of the base, while the subject answers as the base; nothing, for most."""
        return None

    def described(self, before: Any, subject: Subject) -> dict[str, Any]:
        """What the record says of the base beside the table; nothing, for most."""
        return {}

    def tables(self, names: Sequence[str], before: Any, subject: Subject) -> dict[str, list[LayerRow]]:
        """Rows by the name of each reading of `subject.settings`: the same in all, for most; see `rows`."""
        rows = self.rows(names, before, subject)
        return {reading.name: rows for reading in subject.settings.readings}

    @abstractmethod
    def rows(self, names: Sequence[str], before: Any, subject: Subject) -> list[LayerRow]:
        """Rows of all stages.

        Args:
            names: of the metrics.
            before: what `of_base` gave.
            subject: the tuned model, or the base where nothing is compared.
        """

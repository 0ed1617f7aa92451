"""All ranks of a run measure: each goes over its share of the batches with a whole model of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.config.schema import RunConfig
from src.errors import UserError
from src.method.weights import base_weights
from src.pipeline.follow import Follower, follow
from src.pipeline.prepare import Prepared
from src.runtime.preemption import Preempted, stop_if
from src.runtime.spread import Alone, Batch, Found, Task
from src.train.collectives import gathered_objects, num_ranks, rank
from src.train.ranks import Ranks


@dataclass
class Team:
    """A `Spread` over the ranks of a run; batches are those of one process, so that numbers are, too."""

    ranks: Ranks
    config: RunConfig
    folder: Path
    """The run's."""
    prepared: Callable[[], Prepared]
    """The model of rank 0, which may be loaded anew on the way."""
    adapter: Path | None = None
    """Where the weights lie that the model has been given; None: they are those of the base."""
    _as_base: bool = False

    @property
    def count(self) -> int:
        """Processes that share the batches."""
        return self.ranks.count

    @contextmanager
    def at_base(self) -> Iterator[None]:
        """Inside, the model answers as the base, on every rank."""
        before, self._as_base = self._as_base, True
        try:
            with base_weights(self.prepared().adapted):
                yield
        finally:
            self._as_base = before

    def __call__(
        self, task: Task[Batch, Found], batches: Sequence[Batch], shared: Any, name: str
    ) -> list[Found]:
        """See `Spread`; a batch that a rank cannot do is an error here.

        Raises:
            UserError: of the first rank that met one.
        """
        asked = (task, list(batches), shared, name)
        if self.count == 1 or len(batches) == 1:
            return _over(self.prepared(), *asked)
        self.ranks.begin(self.config, follow, self.folder)
        with self.ranks.together(_beside, self.adapter, self._as_base, *asked):
            parts = _share(self.prepared(), *asked)
        for part in parts:
            if isinstance(part, UserError):
                raise part
        stop_if(any(part is None for part in parts))
        return [parts[place % self.count][place // self.count] for place in range(len(batches))]


def _beside(follower: Follower, adapter: Path | None, as_base: bool, *asked: Any) -> None:
    """What the other ranks do."""
    follower.hold(adapter)
    adapted = follower.prepared.adapted
    adapted.model.eval()
    with base_weights(adapted) if as_base else nullcontext():
        _share(follower.prepared, *asked)


def _share(prepared: Prepared, task: Any, batches: list[Any], shared: Any, name: str) -> list[Any]:
    """What every rank has found in its batches, on rank 0: None where it was asked to stop, or its error."""
    found: Any = None
    try:
        found = _over(prepared, task, batches[rank() :: num_ranks()], shared, name)
    except Preempted:
        pass
    except UserError as error:
        found = error
    return gathered_objects(found)


def _over(prepared: Prepared, task: Any, batches: list[Any], shared: Any, name: str) -> list[Any]:
    adapted = prepared.adapted
    return Alone(adapted.model, adapted.loaded.tokenizer)(task, batches, shared, name)

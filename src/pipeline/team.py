"""All ranks of a run measure: each goes over its share of the batches.

Each does so with a whole model of its own, or all do with one model that lies in pieces on them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.config.schema import RunConfig
from src.errors import UserError
from src.method.catalog import method_of
from src.method.weights import base_weights, load_tuned
from src.pipeline.follow import Follower, follow
from src.pipeline.pieces import Pieces
from src.pipeline.prepare import Prepared
from src.runtime.preemption import Preempted, stop_if
from src.runtime.spread import Alone, Batch, Found, Task
from src.train.collectives import gathered_objects, num_ranks, rank
from src.train.lockstep import Lockstep
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
    pieces: Pieces | None = None
    """The model, where it lies in pieces."""
    _as_base: bool = False

    @property
    def count(self) -> int:
        """Processes that share the batches."""
        return self.ranks.count

    @contextmanager
    def at_base(self) -> Iterator[None]:
        """Inside, the model answers as the base, on every rank."""
        before, self._as_base = self._as_base, True
        adapted = self.prepared().adapted
        try:
            with base_weights(adapted) if self.pieces is None else self.pieces.at_base():
                yield
        finally:
            self._as_base = before

    def part(self) -> None:
        """Lay the model in pieces on all ranks, for the rest of the run."""
        self.ranks.begin(self.config, follow, self.folder)
        self.pieces = Pieces(self.ranks, self.prepared())

    def load(self, adapter: Path) -> None:
        """Give the model the tuned weights that lie in a folder; others that hold a whole one do so later."""
        if self.pieces is None:
            load_tuned(self.prepared().adapted, adapter)
        else:
            self.pieces.load(adapter)

    def in_unison(self, act: Callable[[Prepared, RunConfig, Path], Found]) -> Found:
        """What rank 0 finds where all ranks do the same with the model in pieces, call by call."""
        assert self.pieces is not None
        with self.ranks.together(_in_unison, act), self.pieces.own.unison():
            return act(self.prepared(), self.config, self.folder)

    def __call__(
        self, task: Task[Batch, Found], batches: Sequence[Batch], shared: Any, name: str
    ) -> list[Found]:
        """See `Spread`; a batch that a rank cannot do is an error here.

        Raises:
            UserError: of the first rank that met one.
        """
        asked = (task, list(batches), shared, name)
        if self.count == 1 or (len(batches) == 1 and self.pieces is None):
            return _over(self.prepared(), *asked)
        self.ranks.begin(self.config, follow, self.folder)
        with self.ranks.together(_beside, self.adapter, self._as_base, *asked):
            own = self.pieces.own if self.pieces else None
            parts = _share(self.prepared(), own, *asked, stopped=self.ranks.ask_to_stop)
        for part in parts:
            if isinstance(part, UserError):
                raise part
        stop_if(any(part is None for part in parts))
        return [parts[place % self.count][place // self.count] for place in range(len(batches))]


def _in_unison(follower: Follower, act: Callable[[Prepared, RunConfig, Path], object]) -> None:
    """What the other ranks do."""
    assert follower.pieces is not None
    with follower.pieces.unison():
        act(follower.prepared, follower.config, follower.folder)


def _beside(follower: Follower, adapter: Path | None, as_base: bool, *asked: Any) -> None:
    """What the other ranks do."""
    follower.hold(adapter)
    adapted = follower.prepared.adapted
    adapted.model.eval()
    answering: AbstractContextManager[None] = nullcontext()
    if as_base:  # pieces are those of the base already
        whole = follower.pieces is None
        answering = base_weights(adapted) if whole else method_of(adapted).as_base(adapted)
    with answering:
        _share(follower.prepared, follower.pieces, *asked)


def _share(
    prepared: Prepared,
    pieces: Lockstep | None,
    task: Any,
    batches: list[Any],
    shared: Any,
    name: str,
    stopped: Callable[[], None] = lambda: None,
) -> list[Any]:
    """What every rank has found in its batches, on rank 0: None where it was asked to stop, or its error."""
    found: Any = None
    with pieces.shared() if pieces else nullcontext():
        try:
            found = _over(prepared, task, batches[rank() :: num_ranks()], shared, name)
        except Preempted:
            stopped()
        except UserError as error:
            found = error
    return gathered_objects(found)


def _over(prepared: Prepared, task: Any, batches: list[Any], shared: Any, name: str) -> list[Any]:
    adapted = prepared.adapted
    return Alone(adapted.model, adapted.loaded.tokenizer)(task, batches, shared, name)

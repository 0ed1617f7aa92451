"""Who goes over the batches of a pass: this process here; all ranks of a run in `src.train.team`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from src.runtime.preemption import stop_if_asked
from src.runtime.progress import each_of

Batch = TypeVar("Batch")
Found = TypeVar("Found")
Task = Callable[[Any, Any, Batch, Any], Found]
"""Takes a model, its tokenizer, a batch and what all batches share; a function of a module, so that other
processes find it by its name."""


class Spread(Protocol):
    """Goes over batches with a model as it answers now."""

    @property
    def count(self) -> int:
        """Processes that share the batches."""

    def __call__(
        self, task: Task[Batch, Found], batches: Sequence[Batch], shared: Any, name: str
    ) -> list[Found]:
        """What a task finds in each batch, in the order of the batches; `name` is told beside the progress.

        Raises:
            Preempted: the process was asked to stop.
        """


def parts(batches: Sequence[Batch], count: int) -> list[list[Batch]]:
    """Batches as those of each process, for a task that goes over several; none of them is empty."""
    return [list(batches[start::count]) for start in range(min(count, len(batches)))]


@dataclass(frozen=True)
class Alone:
    """One process goes over all of them; see `Spread`."""

    model: Any
    tokenizer: Any

    @property
    def count(self) -> int:
        """One."""
        return 1

    def __call__(
        self, task: Task[Batch, Found], batches: Sequence[Batch], shared: Any, name: str
    ) -> list[Found]:
        """See `Spread`."""
        found = []
        for batch in each_of(batches, name, "batches") if len(batches) > 1 else batches:
            stop_if_asked()
            found.append(task(self.model, self.tokenizer, batch, shared))
        return found

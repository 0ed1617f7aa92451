"""The model of a run in pieces on all ranks, as rank 0 gives orders to them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from src.method.catalog import method_of
from src.pipeline.follow import Follower
from src.pipeline.prepare import Prepared
from src.train.lockstep import Lockstep
from src.train.ranks import Ranks


class Pieces:
    """Lays the model in pieces, for the rest of the run; for rank 0, whose others follow already."""

    def __init__(self, ranks: Ranks, prepared: Prepared) -> None:
        self._ranks, self._adapted = ranks, prepared.adapted
        with ranks.together(_part):
            beside = partial(ranks.together, _do, Lockstep.beside)
            self.own = Lockstep(prepared.adapted, prepared.device, beside)

    def load(self, adapter: Path) -> None:
        """Give the model the tuned weights that lie in a folder."""
        self._all(Lockstep.load, adapter)

    @contextmanager
    def whole(self, block: str) -> Iterator[Mapping[str, Tensor]]:
        """Inside, the weights of a block are whole on rank 0; see `src.probe.collector.Whole`."""
        yield self._all(Lockstep.gather, block, beside=Lockstep.lend)
        self.own.let_go(block)

    @contextmanager
    def at_base(self) -> Iterator[None]:
        """Inside, the pieces of all ranks are those of the base."""
        with method_of(self._adapted).as_base(self._adapted):
            self._exchange()
            yield  # what ends with an error is not put back: the others may be anywhere
            self._exchange()

    def _exchange(self) -> None:
        if self._adapted.originals:
            self._all(Lockstep.exchange)

    def _all(self, act: Callable[..., Any], *given: Any, beside: Callable[..., Any] | None = None) -> Any:
        """What this rank finds with its pieces while all others do the same with theirs, or `beside`."""
        with self._ranks.together(_do, beside or act, *given):
            return act(self.own, *given)


def _part(follower: Follower) -> None:
    """Lay this rank's model in pieces; rank 0 alone passes by itself."""
    prepared = follower.prepared
    follower.pieces = Lockstep(prepared.adapted, prepared.device, nullcontext)


def _do(follower: Follower, act: Callable[..., Any], *given: Any) -> None:
    """What another rank does with its pieces, beside rank 0."""
    act(follower.pieces, *given)

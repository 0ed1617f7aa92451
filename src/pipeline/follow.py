"""What a rank above 0 does in a run: it holds a model beside rank 0's, and does what it is told."""

import gc
from pathlib import Path

from src.config.schema import RunConfig
from src.method.weights import load_tuned
from src.pipeline.prepare import Prepared, prepare
from src.runtime.preemption import listening
from src.runtime.progress import Progress
from src.train.lockstep import Lockstep
from src.train.ranks import Ranks


class Follower:
    """A rank's own model of a run, loaded when it is needed."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        self.config, self.folder = config, folder
        self.pieces: Lockstep | None = None
        """Its part of the model, where that lies in pieces."""
        self._prepared: Prepared | None = None
        self._tuned = False

    @property
    def prepared(self) -> Prepared:
        """The run before its first step, as rank 0 has it."""
        if self._prepared is None:
            self._prepared = prepare(self.config)
        return self._prepared

    def let_go(self) -> None:
        """Forget the model; the next one has the weights of the base."""
        self._prepared, self._tuned = None, False
        gc.collect()  # a model holds itself in cycles

    def hold(self, adapter: Path | None) -> None:
        """Have the weights that lie in a folder; without one, those of the base. Pieces are what they are."""
        if self.pieces is not None:
            return
        if self._tuned and adapter is None:
            self.let_go()
        if adapter is not None and not self._tuned:
            load_tuned(self.prepared.adapted, adapter)
            self._tuned = True


def follow(ranks: Ranks) -> None:
    """Wait for rank 0, and do in this run what it says."""
    with ranks.following() as turn:
        if turn is None:
            return
        Progress.told = False  # rank 0 tells it
        follower = Follower(turn.config, turn.folder)
        for order in ranks.orders():
            order.function(follower, *order.arguments)


def follow_all(ranks: Ranks) -> None:
    """What a process above rank 0 does from its start: follow in every run, until rank 0 lets it go."""
    with listening():
        while not ranks.dismissed:
            follow(ranks)

"""Which passes of a model answer some requests: which rows share a batch, and what is read once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

from src.evaluate.answers import answers
from src.evaluate.batching import batches, groups_of, rows_in_room
from src.evaluate.engine.catalog import engine_for
from src.evaluate.engine.decoding import Decoding
from src.evaluate.engine.plain import plain
from src.evaluate.generation import batches_of, can_go_on
from src.evaluate.likelihoods import Asked, Likelihood, log_likelihoods, shared_likelihoods
from src.model.beside import EQUAL, PADDED
from src.runtime.spread import Spread, Task


@dataclass(frozen=True)
class Passes:
    """The passes of one model; only rows that do not change each other's numbers share a batch."""

    model: Any
    spread: Spread
    """Who goes over the batches."""
    engine: str
    """Name of what generates."""
    batch_size: int
    pad_id: int
    generated: str
    """How rows may share a batch that is gone on with: see `generation.batches_of`."""
    scored: str
    """How they may where they are read whole."""
    goes_on: bool
    """Whether what several begin with may be read once."""

    @classmethod
    def of(cls, model: Any, spread: Spread, engine: str, batch_size: int, pad_id: int) -> "Passes":
        """Look at what the rows of a batch do to each other first."""
        kinds = batches_of(model, pad_id)
        goes_on = kinds == (PADDED, PADDED) and can_go_on(model, pad_id)
        return cls(model, spread, engine, batch_size, pad_id, *kinds, goes_on)

    def answers(self, prompts: Sequence[list[int]], decoding: Decoding) -> list[list[int]]:
        """New tokens behind each prompt."""
        decoding = replace(decoding, reads_once=self.goes_on)
        lengths = [len(prompt) + decoding.num_new for prompt in prompts]
        waits = engine_for(self.engine, decoding) is plain
        rows = self.batch_size if waits else partial(rows_in_room, self.batch_size)
        return self._over(answers, self.generated, prompts, lengths, (self.engine, decoding), rows)

    def whole(self, asked: Sequence[Asked]) -> list[Likelihood]:
        """Likelihoods of continuations whose texts are read whole."""
        lengths = [len(one.context) + len(one.continuation) for one in asked]
        return self._over(log_likelihoods, self.scored, asked, lengths, self.pad_id, self.batch_size)

    def likelihoods(self, asked: Sequence[Asked], shortest: int) -> list[Likelihood]:
        """The same; contexts of more than `shortest` tokens that several have in common are read once."""
        keys = [tuple(one.context) if len(one.context) > shortest else None for one in asked]
        groups = groups_of(keys, self.batch_size)
        if not groups or not self.goes_on:
            return self.whole(asked)
        together = [[asked[place] for place in places] for places in groups]
        lengths = [len(group[0].context) for group in together]
        size = self.batch_size // max(map(len, groups))
        found = self._over(shared_likelihoods, EQUAL, together, lengths, self.pad_id, size)
        known = dict(zip(chain.from_iterable(groups), chain.from_iterable(found), strict=True))
        others = [place for place in range(len(asked)) if place not in known]
        known |= zip(others, self.whole([asked[place] for place in others]), strict=True)
        return [known[place] for place in range(len(asked))]

    def _over(
        self,
        task: Task[Any, Any],
        kind: str,
        items: Sequence[Any],
        lengths: list[int],
        shared: Any,
        rows: int | Callable[[int], int],
    ) -> list[Any]:
        """What a task finds for each item, in their order, batch by batch."""
        places = batches(kind, lengths, rows)
        name = "answer" if task is answers else "score"
        found = self.spread(task, [[items[place] for place in batch] for batch in places], shared, name)
        by_place = dict(zip(chain.from_iterable(places), chain.from_iterable(found), strict=True))
        return [by_place[place] for place in range(len(items))]

"""What both analyses with vectors share: rows of a fit beside scored rows, the gain, costs, tables."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from src.config.intervention import FOLDER, InterventionConfig
from src.errors import ConfigError, DataError
from src.intervene.causal.profile import no_gain
from src.intervene.causal.summary import Summary, ratio
from src.intervene.engine.cost import seconds_a_token
from src.intervene.engine.items import Items
from src.intervene.engine.memory import needed_bytes
from src.intervene.kept import keep
from src.intervene.pair import Pair
from src.intervene.quantity import Quantity, over_seeds, quantity
from src.intervene.study import Source, Study
from src.intervene.vectors.tables import recovered, write_vectors
from src.intervene.vectors.variants import SCORES, PushTable, Variant, score_pushes
from src.runtime.progress import Progress

NUM_TABLES = 3
"""That are scored batch by batch: both ends, the variants, the controls of the best."""


@dataclass(frozen=True)
class Case:
    """One pair, its rows, and where its tables go."""

    pair: Pair
    fit: Items
    scored: Items
    folder: Path
    progress: Progress

    @property
    def key(self) -> list[Any]:
        """What decides the vectors: the weights of both sides and the rows of the fit."""
        ids = [batch.inputs["input_ids"].tolist() for batch in self.fit.batches]
        return [self.pair.key, ids]

    def scored_under(self, variants: Sequence[Variant], positions: str, name: str, *more: Any) -> PushTable:
        """The scores of variants; `more` decides them beside the rows and the names."""
        return score_pushes(
            self.pair.replay, self.scored, variants, positions, self.folder / name, [*self.key, *more],
            self.progress.advance,
        )  # fmt: skip

    def gain(self) -> Quantity:
        """Of the task, which is known first."""
        table = self.scored_under([], "completion", "ends")
        return quantity("logp", "gain", "all", table.change("logp", "tuned"))


class VectorStudy(Study):
    """Vectors are fitted on the probe rows and scored on the test rows, which are others."""

    name: str

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        pair = self.first_pair()
        self.num_blocks, self.trained = pair.num_blocks, pair.trained
        self._tell_cost(pair)
        self.rows: list[Quantity] = []
        self.words: list[str] = []

    @abstractmethod
    def half_passes(self) -> int:
        """How many variants are run from some block on; half of the trunk each, on average."""

    @abstractmethod
    def of_pair(self, case: Case) -> list[Quantity]:
        """Everything that one run says."""

    @abstractmethod
    def told(self, found: Sequence[Summary]) -> list[str]:
        """What `rows` say, and what their variants recover of the gain, in sentences."""

    def measure(self) -> None:
        """ConfigError where the interval of the gain holds 0."""
        kept = []
        for source, pair in self.pairs():
            fit, scored = pair.material.task("probe"), pair.scores[0]
            if shared := set(fit.ids) & set(scored.ids):
                raise DataError(f"rows: given {len(shared)} rows both to fit and to score; needed: none")
            folder, total = source.folder / FOLDER / self.name, len(scored.batches) * NUM_TABLES
            with Progress(f"{source.folder.name} {self.name}", total, "batches") as progress:
                case = Case(pair, fit, scored, folder, progress)
                if missing := no_gain(case.gain()):
                    raise ConfigError(f"{source.folder.name}: {missing}")
                kept.append(self.of_pair(case))
        self.rows = over_seeds(_common(kept))
        self.words = self.told(recovered(self.rows, self.name))

    def write(self) -> None:
        """quantities.csv, summary.csv and about.json."""
        keep(self.out, self.rows)
        write_vectors(self.out, self.rows, self.name)
        asked = {"form": self.chosen.form, "positions": self.chosen.positions}
        self.write_about(self.num_blocks, trained=self.trained, words=self.words, **asked)
        for line in self.words:
            self.say(line)

    def blocks(self) -> list[int]:
        """Those that are pushed: all, or as many as asked for, evenly over the depth, the last among them."""
        count = min(self.chosen.num_pushed_blocks or self.num_blocks, self.num_blocks)
        return sorted({round((place + 1) * self.num_blocks / count) - 1 for place in range(count)})

    def values(self, kind: str, player: str, score: str = "logp") -> numpy.ndarray:
        """[seed, item] of one quantity; KeyError where it was not measured."""
        for row in self.rows:
            if (row.score, row.kind, row.player) == (score, kind, player):
                return row.values
        raise KeyError(f"{score} {kind} {player}")

    def share(self, name: str, kind: str, player: str) -> Summary:
        """What a variant recovers of the gain, with Fieller's interval."""
        return ratio("logp", name, self.values(kind, player), self.values("gain", "all"))

    def _tell_cost(self, pair: Pair) -> None:
        scored = pair.scores[0]
        passes = self.half_passes() / 2 + 2
        minutes = seconds_a_token(pair.replay, scored.batches[0]) * scored.num_tokens * passes / 60
        held = needed_bytes(pair.replay, scored, 2 * (pair.num_blocks + 2))
        what = f"{self.name}, items: {len(scored.ids)} of {scored.score}"
        self.tell_cost(what, f"{passes:.0f} passes", minutes, held, pair.device)


def _common(kept: Sequence[Sequence[Quantity]]) -> list[list[Quantity]]:
    """What every run has: one without wrong answers has no vector of them."""
    names = set.intersection(*({(one.score, one.kind, one.player) for one in rows} for rows in kept))
    return [[one for one in rows if (one.score, one.kind, one.player) in names] for rows in kept]


def changes(table: PushTable, names: Sequence[str]) -> list[Quantity]:
    """The change of every score under some variants, named `kind: player`."""
    found = []
    for name in names:
        kind, _, player = name.partition(": ")
        found += [quantity(score, kind, player, table.change(score, name)) for score in SCORES]
    return found

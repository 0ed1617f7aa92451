"""Analyses that score items under some patterns of gates: measured run by run, then told together."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from src.config.intervention import InterventionConfig
from src.config.schema import RunConfig
from src.data.splits import Splits
from src.intervene.engine.cost import minutes, num_passes
from src.intervene.engine.gates import Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.items import Items
from src.intervene.engine.memory import needed_bytes
from src.intervene.engine.variants import score_patterns
from src.intervene.pair import Pair
from src.intervene.paper_scores import PaperScore, paper_scores, print_paper_scores
from src.intervene.study import Source, Study, tables_of
from src.model.causal import check_causal
from src.model.loaded import LoadedModel
from src.runtime.progress import Progress
from src.storage.csv_file import write_csv

Tables = Mapping[str, ItemTable]
"""By score."""


class PatternStudy(Study):
    """A table of items for each run and score, kept in the run's folder; a subclass makes numbers of them."""

    @classmethod
    def check(cls, config: RunConfig, loaded: LoadedModel, splits: Splits) -> None:
        """As for all; as published whole texts are scored, which a causal model alone can."""
        super().check(config, loaded, splits)
        if config.intervention.form == "published":
            check_causal(loaded.model, f"intervention={config.intervention.name}")

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        pair = self.first_pair()
        self.num_blocks, self.trained = pair.num_blocks, pair.trained
        self._tell_cost(pair)

    @property
    def published(self) -> bool:
        """Whether it is done as published, not soundly."""
        return self.chosen.form == "published"

    def items(self, pair: Pair) -> list[Items]:
        """What every variant is scored on: as published whole texts, else the scores of the pair."""
        return [pair.material.text()] if self.published else pair.scores

    @abstractmethod
    def as_published(self, pair: Pair) -> Mapping[tuple[str, str], Pattern]:
        """The published variants, by head and name."""

    @abstractmethod
    def sound(self, pair: Pair) -> list[Pattern]:
        """The other variants, as far as they are known before anything is measured."""

    def found(self, pair: Pair, folder: Path) -> list[Pattern]:
        """Sound variants that something has to be measured for, in `folder`; none unless told otherwise."""
        return []

    @abstractmethod
    def take(self, name: str, pair: Pair, tables: Tables) -> None:
        """Keep what one run says of the sound variants."""

    @abstractmethod
    def write_sound(self) -> None:
        """The tables of the sound variants, and what is told of them here."""

    def about(self) -> dict[str, Any]:
        """What about.json says beside runs and blocks."""
        return {}

    def measure(self) -> None:
        """Each run in turn."""
        self.paper: list[PaperScore] = []
        for source, pair in self.pairs():
            folder = tables_of([source.folder], self.chosen)[0] / self.chosen.form
            patterns, items = self._planned(pair), self.items(pair)
            patterns += [] if self.published else self.found(pair, folder)
            tables: dict[str, ItemTable] = {}
            name = f"{source.folder.name} {self.chosen.kind}"
            with Progress(name, sum(len(one.batches) for one in items), "batches") as progress:
                for one in items:
                    place = folder / one.score
                    asked = (patterns, place / "variants", pair.key, progress.advance)
                    tables[one.score] = score_patterns(pair.replay, one, *asked)
                    tables[one.score].write(place / "items.npz")
            if self.published:
                variants, (texts,) = self.as_published(pair), items
                self.paper += paper_scores(source.folder.name, variants, texts, tables[texts.score])
            else:
                self.take(source.folder.name, pair, tables)

    def write(self) -> None:
        """As published one table, NAME_paper.csv; else those of the analysis."""
        self.write_about(self.num_blocks, trained=self.trained, **self.about())
        if self.published:
            write_csv(self.out / f"{self.chosen.kind}_paper.csv", PaperScore._fields, self.paper)
            print_paper_scores(self.console, self.paper)
        else:
            self.write_sound()

    def _planned(self, pair: Pair) -> list[Pattern]:
        return list(self.as_published(pair).values()) if self.published else self.sound(pair)

    def _tell_cost(self, pair: Pair) -> None:
        patterns, items = self._planned(pair), self.items(pair)
        passes = num_passes(patterns, pair.num_blocks)
        taken = minutes(pair.replay, items, patterns, pair.num_blocks)
        held = max(needed_bytes(pair.replay, one, pair.num_blocks + 2, gradients=False) for one in items)
        asked = " and ".join(f"{len(one.ids)} of {one.score}" for one in items)
        what = f"{len(patterns)} variants of each, items: {asked}"
        self.tell_cost(what, f"{passes:.1f} passes", taken, held, pair.device)

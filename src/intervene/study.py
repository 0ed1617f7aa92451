"""What every analysis of finished runs is: pairs that can be opened, measured, and told of."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from src.config.intervention import ARMS, FOLDER, InterventionConfig, published_form
from src.config.rules import refuse
from src.config.schema import RunConfig
from src.data.splits import Splits
from src.intervene.engine.memory import check_memory
from src.intervene.material import Asked
from src.intervene.pair import Pair, check_own_blocks
from src.model.causal import check_causal
from src.model.loaded import LoadedModel
from src.storage.files import write_json


def tables_of(folders: Sequence[Path], chosen: InterventionConfig) -> tuple[Path, str]:
    """Where an analysis of some runs keeps its tables, and the name of what they are of.

    That is the folder of one run, else that of their experiment. Runs that are not all of it are an arm,
    which has a folder of its own there, so that another arm does not write over it. So has the published
    form.
    """
    base, name = _base_of(folders)
    if chosen.kind == "causal":
        return base, name
    return base / (published_form(chosen.kind) if chosen.is_published else chosen.kind), name


def _base_of(folders: Sequence[Path]) -> tuple[Path, str]:
    first, experiment = folders[0], folders[0].parent
    if len(folders) == 1:
        return first / FOLDER, first.name
    if {path.parent for path in experiment.glob("*/run.json")} <= set(folders):
        return experiment / FOLDER, experiment.name
    arm = re.sub(r"-s\d+-", "-", first.name)  # a run's name without its seed
    return experiment / FOLDER / ARMS / arm, arm


@dataclass(frozen=True)
class Source:
    """A pair that can be opened."""

    folder: Path
    """What is measured of it is kept in intervene/ below."""
    open: Callable[[Asked], Pair]
    config: RunConfig | None = None
    """Of a finished run, whose trained weights lie in the folder; None of two folders of weights."""

    @property
    def is_run(self) -> bool:
        """Whether the folder holds the trained weights of a run."""
        return self.config is not None


class Study(ABC):
    """One analysis of some pairs of one arm, which differ by seed.

    Making one says what it will take, and refuses what these pairs cannot have before anything is written.

    Args:
        sources: finished runs, or two folders of weights.
        chosen: what is asked of both models of each.
        out: where the files go.

    Raises:
        UserError: in one line, whatever these pairs cannot have.
    """

    causal = False
    """Whether the model must read from left to right alone."""

    @classmethod
    def check(cls, config: RunConfig, loaded: LoadedModel, splits: Splits) -> None:
        """Refuse a run before it is trained, where its rows or its model tell that nothing can be asked.

        Raises:
            UserError: in one line, why.
        """
        check_own_blocks(loaded)
        if cls.causal:
            check_causal(loaded.model, f"intervention={config.intervention.kind}")

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        self.sources, self.chosen, self.out = list(sources), chosen, out
        self.asked = Asked(
            chosen.num_items, chosen.num_passages, chosen.passage_tokens, chosen.batch_size, chosen.split
        )
        self.console = Console(width=100)
        self._opened: Pair | None = None

    def first_pair(self) -> Pair:
        """That of the first source, which is opened once."""
        self._opened = self._opened or self.sources[0].open(self.asked)
        return self._opened

    def pairs(self) -> Iterator[tuple[Source, Pair]]:
        """Each in turn, one model at a time."""
        for source in self.sources:
            pair, self._opened = self._opened or source.open(self.asked), None
            yield source, pair

    @abstractmethod
    def measure(self) -> None:
        """Each run, then all of them together; what an earlier process measured is not measured again.

        Raises:
            ConfigError: the runs have nothing to be asked about, such as a gain.
        """

    @abstractmethod
    def write(self) -> None:
        """The tables, and what is told of them in the terminal."""

    def against(self, sources: Sequence[Source]) -> None:
        """The same of another arm, and the difference.

        Raises:
            ConfigError: this analysis has none, or the arms have other seeds or items.
        """
        refuse("--against", self.chosen.kind, "causal")

    def write_about(self, num_blocks: int, **more: Any) -> None:
        """about.json: of which runs and blocks the tables are, and `more`."""
        names = [source.folder.name for source in self.sources]
        about = {"analysis": self.chosen.kind, "runs": names, "num_blocks": num_blocks, **more}
        write_json(self.out / "about.json", about)

    def tell_cost(self, what: str, passes: str, minutes: float, num_bytes: int, device: torch.device) -> None:
        """What each run takes; ConfigError where its states beside the model have no place."""
        self.say(
            f"{len(self.sources)} runs, {what}. A run takes {passes}, about {minutes:.1f} minutes, and at "
            f"most {num_bytes / 2**20:.0f} MiB of states beside the model."
        )
        check_memory(num_bytes, self.asked.batch_size, device)

    def say(self, line: str) -> None:
        """One line of the terminal."""
        self.console.print(line, highlight=False)

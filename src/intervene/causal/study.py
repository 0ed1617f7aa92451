"""One run, or several of one arm: each measured in its own folder, then told together."""

from collections.abc import Sequence
from pathlib import Path

from numpy import ndarray

from src.config.intervention import FOLDER, InterventionConfig
from src.config.rules import refuse
from src.errors import ConfigError
from src.intervene.causal.measure import NUM_GRADIENTS, Found, Measurement, over_runs
from src.intervene.causal.profile import no_gain
from src.intervene.causal.show import in_words, print_profile, print_summaries, write_summaries
from src.intervene.causal.summary import Summary, contrasts, differences, is_share, summaries
from src.intervene.causal.tables import write_of_items, write_of_seen
from src.intervene.causal.whole_path import MOST_RESIDUAL
from src.intervene.pair import Pair
from src.intervene.quantity import Quantity
from src.intervene.study import Source, Study
from src.runtime.progress import Progress

UNTIED = "in a variant each is given its own tensor, so the head can be tuned where the input is not"


class CausalStudy(Study):
    """The profile of some pairs of one arm."""

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        pair = self.sources[0].open(self.asked)
        self.trained, self.num_blocks = pair.trained, pair.num_blocks
        self.tied = pair.replay.gates.tied
        self.first: Measurement | None = self._measurement(0, pair)
        self._tell_cost(pair)
        self.found: list[list[Found]] = []
        self.seen: list[dict[str, ndarray]] = []
        self.rows: list[Quantity] = []
        self.summaries: list[Summary] = []
        self.differences: list[Summary] = []
        self.contrasts: list[Summary] = []
        self.others: list[str] = []

    def measure(self) -> None:
        """ConfigError where the interval of a gain of the task holds 0."""
        for place, source in enumerate(self.sources):
            measurement = self.first or self._measurement(place, source.open(self.asked))
            self.first = None  # one model at a time
            self.found.append(self._of_source(measurement, source.folder))
            self.seen.append(measurement.seen)
        self.rows = over_runs(self.found)
        if missing := no_gain(self.rows[0]):
            raise ConfigError(f"{len(self.sources)} runs: {missing}")
        self.summaries = list(summaries(self.rows, self.num_blocks))
        self.differences = list(differences(self.rows, self.num_blocks))

    def write(self) -> None:
        """The files, and what is told of them here."""
        names = [source.folder.name for source in self.sources]
        told = [(name, one) for name, found in zip(names, self.found, strict=True) for one in found]
        write_of_items(self.out, self.rows, [*self.summaries, *self.differences], told)
        write_of_seen(self.out, self.rows, dict(zip(names, self.seen, strict=True)), self.trained)
        other: dict[str, object] = {"against": self.others} if self.others else {}
        other |= {"players": self.chosen.players, "scores": list(self.chosen.scores)}
        self.write_about(self.num_blocks, trained=self.trained, head_untied=self.tied, **other)
        for score in dict.fromkeys(row.score for row in self.rows):
            print_profile(self.console, self.rows, score)
            print_summaries(self.console, self.summaries, score)
            for name, one in told:
                if one.score == score:
                    self.say(f"{name}: {_told(one)}")
        if self.contrasts:
            write_summaries(self.out / "against.csv", self.contrasts)
            self.say("This arm minus the other:")
            told_of = [one for one in self.contrasts if not is_share(one)]
            for score in dict.fromkeys(one.score for one in told_of):
                print_summaries(self.console, told_of, score)
        if self.tied:
            self.say(f"The head is tied to the input embedding, and tuning moved both: {UNTIED}.")

    def against(self, sources: Sequence[Source]) -> None:
        """What this arm's profile is minus that of another, seed by seed: against.csv.

        Raises:
            ConfigError: the other arm has another number of runs or items.
        """
        if len(sources) != len(self.sources):
            refuse("--against", f"{len(sources)} runs", f"as many as the first arm has, {len(self.sources)}")
        other = CausalStudy(sources, self.chosen, self.out)
        other.measure()
        shapes = [one.rows[0].values.shape for one in (self, other)]
        if shapes[0] != shapes[1]:
            refuse("--against", f"{shapes[1]} runs x items", f"those of the first arm, {shapes[0]}")
        self.others = [source.folder.name for source in sources]
        self.contrasts = list(contrasts(self.rows, other.rows, self.num_blocks))

    def _measurement(self, place: int, pair: Pair) -> Measurement:
        others = [one.folder for one in self.sources[place + 1 :] + self.sources[:place] if one.is_run]
        source = self.sources[place]
        table = source.folder if source.is_run else None
        return Measurement(pair, self.chosen, others[0] if others else None, table)

    def _of_source(self, measurement: Measurement, folder: Path) -> list[Found]:
        tables, found = folder / FOLDER, []
        for items in measurement.pair.scores:
            if missing := no_gain(measurement.ends(items, tables)):
                if items is measurement.pair.scores[0]:
                    raise ConfigError(f"{folder.name}: {missing}")
                self.say(f"{folder.name}: {missing}")
                continue
            rounds = 1 + measurement.by_block
            if items is measurement.pair.scores[0]:
                rounds += bool(measurement.controls) + bool(measurement.random)
            total = len(items.batches) * rounds
            with Progress(f"{folder.name} {items.score}", total, "batches") as progress:
                found += measurement.found(items, tables, progress.advance)
        return [one for one in found if self._has_gain(folder, one)]

    def _has_gain(self, folder: Path, found: Found) -> bool:
        if missing := no_gain(found.rows[0]):
            self.say(f"{folder.name}: {missing}")
        return not missing

    def _tell_cost(self, pair: Pair) -> None:
        assert self.first is not None
        told = self.first.cost()
        gradients = f" and {NUM_GRADIENTS} forward and backward" if self.first.by_block else ""
        items = " and ".join(f"{len(one.ids)} of {one.score}" for one in pair.scores)
        what, passes = f"{told.num_variants} variants of each, items: {items}", f"{told.passes:.1f} passes"
        self.tell_cost(what, passes + gradients, told.minutes, told.num_bytes, pair.device)


def _told(one: Found) -> str:
    path = "" if one.residual != one.residual else f" Path: residual {100 * one.residual:.2f} % of the gain"
    if path:
        path += ", too much: its shares do not add up to it." if abs(one.residual) > MOST_RESIDUAL else "."
    off = f" Variants worse than both ends: {one.num_off}." if one.hybrids else ""
    return f"{in_words(one.additivity)}.{path}{off}"

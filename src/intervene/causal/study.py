"""One run, or several of one arm: each measured in its own folder, then told together."""

from collections.abc import Sequence
from pathlib import Path

from numpy import ndarray

from src.config.intervention import FOLDER, InterventionConfig
from src.config.rules import refuse
from src.errors import ConfigError
from src.intervene.causal.fifths import FifthContrast, fifth_contrasts
from src.intervene.causal.measure import NUM_GRADIENTS, Found, Measurement
from src.intervene.causal.predictors import mean_profiles, predictions, profiles
from src.intervene.causal.profile import no_gain
from src.intervene.causal.redrawn import redrawn
from src.intervene.causal.show import (
    in_words,
    print_profile,
    print_summaries,
    write_hybrids,
    write_predictions,
    write_readings,
    write_summaries,
)
from src.intervene.causal.summary import Summary, contrasts, differences, is_share, summaries
from src.intervene.causal.whole_path import MOST_RESIDUAL
from src.intervene.pair import Pair
from src.intervene.quantity import Quantity, over_seeds, write_quantities
from src.intervene.study import Source, Study
from src.runtime.progress import Progress
from src.storage.csv_file import write_csv

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

    def measure(self) -> None:
        """ConfigError where the interval of a gain of the task holds 0."""
        for place, source in enumerate(self.sources):
            measurement = self.first or self._measurement(place, source.open(self.asked))
            self.first = None  # one model at a time
            self.found.append(self._of_source(measurement, source.folder))
            self.seen.append(measurement.seen)
        scores = set.intersection(*({one.score for one in found} for found in self.found))
        kept = [[row for one in found if one.score in scores for row in one.rows] for found in self.found]
        self.rows = over_seeds(kept)
        if missing := no_gain(self.rows[0]):
            raise ConfigError(f"{len(self.sources)} runs: {missing}")
        self.summaries = list(summaries(self.rows, self.num_blocks))
        self.differences = list(differences(self.rows, self.num_blocks))

    def write(self) -> None:
        """The files, and what is told of them here."""
        write_quantities(self.out / "profile.csv", self.rows)
        write_summaries(self.out / "summary.csv", [*self.summaries, *self.differences])
        sides = profiles(self.rows, mean_profiles(self.seen), self.trained)
        known = redrawn(self.rows, self.seen, self.trained)
        told_by = predictions(self.rows, sides, self.trained, known)
        write_predictions(self.out, told_by, sides, self.trained)
        contrasted = fifth_contrasts(self.rows, sides, self.trained)
        write_csv(self.out / "fifths.csv", FifthContrast._fields, contrasted)
        together = zip(self.sources, self.found, strict=True)
        told = [(source.folder.name, one) for source, found in together for one in found]
        write_readings(self.out / "readings.csv", told)
        write_hybrids(self.out / "hybrids.csv", told)
        self.write_about(self.num_blocks, trained=self.trained, head_untied=self.tied)
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

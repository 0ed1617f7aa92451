"""Do two bands bring more together than apart, although neither was trained beside the other?"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from src.config.intervention import InterventionConfig
from src.config.rules import refuse
from src.intervene.bands.together import open_bands
from src.intervene.engine.cost import minutes, num_passes
from src.intervene.engine.gates import TUNED, Gates
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.memory import check_memory, needed_bytes
from src.intervene.engine.variants import score_patterns
from src.intervene.quantity import UNITS, Quantity, quantity, write_quantities
from src.intervene.study import Source, Study
from src.method.spans import spans_text


class BandsStudy(Study):
    """Two runs of one base and other bands, as one model.

    The bands are players: v(both) - v(first) - v(second) + v(none) above 0 says that what one of them learned
    makes the other worth more; 0, that they add up; below 0, that they do the same twice.
    """

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        if len(sources) != 2 or not all(one.is_run for one in sources):
            refuse("runs", f"{len(sources)}", "two finished runs of bands that are apart")
        self.pair, self.bands = open_bands([one.folder for one in sources], self.asked)
        gates = self.pair.replay.gates
        self.patterns = [gates.pattern(dict.fromkeys(band, TUNED)) for band in self.bands]
        self.rows: list[Quantity] = []
        self._tell_cost()

    def measure(self) -> None:
        """Base, each band alone, both."""
        pair, patterns, bands = self.pair, self.patterns, self.bands
        gates = pair.replay.gates
        for items in pair.scores:
            table = score_patterns(pair.replay, items, patterns, self.out / items.score, pair.key)
            table.write(self.out / items.score / "items.npz")
            self.rows += _quantities(gates, table, items.score, bands)

    def _tell_cost(self) -> None:
        replay, items = self.pair.replay, self.pair.scores[0]
        gates, count = replay.gates, self.pair.num_blocks
        patterns = [gates.base, gates.tuned, *self.patterns]
        passes = num_passes(patterns, count)
        taken = minutes(replay, self.pair.scores, patterns, count)
        self.say(f"two bands, items: {len(items.ids)}: {passes:.1f} passes, about {taken:.1f} minutes.")
        check_memory(
            needed_bytes(replay, items, count + 2, gradients=False), self.asked.batch_size, self.pair.device
        )

    def write(self) -> None:
        """bands.csv, and a line each."""
        write_quantities(self.out / "bands.csv", self.rows)
        for row in self.rows:
            low, high = row.estimate.interval()
            told = f"{row.score} {row.kind} {row.player}: {row.estimate.value:.4f} ({low:.4f} to {high:.4f})"
            self.say(f"{told} {UNITS[row.score]}")


def _quantities(gates: Gates, table: ItemTable, score: str, bands: list[list[int]]) -> Iterator[Quantity]:
    none, both = table.of(score, gates.base), table.of(score, gates.tuned)
    yield quantity(score, "gain", "both", both - none)
    apart = 0.0
    for band in bands:
        gain = table.of(score, gates.pattern(dict.fromkeys(band, TUNED))) - none
        apart = apart + gain
        yield quantity(score, "alone", f"blocks {spans_text(band, ',')}", gain)
    yield quantity(score, "superadditivity", "both", both - none - apart)

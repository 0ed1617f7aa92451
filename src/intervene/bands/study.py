"""Do two bands bring more together than apart, although neither was trained beside the other?"""

from collections.abc import Iterator

from src.config.rules import refuse
from src.intervene.bands.together import open_bands
from src.intervene.engine.gates import TUNED, Gates
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.variants import score_patterns
from src.intervene.quantity import UNITS, Quantity, quantity, write_quantities
from src.intervene.study import Study
from src.method.spans import spans_text


class BandsStudy(Study):
    """Two runs of one base and other bands, as one model.

    The bands are players: v(both) - v(first) - v(second) + v(none) above 0 says that what one of them learned
    makes the other worth more; 0, that they add up; below 0, that they do the same twice.
    """

    rows: list[Quantity]

    def measure(self) -> None:
        """ConfigError for anything but two runs of one base, of bands that are apart."""
        if len(self.sources) != 2 or not all(one.is_run for one in self.sources):
            refuse("runs", f"{len(self.sources)}", "two finished runs of bands that are apart")
        pair, bands = open_bands([one.folder for one in self.sources], self.asked)
        gates = pair.replay.gates
        patterns = [gates.pattern(dict.fromkeys(band, TUNED)) for band in bands]
        self.rows = []
        for items in pair.scores:
            table = score_patterns(pair.replay, items, patterns, self.out / items.score, pair.key)
            table.write(self.out / items.score / "items.npz")
            self.rows += _quantities(gates, table, items.score, bands)

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

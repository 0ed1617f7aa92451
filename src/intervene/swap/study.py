"""Swapping of one run, or of several of one arm."""

from collections.abc import Sequence
from pathlib import Path

from src.intervene.engine.gates import Pattern
from src.intervene.engine.scoring import EXACT
from src.intervene.kept import keep
from src.intervene.pair import Pair
from src.intervene.pattern_study import PatternStudy, Tables
from src.intervene.quantity import Quantity, over_seeds, print_quantities, write_quantities
from src.intervene.swap.exchange import exchanges, quantities
from src.intervene.swap.published import published_variants


def write_swap(out: Path, rows: Sequence[Quantity]) -> None:
    """swap.csv."""
    write_quantities(out / "swap.csv", rows)


class SwapStudy(PatternStudy):
    """Effects of exchanged segments item by item; as published the published points and scores."""

    def as_published(self, pair: Pair) -> dict[tuple[str, str], Pattern]:
        """Both ends, and the last blocks of each segment put into the base."""
        return published_variants(pair.replay.gates, self.chosen.swap_depth)

    def sound(self, pair: Pair) -> list[Pattern]:
        """Every exchange with its receiver."""
        gates = pair.replay.gates
        made = list(exchanges(gates, self.chosen.num_segments))
        return [gates.base, gates.tuned, *(one.receiver for one in made), *(one.pattern for one in made)]

    def measure(self) -> None:
        """Each run in turn."""
        self.runs: list[list[Quantity]] = []
        super().measure()

    def take(self, name: str, pair: Pair, tables: Tables) -> None:
        """Numbers of one run."""
        gates, num_segments = pair.replay.gates, self.chosen.num_segments
        found = {**tables, EXACT: tables[pair.scores[0].score].exact()}
        self.runs.append(
            [one for score, table in found.items() for one in quantities(gates, table, score, num_segments)]
        )

    def write_sound(self) -> None:
        """swap.csv."""
        rows = over_seeds(self.runs)
        keep(self.out, rows)
        write_swap(self.out, rows)
        print_quantities(self.console, rows)

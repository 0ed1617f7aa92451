"""Merging of one run, or of several of one arm."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from src.intervene.engine.gates import Pattern
from src.intervene.kept import keep
from src.intervene.merge.frontier import MIXTURE, UNIFORM
from src.intervene.merge.plans import (
    PUBLISHED,
    as_published,
    named_plans,
    segment_curves,
    shares_of,
    text_of,
    uniform,
    uniform_curve,
)
from src.intervene.merge.search import found_shares
from src.intervene.merge.tables import write_merge
from src.intervene.pair import Pair
from src.intervene.pattern_study import PatternStudy, Tables
from src.intervene.quantity import Quantity, over_seeds, print_quantities, quantity

SEARCHED = "searched"


class MergeStudy(PatternStudy):
    """Curves of segments, mixtures of the whole, and their frontier; as published three mixtures."""

    def measure(self) -> None:
        """Each run in turn."""
        self.runs: list[list[Quantity]] = []
        self.shares: dict[str, str] = {}
        super().measure()

    def sound(self, pair: Pair) -> list[Pattern]:
        """All mixtures but the searched one."""
        gates = pair.replay.gates
        curves = segment_curves(gates, self.chosen.num_segments)
        return [*uniform_curve(gates).values(), *named_plans(gates).values(), *curves.values()]

    def found(self, pair: Pair, folder: Path) -> list[Pattern]:
        """What the search finds."""
        self.searched = found_shares(pair, self.chosen.num_segments, folder / "search")
        return [shares_of(pair.replay.gates, self.searched)]

    def take(self, name: str, pair: Pair, tables: Tables) -> None:
        """Numbers of one run."""
        gates = pair.replay.gates
        self.shares[name] = text_of(self.searched)
        plans = named_plans(gates) | {SEARCHED: shares_of(gates, self.searched)}
        self.runs.append([one for score in tables for one in self._quantities(pair, plans, tables, score)])

    def about(self) -> dict[str, Any]:
        """What the search found."""
        return {"searched": self.shares}

    def write_sound(self) -> None:
        """merge.csv, merge_searched.csv and merge_frontier.csv."""
        rows = over_seeds(self.runs)
        keep(self.out, rows)
        points = write_merge(self.out, rows, self.shares)
        print_quantities(self.console, [row for row in rows if not row.kind.startswith("curve")])
        if not points:
            self.say("no English was asked for (--passages N): no frontier")
        for one in points:
            if one.more == one.more:
                ends = f"({one.more_low:.4f} to {one.more_high:.4f})"
                told = f"keeps {one.more:+.4f} {ends} nats a byte more than the uniform share of equal gain"
                self.say(f"{one.plan}: {told}")

    def as_published(self, pair: Pair) -> dict[tuple[str, str], Pattern]:
        """Both ends and three mixtures."""
        gates = pair.replay.gates
        mixed = {("last block", text_of(shares)): as_published(gates, shares) for shares in PUBLISHED}
        return {("base", "base"): gates.base, ("tuned", "tuned"): gates.tuned, **mixed}

    def _quantities(
        self, pair: Pair, plans: dict[str, Pattern], tables: Tables, score: str
    ) -> Iterator[Quantity]:
        gates, table = pair.replay.gates, tables[score]
        base = table.of(score, gates.base)
        for share, pattern in uniform_curve(gates).items():
            yield quantity(score, UNIFORM, f"{share:g}", table.of(score, pattern) - base)
        for plan, pattern in plans.items():
            yield quantity(score, MIXTURE, plan, table.of(score, pattern) - base)
        for (others, segment, share), pattern in segment_curves(gates, self.chosen.num_segments).items():
            kind = f"curve, others {'tuned' if others else 'base'}"
            end = table.of(score, uniform(gates, others))
            yield quantity(score, kind, f"{segment} at {share:g}", table.of(score, pattern) - end)

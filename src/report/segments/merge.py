"""Mixtures of base and tuned weights: their curves by segment, and their frontier."""

from collections.abc import Iterator

from pandas import DataFrame

from src.analysis.intervened import Intervened
from src.analysis.records import records
from src.report.frontier import READING as FRONTIER
from src.report.frontier import Frontier, frontier_blocks
from src.report.intervened_page import analysis_plugin
from src.report.palette import BLUE, GREEN, ORANGE, RED, SKY, SLATE
from src.report.parts import Block, Chart, Text
from src.report.plot import Axis, Plot, Series
from src.report.segments.swap import VALUES, all_rows, paper_table

_HUES = (BLUE, SKY, GREEN, ORANGE, RED)
_READING = (
    "Base and tuned weights were mixed, base + share x (tuned - base), with a share that differs along the "
    "depth. One curve a segment: its share varies while the others are all tuned (left out at 0) or all base."
)


def blocks(found: Intervened) -> list[Block]:
    """Curves, the frontier where English was asked for, tables."""
    anchor, rows, paper = found.anchor, found.table("merge"), found.table("merge_paper")
    made: list[Block] = []
    if len(rows):
        plots = {
            f"{score}, {kind.removeprefix('curve, ')}": _curves(rows, score, kind)
            for score in dict.fromkeys(rows["score"])
            for kind in dict.fromkeys(rows["kind"])
            if kind.startswith("curve")
        }
        made += [Text([_READING, *_searched(found)])]
        made += [Chart(f"merge_{anchor}", f"{found.name}: one segment's share", plots, label="score")]
        if len(points := found.table("merge_frontier")):
            made += [Text([FRONTIER]), *frontier_blocks(frontier_of(found.name, points))]
        made += [all_rows("merge", found.name, anchor, rows, "mixture")]
    if len(paper):
        made += [paper_table("merge", found.name, anchor, paper)]
    return made


def frontier_of(name: str, points: DataFrame) -> Frontier:
    """The uniform curve, and every other mixture against it."""
    return Frontier(
        name=name,
        curve="uniform share",
        gained="right answer over the base, nats a token",
        kept="English kept, nats a byte (below 0: forgotten)",
        points=[{key: _plain(value) for key, value in row.items()} for row in records(points)],
    )


def _plain(value: object) -> object:
    return float(value) if isinstance(value, int) else value


def _searched(found: Intervened) -> Iterator[str]:
    for one in records(found.table("merge_searched")):
        yield f"{one['run']}: the search on rows of its own found shares {one['shares']}."


def _curves(rows: DataFrame, score: str, kind: str) -> Plot:
    mine = rows[(rows["score"] == score) & (rows["kind"] == kind)]
    parts = mine["player"].str.rsplit(" at ", n=1, expand=True)
    mine = mine.assign(segment=parts[0], share=parts[1].astype(float))
    series = []
    for place, (name, one) in enumerate(mine.groupby("segment", sort=False)):
        x, y, low, high = (one[key].tolist() for key in ("share", "value", "ci_low", "ci_high"))
        hue = _HUES[place] if place < len(_HUES) else SLATE
        series.append(Series(str(name), x, y, low=low, high=high, hue=hue))
    return Plot(Axis("share of the segment's update"), Axis(VALUES[score]), series, zero=True)


PLUGIN = analysis_plugin(
    "merge",
    "Task against forgetting: mixed weights",
    Intervened,
    blocks,
    needs="mixed weights: python -m src.intervene merge RUN",
)

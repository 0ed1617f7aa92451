"""Task against forgetting: penalties and selections of rows where they gain as much, or move as far."""

from collections.abc import Sequence

from src.analysis.frontier import SIZE, ArmFrontier, arm_frontiers
from src.analysis.material import Material
from src.report.columns import columns
from src.report.crowd import number_drawn
from src.report.frontier import NUMBERS, READING, Frontier, frontier_blocks, rows_of
from src.report.parts import Block, Section, Text
from src.report.table import Table

_OTHERS_NOTE = "Each curve is held against all settings beside it, and p is corrected over those."


def build(material: Material) -> list[Block]:
    """The curves, of many the first ones and one table of the others; nothing without several strengths."""
    found = [_frontier(one) for one in material.get(arm_frontiers)]
    drawn = number_drawn(len(one.points) for one in found)
    blocks: list[Block] = [Text([READING])] if found else []
    blocks += [block for one in found[:drawn] for block in frontier_blocks(one)]
    return blocks + (_others(found[drawn:], len(found)) if found[drawn:] else [])


def _frontier(one: ArmFrontier) -> Frontier:
    matched = "size" if one.gained == SIZE else "gain"
    return Frontier(
        name=f"{one.kept}, at an equal {matched}, {one.curve}",
        curve=one.curve,
        gained=one.gained if one.gained == SIZE else f"{one.gained}: gained",
        kept=f"{one.kept}: kept (below 0: forgotten)",
        points=[point._asdict() for point in one.points],
        matched=matched,
    )


def _others(found: Sequence[Frontier], number: int) -> list[Block]:
    """Curves that are not drawn."""
    told = f"{number - len(found)} of {number} curves drawn; the others are rows of one table."
    heads = columns("curve", "plan", *NUMBERS)
    rows = [{"curve": one.name, **row} for one in found for row in rows_of(one)]
    title = f"Task against forgetting: {len(found)} curves that are not drawn"
    return [Text([told]), Table("frontier_others", title, heads, rows, _OTHERS_NOTE, folded=True)]


SECTION = Section(
    "Task against forgetting: the frontier",
    "an arm at two strengths, such as method.penalty_weight, scored with evaluate=forgetting",
    build,
)

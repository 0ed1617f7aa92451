"""Task against forgetting: penalties and selections of rows where they gain as much, or move as far."""

from src.analysis.frontier import SIZE, arm_frontiers
from src.analysis.material import Material
from src.report.frontier import Frontier, frontier_blocks
from src.report.parts import Block, Section


def build(material: Material) -> list[Block]:
    """Nothing where no arm was run at several strengths."""
    return [
        block
        for one in material.get(arm_frontiers)
        for block in frontier_blocks(
            Frontier(
                name=f"{one.kept}, at an equal {'size' if one.gained == SIZE else 'gain'}, {one.curve}",
                curve=one.curve,
                gained=one.gained if one.gained == SIZE else f"{one.gained}: gained",
                kept=f"{one.kept}: kept (below 0: forgotten)",
                points=[point._asdict() for point in one.points],
            )
        )
    ]


SECTION = Section(
    "Task against forgetting: the frontier",
    "an arm at two strengths, such as method.penalty_weight, scored with evaluate=forgetting",
    build,
)

"""Band x control: does the advantage of a band survive equal steps?"""

from collections.abc import Sequence

from src.analysis.arms import Arm
from src.analysis.depth.band_control import KEY, crossings
from src.analysis.depth.decomposition import EQUAL_STEP
from src.analysis.depth.inferred import control_words, labelled
from src.analysis.material import Material
from src.report.columns import columns
from src.report.parts import Block, Section, Text
from src.report.table import Table

_NOTE = (
    "Advantage: score of the band minus score of the whole stack. Change: advantage under standard training "
    "minus that under equal steps. Paired by seed, and by item where all runs answered the same; intervals "
    "over both. p (Holm) and the interval that leaves 0 out where it is at most 0.05: corrected over all "
    "bands and scores of this table, each of the three numbers by itself; the verdict rests on them. Mean r: "
    "relative size of a step, over the blocks that an arm trains, steps and seeds. Unevenness: mean r of the "
    "block that moves most over that of the block that moves least; at 1 equal steps take nothing away."
)
_OWN = "Steps are equal within an arm, not across arms: each takes its r from its own blocks."
_FIXED = "All arms take the same r."
_MINIATURE = (
    "A miniature: small twins of the checkpoints they are named after, so nothing here speaks of those "
    "checkpoints themselves."
)


def build(material: Material) -> list[Block]:
    """A sentence and three rows for each band, model and score that ran in all four cells."""
    found = crossings(material)
    if not found:
        return []
    choices = control_words(material.study.arms)
    note = " ".join(
        [
            _NOTE,
            _FIXED if _one_size(material.study.arms) else _OWN,
            *([labelled(*choices)] if choices else []),
        ]
    )
    small = any(one.miniature for one in found)
    title = "Band x control (miniature)" if small else "Band x control"
    heads = columns(
        "band", *KEY, "score_of", "advantage", "num_seeds", "num_items", "value", "ci", "p_holm", "holm",
        "verdict", "size_band", "size_whole", "uneven_band", "uneven_whole",
    )  # fmt: skip
    return [
        Text([*([_MINIATURE] if small else []), _brackets(len(found))]),
        Text([one.sentence for one in found], bullets=True),
        Table("band_control", title, heads, [row for one in found for row in one.rows], note),
    ]


def _one_size(arms: Sequence[Arm]) -> bool:
    """Whether every arm with equal steps was given the same r."""
    equal = [arm.first.config for arm in arms if (arm.record.get("control") or {}).get("kind") == EQUAL_STEP]
    told = {(config.get("control.target"), config.get("control.size")) for config in equal}
    return len(told) == 1 and next(iter(told))[0] == "fixed"


def _brackets(count: int) -> str:
    if count == 1:
        return "Brackets: 95 % intervals."
    return f"Brackets: intervals at the level of Holm's test among {count} crossings of band and score."


SECTION = Section(
    "Does the advantage survive equal steps?",
    "one band and the whole stack, each under control=none and control=equal_step, with scores: "
    "experiment=midblock_equal_step",
    build,
)

"""Ours beside the published numbers, with the word for a declared claim."""

import re

from src.analysis.material import Material
from src.analysis.published import compare_published
from src.report.columns import columns
from src.report.parts import Block, Section, Text
from src.report.table import Table
from src.statistics.claim import judge_claim

_EFFECTS = (
    "A word stands only where a claim was declared in conf/reference and the runs are of its setting: its "
    "model and data, at the published fidelity or soundly. All others are checks in miniature, never a "
    "verdict. Corrected: the published effect, less what choosing the best of several adds, ± its standard "
    "error (binomial, from the shares and n). Intervals are 95 %; one contrast a claim, corrected for the "
    "claims that its file declares, whatever else was run."
)
_LEVELS = (
    "A level belongs to its model, task and training; it stands here for orientation. The interval of a "
    "correlation over layers is over seeds, of one seed over its effective number of layers; "
    "it is not over rows, as a run keeps one number of a layer and not its rows."
)
_KEY, _OURS = ("reference", "name", "published"), ("value", "ci", "gap")
_REST = ("ours", "other_setting", "num_seeds", "num_items", "note", "source")
_WORDS = {"value": "ours", "ci": "interval of ours"}


def build(material: Material) -> list[Block]:
    """Effects with their word and the rule, levels, and what nobody measured."""
    found = material.get(compare_published)
    blocks: list[Block] = []
    if found.effects:
        heads = columns(*_KEY, "target", "target_stderr", *_OURS, "verdict", "reason", *_REST, **_WORDS)
        judges = "Published effects, each under every condition"
        title = "Published effects and ours"
        blocks += [Text(rule()), Table("published", title, heads, found.effects, _EFFECTS, judges=judges)]
    if found.levels:
        title = f"Published levels, not judged ({len(found.levels)})"
        heads = columns(*_KEY, *_OURS, *_REST, **_WORDS)
        blocks.append(Table("published_levels", title, heads, found.levels, _LEVELS, folded=True))
    title = f"Published numbers that these runs do not measure ({len(found.missing)})"
    heads = columns(*_KEY, "unit", "reason", "source", reason="why")
    return [*blocks, Table("published_missing", title, heads, found.missing, folded=True)]


def rule() -> list[str]:
    """The rule of the words, as its function states it: its three statements and the words, a line each."""
    text = (judge_claim.__doc__ or "").partition("\n\n")[2].partition("\n\n    Args:")[0]
    return [" ".join(part.replace("*", "").split()) for part in re.split(r"\n\n|\n    - |^    - ", text)[1:]]


SECTION = Section("Published and ours", "a published number that some run measures", build)

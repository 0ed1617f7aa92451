"""Ours beside the published numbers, with a verdict."""

from src.analysis.material import Material
from src.analysis.published import compare_published
from src.report.columns import columns
from src.report.parts import Block, Section, Text
from src.report.table import Table
from src.statistics.verdict import judge

_EFFECTS = (
    "n: items behind the published number. Ours is judged on whatever model and task it ran: a column tells "
    "in what that differs from the published setting. Where lm-eval reads a task by several filters, the one "
    "that conf/reference names counts: of gsm8k flexible-extract, the last number, as published."
)
_LEVELS = "A level belongs to its model, task and training; it stands here for orientation."
_KEY, _OURS = ("reference", "name", "published"), ("value", "ci", "ci_level", "gap")
_REST = ("ours", "other_setting", "num_seeds", "num_items", "note", "source")
_WORDS = {"value": "ours", "ci": "interval of ours"}


def build(material: Material) -> list[Block]:
    """Effects with their verdict and the rule, levels, and what nobody measured."""
    found = material.get(compare_published)
    blocks: list[Block] = []
    if found.effects:
        heads = columns(*_KEY, *_OURS, "verdict", "reason", *_REST, **_WORDS)
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
    """The verdict rule, as its function states it: a line each."""
    text = (judge.__doc__ or "").partition("\n\n")[2]
    return [" ".join(part.split()) for part in text.split("\n\n")]


SECTION = Section("Published and ours", "a published number that some run measures", build)

"""Ours beside the published numbers, with a verdict."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from src.analysis.material import Material
from src.analysis.measures import MEASURES
from src.analysis.measures.measured import OwnNumber
from src.analysis.references import Published
from src.report.blocks import Column, Table, Text, count, percent, signed, span
from src.report.section import Block, Section
from src.statistics.verdict import judge

COLUMNS = (
    Column("published for", numeric=False),
    Column("what", numeric=False),
    Column("published", numeric=False),
    Column("ours", signed(3)),
    Column("interval of ours", span(3)),
    Column("its level", percent),
    Column("ours − published", signed(3)),
    Column("verdict", numeric=False),
    Column("because", numeric=False, wide=True),
    Column("our runs", numeric=False, wide=True),
    Column("not the published setting", numeric=False, wide=True),
    Column("seeds", count),
    Column("items", count),
    Column("note", numeric=False, wide=True),
    Column("source", numeric=False, wide=True),
)
VERDICT = [column.name for column in COLUMNS].index("verdict")
_ORDER = {"reproduced": 0, "not reproduced": 1, "undecided": 2}
_MISSING = ("published for", "what", "published", "unit", "why", "source")
_EFFECTS = (
    "n: items behind the published number. Ours is judged on whatever model and task it ran: a column tells "
    "in what that differs from the published setting. Where lm-eval reads a task by several filters, the one "
    "that conf/reference names counts: of gsm8k flexible-extract, the last number, as published."
)
_LEVELS = "A level belongs to its model, task and training; it stands here for orientation."


def build(material: Material) -> list[Block]:
    """Effects with their verdict and the rule, levels, and what nobody measured."""
    effects, levels, missing = [], [], []
    for one in material.study.published:
        measured = _measure(material, one)
        for ours in measured:
            (effects if ours.effect else levels).append(_row(one, ours))
        if not measured:
            missing.append(_missing(one))
    effects.sort(key=lambda row: _ORDER[row[VERDICT]])
    blocks: list[Block] = []
    if effects:
        blocks += [Text(rule()), Table("published", "Published effects and ours", COLUMNS, effects, _EFFECTS)]
    if levels:
        title, columns = f"Published levels, not judged ({len(levels)})", _without_verdict(COLUMNS)
        rows = [_without_verdict(row) for row in levels]
        blocks.append(Table("published_levels", title, columns, rows, _LEVELS, folded=True))
    title = f"Published numbers that these runs do not measure ({len(missing)})"
    columns = [Column(name, numeric=False, wide=name in ("unit", "why", "source")) for name in _MISSING]
    return [*blocks, Table("published_missing", title, columns, missing, folded=True)]


def _without_verdict(cells: Sequence[Any]) -> list[Any]:
    return [*cells[:VERDICT], *cells[VERDICT + 2 :]]


def rule() -> list[str]:
    """The verdict rule, as its function states it: a line each."""
    text = (judge.__doc__ or "").partition("\n\n")[2]
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _measure(material: Material, one: Published) -> list[OwnNumber]:
    way = MEASURES.get(one.number.measure["kind"])
    return (
        []
        if way is None
        else [found for found in way(material, one) if found.estimate.value == found.estimate.value]
    )


def _row(one: Published, ours: OwnNumber) -> list[Any]:
    number, estimate = one.number, ours.estimate
    gap = None if number.value is None else estimate.value - number.value
    level = None if math.isnan(ours.interval[0]) else 1 - ours.level
    judged = ours.effect and number.value is not None
    verdict = judge(estimate, ours.level, number.value, ours.interval) if judged else ("", "")
    return [
        one.reference.title, number.name.replace("_", " "), one.shown, estimate.value,
        ours.interval, level, gap, *verdict, ours.what, ours.setting, estimate.num_seeds or None,
        estimate.num_items, number.note, one.place,
    ]  # fmt: skip


def _missing(one: Published) -> list[Any]:
    number = one.number
    return [
        one.reference.title, number.name.replace("_", " "), one.shown, number.unit,
        "; ".join(_why(one)), one.place,
    ]  # fmt: skip


def _why(one: Published) -> Iterator[str]:
    measure = dict(one.number.measure)
    kind = measure.pop("kind")
    if kind == "none":
        yield "nothing here measures it"
    elif kind not in MEASURES:
        yield f"nothing here measures {kind}"
    else:
        asked = ", ".join(f"{key} {value}" for key, value in measure.items())
        yield f"no finished run has it: {kind}" + (f" of {asked}" if asked else "")
    if one.number.note:
        yield one.number.note


SECTION = Section("Published and ours", "a published number that some run measures", build)

"""Ours beside the published numbers, with a verdict."""

from collections.abc import Iterator
from typing import Any

from src.report.blocks import Column, Table, Text, count, decimals, signed, span
from src.report.measures import MEASURES
from src.report.measures.measured import Measured
from src.report.references import Published
from src.report.section import Block, Material, Section
from src.statistics.verdict import judge

COLUMNS = (
    Column("published in", numeric=False),
    Column("what", numeric=False),
    Column("published", str),
    Column("ours, and where", numeric=False, wide=True),
    Column("ours", decimals(3)),
    Column("ours − published", signed(3)),
    Column("interval of ours", span(3)),
    Column("seeds", count),
    Column("items", count),
    Column("verdict", numeric=False),
    Column("because", numeric=False, wide=True),
)
_NOT_JUDGED = "not judged"


def build(material: Material) -> list[Block]:
    """The comparison, the rule, and what nobody measured."""
    compared, missing = [], []
    for one in material.study.published:
        measured = _measure(material, one)
        compared += [_row(one, ours) for ours in measured]
        if not measured:
            missing.append(_missing(one))
    order = {"reproduced": 0, "not reproduced": 0, "undecided": 1}
    compared.sort(key=lambda row: order.get(row[9], 2))
    blocks: list[Block] = []
    if compared:
        blocks += [
            Text([rule()]),
            Table("published", "Ours beside the published numbers", COLUMNS, compared,
                  "A published effect (a difference) is judged on any model; the column before tells in what ours "
                  "differs. A level is not: it belongs to its model and task."),
        ]  # fmt: skip
    columns = [Column(name, numeric=False, wide=name == "why") for name in ("published in", "what")]
    columns += [
        Column("published"),
        Column("unit", numeric=False, wide=True),
        Column("why", numeric=False, wide=True),
    ]
    title = f"Published numbers that these runs do not measure ({len(missing)})"
    return [*blocks, Table("published_missing", title, columns, missing, folded=True)]


def rule() -> str:
    """The verdict rule, as its function states it."""
    text = judge.__doc__ or ""
    return " ".join(text.partition("\n\n")[2].split())


def _measure(material: Material, one: Published) -> list[Measured]:
    way = MEASURES.get(one.number.measure["kind"])
    return (
        []
        if way is None
        else [found for found in way(material, one) if found.estimate.value == found.estimate.value]
    )


def _row(one: Published, ours: Measured) -> list[Any]:
    number, estimate = one.number, ours.estimate
    where = ours.what + (f"; {ours.setting}" if ours.setting else "")
    gap = None if number.value is None else estimate.value - number.value
    return [
        one.reference.title, number.name.replace("_", " "), _published(one), where, estimate.value, gap,
        estimate.interval(ours.level), estimate.num_seeds or None, estimate.num_items, *_verdict(one, ours),
    ]  # fmt: skip


def _verdict(one: Published, ours: Measured) -> tuple[str, str]:
    if not ours.effect or one.number.value is None:
        return _NOT_JUDGED, "" if ours.setting.startswith("a count") else "a level"
    found = judge(ours.estimate, ours.level, one.number.value)
    return found.verdict, found.reason


def _published(one: Published) -> str:
    number = one.number
    if number.value is None:
        return "in words"
    sign = {"above": "> ", "below": "< "}.get(number.relation, "")
    n = (
        f", n {number.n}" + (" (inferred)" if number.n_status == "inferred" else "")
        if number.n
        else ", n unknown"
    )
    return f"{sign}{number.value:g}{n}".replace("-", "−") + (
        ", inferred" if number.status == "inferred" else ""
    )


def _missing(one: Published) -> list[Any]:
    number = one.number
    return [
        one.reference.title, number.name.replace("_", " "), _published(one), number.unit, "; ".join(_why(one))
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

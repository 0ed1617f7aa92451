"""Published numbers and ours: effects with the word for them, levels, and what these runs do not measure."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.analysis.claims import MINIATURE, NO_CLAIM, corrected_target, judge
from src.analysis.families import Row, ends_row
from src.analysis.material import Material
from src.analysis.measures import MEASURES
from src.analysis.measures.measured import OwnNumber
from src.analysis.references import Published
from src.statistics.claim import WORDS, sign_here

VERDICTS = (*WORDS, MINIATURE, NO_CLAIM)


@dataclass
class Comparison:
    """Rows of three tables."""

    effects: list[Row] = field(default_factory=list)
    """By word."""
    levels: list[Row] = field(default_factory=list)
    missing: list[Row] = field(default_factory=list)


def compare_published(material: Material) -> Comparison:
    """Every published number beside what of ours measures it."""
    found = Comparison()
    for one in material.study.published:
        measured = _measure(material, one)
        for ours in measured:
            (found.effects if ours.effect else found.levels).append(_row(one, ours))
        if not measured:
            reason = "; ".join(_why(one))
            found.missing.append(published_row(one) | {"unit": one.number.unit, "reason": reason})
    found.effects.sort(key=lambda row: VERDICTS.index(row["verdict"]))
    return found


def count_verdicts(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """How many rows have each verdict, those that none has left out."""
    counts = Counter(row["verdict"] for row in rows)
    return [(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]]


def published_row(one: Published) -> Row:
    """What the source says."""
    name = one.number.name.replace("_", " ")
    told = {"published": one.shown, "note": one.number.note, "source": one.place}
    return {"reference": one.reference.title, "name": name} | told


def _measure(material: Material, one: Published) -> list[OwnNumber]:
    way = MEASURES.get(one.number.measure["kind"])
    return [found for found in way(material, one) if not math.isnan(found.estimate.value)] if way else []


def _row(one: Published, ours: OwnNumber) -> Row:
    published, estimate = one.number.value, ours.estimate
    row = published_row(one) | {
        "value": estimate.value,
        "gap": None if published is None else estimate.value - published,
        "verdict": "",
        "ours": ours.what,
        "other_setting": ours.setting,
        "num_seeds": estimate.num_seeds or None,
        "num_items": estimate.num_items,
    }
    if ours.effect and published is not None:
        row |= _judged(one, ours, published)
    return row | ends_row("ci", ours.interval)


def _judged(one: Published, ours: OwnNumber, published: float) -> Row:
    """A word where a claim is declared and the runs are of its setting; else what is seen here."""
    target = corrected_target(one, one.claim) if one.claim else None
    told = {} if target is None else {"target": target.value, "target_stderr": target.stderr}
    if one.claim and not ours.setting:
        found = judge(one, ours.estimate)
        return told | {"verdict": found.word, "reason": found.reason}
    word = MINIATURE if ours.setting else NO_CLAIM
    return told | {"verdict": word, "reason": sign_here(ours.estimate, published)}


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

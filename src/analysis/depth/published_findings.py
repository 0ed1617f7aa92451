"""The published findings of the depth-profile study as rows of a table: ours beside them, and the word."""

from collections.abc import Sequence

from src.analysis.claims import MINIATURE
from src.analysis.depth import equal_step_verdicts, findings
from src.analysis.depth.depth_study import DepthStudy
from src.analysis.depth.finding import (
    NO_NULL,
    NONE,
    Finding,
    beyond_both,
    both_slopes,
    corrected,
    without_null,
)
from src.analysis.depth.null import ABSOLUTE, RELATIVE, excess_over
from src.analysis.depth.settings import TRANSFORMERS
from src.analysis.families import Row
from src.analysis.references import Published
from src.config.reference import Claim
from src.statistics.claim import CONFIRMED, UNDECIDED

_REFERENCE = "depth_profile_study"
_RULES = {
    "positive_slopes": findings.positive_slopes,
    "equal_step_sequential_keeps_slope": equal_step_verdicts.sequential_keeps,
    "equal_step_parallel_keeps_slope": equal_step_verdicts.parallel_keeps,
    "equal_step_larger": equal_step_verdicts.larger_keep,
    "steepness_with_objective_distance": findings.steepness,
    "width_by_architecture": findings.width,
}
"""The function that judges each finding; its docstring is the rule."""
_HERE = {CONFIRMED: "as published", UNDECIDED: "open"}
"""What a check in miniature says in place of the words; of all others: not as published."""


def finding_rows(depth: DepthStudy, published: Sequence[Published]) -> list[Row]:
    """The published findings, ours beside them, the word and its rule."""
    known = {one.number.name: one.number for one in published if one.file == _REFERENCE}
    count = known.get("positive_slopes")
    share = count.value / count.n if count and count.value and count.n else float("nan")
    claims = {one.number.name: one.claim for one in published if one.file == _REFERENCE}
    rows = []
    for one in judge(depth, share):
        number = known.get(one.name)
        told = number.note if number and number.value is None else None
        in_words = (told or "").removeprefix("in words only, ")
        rows.append({
            "name": one.name.replace("_", " "),
            "published": f"{number.value:g} of {number.n}" if number and number.value else in_words,
            **_worded(one, claims.get(one.name), depth),
            "rule": " ".join((_RULES[one.name].__doc__ or "").split()),
        })  # fmt: skip
    return rows


def _worded(one: Finding, claim: Claim | None, depth: DepthStudy) -> Row:
    """The word, for runs of the declared models at their size alone; of all others what is seen here."""
    if one.verdict == NONE:
        return {"ours": one.ours, "verdict": "not measured"}
    if one.verdict == NO_NULL:
        return {"ours": f"as it is, not judged: {one.ours}", "verdict": NO_NULL}
    models = claim.setting.models if claim and claim.setting else []
    if models and not depth.extent.miniatures and set(depth.numbers["model"]) <= set(models):
        return {"ours": one.ours, "verdict": one.verdict}
    seen = _HERE.get(one.verdict, "not as published")
    return {"ours": f"here {seen}: {one.ours}", "verdict": MINIATURE}


def judge(depth: DepthStudy, published_share: float) -> list[Finding]:
    """The published findings, as these runs show them in the main metric, judged beyond every null.

    Of relative slopes; where absolute ones are judged otherwise, it is said. The words are corrected for how
    many were declared. Without a null what these runs show is told as it is, and not judged.
    """
    if depth.null is None:
        return [without_null(one) for one in _judge(depth, published_share, RELATIVE)]
    found = _beyond(depth, depth.null, published_share)
    for null in depth.further_nulls:
        others = _beyond(depth, null, published_share)
        found = [beyond_both(one, other, null) for one, other in zip(found, others, strict=True)]
    return corrected(found)


def _beyond(depth: DepthStudy, null: str, published_share: float) -> list[Finding]:
    beyond = depth.readings[excess_over(null)]
    relative, absolute = (_judge(beyond, published_share, quantity) for quantity in (RELATIVE, ABSOLUTE))
    sides = zip(relative, absolute, corrected(absolute), strict=True)
    return [both_slopes(*side) for side in sides]


def _judge(depth: DepthStudy, published_share: float, quantity: str) -> list[Finding]:
    groups, cells, ranks, positive = (
        depth.of_main(table, quantity)
        for table in (depth.groups, depth.decomposition, depth.ranks, depth.positive)
    )
    cells = cells[cells["kind"].isin(TRANSFORMERS)]
    return [
        findings.positive_slopes(positive, published_share),
        equal_step_verdicts.sequential_keeps(groups, cells),
        equal_step_verdicts.parallel_keeps(groups, cells),
        equal_step_verdicts.larger_keep(groups, cells),
        findings.steepness(ranks),
        findings.width(depth.of_main(depth.width_order), depth.of_main(depth.width_shares)),
    ]

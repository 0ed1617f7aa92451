"""Band x control: does the advantage of a band survive equal steps?"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pandas import DataFrame

from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.depth.crossing import Corrections, Crossed, corrected, cross, mean_relative_size, survives
from src.analysis.depth.decomposition import EQUAL_STEP, STANDARD
from src.analysis.depth.inferred import control_words, labelled
from src.analysis.depth.settings import WHOLE, settings_of
from src.analysis.material import Material
from src.report.blocks import Text
from src.report.depth.blocks import frame_table
from src.report.section import Block, Section

KEY = ["label", "method", "objective", "data", "others"]
"""What arms must share to be crossed; the method is its kind, as a band is a setting of its own."""
_NOTE = (
    "Advantage: score of the band minus score of the whole stack. Change: advantage under standard training "
    "minus that under equal steps. Paired by seed, and by item where all runs answered the same; intervals "
    "over both. p (Holm) and the interval that leaves 0 out where it is at most 0.05: corrected over all "
    "bands and scores of this table, each of the three numbers by itself; the verdict rests on them. Mean r: "
    "relative size of a step, over the blocks that an arm trains, steps and seeds. Steps are equal within an "
    "arm, not across arms: each takes its r from its own blocks."
)
_MINIATURE = (
    "A miniature: small twins of the checkpoints they are named after, so nothing here speaks of those "
    "checkpoints themselves."
)


class _Case(NamedTuple):
    """One band and score that ran in all four cells."""

    names: dict[str, str]
    """Band, `KEY` and score."""
    found: Crossed
    sizes: dict[str, tuple[float | None, float | None]]
    """By the name of the control's advantage: mean r of the band and of the whole stack."""
    miniature: bool


def build(material: Material) -> list[Block]:
    """A sentence and three rows for each band, model and score that ran in all four cells."""
    cases = [case for task in material.scores for case in _cases(material, task)]
    if not cases:
        return []
    tested = list(zip(cases, corrected([case.found for case in cases]), strict=True))
    told = [f"{_name(case)}: {survives(case.found, tests)[1]}" for case, tests in tested]
    rows = [row for case, tests in tested for row in _rows(case, tests)]
    choices = control_words(material.study.arms)
    note = f"{_NOTE} {labelled(*choices)}" if choices else _NOTE
    small = any(case.miniature for case in cases)
    title = "Band x control (miniature)" if small else "Band x control"
    return [
        Text([*([_MINIATURE] if small else []), _brackets(len(cases))]),
        Text(told, bullets=True),
        frame_table("band_control", title, DataFrame(rows), _shown(), note),
    ]


def _brackets(num_cases: int) -> str:
    if num_cases == 1:
        return "Brackets: 95 % intervals."
    return f"Brackets: intervals at the level of Holm's test among {num_cases} crossings of band and score."


def _shown() -> dict[str, str]:
    shown = {name: name for name in ("band", *KEY, "score")}
    shown |= {"advantage": "advantage over the whole stack", "n": "seeds", "items": "items", "mean": "mean"}
    shown |= {"low,high": "95 % interval", "pvalue": "p (Holm)"}
    shown |= {"low_holm,high_holm": "interval at Holm's level", "verdict": "verdict"}
    return shown | {"relative_size_band": "mean r, band", "relative_size_whole": "mean r, whole stack"}


def _cases(material: Material, task: TaskScores) -> Iterator[_Case]:
    for key, arms, miniature in _groups(task):
        sides = {place: one.tuned for place, one in arms.items()}
        for band in dict.fromkeys(band for band, _ in arms if band != WHOLE):
            found = cross(sides, band, WHOLE)
            if found is not None:
                sizes = {
                    name: tuple(mean_relative_size(arms[side, control].arm) for side in (band, WHOLE))
                    for name, control in (("standard", STANDARD), ("equal_step", EQUAL_STEP))
                }
                yield _Case({"band": band, **key, "score": task.label}, found, sizes, miniature)


def _groups(task: TaskScores) -> Iterator[tuple[dict[str, str], dict[tuple[str, str], ArmScores], bool]]:
    """The arms that differ in band and control only, and whether they are of a miniature."""
    groups: dict[tuple[str, ...], dict[tuple[str, str], ArmScores]] = {}
    small: dict[tuple[str, ...], bool] = {}
    for one in task.arms:
        _, settings = settings_of([one.arm])
        if len(settings):
            setting = settings.iloc[0].to_dict() | {"method": one.arm.kind}
            key = tuple(setting[name] for name in KEY)
            groups.setdefault(key, {})[setting["arm"], setting["control"]] = one
            small[key] = bool(setting["miniature"])
    for key, arms in groups.items():
        yield dict(zip(KEY, key, strict=True)), arms, small[key]


def _name(case: _Case) -> str:
    band, *others, score = case.names.values()
    return f"Band {band}, {', '.join(value for value in others if value)}, {score}"


def _rows(case: _Case, tests: Corrections) -> Iterator[Mapping[str, Any]]:
    verdict, _ = survives(case.found, tests)
    for name, one, test in zip(Crossed._fields, case.found, tests, strict=True):
        low, high = one.interval()
        low_holm, high_holm = one.interval(test.level)
        band, whole = case.sizes.get(name, (None, None))
        numbers = {"n": one.num_seeds, "items": one.num_items, "mean": one.value, "low": low, "high": high}
        numbers |= {"pvalue": test.pvalue, "low_holm": low_holm, "high_holm": high_holm}
        sizes = {"relative_size_band": band, "relative_size_whole": whole}
        yield case.names | {"advantage": name} | numbers | sizes | {"verdict": verdict}


SECTION = Section(
    "Does the advantage survive equal steps?",
    "one band and the whole stack, each under control=none and control=equal_step, with scores: "
    "experiment=midblock_equal_step",
    build,
)

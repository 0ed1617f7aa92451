"""Band x control: every band and score that ran in all four cells, tested together."""

from collections.abc import Iterator
from typing import NamedTuple

from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.depth.crossing import (
    Corrections,
    Crossed,
    corrected,
    cross,
    mean_relative_size,
    survives,
    unevenness,
)
from src.analysis.depth.decomposition import EQUAL_STEP, STANDARD
from src.analysis.depth.settings import WHOLE, setting_of
from src.analysis.families import Row, ends_row, estimate_row
from src.analysis.material import Material

KEY = ["label", "method", "objective", "data", "others"]
"""What arms must share to be crossed; the method is its kind, as a band is a setting of its own."""
_CONTROLS = {"standard": STANDARD, "equal_step": EQUAL_STEP}


class Crossing(NamedTuple):
    """One band and score that ran in all four cells."""

    names: dict[str, str]
    """Band, `KEY` and score_of."""
    found: Crossed
    tests: Corrections
    sizes: dict[str, Row]
    """By the name of the control's advantage: how far a step moves band and whole stack, and how unevenly."""
    miniature: bool

    @property
    def sentence(self) -> str:
        """What it says of the band."""
        band, *others, score = self.names.values()
        named = ", ".join(value for value in others if value)
        return f"Band {band}, {named}, {score}: {survives(self.found, self.tests)[1]}"

    @property
    def rows(self) -> list[Row]:
        """A row for the advantage under each control, and one for the change."""
        verdict, _ = survives(self.found, self.tests)
        return [
            self.names
            | {"advantage": name}
            | estimate_row(one)
            | {"p_holm": test.pvalue, "verdict": verdict}
            | ends_row("holm", one.interval(test.level))
            | self.sizes.get(name, {})
            for name, one, test in zip(Crossed._fields, self.found, self.tests, strict=True)
        ]


def crossings(material: Material) -> list[Crossing]:
    """Every crossing of an experiment, corrected for how many they are."""
    every = [case for task in material.scores for case in _cases(task)]
    tests = corrected([found for _, found, _, _ in every])
    return [
        Crossing(names, found, test, sizes, miniature)
        for (names, found, sizes, miniature), test in zip(every, tests, strict=True)
    ]


def _cases(task: TaskScores) -> Iterator[tuple[dict[str, str], Crossed, dict[str, Row], bool]]:
    for key, arms, miniature in _groups(task):
        for band in dict.fromkeys(band for band, _ in arms if band != WHOLE):
            found = cross(arms, band, WHOLE)
            if found is not None:
                names = {"band": band, **key, "score_of": task.label}
                yield names, found, _sizes(arms, band), miniature


def _sizes(arms: dict[tuple[str, str], ArmScores], band: str) -> dict[str, Row]:
    sides = {"band": band, "whole": WHOLE}
    told = {"size": mean_relative_size, "uneven": unevenness}
    return {
        name: {
            f"{what}_{label}": of(arms[side, control].arm)
            for what, of in told.items()
            for label, side in sides.items()
        }
        for name, control in _CONTROLS.items()
    }


def _groups(task: TaskScores) -> Iterator[tuple[dict[str, str], dict[tuple[str, str], ArmScores], bool]]:
    """The arms that differ in band and control only, and whether they are of a miniature."""
    groups: dict[tuple[str, ...], dict[tuple[str, str], ArmScores]] = {}
    small: dict[tuple[str, ...], bool] = {}
    for one in task.arms:
        if (found := setting_of(one.arm)) is not None:
            setting = found | {"method": one.arm.kind}
            key = tuple(setting[name] for name in KEY)
            groups.setdefault(key, {})[setting["arm"], setting["control"]] = one
            small[key] = bool(setting["miniature"])
    for key, arms in groups.items():
        yield dict(zip(KEY, key, strict=True)), arms, small[key]

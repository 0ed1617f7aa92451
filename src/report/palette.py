"""One look for every arm in all figures: hue and marker for the band, dash for the condition.

Eight hues after Okabe and Ito, which people who see fewer colours can tell apart. They run with depth: blue
bands lie at the input side, red ones at the output.
"""

from collections.abc import Sequence
from typing import NamedTuple

from src.analysis.arms import Arm
from src.analysis.material import Material

BLUE, SKY, GREEN, ORANGE, RED = "#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00"
PURPLE, SLATE, GREY = "#cc79a7", "#6b7280", "#9aa3af"
PUSH = RED
"""A random push, where it stands beside runs and not as one of them."""
_BY_BAND = {
    "10000": BLUE, "01000": SKY, "01100": SKY, "00100": GREEN, "01110": GREEN, "00110": ORANGE,
    "00010": ORANGE, "00001": RED, "11111": SLATE, "random": PURPLE,
}  # fmt: skip
_IN_ORDER = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, SLATE)
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
_BY_WIDTH = {1: "circle", 2: "diamond", 3: "square", 5: "x"}


class Look(NamedTuple):
    """How an arm is drawn."""

    hue: str
    symbol: str = "circle"
    dash: str = "solid"


def looks(material: Material) -> dict[int, Look]:
    """The look of every arm, by its identity. Where all arms have one band, hues tell conditions apart."""
    return material.get(_looks)


def _looks(material: Material) -> dict[int, Look]:
    study = material.study
    bands = list(dict.fromkeys(arm.band for arm in study.arms))
    conditions = list(dict.fromkeys(study.condition(arm) for arm in study.arms))
    if len(bands) == 1:
        return {id(arm): in_order(conditions.index(study.condition(arm))) for arm in study.arms}
    others = [band for band in bands if band not in _BY_BAND]
    return {
        id(arm): Look(
            _hue(arm.band, others), symbol_of(arm), _turn(DASHES, conditions.index(study.condition(arm)))
        )
        for arm in study.arms
    }


def symbol_of(arm: Arm) -> str:
    """By the number of segments that a band covers."""
    return _BY_WIDTH.get(arm.band.count("1") if set(arm.band) <= {"0", "1"} else 0, "star")


def symbol(place: int) -> str:
    """Of a condition, by its place among them."""
    return _turn(SYMBOLS, place)


def faded(hue: str, alpha: float) -> str:
    """The hue, see-through."""
    red, green, blue = (int(hue[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def in_order(place: int) -> Look:
    """Of what has neither band nor meaning of its own, by its place: no two of the first 28 look alike."""
    return Look(_turn(_IN_ORDER, place), dash=_turn(DASHES, place // len(_IN_ORDER)))


def _hue(band: str, others: Sequence[str]) -> str:
    return _BY_BAND[band] if band in _BY_BAND else _turn(_IN_ORDER, others.index(band))


def _turn(values: Sequence[str], place: int) -> str:
    return values[place % len(values)]

"""A forest plot: differences under names, each with its interval and the longer one of a corrected test."""

from collections.abc import Sequence

from src.report.palette import GREY, SLATE
from src.report.plot import Axis, Numbers, Plot, Series

Ends = tuple[Numbers, Numbers]
"""The lower and the upper end of each interval."""


def forest(
    title: str,
    names: Sequence[str],
    values: Sequence[float],
    plain: Ends,
    corrected: Ends,
    texts: Sequence[str],
    hues: Sequence[str] = (),
    caption: str = "",
) -> Plot:
    """One line a name, from the first at the top.

    Args:
        title: of the axis of differences.
        names: what each difference is of.
        values: the differences.
        plain: 95 % intervals.
        corrected: those at the level of Holm's procedure.
        texts: for the mouse.
        hues: of the points, one each; without them all alike.
        caption: below the figure.
    """
    places = list(range(len(values)))
    series = [
        Series("at Holm's level", values, places, "bars", *corrected, hue=GREY, texts=texts),
        Series("95 % interval", values, places, "points", *plain, SLATE, hues, texts=texts),
    ]
    return Plot(Axis(title), Axis("", names), series, along_x=True, zero=True,
                height=170 + 24 * len(names), caption=caption)  # fmt: skip

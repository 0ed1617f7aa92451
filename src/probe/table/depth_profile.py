"""The numbers of one profile over depth: the line through it, and where the change is. Needs no torch."""

import math
from collections.abc import Sequence

import numpy
from numpy.typing import ArrayLike

ROUNDING = 1e-9  # how far below 0 a change may come out for being 0, as 1 - CKA does


def linear_slope(
    depths: Sequence[float] | numpy.ndarray, values: Sequence[float] | numpy.ndarray
) -> tuple[float | None, float | None]:
    """Slope of least squares and its standard error (of the fit, not over samples); None below 3 layers."""
    if len(values) < 3:
        return None, None
    depth, value = (numpy.asarray(side, dtype=float) for side in (depths, values))
    depth, value = depth - depth.mean(), value - value.mean()
    slope = depth @ value / (depth @ depth)
    rest = value - slope * depth
    return float(slope), math.sqrt(rest @ rest / ((len(value) - 2) * (depth @ depth)))


def change_location(depths: ArrayLike, amounts: ArrayLike) -> dict[str, float | None]:
    """width, width_stderr, centre, spread: where in depth the change is.

    width: share of the layers, those with most change first, that together hold half of the summed change;
    the last of them counts by the part of it that the half needs, so that width is no multiple of 1 / layers.
    0.5 where all layers change alike, 0.5 / layers where one does. width_stderr: jackknife over layers, the
    counterpart of the slope's error of the fit. centre: mean depth weighted by change. spread: standard
    deviation of depth so weighted. All None where a change is missing or negative, or nothing changed.
    """
    depth, amount = numpy.asarray(depths, dtype=float), numpy.asarray(amounts, dtype=float)
    if not (len(amount) and amount.min() >= -ROUNDING and amount.sum() > 0):  # a missing one is no number
        return dict.fromkeys(("width", "width_stderr", "centre", "spread"))
    amount = amount.clip(0.0)
    share = amount / amount.sum()
    centre = float(share @ depth)
    spread = math.sqrt(float(share @ (depth - centre) ** 2))
    width = float(_widths(amount[None, :])[0])
    return {"width": width, "width_stderr": _stderr(amount), "centre": centre, "spread": spread}


def _widths(amounts: numpy.ndarray) -> numpy.ndarray:
    """The width of each row of amounts, [profile, layer]; every row changes somewhere."""
    most = -numpy.sort(-amounts, axis=1)
    held = numpy.cumsum(most, axis=1)
    half = held[:, -1:] / 2
    whole = (held < half).sum(axis=1, keepdims=True)  # layers that the half needs as a whole
    last = numpy.take_along_axis(most, whole, axis=1)
    before = numpy.take_along_axis(held, whole, axis=1) - last
    return ((whole + (half - before) / last) / amounts.shape[1])[:, 0]


def _stderr(amounts: numpy.ndarray) -> float | None:
    """Jackknife; None below 3 layers or where all change lies in one of them."""
    n = len(amounts)
    if n < 3 or numpy.count_nonzero(amounts) < 2:
        return None
    without = numpy.broadcast_to(amounts, (n, n))[~numpy.eye(n, dtype=bool)].reshape(n, n - 1)
    return math.sqrt((n - 1) * numpy.var(_widths(without)))

"""Numbers as a reader sees them, with a true minus sign."""

from collections.abc import Callable

Show = Callable[..., str]
"""From the values of a cell to its text: one value, or the two ends of an interval."""


def decimals(places: int) -> Show:
    """A number with so many decimals."""
    return lambda value: _minus(f"{value:.{places}f}")


def signed(places: int) -> Show:
    """The same with its sign."""
    return lambda value: _minus(f"{value:+.{places}f}")


def span(show: Show) -> Show:
    """An interval, both ends shown alike."""
    return lambda low, high: f"{show(low)} to {show(high)}"


def significant(digits: int) -> Show:
    """A number with so many digits that count."""
    return lambda value: _minus(f"{value:.{digits}g}")


def count(value: float) -> str:
    """A whole number with thousands separated."""
    return f"{value:,.0f}"


def percent(share: float) -> str:
    """A share: 99.4 %."""
    return f"{100 * share:.4g} %"


def pvalue(value: float) -> str:
    """A probability."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _minus(text: str) -> str:
    return text.replace("-", "−")

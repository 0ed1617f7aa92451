"""How far a long stage is: a bar for who watches a terminal, a line now and then for who reads a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, Self, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
FIRST_S, SLOWEST_S = 10.0, 320.0
"""Seconds to the first line, and between lines in the end: they are twice as far apart each time."""
FEW, LONG_S = 3, 60.0
"""After so many units a stage that has as many seconds left is told at once."""
_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))


def watched() -> bool:
    """Whether standard error is a terminal, where a bar can be drawn over itself."""
    return sys.stderr.isatty()


class Progress:
    """`with Progress("train", 100, "steps") as progress: progress.advance()`; it says it on standard error.

    A log hears at the beginning how long a long stage will take, and at its end how long it took.

    Args:
        name: of the stage.
        total: how many units it has.
        unit: what is counted, as one says it of several.
        done: units that an earlier process did.
        shown: False: nobody is told, as for all ranks but one.
        clock: seconds, for tests.
    """

    told: ClassVar[bool] = True
    """Whether this process tells anything: of all ranks that do the same, one does."""

    def __init__(
        self,
        name: str,
        total: int,
        unit: str,
        done: int = 0,
        shown: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._unit, self._total, self._clock = name, unit, total, clock
        self._first = self._done = done
        shown = shown and self.told
        self._lines = shown and not watched()
        drawn = shown and watched()
        self._bar = tqdm(total=total, initial=done, desc=name, unit=unit, leave=False, disable=not drawn)
        self._start = self._told = clock()
        self._pause = FIRST_S

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._bar.close()
        took, done = self._clock() - self._start, self._done - self._first
        if self._lines and kind is None and took >= FIRST_S:
            self._say(f"{done} {self._unit} took {_spoken(took)}")

    def advance(self, **values: str) -> None:
        """One unit more is done; `values` stand beside the bar."""
        self._done += 1
        if values:
            self._bar.set_postfix(values, refresh=False)
        self._bar.update()
        if self._lines and self._done < self._total:
            self._tell(self._clock())

    def _tell(self, now: float) -> None:
        """A line, where one is due."""
        new = self._done - self._first
        each = (now - self._start) / new
        left = each * (self._total - self._done)
        first = self._told == self._start and new >= FEW and left >= LONG_S
        if first or now - self._told >= self._pause:
            self._told, self._pause = now, min(2 * self._pause, SLOWEST_S)
            at = f"{self._done} of {self._total} {self._unit}"
            self._say(f"{at}, {each:.3g} s each, {_spoken(left)} left")

    def _say(self, text: str) -> None:
        print(f"{self._name}: {text}", file=sys.stderr, flush=True)


def each_of(items: Iterable[Item], name: str, unit: str) -> Iterator[Item]:
    """The items one by one, told as `Progress` tells it."""
    known = list(items)
    with Progress(name, len(known), unit) as progress:
        for item in known:
            yield item
            progress.advance()


def _spoken(seconds: float) -> str:
    size, name = next((one for one in _UNITS if seconds >= 2 * one[0]), _UNITS[-1])
    return f"about {seconds / size:.0f} {name}"

"""Progress in the terminal while a sweep runs."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from src.sweep.plan import Plan
from src.sweep.states import State, count, look

_EVERY = 5.0  # seconds between looks: one squeue and one small file a run
_ENDED = ("done", "failed", "lost", "new")


class Watch:
    """One line that counts the ended runs and names what happens; `with Watch(plan) as watch`."""

    def __init__(self, plan: Plan, visible: bool) -> None:
        self._plan, self._visible = plan, visible
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns)
        self._task = self._progress.add_task("", total=len(plan.runs))
        self._live = Live(self._progress, console=Console(stderr=True), transient=True)
        self._last = float("-inf")

    def __enter__(self) -> Self:
        if self._visible:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._visible:
            self._live.stop()

    def glance(self) -> None:
        """Look again, if the last look is some seconds old and somebody sees it."""
        if self._visible and time.monotonic() - self._last > _EVERY:
            self._draw(look(self._plan))

    def until_ended(self) -> dict[str, State]:
        """Look until no run waits or works; the states then."""
        while True:
            states = look(self._plan)
            self._draw(states)
            if all(state.name in _ENDED or _stopped(state) for state in states.values()):
                return states
            time.sleep(_EVERY)

    def _draw(self, states: dict[str, State]) -> None:
        self._last = time.monotonic()
        ended = sum(state.name in _ENDED and state.name != "new" for state in states.values())
        self._progress.update(self._task, completed=ended, description=count(states))


def _stopped(state: State) -> bool:
    """Whether a run was stopped and nobody will start it again by himself."""
    return state.name == "preempted" and state.job is None

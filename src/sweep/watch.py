"""Progress in the terminal while a sweep runs."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from src.errors import SchedulerError, UserError
from src.sweep.grid.planned_runs import Plan
from src.sweep.states import State, count, read_states

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
        self._last, self._told = float("-inf"), f"{len(plan.runs)} runs"

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
        """Look again, if the last look is some seconds old and somebody sees it.

        What cannot be told now is no reason to end what is watched.
        """
        if self._visible and time.monotonic() - self._last > _EVERY:
            try:
                self._draw(read_states(self._plan))
            except UserError as error:
                self._doubt(error)

    def until_ended(self) -> dict[str, State]:
        """Look until no run waits or works; the states then.

        Raises:
            SchedulerError: SLURM did not answer at the first look; later it is asked again.
        """
        states = {}
        while True:
            try:
                states = read_states(self._plan)
                self._draw(states)
            except SchedulerError as error:
                if not states:
                    raise
                self._doubt(error)
            else:
                if all(state.name in _ENDED or _stopped(state) for state in states.values()):
                    return states
            time.sleep(_EVERY)

    def _doubt(self, error: UserError) -> None:
        """Keep the last states in sight, and say why they are not newer."""
        self._last = time.monotonic()
        self._progress.update(self._task, description=f"{self._told} ({escape(str(error))})")

    def _draw(self, states: dict[str, State]) -> None:
        self._last = time.monotonic()
        ended = sum(state.name in _ENDED and state.name != "new" for state in states.values())
        self._told = count(states)
        self._progress.update(self._task, completed=ended, description=self._told)


def _stopped(state: State) -> bool:
    """Whether a run was stopped and nobody will start it again by himself."""
    return state.name == "preempted" and state.job is None

"""What became of each run: told by its folder, its lock and the queue, never by accounting."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from src.analysis.run_index import RunIndex, stamp_of
from src.errors import StorageError
from src.record.folder import PREEMPTED
from src.storage import owner
from src.storage.files import read_json
from src.sweep.cluster.slurm import queue, restarts
from src.sweep.grid.planned_runs import Plan, Planned
from src.sweep.ledger import Entry, Ledger
from src.sweep.local.outcome import Outcome, read_outcome
from src.sweep.local.task import outcome, task_file

STATES = ("done", "running", "queued", "preempted", "failed", "lost", "new")
WAITING = ("CONFIGURING", "PENDING", "REQUEUED", "REQUEUE_HOLD", "SUSPENDED", "SPECIAL_EXIT")


@dataclass(frozen=True)
class State:
    """One run's state, and what a person wants to know with it."""

    name: str
    """One of STATES. lost: a job began or was queued, is gone, and left no record."""
    detail: str
    """Job, host, progress or the last error."""
    job: str | None


class Look:
    """One look at everything that many runs share: the ledger, the queue, the file server's clock."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._ledger = Ledger(plan.folder).read()
        self._sharing = Counter(entry.job for entry in self._ledger.values())
        on_slurm = any(entry.job is not None for entry in self._ledger.values())
        self._queue = queue() if on_slurm else None
        self._now = {
            folder: owner.shared_now(folder)
            for folder in {run.folder.parent for run in plan.runs}
            if folder.is_dir()
        }
        self._known = {folder: RunIndex(folder).stamps() for folder in self._now}
        self._pool = plan.folder.is_dir() and self._lives(plan.folder)

    def state(self, run: Planned) -> State:
        """The state of one run; one whose files are damaged has failed, and the others are looked at."""
        try:
            return self._state(run)
        except StorageError as error:
            entry = self._ledger.get(run.key)
            return State("failed", str(error), entry.job if entry else None)

    def _state(self, run: Planned) -> State:
        entry = self._ledger.get(run.key)
        job = entry.job if entry else None
        record, error = ("success", None) if self._is_known(run.folder) else _record(run.folder)
        if record == "success":
            return State("done", "", job)
        if self._lives(run.folder):
            return State("running", f"{_holder(run.folder)}{_progress(run.folder)}", job)
        told = read_outcome(outcome(self.plan, run))
        ended = told is not None and (job is None or told.state != "preempted")
        turn = None if ended else self._turn(run, entry)
        if turn is None:
            return self._ended(run, entry, told, error)
        detail = f"job {job or 'of this machine'}: {turn}"
        if turn.split(" ")[0] not in WAITING:
            silence = self._silent(run.folder, job)
            if silence is not None:
                return State(
                    "lost", f"job {job}: node silent for {silence:.0f} s{_progress(run.folder)}", job
                )
            if job is not None and self._sharing[job] > 1:
                return State("queued", f"job {job} has other runs before it", job)
            return State("running", f"{detail.lower()}, begins", job)
        stopped = (run.folder / PREEMPTED).is_file() or (told is not None and told.state == "preempted")
        return State("preempted" if stopped else "queued", detail, job)

    def _is_known(self, folder: Path) -> bool:
        """Whether an index of its experiment has the run as finished, with the files that it has now."""
        stamp = self._known.get(folder.parent, {}).get(folder.name)
        return stamp is not None and folder.is_dir() and stamp == stamp_of(folder)

    def _ended(self, run: Planned, entry: Entry | None, told: Outcome | None, error: str | None) -> State:
        """The state of a run on which no job works or waits."""
        job = entry.job if entry else None
        if told is not None and told.state != "preempted":
            return State(told.state, told.detail, job)
        if told is not None or (run.folder / PREEMPTED).is_file():
            if job is not None:
                return State("lost", f"job {job} was stopped and not put back{_progress(run.folder)}", job)
            return State("preempted", f"stopped{_progress(run.folder)}", job)
        if (run.folder / owner.NAME).is_file():
            return State("lost", f"{_holder(run.folder)} {self._silence(run.folder)}", job)
        if error is not None:
            return State("failed", error, job)
        if job is not None:
            return State("lost", f"job {job} is gone{_progress(run.folder)}", job)
        if task_file(self.plan, run).is_file() or (run.folder / "config.yaml").is_file():
            return State("lost", f"its process is gone{_progress(run.folder)}", job)
        return State("new", "", None)  # also what a pool was to start and never began

    def _turn(self, run: Planned, entry: Entry | None) -> str | None:
        """What the queue, or the pool of this machine, says of a run's job; None where it has ended."""
        if entry is None:
            return None
        if entry.job is not None:
            return (self._queue or {}).get(entry.job)
        if not self._pool:
            return None
        return "RUNNING" if task_file(self.plan, run).is_file() else "PENDING"

    def _lives(self, folder: Path) -> bool:
        """Whether whoever holds a folder lives: its process, its job, its heart."""
        holder = owner.read_owner(folder)
        if holder is None:
            return False
        gone = owner.is_gone(holder)
        if gone is not None:
            return not gone
        if self._queue is not None and holder.job not in self._queue and self._knows(holder.job):
            return False
        return -owner.AHEAD <= self._age(folder) < owner.STALE

    def _silent(self, folder: Path, job: str | None) -> float | None:
        """Seconds since the last heartbeat of a job of which SLURM still says that it runs; None: it begins.

        A job that SLURM has started again finds the lock of its earlier start, and takes it over in a while.
        """
        holder = owner.read_owner(folder)
        if job is None or holder is None or holder.job != job or self._age(folder) < owner.STALE:
            return None
        again = restarts(job)
        return self._age(folder) if again is None or again == holder.restart else None

    def _silence(self, folder: Path) -> str:
        """What is wrong with the lock of a folder on which nobody seems to work."""
        age = self._age(folder)
        if age >= -owner.AHEAD:
            return f"is gone{_progress(folder)}"
        return (
            f"left a heartbeat that lies {-age:.0f} s in the future: a clock was set; "
            f"if no job works there, remove {folder / owner.NAME}"
        )

    def _age(self, folder: Path) -> float:
        now = self._now.get(folder.parent) or owner.shared_now(folder)
        return owner.age(folder, now) or 0.0

    def _knows(self, job: str | None) -> bool:
        return job is not None and any(entry.job == job for entry in self._ledger.values())


def read_states(plan: Plan) -> dict[str, State]:
    """The state of every run of a sweep, by its key."""
    seen = Look(plan)
    return {run.key: seen.state(run) for run in plan.runs}


def count(states: dict[str, State]) -> str:
    """`4 runs: 2 done, 1 running, 1 new`."""
    found = Counter(state.name for state in states.values())
    parts = [f"{found[name]} {name}" for name in STATES if found[name]]
    return f"{len(states)} runs: {', '.join(parts)}"


def _record(folder: Path) -> tuple[str | None, str | None]:
    """Status and error of run.json."""
    path = folder / "run.json"
    if not path.is_file():
        return None, None
    try:
        record = read_json(path)
        status = record["status"]
    except StorageError as error:
        return "failed", str(error)
    except (TypeError, KeyError):
        return "failed", f"{path}: is no record; remove it to make it anew"
    return status, None if status == "success" else record.get("error", status)


def _holder(folder: Path) -> str:
    holder = owner.read_owner(folder)
    return str(holder) if holder else "its job"


def _progress(folder: Path) -> str:
    """The last complete stage or step, for a person who waits."""
    steps = folder / "steps.jsonl"
    num_steps = steps.read_bytes().count(b"\n") if steps.is_file() else 0
    stages = sorted((folder / "stages").glob("*.json"), key=lambda path: path.stat().st_mtime)
    last = f", {stages[-1].stem} done" if stages else ""
    return f", step {num_steps}{last}" if num_steps else last

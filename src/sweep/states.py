"""What became of each run: told by its folder, its lock and the queue, never by accounting."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from src.errors import StorageError
from src.files import read_json
from src.record import owner
from src.record.folder import PREEMPTED
from src.sweep.ledger import Entry, Ledger
from src.sweep.plan import Plan, Planned
from src.sweep.slurm import queue
from src.sweep.task import outcome

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
        on_slurm = any(entry.job is not None for entry in self._ledger.values())
        self._queue = queue() if on_slurm else {}
        self._now = {
            folder: owner.shared_now(folder)
            for folder in {run.folder.parent for run in plan.runs}
            if folder.is_dir()
        }
        self._local = plan.folder.is_dir() and self._lives(plan.folder)

    def state(self, run: Planned) -> State:
        """The state of one run."""
        entry = self._ledger.get(run.key)
        job = entry.job if entry else None
        record, error = _record(run.folder)
        if record == "success":
            return State("done", "", job)
        if (run.folder / owner.NAME).is_file() and self._lives(run.folder):
            return State("running", f"{_holder(run.folder)}{_progress(run.folder)}", job)
        waits = self._waits(entry)
        if waits is not None and waits.split(" ")[0] in WAITING:
            stopped = (run.folder / PREEMPTED).is_file()
            return State(
                "preempted" if stopped else "queued", f"job {job or 'of this machine'}: {waits}", job
            )
        if waits is not None and not (run.folder / owner.NAME).is_file():
            return State("running", f"job {job}: {waits.lower()}, begins", job)
        return self._ended(run, entry, error)

    def _ended(self, run: Planned, entry: Entry | None, error: str | None) -> State:
        """The state of a run on which no job works or waits."""
        job = entry.job if entry else None
        refused = outcome(self.plan, run)
        if refused.is_file():
            return State("failed", read_json(refused)["error"], job)
        if (run.folder / owner.NAME).is_file():
            return State("lost", f"{_holder(run.folder)} is gone{_progress(run.folder)}", job)
        if (run.folder / PREEMPTED).is_file() and job is None:
            return State("preempted", f"stopped{_progress(run.folder)}", job)
        if error is not None:
            return State("failed", error, job)
        if entry is not None or (run.folder / "config.yaml").is_file():
            return State("lost", f"job {job} is gone" if job else "its process is gone", job)
        return State("new", "", None)

    def _waits(self, entry: Entry | None) -> str | None:
        """What the queue says of a job; None where it has left the queue."""
        if entry is None:
            return None
        if entry.job is None:
            return "PENDING" if self._local else None
        return self._queue.get(entry.job)

    def _lives(self, folder: Path) -> bool:
        """Whether whoever holds a folder lives: its process, its job, its heart."""
        holder = owner.read_owner(folder)
        if holder is None:
            return False
        gone = owner.is_gone(holder)
        if gone is not None:
            return not gone
        if (
            holder.job is not None
            and self._queue
            and holder.job not in self._queue
            and self._knows(holder.job)
        ):
            return False
        now = self._now.get(folder.parent) or owner.shared_now(folder)
        return (owner.age(folder, now) or 0.0) < owner.STALE

    def _knows(self, job: str) -> bool:
        return any(entry.job == job for entry in self._ledger.values())


def look(plan: Plan) -> dict[str, State]:
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
    except StorageError as error:
        return "failed", str(error)
    return record["status"], None if record["status"] == "success" else record.get("error", record["status"])


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

"""One job a folder: whoever works on a run holds lock.json and keeps touching it.

The file is read and replaced inside filelock's FileLock: an flock, which Linux also carries over NFS, and
which the kernel drops with its process, so that nobody waits for a dead one. It is held for milliseconds; the
hours of a run are covered by lock.json, which also tells a person who works where.
"""

import logging
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock

from src.errors import LockedError, StorageError
from src.storage.files import storage_errors
from src.storage.owner import (
    AHEAD,
    NAME,
    STALE,
    Owner,
    age,
    is_gone,
    myself,
    read_owner,
    shared_now,
    write_owner,
)

BEAT = 10.0  # seconds between heartbeats
GUARD = ".lock"  # the file of the flock; it stays, because removing it would race with whoever waits for it
_LOG = logging.getLogger(__name__)


def check_clock(folder: Path) -> None:
    """Refuse a folder whose lock is from the future, unless its owner has ended for certain (LockedError)."""
    owner = read_owner(folder)
    if owner is not None and not is_gone(owner):
        _silence(folder, owner)


def _silence(folder: Path, owner: Owner) -> float:
    """Seconds since the owner's last heartbeat, which must not lie in the future."""
    silence = age(folder, shared_now(folder)) or 0.0
    if silence < -AHEAD:
        raise LockedError(
            f"{folder / NAME}: its last heartbeat lies {-silence:.0f} s in the future ({owner}): "
            "a clock was set; if no job works there, remove the file"
        )
    return silence


class RunLock:
    """`with RunLock(folder):` nobody else works on the folder, which is made where it is missing.

    Raises:
        LockedError: another job works on it, or its lock is from the future.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.owner: Owner | None = None
        self._stop = threading.Event()
        self._lost = False

    def __enter__(self) -> Self:
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        suspect = self._take(None)
        if suspect is not None:
            self._watch(suspect)
            if self._take(suspect) is not None:
                raise LockedError(
                    f"{self.folder}: another job took it over just now ({read_owner(self.folder)})"
                )
        self._thread = threading.Thread(target=self._keep_beating, name="run-lock", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        with storage_errors(self.folder), self._guard():
            if self._is_mine():
                (self.folder / NAME).unlink()

    def check(self) -> None:
        """LockedError when another job has taken the folder over, as after a long suspension of this one."""
        if self.lost:
            raise LockedError(
                f"{self.folder}: another job has taken it over; this one was silent for too long"
            )

    @property
    def lost(self) -> bool:
        """Whether another job has taken the folder over, by the file: this one may have been suspended."""
        try:
            self._lost = not self._is_mine()
        except (OSError, StorageError) as error:  # as in `beat`: no word about who holds it
            _LOG.warning("%s: whose it is cannot be read (%s)", self.folder, error)
        return self._lost

    def _take(self, silent: Owner | None) -> Owner | None:
        """Become the owner; where only silence speaks against the present one, return it instead.

        `silent` is an owner that has been watched: its lock is taken.
        """
        with storage_errors(self.folder), self._guard():
            owner = read_owner(self.folder)
            if owner is not None and owner != silent and not is_gone(owner):
                self._refuse_living(owner)
                return owner
            if owner is not None:
                _LOG.warning("%s: taken over from %s, which has ended", self.folder, owner)
            self.owner = myself()
            write_owner(self.folder, self.owner)
        return None

    def _refuse_living(self, owner: Owner) -> None:
        """LockedError unless the owner may be dead: on another machine, and silent for long."""
        silence = _silence(self.folder, owner)
        if is_gone(owner) is False or silence < STALE:
            raise LockedError(
                f"{self.folder}: in use by {owner}, last heartbeat {max(silence, 0):.0f} s ago; "
                f"it is free when that job ends, or {STALE:.0f} s after it dies"
            )

    def _watch(self, owner: Owner) -> None:
        """Look for two beats whether a silent owner lives after all: a clock may have jumped."""
        path = self.folder / NAME
        before = path.stat().st_mtime if path.exists() else None
        end = time.monotonic() + 2 * BEAT
        while time.monotonic() < end:
            time.sleep(min(1.0, BEAT))
            now = path.stat().st_mtime if path.exists() else None
            if now != before:
                raise LockedError(
                    f"{self.folder}: in use by {owner}, whose heart beats though a clock was set"
                )

    def beat(self) -> None:
        """Tell others that this job lives, unless one of them has taken the folder over."""
        try:
            self._lost = not self._is_mine()
            if not self._lost:
                os.utime(self.folder / NAME)  # no times given: the file server stamps it with its own clock
        except (OSError, StorageError) as error:
            _LOG.warning("%s: no heartbeat (%s)", self.folder, error)

    def _keep_beating(self) -> None:
        while not self._lost and not self._stop.wait(BEAT):
            self.beat()

    def _is_mine(self) -> bool:
        return (self.folder / NAME).exists() and read_owner(self.folder) == self.owner

    def _guard(self) -> FileLock:
        return FileLock(self.folder / GUARD, timeout=60)

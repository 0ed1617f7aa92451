"""Whether this process was asked to stop: a flag that signals raise, and nothing else happens at that line.

The places that look at it are those where stopping loses nothing: between two steps of training, between two
batches of a probe or of an evaluation.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

EXIT_CODE = 75  # sysexits' EX_TEMPFAIL: try again later
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT)
_ASKED = threading.Event()
_LISTENING: list[int] = []  # one entry for each `listening` that is open
_LOG = logging.getLogger(__name__)


class Preempted(SystemExit):
    """The run stops where it can go on later. Left alone, it ends the process with status 75.

    Ranks above 0 end with 0: at a bad status srun kills the others, and rank 0 has to ask for its requeue.
    No error: an `except Exception` on the way does not hold it up.
    """

    def __init__(self) -> None:
        super().__init__(EXIT_CODE if is_first() else 0)


def is_first() -> bool:
    """Whether this process is rank 0 of its job."""
    return int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", "0"))) == 0


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Inside, SIGTERM ends a command as Ctrl-C does: by an error that goes through every `finally`.

    Raises:
        KeyboardInterrupt: a signal came; its number is the first argument. A second SIGTERM changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pid = os.getpid()

    def end(number: int, frame: object) -> None:
        if os.getpid() != pid:
            _as_by_default(number)
            return
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, end) for number in _heard((signal.SIGTERM, signal.SIGINT))}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def listening() -> Iterator[None]:
    """Inside the context SIGTERM, SIGUSR1, SIGUSR2 and SIGINT raise the flag, whoever else had taken them.

    A second SIGINT (Ctrl-C) is a KeyboardInterrupt at once; where it is ignored (nohup), it stays so.
    A process forked inside keeps what the signals do by default: nobody there looks at the flag. Outside the
    main thread, where Python takes no handlers, nothing changes. Inside another `listening` the flag outlives
    this one: what came late in one run stops the next.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pid = os.getpid()

    def raise_flag(number: int, frame: object) -> None:
        if os.getpid() != pid:
            _as_by_default(number)
            return
        if number == signal.SIGINT:
            if stop_requested():
                raise KeyboardInterrupt
            os.write(2, b"\nstopping where the run can go on later; Ctrl-C again stops it at once\n")
        _ASKED.set()

    before = {number: signal.signal(number, raise_flag) for number in _heard(SIGNALS)}
    _LISTENING.append(pid)
    try:
        yield
    finally:
        _LISTENING.pop()
        for number, handler in before.items():
            signal.signal(number, handler)
        if not _LISTENING:
            _ASKED.clear()


def _heard(numbers: Iterable[int]) -> list[int]:
    """Without a SIGINT that whoever started this process ignores, as nohup does."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return [number for number in numbers if not (ignored and number == signal.SIGINT)]


def _as_by_default(number: int) -> None:
    """What a signal does to a process that nobody has told anything of it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def stop_requested() -> bool:
    """Whether a signal came since the outermost `listening` began."""
    return _ASKED.is_set()


def stop_if_asked() -> None:
    """Raise Preempted if a signal came."""
    stop_if(stop_requested())


def stop_if(wanted: bool) -> None:
    """Raise Preempted where all processes of a run have agreed to stop."""
    if wanted:
        _LOG.warning("asked to stop: what is done is kept, the rest waits for the next start")
        raise Preempted

"""Whether this job was asked to stop: a flag that signals raise, and nothing else happens at that line."""

import signal
import threading

EXIT_CODE = 75  # sysexits' EX_TEMPFAIL: try again later
SIGNALS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM)
_ASKED = threading.Event()


def listen() -> None:
    """Take the signals that a scheduler sends, also from submitit, which would leave at any line."""
    for number in SIGNALS:
        signal.signal(number, _raise_flag)
    signal.signal(signal.SIGCONT, signal.SIG_DFL)


def asked() -> bool:
    """Whether a signal came since `listen`."""
    return _ASKED.is_set()


def is_preempted(error: BaseException) -> bool:
    """Whether a run ended because it was asked to."""
    return type(error).__name__ == "Preempted" or (isinstance(error, SystemExit) and error.code == EXIT_CODE)


def _raise_flag(number: int, frame: object) -> None:
    _ASKED.set()

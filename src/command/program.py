"""What all commands share: `--help`, one line and exit status 2 for what a person can mend, quiet ends."""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from src.command.places import cache_dir, runs_dir
from src.command.terminal import check_told, steady_streams
from src.config.places import expanded
from src.errors import StorageError, UserError
from src.runtime.preemption import ended_by_signals
from src.storage.files import is_url
from src.storage.reason import storage_reason

BY_SIGNAL = 128  # with the number of the signal, as a shell has it
TRACEBACK = "STRATA_TRACEBACK"
"""Set in the environment, an error that nobody foresaw ends a command with its traceback."""


class _Parser(argparse.ArgumentParser):
    """Errors are one line, as for every other mistake."""

    def error(self, message: str) -> NoReturn:
        exit_with(f"{message}; accepted: what {self.prog} --help lists")


def parser_of(module: str, about: str | None, epilog: str | None = None) -> argparse.ArgumentParser:
    """The parser of `python -m MODULE`, whose help is the command's own docstring."""
    return _Parser(
        f"python -m {module}",
        description=about,
        epilog=epilog,
        formatter_class=argparse.RawTextHelpFormatter,
        allow_abbrev=False,
    )


def exit_with(line: str) -> NoReturn:
    """Say one line and exit with status 2: something the user can mend."""
    print(f"strata: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(2)


def run_command(main: Callable[[], object]) -> None:
    """A whole command, from a terminal that may be any to its exit status."""
    gc.freeze()  # what is imported stays; walking it took a fifth of a short command
    steady_streams()
    try:
        with ended_by_signals():
            _check_folder()
            main()
            check_told()
    except Exception as error:
        exit_for(error)
    except KeyboardInterrupt as asked:
        number = signal.Signals((*asked.args, signal.SIGINT)[0])
        said = "what is written is whole, and the same command does the rest"
        print(f"strata: stopped by {number.name}; {said}", file=sys.stderr)
        sys.exit(BY_SIGNAL + number)


def exit_for(error: Exception) -> NoReturn:
    """Say in one line what an error means for a person; of one that nobody foresaw, how to see its place."""
    if isinstance(error, UserError):
        exit_with(str(error))
    if (reason := storage_reason(error)) is not None:
        exit_with(f"{getattr(error, 'filename', None) or type(error).__name__}: {reason}")
    if os.environ.get(TRACEBACK):
        raise error
    exit_with(f"{type(error).__name__}: {error} (not foreseen; {TRACEBACK}=1 shows where)")


def _check_folder() -> None:
    """StorageError where the folder that a shell stands in has been removed: no path would mean anything."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise StorageError("the current folder has been removed; accepted: one that is there") from error


def path_of(text: str) -> Path:
    """A path that a person gives; `~` and `$HOME` are the home folder also where no shell has seen them."""
    return Path(expanded(text))  # as a shell: of a person who is not there it stays as it is


def runs_path(text: str) -> Path:
    """The folder of runs that a person names: a path, or the part of one below `runs_dir`: `EXPERIMENT/ID`.

    Of a URL, a copy of its results on this machine.
    """
    if is_url(text):
        return _copied(text)
    path = path_of(text)
    below = path if path.exists() else runs_dir() / path
    return below if below.exists() else path


def _copied(url: str) -> Path:
    from src.storage.remote import copied

    return copied(url, cache_dir())

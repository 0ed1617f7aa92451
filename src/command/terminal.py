"""Standard output and error on any terminal: no character is too much, a closed pipe is no error.

On a full disk the work goes on as well; what was lost is told at the end (`check_told`).
"""

import codecs
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from src.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from rich.console import Console

_SPELLED = {"±": "+/-", "−": "-", "–": "-", "·": ".", "×": "x", "²": "2", "…": "..."}
_HANDLER = "strata.spelled"


class _Pipe(io.FileIO):
    """A file descriptor that becomes /dev/null when its reader leaves, as `head` does: the work goes on."""

    lost: OSError | None = None
    """Why nothing can be written there, where that is no reader who left."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            self.lost = None if isinstance(error, BrokenPipeError) else error
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            return memoryview(data).nbytes


def steady_streams() -> None:
    """Replace sys.stdout and sys.stderr, unless a test or a notebook has put its own there."""
    codecs.register_error(_HANDLER, _spell)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell: `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - as long as the process
        elif stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _steady(stream))


def check_told() -> None:
    """StorageError if something that was printed has not reached standard output, as on a full disk."""
    sys.stdout.flush()
    lost = getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "lost", None)
    if lost is not None:
        raise StorageError(f"standard output: cannot be written ({lost.strerror}); the work itself is done")


def console() -> "Console":
    """A console for tables: as wide as the terminal; 100 where there is none, in files and pipes."""
    from rich.console import Console

    made = Console(highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = 100
    return made


def _steady(stream: TextIO) -> TextIO:
    stream.flush()
    raw = io.BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(
        raw,
        encoding=stream.encoding,
        errors=_HANDLER,
        line_buffering=bool(stream.line_buffering),
        write_through=getattr(stream, "write_through", False),
    )


def _spell(error: UnicodeError) -> tuple[bytes, int]:
    """What an encoding cannot write, in ASCII: signs of formulas by name, the rest as an escape.

    Bytes of a path that the system's encoding cannot read come out as they came in.
    """
    assert isinstance(error, UnicodeEncodeError)
    return b"".join(map(_bytes, error.object[error.start : error.end])), error.end


def _bytes(one: str) -> bytes:
    if "\udc80" <= one <= "\udcff":
        return one.encode("ascii", "surrogateescape")
    return _SPELLED.get(one, one).encode("ascii", "backslashreplace")

"""Standard output and error on any terminal: no character is too much, a closed pipe is no error."""

import codecs
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from rich.console import Console

_SPELLED = {"±": "+/-", "−": "-", "–": "-", "·": ".", "×": "x", "²": "2", "…": "..."}
_HANDLER = "strata.spelled"


class _Pipe(io.FileIO):
    """A file descriptor that becomes /dev/null when its reader leaves, as `head` does: the work goes on."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data) or 0
        except BrokenPipeError:
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


def console(width: int = 100) -> "Console":
    """A console for tables: as wide as the terminal; `width` where there is none, in files and pipes."""
    from rich.console import Console

    made = Console(highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = width
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


def _spell(error: UnicodeError) -> tuple[str, int]:
    """What an encoding cannot write, in ASCII: signs of formulas by name, the rest as an escape."""
    assert isinstance(error, UnicodeEncodeError)
    given = error.object[error.start : error.end]
    escaped = (_SPELLED.get(one) or one.encode("ascii", "backslashreplace").decode() for one in given)
    return "".join(escaped), error.end

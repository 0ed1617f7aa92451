"""What all commands share: `--help`, one line and exit status 2 for what a person can mend, quiet ends."""

import argparse
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from src.command.terminal import steady_streams
from src.errors import UserError
from src.storage.files import is_url

INTERRUPTED = 130  # as a shell has it: 128 + SIGINT
RUNS_DIR = Path("runs")


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
        main()
    except UserError as error:
        exit_with(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def path_of(text: str) -> Path:
    """A path that a person gives; `~` is the home folder also where no shell has seen it."""
    return Path(text).expanduser()


def runs_path(text: str) -> Path:
    """The folder of runs that a person names: a path, or the part of one below runs/: `EXPERIMENT/ID`.

    Of a URL, a copy of its results on this machine.
    """
    if is_url(text):
        return _copied(text)
    path = path_of(text)
    return RUNS_DIR / path if not path.exists() and (RUNS_DIR / path).exists() else path


def _copied(url: str) -> Path:
    from omegaconf import OmegaConf

    from src.command.compose import CONF
    from src.storage.remote import copied

    return copied(url, Path(OmegaConf.load(CONF / "config.yaml").paths.cache_dir))

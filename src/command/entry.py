"""The commands that Hydra configures, src.run and src.compare: from its composed configuration to a job."""

import argparse
import os
import sys
import threading
from collections.abc import Callable

from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from src.command.compose import Config, check_choices, read_overrides, typed
from src.command.explain import CONFIG_ERRORS, one_line
from src.command.help import help_text
from src.command.program import exit_for, exit_with, run_command
from src.errors import UserError
from src.runtime.preemption import listening

SIGNAL_DELAY_S, RESTARTS = 120, 50
"""For a job that none of our launchers sent, such as a batch script with `#SBATCH --signal=USR2@120`."""
_BEGUN = threading.Event()
"""Set once a job has begun: an error behind that is none of the command line."""
_ONE_OF = ("run", "multirun", "cfg", "info", "shell_completion")  # what Hydra does with a command line


def run_job(composed: DictConfig, schema: type[Config], execute: Callable[[Config], None]) -> None:
    """One job: the composed configuration becomes typed and is executed.

    A job that is asked to stop goes back into the queue of SLURM, if it came from there, and ends with 75.
    """
    from src.runtime.requeue import Requeue  # a configuration that is only shown needs no queue

    _BEGUN.set()
    launcher = HydraConfig.get().launcher
    delay = launcher.get("signal_delay_s", SIGNAL_DELAY_S)
    restarts = launcher.get("max_num_timeout", RESTARTS)
    try:
        config = typed(composed, schema, given=list(HydraConfig.get().overrides.task))
        with listening(), Requeue(delay, restarts):
            execute(config)
    except Exception as error:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise  # the other jobs of the sweep go on; the first error is told at the end
        exit_for(error)


def run_hydra(job: Callable[[], None], schema: type[Config], about: str | None, config_name: str) -> None:
    """Hand the command line to Hydra.

    Args:
        job: the function that `hydra.main` made.
        schema: what `job` composes.
        about: the docstring of the command, which `--help` says.
        config_name: the file of conf/ that `job` composes.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its errors over instead of printing them

    def main() -> None:
        sys.argv[1:] = read_overrides(sys.argv[1:])
        if _checked_options().help:
            print(help_text(about, config_name))
            return
        try:
            job()
        except CONFIG_ERRORS as error:
            exit_with(one_line(error, schema))
        except UserError:
            raise
        except Exception as error:
            if _BEGUN.is_set():
                raise
            exit_with(one_line(error, schema))  # composing stumbled: it was on the command line

    run_command(main)


def _checked_options() -> argparse.Namespace:
    """The options as Hydra reads them; one that it does not know is refused here, in one line."""
    parser = get_args_parser()
    parser.error = lambda message: exit_with(  # type: ignore[method-assign]  # argparse asks for no subclass
        f"{message}; accepted: what --help and --hydra-help list"
    )
    given = parser.parse_args()
    check_choices(given.overrides)
    if given.experimental_rerun:
        exit_with("--experimental-rerun: given; accepted: a command line, because it reads a pickle")
    asked = [f"--{name}" for name in _ONE_OF if getattr(given, name)]
    if len(asked) > 1:
        exit_with(f"{asked[0]}: given with {' and '.join(asked[1:])}; accepted: one of them")
    return given

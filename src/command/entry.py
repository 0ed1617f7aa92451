"""What the commands share: every error that a person can mend is one line, and exit status 2."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from src.command.compose import CONFIG_ERRORS, Config, one_line, quote_patterns, typed
from src.errors import UserError
from src.runtime.preemption import listening
from src.runtime.requeue import Requeue

SIGNAL_DELAY_S, RESTARTS = 120, 50
"""For a job that none of our launchers sent, such as a batch script with `#SBATCH --signal=USR2@120`."""


def exit_with(line: str) -> NoReturn:
    """Say one line and exit with status 2: something the user can mend."""
    print(f"strata: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(2)


def run_job(composed: DictConfig, schema: type[Config], execute: Callable[[Config], None]) -> None:
    """One job: the composed configuration becomes typed and is executed.

    A job that is asked to stop goes back into the queue of SLURM, if it came from there, and ends with 75.
    """
    launcher = HydraConfig.get().launcher
    delay = launcher.get("signal_delay_s", SIGNAL_DELAY_S)
    restarts = launcher.get("max_num_timeout", RESTARTS)
    try:
        config = typed(composed, schema)
        with listening(), Requeue(delay, restarts):
            execute(config)
    except UserError as error:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise  # the other jobs of the sweep go on; the first error is told at the end
        exit_with(str(error))


def run_hydra(job: Callable[[], None], schema: type[Config]) -> None:
    """Hand the command line to Hydra."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its errors over instead of printing them
    sys.argv[1:] = quote_patterns(sys.argv[1:])
    try:
        job()
    except CONFIG_ERRORS as error:
        exit_with(one_line(error, schema))
    except UserError as error:
        exit_with(str(error))

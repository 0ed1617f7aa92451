"""Whether torchrun or SLURM started this process together with others. Needs no torch."""

import os
from typing import NamedTuple


class Launched(NamedTuple):
    """This process among those that were started together."""

    rank: int
    world_size: int


def launched() -> Launched:
    """By the environment that torchrun, srun or submitit gives; rank 0 of 1 for a process that is alone.

    A batch script and an interactive shell know their job's number of tasks as well, but are one process.
    """
    if "RANK" in os.environ:
        return Launched(int(os.environ["RANK"]), int(os.environ.get("WORLD_SIZE", "1")))
    tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS") or os.environ.get("SLURM_NTASKS") or "1")
    is_step = "SLURM_STEP_ID" in os.environ or "SUBMITIT_EXECUTOR" in os.environ
    if tasks > 1 and is_step and "SLURM_PROCID" in os.environ:
        return Launched(int(os.environ["SLURM_PROCID"]), tasks)
    return Launched(0, 1)

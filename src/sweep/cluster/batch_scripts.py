"""Plain batch scripts for whoever submits by hand: an array for each shape of resources, and its tasks.

Beside each script NAME.sh lies NAME.tasks, a line an element: the files of the runs that it does in turn.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from src.config.rules import refuse
from src.errors import SchedulerError
from src.storage.files import write_json, write_text
from src.sweep.cluster.slurm import DEFAULT_ARRAY, max_array_size
from src.sweep.cluster.submit import parts
from src.sweep.grid.launchers import Launcher
from src.sweep.grid.planned_runs import Plan, Planned
from src.sweep.local.task import make_task, task_file

_Values = dict[str, object]
SUBMIT = {"slurm": "sbatch {0}", "pbs": "qsub {0}", "lsf": "bsub < {0}"}
"""Dialect to the command that submits a script."""
_ELEMENT = {"slurm": "$SLURM_ARRAY_TASK_ID", "pbs": "${PBS_ARRAY_INDEX:-0}", "lsf": "$LSB_JOBINDEX"}
_STEP = 'if [ -n "${SLURM_JOB_ID:-}" ]; then starter="srun --kill-on-bad-exit=1"; fi'
_KNOWN = (
    "partition", "qos", "account", "constraint", "nodes", "tasks_per_node", "cpus_per_task", "gpus_per_node",
    "mem_gb", "timeout_min", "signal_delay_s", "array_parallelism", "additional_parameters", "setup",
)  # fmt: skip


def write_scripts(plan: Plan, runs: Sequence[Planned], code: Path, per_job: int, dialect: str) -> list[Path]:
    """Write the scripts of some runs below the sweep's folder; nothing is submitted.

    Args:
        plan: the sweep.
        runs: those to do, each with a launcher of a cluster.
        code: the snapshot that jobs run.
        per_job: runs that one job does one after the other.
        dialect: slurm, pbs or lsf; the last two are hints, which a site may want otherwise.

    Raises:
        ConfigError: another dialect, or a job over several nodes, whose processes only SLURM's srun starts.
    """
    if dialect not in SUBMIT:
        refuse("launcher.dialect", dialect, ", ".join(SUBMIT))
    shapes: dict[str, list[Planned]] = {}
    for run in runs:
        shapes.setdefault(run.launcher.shape, []).append(run)
    written: list[Path] = []
    for same in shapes.values():
        launcher = same[0].launcher
        if dialect != "slurm" and int(str(launcher.values.get("nodes") or 1)) > 1:
            refuse(f"launcher.dialect with nodes={launcher.values['nodes']}", dialect, "slurm")
        for jobs in parts(parts(same, per_job), _array_size()):
            path = plan.folder / "scripts" / f"{len(written)}-{launcher.name}.{dialect}.sh"
            tasks = [" ".join(_task(plan, run) for run in job) for job in jobs]
            write_text(path.with_suffix(".tasks"), "\n".join(tasks) + "\n")
            write_text(path, _script(plan.name, launcher, code, path, len(jobs), dialect))
            written.append(path)
    return written


def _array_size() -> int:
    """What SLURM tells where it answers, else its default, which is small enough for most others."""
    try:
        return max_array_size()
    except SchedulerError:
        return DEFAULT_ARRAY - 1


def _task(plan: Plan, run: Planned) -> str:
    path = task_file(plan, run).with_suffix(".by-hand.json")
    write_json(path, make_task(plan, run))
    return shlex.quote(str(path))


def _script(name: str, launcher: Launcher, code: Path, path: Path, num_jobs: int, dialect: str) -> str:
    values, logs = launcher.values, path.parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    head = {"slurm": _slurm, "pbs": _pbs, "lsf": _lsf}[dialect](values, f"strata-{name}", logs, num_jobs)
    line = "element" if dialect == "lsf" else "element + 1"
    number = f'$(sed -n "$(({line}))p" {shlex.quote(str(path.with_suffix(".tasks")))})'
    body = [
        "set -eu",
        *map(str, values.get("setup") or []),
        f"cd {shlex.quote(str(code))}",
        f"export PYTHONPATH={shlex.quote(str(code))}",
        f"element={_ELEMENT[dialect]}",
        f'eval "set -- {number}"',
        'starter=""',
        *([_STEP] if dialect == "slurm" else []),
        f'exec $starter {shlex.quote(sys.executable)} -m src.sweep.local.job "$@"',
    ]
    return "\n".join(["#!/bin/bash", *head, *_left_out(values), "", *body]) + "\n"


def _slurm(values: _Values, name: str, logs: Path, num_jobs: int) -> list[str]:
    more = dict(values.get("additional_parameters") or {})  # type: ignore[call-overload]
    asked = {
        "job-name": name, "array": f"0-{num_jobs - 1}{_most(values)}", "output": f"{logs}/%A_%a.log",
        "open-mode": "append", "partition": values.get("partition"), "qos": values.get("qos"),
        "account": values.get("account"), "constraint": values.get("constraint"),
        "nodes": values.get("nodes"), "ntasks-per-node": values.get("tasks_per_node"),
        "cpus-per-task": values.get("cpus_per_task"), "gpus-per-node": values.get("gpus_per_node"),
        "mem": f"{values['mem_gb']}G" if values.get("mem_gb") else None, "time": values.get("timeout_min"),
        "signal": f"USR2@{values['signal_delay_s']}" if values.get("signal_delay_s") else None,
    } | {key.replace("_", "-"): value for key, value in more.items()}  # fmt: skip
    return [
        f"#SBATCH --{key}" if value is True else f"#SBATCH --{key}={value}"
        for key, value in asked.items()
        if value not in (None, False)
    ]


def _pbs(values: _Values, name: str, logs: Path, num_jobs: int) -> list[str]:
    shape = {"ncpus": _cpus(values), "ngpus": values.get("gpus_per_node"), "mem": _memory(values, "gb")}
    chunk = ":".join(["select=1", *(f"{key}={value}" for key, value in shape.items() if value)])
    minutes = int(str(values.get("timeout_min") or 60))
    asked = [
        f"-N {name[:15]}", f"-o {logs}/", "-j oe", "-r y",
        *([f"-J 0-{num_jobs - 1}{_most(values)}"] if num_jobs > 1 else []),
        f"-l {chunk}", f"-l walltime={minutes // 60:02d}:{minutes % 60:02d}:00",
        *([f"-q {values['partition']}"] if values.get("partition") else []),
    ]  # fmt: skip
    return [f"#PBS {one}" for one in asked]


def _lsf(values: _Values, name: str, logs: Path, num_jobs: int) -> list[str]:
    delay = int(str(values.get("signal_delay_s") or 0))
    asked = [
        f'-J "{name}[1-{num_jobs}]{_most(values)}"', f"-o {logs}/%J_%I.log", "-r", f"-n {_cpus(values)}",
        '-R "span[hosts=1]"', f"-W {values.get('timeout_min') or 60}",
        *([f'-R "rusage[mem={_memory(values, "GB")}]"'] if values.get("mem_gb") else []),
        *([f"-gpu num={values['gpus_per_node']}"] if values.get("gpus_per_node") else []),
        *([f"-wa USR2 -wt {max(1, delay // 60)}"] if delay else []),
        *([f"-q {values['partition']}"] if values.get("partition") else []),
    ]  # fmt: skip
    return [f"#BSUB {one}" for one in asked]


def _most(values: _Values) -> str:
    """How many elements may run at once."""
    return f"%{values['array_parallelism']}" if values.get("array_parallelism") else ""


def _cpus(values: _Values) -> int:
    return int(str(values.get("cpus_per_task") or 1)) * int(str(values.get("tasks_per_node") or 1))


def _memory(values: _Values, unit: str) -> str | None:
    return f"{values['mem_gb']}{unit}" if values.get("mem_gb") else None


def _left_out(values: _Values) -> list[str]:
    """A comment for what the launcher asks and no line above says."""
    others = [f"{key}={value}" for key, value in values.items() if key not in _KNOWN and value is not None]
    return [f"# also asked for by the launcher: {', '.join(others)}"] if others else []

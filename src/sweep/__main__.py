"""Many runs from one file: expand, launch, look after.

python -m src.sweep sweeps/NAME.yaml [KEY=VALUE ...] [--dry-run] [--wait]
python -m src.sweep status sweeps/NAME.yaml [--watch | --json]
python -m src.sweep rerun --failed sweeps/NAME.yaml
python -m src.sweep sweeps/NAME.yaml launcher=print [launcher.dialect=slurm|pbs|lsf]  scripts, nothing started
"""

import argparse
import sys

from src.command.program import exit_with, parser_of, path_of, run_command
from src.record.provenance import git
from src.runtime.preemption import Preempted
from src.sweep.cluster.batch_scripts import SUBMIT, write_scripts
from src.sweep.estimate import gpu_hours
from src.sweep.grid.planned_runs import Plan, make_plan
from src.sweep.grid.snapshot import take_snapshot
from src.sweep.grid.spec import PRINT, read_sweep
from src.sweep.launch import BROKEN, FRESH, check_launchers, launch
from src.sweep.local.pool import threads_each
from src.sweep.states import State, count, read_states
from src.sweep.status_table import as_json, run_table, show, total
from src.sweep.watch import Watch

_DIALECT = "launcher.dialect="
_VERBS = ("launch", "status", "rerun")


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    verb = arguments.pop(0) if arguments and arguments[0] in _VERBS else "launch"
    options = _parser().parse_intermixed_args(arguments)
    own = [text for text in options.overrides if text.startswith(("launcher=", _DIALECT))]
    overrides = [text for text in options.overrides if text not in own]
    dialects = [text.removeprefix(_DIALECT) for text in own if text.startswith(_DIALECT)]
    launchers = [text.partition("=")[2] for text in own if not text.startswith(_DIALECT)]
    launcher = launchers[-1] if launchers else None
    if dialects and launcher != PRINT:
        exit_with(f"launcher.dialect: given {dialects[-1]!r}; accepted: with launcher={PRINT}")
    options.dialect = (dialects or ["slurm"])[-1] if launcher == PRINT else None
    plan = make_plan(read_sweep(options.sweep, overrides, launcher), options.dry_run)
    {"launch": _launch, "status": _status, "rerun": _rerun}[verb](plan, options)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("src.sweep", __doc__)
    parser.add_argument("sweep", type=path_of, metavar="sweeps/NAME.yaml")
    parser.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help="for every run; launcher=NAME for where they go"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the runs and start nothing")
    parser.add_argument("--wait", action="store_true", help="show progress until every run has ended")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="launcher=local: runs at a time (1)")
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="launcher=local: threads of each run (OMP_NUM_THREADS, else the cores divided by --jobs)",
    )
    parser.add_argument(
        "--per-job", type=int, default=1, metavar="N", help="a cluster: runs that a job does in turn (1)"
    )
    parser.add_argument(
        "--watch", action="store_true", help="status: again every few seconds, until all have ended"
    )
    parser.add_argument("--json", action="store_true", help="status: for programs")
    parser.add_argument("--failed", action="store_true", help="rerun: what failed or was lost")
    return parser


def _launch(plan: Plan, options: argparse.Namespace) -> None:
    if options.dry_run:
        if options.dialect is None:
            check_launchers(plan, options.per_job)
        states = read_states(plan)
        hours = gpu_hours(plan.runs, states)
        show(run_table(plan, states, hours))
        show(total(hours[key] for key, state in states.items() if state.name != "done"))
        for line in plan.unread:
            show(f"ids above are not final: {line}")
        show(count(states))
        return
    _start(plan, options, FRESH)


def _rerun(plan: Plan, options: argparse.Namespace) -> None:
    if not options.failed:
        exit_with("rerun: given nothing; accepted: --failed, which starts failed and lost runs again")
    _start(plan, options, BROKEN)


def _print(plan: Plan, options: argparse.Namespace, wanted: tuple[str, ...]) -> None:
    """Scripts for what a launch would start; of one that is submitted twice the locks refuse the second."""
    states = read_states(plan)
    runs = [run for run in plan.runs if states[run.key].name in wanted]
    code = take_snapshot(plan.folder) if runs else plan.folder
    for path in write_scripts(plan, runs, code, options.per_job, options.dialect):
        show(SUBMIT[options.dialect].format(path))
    show(f"{len(runs)} of {len(plan.runs)} runs are in these scripts; nothing was submitted")


def _start(plan: Plan, options: argparse.Namespace, wanted: tuple[str, ...]) -> None:
    threads = threads_each(max(1, options.jobs)) if options.threads is None else options.threads
    for name, given in (("jobs", options.jobs), ("threads", threads), ("per-job", options.per_job)):
        if given < 1:
            exit_with(f"--{name}: given {given}; accepted: a number of at least 1")
    if options.dialect is not None:
        _print(plan, options, wanted)
        return
    if git()["dirty"]:
        show("the work tree differs from its commit: the records will say dirty; the jobs run a copy of it")
    try:
        with Watch(plan, visible=sys.stderr.isatty()) as watch:
            started = launch(plan, wanted, options.jobs, threads, watch.glance, options.per_job)
            states = watch.until_ended() if options.wait else read_states(plan)
    except Preempted:
        show(count(read_states(plan)))
        raise
    show(f"{started} started; jobs, logs and the copy of the code: {plan.folder}")
    _summary(plan, states)


def _status(plan: Plan, options: argparse.Namespace) -> None:
    if options.watch:
        with Watch(plan, visible=True) as watch:
            states = watch.until_ended()
    else:
        states = read_states(plan)
    if options.json:
        print(as_json(plan, states))
        return
    show(run_table(plan, states))
    _summary(plan, states)


def _summary(plan: Plan, states: dict[str, State]) -> None:
    """Errors, what to do about them, and the counts as the last line."""
    broken = [run for run in plan.runs if states[run.key].name in BROKEN]
    for run in broken[:10]:
        show(f"{states[run.key].name}: {run.id}: {states[run.key].detail}")
    if broken:
        show("again: python -m src.sweep rerun --failed, with the same file and overrides")
    show(count(states))


if __name__ == "__main__":
    run_command(main)

"""What is committed of a study, whether a fresh one agrees with it, and what it cost.

python -m src.results publish runs/NAME sweeps/results/NAME --command "make study"
python -m src.results publish runs/NAME/intervene sweeps/results/NAME/gain --command "src.intervene ..."
python -m src.results check runs/NAME sweeps/results/NAME
python -m src.results recompute sweeps/results/NAME
python -m src.results unpack sweeps/results/NAME
python -m src.results cost runs/NAME --jobs 2 --started 2026-01-31T12:00:00+00:00

publish keeps the items of the runs beside the tables; recompute makes every table of them again and ends
with status 1 where one is not the same or cannot be made; another processor may round last digits. unpack
puts the runs back, without their weights: reports read them, and the study's sweep makes only what is
missing. The others read what `python -m src.report runs/NAME` and the runs left. check ends with status 1
where a score, the pretrained model's included, or a difference to LoRA lies outside its committed interval,
where a word contradicts the committed one (undecided and a check in miniature contradict none), or where
one of them is missing.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from src.command.program import parser_of, path_of, run_command, runs_path
from src.config.rules import refuse
from src.storage.files import is_url

_WINDOW = ("started", "ended")
_COST = (
    "Seconds of finished runs, summed; with --started also all seconds over those of training and "
    "evaluation. Counted are the runs that ended after --started and by --ended: where other work shared the "
    "machine, give the part of the sweep that had it to itself, from a moment at which no run was under way."
)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = _parser().parse_args(arguments)
    verbs = {
        "publish": _publish, "check": _check, "recompute": _recompute, "unpack": _unpack, "cost": _cost,
    }  # fmt: skip
    sys.exit(verbs[options.verb](options))


def _publish(options: argparse.Namespace) -> int:
    from src.results.publish import publish

    if not is_url(options.target):
        for path in publish(options.runs, path_of(options.target), options.command):
            print(path)
        return 0
    from src.storage.remote import written_to

    with written_to(options.target) as folder:
        names = [path.name for path in publish(options.runs, folder, options.command)]
    for name in names:
        print(f"{options.target.rstrip('/')}/{name}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from src.results.agreement import agreement

    found = agreement(options.runs / "report", options.target)
    for line in found.lines():
        print(line)
    return 0 if found.holds else 1


def _recompute(options: argparse.Namespace) -> int:
    from src.report.write import write_report
    from src.results.recompute import older_pictures, recompute

    def report(runs: Path, figures: Sequence[str], draw: bool) -> Path:
        written = write_report(runs)
        if draw:
            written.draw()
        written.write_text(figures)
        return written.path.parent

    found = recompute(options.target, report, options.write)
    for one in found:
        print(f"{one.name}: {one.state}")
    older = older_pictures(options.target)
    for line in older:
        print(line)
    return 0 if all(one.holds for one in found) and not older else 1


def _unpack(options: argparse.Namespace) -> int:
    from src.results.packed import unpack

    found = unpack(options.target, options.to)
    print(f"{found[0].parent if found else options.to}: {len(found)} runs, without their weights")
    return 0


def _cost(options: argparse.Namespace) -> int:
    from src.results.cost import cost

    ends = [None if (text := getattr(options, name)) is None else _time(name, text) for name in _WINDOW]
    found = cost(options.runs, options.jobs, *ends)
    print(
        f"{found.num_runs} runs: training {found.training:.0f} s, evaluation {found.evaluation:.0f} s, "
        f"probing {found.probing:.0f} s"
    )
    if found.ratio is not None:
        print(f"starting, loading, waiting: {found.outside:.0f} s")
        print(f"all seconds over those of training and evaluation: {found.ratio:.3f}")
    return 0


def _time(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        refuse(f"--{name}", text, "a time such as 2026-01-31T12:00:00+00:00")
    if found.tzinfo is None:
        refuse(f"--{name}", text, "a time with its offset, such as 2026-01-31T12:00:00+00:00")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("src.results", __doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in ("publish", "check"):
        one = verbs.add_parser(name)
        one.add_argument("runs", type=runs_path, metavar="runs/EXPERIMENT")
        one.add_argument("target", type=str if name == "publish" else runs_path)
        if name == "publish":
            one.add_argument("--command", required=True, help="what makes the study again")
    one = verbs.add_parser("recompute")
    one.add_argument("target", type=path_of, metavar="sweeps/results/NAME")
    one.add_argument("--write", action="store_true", help="put what was rebuilt in place, and draw again")
    one = verbs.add_parser("unpack")
    one.add_argument("target", type=path_of, metavar="sweeps/results/NAME")
    one.add_argument("--to", type=path_of, default=Path("runs"), help="folder of experiments (runs)")
    one = verbs.add_parser("cost", description=_COST)
    one.add_argument("runs", type=runs_path, metavar="runs/EXPERIMENT")
    one.add_argument("--jobs", type=int, default=2, help="runs at a time (2)")
    one.add_argument("--started", help="when the runs to count began, with its offset from UTC")
    one.add_argument("--ended", help="when they had ended; not given: when the last run of the folder had")
    return parser


if __name__ == "__main__":
    run_command(main)

"""What is committed of a study, whether a fresh one agrees with it, and what it cost.

python -m src.study publish runs/NAME sweeps/results/NAME --command "make study"
python -m src.study check runs/NAME sweeps/results/NAME
python -m src.study cost runs/NAME --jobs 2 --started 2026-01-31T12:00:00+00:00

All three read what `python -m src.report runs/NAME` and the runs left. check ends with status 1 where a score
lies outside its committed interval or is missing.
"""

import argparse
import sys
from datetime import datetime
from pathlib import Path

from src.config.rules import refuse
from src.entry import leave
from src.errors import UserError


def main() -> None:
    """The command."""
    options = _parser().parse_args()
    try:
        sys.exit({"publish": _publish, "check": _check, "cost": _cost}[options.verb](options))
    except UserError as error:
        leave(str(error))


def _publish(options: argparse.Namespace) -> int:
    from src.study.publish import publish

    for path in publish(options.runs, options.target, options.command):
        print(path)
    return 0


def _check(options: argparse.Namespace) -> int:
    from src.study.check import compare

    found = compare(options.runs / "report", options.target)
    for one in found:
        if not one.holds:
            now = "missing" if one.fresh is None else f"{one.fresh:.4f}"
            print(
                f"outside: {one.arm}: {now}; committed {one.committed:.4f}, {one.low:.4f} to {one.high:.4f}"
            )
    within, same = sum(one.holds for one in found), sum(one.fresh == one.committed for one in found)
    print(f"{within} of {len(found)} scores within the committed 95 % intervals, {same} of them identical")
    return 0 if within == len(found) else 1


def _cost(options: argparse.Namespace) -> int:
    from src.study.cost import cost

    started = None if options.started is None else _time(options.started)
    found = cost(options.runs, options.jobs, started)
    print(
        f"{found.num_runs} runs: training {found.training:.0f} s, evaluation {found.evaluation:.0f} s, "
        f"probing {found.probing:.0f} s"
    )
    if found.ratio is not None:
        print(f"starting, loading, waiting: {found.outside:.0f} s")
        print(f"all seconds over those of training and evaluation: {found.ratio:.3f}")
    return 0


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        refuse("--started", text, "a time such as 2026-01-31T12:00:00+00:00")
    if found.tzinfo is None:
        refuse("--started", text, "a time with its offset, such as 2026-01-31T12:00:00+00:00")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m src.study", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in ("publish", "check"):
        one = verbs.add_parser(name)
        one.add_argument("runs", type=Path)
        one.add_argument("target", type=Path)
        if name == "publish":
            one.add_argument("--command", required=True, help="what makes the study again")
    one = verbs.add_parser("cost")
    one.add_argument("runs", type=Path)
    one.add_argument("--jobs", type=int, default=2, help="runs at a time (2)")
    one.add_argument("--started", help="when the sweep began, with its offset from UTC")
    return parser


if __name__ == "__main__":
    main()

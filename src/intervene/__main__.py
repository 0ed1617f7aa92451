"""Where in the depth the gain of a finished run sits.

python -m src.intervene runs/EXPERIMENT/ID [more runs of the same arm ...] [--dry-run] [--items N]

Runs of one arm, which differ by seed, are taken together: intervals are then over seeds and items. Each run
keeps its own tables in its folder, so that what was done there is not done again.
"""

from pathlib import Path

from src.command.program import parser_of, path_of, run_command, runs_path
from src.config.rules import check_at_least


def main(arguments: list[str] | None = None) -> None:
    """The entry point; what a person can mend is one line and exit status 2."""
    parser = parser_of("src.intervene", __doc__)
    parser.add_argument("runs", type=runs_path, nargs="+", metavar="runs/EXPERIMENT/ID", help="finished runs")
    parser.add_argument("--dry-run", action="store_true", help="say passes, minutes and memory, and stop")
    parser.add_argument("--items", type=int, metavar="N", help="test rows, from the first on (all)")
    parser.add_argument(
        "--passages", type=int, default=0, metavar="N", help="of English, to see forgetting (0)"
    )
    parser.add_argument("--passage-tokens", type=int, default=128, metavar="N", help="of each passage (128)")
    parser.add_argument("--batch", type=int, default=25, metavar="N", help="rows of a batch (25)")
    parser.add_argument("--controls", action="store_true", help="the five controls beside the profile")
    parser.add_argument("--out", type=path_of, metavar="FOLDER", help="(the run's folder, intervene/)")
    given = parser.parse_args(arguments)
    for name, value in (
        ("--items", given.items),
        ("--passages", given.passages or None),
        ("--passage-tokens", given.passage_tokens),
    ):
        if value is not None:
            check_at_least(name, value, 2)
    check_at_least("--batch", given.batch, 1)
    from src.intervene.causal.study import Study  # torch comes with it
    from src.intervene.pair import Asked

    asked = Asked(given.items, given.passages, given.passage_tokens, given.batch)
    study = Study(given.runs, asked, given.controls, given.out or default_out(given.runs))
    if not given.dry_run:
        study.measure()
        study.write()


def default_out(runs: list[Path]) -> Path:
    """Beside the run; of several, beside their folders."""
    return runs[0] / "intervene" if len(runs) == 1 else runs[0].parent / "intervene"


if __name__ == "__main__":
    run_command(main)

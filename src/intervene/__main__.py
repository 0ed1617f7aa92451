"""Where in the depth the gain of tuning sits.

python -m src.intervene runs/EXPERIMENT/ID [more runs of the same arm ...] [--dry-run] [--items N]
python -m src.intervene base=FOLDER tuned=FOLDER data=NAME [...]

Runs of one arm, which differ by seed, are taken together: intervals are then over seeds and items. Each run
keeps its own tables in its folder, so that what was done there is not done again. base, tuned and what
follows are as for src.compare; tuned may be the folder of an adapter.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from src.command.compose import pair_config
from src.command.program import parser_of, path_of, run_command, runs_path
from src.config.rules import check_at_least, refuse

if TYPE_CHECKING:
    from src.intervene.causal.study import Source


def main(arguments: list[str] | None = None) -> None:
    """The entry point; what a person can mend is one line and exit status 2."""
    parser = parser_of("src.intervene", __doc__)
    parser.add_argument(
        "pair", nargs="+", metavar="runs/EXPERIMENT/ID", help="finished runs, or base= tuned="
    )
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
    sources = _sources(given.pair)
    out = given.out or _out([one.folder for one in sources])
    study = Study(sources, asked, given.controls, out)
    if given.dry_run:
        return
    study.measure()
    study.write()
    from src.report.causal.page import write_page

    print(f"written: {write_page(out, out.parent.name)}, with its tables and pictures")


def _sources(given: list[str]) -> "list[Source]":
    """What the command line names.

    Raises:
        UserError: a folder that holds no finished run with an update, or half of a pair.
    """
    from src.intervene.causal.study import Source
    from src.intervene.checkpoints import open_pair, pair_folder
    from src.intervene.pair import open_run
    from src.record.finished import finished_config

    overrides = [one for one in given if "=" in one]
    if not overrides:
        folders = [runs_path(one) for one in given]
        for folder in folders:
            finished_config(folder)
        return [Source(folder, partial(open_run, folder)) for folder in folders]
    if len(overrides) < len(given):
        refuse("runs", " ".join(given), "folders of finished runs, or base=FOLDER tuned=FOLDER data=NAME")
    config = pair_config("metrics=none", *overrides)  # which are not asked for
    return [Source(pair_folder(config), partial(open_pair, config), is_run=False)]


def _out(folders: list[Path]) -> Path:
    """Beside the run; of several, beside their folders."""
    return folders[0] / "intervene" if len(folders) == 1 else folders[0].parent / "intervene"


if __name__ == "__main__":
    run_command(main)

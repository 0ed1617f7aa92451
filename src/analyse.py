"""What parts of a tuning update do: an analysis of finished runs, or of two folders of weights.

python -m src.intervene [ANALYSIS] runs/EXPERIMENT/ID [more runs of the same arm ...] [--dry-run] [--items N]
python -m src.intervene [ANALYSIS] base=FOLDER tuned=FOLDER data=NAME [...]

ANALYSIS: one of conf/intervention; without one causal, where in the depth the gain of tuning sits. Keys of
its own are given as intervention.KEY=VALUE. Runs of one arm, which differ by seed, are taken together:
intervals are then over seeds and items, and the tables lie in intervene/ of their experiment, or where they
are not all of its runs in intervene/arms/ARM. Each run keeps its own tables, so that what was done
there is not done again. base, tuned and what follows are as for src.compare; tuned may be the folder of an
adapter. Ranks that torchrun or srun has started share the batches; the tables are those of one process.
"""

import argparse
from functools import partial
from typing import TYPE_CHECKING

from src.command.compose import pair_config, run_config
from src.command.presets import choices
from src.command.program import parser_of, path_of, run_command, runs_path
from src.config.intervention import ANALYSES, InterventionConfig
from src.config.rules import refuse

if TYPE_CHECKING:
    from src.intervene.study import Source

DEFAULT, OWN = "causal", "intervention."
SHORT = {
    "items": "num_items",
    "passages": "num_passages",
    "passage_tokens": "passage_tokens",
    "batch": "batch_size",
}
"""Options that are keys of every analysis."""


def main(arguments: list[str] | None = None) -> None:
    """The entry point; what a person can mend is one line and exit status 2."""
    given = _parser().parse_intermixed_args(arguments)
    chosen, named = _asked(given)
    sources, others = _sources(named), _sources(given.against) if given.against else []
    if others and chosen.kind != DEFAULT:
        refuse("--against", chosen.kind, DEFAULT)
    from src.intervene.engine.sharing import share, sharing, started
    from src.intervene.study import tables_of
    from src.pipeline.analyses import ANALYSES as STUDIES  # torch comes with it

    own, name = tables_of([one.folder for one in sources], chosen)
    out = given.out or own
    with sharing(started()):
        study = STUDIES[chosen.kind](sources, chosen, out)
        if given.dry_run:
            return
        study.measure()
        if others:
            study.against(others)
        if share().rank:
            return
        study.write()
    from src.report.plugins import page_of

    page = page_of(chosen.kind)
    print(f"written: {page(out, name) if page else out}, with its tables and pictures")


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("src.intervene", __doc__)
    parser.add_argument(
        "pair", nargs="+", metavar="runs/EXPERIMENT/ID", help="finished runs, or base= tuned="
    )
    parser.add_argument("--dry-run", action="store_true", help="say passes, minutes and memory, and stop")
    parser.add_argument("--items", type=int, metavar="N", help="test rows, from the first on (all)")
    parser.add_argument("--passages", type=int, metavar="N", help="of English, to see forgetting (0)")
    parser.add_argument("--passage-tokens", type=int, metavar="N", help="of each passage (128)")
    parser.add_argument("--batch", type=int, metavar="N", help="rows of a batch (25)")
    parser.add_argument(
        "--controls", action="store_true", help="causal: the five controls beside the profile"
    )
    parser.add_argument(
        "--against", nargs="+", metavar="RUN", help="causal: runs of another arm, seed by seed as the first"
    )
    parser.add_argument("--out", type=path_of, metavar="FOLDER", help="(the run's folder, intervene/)")
    return parser


def _asked(given: argparse.Namespace) -> tuple[InterventionConfig, list[str]]:
    """The settings of the analysis, and what the command line names beside them."""
    name, *rest = given.pair if given.pair[0] in choices("intervention") else (DEFAULT, *given.pair)
    if name == "none":
        refuse("analysis", name, ", ".join(ANALYSES))
    options = {key: getattr(given, short) for short, key in SHORT.items()}
    lines = [f"intervention.{key}={value}" for key, value in options.items() if value is not None]
    lines += ["intervention.controls=true"] if given.controls else []
    own = [one for one in rest if one.startswith(OWN)]
    chosen = run_config(f"intervention={name}", *lines, *own).intervention
    return chosen, [one for one in rest if one not in own]


def _sources(given: list[str]) -> "list[Source]":
    """What the command line names.

    Raises:
        UserError: a folder that holds no finished run with an update, or half of a pair.
    """
    from src.intervene.checkpoints import open_pair, pair_folder
    from src.intervene.pair import open_run
    from src.intervene.study import Source
    from src.record.finished import finished_config

    if not given:
        refuse("runs", "none", "folders of finished runs, or base=FOLDER tuned=FOLDER data=NAME")
    overrides = [one for one in given if "=" in one]
    if not overrides:
        folders = [runs_path(one) for one in given]
        return [Source(one, partial(open_run, one), finished_config(one)) for one in folders]
    if len(overrides) < len(given):
        refuse("runs", " ".join(given), "folders of finished runs, or base=FOLDER tuned=FOLDER data=NAME")
    config = pair_config("metrics=none", *overrides)  # which are not asked for
    return [Source(pair_folder(config), partial(open_pair, config))]


if __name__ == "__main__":
    run_command(main)

"""python -m src.dashboard [EXPERIMENT]: the comparison of an experiment as a workspace of W&B."""

import argparse
from pathlib import Path

from omegaconf import OmegaConf

from src.command.compose import CONF
from src.command.entry import exit_with
from src.errors import UserError

_ABOUT = """\
Builds the comparison as a workspace of W&B: score by band with error, the published numbers, parameters
against score, profiles by layer, learning curves, run comparer. Runs are grouped by experiment, band and
scaling, and carry the tags band:mid, method:lora, seed:0, scaling:..., so that any other grouping is one
click away."""
_EXAMPLES = """\
examples:
  python -m src.dashboard quickstart              one experiment, run with record=online or sent later
  python -m src.dashboard                         all experiments of the project
  python -m src.dashboard quickstart --dry-run    print its sections and panels; needs no key and no network
  python -m src.dashboard quickstart --dry-run --json    the same as the JSON that W&B is sent
  wandb sync --include-online runs/quickstart/*/wandb    send what runs wrote offline

It needs a key: `wandb login`, or WANDB_API_KEY. `python -m src.report` shows the same from files."""


def main() -> None:
    """The entry point."""
    options = _options()
    from src.dashboard.measured import check_experiment, measured

    try:
        check_experiment(options.experiment, options.runs_dir)
        found = measured(options.runs_dir / (options.experiment or ""))
        if options.dry_run:
            from src.dashboard.outline import as_json, outline
            from src.dashboard.workspace import workspace

            made = workspace(options.entity or "ENTITY", options.project, options.experiment, found)
            print(as_json(made) if options.json else outline(made))
            return
        from src.dashboard.publish import publish

        print(publish(options.entity, options.project, options.experiment, found))
    except UserError as error:
        exit_with(str(error))


def _options() -> argparse.Namespace:
    record = OmegaConf.load(CONF / "record" / "offline.yaml")
    runs_dir = OmegaConf.load(CONF / "config.yaml").paths.runs_dir
    parser = argparse.ArgumentParser(
        prog="python -m src.dashboard",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "experiment", nargs="?", metavar="EXPERIMENT", help="as in runs/EXPERIMENT; default: all"
    )
    parser.add_argument("--entity", default=record.entity, help="user or team; default: the key's own")
    parser.add_argument("--project", default=record.project, help="default: %(default)s")
    parser.add_argument(
        "--runs-dir",
        type=Path,
        default=Path(runs_dir),
        help="where to look up what was measured; default: %(default)s",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the workspace instead of saving it")
    parser.add_argument("--json", action="store_true", help="with --dry-run: as the JSON that W&B is sent")
    options = parser.parse_args()
    if options.json and not options.dry_run:
        parser.error("--json: accepted with --dry-run")
    return options


if __name__ == "__main__":
    main()

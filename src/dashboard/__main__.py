"""python -m src.dashboard [runs/EXPERIMENT]: the comparison of an experiment as a workspace of W&B."""

import argparse
from pathlib import Path

from omegaconf import OmegaConf

from src.command.compose import CONF
from src.command.places import runs_dir
from src.command.program import parser_of, path_of, run_command, runs_path
from src.storage.files import is_url

_ABOUT = """\
Builds the comparison as a workspace of W&B: score by band with error, the published numbers, parameters
against score, profiles by layer, learning curves, run comparer. Runs are grouped by experiment, band and
scaling, and carry the tags band:mid, method:lora, seed:0, scaling:..., so that any other grouping is one
click away."""
_EXAMPLES = """\
examples:
  python -m src.dashboard runs/quickstart             one experiment, run with record=online or sent later
  python -m src.dashboard                             all experiments of the project
  python -m src.dashboard runs/quickstart --dry-run   print its sections and panels: no key, no network
  python -m src.dashboard runs/quickstart --dry-run --json    the same as the JSON that W&B is sent
  wandb sync --include-online runs/quickstart/*/wandb         send what runs wrote offline

It needs a key: `wandb login`, or WANDB_API_KEY. `python -m src.report` shows the same from files."""


def main(arguments: list[str] | None = None) -> None:
    """The entry point."""
    options = _options(arguments)
    from src.dashboard.measured import check_experiment, measured

    experiment, place = _experiment(options)
    check_experiment(experiment, place)
    found = measured(place / (experiment or ""))
    if options.dry_run:
        from src.dashboard.outline import as_json, outline
        from src.dashboard.workspace import workspace

        made = workspace(options.entity or "ENTITY", options.project, experiment, found)
        print(as_json(made) if options.json else outline(made))
        return
    from src.dashboard.publish import publish

    print(publish(options.entity, options.project, experiment, found))


def _experiment(options: argparse.Namespace) -> tuple[str | None, Path]:
    """The name of the experiment and the folder above it, where a person gave the one or the path of both."""
    place = options.runs_dir
    if options.experiment is None:
        return None, place
    if is_url(options.experiment):
        copy = runs_path(options.experiment)
        return copy.name, copy.parent
    path = path_of(options.experiment)
    if not path.is_absolute() and (place / path).is_dir():
        return options.experiment, place
    if path.is_relative_to(place):
        return str(path.relative_to(place)), place
    return (path.name, path.parent) if path.is_dir() else (options.experiment, place)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    record = OmegaConf.load(CONF / "record" / "offline.yaml")
    parser = parser_of("src.dashboard", _ABOUT, _EXAMPLES)
    parser.add_argument("experiment", nargs="?", metavar="runs/EXPERIMENT", help="default: all")
    parser.add_argument("--entity", default=record.entity, help="user or team; default: the key's own")
    parser.add_argument("--project", default=record.project, help="default: %(default)s")
    parser.add_argument(
        "--runs-dir",
        type=path_of,
        default=runs_dir(),
        help="where to look up what was measured; default: %(default)s",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the workspace instead of saving it")
    parser.add_argument("--json", action="store_true", help="with --dry-run: as the JSON that W&B is sent")
    options = parser.parse_args(arguments)
    if options.json and not options.dry_run:
        parser.error("--json: accepted with --dry-run")
    return options


if __name__ == "__main__":
    run_command(main)

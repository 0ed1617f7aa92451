"""Where in the depth the gain of a finished run sits.

python -m src.intervene runs/EXPERIMENT/ID [--dry-run] [--items N]
"""

from pathlib import Path

from src.command.program import parser_of, run_command, runs_path
from src.errors import ConfigError


def main(arguments: list[str] | None = None) -> None:
    """The entry point; what a person can mend is one line and exit status 2."""
    parser = parser_of("src.intervene", __doc__)
    parser.add_argument("run", type=runs_path, metavar="runs/EXPERIMENT/ID", help="a finished run")
    parser.add_argument("--dry-run", action="store_true", help="say passes, minutes and memory, and stop")
    parser.add_argument(
        "--items", type=int, default=None, help="test rows, from the first on; all by default"
    )
    given = parser.parse_args(arguments)
    profile_run(given.run, given.items, given.dry_run)


def profile_run(folder: Path, num_items: int | None, dry_run: bool) -> None:
    """Measure, print and write the profile of one run into its folder.

    Raises:
        UserError: in one line, whatever this run cannot have.
    """
    if num_items is not None and num_items < 2:
        raise ConfigError(f"--items: given {num_items}; accepted: at least 2")
    from rich.console import Console  # torch and rich: not before the arguments are known to be right
    from tqdm import tqdm

    from src.intervene.causal.figure import draw_profile
    from src.intervene.causal.measure import cost, measure
    from src.intervene.causal.show import print_profile, write_csv
    from src.intervene.run_pair import open_run

    pair = open_run(folder, num_items)
    console, told = Console(width=100), cost(pair)
    console.print(
        f"{told.num_variants} variants of {len(pair.items.ids)} items: {told.passes:.1f} passes, and "
        f"{told.num_gradients} forward and backward; about {told.minutes:.1f} minutes; beside the model at "
        f"most {told.num_states} states of one batch, or one backward pass",
        highlight=False,
    )
    if dry_run:
        return
    out = folder / "intervene"
    with tqdm(total=len(pair.items.batches), desc="variants", unit="batch", disable=None) as bar:
        profile = measure(pair, out, lambda: bar.update() and None)
    write_csv(out / "profile.csv", profile.rows)
    draw_profile(out / "profile.png", profile.rows, pair.trained)
    print_profile(console, profile.rows, profile.additivity, profile.residual, profile.num_off)
    console.print(f"written: {out / 'profile.csv'}, with its picture", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run_command(main)

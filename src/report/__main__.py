"""Compare the runs of an experiment: a table here, a page that needs no network in its folder report/.

python -m src.report runs/EXPERIMENT [--screenshot]
python -m src.report ADAPTER            the comparison that has measured this adapter of peft, TRL or Axolotl

Written are report.html, report.md, every table as CSV, profiles and slopes as PNG.
"""

from pathlib import Path

from src.command.places import cache_dir, runs_dir
from src.command.program import parser_of, run_command, runs_path
from src.command.terminal import console


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = parser_of("src.report", __doc__)
    parser.add_argument("runs", type=_given, metavar="runs/EXPERIMENT")
    parser.add_argument(
        "--screenshot", action="store_true", help="also report.png, the page's head; needs Chromium"
    )
    options = parser.parse_args(arguments)
    from src.report.report import report

    if (options.runs / "adapter_config.json").is_file():
        from src.report.adapter import experiment_of

        options.runs = experiment_of(options.runs, runs_dir(), cache_dir())
    page = report(options.runs, console())
    if options.screenshot:
        from src.report.screenshot import take_screenshot

        print(f"picture: {take_screenshot(page)}")


def _given(text: str) -> Path:
    """A folder; of an adapter also as src.compare is given it, `tuned=FOLDER`."""
    return runs_path(text.removeprefix("tuned="))


if __name__ == "__main__":
    run_command(main)

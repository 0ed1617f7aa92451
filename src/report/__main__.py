"""Compare the runs of an experiment: a table here, a page that needs no network in its folder report/.

python -m src.report runs/EXPERIMENT [--screenshot]

Written are report.html, report.md, every table as CSV, profiles and slopes as PNG.
"""

from src.command.program import parser_of, run_command, runs_path
from src.command.terminal import console


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = parser_of("src.report", __doc__)
    parser.add_argument("runs", type=runs_path, metavar="runs/EXPERIMENT")
    parser.add_argument(
        "--screenshot", action="store_true", help="also report.png, the page's head; needs Chromium"
    )
    options = parser.parse_args(arguments)
    from src.report.report import report

    page = report(options.runs, console())
    if options.screenshot:
        from src.report.screenshot import take_screenshot

        print(f"picture: {take_screenshot(page)}")


if __name__ == "__main__":
    run_command(main)

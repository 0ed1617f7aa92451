"""Compare the runs of an experiment: a table here, a page that needs no network in its folder report/.

python -m src.report runs/EXPERIMENT [--screenshot]

Written are report.html, report.md, every table as CSV, profiles and slopes as PNG.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from src.command.program import parser_of, run_command, runs_path
from src.command.terminal import console

if TYPE_CHECKING:
    from rich.console import Console


def report(folder: Path, terminal: "Console") -> Path:
    """Write the report into `folder`/report, print the table and the profiles; the path of the page."""
    from src.report.sketch import print_sketch
    from src.report.terminal import print_table
    from src.report.write import write_report

    written = write_report(folder)
    figures = written.draw()
    print_table(written.material, terminal, str(folder))
    print_sketch(written.material, terminal)
    for run, reason in written.study.left_out:
        terminal.print(f"not compared: {run.name}: {reason}", markup=False, soft_wrap=True)
    line = f"report: {written.path}, with tables and {len(figures)} figures beside it"
    terminal.print(line, markup=False, soft_wrap=True)
    return written.path


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = parser_of("src.report", __doc__)
    parser.add_argument("runs", type=runs_path, metavar="runs/EXPERIMENT")
    parser.add_argument(
        "--screenshot", action="store_true", help="also report.png, the page's head; needs Chromium"
    )
    options = parser.parse_args(arguments)
    page = report(options.runs, console())
    if options.screenshot:
        from src.report.screenshot import take_screenshot

        print(f"picture: {take_screenshot(page)}")


if __name__ == "__main__":
    run_command(main)

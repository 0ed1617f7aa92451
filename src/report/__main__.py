"""python -m src.report runs/quickstart: print the comparison; write it as one HTML page, Markdown and CSV."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from src.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

_USAGE = """python -m src.report FOLDER [--screenshot]

Tables and figures of the runs in FOLDER, such as runs/quickstart, into FOLDER/report:
report.html (one page, works without a network), report.md, the tables as CSV, profiles and slopes as PNG.
--screenshot   also report.png, a picture of its head and of the scores by band; needs Chromium"""


def report(folder: Path, console: "Console") -> Path:
    """Write the report into `folder`/report and print the table; the path of the page."""
    from src.report.depth.picture import draw_depth
    from src.report.figures import draw_profiles
    from src.report.terminal import print_table
    from src.report.write import write_report

    written = write_report(folder)
    figures = [
        *draw_depth(written.material.depth, written.path.parent),
        *draw_profiles(written.material, written.path.parent),
    ]
    written.write_markdown([figure.stem for figure in figures])
    print_table(written.material, console, f"{folder}: score ± standard error")
    for run, reason in written.study.left_out:
        console.print(f"not compared: {run.name}: {reason}", highlight=False)
    console.print(
        f"report: {written.path}, with tables and {len(figures)} figures beside it", highlight=False
    )
    return written.path


def main() -> None:
    """The entry point."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--screenshot"]
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        sys.exit(0 if arguments else 2)
    from rich.console import Console

    try:
        page = report(Path(arguments[0]), Console(width=100))
        if "--screenshot" in sys.argv:
            from src.report.screenshot import take_screenshot

            print(f"picture: {take_screenshot(page)}")
    except UserError as error:
        print(f"strata: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()

"""The whole report of an experiment: its page and files, and what the terminal says of them."""

from pathlib import Path

from rich.console import Console

from src.report.crowd import first_lines
from src.report.sketch import print_sketch
from src.report.terminal import print_table
from src.report.write import write_report


def report(folder: Path, terminal: Console) -> Path:
    """Write the report into `folder`/report, print the table and the profiles; the path of the page."""
    written = write_report(folder)
    figures = written.draw()
    print_table(written.material, terminal, str(folder))
    print_sketch(written.material, terminal)
    for line in first_lines([f"not compared: {run.name}: {why}" for run, why in written.study.left_out]):
        terminal.print(line, markup=False, soft_wrap=True)
    line = f"report: {written.path}, with tables and {len(figures)} figures beside it"
    terminal.print(line, markup=False, soft_wrap=True)
    return written.path

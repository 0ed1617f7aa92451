"""python -m src.report runs/quickstart: print the comparison, write it as Markdown, draw the profiles."""

import sys
from pathlib import Path

from rich.console import Console

from src.errors import UserError
from src.files import write_text
from src.report.figures import draw_profiles
from src.report.runs import Run, find_runs
from src.report.table import markdown_table, rich_table


def report(folder: Path, console: Console) -> Path:
    """Write report.md and the figures into `folder`/report and print the table; the path of report.md."""
    runs = find_runs(folder)
    figures = draw_profiles(runs, folder / "report")
    path = folder / "report" / "report.md"
    write_text(path, _markdown(folder.name, runs, figures))
    console.print(rich_table(runs, f"{folder}: score ± standard error"))
    for run in runs:
        if run.problem:
            console.print(f"not compared: {run.folder.name}: {run.problem}", highlight=False)
    console.print(f"report: {path}, with {len(figures)} figures beside it", highlight=False)
    return path


def _markdown(name: str, runs: list[Run], figures: list[Path]) -> str:
    parts = [f"# {name}\n", "Scores with their standard error over n held-out items.\n", markdown_table(runs)]
    machines = {_machine(run) for run in runs if run.record}
    parts += [f"Machine: {machine}.\n" for machine in sorted(machines)]
    parts += [f"- not compared: `{run.folder.name}`: {run.problem}\n" for run in runs if run.problem]
    parts += [f"![{figure.stem} by layer]({figure.name})\n" for figure in figures]
    return "\n".join(parts)


def _machine(run: Run) -> str:
    machine, code = run.record["hardware"], run.record["git"]
    commit = (code["commit"] or "unknown")[:10] + (" (dirty)" if code["dirty"] else "")
    return f"{machine['processor']}, {machine['threads']} threads, {machine['device']}; commit {commit}"


def main() -> None:
    """The entry point."""
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(
            "python -m src.report FOLDER    tables and figures of the runs in FOLDER, such as runs/quickstart"
        )
        sys.exit(0 if len(sys.argv) == 2 else 2)
    try:
        report(Path(sys.argv[1]), Console(width=100))
    except UserError as error:
        print(f"strata: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()

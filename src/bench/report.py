"""The report over 300 finished runs: its seconds over those of reading the files; its page's size."""

import tempfile
from pathlib import Path

from rich.console import Console

from src.bench.made_runs import MadeStudy, make_runs
from src.bench.measure import seconds

MEANING = {
    "report_over_reading": "the report over 300 made-up runs / reading and parsing their files once",
    "report_page_mb": "its page, MB",
}


def bench_report() -> dict[str, float]:
    """Ten bands, two scalings, 15 seeds; metrics=default; 300 items a run, before and after."""
    from src.report.__main__ import report

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "made_up"
        make_runs(folder, MadeStudy(seeds=tuple(range(15)), metrics="default"))
        reading = seconds(lambda: _read(folder))
        whole = seconds(lambda: report(folder, Console(width=100, quiet=True)))
        size = (folder / "report" / "report.html").stat().st_size
    print(f"report over 300 made-up runs: {whole:.1f} s on this machine; reading alone {reading:.1f} s")
    return {"report_over_reading": whole / reading, "report_page_mb": size / 1e6}


def _read(folder: Path) -> None:
    from src.report.runs import find_runs

    for run in find_runs(folder):
        _ = run.config, run.layers, run.steps, run.samples("base", "tuned")

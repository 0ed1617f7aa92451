"""Ten thousand runs: expanding their sweep, making the index of their results, their status, their report."""

import os
import re
import tempfile
from pathlib import Path

from rich.console import Console

from src.analysis.find_runs import find_runs
from src.analysis.run_index import FOLDER
from src.bench.made_runs import MadeStudy, make_runs
from src.bench.measure import Figures, seconds
from src.bench.sweeps import plan_of, status_of, sweep_file

MEANING = {
    "expand_10000_s": "seconds to expand a sweep of 10,000 cells into runs and ids (at most 5)",
    "index_10000_s": "seconds to make the index of 10,000 made-up runs of 2,000 arms (at most 60)",
    "status_10000_s": "seconds to the status of the sweep of 10,000 finished runs, once expanded (at most 3)",
    "report_10000_s": "seconds to build the report over the 10,000 made-up runs from the index (at most 30)",
    "report_10000_page_mb": "its page, MB (at most 8)",
}
_RATES = 100
_LINKED = ("layers.csv", "samples.jsonl", "steps.jsonl")


def bench() -> Figures:
    """Ten bands, two scalings, a hundred rates, five seeds; metrics=default; 300 items before and after."""
    from src.report.report import report

    with tempfile.TemporaryDirectory() as place:
        path = sweep_file(Path(place), "many", 10_000)
        yield "expand_10000_s", seconds(lambda: plan_of(path))
        folder = Path(place) / "made_up"
        make_ten_thousand(Path(place) / "first", folder)
        yield "index_10000_s", seconds(lambda: find_runs(folder))
        plan = plan_of(path)
        for run, made in zip(plan.runs, sorted(folder.glob("lora-*")), strict=True):
            run.folder.mkdir(parents=True)
            os.link(made / "run.json", run.folder / "run.json")
        yield "status_10000_s", seconds(lambda: status_of(plan))
        yield "report_10000_s", seconds(lambda: report(folder, Console(width=100, quiet=True)))
        yield "report_10000_page_mb", (folder / "report" / "report.html").stat().st_size / 1e6


def make_ten_thousand(first: Path, folder: Path) -> None:
    """A hundred made-up runs under `first`, each at every rate: tables of one are links to the same files."""
    make_runs(first, MadeStudy(seeds=tuple(range(5)), metrics="default"))
    number = 0
    for run in sorted(path for path in first.iterdir() if path.name != FOLDER):
        config, record = ((run / name).read_text() for name in ("config.yaml", "run.json"))
        for rate in range(1, _RATES + 1):
            made = folder / f"{run.name[:-10]}{number:010x}"
            made.mkdir(parents=True)
            for name in _LINKED:
                os.link(run / name, made / name)
            (made / "config.yaml").write_text(
                re.sub(r"learning_rate: \S+", f"learning_rate: {rate}e-06", config)
            )
            (made / "run.json").write_text(record.replace(run.name, made.name))
            number += 1

"""The report over 300 finished runs: seconds to build it, its page's size, seconds until the page answers."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from src.bench.made_runs import MadeStudy, make_runs
from src.bench.measure import Figures, seconds
from src.report.screenshot import ARGUMENTS, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MEANING = {
    "report_over_reading": "the report over 300 made-up runs / reading and parsing their files once",
    "report_s": "seconds to build the report over 300 made-up runs (at most 10)",
    "report_page_mb": "its page, MB (at most 8)",
    "report_page_s": "seconds from opening its page in Chromium, 1280 x 900, until it answers and the first "
    "figure, scrolled to, is drawn (at most 3); missing without Chromium",
}


def bench() -> Figures:
    """Ten bands, two scalings, 15 seeds; metrics=default; 300 items a run, before and after."""
    from src.report.report import report

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "made_up"
        make_runs(folder, MadeStudy(seeds=tuple(range(15)), metrics="default"))
        reading = seconds(lambda: _read(folder))
        whole = seconds(lambda: report(folder, Console(width=100, quiet=True)))
        page = folder / "report" / "report.html"
        yield "report_over_reading", whole / reading
        yield "report_s", whole
        yield "report_page_mb", page.stat().st_size / 1e6
        yield from _in_chromium(page).items()


def _in_chromium(page: Path) -> dict[str, float]:
    """Nothing where it is not installed."""
    if shutil.which("chromium") is None:
        return {}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        found = {"report_page_s": seconds_to_first_figure(page, browser)}
        browser.close()
    return found


def seconds_to_first_figure(page: Path, browser: "Browser") -> float:
    """From opening a page, in a browser that is already there, until it answers and shows a figure."""
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    view.set_default_timeout(120_000)  # a busy machine
    found = seconds(lambda: _open(view, page))
    view.close()
    return found


def _open(view: "Page", page: Path) -> None:
    view.goto(page.resolve().as_uri())
    view.wait_for_selector("body[data-ready=yes]")
    view.locator(".plot").first.scroll_into_view_if_needed()
    view.wait_for_selector(".plot[data-state=drawn]")


def _read(folder: Path) -> None:
    from src.analysis.find_runs import find_runs

    for run in find_runs(folder):
        _ = run.config, run.layers, run.steps, run.samples("base", "tuned")

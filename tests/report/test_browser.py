"""The page in a real browser: everything draws, answers the mouse, and fits a phone."""

import shutil
import subprocess
import sys
import time

import pytest

from src.bench.made_runs import MadeStudy, make_runs
from src.report.screenshot import ARGUMENTS
from src.report.write import write_report

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian: make system)")
CHARTS = {"scores_by_band", "differences", "forgetting", "parameters", "profiles", "learning_curves"}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "made_up_study_with_a_rather_long_name"
    made = MadeStudy(bands=("whole", "01110", "00001", "random"), effects={"00001": -0.2})
    make_runs(folder, made)
    return write_report(folder).path


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=[1280, 400])
def view(browser, page_file, request):
    """The page, opened, and everything that went wrong in it."""
    view = browser.new_page(viewport={"width": request.param, "height": 900})
    view.set_default_timeout(60_000)
    view.wrong = []
    view.on("console", lambda message: view.wrong.append(message.text) if message.type != "log" else None)
    view.on("pageerror", lambda error: view.wrong.append(str(error)))
    view.on(
        "request", lambda request: view.wrong.append(request.url) if request.url.startswith("http") else None
    )
    view.goto(page_file.as_uri())
    view.wait_for_selector("body[data-ready=yes]")
    yield view
    view.close()


def drawn(view, name):
    """The plot of a chart, scrolled to and drawn."""
    plot = view.locator(f".plot[data-chart={name}]")
    plot.scroll_into_view_if_needed()
    view.wait_for_selector(f".plot[data-chart={name}][data-state=drawn]")
    return plot


def test_every_figure_draws_and_nothing_is_wider_than_the_window(view):
    names = view.eval_on_selector_all(".plot", "plots => plots.map(plot => plot.dataset.chart)")
    assert set(names) == CHARTS
    for name in names:
        plot = drawn(view, name)
        assert plot.locator("svg.main-svg").count() >= 1
        assert plot.locator(".scatterlayer .trace").count() >= 1
    width = view.viewport_size["width"]
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        view.eval_on_selector_all(
            ".plot, .scroll", "boxes => Math.max(...boxes.map(box => box.getBoundingClientRect().right))"
        )
        <= width
    )
    assert (
        view.eval_on_selector_all(
            ".plot .main-svg", "boxes => Math.min(...boxes.map(box => box.getBoundingClientRect().height))"
        )
        > 200
    )


def test_hover_shows_a_label(view):
    plot = drawn(view, "scores_by_band")
    point = plot.locator(".scatterlayer .trace .points path").first.bounding_box()
    view.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2, steps=4)
    plot.locator(".hoverlayer .hovertext").first.wait_for()
    assert "seed" in plot.locator(".hoverlayer").text_content()


def test_a_click_in_the_legend_hides_a_line(view):
    plot = drawn(view, "profiles")
    before = plot.locator(".scatterlayer .trace").count()
    plot.locator(".legendtoggle").nth(1).click(force=True)
    view.wait_for_function(
        "before => document.querySelectorAll('.plot[data-chart=profiles] .scatterlayer .trace').length < before",
        arg=before,
    )


def test_a_choice_draws_another_figure(view):
    plot = drawn(view, "profiles")
    choice = plot.locator("xpath=..").locator("select")
    choice.select_option("mean_shift")
    view.wait_for_function(
        "document.querySelector('.plot[data-chart=profiles] .ytitle').textContent.startsWith('mean shift')"
    )


def test_tables_scroll_inside_their_box(view):
    box = view.locator("#published-and-ours .scroll").first
    assert box.evaluate("box => box.scrollWidth >= box.clientWidth")
    assert box.bounding_box()["width"] <= view.viewport_size["width"]


def test_nothing_went_wrong_and_nothing_was_asked_of_a_network(view):
    assert view.wrong == []


def test_the_page_answers_soon(browser, page_file):
    """No stopwatch on a shared machine: the work that stands between opening and answering is bounded."""
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.monotonic()
    view.goto(page_file.as_uri())
    view.wait_for_selector("body[data-ready=yes]")
    started = view.evaluate("document.querySelectorAll('.plot[data-state]').length")
    print(f"ready after {time.monotonic() - start:.2f} s, {started} figures begun")
    assert started < len(CHARTS)  # figures out of sight wait
    view.close()


def test_the_command_takes_a_small_picture(page_file):
    folder = page_file.parent.parent
    command = [sys.executable, "-m", "src.report", str(folder), "--screenshot"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    picture = page_file.with_suffix(".png")
    assert f"picture: {picture}" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 20_000 < picture.stat().st_size < 300_000

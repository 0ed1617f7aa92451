"""The page in a real browser: everything draws, answers the mouse, and fits a phone."""

import time

import pytest

from src.bench.made_runs import MadeStudy, make_runs
from src.bench.report import seconds_to_first_figure
from src.report.write import write_report
from tests.forked import run

CHARTS = {"scores_by_band", "differences", "forgetting", "parameters", "profiles", "learning_curves"}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "made_up_study_with_a_rather_long_name"
    made = MadeStudy(bands=("whole", "01110", "00001", "random"), effects={"00001": -0.2})
    make_runs(folder, made)
    return write_report(folder).path


@pytest.fixture(scope="module", params=[1280, 400])
def view(open_page, page_file, request):
    """The page, opened, and everything that went wrong in it."""
    view = open_page(page_file, request.param)
    yield view
    view.close()


def test_every_figure_draws_and_nothing_is_wider_than_the_window(view, figures):
    assert set(figures.names(view)) == CHARTS
    for name in CHARTS:
        plot = figures.drawn(view, name)
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


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_hover_and_legend_answer_in_every_choice_of_every_figure(view, figures, name):
    options = figures.every_choice_answers(view, name)
    assert (len(options) > 1) == (name != "forgetting")  # of one other task there is nothing to choose


def test_hover_over_a_band_tells_its_seeds(view, figures):
    plot = figures.drawn(view, "scores_by_band")
    point = plot.locator(".scatterlayer .trace .points path").first.bounding_box()
    view.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2, steps=4)
    plot.locator(".hoverlayer .hovertext").first.wait_for()
    assert "seed" in plot.locator(".hoverlayer").text_content()


def test_a_choice_draws_another_figure(view, figures):
    plot = figures.drawn(view, "profiles")
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


def test_the_bench_counts_the_seconds_until_a_figure_is_there(page_file, browser):
    assert 0 < seconds_to_first_figure(page_file, browser) < 60


@pytest.mark.usefixtures("browser")  # skipped without one
def test_the_command_takes_a_small_picture(page_file):
    folder = page_file.parent.parent
    done = run("src.report", folder, "--screenshot")
    assert done.returncode == 0, done.stderr
    picture = page_file.with_suffix(".png")
    assert f"picture: {picture}" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 20_000 < picture.stat().st_size < 400_000

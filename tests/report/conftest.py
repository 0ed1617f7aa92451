"""A real browser, and what every figure of a page must do in it."""

import shutil
from types import SimpleNamespace

import pytest

from src.report.screenshot import ARGUMENTS

NEAREST = """plot => {
  const box = plot.getBoundingClientRect(), { xaxis, yaxis } = plot._fullLayout;
  const off = (point) => Math.hypot(point[0] - box.left - xaxis._offset - xaxis._length / 2,
                                    point[1] - box.top - yaxis._offset - yaxis._length / 2);
  const points = plot._fullData.filter((trace) => trace.visible === true && trace.hoverinfo !== "skip")
    .flatMap((trace) => Array.from(trace.x, (x, i) => [x, trace.y[i]]))
    .filter(([x, y]) => x !== null && y !== null)
    .map(([x, y]) => [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)]);
  return points.sort((one, other) => off(one) - off(other))[0];
}"""
"""The point of a figure, in pixels of the window, that is nearest to the middle of its axes."""
SHOWN = "plot => plot._fullData.filter((trace) => trace.visible === true).length"
NAMED = "plot => new Set(plot._fullData.filter((trace) => trace.showlegend !== false).map((one) => one.name)).size"


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium; the test is skipped where it is missing."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (Debian: make system)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def open_page(browser):
    """open_page(file, width): the page, opened, and in `wrong` everything that went wrong in it."""

    def open_it(file, width):
        view = browser.new_page(viewport={"width": width, "height": 900})
        view.set_default_timeout(60_000)
        view.wrong = []
        view.on("console", lambda message: view.wrong.append(message.text) if message.type != "log" else None)
        view.on("pageerror", lambda error: view.wrong.append(str(error)))
        view.on(
            "request",
            lambda request: view.wrong.append(request.url) if request.url.startswith("http") else None,
        )
        view.goto(file.as_uri())
        view.wait_for_selector("body[data-ready=yes]")
        return view

    return open_it


@pytest.fixture(scope="session")
def figures():
    """drawn, names and every_choice_answers, each of a page and a chart of it."""
    return SimpleNamespace(names=names, drawn=drawn, every_choice_answers=every_choice_answers)


def names(view):
    """Of all charts of a page."""
    return view.eval_on_selector_all(".plot", "plots => plots.map(plot => plot.dataset.chart)")


def drawn(view, name):
    """The plot of a chart, scrolled to and drawn."""
    plot = view.locator(f".plot[data-chart={name}]")
    plot.evaluate("plot => plot.scrollIntoView({ block: 'center', behavior: 'instant' })")
    view.wait_for_selector(f".plot[data-chart={name}][data-state=drawn]")
    return plot


def every_choice_answers(view, name):
    """Draw every option of a chart's select; each shows a label under the mouse and has a legend that works."""
    plot = drawn(view, name)
    choice = plot.locator("xpath=..").locator("select")
    options = choice.locator("option").all_text_contents() or [None]
    for option in options:
        if option is not None:
            choice.select_option(option)
            drawn(view, name)
        assert plot.locator(".scatterlayer .trace").count() >= 1, option
        hover(view, plot, name)
        click_in_the_legend(view, plot, name)
    return options


def hover(view, plot, name):
    """A label with a number comes up over a point."""
    view.mouse.move(0, 0)
    label = f".plot[data-chart={name}] .hoverlayer .hovertext"
    view.wait_for_function("label => !document.querySelector(label)", arg=label)
    x, y = plot.evaluate(NEAREST)
    view.mouse.move(x - 1, y)
    view.mouse.move(x, y)
    view.wait_for_function(
        "label => [...document.querySelectorAll(label)].some((one) => /[0-9]/.test(one.textContent))",
        arg=label,
    )


def click_in_the_legend(view, plot, name):
    """The first name: what it shows is hidden, or what it hides is shown. One name alone needs no legend."""
    toggles = plot.locator(".legendtoggle")
    if not toggles.count():
        assert plot.evaluate(NAMED) == 1
        return
    before = plot.evaluate(SHOWN)
    toggles.first.click(force=True)
    view.wait_for_function(
        f"([name, before]) => ({SHOWN})(document.querySelector(`.plot[data-chart=${{name}}]`)) !== before",
        arg=[name, before],
    )

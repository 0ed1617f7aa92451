"""A picture of the page, by Debian's Chromium."""

import shutil
from pathlib import Path

from src.errors import UserError
from src.storage.files import write_bytes

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

_SHOWN = "#profiles-by-layer, #depth-profiles-over-models-and-controls, #scores-by-band"
_DRAWN = """() => [...document.querySelectorAll(".plot")].every((one) => {
  const box = one.getBoundingClientRect();
  return !box.height || box.top > window.innerHeight || one.dataset.state === "drawn";
})"""
_WIDTH, _MOST_HEIGHT = 1000, 2400
_HEIGHT = "Math.ceil(document.querySelector('footer').getBoundingClientRect().top + window.scrollY)"


def chromium() -> str:
    """Its path; UserError where it is missing."""
    path = shutil.which("chromium")
    if path is None:
        raise UserError("chromium: not found; on Debian: apt-get install chromium")
    return path


def take_screenshot(page: Path) -> Path:
    """report.png beside the page: its head, and where there are any the pictures by depth and the scores."""
    from playwright.sync_api import sync_playwright

    picture = page.with_suffix(".png")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        view = browser.new_page(viewport={"width": _WIDTH, "height": 2000})
        view.set_default_timeout(120_000)  # a busy machine
        view.goto(page.resolve().as_uri())
        view.wait_for_selector("body[data-ready=yes]")
        if view.locator(_SHOWN).count():  # these alone, under the head
            view.add_style_tag(content=f"main > section:not({_SHOWN}), nav {{ display: none }}")
        height = 0
        while height < (now := min(view.evaluate(_HEIGHT), _MOST_HEIGHT)):  # what is drawn makes it higher
            height = now
            view.set_viewport_size({"width": _WIDTH, "height": height})
            view.wait_for_timeout(300)
            view.wait_for_function(_DRAWN)
        write_bytes(picture, view.screenshot())
        browser.close()
    return picture

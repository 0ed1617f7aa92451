"""A picture of the page, by Debian's Chromium."""

import shutil
from pathlib import Path

from src.errors import UserError

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str:
    """Its path; UserError where it is missing."""
    path = shutil.which("chromium")
    if path is None:
        raise UserError("chromium: not found; on Debian: apt-get install chromium")
    return path


def take_screenshot(page: Path, width: int = 1280, height: int = 1500) -> Path:
    """report.png beside the page: its first `height` pixels, in light colours."""
    from playwright.sync_api import sync_playwright

    picture = page.with_suffix(".png")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        view = browser.new_page(viewport={"width": width, "height": height})
        view.set_default_timeout(120_000)  # a busy machine
        view.goto(page.resolve().as_uri())
        view.wait_for_function("document.querySelectorAll('.plot[data-state=drawn]').length > 0")
        view.wait_for_timeout(300)
        view.screenshot(path=picture)
        browser.close()
    return picture

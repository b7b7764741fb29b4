"""A real browser: Debian's chromium, Chrome, Edge, or the one that Playwright downloads."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

#: A mac and Windows keep their browsers off the path.
PLACES = [
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
MISSING = f"""\
These tests need a browser, and none was found. Install one:
    Debian, Ubuntu:  sudo apt-get install chromium
    any system:      {sys.executable} -m playwright install chromium
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for place in PLACES if (path := shutil.which(place))), None)
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=found, args=QUIET)
        except Error as error:
            pytest.fail(f"{MISSING}\n{error}", pytrace=False)
        yield running
        running.close()


class Watched:
    """What a page said and asked for while it was used: errors on the console, requests to other hosts."""

    def __init__(self, context: BrowserContext):
        self.problems: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", lambda request: self.problems.append(f"failed: {request.url}"))

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _request(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1", "http://localhost", "file:", "data:", "blob:", "about:")):
            self.problems.append(f"request to another host: {request.url}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which any error, warning or outside request fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, has_touch=True)
    watched = Watched(context)
    yield context.new_page()
    context.close()
    assert not watched.problems, "\n".join(watched.problems)


@pytest.fixture
def show(page: Page, tmp_path: Path):
    """Opens a page from disk with the given figures on it, as the site would hold them."""
    from lrlib import page as parts

    def open_page(*figures, width: int = 1000, language: str = "en") -> Page:
        bundles = (figure._repr_mimebundle_() for figure in figures)
        elements = [(bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"] for bundle in bundles]
        file = tmp_path / "page.html"
        file.write_text(
            f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>figures</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            f"<style>body {{ font-family: sans-serif; margin: 12px }} {parts.style()}</style></head>"
            f"<body><main>{''.join(elements)}</main><script>{parts.script()}</script></body></html>",
            encoding="utf-8",
        )
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(file.as_uri())
        return page

    return open_page

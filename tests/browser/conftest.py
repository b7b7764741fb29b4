"""A real browser: Debian's chromium, Chrome, Edge, or the one that Playwright downloads."""

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from chromium import MISSING, QUIET, find_browser
from lrlib import lab
from lrlib import page as parts
from pages import ROOT, SETTLED, SITE


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of `test_pages.py` run page by page: those of one page share it."""
    places = [i for i, item in enumerate(items) if item.path.name == "test_pages.py"]
    pages = list(dict.fromkeys(items[i].callspec.params["visit"] for i in places))

    def order(item: pytest.Function) -> tuple[int, int]:
        return pages.index(item.callspec.params["visit"]), item.function.__code__.co_firstlineno

    for i, item in zip(places, sorted((items[i] for i in places), key=order), strict=True):
        items[i] = item


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
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
        context.on("requestfailed", self._failure)
        context.on(
            "response", lambda answer: answer.status >= 400 and self.problems.append(f"{answer.status}: {answer.url}")
        )

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _failure(self, request) -> None:
        # A page that is left while it still loads aborts what is on its way: no defect of the page.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"{request.failure}: {request.url}")

    def _request(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1", "http://localhost", "file:", "data:", "blob:", "about:")):
            self.problems.append(f"request to another host: {request.url}")


class Window:
    """A window with one page, and what was wrong in it."""

    def __init__(self, browser: Browser, touch: bool = True):
        self.context = browser.new_context(has_touch=touch)
        self.watched = Watched(self.context)
        self.page = self.context.new_page()
        self.clear()

    def clear(self) -> None:
        """Nothing is shown, emulated or remembered, and the mouse is where nothing is."""
        self.page.evaluate("() => { try { localStorage.clear(); sessionStorage.clear(); } catch { /* a picture */ } }")
        self.page.goto("about:blank")  # or all that was shown would be laid out once more
        self.page.set_viewport_size({"width": 1000, "height": 900})
        self.page.emulate_media(media="null", color_scheme="null", reduced_motion="null", forced_colors="null")
        self.page.mouse.move(0, 0)

    def complaints(self) -> list[str]:
        """What was wrong since this was asked before, once all is said."""
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        problems, self.watched.problems = self.watched.problems, []
        return problems


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which any error, warning or outside request fails the test, in a window of its own."""
    window = Window(browser)
    yield window.page
    window.context.close()
    assert not window.watched.problems, "\n".join(window.watched.problems)


@pytest.fixture(scope="module")
def _windows(browser: Browser) -> Iterator[list[Window]]:
    """The window of a file's tests, if one is open."""
    windows: list[Window] = []
    yield windows
    for window in windows:
        window.context.close()


@pytest.fixture
def shared_page(request: pytest.FixtureRequest, browser: Browser, _windows: list[Window]) -> Iterator[Page]:
    """As `page`, in the window of the test before: to open one takes as long as to show a figure.

    It is for tests that leave nothing behind in it but what `Window.clear` undoes. After a failure there is a new one.
    """
    if _windows:
        _windows[0].clear()
    else:
        _windows.append(Window(browser))
    (window,), failed = _windows, request.session.testsfailed
    yield window.page
    sound = request.session.testsfailed == failed
    problems = window.complaints() if sound else window.watched.problems
    if problems or not sound:
        _windows.clear()
        window.context.close()
    assert not problems, "\n".join(problems)


def _element(figure, picture: bool) -> str:
    """A figure's element; a still picture inside costs more than all the rest."""
    if isinstance(figure, dict):  # a state that `lab` would refuse, or has been asked for
        return parts.element("lr-lab", figure, "")
    if picture or not isinstance(figure, lab):
        bundle = figure._repr_mimebundle_()
        return (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    return parts.element("lr-lab", figure._state, "<p>a picture</p>")


@pytest.fixture
def show(request: pytest.FixtureRequest, tmp_path: Path):
    """Opens a page from disk with the given figures on it, as the site would hold them.

    A test that sets what outlasts a visit, as the clock does, asks for `page`, and its figures are shown there.
    """
    page = request.getfixturevalue("page" if "page" in request.fixturenames else "shared_page")

    def open_page(*figures, width: int = 1000, language: str = "en", pictures: bool = False) -> Page:
        elements = [_element(figure, pictures) for figure in figures]
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
        page.evaluate(SETTLED)
        return page

    return open_page


@pytest.fixture(scope="session")
def built() -> Path:
    """The site as it is built now; nothing is done again that is up to date."""
    done = subprocess.run([sys.executable, "site/build.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the site could not be built:\n{done.stdout}\n{done.stderr}"
    return SITE


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(built: Path) -> str:
    """The site served on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=built))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(page: Page, address: str):
    def go(path: str, width: int = 1280, theme: str = "light") -> Page:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.goto(f"{address}/{path}")
        page.evaluate(SETTLED)
        return page

    return go

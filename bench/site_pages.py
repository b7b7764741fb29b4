"""The built site in a browser, for measuring."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build" / "html"
sys.path.append(str(ROOT / "site"))
from chromium import QUIET, find_browser  # noqa: E402 - the way to a browser that printing and the tests take


@contextmanager
def open_browser() -> Iterator[Browser]:
    if not (SITE / "en").is_dir():
        sys.exit("There is no built site yet: run `make book` first.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=QUIET)
        yield browser
        browser.close()


def chapters(language: str = "en") -> list[Path]:
    """Pages of one edition that hold a figure."""
    return [page for page in sorted((SITE / language).glob("*.html")) if "<lr-lab" in page.read_text(encoding="utf-8")]

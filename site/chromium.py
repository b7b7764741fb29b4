"""Where a machine keeps its Chromium: for printing, for the tests and for the benchmarks."""

import shutil
import sys

#: First the one without windows: it renders with the same engine and opens a page in a third of the time.
#: A mac and Windows keep their browsers off the path.
PLACES = [
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
MISSING = f"""\
A browser is needed for this, and none was found. Install one:
    Debian, Ubuntu:  sudo apt-get install chromium-headless-shell
    any system:      {sys.executable} -m playwright install chromium
"""


def find_browser() -> str | None:
    """The machine's own browser; None lets Playwright look for its download."""
    return next((path for place in PLACES if (path := shutil.which(place))), None)

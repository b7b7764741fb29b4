"""Every page against WCAG 2.2 AA, at two widths, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import PAGES

#: Only violations are worked out in full; a page as long as the reference takes axe some seconds.
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "preload": False,
    "resultTypes": ["violations"],
}


VIEWS = [(375, "light"), (375, "dark"), (1280, "light"), (1280, "dark")]
#: The entries of the reference are the same in every edition: beyond English, each width and theme once.
CASES = [
    (path, width, theme)
    for path in (*PAGES, "index.html")
    for width, theme in (VIEWS if "reference" not in path or path.startswith("en/") else VIEWS[::3])
]


@pytest.mark.parametrize(("path", "width", "theme"), CASES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(open_page, path, width, theme):
    page = open_page(path, width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()

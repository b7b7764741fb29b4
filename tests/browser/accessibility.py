"""WCAG 2.2 AA, as far as axe can judge it, and panels that fit."""

from typing import Any

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from pages import FRAMES

#: Only violations are worked out in full.
RESULTS = {"preload": False, "resultTypes": ["violations"]}
ALL_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], **RESULTS}


def expect_no_violation(page: Page, within: str = "html", rules: dict[str, Any] = ALL_RULES) -> None:
    """Axe finds nothing in the elements that this selector finds."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = AxeResults(page.evaluate("([within, rules]) => axe.run(within, rules)", [within, rules]))
    assert found.violations_count == 0, found.generate_report()


def expect_to_fit(page: Page, panel: str) -> None:
    """At every width nothing scrolls sideways, and what such panels say in words ends inside of them."""
    for width in (1000, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(FRAMES)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for one in page.locator(panel).all():
            bottom = one.bounding_box()["y"] + one.bounding_box()["height"]
            last = one.locator(".reading").bounding_box()
            assert last["y"] + last["height"] <= bottom + 1, f"at {width} px the text leaves its panel"

"""WCAG 2.2 AA, as far as axe can judge it."""

from typing import Any

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: Only violations are worked out in full.
RESULTS = {"preload": False, "resultTypes": ["violations"]}
ALL_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], **RESULTS}


def expect_no_violation(page: Page, within: str = "html", rules: dict[str, Any] = ALL_RULES) -> None:
    """Axe finds nothing in the elements that this selector finds."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = AxeResults(page.evaluate("([within, rules]) => axe.run(within, rules)", [within, rules]))
    assert found.violations_count == 0, found.generate_report()

"""The pages of the built site, for the tests that open them."""

import html
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
SITE = ROOT / "_build" / "html"
LANGUAGES = ("en", "de", "zh", "ko")
#: Fonts are there, whoever watches sizes has seen them, and no figure waits to come into sight.
SETTLED = """async () => {
  for (const figure of document.querySelectorAll("lr-lab")) figure.build?.();
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
#: Whoever watches sizes and colours has seen what has changed.
FRAMES = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)));
})"""

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
NAMES = [TOC["root"], *(chapter["file"] for part in TOC.get("parts", [TOC]) for chapter in part["chapters"])]
PAGES = [f"{language}/{name}.html" for language in LANGUAGES for name in NAMES]


def turn(path: str) -> int:
    """0, 1, 2 or 3: another one for each edition of a page, and in each edition as often as the others.

    The editions of a page have the same kinds of elements, figures, questions and links (`test_site.py`), so what does not
    depend on words is looked at in each of four ways once, in another edition each, and not four times.
    """
    language, _, file = path.partition("/")
    return (LANGUAGES.index(language) + NAMES.index(file.removesuffix(".html"))) % len(LANGUAGES)


def settings(text: str, tag: str) -> list[str]:
    """What the figures or questions of a page are set to, however it is quoted."""
    found = re.findall(rf"<{tag} data-settings=(?:\"([^\"]*)\"|'([^']*)')", text)
    return [html.unescape(double or single) for double, single in found]

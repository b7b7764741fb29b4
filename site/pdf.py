"""Print editions: python site/pdf.py [de …], after the build; into _build/pdf.

A headless Chromium prints what `paper.py` has put together: tagged for screen readers, with bookmarks. It prints
at least twice, because only a print tells on which page a chapter or an answer begins.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Error, Page, sync_playwright

import colophon
import edition
import launch
import paper
from chromium import MISSING, QUIET, find_browser
from edition import editions, say
from editions import TAGS
from files import BUILD, ROOT
from translations import phrases

PDFS = BUILD / "pdf"

#: Widths of letters as the font has them: rounded to pixels, letters stand unevenly, and a reader finds spaces in words.
UNHINTED = "--font-render-hinting=none"

#: Prints until the page numbers in one are true: the second, unless they have moved something.
MOST_PRINTS = 4

#: Fonts and pictures are there; then what is wider than the page is made to fit it, and what is lower than a quarter of
#: it stays whole. The result names what would still be cut off.
FIT = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode()));
  for (const picture of document.querySelectorAll("figure.still img")) picture.style.width = `${0.72 * picture.naturalWidth}px`;
  const wide = [".equation", "table", "pre"];
  for (const part of document.querySelectorAll(wide.join(", "))) {
    const room = part.parentElement.clientWidth - (part.parentElement.querySelector(":scope > .eqno")?.offsetWidth ?? 0);
    for (let tries = 0; tries < 4 && Math.max(part.scrollWidth, part.offsetWidth) > room + 1; tries++) {
      const size = parseFloat(getComputedStyle(part).fontSize);
      part.style.fontSize = `${size * Math.max(0.5, 0.98 * room / Math.max(part.scrollWidth, part.offsetWidth))}px`;
    }
  }
  for (const part of document.querySelectorAll(".box, table, pre, .cell:not(:has(figure))"))
    if (part.offsetHeight < 230) part.style.breakInside = "avoid";
  const edge = document.body.getBoundingClientRect().right + 2, cut = [];
  for (const part of document.querySelectorAll("body *")) {
    const { right, width } = part.getBoundingClientRect();
    if (width && right > edge && !part.closest("svg, math > *"))
      cut.push(`${part.closest("[id]")?.id}: ${part.localName} ${part.textContent.trim().slice(0, 40)}`);
  }
  return cut;
}"""

#: The characters that no font has: they look like one that cannot be in any. The formulas have fonts of their own.
WITHOUT_GLYPH = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.textBaseline = "top";
  const drawn = (letter) => {
    context.clearRect(0, 0, 24, 24);
    context.fillText(letter, 2, 2);
    return context.getImageData(0, 0, 24, 24).data.join();
  };
  const letters = new Map();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (parent.closest("math, script, style")) continue;
    const font = getComputedStyle(parent).fontFamily;
    if (!letters.has(font)) letters.set(font, new Set());
    for (const letter of walk.currentNode.textContent) if (/[^\\s\\p{C}]/u.test(letter)) letters.get(font).add(letter);
  }
  const missing = new Set();
  for (const [font, used] of letters) {
    context.font = `16px ${font}`;
    const box = drawn("\\u{10fffd}");
    for (const letter of used) if (drawn(letter) === box) missing.add(letter);
  }
  return [...missing].sort();
}"""

#: Fills in the page numbers that are known.
NUMBER = """(pages) => {
  for (const place of document.querySelectorAll(".page-number"))
    if (place.dataset.of in pages) place.textContent = pages[place.dataset.of];
}"""

_FONTS = "Install it (Debian, Ubuntu: sudo apt-get install fonts-noto-cjk) and print again."


class Failed(Exception):
    """The edition cannot be printed; the text is the message."""


def known(given: list[str]) -> list[str]:
    """The languages that were given, all of them if none was."""
    if unknown := [language for language in given if language not in editions()]:
        raise Failed(f"There is no edition {unknown[0]!r}: name some of {', '.join(editions())}.")
    return given or list(editions())


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The machine's browser, or the one that Playwright has downloaded."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=[*QUIET, UNHINTED])
        except Error as error:
            raise Failed(f"{MISSING}\n{error}") from None
        yield browser
        browser.close()


def edition_of(language: str) -> paper.Edition:
    """What the document of a built edition is made of."""
    known = editions()[language]
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    translated, address = phrases(language), launch.address_of(config["sphinx"]["config"])
    facts = colophon.book_facts(language)
    about = [
        known["description"],
        config["author"],
        " · ".join(filter(None, [known["name"], facts.version, facts.date])),
        translated("The figures on paper are stills. In the book itself every slider can be moved."),
        translated("What happens after a prediction, the solutions and the notes for teachers stand at the end."),
        f'<a href="{address}/{language}/">{address.partition("://")[2]}</a>' if address else "",
    ]
    return paper.Edition(
        pages=BUILD / language / "html",
        names=edition.pages(),
        tag=TAGS.get(language, language),
        title=known["title"],
        about=[line for line in about if line],
        say=translated,
        address=f"{address}/{language}" if address else "",
    )


def print_edition(browser: Browser, printed: paper.Edition, target: Path) -> int:
    """Print one edition and return its number of pages."""
    source = printed.pages.parent / "paper.html"
    source.write_text(paper.document(printed), encoding="utf-8")
    page = browser.new_page(viewport={"width": 643, "height": 900}, color_scheme="light")
    try:
        return print_page(page, source, target)
    finally:
        page.close()


def print_page(page: Page, source: Path, target: Path) -> int:
    """Print a document of `paper.py` and return its number of pages; Failed says what is wrong with it."""
    page.emulate_media(media="print")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    known: dict[str, int] = {}
    for _ in range(MOST_PRINTS):
        # Opened anew: Chromium breaks pages elsewhere in a document that it has printed before.
        page.goto(source.as_uri())
        page.evaluate(NUMBER, known)
        if cut := page.evaluate(FIT):
            raise Failed("Wider than the page:\n  " + "\n  ".join(cut[:20]))
        if not known and (missing := page.evaluate(WITHOUT_GLYPH)):
            raise Failed(f"No font of this machine has {' '.join(missing[:40])} ({len(missing)} characters). {_FONTS}")
        page.pdf(path=unfinished, prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
        found, count = page_numbers(unfinished.read_bytes())
        if found == known:
            unfinished.replace(target)
            return count
        known = found
    raise Failed(f"The page numbers of {target.name} do not settle.")


def page_numbers(pdf: bytes) -> tuple[dict[str, int], int]:
    """On which page, counted from 1, each place stands that is linked to; and how many pages there are.

    Reads what Chromium writes: objects one after another, none of them compressed but for streams.
    """
    objects = {
        int(number): body for number, body in re.findall(rb"^(\d+) 0 obj\s(.*?)^endobj", pdf, re.DOTALL | re.MULTILINE)
    }

    def leaves(number: int) -> Iterator[int]:
        kids = re.search(rb"/Kids\s*\[([^\]]*)\]", objects[number])
        for kid in re.findall(rb"(\d+) 0 R", kids[1]) if kids else ():
            yield from leaves(int(kid))
        if not kids:
            yield number

    root = next(body for body in objects.values() if re.search(rb"/Type\s*/Catalog\b", body))
    order = {number: i for i, number in enumerate(leaves(int(re.search(rb"/Pages (\d+) 0 R", root)[1])), 1)}
    dests = re.search(rb"/Dests (\d+) 0 R", root)  # there are none where nothing is linked to
    places = re.findall(rb"/([^\s/\[\]]+)\s*\[(\d+) 0 R\s*/XYZ", objects[int(dests[1])]) if dests else []
    return {_name(name): order[int(page)] for name, page in places}, len(order)


def _name(written: bytes) -> str:
    """A name as PDF writes it, with #2d for what is not a letter."""
    return re.sub(rb"#([0-9a-fA-F]{2})", lambda code: bytes([int(code[1], 16)]), written).decode("utf-8", "replace")


def main() -> int:
    """The command line; the result is the exit status."""
    parser = argparse.ArgumentParser(description="Print editions of the book.")
    parser.add_argument("languages", nargs="*", metavar="language", help=f"of {', '.join(editions())}; all by default")
    given = parser.parse_args().languages
    try:
        languages = known(given)
        for language in languages:
            if not edition.is_built(language):
                raise Failed(
                    f"{editions()[language]['name']} is not built from what is there now: run make book first."
                )
        with open_browser() as browser:
            for language in languages:
                started, target = time.monotonic(), PDFS / f"learning-rates-{language}.pdf"
                count = print_edition(browser, edition_of(language), target)
                say("printed", f"{editions()[language]['name']}, {count} pages", started)
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    print(f"The books are in {PDFS.relative_to(ROOT).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

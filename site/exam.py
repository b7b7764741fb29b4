"""Print the exam: python site/exam.py [de …]; two documents for each language, into _build/exam.

    exam-en.pdf             the problems
    exam-en-solutions.pdf   the same, each with its solution and how to mark it

The exam is book/<language>/exam.md, which no page of the site shows. It is built by itself, then printed as `pdf.py`
prints the book.
"""

import argparse
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser

import edition
import paper
import pdf
from edition import editions, say
from editions import TAGS
from files import BUILD, ROOT
from translations import phrases

EXAMS = BUILD / "exam"
NAME = "exam"


def build(language: str) -> Path:
    """Build the page of the exam alone and return the folder that holds it; `pdf.Failed` says what is wrong.

    In a process of its own: Sphinx keeps the words of a language in globals.
    """
    command = [sys.executable, str(Path(__file__).resolve()), "--page", language]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise pdf.Failed(done.stderr.strip())
    return EXAMS / language / "html"


def build_page(language: str) -> str:
    """Build the page in this process and return what was wrong with it."""
    import execution  # slow to import
    import kernels

    folder = EXAMS / language
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    toc = folder / "_toc.yml"
    toc.write_text(f"format: jb-book\nroot: {NAME}\n", encoding="utf-8")
    kernels.isolate()
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
        outcome = edition.run_sphinx(language, folder, execution.folder(ROOT / "book" / language), toc)
    if outcome != 0:
        return stderr.getvalue().replace(f"{ROOT}{os.sep}", "").strip() or repr(outcome)
    return ""


#: Title of an exercise or of its solution: the number, and the marks behind it.
_TITLE = re.compile(r"\D*(\d+)(?: *\((.*)\))?")


def name_problems(page: BeautifulSoup, say: Callable[[str], str]) -> None:
    """What is an exercise in the book is a problem in an exam."""
    for box, phrase in ((".exercise", "Problem {number}"), (".solution", "Solution to problem {number}")):
        for title in page.select(f"{box} > :is(.admonition-title, summary)"):
            number, marks = _TITLE.match(" ".join(title.get_text().split())).groups()
            title.string = say(phrase).format(number=number) + (say(" ({marks})").format(marks=marks) if marks else "")


def without_solutions(page: BeautifulSoup) -> None:
    """The problems alone."""
    for solution in page.select(".solution"):
        solution.decompose()


def with_solutions(page: BeautifulSoup) -> None:
    """Each solution open below its problem, instead of at the end."""
    for solution in page.select("details.solution"):
        title = page.new_tag("p", attrs={"class": "box-title"})
        title.string = " ".join(solution.summary.get_text().split())
        solution.summary.replace_with(title)
        solution.name, solution["class"] = "div", "box"


#: A problem stands on one page with its figure and its solution, and the first page has a number.
STYLE = """<style>
.bd-article :is(.exercise.admonition.admonition, .box, .cell) { break-inside: avoid; }
.bd-article .exercise.admonition.admonition:has(+ .cell figure), .bd-article :is(.exercise, .cell):has(+ .box) { break-after: avoid; }
@page :first { @bottom-center { content: counter(page); } }
</style>"""

#: The end of a document's name, and what makes it of the built page.
DOCUMENTS: dict[str, Callable[[BeautifulSoup], None]] = {"": without_solutions, "-solutions": with_solutions}


def document(pages: Path, language: str, change: Callable[[BeautifulSoup], None]) -> str:
    """One of the two as HTML that stands beside the folder of the page."""
    built = pages / f"{NAME}.html"
    page = BeautifulSoup(built.read_text(encoding="utf-8"), "lxml")
    name_problems(page, phrases(language))
    change(page)
    changed = pages / f"{NAME}-changed.html"
    changed.write_text(str(page), encoding="utf-8")
    title = " ".join(heading_of(page).get_text().split())
    printed = paper.Edition(
        pages, [changed.stem], TAGS.get(language, language), title, [], phrases(language), front=False
    )
    return paper.document(printed).replace("</head>", f"{STYLE}</head>", 1)


def heading_of(page: BeautifulSoup) -> Tag:
    """The title of the page, without the anchor of its link."""
    heading = page.select_one("article.bd-article h1")
    for anchor in heading.select("a.headerlink"):
        anchor.decompose()
    return heading


def print_exam(browser: Browser, language: str, target: Path) -> list[tuple[Path, int]]:
    """Build and print both documents of a language into the folder; their files and numbers of pages."""
    pages, printed = build(language), []
    for end, change in DOCUMENTS.items():
        source, file = pages.parent / f"{NAME}{end}.html", target / f"{NAME}-{language}{end}.pdf"
        source.write_text(document(pages, language, change), encoding="utf-8")
        page = browser.new_page(viewport={"width": 643, "height": 900}, color_scheme="light")
        try:
            printed.append((file, pdf.print_page(page, source, file)))
        finally:
            page.close()
    return printed


def main() -> int:
    """The command line; the result is the exit status."""
    parser = argparse.ArgumentParser(description="Print the exam, with and without solutions.")
    parser.add_argument("languages", nargs="*", metavar="language", help=f"of {', '.join(editions())}; all by default")
    parser.add_argument("--page", action="store_true", help=argparse.SUPPRESS)  # for `build`
    given = parser.parse_args()
    try:
        languages = pdf.known(given.languages)
        if given.page:
            if wrong := build_page(languages[0]):
                raise pdf.Failed(wrong)
            return 0
        with pdf.open_browser() as browser:
            for language in languages:
                started = time.monotonic()
                counts = [count for _, count in print_exam(browser, language, EXAMS)]
                say("printed", f"{editions()[language]['name']}, {counts[0]} and {counts[1]} pages", started)
    except pdf.Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    print(f"The exams are in {EXAMS.relative_to(ROOT).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

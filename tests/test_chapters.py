"""The shape of every chapter, of the English ones: the contract holds the other editions to them."""

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pybtex.database import parse_file

from chapter import OBJECT, Chapter
from manuscript import Book, open_book

BOOK = Path(__file__).parent.parent / "book"
BIBLIOGRAPHY = BOOK / "references.bib"
SECTIONS = ("question", "predict", "figure", "why", "breaks", "practice", "exercises", "sources", "teacher")
#: Pages that teach nothing new: for teachers, and to look things up.
APPENDICES = {"teaching", "exam", "reference", "glossary", "bibliography"}
NAMES = [name for name in open_book(BOOK).order if name not in APPENDICES]
PROSE = (900, 2400)  # words up to the exercises


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book(BOOK)


@pytest.fixture(params=NAMES)
def chapter(request: pytest.FixtureRequest, book: Book) -> Chapter:
    found = book.chapters.get(("en", request.param))
    if found is None:
        pytest.fail(f"book/en/{request.param}.md does not exist: write it, or take it out of _toc.yml", pytrace=False)
    return found


def labels(chapter: Chapter) -> dict[str, int]:
    """The lines of the labels."""
    return {mark.value: mark.line for mark in chapter.of("label")}


def section(chapter: Chapter, name: str) -> tuple[int, int]:
    """The lines from the label of a section up to that of the next."""
    found = labels(chapter)
    first = found.get(f"{chapter.name}-{name}")
    if first is None:
        pytest.fail(f"{chapter.path}: put ({chapter.name}-{name})= before its section", pytrace=False)
    later = [line for other in SECTIONS if (line := found.get(f"{chapter.name}-{other}", 0)) > first]
    return first, min(later, default=len(chapter.text.splitlines()) + 1)


def cells_with(chapter: Chapter, call: str, name: str) -> list[int]:
    """The lines of the code cells in a section in which `call` is called."""
    first, end = section(chapter, name)
    found = (cell for cell in chapter.cells if first < cell.line < end)
    return [cell.line for cell in found if re.search(rf"(?<![\w.]){call}\(", cell.source)]


def exercises(chapter: Chapter) -> Iterator[tuple[int, str]]:
    """The line and the label of each exercise."""
    found = {line: label for label, line in labels(chapter).items()}
    first, end = section(chapter, "exercises")
    for mark in chapter.of("directive"):
        if mark.value.split()[0] == "{exercise}" and first < mark.line < end:
            yield mark.line, found.get(mark.line, "")


def test_its_sections_are_labelled_and_stand_in_their_order(chapter):
    wanted = [f"{chapter.name}-{name}" for name in SECTIONS]
    found = [mark.value for mark in chapter.of("label") if mark.value in wanted]
    assert found == wanted, f"{chapter.path}: give it these labelled sections, in this order: {', '.join(wanted)}"
    for name in SECTIONS:
        line, _ = section(chapter, name)
        following = next(mark for mark in chapter.marks if mark.line > line)
        kind, value = ("directive", "{dropdown}") if name == "teacher" else ("heading", "##")
        assert (following.line, following.kind, following.value.split()[0]) == (line + 1, kind, value), (
            f"{chapter.path}:{line}: below ({chapter.name}-{name})= comes "
            + ("the fold, `:::{dropdown} …`" if name == "teacher" else "its heading, `## …`")
        )


def test_it_opens_with_a_figure_and_shows_where_its_own_explanation_fails(chapter):
    opening = cells_with(chapter, "lab", "question") + cells_with(chapter, "lab", "figure")
    assert opening, f"{chapter.path}: show the phenomenon with lab(…) in its question or in its figure"
    assert cells_with(chapter, "lab", "breaks"), f"{chapter.path}: show with lab(…) where the explanation breaks"


def test_it_has_exercises_with_folded_solutions(chapter):
    found = list(exercises(chapter))
    assert len(found) >= 4, f"{chapter.path}: {len(found)} exercises; add {4 - len(found)} to its exercises"
    solutions = {mark.value for mark in chapter.of("directive")}
    for line, label in found:
        assert label, f"{chapter.path}:{line}: give this exercise a `:label:`"
        assert f"{{solution}} {label} :class: dropdown" in solutions, (
            f"{chapter.path}:{line}: add `:::{{solution}} {label}` with `:class: dropdown` below it"
        )


def test_at_least_two_exercises_check_themselves(chapter):
    asked = cells_with(chapter, "ask", "exercises")
    assert len(asked) >= 2, f"{chapter.path}: {len(asked)} of its exercises have a cell with ask(…); let two have one"


def test_the_teacher_finds_three_states_of_its_figures(chapter):
    line, _ = section(chapter, "teacher")
    states = [mark for mark in chapter.of("reference") if mark.value.startswith("state:") and mark.line > line]
    assert len(states) >= 3, (
        f"{chapter.path}:{line}: {len(states)} links to states of its figures; add {3 - len(states)}, "
        "such as {state}`the explosion <2&lr=2.1>`"
    )


def test_its_text_is_read_in_a_quarter_of_an_hour(chapter):
    """All that is read up to the exercises: headings, captions and folds too, code and formulas not."""
    end, _ = section(chapter, "exercises")
    read = " ".join(prose.text.replace(OBJECT, " ") for prose in chapter.prose if prose.line < end)
    words = len(re.findall(r"\w[\w’'.,-]*", read))
    fewest, most = PROSE
    assert words >= fewest, f"{chapter.path}: {words} words before the exercises; explain more, up to {fewest} at least"
    assert words <= most, f"{chapter.path}: {words} words before the exercises; cut it down to {most}, or split it"


SOURCES = parse_file(BIBLIOGRAPHY).entries


@pytest.mark.parametrize("key", SOURCES)
def test_a_source_can_be_found_and_is_cited(book, key):
    assert {"doi", "eprint", "url"} & set(SOURCES[key].fields), (
        f"book/references.bib: {key} has neither doi nor eprint (its arXiv number) nor url; look one of them up"
    )
    cited = {mark.value for _, mark in book.marks("reference")}
    assert f"cite:{key}" in cited, f"book/references.bib: no chapter cites {key}; cite it with {{cite:t}}, or delete it"


# ---------------------------------------------------------------- modules


@cache
def is_module(dotted: str) -> bool:
    try:
        return importlib.util.find_spec(dotted) is not None
    except ModuleNotFoundError:  # what stands before the last point is no package
        return False


@cache
def comes_along(dotted: str) -> bool:
    """Whether a fresh interpreter that has imported the package alone has the module in it too."""
    script = f"import {dotted.partition('.')[0]}; {dotted}"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


def used_without_import(sources: list[str]) -> list[str]:
    """Modules within packages that cells use by a dotted name, though neither they nor the package imports them."""
    nodes = [node for source in sources for node in ast.walk(ast.parse(re.sub(r"(?m)^[%!]", "#", source)))]
    named, imported = {}, set()  # what a name stands for, and what has been loaded
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                named[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                imported.add(alias.name)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
            for alias in node.names:
                if is_module(whole := f"{node.module}.{alias.name}"):
                    named[alias.asname or alias.name] = whole
                    imported.add(whole)
    used = set()
    for node in nodes:
        parts = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        dotted = named.get(node.id) if isinstance(node, ast.Name) else None
        for part in parts if dotted else []:
            dotted += f".{part}"
            if not is_module(dotted):
                break
            used.add(dotted)
    there = {name for name in used if any(f"{one}.".startswith(f"{name}.") for one in imported)}
    return sorted(name for name in used - there if not comes_along(name))


def test_no_chapter_uses_a_module_that_it_does_not_import(book):
    """The kernels that run the book have modules loaded (site/kernels.py) that a reader's has not."""
    chapters = [chapter for (language, _), chapter in book.chapters.items() if language == "en"]
    lost = {one.path: used_without_import([cell.source for cell in one.cells]) for one in chapters}
    assert not {path: names for path, names in lost.items() if names}


def test_a_module_that_a_chapter_does_not_import_is_found():
    import PIL.Image  # noqa: F401  as the kernels have it

    broken = ["import PIL\nimport numpy as np", "np.linalg.norm([1])\nPIL.Image.new('L', (1, 1))"]
    assert used_without_import(broken) == ["PIL.Image"]
    assert used_without_import(["from PIL import Image", *broken]) == []
    timed = ["import xml as x", "%time\nx.dom.minidom.parseString('<a/>')"]
    assert used_without_import(timed) == ["xml.dom", "xml.dom.minidom"]
    assert used_without_import([*timed, "import xml.dom.minidom"]) == []

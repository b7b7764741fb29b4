"""Rules: what must be the same in all four editions, and lead somewhere."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import zip_longest
from textwrap import shorten

from chapter import LANGUAGES, Chapter, Mark
from manuscript import Book, Violation


def every_chapter_is_in_every_edition(book: Book) -> Iterator[Violation]:
    """_toc.yml and the four folders name the same chapters."""
    for name, line in book.order.items():
        for language in LANGUAGES:
            if (language, name) not in book.chapters:
                wrong = f"{book.folder.name}/{language}/{name}.md does not exist"
                yield Violation("_toc.yml", line, wrong, "write it, or take the chapter out of _toc.yml")
    for language in LANGUAGES:
        edition = book.folder / language
        for path in sorted(edition.rglob("*.md")):
            name = path.relative_to(edition).with_suffix("").as_posix()
            if name not in book.order:
                stray = path.relative_to(book.folder.parent).as_posix()
                yield Violation(stray, 1, f"{name} is not in _toc.yml", "add it there, or delete this file")


def headings_are_the_same(book: Book) -> Iterator[Violation]:
    """Same number, level and order of headings."""
    yield from _same_sequence(book, "heading")


def labels_are_the_same(book: Book) -> Iterator[Violation]:
    """Same labels of places, directives and equations, in the same order."""
    yield from _same_sequence(book, "label")


def directives_are_the_same(book: Book) -> Iterator[Violation]:
    """Same exercises, figures and boxes with the same options, in the same order."""
    yield from _same_sequence(book, "directive")


def equations_are_the_same(book: Book) -> Iterator[Violation]:
    r"""Same display equations but for what stands in \text{…}."""
    yield from _same_sequence(book, "equation")


def listings_are_the_same(book: Book) -> Iterator[Violation]:
    """Code that is shown and not run is the same, comments included."""
    yield from _same_sequence(book, "listing")


def _same_sequence(book: Book, kind: str) -> Iterator[Violation]:
    for english, translation in book.translations():
        pairs = enumerate(zip_longest(english.of(kind), translation.of(kind)), 1)
        for number, (ours, theirs) in pairs:
            if ours is None or theirs is None or ours.value != theirs.value:
                line = theirs.line if theirs else _same_section(ours, english, translation)
                yield Violation(translation.path, line, *_difference(number, ours, theirs, english.path))
                break  # what follows is shifted by the first difference


def _difference(number: int, ours: Mark | None, theirs: Mark | None, english: str) -> tuple[str, str]:
    """What is wrong, and how to mend it, where `ours` of the English file meets `theirs`."""
    if theirs is None:
        return f"{ours.kind} {number}, {_brief(ours)} at {english}:{ours.line}, is missing", "add it"
    if ours is None:
        wrong = f"{theirs.kind} {number}, {_brief(theirs)}, is not in {english}"
        return wrong, "remove it, or add it to all four editions"
    wrong = f"{theirs.kind} {number} is {_brief(theirs)}, but {_brief(ours)} at {english}:{ours.line}"
    return wrong, "make it the same as in English"


def _same_section(ours: Mark, english: Chapter, translation: Chapter) -> int:
    """The line of the translation where the section begins in which `ours` stands in English."""
    return translation.line_of_section(english.section_of(ours.line))


def _brief(mark: Mark) -> str:
    return f"`{shorten(mark.value, 70, placeholder=' …')}`"


def references_are_the_same(book: Book) -> Iterator[Violation]:
    """Same citations, cross-references, links and pictures, in any order."""
    for english, translation in book.translations():
        ours, theirs = english.of("reference"), translation.of("reference")
        for mark in _without(ours, theirs):
            wrong = f"{_brief(mark)} of {english.path}:{mark.line} is missing"
            line = _same_section(mark, english, translation)
            yield Violation(translation.path, line, wrong, "refer to it in this section too")
        for mark in _without(theirs, ours):
            wrong = f"{_brief(mark)} is more than {english.path} refers to"
            yield Violation(translation.path, mark.line, wrong, "remove it, or add it to all four editions")


def _without(marks: list[Mark], others: list[Mark]) -> list[Mark]:
    """The marks that are left when each of the others has cancelled one of the same value."""
    left, cancelling = [], Counter(mark.value for mark in others)
    for mark in marks:
        cancelling[mark.value] -= 1
        if cancelling[mark.value] < 0:
            left.append(mark)
    return left


def references_lead_somewhere(book: Book) -> Iterator[Violation]:
    """Every citation, label, page and picture that is referred to exists."""
    bibliography = book.folder / "references.bib"
    entries = bibliography.read_text(encoding="utf-8") if bibliography.exists() else ""
    keys = re.findall(r"@\w+\{\s*([^,\s]+)", entries)
    labels: dict[str, list[str]] = {}
    for chapter, mark in book.marks("label"):
        labels.setdefault(chapter.language, []).append(mark.value.lower())
    for chapter, mark in book.marks("reference"):
        kind, target = mark.value.split(":", 1)
        page, _, anchor = target.partition("#")
        if kind == "cite" and target not in keys:
            yield _dangling(chapter, mark, f"{book.folder.name}/references.bib", target, keys)
        elif kind in ("eq", "numref", "ref"):
            yield from _label(chapter, mark, target, labels.get(chapter.language, []))
        elif kind in ("doc", "download", "image", "link") and not re.match("https?:", target):
            file = f"{page}.md" if kind == "doc" and not page.endswith(".md") else page
            folder = book.folder / chapter.language
            if page and not (folder / file).is_file():
                near = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
                yield _dangling(chapter, mark, f"{book.folder.name}/{chapter.language}", file, near)
            elif anchor:
                yield from _label(chapter, mark, anchor, labels.get(chapter.language, []))


def _label(chapter: Chapter, mark: Mark, label: str, labels: list[str]) -> Iterator[Violation]:
    if label.lower() not in labels:
        yield _dangling(chapter, mark, "the labels of this edition", label, labels)


def _dangling(chapter: Chapter, mark: Mark, place: str, target: str, known: list[str]) -> Violation:
    near = get_close_matches(target, known, n=1)
    mend = f"write `{near[0]}`, or add it" if near else "add it, or correct the name"
    return Violation(chapter.path, mark.line, f"`{target}` is not in {place}", mend)


def code_cells_are_identical(book: Book) -> Iterator[Violation]:
    """Code cells after the first are the same to the byte, and all have the same tags."""
    for english, translation in book.translations():
        if len(english.cells) != len(translation.cells):
            line = translation.cells[-1].line if translation.cells else 1
            wrong = f"{len(translation.cells)} code cells up to here, but {len(english.cells)} in {english.path}"
            yield Violation(translation.path, line, wrong, "copy the code cells from there")
            continue
        for number, (ours, theirs) in enumerate(zip(english.cells, translation.cells), 1):
            place = f"code cell {number} differs from {english.path}:{ours.line}"
            if number > 1 and ours.source != theirs.source:
                yield Violation(translation.path, theirs.line, place, "copy it from there, unchanged")
            if ours.options != theirs.options:
                wrong = f"{place} in its tags or options"
                yield Violation(translation.path, theirs.line, wrong, "copy them from there")


def code_cells_are_run(book: Book) -> Iterator[Violation]:
    """Jupyter and the site run code cells at the top level only."""
    for chapter, mark in book.marks("directive"):
        if mark.value.startswith("{code-cell}"):
            wrong = "a code cell in a list, a ::: fence or another directive is never run"
            mend = "move it to the top level; {exercise-start} and {exercise-end} can stand around it"
            yield Violation(chapter.path, mark.line, wrong, mend)


def first_cell_names_the_language(book: Book) -> Iterator[Violation]:
    """The first code cell is hidden and holds two lines, the second of which names the language."""
    for chapter in book.chapters.values():
        for cell in chapter.cells[:1]:
            use = f'lrlib.use("{chapter.language}")'
            if cell.source != f"import lrlib\n{use}":
                wrong = "the first code cell does not hold the two lines that name the language"
                yield Violation(chapter.path, cell.line, wrong, f"write `import lrlib` and `{use}`, nothing else")
            if "remove-cell" not in cell.options.get("tags", ""):
                wrong = "the first code cell is not hidden"
                yield Violation(chapter.path, cell.line, wrong, "write `:tags: [remove-cell]` above its code")


def translations_are_up_to_date(book: Book) -> Iterator[Violation]:
    """Each translation records the English text it was made from."""
    for english, translation in book.translations():
        affirm = f"python site/contract.py affirm {translation.path}"
        recorded = translation.front.get("english")
        if recorded is None:
            wrong = f"the front matter does not record the text of {english.path}"
            yield Violation(translation.path, 1, wrong, f"when both say the same, run {affirm}")
        elif recorded != fingerprint(english.text):
            lines = enumerate(translation.text.splitlines(), 1)
            line = next(number for number, text in lines if text.startswith("english:"))
            wrong = f"{english.path} has changed and this chapter has fallen behind"
            yield Violation(translation.path, line, wrong, f"bring it in step, then run {affirm}")


def fingerprint(text: str) -> str:
    """The first 16 hex digits of the sha256 of a text that was read with newlines normalised."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


RULES = [
    every_chapter_is_in_every_edition,
    headings_are_the_same,
    labels_are_the_same,
    directives_are_the_same,
    equations_are_the_same,
    listings_are_the_same,
    references_are_the_same,
    references_lead_somewhere,
    code_cells_are_identical,
    code_cells_are_run,
    first_cell_names_the_language,
    translations_are_up_to_date,
]

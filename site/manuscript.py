"""The book in its four languages, as the rules of the contract look at it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chapter import LANGUAGES, Chapter, Mark, Prose, Unreadable, read, read_yaml
from terms import Term, read_terms


class Violation(NamedTuple):
    """What is wrong, where, and how to mend it."""

    path: str
    line: int
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.wrong} — {self.mend}"


class Text(NamedTuple):
    """A piece of prose with its language and the file it stands in."""

    language: str
    path: str
    prose: Prose


@dataclass
class Book:
    """All chapters and terms. Paths in it are relative to the folder that holds `folder`."""

    folder: Path
    order: dict[str, int]  # chapter name: its line in _toc.yml
    chapters: dict[tuple[str, str], Chapter]  # by language and name
    terms: list[Term]

    @property
    def terms_path(self) -> str:
        """How messages name the list of terms."""
        return f"{self.folder.name}/terms.yml"

    def translations(self) -> Iterator[tuple[Chapter, Chapter]]:
        """Every English chapter with each of its translations."""
        for (language, name), chapter in self.chapters.items():
            if language != "en" and ("en", name) in self.chapters:
                yield self.chapters["en", name], chapter

    def marks(self, kind: str) -> Iterator[tuple[Chapter, Mark]]:
        """Every mark of that kind, with its chapter."""
        for chapter in self.chapters.values():
            yield from ((chapter, mark) for mark in chapter.of(kind))

    def texts(self, *languages: str) -> Iterator[Text]:
        """All that is read in these languages, the definitions of the terms included."""
        for chapter in self.chapters.values():
            if chapter.language in languages:
                yield from (Text(chapter.language, chapter.path, prose) for prose in chapter.prose)
        for language in languages:
            for term in self.terms:
                yield from (Text(language, self.terms_path, prose) for prose in term.prose(language))


def open_book(folder: Path) -> Book:
    """Read the book in `folder` and the _toc.yml beside it."""
    root = folder.parent
    order = _chapter_order((root / "_toc.yml").read_text(encoding="utf-8"))
    files = {(language, name): folder / language / f"{name}.md" for name in order for language in LANGUAGES}
    chapters = {place: read(path, root) for place, path in files.items() if path.exists()}
    return Book(folder, order, chapters, read_terms(folder / "terms.yml", root))


def _chapter_order(toc: str) -> dict[str, int]:
    """The name of each chapter in _toc.yml with its line."""
    lines = list(enumerate(toc.splitlines(), 1))
    order = {}
    contents = read_yaml(toc, "_toc.yml")
    for name in [*_chapter_names(contents), *apart(contents)]:
        here = (number for number, line in lines if re.search(rf"\b(root|file|apart)\b.*\b{re.escape(name)}\b", line))
        order[name] = next(here, 1)
    if not order:
        raise Unreadable("_toc.yml:1: names no chapter — write root: intro and the chapters after it")
    return order


def apart(contents: dict | None) -> list[str]:
    """What the contract holds for, but no page shows: `meta: {apart: [exam]}` of _toc.yml."""
    return list(((contents or {}).get("meta") or {}).get("apart", ()))


def _chapter_names(entry: dict | list | None) -> list[str]:
    if isinstance(entry, list):
        return [name for part in entry for name in _chapter_names(part)]
    if not isinstance(entry, dict):
        return []
    own = [entry[key].removesuffix(".md") for key in ("root", "file") if key in entry]
    return own + [name for key in ("parts", "chapters", "sections") for name in _chapter_names(entry.get(key))]

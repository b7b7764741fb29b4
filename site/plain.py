"""MyST as plain Markdown, for notebooks: Jupyter, VS Code and Colab show neither its roles nor its boxes.

Numbers of equations and exercises are those of the pages: counted through the whole book. What it does not know it
leaves as it is: a test finds it in the chapters, and a label that leads nowhere is refused by the build of the pages.
"""

import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import yaml
from pybtex.database import parse_file

import edition
from citations import Wordless, authors
from translations import phrases

_FENCE = re.compile(r"(:{3,}|`{3,})\{([\w-]+)\}[ \t]*(.*)")
_OPTION = re.compile(r":([\w-]+):[ \t]*(.*)")
_LABEL = re.compile(r"\(([\w-]+)\)=\s*")
_ROLE_OR_CODE = re.compile(r"\{([a-z]+(?::[a-z]+)?)\}`([^`]+)`|(`+)(?!`).+?(?<!`)\3(?!`)")
_NAMED = re.compile(r"(.*?)\s*<([^<>]+)>", re.DOTALL)
_CODE = re.compile(r"(`{3,})(?!\{)")


class Place(NamedTuple):
    """Where a label stands: the page and, for a heading, its text."""

    page: str
    title: str


class Manuscript:
    """The text of one edition, and what its chapters say of each other."""

    def __init__(self, root: Path, language: str, address: str = ""):
        files = [root / "book" / language / f"{name}.md" for name in edition.pages(root)]
        self.chapters = [file for file in files if file.exists()]
        self.language, self.address = language, address
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
        self.title = config["editions"][language]["title"]
        self._bibliography = root / "book" / "references.bib"
        self._say = phrases(language)
        self._places: dict[str, Place] = {}
        self._equations: dict[str, int] = {}
        self._exercises: dict[str, int] = {}
        for chapter in self.chapters:
            self._read(chapter.stem, chapter.read_text(encoding="utf-8").splitlines())

    def _read(self, page: str, lines: list[str]) -> None:
        """Note the labels, equations and exercises of a page."""
        remaining, labels = iter(lines), [page]
        for line in remaining:
            if fence := _FENCE.match(line):
                options, body = _options(_until(remaining, fence[1]))
                if "label" in options:
                    self._places[options["label"]] = Place(page, "")
                    numbers = {"math": self._equations, "exercise": self._exercises}.get(fence[2], {})
                    numbers[options["label"]] = len(numbers) + 1
                if fence[2] != "code-cell":
                    self._read(page, body)
            elif code := _CODE.match(line):
                _until(remaining, code[1])
            elif label := _LABEL.fullmatch(line):
                labels.append(label[1])
            elif line.startswith("#"):
                for label in labels:
                    self._places.setdefault(label, Place(page, line.lstrip("# ")))
                labels = []

    @cached_property
    def _sources(self) -> dict[str, tuple[str, str]]:
        """Authors and year of each source, as the pages cite it."""
        known = parse_file(str(self._bibliography), bib_format="bibtex").entries
        return {entry.key: (authors(entry), entry.fields.get("year", "")) for entry in Wordless().sort(known.values())}

    def opening(self, chapter: Path, package: str, address: str) -> str:
        """What the notebook says first: where it is from and what it needs to run."""
        needs = self._say("It needs Python 3.11, 3.12 or 3.13 and the package `lrlib`:")
        from_book = self._say("This notebook is a chapter of “{title}”.").format(title=self.title)
        if self.address:
            from_book += f" {self.address}/{self.language}/{chapter.stem}.html"
        missing = "" if address else "\n\n" + self._say("The file stands beside the notebook's link on the page.")
        return f"{from_book}\n\n{needs}\n\n    pip install {address or package} jupyterlab{missing}"

    def plain(self, text: str, page: str) -> str:
        """A piece of a chapter in plain Markdown."""
        lines, result = iter(text.splitlines()), []
        for line in lines:
            fence, code = _FENCE.match(line), _CODE.match(line)
            if fence:
                body = _until(lines, fence[1])
                box = self._box(fence[2], fence[3].strip(), body, page)
                result += [line, *body, fence[1]] if box is None else [box]
            elif code:
                result += [line, *_until(lines, code[1]), code[1]]
            elif not _LABEL.fullmatch(line):
                result.append(self._inline(line, page))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(result)).strip("\n")

    def _box(self, name: str, argument: str, body: list[str], page: str) -> str | None:
        options, body = _options(body)
        inner = "\n".join(body).strip("\n")
        if name == "math":
            number = self._equations.get(options.get("label", ""))
            tag = [rf"\tag{{{number}}}"] if number else []
            return "\n".join(["$$", inner, *tag, "$$"])
        inner = self.plain(inner, page)
        if name == "exercise":
            return f"**{self._exercise('Exercise {number}', options.get('label', ''))}**\n\n{inner}"
        if name == "solution":
            return _folded(self._exercise("Solution to exercise {number}", argument), inner)
        if name == "dropdown":
            return _folded(self._inline(argument, page), inner)
        if name == "container":
            return "\n".join(f"> {line}".rstrip() for line in inner.splitlines())
        return None

    def _exercise(self, phrase: str, label: str) -> str:
        return self._say(phrase).format(number=self._exercises.get(label, label))

    def _inline(self, line: str, page: str) -> str:
        """Roles as the words that a page shows for them; code stays as it is."""
        return _ROLE_OR_CODE.sub(lambda found: self._role(found[1], found[2], page) if found[1] else found[0], line)

    def _role(self, role: str, content: str, page: str) -> str:
        named = _NAMED.fullmatch(content)
        text, target = named.groups() if named else ("", content)
        if role in ("term", "state"):
            return text or content
        if role == "eq":
            return f"({self._equations.get(target, target)})"
        if role in ("ref", "doc"):
            return self._link(text, target, page)
        if role in ("cite:p", "cite:t"):
            cited = [self._sources.get(key.strip(), (key, "")) for key in content.split(",")]
            if role == "cite:p":
                return "[" + "; ".join(f"{authors}, {year}" for authors, year in cited) + "]"
            return ", ".join(f"{authors} [{year}]" for authors, year in cited)
        return f"{{{role}}}`{content}`"

    def _link(self, text: str, target: str, page: str) -> str:
        """The words of a reference, which lead to the site if it is known where that is."""
        place = self._places.get(target.removesuffix(".md").removeprefix("./"), Place("", ""))
        exercise = target in self._exercises and self._exercise("Exercise {number}", target)
        shown = self._inline(text or place.title or exercise or target, page)
        if not (self.address and place.page):
            return shown
        return f"[{shown}]({self.address}/{self.language}/{place.page}.html#{target})"


def _until(lines, fence: str) -> list[str]:
    """The lines up to the one that closes a fence."""
    body = []
    for line in lines:
        if line.strip() and set(line.strip()) == {fence[0]} and len(line.strip()) >= len(fence):
            break
        body.append(line)
    return body


def _options(body: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options at the head of a directive, and what follows them."""
    options = {}
    while body and (option := _OPTION.fullmatch(body[0])):
        options[option[1]], body = option[2], body[1:]
    return options, body


def _folded(title: str, text: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"

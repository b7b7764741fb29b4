"""One edition as one document for paper: the built pages one after another, what gives answers away at the end.

Nothing is executed and nothing computed: every word, number and picture is that of the page.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib
from bs4 import BeautifulSoup, Tag

HERE = Path(__file__).resolve().parent / "paper"

#: Where a page number will stand once it is known; as wide as one, so that lines break where they will.
UNKNOWN = "000"

#: Fonts that every machine has that can build the book: those of matplotlib, for all but Chinese and Korean.
_FACES = (
    ("Book Serif", "STIXGeneral.ttf", "normal", "normal"),
    ("Book Serif", "STIXGeneralItalic.ttf", "normal", "italic"),
    ("Book Serif", "STIXGeneralBol.ttf", "bold", "normal"),
    ("Book Serif", "STIXGeneralBolIta.ttf", "bold", "italic"),
    ("Book Mono", "DejaVuSansMono.ttf", "normal", "normal"),
    ("Book Mono", "DejaVuSansMono-Oblique.ttf", "normal", "italic"),
    ("Book Mono", "DejaVuSansMono-Bold.ttf", "bold", "normal"),
    ("Book Symbols", "DejaVuSans.ttf", "normal", "normal"),
)

#: Attributes that name an element of the same page.
_NAMING = ("id", "for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


@dataclass(frozen=True)
class Edition:
    """What the document is made of.

    pages    the folder of the built pages
    names    of the pages, in their order
    tag      of the language, as `lang` has it
    title    of the book
    about    lines of the title page, below the title
    say      translates a phrase of ours
    address  of the edition on the web, "" if it is not known
    front    whether a title page and the contents come first
    """

    pages: Path
    names: list[str]
    tag: str
    title: str
    about: list[str]
    say: Callable[[str], str]
    address: str = ""
    front: bool = True


@dataclass
class _Book:
    """The document while it is put together."""

    edition: Edition
    chapters: list[tuple[str, str, Tag]] = field(default_factory=list)  # name, title, what it holds
    answers: dict[str, list[Tag]] = field(default_factory=dict)  # by the chapter's name
    notes: dict[str, list[Tag]] = field(default_factory=dict)  # for teachers
    sheets: dict[str, None] = field(default_factory=dict)  # style sheets, in their order


def document(edition: Edition) -> str:
    """The edition as HTML that stands beside its folder of pages; `pdf.py` prints it."""
    book = _Book(edition)
    for name in edition.names:
        page = BeautifulSoup((edition.pages / f"{name}.html").read_text(encoding="utf-8"), "lxml")
        article = page.select_one("article.bd-article")
        _take_along(page, book)
        _undress(page, article)
        _still_figures(page, article, edition, name)
        _set_apart(page, article, book, name)
        _open_boxes(page, article)
        for part in (article, *book.answers[name], *book.notes[name]):
            _mend_names(part, name, edition)
        book.chapters.append((name, _title_of(article), article))
    return _joined(book)


def _take_along(page: BeautifulSoup, book: _Book) -> None:
    """The style sheets of a page."""
    book.sheets |= {
        f'<link rel="stylesheet" href="html/{link["href"]}">': None for link in page.select("link[rel=stylesheet]")
    }


def _undress(page: BeautifulSoup, article: Tag) -> None:
    """Without what serves a reader at a screen alone: anchors, folded code, the number of the next exercise's box."""
    for useless in article.select("a.headerlink, details.code-fold, .sd-summary-state-marker, script, style, noscript"):
        useless.decompose()
    for cell in article.select("div.cell"):
        if not cell.get_text(strip=True) and not cell.select("img, svg, lr-lab, lr-ask"):
            cell.decompose()


def _still_figures(page: BeautifulSoup, article: Tag, edition: Edition, name: str) -> None:
    """A picture for each live figure, with the address where it lives, and words for links that set one."""
    for number, figure in enumerate(article.select("lr-lab"), 1):
        del figure["data-settings"]
        figure.name = "figure"
        figure["class"] = "still"
        if edition.address:
            address = f"{edition.address}/{name}.html#figure={number}"
            caption = page.new_tag("figcaption")
            link = page.new_tag("a", href=address)
            link.string = address.partition("://")[2]
            caption.extend([edition.say("Interactive:") + " ", link])
            figure.append(caption)
    for question in article.select("lr-ask"):
        del question["data-settings"]
        question.name = "div"
        question["class"] = "question"
    for link in article.select("a.state"):
        if ".html#" in link["href"] and "%" not in link["href"]:  # of another page, and short enough to be typed
            typed = page.new_tag("code")
            typed.string = link["href"]
            link.extend([" (", typed, ")"])
        if edition.address:
            here = link["href"].startswith("#")
            link["href"] = f"{edition.address}/{f'{name}.html' if here else ''}{link['href']}"
        else:
            link.unwrap()


def _set_apart(page: BeautifulSoup, article: Tag, book: _Book, name: str) -> None:
    """Solutions, and what happens after a prediction, go to the end; so do the notes for teachers."""
    answers, notes = book.answers.setdefault(name, []), book.notes.setdefault(name, [])
    # The name is the section's own, or that of an empty place in it, as the heading's language has it.
    predict = article.select_one(f"section[id='{name}-predict'], section:has(> span[id='{name}-predict'])")
    for box in article.select("details.solution, details.sd-dropdown"):
        if box.get("id") == f"{name}-teacher":
            _as_box(page, box)["class"] = "note"
            box.p.decompose()  # the title is that of the part
            notes.append(box.extract())
        elif "solution" in box["class"] or predict in box.parents or _follows_question(box):
            title = " ".join(box.summary.get_text().split())
            box["id"] = box.get("id") or f"answer-{len(answers) + 1}"
            pointer = page.new_tag("p", attrs={"class": "pointer"})
            link = page.new_tag("a", href=f"#{box['id']}")
            before, after = book.edition.say("{title}: page {page}").format(title=title, page="\0").split("\0")
            link.extend([before, _page_number(page, box["id"]), after])
            pointer.append(link)
            box.replace_with(pointer)
            answers.append(_as_box(page, box))


def _follows_question(box: Tag) -> bool:
    before = box.find_previous_sibling()
    return before is not None and before.select_one(".question") is not None


def _open_boxes(page: BeautifulSoup, article: Tag) -> None:
    """On paper nothing is folded."""
    for box in article.select("details"):
        _as_box(page, box)


def _as_box(page: BeautifulSoup, box: Tag) -> Tag:
    """A folded box, unfolded."""
    title = page.new_tag("p", attrs={"class": "box-title"})
    title.string = " ".join(box.summary.get_text().split())
    box.summary.replace_with(title)
    box.name = "div"
    box["class"] = "box"
    return box


def _page_number(page: BeautifulSoup, of: str) -> Tag:
    number = page.new_tag("span", attrs={"class": "page-number", "data-of": of})
    number.string = UNKNOWN
    return number


def _mend_names(part: Tag, name: str, edition: Edition) -> None:
    """Names and links, which are unique in a page, become so in the book."""
    for one in [part, *part.find_all(True)]:
        for attribute in _NAMING:
            if one.get(attribute):
                given = one[attribute] if isinstance(one[attribute], list) else one[attribute].split()
                one[attribute] = " ".join(f"{name}--{word}" for word in given)
        if one.get("data-of"):
            one["data-of"] = f"{name}--{one['data-of']}"
        if one.get("src") and not _OUTSIDE.match(one["src"]):
            one["src"] = f"html/{one['src']}"
        if one.name == "a" and one.get("href") and not _OUTSIDE.match(one["href"]):
            _mend_link(one, name, edition)


def _mend_link(link: Tag, name: str, edition: Edition) -> None:
    path, _, place = link["href"].partition("#")
    target = path.removesuffix(".html") if path else name
    if target in edition.names:
        link["href"] = f"#{target}--{place}" if place else f"#{target}"
    elif edition.address:
        link["href"] = f"{edition.address}/{link['href']}"
    else:
        link.unwrap()


def _title_of(article: Tag) -> str:
    return " ".join(article.h1.get_text().split())


def _joined(book: _Book) -> str:
    edition = book.edition
    back = [
        part
        for part in (
            _collected("answers", edition.say("Answers"), book, book.answers),
            _collected("notes", edition.say("For teachers"), book, book.notes),
        )
        if part
    ]
    listed = [(name, title) for name, title, _ in book.chapters] + [(name, title) for name, title, _ in back]
    rows = "".join(
        f'<li><a href="#{name}"><span>{html.escape(title)}</span><i></i>'
        f'<span class="page-number" data-of="{name}">{UNKNOWN}</span></a></li>'
        for name, title in listed
    )
    about = "".join(f"<p>{line}</p>" for line in edition.about)
    cover = f'<section class="cover"><h1>{html.escape(edition.title)}</h1>{about}</section>'
    contents = f'<nav class="toc part"><h1>{html.escape(edition.say("In this book"))}</h1><ol>{rows}</ol></nav>'
    chapters = "".join(
        f'<article class="bd-article part" id="{name}">{article.decode_contents()}</article>'
        for name, _, article in book.chapters
    )
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{edition.tag}" data-theme="light" data-mode="light"><head><meta charset="utf-8">',
            f"<title>{html.escape(edition.title)}</title>",
            *book.sheets,
            "<style>",
            *_faces(),
            (HERE / "paper.css").read_text(encoding="utf-8"),
            *_running_heads(listed),
            "</style>",
            "</head><body>",
            *([cover, contents] if edition.front else []),
            chapters,
            *(text for _, _, text in back),
            "</body></html>",
        ]
    )


def _collected(name: str, title: str, book: _Book, boxes: dict[str, list[Tag]]) -> tuple[str, str, str] | None:
    """What was set apart, chapter by chapter: name, title and HTML of a part at the end."""
    sections = [
        f"<section><h2>{html.escape(chapter)}</h2>{''.join(map(str, boxes[key]))}</section>"
        for key, chapter, _ in book.chapters
        if boxes[key]
    ]
    if not sections:
        return None
    whole = f'<article class="bd-article part" id="{name}"><h1>{html.escape(title)}</h1>{"".join(sections)}</article>'
    return name, title, whole


def _faces() -> Iterator[str]:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for family, file, weight, style in _FACES:
        source = f'url("{(folder / file).as_uri()}")'
        yield f'@font-face {{ font-family: "{family}"; src: {source}; font-weight: {weight}; font-style: {style}; }}\n'


def _running_heads(listed: list[tuple[str, str]]) -> Iterator[str]:
    """The title of each part at the top of its pages: each has a kind of page of its own."""
    for name, title in listed:
        shown = title.replace("\\", "\\\\").replace('"', '\\"')
        yield f'#{name} {{ page: p-{name}; }} @page p-{name} {{ @top-left {{ content: "{shown}"; }} }}\n'

"""The slides of every chapter, made from its built page: figures live, cells are not run again.

A deck lies beside the pages of its edition, `<language>/slides/<chapter>.html`, and shares their scripts and styles.
"""

import html
import json
import re
import zlib
from functools import cache
from pathlib import Path
from string import Template

import yaml
from bs4 import BeautifulSoup
from docutils import nodes

from editions import TAGS
from slides_outline import Slide, outline

HERE = Path(__file__).resolve().parent
STYLES = ("pygments.css", "lab.css", "site.css", "slides.css")  # reveal.css comes with the last
SCRIPTS = ("reveal/reveal.js", "lab.js", "slides.js")
#: What the script of the deck says.
SPOKEN = ("right", "left", "down", "up", "resume", "following", "end", "elapsed", "notes", "nothing")


def has_deck(name: str, doctree: nodes.document | None) -> bool:
    """Whether a page that Sphinx writes is a chapter with slides."""
    sections = doctree.findall(nodes.section) if doctree else ()
    return any(f"{name}-question" in section["ids"] for section in sections)


def write(pages: Path, language: str, languages: dict[str, dict[str, str]]) -> None:
    """Write the decks of all chapters of a built edition beside them; `languages` are all editions."""
    for page in sorted(pages.glob("*.html")):
        text = page.read_text(encoding="utf-8")
        if f'id="{page.stem}-question"' not in text:
            continue  # no chapter
        target = pages / "slides" / page.name
        target.parent.mkdir(exist_ok=True)
        article = BeautifulSoup(re.search(r"<article\b.*</article>", text, re.DOTALL)[0], "lxml")
        made = deck(article, page.stem, language, languages, pages / "_static")
        target.write_text(made, encoding="utf-8", newline="\n")


def deck(article: BeautifulSoup, name: str, language: str, languages: dict[str, dict[str, str]], static: Path) -> str:
    """The page that shows a chapter as slides.

    Arguments
        article: the chapter as it was built.
        name: of the chapter.
        language: of the edition.
        languages: all editions, as `_config.yml` has them.
        static: the folder of the edition's scripts and styles.
    """
    for link in article.select("a.headerlink"):
        link.decompose()
    slides = outline(article, name)
    slides[0].body.append(f'<p class="book">{html.escape(languages[language]["title"])}</p>')
    sections = "\n".join(_stack(slide) for slide in slides)
    words = {key: text[language] for key, text in _words().items()}
    sections = lead_to_figures(sections, html.escape(words["to_figure"]))
    values = {key: html.escape(text) for key, text in words.items()} | {
        "tag": TAGS.get(language, language),
        "name": name,
        "book": html.escape(languages[language]["title"]),
        "heading": html.escape(BeautifulSoup(slides[0].title, "html.parser").get_text()),
        "styles": "\n".join(f'<link rel="stylesheet" href="{_address(static, file)}">' for file in STYLES),
        "scripts": "\n".join(f'<script defer src="{_address(static, file)}"></script>' for file in SCRIPTS),
        "alternates": "\n".join(_alternate(other, name) for other in languages),
        "sisters": "".join(_sister(other, edition, name, other == language) for other, edition in languages.items()),
        "sections": mend_links(sections, name),
        "words": json.dumps({key: words[key] for key in SPOKEN}, ensure_ascii=False),
    }
    return Template((HERE / "slides.html").read_text(encoding="utf-8")).substitute(values)


@cache
def _words() -> dict[str, dict[str, str]]:
    return yaml.safe_load((HERE / "locale" / "slides.yml").read_text(encoding="utf-8"))


def _address(static: Path, file: str) -> str:
    """The address of a script or style, which changes with it, so that no browser shows an old one."""
    return f"../_static/{file}?v={zlib.crc32((static / file).read_bytes()):08x}"


def _alternate(language: str, name: str) -> str:
    return (
        f'<link rel="alternate" hreflang="{TAGS.get(language, language)}" href="../../{language}/slides/{name}.html">'
    )


def _sister(language: str, edition: dict[str, str], name: str, current: bool) -> str:
    tag, now = TAGS.get(language, language), ' aria-current="true"' if current else ""
    address = f"../../{language}/slides/{name}.html"
    code = f'lang="{tag}" hreflang="{tag}" data-language="{language}"'
    return f'<li><a href="{address}" {code}{now}>{html.escape(edition["name"])}</a></li>'


def _stack(slide: Slide) -> str:
    """A slide; with slides below it, all of them in a section of their own."""
    if not slide.below:
        return _section(slide)
    return "<section>\n" + "\n".join(_section(one) for one in (slide, *slide.below)) + "\n</section>"


def _section(slide: Slide) -> str:
    tag = "h1" if slide.kind == "title" else "h2"
    name = f' id="{slide.name}"' if slide.name else ""
    places = "".join(f'<span id="{other}"></span>' for other in slide.names)
    notes = re.sub(r' id="[^"]*"', "", "".join(slide.notes))  # the slide itself has them
    kept = f'<template class="notes">{notes}</template>' if notes else ""
    shown = f"{places}<{tag}>{slide.title}</{tag}>{''.join(slide.body)}{kept}"
    return f'<section{name} class="sheet {slide.kind}">{shown}</section>'


def lead_to_figures(text: str, word: str) -> str:
    """Every figure gets a name, and every question about a figure on another slide a link to it.

    >>> lead_to_figures('<section><lr-lab></section>', "up")
    '<section><span id="figure-1"></span><lr-lab></section>'
    """
    number, here = 0, False

    def mark(found: re.Match) -> str:
        nonlocal number, here
        if found[0].startswith("<section"):
            here = False
        elif found[0].startswith("<lr-lab"):
            number, here = number + 1, True
            return f'<span id="figure-{number}"></span>{found[0]}'
        elif not here and re.search(r"(?:&quot;|\")figure(?:&quot;|\"):(?!\s*null)", found[0]):
            return f'{found[0]}<p class="to-figure"><a href="#figure-{number}">{word}</a></p>'
        return found[0]

    return re.sub(r"<section\b|<lr-lab\b|<lr-ask\b.*?</lr-ask>", mark, text, flags=re.DOTALL)


def mend_links(text: str, name: str) -> str:
    """Links as they lead from a deck: to its own slides and figures, else to the pages of the edition.

    >>> mend_links('<p id="a"></p><a href="#a"></a><a href="#b"></a><a href="c.html"></a><a href="#figure=1"></a>', "x")
    '<p id="a"></p><a href="#a"></a><a href="../x.html#b"></a><a href="../c.html"></a><a href="#figure=1"></a>'
    """
    here = set(re.findall(r'\sid="([^"]+)"', text))

    def mend(found: re.Match) -> str:
        before, address = found.groups()
        if address.startswith("#"):
            ours = address.startswith("#figure=") or address[1:] in here
            return found[0] if ours else f'{before}"../{name}.html{address}"'
        return found[0] if re.match(r"[a-z]+:", address) else f'{before}"../{address}"'

    return re.sub(r'(<(?:a|img)\b[^>]*?\s(?:href|src)=)"([^"]*)"', mend, text)

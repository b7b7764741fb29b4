"""What stands below a page: how to take it along and to cite it, when it was changed, whether it is in step.

Also, for other modules: what the whole book says of itself. The template is colophon.html.
"""

import datetime
import re
from pathlib import Path
from typing import Any, NamedTuple

from babel.dates import format_date
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ConfigError

import editions
import history
import launch
import notebooks
from edition import version
from files import ROOT
from slides import has_deck
from structure import fingerprint
from translations import phrases

#: What babel calls the way each language writes a day, and BibLaTeX the language.
_DAYS = {"en": ("en_GB", "d MMMM y"), "de": ("de", "d. MMMM y"), "zh": ("zh", "y年M月d日"), "ko": ("ko", "y년 M월 d일")}
_LANGUAGES = {"en": "english", "de": "ngerman", "zh": "chinese", "ko": "korean"}

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {sign: f"\\{sign}" for sign in "&%$#_{}"}


class Facts(NamedTuple):
    """What the book says of itself: its version in words, and when an edition was last changed, "" if unknown."""

    version: str
    date: str


class Source(NamedTuple):
    """What is cited: a page of an edition of the book."""

    language: str
    name: str
    author: str
    title: str
    book: str
    edition: str
    version: str
    day: str  # 2026-11-21; "" if it is not known
    address: str  # of the page; "" if it is not known


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.add_config_value("address", "", "html", [str, type(None)])
    app.add_config_value("launch", {}, "html", [dict, type(None)])
    app.connect("config-inited", check)
    app.connect("html-page-context", add_colophon)


def check(app: Sphinx, config: Any) -> None:
    """Refuse an address that is none, and links that cannot lead anywhere."""
    try:
        launch.address_of({"address": config.address})
        launch.check(config.launch or {})
    except ValueError as error:
        raise ConfigError(f"_config.yml: {error}") from None


def book_facts(language: str) -> Facts:
    """The version and the last change of an edition, as its readers would write them."""
    latest = max(history.dates(ROOT, language).values(), default="")
    return Facts(phrases(language)("Version {version}").format(version=version()), written_day(latest, language))


def written_day(day: str, language: str) -> str:
    """A day such as 2026-11-21 as the language writes it.

    >>> written_day("2026-11-21", "de")
    '21. November 2026'
    """
    if not day:
        return ""
    locale, pattern = _DAYS.get(language, ("en_GB", "d MMMM y"))
    return format_date(datetime.date.fromisoformat(day), pattern, locale=locale)


def cited(source: Source) -> str:
    """How a reader cites a page: wordless, as the bibliography is, so that it serves every language.

    >>> cited(Source("en", "adam", "A. Noether", "Why Adam?", "Rates", "English", "0.1.0", "2026-11-21", ""))
    'A. Noether. Why Adam? Rates, English, 0.1.0, 21 November 2026.'
    """
    book = ", ".join(
        filter(None, [source.book, source.edition, source.version, written_day(source.day, source.language)])
    )
    parts = [source.author, source.title, book, source.address]
    return " ".join(part if part == source.address or part[-1] in ".?!。？！" else f"{part}." for part in parts if part)


def bibtex(source: Source) -> str:
    """The same as an entry for BibTeX and BibLaTeX."""
    fields = {
        "author": f"{{{_tex(source.author)}}}",  # in braces twice: it is not a person's name to be taken apart
        "title": f"{{{_tex(source.title)}}}",
        "booktitle": _tex(source.book),
        "edition": _tex(source.edition),
        "year": source.day[:4],
        "note": f"Version {source.version}" + (f", {source.day}" if source.day else ""),
        "url": source.address,
        "langid": _LANGUAGES.get(source.language, ""),
    }
    lines = [f"  {name:9} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@incollection{{learning-rates-{source.language}-{source.name},", *lines, "}"])


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text)


def in_step(page: Path) -> bool | None:
    """Whether a translation was made from the English text as it is; None for the English text and where there is none."""
    english = page.parent.parent / "en" / page.name
    if page.parent.name == "en" or not english.is_file():
        return None
    recorded = re.match(r"---\n(?:.*\n)*?english:\s*(\S+)\s*\n(?:.*\n)*?---", page.read_text(encoding="utf-8"))
    return bool(recorded) and recorded[1] == fingerprint(english.read_text(encoding="utf-8"))


def add_colophon(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Give the template what it says of this page; pages without a text of ours have none."""
    language, page = editions.code(app), Path(app.srcdir) / f"{pagename}.md"
    if doctree is None or not page.is_file():
        return
    if not hasattr(app, "days_of_change"):
        app.days_of_change = history.dates(Path(app.srcdir).parent.parent, language)
    day = history.day_of(app.days_of_change, language, pagename)
    config, address = app.config, launch.address_of({"address": app.config.address})
    source = Source(
        language, pagename, config.author, next(doctree.findall(nodes.title)).astext(), config.project,
        config.editions[language]["name"], version(), day, f"{address}/{language}/{pagename}.html" if address else "",
    )  # fmt: skip
    has_notebook = notebooks.has_code(page)
    context["deck"] = f"slides/{pagename}.html" if has_deck(pagename, doctree) else ""
    context["colophon"] = {
        "notebook": f"notebooks/{pagename}.ipynb" if has_notebook else "",
        "package": notebooks.package_name(),
        "elsewhere": list(launch.links(config.launch or {}, f"{language}/{pagename}.ipynb")) if has_notebook else [],
        "cited": cited(source),
        "bibtex": bibtex(source),
        "day": day,
        "written_day": written_day(day, language),
        "in_step": in_step(page),
        "english": next(sister["url"] for sister in context["editions"] if sister["code"] == "en"),
    }

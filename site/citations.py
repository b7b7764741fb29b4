"""How sources are listed and cited: without a word of English between their parts, so that it serves all editions."""

from collections import Counter
from collections.abc import Iterable
from string import ascii_lowercase
from typing import Any

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style, date, pages
from pybtex.style.sorting.author_year_title import SortingStyle
from pybtex.style.template import field, join, names, optional, sentence, tag
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.plugin import register_plugin as register_for_sphinx
from sphinxcontrib.bibtex.style.referencing import PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle


def authors(entry: Entry) -> str:
    """Whom a citation names; the title where there is nobody."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    last = [" ".join(one.prelast_names + one.last_names).replace("{", "").replace("}", "") for one in people]
    return (" & ".join(last) if len(last) < 3 else f"{last[0]} et al.") or entry.fields.get("title", entry.key)


def told_apart(entries: Iterable[Entry]) -> list[Entry]:
    """The same sources in the same order: 2020a, 2020b … where authors and year are cited alike."""
    entries = list(entries)
    alike, seen, told = Counter(map(_cited, entries)), Counter(), []
    for entry in entries:
        if alike[_cited(entry)] > 1:
            letter = ascii_lowercase[seen[_cited(entry)]]
            seen[_cited(entry)] += 1
            fields = dict(entry.fields) | {"year": entry.fields.get("year", "") + letter}
            key, entry = entry.key, Entry(entry.type, fields, entry.persons)
            entry.key = key
        told.append(entry)
    return told


def _cited(entry: Entry) -> tuple[str, str]:
    return authors(entry), entry.fields.get("year", "")


class Lettered(SortingStyle):
    """By author, year and title; the braces that hold a name together are no letters."""

    def sort(self, entries: Iterable[Entry]) -> list[Entry]:
        """The sources in the order of the list, with years that tell them apart: citations read them, too."""
        return told_apart(super().sort(entries))

    def person_key(self, person: Any) -> str:
        """The name as it is sorted."""
        return super().person_key(person).replace("{", "").replace("}", "")


class Wordless(Style):
    """Authors. Title. Where, pages. Publisher, year. Commas where the usual styles write "and" and "In"."""

    default_sorting_style = Lettered

    def format_names(self, role: str, as_sentence: bool = True) -> Any:
        """All names with commas between them."""
        formatted = names(role, sep=", ", sep2=", ", last_sep=", ")
        return sentence[formatted] if as_sentence else formatted

    def get_inproceedings_template(self, entry: Any) -> Any:
        """A paper in proceedings or a chapter in a collection."""
        return join(sep=" ")[
            sentence[self.format_names("author", as_sentence=False)],
            self.format_title(entry, "title"),
            sentence[tag("em")[field("booktitle")], optional[pages]],
            sentence[optional[field("publisher")], date],
            self.format_web_refs(entry),
        ]

    get_incollection_template = get_inproceedings_template


class WordlessReferences(AuthorYearReferenceStyle):
    """Authors and year in the text, two authors with a sign between them."""

    def __init__(self) -> None:
        super().__init__(person=PersonStyle(sep2=" & ", last_sep=" & "))


def setup(app: Sphinx) -> None:
    """Called by lrbook; _config.yml names both styles."""
    register_plugin("pybtex.style.formatting", "wordless", Wordless)
    register_for_sphinx("sphinxcontrib.bibtex.style.referencing", "wordless", WordlessReferences)

"""The bibliography: sorted, and without a word of any language between its parts."""

from pathlib import Path

from citations import Wordless
from pybtex.backends.plaintext import Backend
from pybtex.database import parse_file

BIBLIOGRAPHY = Path(__file__).parent.parent / "book" / "references.bib"


def entries():
    return list(Wordless().format_bibliography(parse_file(BIBLIOGRAPHY)))


def test_sources_are_sorted_by_author_and_then_by_year_or_title():
    authors = [entry.key.rstrip("0123456789") for entry in entries()]
    assert authors == sorted(authors)


def test_no_english_word_joins_names_and_places():
    for text in (entry.text.render(Backend()) for entry in entries()):
        assert not any(word in text for word in (", and ", " and Ameet", ". In ", "pages ", "editor")), text


def test_every_source_can_be_found():
    """An address, a DOI, or journal, volume and pages."""
    for entry in parse_file(BIBLIOGRAPHY).entries.values():
        assert {"doi", "url"} & set(entry.fields) or {"journal", "volume", "pages"} <= set(entry.fields), entry.key

"""The bibliography: sorted, and without a word of any language between its parts."""

from pathlib import Path

from citations import Wordless
from pybtex.backends.plaintext import Backend
from pybtex.database import parse_file

BIBLIOGRAPHY = Path(__file__).parent.parent / "book" / "references.bib"


def entries():
    return list(Wordless().format_bibliography(parse_file(BIBLIOGRAPHY)))


def test_sources_are_sorted_by_their_authors_and_then_by_year():
    known = parse_file(BIBLIOGRAPHY).entries

    def place(key: str) -> tuple[list[list[str]], str]:
        authors = [[*one.last_names, *one.first_names, *one.middle_names] for one in known[key].persons["author"]]
        return [[name.strip("{}").lower() for name in names] for names in authors], known[key].fields["year"]

    keys = [entry.key for entry in entries()]
    assert keys == sorted(keys, key=place)


def test_no_english_word_joins_names_and_places():
    for text in (entry.text.render(Backend()) for entry in entries()):
        assert not any(word in text for word in (", and ", " and Ameet", ". In ", "pages ", "editor")), text


def test_every_source_can_be_found():
    """An address, a DOI, or journal, volume and pages."""
    for entry in parse_file(BIBLIOGRAPHY).entries.values():
        assert {"doi", "url"} & set(entry.fields) or {"journal", "volume", "pages"} <= set(entry.fields), entry.key

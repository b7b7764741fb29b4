"""The bibliography: sorted, and without a word of any language between its parts."""

from pathlib import Path

from pybtex.backends.plaintext import Backend
from pybtex.database import Entry, Person, parse_file

from citations import Wordless, authors, told_apart

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


def test_no_two_sources_are_cited_alike():
    cited = [
        (authors(entry), entry.fields["year"]) for entry in Wordless().sort(parse_file(BIBLIOGRAPHY).entries.values())
    ]
    assert len(set(cited)) == len(cited)
    assert {("Liu et al.", "2020a"), ("Liu et al.", "2020b")} <= set(cited)


def source(year, *people):
    entry = Entry("misc", {"year": year, "title": "A title"}, {"author": [Person(name) for name in people]})
    entry.key = "".join(people) + year
    return entry


def test_a_letter_stands_only_where_it_tells_sources_apart():
    given = [
        source("2020", "Ann A", "Bob B", "Cy C"),
        source("2020", "Ann A", "Dan D", "Eve E"),
        source("2020", "Ann A", "Bob B"),
        source("2021", "Ann A", "Bob B", "Cy C"),
        source("2020", "Ann A", "Bob B", "Eve E"),
    ]
    told = told_apart(given)
    assert [entry.fields["year"] for entry in told] == ["2020a", "2020b", "2020", "2021", "2020c"]
    assert [authors(entry) for entry in told] == ["A et al.", "A et al.", "A & B", "A et al.", "A et al."]
    assert [entry.key for entry in told] == [entry.key for entry in given]
    assert given[0].fields["year"] == "2020"
    assert told_apart([source("2020")])[0].fields["year"] == "2020" and authors(source("2020")) == "A title"

"""What is read from a chapter, and on which lines."""

from pathlib import Path

import pytest
from chapter import OBJECT, Chapter, Unreadable, read, without_text


@pytest.fixture
def chapter(tmp_path: Path):
    """Reads a text as book/de/steps.md."""

    def from_text(text: str) -> Chapter:
        path = tmp_path / "book/de/steps.md"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        return read(path, tmp_path)

    return from_text


def prose(chapter: Chapter) -> list[tuple[int, str]]:
    return [(piece.line, piece.text) for piece in chapter.prose]


def marks(chapter: Chapter, kind: str) -> list[tuple[int, str]]:
    return [(mark.line, mark.value) for mark in chapter.of(kind)]


def test_a_chapter_knows_its_place_and_its_language(chapter):
    found = chapter("---\nenglish: 0123456789012345\n---\n# Schritte\n")
    assert (found.path, found.language, found.name) == ("book/de/steps.md", "de", "steps")
    assert found.front == {"english": "0123456789012345"}


def test_front_matter_that_is_no_yaml_is_refused_with_its_line(chapter):
    with pytest.raises(Unreadable, match=r"book/de/steps\.md:3: this is not YAML .* — mend the syntax"):
        chapter("---\nfirst: 1\nsecond: a: b\n---\n# Schritte\n")


def test_options_that_are_no_yaml_are_refused_with_their_line(chapter):
    with pytest.raises(Unreadable, match=r"book/de/steps\.md:5: this is not YAML"):
        chapter("# Schritte\n\n:::{note}\n---\nclass: a: b\n---\n:::\n")


def test_a_position_in_prose_has_the_line_of_the_file(chapter):
    (piece,) = chapter("\n\nEins zwei\ndrei $x\n/ y$ vier\nfünf.\n").prose
    assert piece.text == f"Eins zwei\ndrei {OBJECT}\n vier\nfünf."
    lines = [piece.line_at(piece.text.index(word)) for word in ("Eins", "zwei", "drei", "vier", "fünf")]
    assert lines == [3, 3, 4, 5, 6]


def test_references_have_the_line_on_which_they_stand(chapter):
    found = chapter("Siehe\n{ref}`a` und {cite:p}`b, c`,\n![Tal](d.svg).\n")
    assert marks(found, "reference") == [(2, "ref:a"), (2, "cite:b"), (2, "cite:c"), (3, "image:d.svg")]


def test_what_a_reader_does_not_read_as_text_is_no_prose(chapter):
    found = chapter(
        "Hier `eins` und $zwei$ und {math}`drei` und {cite}`vier` <b>da</b>. % fünf\n\n% sechs\n\n<p>sieben</p>\n"
    )
    assert prose(found) == [(1, f"Hier {OBJECT} und {OBJECT} und {OBJECT} und {OBJECT} {OBJECT}da{OBJECT}. % fünf")]


def test_the_text_of_a_link_is_prose_if_it_leads_to_the_book_itself(chapter):
    found = chapter("Mehr [im *nächsten*](intro.md) und [On *the* Edge](https://example.org) davon.\n")
    assert prose(found) == [(1, f"Mehr im nächsten und {OBJECT} davon.")]
    assert marks(found, "reference") == [(1, "link:intro.md"), (1, "url:https://example.org")]


def test_a_role_shows_its_text_and_names_its_target(chapter):
    found = chapter("{ref}`Dort <place>`, {term}`Lernraten <Lernrate>`, {term}`Batch`, {eq}`rule`.\n")
    assert prose(found) == [(1, f"Dort, Lernraten, Batch, {OBJECT}.")]
    assert marks(found, "reference") == [(1, "ref:place"), (1, "eq:rule")]
    assert marks(found, "term") == [(1, "Lernrate"), (1, "Batch")]


def test_the_title_and_the_body_of_a_box_are_prose(chapter):
    found = chapter("# Schritte\n\n:::{admonition} Ein *Titel*\n:class: tip\n:name: box\n\nText\n\nMehr\n:::\n")
    assert prose(found) == [(1, "Schritte"), (3, "Ein Titel"), (7, "Text"), (9, "Mehr")]
    assert marks(found, "directive") == [(3, "{admonition} :class: tip")]
    assert marks(found, "label") == [(3, "box")]


def test_options_between_dashes_are_options(chapter):
    found = chapter(":::{note}\n---\nclass: tip\nname: box\n---\nText\n:::\n")
    assert prose(found) == [(6, "Text")]
    assert marks(found, "directive") == [(1, "{note} :class: tip")]


def test_boxes_in_boxes_keep_their_lines(chapter):
    found = chapter("::::{note}\nEins\n\n:::{tip}\n:class: a\nZwei\n:::\n::::\n")
    assert prose(found) == [(2, "Eins"), (6, "Zwei")]
    assert marks(found, "directive") == [(1, "{note}"), (4, "{tip} :class: a")]


def test_a_figure_refers_to_a_picture_and_has_a_caption_and_an_alternative_text(chapter):
    found = chapter(":::{figure} valley.svg\n:alt: Ein Tal\n:name: fig\n\nUnterschrift\n:::\n")
    assert prose(found) == [(1, "Ein Tal"), (5, "Unterschrift")]
    assert marks(found, "reference") == [(1, "image:valley.svg")]
    assert marks(found, "directive") == [(1, "{figure} valley.svg")]


def test_a_card_refers_to_the_page_behind_it(chapter):
    found = chapter(":::{card} Titel\n:link: intro\n:link-type: doc\n\nText\n:::\n")
    assert marks(found, "reference") == [(1, "doc:intro")]


@pytest.mark.parametrize(
    "source",
    ["$$\na = b\n$$ (rule)\n", "```{math}\n:label: rule\n\na = b\n```\n", ":::{math}\n:label: rule\na =\nb\n:::\n"],
)
def test_a_display_equation_is_the_same_however_it_is_written(chapter, source):
    found = chapter(source)
    assert marks(found, "equation") == [(1, "a = b")]
    assert marks(found, "label") == [(1, "rule")]
    assert prose(found) == []


@pytest.mark.parametrize(
    ("tex", "rest"),
    [
        (r"a \text{alt} b", r"a \text{} b"),
        (r"\text{if } x_{\text{max}}", r"\text{} x_{\text{}}"),
        (r"\text{a {b} \text{c} d} e", r"\text{} e"),
        (r"\text{open", r"\text{}"),
    ],
)
def test_words_in_an_equation_do_not_count(tex, rest):
    assert without_text(tex) == rest


@pytest.mark.parametrize("source", ["```python\nx = 1\n```\n", "```{code-block} python\nx = 1\n```\n"])
def test_a_listing_is_no_prose(chapter, source):
    found = chapter(source)
    assert len(found.of("listing")) == 1 and "x = 1" in found.of("listing")[0].value
    assert found.prose == found.cells == []


def test_a_code_cell_is_its_options_and_its_code(chapter):
    found = chapter("# Schritte\n\n```{code-cell}\n:tags: [hide-input]\n\nx = 1\n\ny = 2\n```\n")
    assert [tuple(cell) for cell in found.cells] == [(3, {"tags": "[hide-input]"}, "x = 1\n\ny = 2")]


def test_the_caption_of_what_a_code_cell_shows_is_prose_and_not_shared(chapter):
    options = "mystnb:\n  figure:\n    caption: Ein *Tal*\n    name: fig\n"
    found = chapter(f"```{{code-cell}}\n---\n{options}---\nx = 1\n```\n")
    assert [tuple(cell) for cell in found.cells] == [(1, {"mystnb": {"figure": {"name": "fig"}}}, "x = 1")]
    assert marks(found, "label") == [(1, "fig")]
    assert prose(found) == [(1, "Ein Tal")]


@pytest.mark.parametrize(
    "source",
    [
        ":::{note}\n```{code-cell}\nx = 1\n```\n:::\n",
        "- Eins\n\n  ```{code-cell}\n  x = 1\n  ```\n",
        ":::{code-cell}\nx = 1\n:::\n",
    ],
)
def test_a_code_cell_that_is_never_run_is_a_directive(chapter, source):
    found = chapter(source)
    assert found.cells == []
    assert "{code-cell}" in [mark.value for mark in found.of("directive")]


@pytest.mark.parametrize(("number", "line"), [(0, 1), (1, 2), (2, 6), (3, 6)])
def test_a_section_is_found_by_its_number(chapter, number, line):
    found = chapter("\n# Eins\n\nText\n\n## Zwei\n\nText\n")
    assert found.line_of_section(number) == line
    assert [found.section_of(place) for place in (1, 2, 4, 6, 8)] == [0, 1, 1, 2, 2]


def test_a_chapter_without_headings_has_one_section(chapter):
    assert chapter("Text\n").line_of_section(1) == 1


@pytest.mark.parametrize(
    ("source", "block"),
    [
        ("# Eins", "heading"),
        ("Eins", "paragraph"),
        ("- Eins", "paragraph"),
        ("| Eins |\n|---|", "th"),
        ("Eins\n: x", "dt"),
    ],
)
def test_prose_knows_what_it_stands_in(chapter, source, block):
    assert chapter(source + "\n").prose[0].block == block


def test_a_picture_without_a_description_is_a_reference_like_any_other(chapter):
    assert marks(chapter("# Schritte\n\n![](steps.png)\n"), "reference") == [(3, "image:steps.png")]

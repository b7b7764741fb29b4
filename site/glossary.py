"""The directive `{terms}`: book/terms.yml as the glossary of one edition.

Every word of an entry, and its key, can be the target of {term}: {term}`Lernraten <Lernrate>`.
"""

from pathlib import Path
from typing import cast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.util.docutils import SphinxDirective

import editions
from terms import Term, read_terms


class Terms(SphinxDirective):
    """Renders the entries in the order of the edition's alphabet."""

    def run(self) -> list[nodes.Node]:
        """The glossary, its terms known to the whole edition."""
        path = Path(self.env.srcdir).parent / "terms.yml"
        self.env.note_dependency(str(path))
        language = editions.code(self.env.app)
        entries = [term for term in read_terms(path, path.parent.parent) if language in term.name]
        entries.sort(key=lambda term: alphabetical(term.name[language], language))
        names = {code: edition["name"] for code, edition in self.config.editions.items()}
        items = (self.entry(term, language, names) for term in entries)
        return [nodes.definition_list("", *items, classes=["glossary"])]

    def entry(self, term: Term, language: str, names: dict[str, str]) -> nodes.definition_list_item:
        """Term, definition, and what it is called in the other languages."""
        word = nodes.term("", term.name[language], ids=[f"term-{term.key}"])
        standard = cast(StandardDomain, self.env.get_domain("std"))
        for name in term.words(language):
            standard._note_term(name, word["ids"][0], location=self.get_location())
        standard._terms.setdefault(term.key, (self.env.docname, word["ids"][0]))
        text, messages = self.state.inline_text(term.text.get(language, ""), self.lineno)
        definition = nodes.definition("", nodes.paragraph("", "", *text), *messages)
        others = nodes.bullet_list(classes=["other-languages"])
        for code, name in names.items():
            if code != language and code in term.name:
                tag = f"language-{editions.TAGS.get(code, code)}"  # docutils makes it a lang attribute
                word_there = nodes.inline("", term.name[code], classes=[tag])
                others += nodes.list_item("", nodes.paragraph("", "", nodes.Text(f"{name} "), word_there))
        definition += others
        return nodes.definition_list_item("", word, definition)


def alphabetical(word: str, language: str) -> str | bytes:
    """A key to sort by: GB 18030 has the common Chinese characters in the order of their pinyin."""
    if language == "zh":
        return word.encode("gb18030")
    return word.casefold().translate({ord("ä"): "a", ord("ö"): "o", ord("ü"): "u", ord("ß"): "ss"})


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.add_directive("terms", Terms)

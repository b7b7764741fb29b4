"""The agreed terms of book/terms.yml: one meaning, one word in each language."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from chapter import LANGUAGES, Prose, Unreadable, read_yaml


@dataclass
class Term:
    """One entry. `lines` says where each of its keys stands in the file."""

    key: str
    lines: dict[str, int]
    name: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    also: dict[str, list[str]] = field(default_factory=dict)
    avoid: dict[str, list[str]] = field(default_factory=dict)
    match: bool = True

    def words(self, language: str) -> list[str]:
        """The agreed word and the variants accepted beside it."""
        return [word for word in (self.name.get(language), *self.also.get(language, [])) if word]

    def prose(self, language: str) -> list[Prose]:
        """Its definition, which is held to the same rules as the chapters."""
        text = self.text.get(language)
        return [Prose(self.lines[language], text, "paragraph")] if text else []


def read_terms(path: Path, root: Path) -> list[Term]:
    """The terms in the order of the file."""
    text, name = path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()
    entries = read_yaml(text, name) or []
    nodes = yaml.compose(text).value if entries else []
    return [_term(entry, node, name) for entry, node in zip(entries, nodes)]


def _term(entry: dict, node: yaml.Node, path: str) -> Term:
    if "key" not in entry:
        line = node.start_mark.line + 1
        raise Unreadable(f"{path}:{line}: this entry has no key — begin it with `- key:` and a name")
    wordings = {language: entry[language] for language in LANGUAGES if language in entry}
    return Term(
        key=entry["key"],
        lines={key.value: key.start_mark.line + 1 for key, _ in node.value},
        name={language: wording["term"] for language, wording in wordings.items() if "term" in wording},
        text={language: wording["text"] for language, wording in wordings.items() if "text" in wording},
        also=entry.get("also", {}),
        avoid=entry.get("avoid", {}),
        match=entry.get("match") != "false",
    )


def occurrences(terms: list[Term], language: str, prose: list[Prose]) -> dict[str, int]:
    """The line of the first use of each term, by key.

    The longest term wins: "gradient descent" is not a use of "gradient". English is matched word
    by word, with a plural; the others inflect or join words, so there a part of a word counts.
    """
    keys = {_fold(word): term.key for term in terms if term.match for word in term.words(language)}
    if not keys:
        return {}
    longest_first = "|".join(_pattern(word) for word in sorted(keys, key=len, reverse=True))
    pattern = rf"\b({longest_first})(?:s|es)?\b" if language == "en" else f"({longest_first})"
    found: dict[str, int] = {}
    for piece in prose:
        for use in re.finditer(pattern, piece.text, re.IGNORECASE):
            found.setdefault(keys[_fold(use[1])], piece.line_at(use.start()))
    return found


def _pattern(word: str) -> str:
    """A term may be broken across lines where it has a space."""
    return r"\s+".join(re.escape(part) for part in word.split())


def _fold(word: str) -> str:
    return " ".join(word.lower().split())

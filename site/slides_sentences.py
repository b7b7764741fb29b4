"""Paragraphs of a built page, cut into sentences: in four languages, without tearing formulas or links apart."""

import html
import re
import unicodedata
from collections.abc import Iterator

from bs4 import NavigableString, Tag

#: A mark that ends a sentence with what closes after it; Chinese needs no space behind.
_END = re.compile(r"(?P<mark>[.!?]+)[\"”’“»)\]]*(?=\s|$)|[。！？]+[”’」』）]*")
_TAIL = re.compile(r"[.!?][\"”’“»)\]]*$|[。！？][”’」』）]*$")
#: What has a full stop and goes on: letters alone (z. B., e. g.), and these.
_SHORT = re.compile(
    r"(?:^|[\s(„“\"\u00a0.])(?:[^\W\d_]|e\.g|i\.e|vs|cf|al|bzw|ca|vgl|Nr|Abb|Abschn|Kap|Gl|Fig|Eq|Sec)$"
)
#: German ordinals: im 2. Schritt.
_ORDINAL = re.compile(r"\b(?:[Dd](?:er|ie|as|em|en|es)|[Ii]m|[Aa]m|[Vv]om|[Zz]um|[Bb]eim|[Jj]ede[rmns]?|[Aa]b)\s\d+$")


def markup(node: Tag | NavigableString) -> str:
    """A node as it stands in HTML."""
    return html.escape(node, quote=False) if isinstance(node, NavigableString) else str(node)


def inner(node: Tag) -> str:
    """What stands in a node."""
    return "".join(markup(child) for child in node.children)


def width(text: str) -> int:
    """How much room a text takes, in letters; a Chinese or Korean one counts twice.

    >>> width("rate"), width("学习率")
    (4, 6)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def plain(text: str) -> str:
    """HTML without its tags."""
    return re.sub("<[^>]*>", "", text)


def joined(told: list[str]) -> str:
    """Sentences one after the other; a space only where the language has one.

    >>> joined(["One.", "Two."]), joined(["一。", "二。"])
    ('One. Two.', '一。二。')
    """
    spaced = [text if plain(text)[-1:] in "。！？」）" else text + " " for text in told]
    return "".join(spaced).strip()


def sentences(paragraph: Tag) -> list[str]:
    """The sentences of a paragraph, as HTML.

    >>> from bs4 import BeautifulSoup
    >>> sentences(BeautifulSoup("<p>Is 0.1 small (say, i. e. safe)? <em>No.</em> It <b>is</b> not.</p>", "html.parser").p)
    ['Is 0.1 small (say, i. e. safe)?', '<em>No.</em> It <b>is</b> not.']
    """
    found, current, depth = [], "", 0

    def close() -> None:
        nonlocal current
        if current.strip():
            found.append(current.strip())
        current = ""

    for child in paragraph.children:
        if isinstance(child, NavigableString):
            text, last = str(child), 0
            for end in _ends(text):
                depth += _opened(text[last:end])
                current += html.escape(text[last:end], quote=False)
                last = end
                if depth <= 0 and (end < len(text) or child.next_sibling is None or not text[end - 1].isascii()):
                    close()
            depth += _opened(text[last:])
            current += html.escape(text[last:], quote=False)
        else:
            current += str(child)
            if "unbroken" in child.get("class", []):  # a formula with the marks around it
                text = "".join(part for part in child.find_all(string=True) if not part.find_parent("math"))
                depth += _opened(text)
                if depth <= 0 and _TAIL.search(text) and _begins_anew(child.next_sibling):
                    close()
    close()
    return found


def _opened(text: str) -> int:
    return len(re.findall(r"[(（]", text)) - len(re.findall(r"[)）]", text))


def _ends(text: str) -> Iterator[int]:
    """Where sentences end in a text."""
    for end in _END.finditer(text):
        before, after = text[: end.start()], text[end.end() :].lstrip()
        if after[:1].islower() or (end["mark"] == "." and (_SHORT.search(before) or _ORDINAL.search(before))):
            continue
        yield end.end()


def _begins_anew(following: Tag | NavigableString | None) -> bool:
    """Whether what follows a formula with a full stop is another sentence."""
    text = str(following) if isinstance(following, NavigableString) else ""
    return following is None or not text[:1].isascii() or (text[:1].isspace() and not text.lstrip()[:1].islower())

"""Where no line may end: beside the signs of a short formula in the text, and between a formula and its full stop.

β = 0.9 gets no-break spaces; an inline formula stands in a span with the marks around it, which does not wrap (WebKit
would end a line between the two), and so does 2/λ: a browser may end a line after a slash.
Code and titles stay as they are: titles are searched as they were typed.
"""

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx

from bigrams import CJK

LONGEST = 24  # characters that stay together: more would tear a narrow line apart

_SIGNS = frozenset("=<>≤≥≈≠+−·×/")
_HANGUL = r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
#: Where a line may end without a space: after a Chinese character or a full-width mark.
_BREAKS = re.compile(rf"(?:(?![{_HANGUL}])[{CJK}])|[\u3001-\u301f\uff01-\uff5e]")
_SPACE = re.compile(r"[ \n]+")
_OPENING = re.compile(r"[(\[“‘„‚«（「『《【]+$")
#: Marks that close, after the ending of a word: η는, n-mal; and what a formula is said to be: $C$ = 2.
_CLOSING = re.compile(
    r"(?:\u00a0[=<>≤≥≈≠]\u00a0[−0-9.,/]*[0-9])?"
    rf"(?:[-’'A-Za-zÀ-ÿ{_HANGUL}]{{1,12}}(?![A-Za-zÀ-ÿ{_HANGUL}]))?[.,;:!?)\]”’“‘»…。，、；：！？）」』》】]*"
)
#: Between a mark that closes and a particle: [1998]의. A browser would end a line there.
_PARTICLE = re.compile(rf"(?<=[\])’”])(?=[{_HANGUL}])")
_WORD_JOINER = "\u2060"
#: A slash with what touches it, up to where a line may end.
_FRACTION = re.compile(rf"(?:(?!{_BREAKS.pattern})[^\s/])+(?:/(?:(?!{_BREAKS.pattern})[^\s/])+)+")
_CODE = (nodes.literal, nodes.math, nodes.FixedTextElement)


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.connect("doctree-resolved", keep_together)


def keep_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """No-break spaces around signs, and a span around each fraction and each inline formula with its marks."""
    if app.builder.format != "html":
        return
    for block in list(doctree.findall(_is_running_text)):
        _tie_signs(block)
        _tie_particles(block)
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) > LONGEST:
            code["classes"].append("long")  # may be broken, as an address must be on a telephone
    for block in list(doctree.findall(nodes.TextElement)):
        if not isinstance(block, _CODE):
            _tie_marks(block)
            _tie_fractions(block)


def no_break(text: str) -> str:
    r"""A text with no-break spaces around the signs between short operands.

    >>> no_break("At β = 0.9 it is (0 < ηλ < 2) fine.").replace("\u00a0", "~")
    'At β~=~0.9 it is (0~<~ηλ~<~2) fine.'
    """
    characters = list(text)
    for at in _tied(text):
        characters[at] = "\u00a0"
    return "".join(characters)


def _tied(text: str) -> Iterator[int]:
    """The places of the spaces at which no line may end."""
    spaces = [space for space in _SPACE.finditer(text) if 0 < space.start() and space.end() < len(text)]
    edges = [0, *(edge for space in spaces for edge in space.span()), len(text)]
    words = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    long = 0  # the chain up to and with this word
    for i, word in enumerate(words):
        if word in _SIGNS and 0 < i < len(words) - 1 and words[i + 1] not in _SIGNS and words[i - 1] not in _SIGNS:
            long = long or len(_BREAKS.split(words[i - 1])[-1])
            after = 3 + len(_BREAKS.split(words[i + 1])[0])
            if long + after <= LONGEST and all(len(space.group()) == 1 for space in spaces[i - 1 : i + 1]):
                yield from (spaces[i - 1].start(), spaces[i].start())
                # A line may end within the operand, or the chain goes on.
                long = len(_BREAKS.split(words[i + 1])[-1]) if _BREAKS.search(words[i + 1]) else long + after
                continue
            long = 0
        elif i and words[i - 1] not in _SIGNS:
            long = 0


def _is_running_text(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.TextElement)
        and not isinstance(node, (nodes.title, nodes.Inline, *_CODE))
        and "signature" not in node["classes"]
        and any(isinstance(child, (nodes.Text, nodes.Inline)) for child in node)
    )


def _tie_signs(block: nodes.TextElement) -> None:
    """Signs may stand in one node and their operands in another: the block is read as one text."""
    pieces = list(_pieces(block))
    joined, start = no_break("".join(read for *_, read in pieces)), 0
    for parent, at, read in pieces:
        tied = joined[start : start + len(read)]
        start += len(read)
        if tied != read:
            parent[at] = nodes.Text(tied)


def _tie_particles(block: nodes.TextElement) -> None:
    """A particle stays with the citation, the quotation or the parenthesis that it belongs to."""
    before = ""
    for parent, at, _ in list(_pieces(block)):
        if isinstance(parent[at], nodes.Text):
            tied = _PARTICLE.sub(_WORD_JOINER, before + parent[at])
            parent[at] = nodes.Text(tied[len(before) :])
        before = "" if isinstance(parent[at], _CODE) else parent[at].astext()[-1:]  # beside a formula: `_tie_marks`


def _pieces(parent: nodes.Element) -> Iterator[tuple[nodes.Element, int, str]]:
    """Where each piece of text stands, and how it is read: code is one long word, a formula as long as it looks."""
    for at, child in enumerate(parent):
        if isinstance(child, nodes.Text):
            yield parent, at, str(child)
        elif isinstance(child, _CODE):
            text = child.astext()
            yield parent, at, "x" * (_length(text) if isinstance(child, nodes.math) else len(text))
        else:
            yield from _pieces(child)


def _length(tex: str) -> int:
    """About how many characters a formula shows.

    >>> _length(r"\\lambda_1 = \\frac{1}{2}")
    6
    """
    return len(re.sub(r"[{}^_\s\\]", "", re.sub(r"\\[,;:!]|\\([A-Za-z]+)", lambda m: "x" if m[1] else "", tex)))


def _is_formula(node: nodes.Node) -> bool:
    """A formula, also if it is emphasised or a link; no browser ends a line within one."""
    while isinstance(node, nodes.Inline) and not isinstance(node, nodes.math) and len(node) == 1:
        node = node[0]
    return isinstance(node, nodes.math)


def _tie_marks(block: nodes.TextElement) -> None:
    """Each formula in a span that does not wrap, together with the marks that touch it."""
    kept: list[nodes.Node] = []
    rest = list(block.children)
    while rest:
        node = rest.pop(0)
        if not _is_formula(node):
            kept.append(node)
            continue
        before, after = (kept[-1] if kept else None), (rest[0] if rest else None)
        opening = _OPENING.search(before) if isinstance(before, nodes.Text) else None
        closing = _CLOSING.match(after) if isinstance(after, nodes.Text) else None
        left, right = opening.group() if opening else "", closing.group() if closing else ""
        if left:
            kept[-1] = nodes.Text(before[: -len(left)])
        if right:
            rest[0] = nodes.Text(after[len(right) :])
        if left or right:
            around = [nodes.Text(left), node, nodes.Text(right)]
            if kept and isinstance(kept[-1], nodes.Text) and _BREAKS.fullmatch(kept[-1][-1:]):
                kept.append(nodes.raw("", "<wbr>", format="html"))  # Firefox would end the line before the last mark
            node = nodes.inline("", "", *(one for one in around if one is node or one), classes=["unbroken"])
        kept.append(node)
    if kept != block.children:
        block.children = []
        block.extend(kept)


def _tie_fractions(block: nodes.TextElement) -> None:
    """Each a/b of the text in a span that does not wrap, unless it is too long for a narrow line."""
    for text in [child for child in block.children if isinstance(child, nodes.Text)]:
        pieces, end = [], 0
        for fraction in _FRACTION.finditer(text):
            if len(fraction.group()) <= LONGEST:
                span = nodes.inline("", fraction.group(), classes=["unbroken"])
                pieces += [nodes.Text(text[end : fraction.start()]), span]
                end = fraction.end()
        if pieces and "unbroken" not in block["classes"]:
            block.replace(text, [one for one in (*pieces, nodes.Text(text[end:])) if str(one)])

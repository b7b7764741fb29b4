"""The role {state}: a link that sets a figure of the page: {state}`text <2&lr=2.1&settings={"beta":0.9}>`.

The figure's number, counted from 1 on each page, then what differs from the state that its author gave it. A figure of
another page has the page's name before its number, `overshooting:2&lr=2.1`, and `slides/overshooting:2&lr=2.1` sets it on
the slides of that page; both open in a tab of their own. The build refuses what the figure would refuse, and a question about a figure that stands after
another one.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from lrlib.ask import fingerprint
from lrlib.settings import nearest
from lrlib.state import changed

logger = logging.getLogger(__name__)

#: What a link can set; the same as HANDS of `lrlib/figure/state.js`.
KEYS = (
    "optimizers", "optimizer", "lr", "rates", "start", "steps", "settings", "schedule", "noise", "seed", "dtype", "clip",
    "resume", "lost", "ramp", "smoothing",
    "cursor", "model",
)  # fmt: skip

_ELEMENT = re.compile(r'<(lr-lab|lr-ask) data-settings="([^"]*)"')


class Target(NamedTuple):
    """A state as it is written: where its figure stands, the figure's number, and what is to be changed on it."""

    page: str  # "" is the page of the link
    on_slides: bool
    number: int
    changes: dict[str, Any]


def read_target(target: str) -> Target:
    """The parts of a target; ValueError says what is wrong.

    >>> read_target('2&lr=2.1&settings={"beta":0.9}')
    Target(page='', on_slides=False, number=2, changes={'lr': 2.1, 'settings': {'beta': 0.9}})
    >>> read_target("slides/overshooting:3")
    Target(page='overshooting', on_slides=True, number=3, changes={})
    """
    figure, *given = target.split("&")
    place = re.fullmatch(r"(?:(slides/)?([\w-]+):)?([1-9][0-9]*)", figure)
    if not place:
        raise ValueError(
            "a state begins with the number of a figure, such as 2&lr=0.1, or with page and number, such as "
            f"overshooting:2&lr=0.1, not with {figure!r}"
        )
    changes = {}
    for part in given:
        name, equals, text = part.partition("=")
        if name not in KEYS:
            raise ValueError(f"a state cannot set {name!r}: {nearest(name, KEYS)}")
        if name in changes:
            raise ValueError(f"this state sets {name} twice")
        try:
            changes[name] = json.loads(text, parse_constant=_refuse_constant)
        except ValueError:
            raise ValueError(f"{name}={text} is not JSON" if equals else f"{name} has no value") from None
    return Target(place[2] or "", bool(place[1]), int(place[3]), changes)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # Python's JSON knows NaN and Infinity, a browser's does not


def link(number: int, author: dict[str, Any], changes: dict[str, Any]) -> str:
    """The address of a state of a figure; ValueError or TypeError says why the figure cannot take it."""
    given = dict(changes)
    if "settings" in given and isinstance(given["settings"], dict):
        given["settings"] = author["settings"] | given["settings"]
    state = changed(author, given)
    parts = [f"figure={number}"]
    for name in KEYS:
        if state[name] != author[name] and not (name == "steps" and author["recording"]):  # the model has them
            value = state[name]
            if name == "settings":
                value = {key: one for key, one in value.items() if author["settings"].get(key) != one}
            parts.append(f"{name}={quote(json.dumps(value, separators=(',', ':')), safe='[],')}")
    return "#" + "&".join(parts)


class State(SphinxRole):
    """A link whose address is known once the figures of the page are."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The link, without an address as yet."""
        named = re.fullmatch(r"(.+?)\s*<([^<>]+)>", self.text, re.DOTALL)
        text, target = named.groups() if named else (self.text, "")
        node = nodes.reference(self.rawtext, text, internal=True, refuri="", classes=["state"], state=target)
        self.set_source_info(node)
        return [node], []


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give every link its address, now that the figures of the page are there; check the questions about them."""
    figures: list[dict[str, Any]] = []
    for raw, element, known in _elements(doctree):
        if element == "lr-lab":
            figures.append(known)
        elif "figure" in known and (not figures or fingerprint(figures[-1]) != known["figure"]):
            _refuse("a question is about the nearest figure before it, and that is not the one it was given", raw)
    elsewhere = {"": figures}
    for node in list(doctree.findall(nodes.reference)):
        if "state" not in node:
            continue
        target = node.attributes.pop("state")
        try:
            page, on_slides, number, changes = read_target(target)
            if page not in elsewhere:
                elsewhere[page] = _figures_of(app, page)
            known = elsewhere[page]
            if number > len(known):
                raise ValueError(f"{page or 'this page'} has no figure {number}, only {len(known)}")
            node["refuri"] = _address(app, page, on_slides) + link(number, known[number - 1], changes)
            if page:  # a tab of its own: the reader's place, and what is set on this page, stay
                node["target"], node["rel"] = "_blank", "noopener"
        except (TypeError, ValueError) as error:
            _refuse(f"{{state}}`{target}`: {error}", node)


def _elements(doctree: nodes.document) -> Iterator[tuple[nodes.raw, str, dict[str, Any]]]:
    """Figures and questions of a page, in their order: where they stand, their element, their state."""
    for raw in doctree.findall(nodes.raw):
        for element, settings in _ELEMENT.findall(raw.astext()):
            yield raw, element, json.loads(html.unescape(settings))


def _figures_of(app: Sphinx, page: str) -> list[dict[str, Any]]:
    """The authors' states of the figures of another page."""
    if page not in app.env.found_docs:
        raise ValueError(f"there is no page {page!r}: {nearest(page, sorted(app.env.found_docs))}")
    return [known for _, element, known in _elements(app.env.get_doctree(page)) if element == "lr-lab"]


def _address(app: Sphinx, page: str, on_slides: bool) -> str:
    """How any page names another, or its slides; nothing for itself. All pages lie in the root of their edition."""
    return f"{'slides/' if on_slides else ''}{app.builder.get_target_uri(page)}" if page else ""


def _refuse(wrong: str, node: nodes.Node) -> None:
    logger.warning(wrong, location=node, type="lrbook", subtype="state")


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.add_role("state", State())
    app.connect("doctree-resolved", resolve)

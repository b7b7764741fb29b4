"""Folded boxes and folded code become native <details>: they open without a script, by keyboard, by find-in-page."""

from docutils import nodes
from myst_nb.sphinx_ext import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.writers.html5 import HTML5Translator


class fold(nodes.Element):
    """A box that is folded away at first."""


class fold_title(nodes.TextElement):
    """The line that opens it."""


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.add_node(fold, html=(_open_fold, _close_fold))
    app.add_node(fold_title, html=(_open_title, _close_title))
    app.connect("doctree-resolved", fold_boxes)


def fold_boxes(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fold every box of class `dropdown`, and the code that myst-nb hides."""
    if app.builder.format != "html":
        return
    for box in list(doctree.findall(nodes.Admonition)):
        if "dropdown" in box["classes"] and isinstance(box[0], nodes.title):
            for link in list(box[0].findall(nodes.reference)):  # what opens a box cannot lead elsewhere too
                link.replace_self(link.children)
            title = fold_title("", "", *box[0].children, classes=["admonition-title"])
            box.replace_self(fold("", title, *box[1:], ids=box["ids"], classes=["admonition", *box["classes"]]))
    for code in list(doctree.findall(HideCodeCellNode)):
        title = fold_title("", _("Code") if "above-input" in code["classes"] else _("Output"))
        code.replace_self(fold("", title, *code.children, classes=["code-fold"]))


def _open_fold(writer: HTML5Translator, node: fold) -> None:
    writer.body.append(writer.starttag(node, "details"))


def _close_fold(writer: HTML5Translator, node: fold) -> None:
    writer.body.append("</details>\n")


def _open_title(writer: HTML5Translator, node: fold_title) -> None:
    writer.body.append(writer.starttag(node, "summary", ""))


def _close_title(writer: HTML5Translator, node: fold_title) -> None:
    writer.body.append("</summary>\n")

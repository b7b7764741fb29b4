"""What myst-nb makes of code cells, mended: a failure names its line, a figure is there once."""

import re

from docutils import nodes
from myst_nb.sphinx_ext import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.connect("doctree-read", report)
    app.connect("doctree-read", drop_widgets)


def report(app: Sphinx, doctree: nodes.document) -> None:
    """myst-nb says only in which file execution failed; say where and why."""
    for cell in doctree.findall(is_cell):
        for output in cell.findall(nodes.literal_block):
            if "traceback" in output["classes"] and "tag_raises-exception" not in cell["classes"]:
                last = _COLOURS.sub("", output.astext()).strip().splitlines()[-1]
                logger.warning("this code cell raises %s", last, location=cell, type="lrbook", subtype="cell")


def drop_widgets(app: Sphinx, doctree: nodes.document) -> None:
    """Pages show the figure as an element of their own and need neither Jupyter's state of it nor its scripts."""
    NbMetadataCollector.get_js_files(app.env, app.env.docname).clear()


def is_cell(node: nodes.Node) -> bool:
    """Whether this is what myst-nb makes of a code cell."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"

"""The Sphinx extension of the book: everything an edition needs beyond the theme.

Each feature has a module of its own; this one joins them. Configuration: `editions` of _config.yml.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from rcssmin import cssmin
from rjsmin import jsmin
from sphinx.application import Sphinx

import bigrams
import cells
import citations
import colophon
import editions
import folds
import formulas
import glossary
import reference
import states
import translations
import unbroken
from lrlib import page

SITE = Path(__file__).resolve().parent


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_config_value("editions", {}, "html", dict)
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it for an extension that is not here
    for part in (
        translations,
        bigrams,
        cells,
        citations,
        editions,
        colophon,
        folds,
        formulas,
        glossary,
        reference,
        states,
        unbroken,
    ):
        part.setup(app)
    app.connect("config-inited", add_paths)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", mend_roles)
    for name in ("lab.css", "site.css"):
        app.add_css_file(name, priority=900)  # after the theme's
    for name in ("lab.js", "site.js"):
        app.add_js_file(name, loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_paths(app: Sphinx, config: Any) -> None:
    """Our templates before the theme's; our static files, the vendored ones, the figure's."""
    figure = Path(app.doctreedir).parent / "figure"
    figure.mkdir(exist_ok=True)
    script, style = jsmin(page.script(editions.code(app)), keep_bang_comments=True), cssmin(page.style())
    (figure / "lab.js").write_text(script, encoding="utf-8")
    (figure / "lab.css").write_text(style, encoding="utf-8")
    config.templates_path.insert(0, str(SITE / "templates"))
    config.html_static_path += [str(SITE / "assets"), str(SITE / "vendor"), str(figure)]


def describe(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """What search engines show: the first paragraph, or what the edition says of itself."""
    first = next(doctree.findall(is_prose), None) if doctree else None
    text = " ".join(first.astext().split()) if first else app.config.editions[editions.code(app)]["description"]
    context["description"] = text if len(text) <= 160 else text[:159].rstrip() + "…"


def drop_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """sphinx-exercise gives the contents of all exercises of a page one and the same id."""
    for section in doctree.findall(nodes.section):
        section["ids"] = [name for name in section["ids"] if name not in ("exercise-content", "solution-content")]


def mend_roles(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """docutils writes bibliographies as lists without list items, in a role that ARIA has withdrawn."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def is_prose(node: nodes.Node) -> bool:
    """A paragraph of the text itself, not of a box or a list."""
    return isinstance(node, nodes.paragraph) and isinstance(node.parent, nodes.section)

"""Formulas as MathML, typeset while the book is built: they are there without a script, at once, and for screen readers.

The typesetter is Temml, a script, which runs in the V8 of `mini-racer`. It refuses what is no TeX, and then so does the
build.
"""

import atexit
import json
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

TEMML = Path(__file__).resolve().parent / "temml" / "temml.min.js"

#: TeX has a thin space before the name of a function; Temml forgets it behind these.
_BEFORE_A_NAME = re.compile(
    "(</(?:msup|msub|msubsup|mfrac|msqrt)>|</mo></mrow>)(?=<mrow><mi>[a-z]{2,}</mi><mo>\u2061</mo>)"
)

#: A star that is an index stands close; WebKit would give it the room of a product.
_STAR = '<mo form="prefix" stretchy="false">\u2217</mo>'


def setup(app: Sphinx) -> None:
    """Called by lrbook; `html_math_renderer` of _config.yml chooses what is added here."""
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))


@cache
def typeset(tex: str, block: bool = False) -> str:
    """A formula as MathML; ValueError says what is wrong with it.

    >>> typeset("a^2")
    '<math><msup><mi>a</mi><mn>2</mn></msup></math>'
    """
    # As TeX has it, a sign that begins a cell of an alignment stands between two terms.
    tex = re.sub(r"&\s*(?=[+-])", "&{}", tex)
    options = {"displayMode": block, "throwOnError": True, "strict": True}
    try:
        mathml = _typesetter().eval(f"temml.renderToString({json.dumps(tex)}, {json.dumps(options)})")
    except JSEvalException as error:
        raise ValueError(str(error).partition("\n")[0].rpartition("ParseError:")[2].strip()) from None
    mathml = mathml.replace(_STAR, _STAR.replace(">", ' lspace="0em" rspace="0em">', 1))
    return _BEFORE_A_NAME.sub(r'\1<mspace width="0.1667em"></mspace>', mathml)


@cache
def _typesetter() -> MiniRacer:
    engine = MiniRacer()
    atexit.register(engine.close)  # left to the end of the process, its thread may never end
    engine.eval(TEMML.read_text(encoding="utf-8"))
    return engine


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    translator.body.append(f"{_typeset(node)}</span>")
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on lines of its own, with its number; the formula alone scrolls where it is too wide."""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append(f'<div class="equation">{_typeset(node, block=True)}</div></div>\n')
    raise nodes.SkipNode


def _typeset(node: nodes.math | nodes.math_block, block: bool = False) -> str:
    try:
        return typeset(node.astext().strip(), block)
    except ValueError as error:
        logger.warning("%s", error, location=node)
        return ""

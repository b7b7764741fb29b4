"""From the parts to what a page or Jupyter loads: one script, one style sheet, one element."""

import html
import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from lrlib import translate, words


def _text(name: str) -> str:
    return files("lrlib").joinpath(name).read_text(encoding="utf-8")


#: The parts of the figure, in the order in which a reader would meet them.
PARTS = (
    "state",
    "run",
    "panel",
    "landscape",
    "curves",
    "gauge",
    "controls",
    "transport",
    "race",
    "sensitivity",
    "microscope",
    "taylor",
    "map",
    "range",
    "predict",
    "recording",
    "scatter",
    "share",
    "lab",
)

STYLES = ("lab", "race", "microscope", "taylor", "range", "predict", "share", "scatter", "ask")


@cache
def _shared(languages: tuple[str, ...]) -> str:
    locales = {language: words.strings(language) for language in languages}
    return f"const locales = {json.dumps(locales, ensure_ascii=False)};\n{_text('figure/common.js')}"


@cache
def _lab() -> str:
    mathematics = f"/*! D3: Mike Bostock, ISC licence */\nconst mathematicsIn = {translate.mathematics()};"
    return "\n".join((_text("vendor/d3.min.js"), mathematics, *(_text(f"figure/{part}.js") for part in PARTS)))


@cache
def script(*languages: str) -> str:
    """The script of a built page: defines `<lr-lab>` and `<lr-ask>`; runs from http and from disk.

    Arguments
        languages: those that the page's figures may speak; all of them by default.
    """
    body = "\n".join((_shared(languages or words.LANGUAGES), _lab(), _text("figure/ask.js")))
    define = 'defineElement("lr-lab", renderLab, isMeantByLink);\ndefineElement("lr-ask", renderAsk);'
    return f'(() => {{\n"use strict";\n{body}\n{define}\n}})();\n'


@cache
def widget_script(kind: str) -> str:
    """The same as a module for Jupyter: kind is "lab" or "ask"."""
    part, name = {"lab": (_lab(), "renderLab"), "ask": (_text("figure/ask.js"), "renderAsk")}[kind]
    return f"{_shared(words.LANGUAGES)}\n{part}\nexport default {{ render: {name} }};\n"


@cache
def style() -> str:
    """The style sheet of figures and questions."""
    return "\n".join(_text(f"figure/{name}.css") for name in STYLES)


def paragraphs(lines: Iterable[str]) -> str:
    """Lines as HTML.

    >>> paragraphs(["η < 2/λ"])
    '<p>η &lt; 2/λ</p>'
    """
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def element(tag: str, settings: dict[str, Any], without_script: str) -> str:
    """The HTML of a figure or a question: its settings, and what stands there without a script.

    >>> element("lr-ask", {"answer": 2}, "?")
    '<lr-ask data-settings="{&quot;answer&quot;: 2}">?</lr-ask>'
    """
    return f'<{tag} data-settings="{html.escape(json.dumps(settings, ensure_ascii=False))}">{without_script}</{tag}>'

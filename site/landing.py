"""The pages that lead to the book: the landing page, each edition's index, the one for what does not exist."""

import html
import json
import shutil
from pathlib import Path
from string import Template
from urllib.parse import quote

from editions import TAGS

HERE = Path(__file__).resolve().parent


def write(site: Path, languages: dict[str, dict[str, str]], first: str) -> None:
    """Write `index.html` and `404.html` into `site`, and an index into every edition that leads to page `first`."""
    values = {
        "style": (HERE / "landing" / "landing.css").read_text(encoding="utf-8"),
        "cards": "\n".join(card(language, edition, first) for language, edition in languages.items()),
        "alternates": "\n".join(
            f'<link rel="alternate" hreflang="{TAGS.get(language, language)}" href="{language}/{first}.html">'
            for language in languages
        ),
        "languages": json.dumps(list(languages)),
        "icon": "data:image/svg+xml," + quote((HERE / "assets" / "favicon.svg").read_text(encoding="utf-8")),
        "first": first,
    }
    for name in ("index.html", "404.html"):
        fill(name, site / name, values)
    for language, edition in languages.items():
        escaped = {name: html.escape(text) for name, text in edition.items()}
        fill("edition.html", site / language / "index.html", values | escaped | {"tag": TAGS.get(language, language)})
    shutil.copy(HERE / "assets" / "favicon.svg", site)


def card(language: str, edition: dict[str, str], first: str) -> str:
    """One door of the landing page."""
    tag = TAGS.get(language, language)
    title, description, name = (html.escape(edition[key]) for key in ("title", "description", "name"))
    return (
        f'<li><a href="{language}/{first}.html" lang="{tag}" hreflang="{tag}" data-language="{language}">'
        f"<strong>{title}</strong><span>{description}</span><em>{name}</em></a></li>"
    )


def fill(template: str, target: Path, values: dict[str, str]) -> None:
    """Write a template of `landing/` with its `$names` filled in; a name that is missing is an error."""
    text = (HERE / "landing" / template).read_text(encoding="utf-8")
    target.write_text(Template(text).substitute(values), encoding="utf-8", newline="\n")

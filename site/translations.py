"""Interface strings in the edition's language: what Sphinx and its theme leave in English.

site/locale/<language>/LC_MESSAGES/<domain>.po; compiled here, so that no .mo lies about.
"""

from collections.abc import Callable
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx.application import Sphinx

from editions import SPHINX_NAMES

LOCALE = Path(__file__).resolve().parent / "locale"


def setup(app: Sphinx) -> None:
    """Called by lrbook, before the theme, so that our wording comes first."""
    compiled = Path(app.doctreedir).parent / "locale"
    for source in sorted((LOCALE / app.config.language).glob("LC_MESSAGES/*.po")):
        target = compiled / source.relative_to(LOCALE).with_suffix(".mo")
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as text, target.open("wb") as binary:
            write_mo(binary, read_po(text, locale=app.config.language))
        app.add_message_catalog(source.stem, str(compiled))


def phrases(language: str) -> Callable[[str], str]:
    """The same strings outside of Sphinx: a function from English to the edition's language."""
    folder = LOCALE / SPHINX_NAMES.get(language, language) / "LC_MESSAGES"
    known = {}
    for source in sorted(folder.glob("*.po")):
        with source.open("rb") as text:
            known |= {message.id: message.string for message in read_po(text) if message.id and message.string}
    return lambda phrase: known.get(phrase, phrase)

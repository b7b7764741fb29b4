"""Each page knows its sisters in the other languages: the switcher and hreflang."""

from typing import Any

from sphinx.application import Sphinx

#: How Sphinx names a language, where it differs from the name of our folder.
SPHINX_NAMES = {"zh": "zh_CN"}
#: What `lang` and `hreflang` say, where it differs.
TAGS = {"zh": "zh-Hans"}


def code(app: Sphinx) -> str:
    """The folder of the edition being built: en, de, zh or ko."""
    return app.config.language.split("_")[0]


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.connect("html-page-context", add_sisters)


def add_sisters(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give the templates the same page in every edition."""
    current = code(app)
    above = context["content_root"].removeprefix("./") + "../"
    context["language"] = TAGS.get(current, current)
    context["landing"] = f"{above}index.html"
    context["editions"] = [
        {
            "code": language,
            "tag": TAGS.get(language, language),
            "name": edition["name"],
            "short": edition["short"],
            "url": f"{above}{language}/{pagename}.html",
            "current": language == current,
        }
        for language, edition in app.config.editions.items()
    ]

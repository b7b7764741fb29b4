"""What stands below a page: made here for a small book in two languages, with a site's address and a hub's."""

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import jinja2
import pytest
import yaml
from playwright.sync_api import expect

import colophon
from structure import fingerprint

ROOT = Path(__file__).parent.parent.parent
SOURCE = colophon.Source(
    "de", "adam", "A & B", "50 % {von} allem?", "Raten", "Deutsch", "0.1.0", "2026-02-03", "https://x.org/de/adam.html"
)

CHAPTER = """\
---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{name: python3, display_name: Python 3}}
english: {english}
---

(steep)=
# {title}

(steep-question)=
## Q

```{{code-cell}}
2 + 2
```
"""


def test_a_page_is_cited_without_a_word_that_would_have_to_be_translated():
    cited = "A & B. 50 % {von} allem? Raten, Deutsch, 0.1.0, 3. Februar 2026. https://x.org/de/adam.html"
    assert colophon.cited(SOURCE) == cited
    assert colophon.cited(SOURCE._replace(day="", address="", title="Warum")) == "A & B. Warum. Raten, Deutsch, 0.1.0."


def test_bibtex_takes_every_sign():
    entry = colophon.bibtex(SOURCE)
    assert r"title     = {{50 \% \{von\} allem?}}," in entry and r"author    = {{A \& B}}," in entry
    assert (
        "year      = {2026}," in entry
        and "langid    = {ngerman}," in entry
        and "url       = {https://x.org/de/adam.html}," in entry
    )
    unknown = colophon.bibtex(SOURCE._replace(day="", address=""))
    assert "year" not in unknown and "url" not in unknown and "note      = {Version 0.1.0}," in unknown
    from pybtex.database import parse_string

    (parsed,) = parse_string(entry, "bibtex").entries.values()
    assert (
        parsed.type == "incollection" and parsed.fields["booktitle"] == "Raten" and len(parsed.persons["author"]) == 1
    )


@pytest.mark.parametrize(("language", "written"), [("en", "3 February 2026"), ("de", "3. Februar 2026"), ("zh", "2026年2月3日"), ("ko", "2026년 2월 3일")])  # fmt: skip
def test_days_are_written_as_in_the_language(language, written):
    assert colophon.written_day("2026-02-03", language) == written


def test_a_translation_is_in_step_while_the_english_text_is_what_it_was_made_from(tmp_path):
    for language in ("en", "de"):
        (tmp_path / language).mkdir()
    english, german = tmp_path / "en" / "a.md", tmp_path / "de" / "a.md"
    english.write_text("# A\n")
    german.write_text(f"---\nkernelspec:\n  name: python3\nenglish: {fingerprint(english.read_text())}\n---\n# A\n")
    assert colophon.in_step(english) is None and colophon.in_step(german) is True
    english.write_text("# B\n")
    assert colophon.in_step(german) is False
    german.write_text("# A\n")
    assert colophon.in_step(german) is False
    english.unlink()
    assert colophon.in_step(german) is None


def test_an_address_that_is_none_is_refused():
    assert colophon.launch.address_of({"address": "https://example.org/rates/"}) == "https://example.org/rates"
    assert colophon.launch.address_of({"address": None}) == colophon.launch.address_of({}) == ""
    with pytest.raises(ValueError, match="such as https://example.org/rates, not 'example.org'"):
        colophon.launch.address_of({"address": "example.org"})


def rendered(**facts) -> str:
    """The template with these facts, in English."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT / "site" / "templates"))
    standing = {"notebook": "", "package": "", "elsewhere": [], "cited": "", "bibtex": "", "day": "", "written_day": "", "in_step": None, "english": "e"}  # fmt: skip
    deck = facts.pop("deck", "")
    template = environment.get_template("colophon.html")
    return template.render(colophon=standing | facts, deck=deck, landing="../index.html", _=lambda text: text)


def test_what_is_not_known_is_not_mentioned():
    bare = rendered()
    assert "<nav" not in bare and "<time" not in bare and "<a " not in bare
    assert "The other languages are made from this text" in bare
    assert "<nav" in rendered(deck="slides/a.html")
    whole = rendered(notebook="n.ipynb", package="p.whl", day="2026-02-03", written_day="3 February 2026", in_step=True)
    assert '<a href="n.ipynb" download>' in whole and '<a href="../p.whl" download>' in whole
    assert '<time datetime="2026-02-03">3 February 2026</time>' in whole and "In step with the English text" in whole
    assert "made from this text" not in whole


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The German page of a chapter that has fallen behind, in a book with an address and hubs to run it on."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "site", root / "site", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["config"]["address"] = "https://example.org/rates/"
    config["sphinx"]["config"]["launch"] = {
        "repository": "https://github.com/rates/book", "branch": "notebooks", "binder": "https://mybinder.org",
        "jupyterhub": "https://hub.example.org", "colab": True,
    }  # fmt: skip
    (root / "_config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    (root / "_toc.yml").write_text("format: jb-book\nroot: steep\n")
    (root / "book").mkdir()
    (root / "book" / "references.bib").write_text("")
    (root / "book" / "terms.yml").write_text("[]\n")
    for language, title in (("en", "Why so steep?"), ("de", "Warum so steil?")):
        (root / "book" / language).mkdir()
        (root / "book" / language / "steep.md").write_text(CHAPTER.format(title=title, english="0" * 16))
    done = subprocess.run(
        [sys.executable, root / "site" / "edition.py", "de"],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    html = root / "_build" / "de" / "html"
    assert (html / "notebooks" / "steep.ipynb").is_file()
    return html / "steep.html"


@pytest.fixture(scope="module")
def built(page: Path) -> str:
    """What stands below the text of that page."""
    return re.search(r'<div class="colophon">.*?<p class="licence">', page.read_text("utf-8"), re.DOTALL)[0]


def test_the_page_links_to_its_notebook_its_slides_and_the_hubs(built):
    links = {name: unescape(url) for url, name in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', built)}
    path = "lab%2Ftree%2Fde%2Fsteep.ipynb"
    assert links["Notebook"] == "notebooks/steep.ipynb" and links["Folien"] == "slides/steep.html"
    assert links["das Paket lrlib dazu"] == "../lrlib-0.1.0-py3-none-any.whl"
    assert links["Binder"] == f"https://mybinder.org/v2/gh/rates/book/notebooks?urlpath={path}"
    assert links["JupyterHub"].startswith(
        "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com"
    )
    assert links["Colab"] == "https://colab.research.google.com/github/rates/book/blob/notebooks/de/steep.ipynb"


def test_the_page_says_how_to_cite_it_and_that_it_has_fallen_behind(built):
    cited = (
        "The learning-rates authors. Warum so steil? Lernraten, Deutsch, 0.1.0. https://example.org/rates/de/steep.html"
    )
    assert f'<pre class="cited">{cited}</pre>' in built and "@incollection{learning-rates-de-steep," in built
    assert "Der englische Text ist neuer als diese Übersetzung" in built
    assert re.search(r'<a href="../en/steep.html" lang="en" hreflang="en">', built)
    assert "<time" not in built  # no repository, no day


def test_on_paper_the_page_keeps_its_citation_and_its_licence(page, browser):
    opened = browser.new_page()
    opened.goto(page.as_uri())
    expect(opened.locator("pre.cited")).to_be_hidden()
    opened.locator(".citing > summary").press("Enter")
    expect(opened.locator("pre.cited")).to_be_visible()
    opened.locator(".citing > summary").press("Enter")
    opened.emulate_media(media="print")
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    for part in ("pre.cited", ".changed", ".licence"):
        expect(opened.locator(part)).to_be_visible()
    for part in (".ways", ".citing pre:not(.cited)", ".citing summary"):
        expect(opened.locator(part)).to_be_hidden()
    opened.close()


def test_the_citation_file_says_what_the_book_says_of_itself():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    editions = config["sphinx"]["config"]["editions"]
    assert {"cff-version", "message", "title", "authors"} <= set(cff) and cff["cff-version"] == "1.2.0"
    for part in (cff, cff["preferred-citation"]):
        assert part["title"] == editions["en"]["title"] and part["authors"] == [{"name": config["author"]}]
        assert part["version"] == colophon.version()
    assert cff["preferred-citation"]["languages"] == list(editions)

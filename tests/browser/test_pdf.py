"""An edition on paper: a small book, printed by a real browser. The whole one is printed by `make pdf`."""

import os
import re
import shutil
import sys
from pathlib import Path

import matplotlib
import pytest
from playwright.sync_api import Browser

import formulas
import paper
import pdf
from chromium import QUIET, find_browser
from translations import phrases

SITE = Path(pdf.__file__).parent
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

HEAD = """<!doctype html><html><head>
<link rel="stylesheet" href="_static/site.css">
<script defer src="_static/lab.js"></script>
</head><body><nav>not on paper</nav><article class="bd-article"><section id="why">"""

STEEP = f"""{HEAD}<span id="steep"></span><h1>Why so steep?<a class="headerlink" href="#why">#</a></h1>
<section id="first"><span id="steep-predict"></span><h2>Predict</h2>
<div class="cell"><details class="code-fold"><summary>Code</summary><pre>lab("hidden code")</pre></details>
<lr-lab data-settings='{{"lr": 0.5}}'><img alt="A path that glides." src="{PIXEL}"></lr-lab></div>
<p>Set <a class="state" href="#figure=1&amp;lr=2">twice the rate</a>.</p>
<details class="sd-dropdown"><summary><span>What happens</span></summary><div><p>It explodes, of course.</p></div></details>
</section>
<section id="second"><h2>Why</h2>
<details class="sd-dropdown"><summary>More <b>mathematics</b></summary><p>Open to all.</p></details>
<div class="math"><div class="equation">{formulas.typeset("+".join(f"x_{{{i}}}" for i in range(60)), block=True)}</div></div>
<pre>{"a_long_name = " * 30}</pre>
<table><tr>{"".join(f"<td>column{i}</td>" for i in range(24))}</tr></table>
<p>See <a href="flat.html#flat">the flat one</a>, <a href="flat.html">all</a> and <a href="../index.html">outside</a>.</p>
<div class="reference-entry"><div class="equations">{2 * f'<div class="math"><div class="equation">{formulas.typeset("x", block=True)}</div></div>'}</div></div>
<div class="exercise" id="ex"><p>How steep?</p></div>
<lr-ask data-settings='{{"answer": 2}}'><p>Your answer: ____</p></lr-ask>
<details class="admonition solution dropdown" id="sol"><summary>Solution to Exercise 1</summary><p>As steep as two.</p></details>
<details class="sd-dropdown" id="steep-teacher"><summary>For the teacher</summary><p>Ask first.</p></details>
</section></section></article></body></html>"""

#: In Chinese and Korean a label is the section's own name.
FLAT = f"""{HEAD}<span id="flat"></span><h1>And so flat?</h1><p>Back to <a href="steep.html#ex">the exercise</a>.</p>
<section id="flat-predict"><h2>Predict</h2>
<details class="sd-dropdown"><summary>What happens</summary><p>Nothing, of course.</p></details></section>
<section id="third"><h2>Why</h2>
<details class="sd-dropdown"><summary>More mathematics</summary><p>Open in its place.</p></details>
<div class="cell"><lr-ask data-settings='{{"goal": [null, 1]}}'><p>Loss at the end ≤ 1</p></lr-ask></div>
<details class="sd-dropdown"><summary>One way there</summary><p>Half the rate.</p></details></section>
</section></article></body></html>"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> paper.Edition:
    """The built pages of a book of two chapters."""
    pages = tmp_path_factory.mktemp("edition") / "html"
    pages.mkdir()
    (pages / "_static").mkdir()
    shutil.copy(SITE / "assets" / "site.css", pages / "_static")
    shutil.copytree(SITE / "vendor" / "formulas", pages / "_static" / "formulas")
    (pages / "steep.html").write_text(STEEP, encoding="utf-8")
    (pages / "flat.html").write_text(FLAT, encoding="utf-8")
    return paper.Edition(
        pages, ["steep", "flat"], "en", "Rates", ["A book."], phrases("en"), "https://example.org/rates/en"
    )


@pytest.fixture(scope="module")
def book(browser: Browser, printed: paper.Edition) -> bytes:
    """The printed book."""
    target = printed.pages.parent / "rates.pdf"
    assert pdf.print_edition(browser, printed, target) >= 6
    return target.read_bytes()


def objects(book: bytes) -> list[bytes]:
    return re.findall(rb"^\d+ 0 obj\s(.*?)^endobj", book, re.DOTALL | re.MULTILINE)


# ---------------------------------------------------------------- one document of many pages


def test_nothing_is_given_away_before_the_answers(printed):
    text = paper.document(printed)
    answers = text.index('id="answers"')
    for spoiler in ("It explodes, of course.", "As steep as two.", "Nothing, of course.", "Half the rate."):
        assert text.count(spoiler) == 1 and text.index(spoiler) > answers
    assert text.index("Ask first.") > text.index('id="notes"') > answers
    assert text.index("Open to all.") < answers and text.index("Open in its place.") < answers
    for title, target in (("What happens", "steep--answer-1"), ("Solution to Exercise 1", "steep--sol")):
        assert f'<a href="#{target}">{title}: page <span class="page-number" data-of="{target}">' in text


def test_figures_are_stills_with_the_address_where_they_live(printed):
    text = paper.document(printed)
    assert "lr-lab" not in text and "data-settings" not in text and "hidden code" not in text and "lab.js" not in text
    assert 'alt="A path that glides."' in text
    assert (
        '<a href="https://example.org/rates/en/steep.html#figure=1">example.org/rates/en/steep.html#figure=1</a>'
        in text
    )
    assert 'href="https://example.org/rates/en/steep.html#figure=1&amp;lr=2">twice the rate</a>' in text


def test_without_an_address_no_link_leads_out_of_the_book(printed):
    text = paper.document(paper.Edition(**{**vars(printed), "address": ""}))
    assert "example.org" not in text and "index.html" not in text
    assert "Set twice the rate." in text and "and outside." in text


def test_a_link_to_a_figure_of_another_page_names_that_page(tmp_path):
    link = '<p>Set <a class="state" href="slides/flat.html#figure=2">it</a>.</p>'
    page = f'<article class="bd-article"><section><h1>Steep</h1>{link}</section></article>'
    (tmp_path / "steep.html").write_text(page, encoding="utf-8")
    text = paper.document(
        paper.Edition(tmp_path, ["steep"], "en", "Rates", [], phrases("en"), "https://example.org/en")
    )
    typed = "it (<code>slides/flat.html#figure=2</code>)"
    assert f'<a class="state" href="https://example.org/en/slides/flat.html#figure=2">{typed}</a>' in text


def test_every_link_leads_to_one_place_in_the_document(printed):
    text = paper.document(printed)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    inside = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r'data-of="([^"]+)"', text))
    assert inside <= set(ids) and {"flat", "flat--flat", "steep--ex"} <= inside
    assert "not on paper" not in text


# ---------------------------------------------------------------- the print


def test_it_is_tagged_and_names_its_language_and_title(book):
    root = next(one for one in objects(book) if b"/Type /Catalog" in one)
    assert b"/StructTreeRoot" in root and b"/Marked true" in root and re.search(rb"/Lang \(en", root)
    assert any(b"/Title (Rates)" in one for one in objects(book))
    assert any(b"/S /Figure" in one and b"A path that glides." in one for one in objects(book))
    assert any(b"/S /H1" in one for one in objects(book)) and any(b"/S /H2" in one for one in objects(book))


def test_it_has_bookmarks_for_parts_and_sections(book):
    titles = [title for one in objects(book) if b"/Dest" in one for title in re.findall(rb"/Title \(([^)]*)\)", one)]
    assert {b"In this book", b"Why so steep?", b"Predict", b"Why", b"And so flat?", b"Answers", b"For teachers"} <= set(
        titles
    )


def test_the_contents_tell_on_which_page_each_part_begins(book, browser, printed):
    places, count = pdf.page_numbers(book)
    parts = [places[name] for name in ("steep", "flat", "answers", "notes")]
    assert parts[0] == 3 and parts == sorted(set(parts)) and parts[-1] == count
    assert places["steep--sol"] == places["answers"]
    page = browser.new_page()
    page.goto((printed.pages.parent / "paper.html").as_uri())
    page.evaluate(pdf.NUMBER, places)
    shown = dict(
        page.evaluate("[...document.querySelectorAll('.toc a')].map(a => [a.hash.slice(1), a.lastChild.textContent])")
    )
    page.close()
    assert shown == {name: str(places[name]) for name in ("steep", "flat", "answers", "notes")}


#: Of every displayed formula, the outermost box around it in which things stand side by side: Chromium tears those.
TORN = """() => [...document.querySelectorAll("div.math")].filter((formula) => {
  let outermost = formula;
  for (let box = formula; box.localName !== "article"; box = box.parentElement)
    if (["flex", "grid"].includes(getComputedStyle(box).display)) outermost = box;
  return getComputedStyle(outermost).breakInside !== "avoid";
}).map((formula) => formula.parentElement.className)"""


def test_no_formula_is_torn_by_the_edge_of_a_page(book, browser, printed):
    page = browser.new_page()
    page.emulate_media(media="print")
    page.goto((printed.pages.parent / "paper.html").as_uri())
    assert page.locator(".equations div.math").count() == 2
    assert page.evaluate(TORN) == []
    page.close()


def test_all_fonts_are_in_it(book):
    fonts = [one for one in objects(book) if b"/Type /FontDescriptor" in one and b"/FontBBox" in one]
    assert fonts and all(re.search(rb"/FontFile[23]? ", one) for one in fonts)
    names = b" ".join(re.findall(rb"/BaseFont /([^\s/>]+)", book))
    assert b"STIXGeneral" in names and b"DejaVuSansMono" in names


def one_page(browser: Browser, folder: Path, body: str) -> None:
    source = folder / "page.html"
    source.write_text(f'<!doctype html><html lang="zh"><title>t</title><body>{body}', encoding="utf-8")
    page = browser.new_page(viewport={"width": 643, "height": 900})
    try:
        pdf.print_page(page, source, folder / "page.pdf")
    finally:
        page.close()


def test_what_would_be_cut_off_is_refused(browser, tmp_path):
    with pytest.raises(pdf.Failed, match="Wider than the page:\n  figure-7: div"):
        one_page(browser, tmp_path, '<section id="figure-7"><div style="width: 300mm">too wide</div></section>')
    assert not (tmp_path / "page.pdf").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only fontconfig can be told to know few fonts")
def test_letters_that_no_font_has_are_named_and_where_to_get_one(browser, tmp_path):
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    config = tmp_path / "fonts.conf"
    config.write_text(f"<fontconfig><dir>{fonts}</dir><cachedir>{tmp_path}</cachedir></fontconfig>", encoding="utf-8")
    environment = {**os.environ, "FONTCONFIG_FILE": str(config)}
    bare = browser.browser_type.launch(executable_path=find_browser(), args=QUIET, env=environment)
    with pytest.raises(pdf.Failed, match="No font of this machine has 习 学 .*fonts-noto-cjk"):
        one_page(bare, tmp_path, "<p>a 学习</p>")
    bare.close()


def test_an_edition_that_is_not_there_is_not_printed(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["pdf.py", "xx"])
    assert pdf.main() == 1
    assert "There is no edition 'xx': name some of en, de, zh, ko." in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["pdf.py", "de"])
    monkeypatch.setattr(pdf.edition, "is_built", lambda language: False)
    assert pdf.main() == 1
    assert "Deutsch is not built from what is there now: run make book first." in capsys.readouterr().err


def test_places_are_found_in_a_tree_of_pages():
    tree = b"""
1 0 obj
<</Type /Catalog /Pages 2 0 R /Dests 9 0 R>>
endobj
2 0 obj
<</Type /Pages /Kids [3 0 R 6 0 R] /Count 3>>
endobj
3 0 obj
<</Type /Pages /Kids [5 0 R 4 0 R]>>
endobj
4 0 obj
<</Type /Page>>
endobj
5 0 obj
<</Type /Page>>
endobj
6 0 obj
<</Type /Page>>
endobj
9 0 obj
<</a [4 0 R /XYZ 6 8 0]
/b#2d1 [6 0 R /XYZ 6 8 0]>>
endobj
"""
    assert pdf.page_numbers(tree) == ({"a": 2, "b-1": 3}, 3)

"""The built site in a real browser: from disk, its doors, search and links. `test_pages.py` looks at its pages."""

import html
import importlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from fontTools.ttLib import TTFont
from playwright.sync_api import expect

from pages import LANGUAGES, PAGES, ROOT, SETTLED, SITE, settings, turn

pytestmark = pytest.mark.usefixtures("built")


def test_every_chapter_of_the_contents_is_built_in_every_language():
    missing = [path for path in PAGES if not (SITE / path).is_file()]
    assert not missing


@pytest.mark.parametrize("path", [path for path in PAGES if turn(path) == 0])
def test_a_page_opens_from_disk_without_error_and_its_figures_live(shared_page, path):
    page = shared_page
    page.goto((SITE / path).as_uri())
    page.evaluate(SETTLED)
    if page.locator("lr-lab").count():
        slider = page.locator("lr-lab .rate input[type=range]").first
        before = page.locator("lr-lab .says").first.inner_text()
        slider.focus()
        page.keyboard.press("End" if slider.evaluate("node => node.value < node.max / 2") else "Home")
        expect(page.locator("lr-lab .says").first).not_to_have_text(before)


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("en/")])
def test_a_page_has_the_figures_and_questions_of_the_english_one_and_its_links_to_their_states(path):
    def promises(path: Path) -> tuple[list[str], *tuple[list[dict[str, Any]], ...]]:
        text = path.read_text(encoding="utf-8")
        spoken = {"language": None, "figure": None}  # a question knows its figure by all its settings
        live = [[json.loads(one) | spoken for one in settings(text, tag)] for tag in ("lr-lab", "lr-ask")]
        return re.findall(r'<a class="state [^"]*" href="([^"]*)"', text), *live

    assert promises(SITE / path) == promises(SITE / "en" / Path(path).name)
    targets = {href.partition("#")[0] for href in promises(SITE / path)[0]}
    assert all((SITE / path).parent.joinpath(target).exists() for target in targets)


#: What stands in a line of text, and is of the same kind wherever it stands.
INLINE = {"a", "br", "cite", "code", "em", "math", "span", "strong", "sub", "sup"}


@cache
def kinds(path: str) -> set[str]:
    """The kinds of elements of a page: name, classes and names of attributes, with those around it unless it is in a line.

    Stress is slanted in some languages and bold in others, and some need to be told where a line may end.
    """
    found = set()

    def walk(node: Tag, around: str) -> None:
        for child in node.find_all(True, recursive=False):
            name = "em" if child.name == "strong" else child.name
            kind = " ".join([name, *child.get("class", []), *sorted({*child.attrs} - {"class", "id"})])
            is_inline = name in INLINE
            if name != "wbr":
                found.add(kind if is_inline else f"{around} > {kind}")
            if name != "math":
                walk(child, around if is_inline or name == "wbr" else f"{around} > {kind}")

    walk(BeautifulSoup((SITE / path).read_text(encoding="utf-8"), "lxml").body, "body")
    return found


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("en/")])
def test_a_page_consists_of_the_elements_of_the_english_one(path):
    """So what `turn` spreads over the editions is looked at for all of them."""
    assert kinds(path) == kinds(f"en/{Path(path).name}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switcher_leads_to_the_same_chapter_and_the_choice_is_remembered(open_page, address, language):
    start = "de" if language == "en" else "en"
    page = open_page(f"{start}/overshooting.html")
    page.locator(f"a[hreflang^={language}]:visible").first.click()
    expect(page).to_have_url(re.compile(f"/{language}/overshooting.html"))
    page.goto(f"{address}/index.html")
    page.wait_for_url(re.compile(f"/{language}/"))


def test_another_language_opens_at_the_section_that_is_read(open_page):
    page = open_page("en/momentum.html", width=375)
    for label in ("momentum-exercises", "momentum-threshold"):
        page.evaluate("label => document.getElementById(label).scrollIntoView({ behavior: 'instant' })", label)
        link = page.locator("a[hreflang^=ko]:visible").first.bounding_box()
        page.mouse.click(
            link["x"] + 5, link["y"] + 5
        )  # Playwright would scroll before it clicks on what always stays in sight
        page.wait_for_url(f"**/ko/momentum.html#{label}")  # and until it is loaded, or going back meets what is on its way
        page.go_back()
        page.evaluate(SETTLED)


@pytest.mark.parametrize(
    ("preferred", "language"), [("de-AT", "de"), ("zh-CN", "zh"), ("ko-KR", "ko"), ("fr-FR", "en")]
)
def test_the_landing_page_leads_to_the_language_of_the_browser(browser, address, preferred, language):
    context = browser.new_context(locale=preferred)
    page = context.new_page()
    page.goto(f"{address}/")
    page.wait_for_url(re.compile(f"/{language}/"))
    context.close()


def test_the_landing_page_has_all_four_languages_without_a_script(browser, built):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built / "index.html").as_uri())
    for language in LANGUAGES:
        page.locator(f"a[href^='{language}/']").first.click()
        expect(page.locator("h1")).to_be_visible()
        page.go_back()
    context.close()


def test_formulas_are_there_without_a_script(browser, built):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built / "en" / "adam.html").as_uri())
    root = page.locator(".equation msqrt").first
    expect(root).to_be_visible()
    assert root.bounding_box()["width"] > page.locator(".equation msqrt > *").first.bounding_box()["width"] > 5
    context.close()


def test_the_font_of_the_formulas_has_all_their_signs(built):
    used = set()
    for path in [*PAGES, *(deck.relative_to(SITE) for deck in SITE.glob("*/slides/*.html"))]:
        for formula in re.findall(r"<math\b.*?</math>", (SITE / path).read_text(encoding="utf-8"), re.DOTALL):
            used |= set(html.unescape(re.sub(r"<mtext>.*?</mtext>|<[^>]*>", "", formula)))  # words are in any font
    known = TTFont(SITE / "en" / "_static" / "formulas" / "formulas.woff2").getBestCmap()
    missing = {sign for sign in used if ord(sign) not in known and not sign.isspace()}
    assert not missing, f"add {missing} to site/formula_font.py and run it"
    italic = {*range(0x1D434, 0x1D455), *range(0x1D456, 0x1D468), *range(0x1D6E2, 0x1D71C)}  # of all letters; h is ℎ
    assert italic <= known.keys()


@pytest.mark.parametrize("scheme", ["http", "file"])
@pytest.mark.parametrize(
    ("language", "query", "chapter"),
    [
        ("zh", "学习率", "overshooting"),
        ("ko", "학습률", "overshooting"),
        ("de", "Überschwingen", "overshooting"),
        ("en", "overshooting", "overshooting"),
    ],
)
def test_search_finds_the_word_of_the_language(page, address, scheme, language, query, chapter):
    base = address if scheme == "http" else SITE.as_uri()
    page.goto(f"{base}/{language}/search.html?q={query}")
    expect(page.locator(f".search a[href*='{chapter}']").first).to_be_visible(timeout=15_000)
    if scheme == "http":  # from disk a page may not read what it would quote
        expect(page.locator("#search-results .search li:not(:has(.context))")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "query", "page_", "place", "quoted"),
    [
        ("en", "exploding loss", "clinic", "where-it-breaks", "the path explodes"),
        ("de", "Überschwingen", "glossary", "term-overshooting", "Überspringen des Minimums"),
    ],
)
def test_a_result_quotes_prose_and_opens_the_place(page, address, language, query, page_, place, quoted):
    page.goto(f"{address}/{language}/search.html?q={query}")
    result = page.locator(f"#search-results li:has(> a[href*='{page_}.html#{place}'])")
    expect(result.locator(".context")).to_contain_text(quoted)
    result.locator("a").click()
    expect(page.locator(f"#{place}")).to_be_in_viewport()


def test_links_inside_the_site_lead_somewhere():
    """Every relative link and anchor of every page, and no link that leaves through the network by itself."""
    anchors, problems = {}, []

    def anchors_of(file: Path) -> set[str]:
        if file not in anchors:
            text = file.read_text(encoding="utf-8")
            figures = {f"figure={i + 1}" for i in range(text.count("<lr-lab"))}
            anchors[file] = figures | set(re.findall(r'\bid="([^"]+)"', text))
        return anchors[file]

    for file in SITE.rglob("*.html"):
        for href in re.findall(r'<a\b[^>]*\bhref="([^"]*)"', file.read_text(encoding="utf-8")):
            if urlsplit(href).scheme:
                continue
            target, anchor = urldefrag(urljoin(file.as_uri(), href.replace("&amp;", "&")))
            path = Path(unquote(urlsplit(target).path))
            path = path / "index.html" if path.is_dir() else path
            if not path.is_file():
                problems.append(f"{file.relative_to(SITE)}: {href} leads nowhere")
            elif anchor and path.suffix == ".html" and unquote(anchor).split("&")[0] not in anchors_of(path):
                problems.append(f"{file.relative_to(SITE)}: {href} has no such place")
    assert not problems, "\n".join(problems)


#: The texts of an article that a button to copy a listing lies over.
COVERED = """() => {
  const buttons = [...document.querySelectorAll(".copy")].map((button) => button.getBoundingClientRect()).filter(({ width }) => width);
  const walk = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT), covered = [];
  while (walk.nextNode()) {
    if (walk.currentNode.parentElement.closest(".copy")) continue;
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    for (const box of range.getClientRects())
      if (box.width && buttons.some((one) => box.left < one.right && box.right > one.left && box.top < one.bottom - 1 && box.bottom > one.top + 1)) covered.push(walk.currentNode.data);
  }
  return [buttons.length, covered];
}"""


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("path", ["en/clinic.html", "ko/schedules.html"])
def test_no_copy_button_covers_a_text(page, path, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((SITE / path).as_uri())
    page.evaluate(SETTLED)
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    expect(page.locator(".copy").first).to_have_css("opacity", "1")  # nothing hovers in this window, and so they show
    count, covered = page.evaluate(COVERED)
    assert count > 5 and not covered


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_fades_where_it_goes_on_and_only_there(page, language):
    page.set_viewport_size({"width": 240, "height": 700})
    page.goto((SITE / language / "teaching.html").as_uri())
    page.evaluate(SETTLED)
    boxes = page.locator(".bd-article .pst-scrollable-table-container")
    wide = [i for i, box in enumerate(boxes.all()) if box.evaluate("box => box.scrollWidth > box.clientWidth + 1")]
    assert 0 < len(wide) < boxes.count()  # of both kinds
    for i, box in enumerate(boxes.all()):
        faded = re.compile(r"\bgoes-on\b")
        if i not in wide:
            expect(box).not_to_have_class(faded)
            continue
        expect(box).to_have_class(faded)
        assert "gradient" in box.evaluate("box => getComputedStyle(box).maskImage")
        box.evaluate("box => box.scrollTo(box.scrollWidth, 0)")
        expect(box).not_to_have_class(faded)
        assert box.evaluate("box => getComputedStyle(box).maskImage") == "none"
        box.evaluate("box => box.scrollTo(0, 0)")
        expect(box).to_have_class(faded)


def test_on_paper_boxes_are_open_and_code_is_as_on_the_screen(page):
    page.goto((SITE / "en" / "overshooting.html").as_uri())
    page.evaluate(SETTLED)
    code, boxes = page.locator("details.code-fold"), page.locator(".bd-article details:not(.code-fold)")
    code.nth(1).locator("summary").click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert code.count() > 3 and boxes.count() > 3
    for i, one in enumerate(code.all()):
        expect(one).to_be_visible(visible=i == 1)
        expect(one.locator("summary")).to_be_hidden()
    for box in boxes.all():
        expect(box).to_have_attribute("open", "")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(page.locator(".bd-article details[open]")).to_have_count(1)


def test_the_benchmark_measures_every_figure_of_a_chapter(built, browser, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    benchmark, page = importlib.import_module("figure"), SITE / "en" / "adagrad.html"  # whose second figure asks first
    monkeypatch.setattr(benchmark, "EVENTS", 4)
    monkeypatch.setattr(benchmark, "THROTTLED", 1)
    monkeypatch.setattr(benchmark, "chapters", lambda: [page])
    _head, *measured, _worst = benchmark.chapter_figures(browser)
    assert len(measured) == page.read_text(encoding="utf-8").count("<lr-lab")

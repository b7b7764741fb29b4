"""The built site in a real browser: every page, over http and from disk."""

import functools
import http.server
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parent.parent.parent
SITE = ROOT / "_build" / "html"
LANGUAGES = ("en", "de", "zh", "ko")
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}
SETTLED = "async () => { await window.MathJax?.startup?.promise }"

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
NAMES = [TOC["root"], *(chapter["file"] for part in TOC.get("parts", [TOC]) for chapter in part["chapters"])]
PAGES = [f"{language}/{name}.html" for language in LANGUAGES for name in NAMES]


@pytest.fixture(scope="session", autouse=True)
def built() -> Path:
    """The site as it is built now; nothing is done again that is up to date."""
    done = subprocess.run([sys.executable, "site/build.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the site could not be built:\n{done.stdout}\n{done.stderr}"
    return SITE


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(built: Path) -> str:
    """The site served on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=built))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(page: Page, address: str):
    def go(path: str, width: int = 1280, theme: str = "light") -> Page:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.goto(f"{address}/{path}")
        page.evaluate(SETTLED)
        return page

    return go


def test_every_chapter_of_the_contents_is_built_in_every_language():
    missing = [path for path in PAGES if not (SITE / path).is_file()]
    assert not missing


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_over_http_without_error_and_its_figures_live(open_page, path):
    page = open_page(path)
    figures = page.locator("lr-lab")
    for i in range(figures.count()):
        expect(figures.nth(i).locator(".says")).not_to_be_empty()
        assert figures.nth(i).locator("svg.inner path").count() > 0


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_from_disk_without_error_and_its_figures_live(page, path):
    page.goto((SITE / path).as_uri())
    page.evaluate(SETTLED)
    if page.locator("lr-lab").count():
        slider = page.locator("lr-lab .rate input[type=range]").first
        before = page.locator("lr-lab .says").first.inner_text()
        slider.focus()
        page.keyboard.press("End" if slider.evaluate("node => node.value < node.max / 2") else "Home")
        expect(page.locator("lr-lab .says").first).not_to_have_text(before)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("path", [*PAGES, "index.html"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(open_page, path, width, theme):
    page = open_page(path, width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_its_language_and_its_sisters(open_page, path):
    language, name = path.split("/")
    page = open_page(path)
    assert page.locator("html").get_attribute("lang").split("-")[0] == language
    links = page.locator("link[rel=alternate][hreflang]").evaluate_all(
        "all => all.map(link => [link.hreflang, link.href])"
    )
    told = {tag.split("-")[0]: href for tag, href in links}
    for other in LANGUAGES:
        assert told[other].endswith(f"/{other}/{name}")
    assert "x" in told, "x-default is missing"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switcher_leads_to_the_same_chapter_and_the_choice_is_remembered(open_page, address, language):
    start = "de" if language == "en" else "en"
    page = open_page(f"{start}/overshooting.html")
    page.locator(f"a[hreflang^={language}]:visible").first.click()
    expect(page).to_have_url(re.compile(f"/{language}/overshooting.html"))
    page.goto(f"{address}/index.html")
    page.wait_for_url(re.compile(f"/{language}/"))


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


ENGLISH = re.compile(
    r"\b(Search|Next|Previous|Contents|Skip|Back to top|Toggle|Show|Hide|Click|Copy|Print|Exercise|Solution|Download"
    r"|Light|Dark|Settings|Index|Menu|Close|Sections|Note|Warning|Table of contents)\b"
)


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("en/")])
def test_no_word_of_the_interface_is_left_in_english(open_page, path):
    page = open_page(path)
    texts = page.evaluate("""() => {
      const found = [];
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) {
        const node = walk.currentNode, parent = node.parentElement;
        if (!parent.closest("pre, code, script, style, mjx-container, .highlight, cite, .citation, dl.citation, #references, [lang=en], .term-translations"))
          found.push(node.textContent);
      }
      for (const node of document.querySelectorAll("[title], [aria-label], [placeholder], [alt]"))
        if (!node.closest("[lang=en]"))
          for (const name of ["title", "aria-label", "placeholder", "alt"]) found.push(node.getAttribute(name) ?? "");
      return found;
    }""")
    left = {text.strip() for text in texts if ENGLISH.search(text) and len(text) < 200}
    assert not left


def test_links_inside_the_site_lead_somewhere():
    """Every relative link and anchor of every page, and no link that leaves through the network by itself."""
    anchors, problems = {}, []

    def anchors_of(file: Path) -> set[str]:
        if file not in anchors:
            anchors[file] = set(re.findall(r'\bid="([^"]+)"', file.read_text(encoding="utf-8")))
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
            elif anchor and path.suffix == ".html" and unquote(anchor) not in anchors_of(path):
                problems.append(f"{file.relative_to(SITE)}: {href} has no such place")
    assert not problems, "\n".join(problems)

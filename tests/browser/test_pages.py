"""Every page of the built site, opened once over http and gone through: what it shows, says, links to and asks.

The tests of one page share it, in this order; what changes the page comes last.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

from accessibility import ALL_RULES, RESULTS, expect_no_violation
from conftest import Window
from lrlib import descend
from lrlib.optimizers import OPTIMIZERS
from lrlib.quantities import QUANTITIES
from lrlib.schedules import SCHEDULES
from lrlib.state import arguments, changed
from lrlib.surfaces import SURFACES
from lrlib.words import strings
from pages import FRAMES, LANGUAGES, PAGES, SETTLED, turn

DOORS = ["index.html?choose", "404.html"]


#: The theme waits 300 ms for another change of the window, which does not come.
HASTE = "const later = setTimeout; window.setTimeout = (act, wait, ...given) => later(act, wait === 300 ? 0 : wait, ...given);"

#: The theme looks a while after a change of the window which listings are stops of the keyboard: when it has, this is none.
PROBE = """() => {
  document.querySelector("pre.probe")?.remove();
  document.body.insertAdjacentHTML("beforeend", "<pre class=probe hidden></pre>");
}"""
PROBED = """() => new Promise((done) => {
  const probe = document.querySelector("pre.probe");
  if (probe.hasAttribute("tabindex")) done();
  new MutationObserver(done).observe(probe, { attributes: true });
})"""


class Visit:
    """A page while it is gone through."""

    def __init__(self, window: Window, address: str, path: str):
        self.path = path
        self.language, _, self.name = path.rpartition("/")
        window.clear()
        self.page = window.page
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light")
        self.page.goto(f"{address}/{path}")
        self.page.evaluate(SETTLED)
        self.figures = self.page.locator("lr-lab")

    def look(self, width: int, theme: str) -> None:
        """The window and what its system prefers, from now on; the page has come to rest."""
        self.page.emulate_media(color_scheme=theme)
        if self.page.viewport_size["width"] != width:
            self.page.evaluate(PROBE)
            self.page.set_viewport_size({"width": width, "height": 900})
            if self.language:
                self.page.evaluate(PROBED)
        if self.language:
            self.page.wait_for_selector(f"html[data-theme={theme}]")

    def expect_no_violation(self, rules: dict[str, Any], known: list[str] | None = None) -> list[str]:
        """Axe finds nothing in what `TAKE_OUT` leaves; the kinds that it has judged."""
        kinds = self.page.evaluate(TAKE_OUT, known)
        expect_no_violation(self.page, rules=rules)
        self.page.evaluate("putBack()")
        return kinds


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[Window]:
    """Pages are visited in one window: what they have in common is loaded once."""
    window = Window(browser, touch=False)
    window.context.add_init_script(HASTE)
    yield window
    window.context.close()


@pytest.fixture(scope="session")
def known_colours() -> dict[str, list[str]]:
    """By theme, the kinds of elements whose colours have been judged on any page."""
    return {"light": [], "dark": []}


@pytest.fixture(scope="module")
def visit(request: pytest.FixtureRequest, window: Window, address: str) -> Visit:
    return Visit(window, address, request.param)


@pytest.fixture(autouse=True)
def quiet(visit: Visit, window: Window) -> Iterator[None]:
    """No test passes in which the page complains or asks another host."""
    yield
    problems, window.watched.problems = window.watched.problems, []
    assert not problems, "\n".join(problems)


every_page = pytest.mark.parametrize("visit", PAGES, indirect=True, scope="module")
every_page_and_door = pytest.mark.parametrize("visit", [*PAGES, *DOORS], indirect=True, scope="module")
#: `test_site.py` holds the other editions to the same figures, links and questions.
english_pages = [path for path in PAGES if path.startswith("en/")]
in_english = pytest.mark.parametrize("visit", english_pages, indirect=True, scope="module")


# ---------------------------------------------------------------- what it shows and says


@every_page
def test_its_figures_live(visit):
    for figure in visit.figures.all():
        asks = figure.locator(".predict fieldset:visible").count()  # it tells nothing before the guess
        expect(figure.locator(".predict legend" if asks else ".says")).not_to_be_empty()
        assert figure.locator("svg.inner path").count() > 0


@every_page
def test_it_names_its_language_and_its_sisters(visit):
    assert visit.page.locator("html").get_attribute("lang").split("-")[0] == visit.language
    links = visit.page.locator("link[rel=alternate][hreflang]").evaluate_all(
        "all => all.map(link => [link.hreflang, link.href])"
    )
    told = {tag.split("-")[0]: href for tag, href in links}
    for other in LANGUAGES:
        assert told[other].endswith(f"/{other}/{visit.name}")
    assert "x" in told, "x-default is missing"


ENGLISH = re.compile(
    r"\b(Search|Next|Previous|Contents|Skip|Back to top|Toggle|Show|Hide|Click|Copy|Print|Exercise|Solution|Download"
    r"|Light|Dark|Settings|Index|Menu|Close|Sections|Note|Warning|Table of contents)\b"
)

#: All that is read of a page or read out, but for code and what is said to be English.
TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, parent = node.parentElement;
    if (!parent.closest("pre, code, script, style, math, .highlight, cite, .citation, dl.citation, #references, [lang=en], .term-translations"))
      found.push(node.textContent);
  }
  for (const node of document.querySelectorAll("[title], [aria-label], [placeholder], [alt]"))
    if (!node.closest("[lang=en]"))
      for (const name of ["title", "aria-label", "placeholder", "alt"]) found.push(node.getAttribute(name) ?? "");
  return found;
}"""


@pytest.mark.parametrize("visit", [path for path in PAGES if not path.startswith("en/")], indirect=True, scope="module")
def test_no_word_of_the_interface_is_left_in_english(visit):
    texts = visit.page.evaluate(TEXTS)
    left = {text.strip() for text in texts if ENGLISH.search(text) and len(text) < 200}
    assert not left


#: Of Markdown, MyST or TeX: closing signs of which no renderer knows that they close, as between 。 and a Chinese letter.
MARKUP = re.compile(r"\*\*[^*]+\*\*|\$[^$]+\$|`|\]\(|\{[a-z:]+\}`")

#: All that is read of a page but code and formulas.
PROSE = """() => {
  const page = document.body.cloneNode(true);
  for (const node of page.querySelectorAll("pre, code, script, style, math, lr-lab, lr-ask")) node.remove();
  return page.textContent;
}"""


@every_page
def test_no_markup_is_left_in_its_prose(visit):
    prose = visit.page.evaluate(PROSE)
    left = [prose[max(0, found.start() - 30) : found.end() + 30] for found in MARKUP.finditer(prose)]
    assert not left, "a renderer took these for text; put the closing sign elsewhere"


# ---------------------------------------------------------------- at two widths; WCAG 2.2 AA, light and dark

VIEWS = ((1280, "light"), (1280, "dark"), (375, "dark"), (375, "light"))
COLOURS = ["color-contrast", "link-in-text-block"]
RULES_OF_COLOUR = {"runOnly": {"type": "rule", "values": COLOURS}, **RESULTS}
OTHER_RULES = {**ALL_RULES, "rules": {name: {"enabled": False} for name in COLOURS}}

#: Axe takes many seconds for a long page, most of them for what no rule judges, or what it has seen the like of. For a
#: while this takes out what is drawn in figures and has neither name nor role; and what holds no element of a new kind, that
#: is one which did not stand before with the same attributes and colours within the same, if only colours are judged, for
#: which it is given the known kinds. If they are not, listings are their bare text, and formulas but the first of each kind are
#: boxes as large. It returns the new kinds.
TAKE_OUT = """(known) => {
  const onlyColours = known !== null;
  const undo = [];
  const replace = (node, by) => { node.replaceWith(by); undo.push(() => by.replaceWith(node)); };
  const refill = (node, ...by) => { const was = [...node.childNodes]; node.replaceChildren(...by); undo.push(() => node.replaceChildren(...was)); };
  const restyle = (node, css) => {
    const was = node.getAttribute("style");
    node.style.cssText += css;
    undo.push(() => was === null ? node.removeAttribute("style") : node.setAttribute("style", was));
  };

  const kinds = new Map();
  const kind = (node) => {
    const { color, backgroundColor, backgroundImage, fontSize, fontWeight, opacity, textShadow } = getComputedStyle(node);
    const attributes = node.getAttributeNames().filter((name) => name !== "style" && name !== "id");
    const isSeen = node.checkVisibility({ visibilityProperty: true }), isOff = node.getAttribute("aria-disabled");
    const saysSomething = Boolean(node.value) || [...node.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim());
    const looks = [color, backgroundColor, backgroundImage, fontSize, fontWeight, opacity, textShadow, isSeen, isOff, saysSomething];
    return [node.localName, node.getAttribute("class"), ...attributes.sort(), ...looks].join(" ");
  };
  const hash = (text) => { // two of 32 bits
    let a = 0, b = 7;
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
      b = Math.imul(b, 31) + text.charCodeAt(i) | 0;
    }
    return `${a},${b}`;
  };
  const kindWithin = (node) => {
    if (!kinds.has(node)) kinds.set(node, hash(`${node === document.body ? "" : kindWithin(node.parentElement)} > ${kind(node)}`));
    return kinds.get(node);
  };
  const given = new Set(known), seen = new Set(known), alike = [];
  const walk = (node) => {
    const isAlike = node.matches(":not(:has(lr-lab, lr-ask))") && [node, ...node.querySelectorAll("*")].every((one) => seen.has(kindWithin(one)));
    if (isAlike) return alike.push(node);
    seen.add(kindWithin(node));
    for (const child of node.children) if (child.localName !== "svg") walk(child);
  };

  if (onlyColours) {
    document.querySelectorAll("body > *").forEach(walk);
    for (const node of alike)
      if (node.closest("lr-lab")) restyle(node, "; visibility: hidden"); // a figure watches its size
      else replace(node, document.createComment(""));
  } else {
    const formulas = [...document.querySelectorAll("math")].filter((math) => seen.has(kindWithin(math)) || !seen.add(kindWithin(math)));
    const baselines = formulas.map((math) => math.appendChild(document.createElementNS(math.namespaceURI, "mspace")));
    const boxes = formulas.map((math, i) => {
      const { width, height, bottom } = math.getBoundingClientRect(), isBlock = math.getAttribute("display") === "block";
      return `; display: ${isBlock ? "block" : "inline-block"}; width: ${width}px; height: ${height}px; vertical-align: ${baselines[i].getBoundingClientRect().bottom - bottom}px`;
    });
    for (const one of baselines) one.remove();
    formulas.forEach((math, i) => { refill(math); restyle(math, boxes[i]); });
    for (const listing of document.querySelectorAll(".highlight pre")) if (!listing.querySelector("a")) refill(listing, listing.textContent);
  }
  const named = "[role], [tabindex], [aria-label], [aria-labelledby], [aria-hidden], title";
  for (const node of document.querySelectorAll("lr-lab svg *"))
    if (node.isConnected && !node.closest("svg [role], svg [tabindex]") && !node.matches(named) && !node.querySelector(named)) replace(node, document.createComment(""));
  // The theme may look just now which of them scroll, and be wrong.
  for (const box of document.querySelectorAll("pre, .pst-scrollable-table-container")) {
    const stop = box.getAttribute("tabindex");
    if (stop !== null) undo.unshift(() => box.setAttribute("tabindex", stop));
  }
  window.putBack = () => { while (undo.length) undo.pop()(); };
  return [...seen].filter((one) => !given.has(one));
}"""
#: What changes slowly has changed.
END_TRANSITIONS = "() => document.getAnimations().forEach((one) => one instanceof CSSTransition && one.finish())"


@every_page_and_door
def test_nothing_scrolls_sideways(visit):
    for width in (1280, 375):
        visit.look(width, "light")
        visit.page.evaluate(FRAMES)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, f"at {width} px"


@pytest.mark.parametrize("visit", [path for path in PAGES if VIEWS[turn(path)][0] > 375], indirect=True, scope="module")
def test_nothing_is_too_small_for_a_finger(visit):
    """This depends on words: of all the others, which have been judged at this width with everything else."""
    visit.look(375, "light")
    visit.page.evaluate(FRAMES)
    visit.expect_no_violation({"runOnly": {"type": "rule", "values": ["target-size"]}, **RESULTS})


#: A page in one of them, another in each edition; the doors, which have no editions, in all.
VIEWED = [(path, *VIEWS[turn(path)]) for path in PAGES] + [(path, *view) for path in DOORS for view in VIEWS]


@pytest.mark.parametrize(("visit", "width", "theme"), VIEWED, indirect=["visit"], scope="module")
def test_axe_finds_nothing(visit, width, theme, known_colours):
    visit.look(width, theme)
    visit.page.evaluate(FRAMES)
    visit.page.evaluate(END_TRANSITIONS)
    visit.expect_no_violation(OTHER_RULES)
    known_colours[theme] += visit.expect_no_violation(RULES_OF_COLOUR, known_colours[theme])


# ---------------------------------------------------------------- links to states of its figures


#: What a figure was set to by its author, what it is set to now, and what it says is wrong with that.
STATES = """(figure) => {
  const author = JSON.parse(figure.dataset.settings), now = Object.keys(author).map((key) => [key, figure.model.get(key) ?? null]);
  return [author, Object.fromEntries(now), [...figure.querySelectorAll(".wrong:not(:empty)")].map((one) => one.innerText)];
}"""


def state_linked(author: dict[str, Any], href: str) -> dict[str, Any]:
    """What a link sets the author's figure to: `#figure=2&lr=0.1`."""
    _, *given = href.split("&")
    changes = {key: json.loads(unquote(text)) for key, text in (part.split("=", 1) for part in given)}
    changes["settings"] = author["settings"] | changes.get("settings", {})
    return changed(author, changes)


@in_english
def test_links_set_figures_to_their_states(visit):
    page = visit.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    here = page.locator('a.state[href^="#"]')  # those of other pages: below
    for i, href in enumerate(here.evaluate_all("links => links.map(link => link.getAttribute('href'))")):
        figure = visit.figures.nth(int(re.match(r"#figure=(\d+)", href)[1]) - 1)
        here.nth(i).click()
        expect(figure).to_be_in_viewport()
        author, found, wrong = figure.evaluate(STATES)
        assert not wrong, href
        wanted = state_linked(author, href)
        if author["recording"]:
            del wanted["lr_range"]  # the page takes it from the model that is shown
        assert {key: found[key] for key in wanted} == wanted, href


def links_elsewhere(visit: Visit) -> dict[str, list[str]]:
    """The states of figures on other pages and on slides that a page links to, by their page."""
    found: dict[str, list[str]] = {}
    for href in visit.page.locator("a.state").evaluate_all("links => links.map(link => link.getAttribute('href'))"):
        target, _, state = href.partition("#")
        if target:
            found.setdefault(target, []).append(f"#{state}")
    return found


@in_english
def test_links_set_figures_of_other_pages(visit):
    for target, states in links_elsewhere(visit).items():
        other = visit.page.context.new_page()
        other.goto(f"{visit.page.url.rpartition('/')[0]}/{target}{states[0]}")
        other.evaluate(SETTLED)
        for state in states:
            other.evaluate("state => { location.hash = state; }", state)
            figure = other.locator("lr-lab").nth(int(re.match(r"#figure=(\d+)", state)[1]) - 1)
            expect(figure).to_be_in_viewport()
            author, found, wrong = figure.evaluate(STATES)
            assert not wrong, (target, state)
            wanted = state_linked(author, state)
            assert {key: found[key] for key in wanted} == wanted, (target, state)
        other.close()


# ---------------------------------------------------------------- questions


def read_off(name: str, state: dict[str, Any], **changes: Any) -> float:
    """A number that a question asks for, of a figure in this state."""
    lr = changes.pop("lr", state["rates"].get(state["optimizer"], state["lr"]))
    given = arguments(state | {"lr": lr, "rates": {}}, state["optimizer"], **changes)
    with np.errstate(all="ignore"):
        return float(QUANTITIES[name](descend(**given), lr, state["cursor"] or 0))


@cache
def reaching(name: str, goal: tuple[float | None, float | None], state_text: str) -> str:
    """A link's changes that bring a figure to its goal, by its rate and one of its controls; found by trying."""
    state = json.loads(state_text)
    low, high = (float(end) if end is not None else bound for end, bound in zip(goal, (-np.inf, np.inf)))
    known = SURFACES[state["surface"]].settings | OPTIMIZERS[state["optimizer"]].settings
    reach = {name: np.linspace(*known[name].slider, 12).tolist() for name in state["controls"] if name in known}
    changes = [{}, *({"settings": {key: value}} for key, values in reach.items() for value in values)]
    if "schedule" in state["controls"]:
        own = SCHEDULES[state["schedule"]["name"]].settings
        longer = [{key: value} for key, one in own.items() for value in np.linspace(*one.slider, 12).tolist()]
        changes += [
            {"schedule": state["schedule"] | {"settings": state["schedule"]["settings"] | one}} for one in longer
        ]
    for change in changes:
        for lr in np.geomspace(*state["lr_range"], 60).tolist():
            try:
                value = read_off(
                    name,
                    state | {"schedule": change.get("schedule", state["schedule"])},
                    lr=lr,
                    **change.get("settings", {}),
                )
            except ValueError:
                continue  # a setting that is not allowed
            if low <= value <= high:
                return "&".join(f"{key}={json.dumps(part)}" for key, part in ({"lr": lr} | change).items())
    pytest.fail(f"no rate and no control brings {name} to {goal} in the figure {state_text}")


def answer(visit: Visit, question: Locator) -> None:
    """The right answer, by keyboard."""
    page, asked = visit.page, json.loads(question.get_attribute("data-settings"))
    if asked.get("choices"):
        question.locator("input").first.focus()
        page.keyboard.press("Space")
        for _ in range(asked["choices"].index(asked["answer"])):
            page.keyboard.press("ArrowDown")
        return page.keyboard.press("Enter")
    number = question.evaluate(
        """question => [...document.querySelectorAll("lr-lab")].filter(
             figure => figure.compareDocumentPosition(question) & Node.DOCUMENT_POSITION_FOLLOWING).length"""
    )
    if asked.get("goal"):
        author = visit.figures.nth(number - 1).get_attribute("data-settings")
        changes = reaching(asked["answer"], tuple(asked["goal"]), json.dumps(json.loads(author) | {"language": "en"}))
        page.evaluate("hash => { location.hash = hash; }", f"#figure={number}&{changes}")
        question.locator("button").focus()
        return page.keyboard.press("Enter")
    right = asked["answer"]
    if isinstance(right, str):
        _, state, _ = visit.figures.nth(number - 1).evaluate(STATES)
        right = read_off(right, state)
    question.locator("input").focus()
    page.keyboard.type(repr(right).replace(".", strings(asked["language"])["decimal"]))
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    "visit", [path for path in PAGES if path in english_pages or turn(path) == 0], indirect=True, scope="module"
)
def test_questions_say_right_to_the_right_answer(visit):
    for figure in visit.figures.all():
        if (skip := figure.locator(".predict .quiet")).is_visible():
            skip.press("Enter")  # what has still to be foretold is not told
    for question in visit.page.locator("lr-ask").all():
        asked = json.loads(question.get_attribute("data-settings"))
        assert asked["language"] == visit.language
        answer(visit, question)
        said, _, _ = strings(visit.language)["ask_reached" if asked.get("goal") else "ask_right"].partition("{")
        expect(question.locator("[role=status]")).to_contain_text(said.strip())
        expect(question.locator("form")).to_have_attribute("data-right", "true")

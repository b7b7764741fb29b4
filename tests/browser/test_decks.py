"""The slides of the built site in a real browser: turned, dragged, projected, printed, and without a script."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from accessibility import expect_no_violation
from conftest import Watched
from pages import FRAMES, LANGUAGES, SITE, settings

pytestmark = pytest.mark.usefixtures("built")

READY = "() => 'ready' in document.documentElement.dataset"
PLACE = "() => { const { h, v } = Reveal.getIndices(); return [h, v ?? 0]; }"
#: The chapter whose deck is used by hand.
DECK = "overshooting"


def decks(language: str) -> list[Path]:
    return sorted((SITE / language / "slides").glob("*.html"))


def read(file: Path) -> str:
    """A page or a deck without its pictures, with notes as text like all other."""
    text = file.read_text(encoding="utf-8").replace("template", "div")
    return re.sub(r'src="data:[^"]*"', "", text[max(text.find("<article"), 0) :])


def slides_of(text: str) -> list[str]:
    """Kind and name of every slide."""
    return re.findall(r'<section( id="[^"]*")? class="(sheet[^"]*)"', text)


@pytest.fixture(scope="module")
def screen(browser: Browser) -> Iterator[tuple[Page, Watched]]:
    """One window for all tests: to open one takes longer than most of them."""
    context = browser.new_context(has_touch=True)
    watched = Watched(context)
    yield context.new_page(), watched
    context.close()


@pytest.fixture
def deck(screen: tuple[Page, Watched]):
    """Opens a deck from disk; any error, warning or outside request fails the test."""
    page, watched = screen

    def show(name: str = DECK, language: str = "en", after: str = "", size: tuple[int, int] = (1280, 720)) -> Page:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto("about:blank")  # or a new fragment would open nothing
        page.goto((SITE / language / "slides" / f"{name}.html").as_uri() + after)
        page.wait_for_function(READY)
        return page

    yield show
    problems, watched.problems = watched.problems, []
    assert not problems, "\n".join(problems)


def rate(page: Page):
    return page.locator("section.sheet.present .rate input[type=range]")


def says(page: Page) -> str:
    return page.locator("section.sheet.present .says").inner_text()


# ---------------------------------------------------------------- what is in them


def test_every_chapter_has_slides_and_links_to_its_page_and_its_sisters(built):
    names = {language: [file.stem for file in decks(language)] for language in LANGUAGES}
    pages = sorted((built / "en").glob("*.html"))
    chapters = [file.stem for file in pages if f'"{file.stem}-question"' in file.read_text(encoding="utf-8")]
    assert chapters and all(found == chapters for found in names.values())
    for file in decks("de"):
        links = set(re.findall(r'<a href="([^"]*)"', read(file).split('<dialog id="menu"')[1]))
        sisters = {f"../../{language}/slides/{file.name}" for language in LANGUAGES}
        assert {f"../{file.name}", "?print-pdf", *sisters} == links


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deck_has_all_figures_and_questions_in_their_order_and_the_same_slides_as_in_english(language):
    for file in decks(language):
        found, page = read(file), read(SITE / language / file.name)
        for tag in ("lr-lab", "lr-ask"):  # links count figures, and a question is about the figure before it
            assert settings(found, tag) == settings(page, tag), f"{file}: {tag}"
        assert all(part.count("<lr-lab") <= 1 for part in found.split('class="sheet')), (
            f"{file}: two figures on a slide"
        )
        ids = re.findall(r'\sid="([^"]*)"', found)
        assert len(ids) == len(set(ids)), f"{file}: {[name for name in ids if ids.count(name) > 1]} stand there twice"
        english = slides_of(read(SITE / "en" / "slides" / file.name))
        assert slides_of(found) == english, f"{file}: these slides differ from those in English"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_prose_of_a_chapter_is_on_its_slides_or_in_their_notes(language):
    def bare(text: str) -> str:
        return "".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())

    for file in decks(language):
        shown = bare(read(file))
        for prose in re.findall(
            r"<p(?: class=\"sd-card-text\")?>(.*?)</p>", read(SITE / language / file.name), re.DOTALL
        ):
            assert bare(prose) in shown, f"{file}: neither on a slide nor in the notes: {prose}"


# ---------------------------------------------------------------- turning


def test_the_keyboard_leads_through_every_slide_and_figures_wait_until_they_are_shown(deck):
    page = deck("intro")
    count, seen = page.locator("section.sheet").count(), [page.evaluate(PLACE)]
    drawn = page.locator("lr-lab .panels")
    assert drawn.count() == 0
    for _ in range(4 * count):
        page.keyboard.press("Space")
        if (place := page.evaluate(PLACE)) == seen[-1]:
            if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
                break
            continue
        seen.append(place)
        figures = "nodes => nodes.map(node => node.closest('section.sheet').matches('.present, .past'))"
        assert all(page.locator("lr-lab:has(.panels)").evaluate_all(figures)), place
    assert len(seen) == count == len(set(map(tuple, seen)))
    assert drawn.count() == page.locator("lr-lab").count()


def test_arrow_keys_belong_to_a_slider_that_has_the_focus_until_it_is_left(deck):
    page = deck(after="#overshooting-figure")
    at, before = page.evaluate(PLACE), says(page)
    rate(page).focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowRight", "End", "Home"):
        page.keyboard.press(key)
    assert page.evaluate(PLACE) == at and says(page) != before
    start = page.locator("section.sheet.present [role=slider].start")
    start.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(PLACE) == at
    page.keyboard.press("Escape")
    assert not page.evaluate("Reveal.isOverview()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(PLACE) == [at[0] + 1, 0]


@pytest.mark.parametrize("slider", [".rate input[type=range]", ".setting input[type=range]"])
def test_arrow_keys_move_a_slider_that_the_mouse_has_dragged(deck, slider):
    page = deck("adam", after="#figure=1")
    at, dragged = page.evaluate(PLACE), page.locator(f"section.sheet.present {slider}").first
    box = dragged.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before = dragged.input_value()
    page.keyboard.press("ArrowLeft")
    assert dragged.input_value() != before and page.evaluate(PLACE) == at


def test_after_a_press_with_the_mouse_the_space_bar_goes_on_and_esc_leaves_a_button(deck):
    page = deck(after="#overshooting-figure")
    at, play = page.evaluate(PLACE), page.locator("section.sheet.present .transport button.play")
    play.click()
    page.wait_for_function("document.activeElement === document.body")
    page.keyboard.press("Space")
    assert page.evaluate(PLACE) != at
    page.evaluate("([h, v]) => Reveal.slide(h, v)", at)
    play.focus()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body && !Reveal.isOverview()")


def test_after_a_guess_by_keyboard_the_space_bar_goes_on_and_what_it_has_shown_stays(deck):
    page = deck(after="#figure=2")
    at, figure = page.evaluate(PLACE), page.locator("lr-lab").nth(1)
    figure.get_by_label("glides").focus()
    page.keyboard.press("Space")
    figure.get_by_role("button", name="That is my guess").focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.activeElement === document.body")
    assert page.evaluate(PLACE) == at and figure.locator(".veiled").count() == 0
    page.keyboard.press("Space")
    assert page.evaluate(PLACE) != at and figure.locator(".veiled").count() == 0


def test_a_remote_control_turns_the_slides_wherever_the_focus_is(deck):
    page = deck(after="#overshooting-figure")
    at, value = page.evaluate(PLACE), rate(page).input_value()
    places = page.evaluate(
        "Reveal.getSlides().map(s => { const { h, v } = Reveal.getIndices(s); return [h, v ?? 0]; })"
    )
    for key, move in (("PageDown", 1), ("PageUp", -1), ("Space", 1), ("Shift+Space", -1)):
        rate(page).focus()
        page.keyboard.press(key)
        assert page.evaluate(PLACE) == places[places.index(at) + move], key
        page.evaluate("([h, v]) => Reveal.slide(h, v)", at)
        assert rate(page).input_value() == value


def test_space_presses_a_button_that_has_the_focus_and_a_run_stops_when_its_slide_is_left(deck):
    page = deck(after="#overshooting-figure")
    at = page.evaluate(PLACE)
    page.locator("section.sheet.present .transport button.play").focus()
    page.keyboard.press("Space")
    assert page.evaluate(PLACE) == at
    assert page.locator(".transport button.pause").count() == 1
    page.keyboard.press("PageDown")
    assert page.locator(".transport button.pause").count() == 0


def test_a_figure_is_dragged_and_tapped_where_the_pointer_is_though_the_slide_is_scaled(deck):
    page = deck(after="#overshooting-figure", size=(1920, 1080))
    start, at = page.locator("section.sheet.present .start"), page.evaluate(PLACE)
    box = start.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 40, steps=4)
    page.mouse.up()
    moved = start.bounding_box()
    assert abs(moved["x"] + moved["width"] / 2 - x - 90) < 3
    track = rate(page).bounding_box()
    page.touchscreen.tap(track["x"] + 0.25 * track["width"], track["y"] + track["height"] / 2)
    share = rate(page).evaluate("node => (node.value - node.min) / (node.max - node.min)")
    assert abs(share - 0.25) < 0.02 and page.evaluate(PLACE) == at


def test_links_to_figures_and_places_lead_to_their_slides_and_stay_in_the_address(deck):
    page = deck(after="#figure=3&lr=2.1")
    figure = page.locator("lr-lab").nth(2)
    expect(figure).to_be_visible()
    expect(figure.locator(".rate input[type=text]")).to_have_value("2.1")
    assert page.url.endswith("#figure=3&lr=2.1")
    page.evaluate("location.hash = '#figure=7&start=[2]'")
    expect(page.locator("lr-lab").nth(6)).to_be_visible()
    page.evaluate("location.hash = '#equation-t-steps'")
    expect(page.locator("#equation-t-steps")).to_be_visible()
    page.keyboard.press("PageDown")
    at = page.evaluate(PLACE)
    assert page.url.endswith(f"#/{at[0]}") and at[1] == 0
    page.reload()
    page.wait_for_function(READY)
    assert page.evaluate(PLACE) == at
    page.locator("#menu-button").click()
    page.locator("#menu a[hreflang=de]").click()
    page.wait_for_function(READY)
    assert page.evaluate(PLACE) == at and "/de/" in page.url


def test_a_slide_that_a_link_has_led_to_is_found_again_as_the_link_has_it(deck):
    page = deck(after="#figure=3&lr=1.9")
    page.evaluate("location.hash = '#figure=3&lr=2.1'")
    value = page.locator("lr-lab").nth(2).locator(".rate input[type=text]")
    expect(value).to_have_value("2.1")
    rate(page).press("ArrowLeft")
    page.keyboard.press("Escape")
    page.keyboard.press("PageDown")
    assert "figure" not in page.url
    page.keyboard.press("PageUp")
    assert page.url.endswith("#figure=3&lr=2.1")
    page.reload()
    page.wait_for_function(READY)
    expect(value).to_have_value("2.1")


def test_a_deck_works_over_http_as_it_does_from_disk(deck, address):
    page = deck()
    page.goto(f"{address}/en/slides/{DECK}.html#figure=3&lr=2.1")
    page.wait_for_function(READY)
    expect(page.locator("lr-lab").nth(2).locator(".rate input[type=text]")).to_have_value("2.1")
    page.goto(f"{address}/en/slides/{DECK}.html#/5")
    expect(page.locator("section.sheet.present math").first).to_be_visible()


# ---------------------------------------------------------------- room

#: All slides lie one over another, to be measured at once; nothing is painted.
LAID_OUT = ".reveal * { visibility: hidden !important } .slides section { display: flex !important }"

#: Tells what leaves its slide: at its sides never; at its foot only on a telephone, where the slide scrolls.
OVERFLOW = """async () => {
  const found = [], narrow = document.documentElement.classList.contains("narrow");
  const scrolls = (node) => ["auto", "scroll"].includes(getComputedStyle(node).overflowX);
  for (let frames = 4; frames; frames--) await new Promise(requestAnimationFrame);
  for (const slide of document.querySelectorAll("section.sheet")) {
    const { h, v } = Reveal.getIndices(slide), tell = (what) => found.push(`#/${h}/${v ?? 0}: ${what}`);
    const edge = slide.getBoundingClientRect();
    if (edge.width < 0.98 * innerWidth || edge.height < 0.9 * innerHeight) tell("does not fill the screen");
    for (const part of slide.querySelectorAll(":scope > *, .panel, .equation, td, pre, .rate, .says")) {
      const { left, right, bottom, width } = part.getBoundingClientRect();
      let box = part;
      while (box !== slide && !scrolls(box)) box = box.parentElement;
      if (!width || box !== slide) continue; // what scrolls in itself may be wider
      const name = `${part.localName}.${part.className}`;
      if (left < edge.left - 1 || right > edge.right + 1) tell(`${name} leaves it sideways`);
      if (!narrow && !part.matches(".lr-lab *") && bottom > edge.bottom + 1) tell(`${name} leaves it below`);
    }
    if (slide.scrollWidth > slide.clientWidth + 4) tell("scrolls sideways");
    if (!narrow && slide.scrollHeight > slide.clientHeight + 1) tell("is too long");
    const scale = edge.width / slide.offsetWidth, text = slide.querySelector("p, li");
    if (text && parseFloat(getComputedStyle(text).fontSize) * scale < 12) tell("has tiny text");
    for (const panel of slide.querySelectorAll(".panels > .panel:not(.veiled, .empty)")) {
      const drawn = panel.querySelector(":scope > svg");
      if (drawn && drawn.getBoundingClientRect().bottom > panel.getBoundingClientRect().bottom + 2) tell(`${panel.className} is cut off`);
    }
    for (const figure of narrow ? [] : slide.querySelectorAll(".lr-lab")) if (figure.scrollHeight > figure.clientHeight + 1) tell("the figure scrolls");
    if (narrow) continue;
    for (const figure of slide.querySelectorAll(".lr-lab")) {
      figure.querySelector(".predict .quiet")?.click(); // what has still to be foretold is not told
      const cursor = figure.querySelector(".transport input");
      for (const share of [0.1, 0.5, 0.9]) {
        cursor.value = cursor.max * share;
        cursor.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise(requestAnimationFrame);
        if (figure.scrollHeight > figure.clientHeight + 1) tell(`the figure scrolls at step ${cursor.value}`);
      }
    }
  }
  return found;
}"""


def test_nothing_leaves_its_slide_on_a_projector_or_a_telephone(deck):
    """In German, whose words are the longest."""
    for file in decks("de"):
        page = deck(file.stem, "de")
        page.evaluate(
            "style => { document.head.append(Object.assign(document.createElement('style'), { textContent: style }));"
            "dispatchEvent(new Event('resize')); }",
            LAID_OUT,
        )
        for width, height in ((1280, 720), (375, 667)):
            page.set_viewport_size({"width": width, "height": height})
            found = page.evaluate(OVERFLOW)
            assert not found, f"{file.name} at {width} × {height}:\n" + "\n".join(found)


def test_a_sentence_about_a_formula_comes_after_its_last_row(deck):
    page = deck("overshooting")
    ends = page.evaluate("""() => [...document.querySelectorAll(".sheet.formula:has(mtr.fragment)")].map((slide) => {
      const steps = (which) => [...slide.querySelectorAll(`${which}.fragment`)].map((one) => Number(one.dataset.fragmentIndex));
      return [Math.max(...steps("mtr")), Math.min(...steps(".follow"))];
    })""")
    assert ends and all(row < sentence for row, sentence in ends)


#: How far what is set and told beside a figure goes on below its slide.
BELOW = """async () => {
  for (let frames = 4; frames; frames--) await new Promise(requestAnimationFrame);
  const figure = document.querySelector("section.sheet.present .lr-lab");
  return figure.scrollHeight - figure.clientHeight;
}"""
#: How much of its lowest axis a panel cuts off.
CUT = """() => Math.max(...[...document.querySelectorAll("section.sheet.present .panel:not(.veiled, .empty):has(> svg)")].map(
  (panel) => panel.querySelector(":scope > svg").getBoundingClientRect().bottom - panel.getBoundingClientRect().bottom))"""


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_a_scatter_and_what_is_told_after_a_guess_are_on_the_slide_as_a_whole(deck, size):
    page = deck("models", "de", size=size)
    scatters = page.locator("lr-lab").evaluate_all(
        "all => all.map((one, i) => [i + 1, one.dataset.settings]).filter(([, text]) => /crossings|limits/.test(JSON.stringify(JSON.parse(text).panels))).map(([i]) => i)"
    )
    assert len(scatters) >= 2
    for number in scatters:
        page.evaluate("number => { location.hash = `#figure=${number}`; }", number)
        assert page.evaluate(BELOW) <= 1, number
        drawn = page.locator("section.sheet.present .panel:is(.crossings, .limits) > svg").bounding_box()
        assert drawn["height"] > 0.25 * size[1], number
    page = deck(after="#figure=2", size=size)
    figure = page.locator("section.sheet.present lr-lab")
    figure.get_by_label("glides").check()
    figure.get_by_role("button", name="That is my guess").click()
    assert page.evaluate(BELOW) <= 1
    expect(figure.get_by_role("status").first).to_be_visible()
    expect(figure.locator(".says")).to_be_hidden()
    figure.locator(".rate input[type=range]").press("ArrowLeft")
    expect(figure.locator(".says")).to_be_visible()
    assert page.evaluate(BELOW) <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_figure_has_a_scrollbar_beside_its_picture(deck, language):
    # A race of two, a question, a race of three; a builder with many sliders; a figure in the midst of a question.
    # In the last of them the name of a panel takes a second line once it is drawn.
    for chapter, numbers in (("adam", (1, 2, 3)), ("schedules", (3, 6)), ("overshooting", (3, 8)), ("momentum", (3,))):
        page = deck(chapter, language)
        for number in numbers:
            page.evaluate("number => { location.hash = `#figure=${number}`; }", number)
            assert page.evaluate(BELOW) <= 1, (chapter, number)
            assert page.evaluate(CUT) <= 2, (chapter, number)
            told = page.locator("section.sheet.present lr-lab [role=status].unseen")
            expect(told).to_have_count(1)  # what is not shown is still read out


#: The heights of the pictures of the slide that is shown, at steps from the first to the last.
HEIGHTS = """async () => {
  const figure = document.querySelector("section.sheet.present .lr-lab"), cursor = figure.querySelector(".transport input[type=range]");
  const seen = [];
  for (let part = 0; part <= 1; part += 0.1) {
    cursor.value = Math.round(part * cursor.max);
    cursor.dispatchEvent(new Event("input", { bubbles: true }));
    for (let frames = 2; frames; frames--) await new Promise(requestAnimationFrame);
    seen.push([...figure.querySelectorAll(".panels > .panel > svg")].map((picture) => picture.clientHeight).join(" "));
  }
  return [...new Set(seen)];
}"""


@pytest.mark.parametrize(("name", "figure"), [("hessian", 3), ("momentum", 3)])
def test_pictures_keep_their_height_while_a_run_is_played(deck, name, figure):
    page = deck(name, after=f"#figure={figure}")
    page.evaluate(BELOW)
    assert len(heights := page.evaluate(HEIGHTS)) == 1, f"the key takes room from a picture: {heights}"


def test_what_is_told_after_a_guess_is_not_told_before(deck):
    page = deck(after="#figure=2")
    told = page.locator("section.sheet.present > .told")
    assert told.is_hidden()
    page.locator("section.sheet.present .predict .quiet").click()
    expect(told).to_be_visible()


def test_what_a_figure_says_is_seen_where_it_has_room(deck):
    page = deck(after="#figure=3")
    expect(page.locator("section.sheet.present .says")).to_be_visible()
    page = deck("schedules", after="#figure=3")
    expect(page.locator("section.sheet.present .says")).to_be_hidden()


def test_all_settings_open_over_what_stands_below_and_nothing_moves(deck):
    page = deck("schedules", after="#figure=3")
    figure = page.locator("section.sheet.present .lr-lab")
    panels, opener = figure.locator(".panels"), figure.locator(".drawer > summary")
    before = panels.bounding_box(), opener.bounding_box()["y"]
    opener.press("Enter")
    drawer = figure.locator(".drawer")
    expect(drawer.locator("input[type=range]").first).to_be_visible()
    assert page.evaluate(BELOW) <= 1 and panels.bounding_box() == before[0]
    assert abs(opener.bounding_box()["y"] - before[1]) < 3
    drawer.evaluate("node => node.scrollTo(0, 10000)")
    expect(drawer.locator("input[type=range]").last).to_be_in_viewport()
    opener.click()  # it stays at the head
    expect(drawer.locator("input[type=range]").first).to_be_hidden()
    opener.click()
    page.keyboard.press("Escape")
    expect(drawer.locator("input[type=range]").first).to_be_hidden()
    page.keyboard.press("Escape")  # what is still to come is not shown by mistake
    assert not page.evaluate("Reveal.isOverview()")
    page.keyboard.press("o")
    assert page.evaluate("Reveal.isOverview()")
    page.keyboard.press("Escape")
    assert not page.evaluate("Reveal.isOverview()")


def test_the_numbers_of_an_axis_can_be_read_from_the_last_row(deck):
    page = deck(after="#overshooting-figure")
    height = page.locator("section.sheet.present .axis text").first.evaluate(
        "node => parseFloat(getComputedStyle(node).fontSize) * node.closest('.sheet').getBoundingClientRect().height / node.closest('.sheet').offsetHeight"
    )
    assert height >= 720 / 40  # of the screen


def test_a_slide_fills_the_screen_whatever_its_shape(deck):
    page = deck(after="#overshooting-figure")
    for width, height in ((1920, 1080), (1024, 768), (667, 375)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(FRAMES)
        box = page.locator("section.sheet.present").bounding_box()
        assert abs(box["width"] - width) < 0.02 * width and abs(box["height"] - height) < 0.02 * height
        panels = page.locator("section.sheet.present .panels").bounding_box()
        assert panels["width"] > 0.6 * width and panels["height"] > 0.4 * height


def test_a_long_slide_of_a_telephone_scrolls_under_the_finger(deck):
    page = deck(after="#overshooting-figure", size=(375, 667))
    slide = page.locator("section.sheet.present")
    assert slide.evaluate("node => node.scrollHeight > node.clientHeight && node.hasAttribute('data-prevent-swipe')")
    slide.evaluate("node => node.scrollTo(0, 10000)")
    expect(slide.locator(".told")).to_be_in_viewport()
    assert page.evaluate("[scrollX, scrollY, document.querySelector('.reveal').scrollTop]") == [0, 0, 0]


# ---------------------------------------------------------------- for the speaker, in print, without a script


def test_the_notes_open_in_a_window_that_shows_formulas_and_leads_the_slides(deck):
    page = deck()
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    notes = opened.value
    expect(notes.locator("h3")).to_have_text("For the teacher")
    notes.get_by_text("the explosion").click()
    expect(page.locator("lr-lab").nth(2)).to_be_visible()
    expect(page.locator("lr-lab").nth(2).locator(".rate input[type=text]")).to_have_value("2.1")
    notes.keyboard.press("PageDown")
    for place in (None, "#figure=4", "#overshooting-promise"):  # with slides below those before it, too
        if place:
            page.evaluate("place => { location.hash = place; }", place)
        expect(notes.locator("h1")).to_contain_text(f"{page.locator('.slide-number-a').inner_text()}. ")
    expect(notes.locator(".equation math").first).to_be_visible()
    expect(notes.locator("time")).to_contain_text(re.compile(r"\d:\d\d"))


def test_notes_stand_below_the_slide_where_no_window_may_open(deck):
    page = deck()
    page.evaluate("window.open = () => null")
    page.keyboard.press("s")
    expect(page.locator(".notes-below")).to_contain_text("For the teacher")
    page.keyboard.press("PageDown")
    expect(page.locator(".notes-below")).to_contain_text("powers of ten")
    page.keyboard.press("s")
    expect(page.locator(".notes-below")).to_have_count(0)


def test_for_printing_every_slide_is_a_page_and_every_figure_is_drawn(deck):
    page = deck("intro", after="?print-pdf")
    assert page.locator(".pdf-page").count() == page.locator("section.sheet").count()
    assert page.locator("lr-lab").count() == page.locator("lr-lab:has(svg.inner path)").count()
    heights = "all => all.map(page => [page.offsetHeight, page.scrollHeight - page.clientHeight])"
    assert {tuple(one) for one in page.locator(".pdf-page").evaluate_all(heights)} == {
        (575, 0)
    }  # one less than a slide, as reveal.js does
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == page.locator("section.sheet").count()


def test_without_a_script_all_slides_stand_one_under_another(browser, built):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built / "en" / "slides" / f"{DECK}.html").as_uri())
    sheets = page.locator("section.sheet")
    assert sheets.count() == page.locator("section.sheet >> visible=true").count()
    tops = [sheets.nth(i).bounding_box()["y"] for i in range(sheets.count())]
    assert tops == sorted(set(tops))
    assert page.locator("lr-lab img >> visible=true").count() == page.locator("lr-lab").count()
    expect(page.locator(f'a[href="../{DECK}.html"] >> visible=true')).to_have_count(1)
    context.close()


# ---------------------------------------------------------------- what it says and looks like


def test_axe_finds_nothing_on_slides_and_in_the_menu_in_the_dark(deck):
    page = deck(language="de", after="#overshooting-figure")
    page.keyboard.press("t")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    for place in ("#overshooting-figure", "#overshooting-exercise-critical", "?"):
        if place == "?":
            page.keyboard.press("?")
            expect(page.locator("#menu")).to_be_visible()
        else:
            page.evaluate("place => { location.hash = place; }", place)
        page.evaluate(FRAMES)
        expect_no_violation(page)


def test_no_word_of_the_deck_is_left_in_english(deck):
    page = deck(language="ko")
    labels = page.locator(".reveal > .controls button, #menu, #menu-button").evaluate_all(
        "all => all.map(node => node.getAttribute('aria-label'))"
    )
    shown = page.locator("#menu").inner_text() + page.locator(".resume-button").inner_text()
    assert labels and not re.findall(r"[A-Za-z]{4,}", "".join(labels))
    assert not re.findall(r"[A-Za-z]{5,}", shown.replace("English", "").replace("Deutsch", ""))

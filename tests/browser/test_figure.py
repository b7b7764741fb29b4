"""The figure in a real browser, read from its DOM and used by mouse, keyboard and touch."""

import random

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import lrlib
from lrlib import ask, lab
from lrlib.lab import SHOWN
from lrlib.surfaces import SURFACES
from lrlib.words import LANGUAGES, format_number

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}


@pytest.fixture(autouse=True)
def english():
    yield
    lrlib.use("en")


def slider(page):
    return page.locator(".rate input[type=range]")


def says(page):
    return page.locator(".says")


def marks(page):
    return page.locator(".mark").evaluate_all("all => all.map(mark => mark.getAttribute('aria-label'))")


def random_figure(seed: int):
    """Settings at random, from harmless to absurd."""
    dice = random.Random(seed)
    surface = dice.choice(list(SURFACES))
    optimizer = dice.choice(SHOWN)
    settings = {} if optimizer == "gd" else {"beta": dice.choice([0, 0.5, 0.9, 0.99])}
    if surface == "quadratic":
        settings |= {"condition": 10 ** dice.uniform(0, 4), "rotation": dice.uniform(-90, 90)}
    if surface == "parabola":
        settings["curvature"] = 10 ** dice.uniform(-1, 1)
    n = SURFACES[surface].dimension
    return lab(
        surface,
        optimizer,
        lr=10 ** dice.uniform(-4, 1.5),
        start=[dice.uniform(-6, 6) for _ in range(n)],
        steps=dice.choice([1, 3, 40, 300, 1200]),
        panels=dice.sample(["landscape", "loss", "gauge"], dice.choice([1, 2, 3])),
        language=dice.choice(LANGUAGES),
        **settings,
    )


@pytest.mark.parametrize("seeds", [range(0, 15), range(15, 30), range(30, 45), range(45, 60)], ids=str)
def test_page_and_python_say_the_same_sentence_about_any_settings(show, seeds):
    figures = [random_figure(seed) for seed in seeds]
    page = show(*figures)
    for i, figure in enumerate(figures):
        expect(says(page).nth(i)).to_have_text(figure.sentence)
        for kind in ("landscape", "loss", "gauge"):
            panel = page.locator("lr-lab").nth(i).locator(f".panel.{kind} svg.inner path[d]:not([d=''])")
            assert (panel.count() > 0) == (kind in figure.panels), f"{kind} of {figure.sentence}"


NUMBERS = [0.1, 2.125, -0.00051, 0.9999, 99999.0, 12345.6, 1.797e308, 5e-324, 100.0, 1e-5, 123456.0, -7.0, 0.0005, 3e-5]


def test_page_and_python_write_numbers_alike(show):
    values = NUMBERS + [10**x for x in np.random.default_rng(0).uniform(-320, 308, 2000)]
    from lrlib import page as parts

    page = show()
    page.evaluate(f"{parts._text('common.js').replace('const SUPER', 'var SUPER')}; window.formatNumber = formatNumber")
    written = page.evaluate("values => values.map(v => formatNumber(v, ','))", values)
    assert written == [format_number(value, ",") for value in values]


def test_the_slider_follows_the_mouse_and_redraws_everything(show):
    page = show(lab("parabola", lr=0.5, start=-4, steps=30, lr_range=(0.02, 5)))
    shapes = page.locator("path.trail, path.eigen-0").evaluate_all("all => all.map(path => path.getAttribute('d'))")
    box = slider(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.97, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(says(page)).to_contain_text("farther away")
    after = page.locator("path.trail, path.eigen-0").evaluate_all("all => all.map(path => path.getAttribute('d'))")
    assert all(a != b for a, b in zip(shapes, after, strict=True))
    assert page.locator(".rate.over").count() == 1


def test_the_slider_follows_a_finger(show):
    page = show(lab("parabola", lr=0.05, start=-4, lr_range=(0.02, 5)), width=375)
    box = slider(page).bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.95, box["y"] + box["height"] / 2)
    expect(says(page)).to_contain_text("farther away")


def test_the_slider_follows_the_keyboard(show):
    page = show(lab("parabola", lr=0.5, lr_range=(0.02, 5)))
    slider(page).focus()
    page.keyboard.press("End")
    expect(says(page)).to_contain_text("η = 5,")
    page.keyboard.press("Home")
    expect(says(page)).to_contain_text("η = 0.02,")
    page.keyboard.press("ArrowRight")
    expect(says(page)).to_contain_text("η = 0.0202,")
    expect(slider(page)).to_have_attribute("aria-valuetext", "0.0202; ηλ = 0.0202")


def test_every_rate_of_two_digits_is_a_stop_of_the_slider(show):
    page = show(lab("parabola", lr=0.5, lr_range=(0.02, 5)))
    reached = page.evaluate("""() => {
      const range = document.querySelector(".rate input[type=range]"), field = document.querySelector(".rate input[type=text]");
      return Array.from({ length: Number(range.max) + 1 }, (_, stop) => {
        range.value = stop;
        range.dispatchEvent(new Event("input"));
        return field.value;
      });
    }""")
    wanted = {f"{digits * 10.0**power:.2g}" for power in (-3, -2, -1) for digits in range(10, 100)}
    wanted = {text for text in wanted if 0.02 <= float(text) <= 5}
    assert wanted <= {f"{float(value):.3g}" for value in reached}
    assert len(set(reached)) == len(reached)


def test_a_rate_is_shown_with_the_decimal_mark_of_the_page(show):
    page = show(lab("parabola", lr=0.5, language="de"))
    expect(page.locator(".rate input[type=text]")).to_have_value("0,5")


def test_a_path_that_stands_still_is_not_said_to_move(show):
    page = show(lab("parabola", lr=2.5, start=0))
    expect(says(page)).to_have_text("η = 2.5, ηλ = 2.5, threshold 2. After 50 steps the loss is still 0.")


def test_the_marks_are_the_thresholds_of_the_current_hessian(show):
    page = show(
        lab("quadratic", "momentum", 0.05, (1, 1), condition=20, beta=0.9, lr_range=(1e-4, 10), controls=["condition"])
    )
    assert set(marks(page)) == {"η = 2(1+β)/λ₁ = 0.19", "η = (1−√β)²/λ₁ = 0.000132", "η = 2(1+β)/λ₂ = 3.8"}
    page.locator(".setting input").focus()
    page.keyboard.press("Home")
    expect(page.locator(".setting output")).to_have_text("1")
    assert "η = 2(1+β)/λ₁ = 3.8" in marks(page)


def test_a_mark_sits_where_the_slider_has_its_value(show):
    page = show(lab("parabola", lr=0.1, lr_range=(0.02, 5)))
    threshold = page.locator(".mark.threshold")
    threshold.click()
    expect(says(page)).to_contain_text("Exactly on the threshold")
    track, mark = slider(page).bounding_box(), threshold.bounding_box()
    place = slider(page).evaluate("node => node.value / node.max")
    thumb = track["x"] + 13 + place * (track["width"] - 26)
    assert abs(mark["x"] + mark["width"] / 2 - thumb) < 1.5


def test_marks_do_not_cover_each_other_on_a_phone(show):
    page = show(lab("quadratic", "momentum", 0.05, (1, 1), condition=3, beta=0.1, lr_range=(1e-3, 10)), width=320)
    boxes = [mark.bounding_box() for mark in page.locator(".mark").all()]
    assert len(boxes) == 3
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"] or abs(a["y"] - b["y"]) >= 20
            assert apart, f"{a} covers {b}"


def test_the_number_field_takes_any_rate_and_refuses_nonsense(show):
    page = show(lab("parabola", lr=0.5, lr_range=(0.02, 5)))
    field = page.locator(".rate input[type=text]")
    field.fill("123.456")
    expect(says(page)).to_contain_text("η = 123,")
    for typed, shown in (("0,5", "0.5"), ("1e-3", "0.001"), ("1/4", "0.25"), ("7.3×10⁻⁵", "0.000073")):
        field.fill(typed)
        expect(says(page)).to_contain_text(f"η = {'7.3×10⁻⁵' if shown == '0.000073' else shown},")
    field.fill("123.456")
    for wrong in ("-1", "0", "", "fast"):
        field.fill(wrong)
        expect(page.locator(".rate .wrong")).to_have_text("The learning rate must be a number above 0.")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(says(page)).to_contain_text("η = 123,")
    field.blur()
    expect(field).to_have_value("123.456")
    expect(page.locator(".rate .wrong")).to_have_text("")
    field.fill("0.7")
    expect(says(page)).to_contain_text("η = 0.7,")


def test_the_start_is_dragged_with_the_mouse(show):
    page = show(lab("quadratic", lr=0.05, start=(-4, 2), condition=5))
    handle = page.locator(".start")
    before = handle.bounding_box()
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 60, steps=6)
    page.mouse.up()
    after = handle.bounding_box()
    assert after["x"] - before["x"] == pytest.approx(120, abs=3)
    assert after["y"] - before["y"] == pytest.approx(60, abs=3)


def test_the_start_is_dragged_with_a_finger(show):
    page = show(lab("parabola", lr=0.5, start=-4), width=375)
    handle = page.locator(".start")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, dx in (("touchStart", 0), ("touchMove", 40), ("touchMove", 80), ("touchEnd", None)):
        points = [] if dx is None else [{"x": x + dx, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert float(handle.get_attribute("aria-valuenow")) > -3


def test_the_start_moves_with_the_arrow_keys_and_stays_in_the_picture(show):
    page = show(lab("quadratic", lr=0.05, start=(-4, 2), condition=5))
    handle = page.locator(".start")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(handle).to_have_attribute("aria-valuetext", "−3.8 / 2.2")
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    expect(handle).to_have_attribute("aria-valuenow", "-5")


def test_reset_brings_the_authors_state_back(show):
    page = show(lab("quadratic", "momentum", 0.05, (-4, 2), condition=5, controls=["condition", "beta"]))
    before = says(page).inner_text()
    slider(page).focus()
    page.keyboard.press("End")
    page.locator(".start").focus()
    page.keyboard.press("ArrowRight")
    for control in page.locator(".setting input").all():
        control.focus()
        page.keyboard.press("Home")
    assert says(page).inner_text() != before
    page.locator("button.reset").click()
    expect(says(page)).to_have_text(before)
    expect(page.locator(".start")).to_have_attribute("aria-valuetext", "−4 / 2")


def test_a_diverging_run_is_shown_as_such(show):
    page = show(lab("parabola", lr=3, start=-4, steps=1200))
    expect(page.locator(".landscape .note")).to_have_text("leaves the picture at step 1")
    expect(page.locator(".loss .note")).to_have_text("∞ from step 510nan from step 1023")
    assert page.locator(".loss .event").get_attribute("d").count("M") == 2
    drawn = page.locator(".panels").inner_html()
    assert "NaN" not in drawn and "Infinity" not in drawn


def test_a_run_far_above_the_threshold_is_pointed_to_on_the_gauge(show):
    page = show(lab("parabola", lr=40, start=-4, steps=5, lr_range=(0.1, 100)))
    expect(page.locator(".gauge .note")).to_have_text("▲ ηλ = 40")


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_scrolls_sideways_and_every_panel_is_wide_enough(show, width, language):
    page = show(
        lab(
            "quadratic",
            "momentum",
            0.05,
            (-4, 2),
            condition=25,
            controls=["condition", "rotation", "beta"],
            language=language,
        ),
        lab("parabola", lr=3, start=-4, steps=1200, language=language),
        width=width,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for svg in page.locator(".panel > svg").all():
        box = svg.bounding_box()
        assert box["width"] >= 250 and box["height"] >= 130
        assert box["x"] >= 0 and box["x"] + box["width"] <= width + 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(show, theme):
    page = show(
        lab("quadratic", "momentum", 0.05, (-4, 2), condition=25, controls=["condition", "beta"]),
        lab("parabola", lr=3, start=-4, steps=1200),
        ask(0.25),
    )
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    if theme == "dark":
        page.add_style_tag(
            content=":root { --pst-color-text-base: #eee; --pst-color-text-muted: #b0b0b0;"
            " --pst-color-background: #121212 } body { background: #121212 }"
        )
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


def test_figures_on_one_page_do_not_disturb_each_other(show):
    page = show(lab("parabola", lr=0.5), lab("parabola", lr=0.5))
    second = says(page).nth(1).inner_text()
    slider(page).first.focus()
    page.keyboard.press("End")
    expect(says(page).first).not_to_have_text(second)
    expect(says(page).nth(1)).to_have_text(second)


def test_a_figure_that_is_moved_or_removed_leaves_nothing_behind(show):
    page = show(lab("parabola", lr=0.5))
    page.evaluate("""() => {
      const figure = document.querySelector("lr-lab"), range = figure.querySelector("input[type=range]");
      figure.remove();
      range.value = 0;
      range.dispatchEvent(new Event("input"));
      window.gone = figure.children.length;
      document.querySelector("main").append(figure);
    }""")
    assert page.evaluate("window.gone") == 0
    expect(says(page)).to_contain_text("η = 0.5,")
    slider(page).focus()
    page.keyboard.press("End")
    expect(says(page)).not_to_contain_text("η = 0.5,")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("not JSON", "JSON"),
        ({"language": "fr"}, 'language = "fr"'),
        ({"surface": "hill"}, 'surface = "hill"'),
        ({"optimizer": "sgdx"}, 'optimizer = "sgdx"'),
        ({"lr": -1}, "lr = -1"),
        ({"lr": "a"}, 'lr = "a"'),
        ({"lr_range": [1, 1]}, "lr_range = [1,1]"),
        ({"start": [1, 2]}, "start = [1,2]"),
        ({"steps": 0.5}, "steps = 0.5"),
        ({"view": [[1]]}, "view = [[1]]"),
        ({"panels": ["los"]}, 'panels = ["los"]'),
        ({"settings": {}}, "settings = {}"),
        ({"controls": ["beta"]}, 'controls = ["beta"]'),
    ],
)
def test_broken_settings_give_a_note_and_leave_the_picture(show, settings, reason):
    page = show(lab("parabola", lr=0.5))
    page.evaluate(
        """changed => {
          const figure = document.createElement("lr-lab"), good = document.querySelector("lr-lab").dataset.settings;
          figure.dataset.settings = typeof changed === "string" ? changed : JSON.stringify({ ...JSON.parse(good), ...changed });
          figure.innerHTML = "<img alt='the picture' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>";
          document.querySelector("main").replaceChildren(figure);
        }""",
        settings,
    )
    expect(page.get_by_role("alert")).to_contain_text("This figure cannot be drawn")
    expect(page.get_by_role("alert")).to_contain_text(reason)
    expect(page.get_by_alt_text("the picture")).to_be_attached()


def test_without_a_script_there_is_the_picture_with_its_sentence(browser, show):
    figure = lab("parabola", lr=2.1, start=1, steps=20)
    url = show(figure).url
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    picture = page.get_by_alt_text(figure.sentence)
    assert picture.bounding_box()["width"] > 300
    context.close()


def test_a_screen_reader_hears_the_sentence_once_the_hand_rests(show):
    page = show(lab("parabola", lr=0.5, lr_range=(0.02, 5)))
    slider(page).focus()
    page.keyboard.press("End")
    expect(page.get_by_role("status")).to_contain_text("η = 5,")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_says_the_same_as_python(show, language):
    lrlib.use(language)
    question = ask(0.25, tolerance=0.02, mistakes={"glide": 0.125, "product": 3})
    page = show(question, language=language)
    field, said = page.locator(".lr-ask input"), page.locator(".lr-ask p")
    for typed, given in (
        ("0.25", 0.25),
        ("1/4", 0.25),
        ("0,125", 0.125),
        ("3", 3.0),
        ("7", 7.0),
        ("1e-3", 0.001),
        ("-2", -2.0),
    ):
        field.fill(typed)
        page.keyboard.press("Enter")
        expect(said).to_have_text(question.check(given))
    for typed in ("", "a quarter", "1/2/3", "1/0"):
        field.fill(typed)
        page.locator(".lr-ask button").click()
        expect(said).to_have_text(lrlib.words.strings(language)["ask_number"])

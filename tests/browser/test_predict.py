"""Predict, then look: nothing is given away before the reader has guessed, and then both stand side by side."""

import html
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from lrlib import curvature, descend, lab
from lrlib.words import format_number, strings

BOWL = {"lr": 0.05, "start": (-4, 2.5), "steps": 60, "condition": 25, "rotation": 30}

#: The line at a guess.
ACROSS, UPRIGHT = re.compile(r"^M0,[\d.]+H[\d.]+$"), re.compile(r"^M[\d.]+,0V[\d.]+$")


def asking(kind, optimizer="gd", hidden=("loss", "gauge"), **changed):
    return lab("quadratic", optimizer, predict=kind, hidden=hidden, **BOWL | changed)


def commit(page):
    page.get_by_role("button", name="That is my guess").click()


def told(page):
    return page.locator(".predict [role=status]")


def place_of(page, point) -> tuple[float, float]:
    """Where a point of the plane lies on the screen, from −5 to 5 on both axes."""
    frame = page.locator(".landscape svg.inner")
    size = {side: float(frame.get_attribute(side)) for side in ("width", "height")}
    outer = page.locator(".landscape > svg").bounding_box()
    left, top = outer["x"] + float(frame.get_attribute("x")), outer["y"] + float(frame.get_attribute("y"))
    return left + size["width"] * (point[0] + 5) / 10, top + size["height"] * (5 - point[1]) / 10


@pytest.mark.parametrize("kind", ["regime", "loss", "overflow", "end"])
def test_nothing_is_given_away_before_the_guess(show, kind):
    page = show(asking(kind))
    expect(page.locator(".predict fieldset")).to_be_visible()
    for hidden in (".panel.loss svg", ".panel.gauge svg", ".transport", ".rate .mark"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".says")).to_be_empty()
    expect(page.locator(".landscape .trail")).to_have_count(0)
    assert page.locator(".rate").evaluate("node => node.inert")


@pytest.mark.parametrize("kind", ["regime", "loss", "overflow", "end"])
@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
def test_where_no_script_runs_it_asks_the_same_with_the_same_answers(show, kind, optimizer):
    asked = asking(kind, optimizer)
    still = asked._repr_mimebundle_()[0]["text/html"]
    lines = [html.unescape(line) for line in re.findall(r"<p>(.*?)</p>", still)]
    fieldset = show(asked).locator(".predict fieldset")
    labels = [f"○ {label.strip()}" for label in fieldset.locator("label").all_inner_texts()]
    blank = ["Your answer: ________"] if fieldset.locator("input[type=text]").count() else []
    assert lines == [fieldset.locator("legend").inner_text().replace("\u00a0", " "), *labels, *blank]


def test_on_paper_the_figure_shows_all_that_it_hides_and_then_asks_again(show):
    page = show(asking("end"))
    for event, shown in (("beforeprint", True), ("afterprint", False)):
        page.emulate_media(media="print" if shown else "screen")
        page.evaluate("event => dispatchEvent(new Event(event))", event)
        expect(page.locator(".predict fieldset")).to_be_visible(visible=not shown)
        expect(page.locator(".predict button:visible")).to_have_count(0 if shown else 2)
        expect(page.locator(".panel.loss svg").first).to_be_visible(visible=shown)
        expect(page.locator(".landscape .trail")).to_have_count(1 if shown else 0)


def test_a_figure_may_keep_the_border_of_its_rate_to_itself(show):
    for hidden in ([], ["border"]):
        page = show(lab("quadratic", "gd", 0.1, hidden=hidden))
        track = page.locator(".rate .track")
        hatched = track.evaluate("node => getComputedStyle(node).backgroundImage.includes('repeating')")
        assert (page.locator(".rate .mark:visible").count(), hatched) == ((0, False) if hidden else (2, True))
        slider = page.locator(".rate input[type=range]")
        assert ("ηλ" in slider.get_attribute("aria-valuetext")) == (not hidden)
        expect(page.locator(".says")).to_have_text(lab("quadratic", "gd", 0.1, hidden=hidden).sentence)


def test_a_figure_that_asks_nothing_has_no_question(show):
    page = show(lab("quadratic", **BOWL))
    expect(page.locator(".predict fieldset")).to_have_count(0)
    expect(page.locator(".rate .mark").first).to_be_visible()


def test_question_names_the_numbers_of_the_figure(show):
    page = show(asking("loss"))
    expect(page.locator(".predict legend")).to_have_text("What is the loss after 60 steps at η = 0.05?")
    page = show(asking("overflow", dtype="float16"))
    expect(page.locator(".predict legend")).to_have_text("From which step on is the loss ∞ in float16, at η = 0.05?")


def test_in_a_race_the_question_is_about_the_rule_in_focus(show):
    page = show(asking("loss", ["momentum", "gd"]))
    expect(page.locator(".predict legend")).to_contain_text("Momentum: What is the loss")


def test_guess_and_truth_stand_side_by_side(show):
    page = show(asking("loss"))
    page.get_by_label("Your answer").fill("1/2")
    page.get_by_label("Your answer").press("Enter")
    path = descend("quadratic", "gd", **BOWL)
    expect(told(page)).to_have_text(
        f"You expected 0.5. After 60 steps the loss is {format_number(float(path.losses[-1]))}."
    )
    expect(page.locator(".predict fieldset")).to_be_hidden()
    expect(page.locator(".panel.gauge svg").first).to_be_visible()
    expect(page.locator(".loss path.guess")).to_have_attribute("d", ACROSS)
    expect(page.locator(".landscape .trail").first).to_be_visible()
    assert not page.locator(".rate").evaluate("node => node.inert")


def test_what_is_no_number_is_no_guess(show):
    page = show(asking("loss"))
    page.get_by_label("Your answer").fill("much")
    commit(page)
    expect(page.get_by_text("Type a number, such as 0.25 or 1/4.")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Your answer")).to_be_focused()
    expect(told(page)).to_be_empty()


@pytest.mark.parametrize(
    ("optimizer", "lr", "choice", "verdict"),
    [
        ("gd", 0.05, "zig-zags", "Your guess “zig-zags” is right."),
        ("gd", 0.03, "zig-zags", "Right is “glides”; your guess “zig-zags” is not what happens."),
        ("gd", 0.1, "explodes", "Your guess “explodes” is right."),
        ("momentum", 0.05, "swings", "Your guess “swings” is right."),
        ("momentum", 0.05, "explodes", "Right is “swings”; your guess “explodes” is not what happens."),
        ("momentum", 0.2, "explodes", "Your guess “explodes” is right."),
        ("momentum", 0.2, "glides", "Right is “explodes”; your guess “glides” is not what happens."),
        ("gd", 0.08, "explodes", f"{strings('en')['says_border_steep']} Your guess was “explodes”."),
        ("momentum", 3.8 / 25, "swings", f"{strings('en')['says_border_memory']} Your guess was “swings”."),
    ],
)
def test_regime_is_right_or_not_and_why(show, optimizer, lr, choice, verdict):
    page = show(asking("regime", optimizer, lr=lr))
    page.get_by_role("radio", name=choice).check()
    commit(page)
    threshold = curvature.threshold(optimizer)
    middle = "zig-zags" if optimizer == "gd" else "swings"
    expect(told(page)).to_contain_text(f"{verdict} Here ηλ = {format_number(25 * lr)};")
    expect(told(page)).to_contain_text(f"explodes above {format_number(threshold)}, and in between it {middle}.")


def test_a_choice_has_to_be_made(show):
    page = show(asking("regime"))
    commit(page)
    expect(page.get_by_text("First choose one of the answers.")).to_be_visible()


def test_overflow_is_told_by_the_step_even_beyond_those_drawn(show):
    page = show(asking("overflow", lr=0.1))
    page.get_by_label("Your answer").fill("800")
    commit(page)
    step = descend("quadratic", "gd", **BOWL | {"lr": 0.1, "steps": 2000}).diverged_at
    expect(told(page)).to_have_text(
        f"You expected ∞ from step 800 on. It comes at step {step}, which is {step - 800} away."
    )


def test_an_overflow_that_never_comes_is_told(show):
    page = show(asking("overflow"))
    page.get_by_label("Your answer").fill("20")
    commit(page)
    expect(told(page)).to_contain_text("Within 20000 steps the loss never becomes ∞.")
    expect(page.locator(".loss path.guess")).to_have_attribute("d", UPRIGHT)


def test_end_is_guessed_with_a_click_on_the_landscape(show):
    page = show(asking("end"))
    commit(page)
    expect(page.get_by_text("First place the mark on the picture.")).to_be_visible()
    page.mouse.click(*place_of(page, (2, 1)))
    commit(page)
    end = descend("quadratic", "gd", **BOWL).points[-1]
    expect(told(page)).to_contain_text(f"({format_number(end[0])}, {format_number(end[1])})")
    apart = round(100 * float(np.hypot(2 - end[0], 1 - end[1])) / 10)
    expect(told(page)).to_contain_text(f"{apart} % of the picture's width")
    expect(page.locator(".landscape .guess")).to_be_visible()


def test_end_is_guessed_with_arrow_keys_alone(show):
    page = show(asking("end"))
    mark = page.get_by_role("slider", name="your guess")
    mark.focus()
    before = mark.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect(mark).not_to_have_attribute("aria-valuetext", before)
    commit(page)
    expect(told(page)).to_contain_text("You expected (1.8, −2.3).")


def test_on_a_curve_the_mark_stays_on_the_curve(show):
    page = show(lab("parabola", "gd", lr=0.5, start=-4, steps=3, predict="end"))
    page.get_by_role("slider", name="your guess").press("ArrowRight")
    commit(page)
    expect(told(page)).to_contain_text("You expected x = 2.2. After 3 steps the path is at x = −0.5.")


def test_the_start_stands_still_while_its_end_is_foretold(show):
    page = show(asking("end"))
    expect(page.locator(".start")).to_have_attribute("tabindex", "-1")
    x, y = place_of(page, BOWL["start"])
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y)
    page.mouse.up()
    expect(page.locator(".start")).to_have_attribute("aria-valuetext", "−4 / 2.5")


def test_a_reader_may_look_without_guessing(show):
    page = show(asking("loss"))
    page.get_by_role("button", name="Show without guessing").click()
    expect(page.locator(".says")).not_to_be_empty()
    expect(told(page)).to_be_empty()
    expect(page.get_by_role("alert").filter(has_text="Not possible")).to_have_count(0)


def test_what_was_told_holds_for_the_settings_it_was_asked_about(show):
    page = show(asking("loss"))
    page.get_by_label("Your answer").fill("3")
    commit(page)
    expect(told(page)).to_be_visible()
    height = page.locator(".predict").bounding_box()["height"]
    page.locator(".rate input[type=range]").press("ArrowRight")
    expect(told(page)).to_be_hidden()
    expect(page.locator(".loss path.guess")).not_to_have_attribute("d", ACROSS)
    assert page.locator(".predict").bounding_box()["height"] == height
    page.get_by_role("button", name="Reset").click()
    expect(told(page)).to_be_visible()


def test_back_to_the_question_resets_the_figure(show):
    page = show(asking("loss"))
    page.get_by_label("Your answer").fill("3")
    commit(page)
    again = page.get_by_role("button", name="Back to the question")
    expect(again).to_be_focused()
    page.locator(".rate input[type=range]").press("ArrowRight")
    again.click()
    expect(page.locator(".rate input[type=text]")).to_have_value("0.05")
    expect(page.locator(".predict fieldset")).to_be_visible()
    expect(page.locator(".landscape .trail")).to_have_count(0)
    expect(page.get_by_label("Your answer")).to_be_focused()


@pytest.mark.parametrize("language", ["en", "de", "zh", "ko"])
@pytest.mark.parametrize("kind", ["regime", "loss", "overflow", "end"])
def test_questions_fit_on_a_phone_in_every_language(show, kind, language):
    page = show(asking(kind, language=language), width=375, language=language)
    expect(page.get_by_role("button", name=strings(language)["guess_commit"])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for button in page.locator(".predict button:visible, .predict label").all():
        assert button.bounding_box()["height"] >= 24

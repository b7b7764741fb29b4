"""Races and the curve of the last loss over the rate, used by mouse and keyboard."""

import re

import pytest
from playwright.sync_api import expect

from accessibility import expect_no_violation
from lrlib import descend, lab
from lrlib.words import LANGUAGES, format_number, strings


def race(optimizers=("gd", "momentum", "adam"), **settings):
    given = {"lr": 0.05, "steps": 60, "lr_range": (1e-3, 1), "start": (-4, 2.5), "panels": ["loss", "sensitivity"]}
    return lab("quadratic", list(optimizers), condition=25, rotation=30, **given | settings)


def rows(page):
    return page.locator(".racer")


def numbers(page, row: int) -> list[str]:
    return rows(page).nth(row).locator(".number").all_inner_texts()


def rate_of(page, rule: str):
    return page.get_by_role("slider", name=f"Learning rate η: {rule}", exact=True)


def last_loss(rule: str, lr: float) -> float:
    return float(descend("quadratic", rule, (-4, 2.5), lr, 60, condition=25, rotation=30).losses[-1])


def test_a_single_rule_has_no_legend_and_can_be_made_a_race_from_the_settings(show):
    page = show(race(["gd"]))
    expect(page.locator(".race")).to_be_hidden()
    page.get_by_text("All settings").click()
    page.locator(".drawer").get_by_label("Add a rule").select_option("adam")
    page.locator(".drawer").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".race")).to_be_visible()
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".says")).to_contain_text("Loss after 60 steps")


def test_the_legend_tells_rate_and_loss_at_the_cursor(show):
    page = show(race(cursor=20))
    losses = descend("quadratic", "momentum", (-4, 2.5), 0.05, 60, condition=25, rotation=30).losses
    assert numbers(page, 1) == ["0.05", format_number(float(losses[20]))]
    page.get_by_role("button", name="One step on").click()
    expect(page.locator(".race legend")).to_have_text("Race: learning rate, and loss at step 21")
    assert numbers(page, 1) == ["0.05", format_number(float(losses[21]))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 375, 1000])
def test_no_name_in_the_legend_breaks_inside_a_word(show, width, language):
    rules = ("gd", "momentum", "adam_uncorrected", "adagrad_mean")
    page = show(race(rules, lr=1.37e-4, language=language), width=width, language=language)
    for row, rule in enumerate(rules):
        name = rows(page).nth(row).get_by_text(strings(language)[f"rule_{rule}"], exact=True)
        words = name.evaluate(
            """node => [...node.firstChild.data.matchAll(/[\\p{Script=Latin}]+/gu)].map(({ index, 0: { length } }) => {
            const range = document.createRange();
            range.setStart(node.firstChild, index);
            range.setEnd(node.firstChild, index + length);
            return range.getClientRects().length;
            })"""
        )
        assert set(words) <= {1}, strings(language)[f"rule_{rule}"]
    boxes = page.locator(".racer span").evaluate_all("all => all.map((node) => node.getBoundingClientRect().right)")
    assert max(boxes) <= page.locator(".race").bounding_box()["x"] + page.locator(".race").bounding_box()["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_radios_put_a_rule_into_focus_by_keyboard(show):
    page = show(race())
    page.get_by_role("radio", name="Gradient descent").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Momentum")).to_be_checked()
    expect(page.locator(".says")).to_contain_text("Momentum: η = 0.05")
    expect(page.get_by_role("radio", name="Momentum")).to_be_focused()


def test_a_rule_is_taken_out_and_the_keyboard_keeps_a_place(show):
    page = show(race())
    page.get_by_role("button", name="Take Gradient descent out of the race").press("Enter")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("radio", name="Momentum")).to_be_checked()
    expect(page.get_by_role("button", name="Take Momentum out of the race")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".race")).to_be_hidden()
    expect(page.locator(".rate input[type=range]")).to_be_focused()  # the field would open a phone's keyboard


def test_five_rules_are_the_most(show):
    page = show(race(["gd", "momentum", "nesterov", "adam"]))
    page.locator(".race").get_by_role("button", name="Add", exact=True).click()
    expect(rows(page)).to_have_count(5)
    expect(page.locator(".race").get_by_label("Add a rule")).to_be_hidden()
    expect(page.locator(".rate input[type=range]")).to_be_focused()


def test_rates_are_shared_or_each_its_own(show):
    page = show(race(["gd", "adam"]))
    own = page.get_by_role("checkbox", name="Each with its own rate")
    expect(own).not_to_be_checked()
    own.check()
    rate_of(page, "Adam").focus()
    page.keyboard.press("ArrowRight")
    expect(rows(page).nth(1).locator(".number").first).not_to_have_text("0.05")
    expect(rows(page).nth(0).locator(".number").first).to_have_text("0.05")
    own.uncheck()
    expect(rows(page).nth(1).locator(".number").first).to_have_text("0.05")


def test_the_best_rates_are_found_and_no_others_are_better(show):
    page = show(race(["gd", "momentum"], cursor=3))
    page.get_by_role("button", name="Find the best rate for each").click()
    told = page.locator(".race [role=status]")
    expect(told).to_contain_text("Best rate of those tried, by the loss after 60 steps: Gradient descent 0.07")
    for row, rule in enumerate(("gd", "momentum")):
        rate, loss = numbers(page, row)
        assert loss == format_number(last_loss(rule, float(rate)))
        tried = [float(f"{1e-3 * 1000 ** (i / 60):.3g}") for i in range(61)]
        assert last_loss(rule, float(rate)) <= min(last_loss(rule, lr) for lr in tried)
    rate_of(page, "Gradient descent").press("ArrowLeft")
    expect(told).to_be_empty()


def test_with_noise_the_legend_says_whose_noise_it_is(show):
    page = show(race(["gd", "momentum"], noise=1.0, seed=7))
    page.get_by_role("button", name="Find the best rate for each").click()
    expect(page.locator(".race [role=status]")).to_contain_text("This holds for the noise of seed 7 alone.")


def test_the_curve_names_its_best_rate_and_its_handle_sets_the_rate(show):
    page = show(race(["gd"]))
    panel = page.locator(".panel.sensitivity")
    expect(panel.locator(".key")).to_have_text(re.compile(r"^× best η = 0\.07\d*$"))
    expect(panel.locator(".trail")).to_have_attribute("d", re.compile(r"^M.*L"))
    handle = rate_of(page, "Gradient descent")
    box = handle.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"], steps=3)
    page.mouse.up()
    expect(page.locator(".rate input[type=text]")).not_to_have_value("0.05")
    assert float(page.locator(".rate input[type=text]").input_value()) < 0.05
    before = float(handle.get_attribute("aria-valuenow"))
    handle.press("ArrowRight")
    assert float(handle.get_attribute("aria-valuenow")) == pytest.approx(before * 1000 ** (1 / 60), rel=0.02)


def test_a_curve_ends_with_a_mark_where_the_loss_is_no_number(show):
    page = show(race(["gd"], steps=2000))
    expect(page.locator(".panel.sensitivity .end").first).to_have_text(re.compile("∞|nan"))


def test_the_curve_follows_another_setting(show):
    page = show(race(["gd"], controls=["condition"]))
    line = page.locator(".panel.sensitivity .trail:not(.faded)")
    expect(line).to_have_attribute("d", re.compile("M"))
    before = line.get_attribute("d")
    page.locator(".setting input[type=range]").first.press("ArrowRight")
    expect(line).not_to_have_attribute("d", before)


@pytest.mark.parametrize("language", ["en", "de", "zh", "ko"])
def test_a_race_passes_axe_and_fits_a_telephone(show, language):
    page = show(
        race(["gd", "momentum", "nesterov", "adagrad_mean", "adam"], language=language), width=375, language=language
    )
    page.locator(".race-hands > button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    expect_no_violation(page)

"""The range test in the page: its bits, its readings, its hands."""

import base64
import itertools
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from accessibility import expect_no_violation
from lrlib import Recording, lab
from lrlib import page as parts
from lrlib.lab import _test
from lrlib.search import ramp, range_places, smoothed
from lrlib.words import LANGUAGES, format_number, strings

#: The twins, in the window; numbers travel as the base64 of their bits.
TWINS = """(() => { %s;
  const packed = (numbers) => btoa(String.fromCharCode(...new Uint8Array(Float64Array.from(numbers).buffer)));
  window.twins = (state) => {
    const { rates, losses, first } = rangeTest(state, state.optimizer), curve = smoothedBy(state.smoothing, losses);
    return [packed(rates), packed(losses), packed(curve), packed([first]), rangePlaces(curve)];
  };
  window.placesOf = (curve) => rangePlaces(Float64Array.from(curve.map(Number)));
})()"""


def test_figure(optimizer="gd", surface="quadratic", panels=("range",), **given):
    usual = {"lr": 0.05, "lr_range": (1e-3, 3.0), "start": (-4.0, 2.5)}
    return lab(surface, optimizer, panels=panels, **usual | given)


test_figure.__test__ = False


def unpacked(text) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=np.float64)


def bits(numbers) -> np.ndarray:
    array = np.array(numbers, dtype=np.float64)
    return np.where(np.isnan(array), np.float64("nan"), array).view(np.int64)


@pytest.fixture
def twins(page):
    page.evaluate(TWINS % parts.widget_script("lab").rsplit("export default", 1)[0])
    return page


CASES = [
    *(("quadratic", rule, {}) for rule in ("gd", "momentum", "nesterov", "adam", "rmsprop", "adagrad", "lion")),
    ("quadratic", "gd", {"noise": 3.0, "seed": 7, "smoothing": 0.9}),
    ("quadratic", "adam", {"noise": 1.0, "ramp": 2000}),
    ("quadratic", "gd", {"dtype": "float32", "ramp": 17}),
    ("quadratic", "momentum", {"dtype": "float16", "smoothing": 0.5}),
    ("quadratic", "gd", {"clip": 1.0}),
    ("quadratic", "gd", {"resume": 3, "lost": "both"}),
    ("rosenbrock", "adam", {"smoothing": 0.3}),
    ("himmelblau", "gd", {}),
    ("saddle", "momentum", {}),
    ("double_well", "gd", {"start": 1.5, "lr_range": (0.1, 1e6)}),
]


@pytest.mark.parametrize(("surface", "rule", "given"), CASES, ids=str)
def test_the_range_test_in_the_page_has_the_bits_of_that_in_python(twins, surface, rule, given):
    figure = test_figure(rule, surface, **given)
    told = _test(figure._state, figure.path)
    *numbers, places = twins.evaluate("state => twins(state)", figure._state)
    for name, text in zip(("rates", "losses", "curve"), numbers, strict=False):
        assert (bits(unpacked(text)) == bits(told[name])).all(), name
    assert unpacked(numbers[3])[0] == told["first"]
    assert places == told["places"]


def test_the_readings_are_those_of_python_for_any_curve(twins):
    rng = np.random.default_rng(0)
    for length, _ in itertools.product((2, 3, 8, 40), range(25)):
        curve = rng.normal(size=length).round(1) + rng.choice([0, 3])
        for lost in rng.choice([0.0, 1.0], size=rng.integers(3)):
            curve[rng.integers(length)] = np.inf if lost else np.nan
        told = twins.evaluate(
            "curve => placesOf(curve)", [str(one).replace("inf", "Infinity") for one in curve.tolist()]
        )
        assert told == range_places(curve), curve


def key_of(page, index=0) -> str:
    return page.locator(".panel.range").nth(index).locator(".key").first


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_key_names_what_is_read_with_its_rate(show, language):
    figure = test_figure(condition=10.0, language=language)
    page, words = show(figure, language=language), strings(language)
    told = _test(figure._state, figure.path)
    for name, at in told["places"].items():
        written = words[f"range_{name}"].format(lr=format_number(float(told["rates"][at]), words["decimal"]))
        expect(key_of(page)).to_contain_text(written.replace(" = ", "\u00a0=\u00a0"))
    expect(page.locator(".panel.range .place")).to_have_count(8)  # on the curve and in the key


def test_marks_stand_on_the_curve_at_their_rates(show):
    figure = test_figure(condition=10.0)
    page, told = show(figure), _test(figure._state, figure.path)
    inner = page.locator(".range svg.inner")
    width, height = float(inner.get_attribute("width")), float(inner.get_attribute("height"))
    high = 1.35 * told["first"]
    for name in ("falls", "steepest"):
        at = told["places"][name]
        x, y = map(float, re.findall(r"[\d.]+", inner.locator(f".{name}").get_attribute("transform")))
        assert x / width == pytest.approx(np.log(told["rates"][at] / 1e-3) / np.log(3e3), abs=0.005)
        assert 1 - y / height == pytest.approx(told["curve"][at] / high, abs=0.01)
    line = re.findall(r"M([\d.]+),0V", inner.locator(".critical").get_attribute("d"))[0]
    assert float(line) / width == pytest.approx(np.log(0.2 / 1e-3) / np.log(3e3), abs=0.005)
    expect(page.locator(".range .limit-name")).to_have_text("2/λ₁")


def test_a_border_that_is_hidden_is_not_told_by_the_range_test(show):
    figure = test_figure(condition=10.0, hidden=["border"])
    page = show(figure)
    expect(page.locator(".panel.range .place")).to_have_count(8)
    expect(page.locator(".range .critical")).not_to_have_attribute("d", re.compile("."))
    expect(page.locator(".range .limit-name")).to_be_empty()
    assert _test(figure._state, figure.path)["critical"] is None


def test_sliders_of_ramp_and_smoothing_change_the_test_and_not_the_run(show):
    page = show(test_figure(condition=10.0, noise=2.0, controls=["range"], panels=["range", "loss"]))
    ramp_slider = page.get_by_role("slider", name=strings("en")["ramp"])
    smoothing = page.get_by_role("slider", name=strings("en")["smoothing"])
    loss = page.locator(".panel.loss .trail").get_attribute("d")
    says, before = page.locator(".says").inner_text(), key_of(page).text_content()
    expect(page.locator(".range .raw[d]")).to_have_count(0)
    ramp_slider.press("End")
    expect(key_of(page)).not_to_have_text(before)
    longer = key_of(page).text_content()
    smoothing.press("ArrowRight")
    for _ in range(60):
        smoothing.press("ArrowRight")
    expect(key_of(page)).not_to_have_text(longer)
    expect(page.locator(".range .raw[d]")).to_have_count(1)
    assert page.locator(".panel.loss .trail").get_attribute("d") == loss
    assert page.locator(".says").inner_text() == says
    page.get_by_role("button", name=strings("en")["reset"]).click()
    expect(key_of(page)).to_have_text(before)


def test_a_link_carries_ramp_and_smoothing(show):
    page = show(test_figure(condition=10.0))
    before = key_of(page).text_content()
    page.evaluate("location.hash = 'figure=1&ramp=1000&smoothing=0.5'")
    expect(key_of(page)).not_to_have_text(before)
    told = _test(test_figure(condition=10.0, ramp=1000, smoothing=0.5)._state, test_figure(condition=10.0).path)
    rate = format_number(float(told["rates"][told["places"]["steepest"]]))
    expect(key_of(page)).to_contain_text(rate)


def test_the_ring_is_the_rate_of_the_run(show):
    page = show(test_figure(condition=10.0))
    ring, field = page.locator(".range .handle"), page.locator(".rate input[type=text]")
    assert float(ring.get_attribute("aria-valuenow")) == 0.05
    ring.press("ArrowRight")
    assert float(field.input_value()) > 0.05
    box = page.locator(".range svg.inner").bounding_box()
    page.mouse.move(
        *[ring.bounding_box()[a] + ring.bounding_box()[b] / 2 for a, b in (("x", "width"), ("y", "height"))]
    )
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 10)
    page.mouse.up()
    assert float(field.input_value()) == pytest.approx(3, rel=0.05)


def test_a_figure_in_which_the_loss_never_falls_says_so(show):
    page = show(
        test_figure(lr_range=(10.0, 100.0), lr=20.0, condition=10.0), test_figure(start=(0.0, 0.0), condition=10.0)
    )
    expect(page.locator(".panel.range").nth(0)).to_contain_text(strings("en")["range_never"])
    expect(page.locator(".panel.range").nth(1).locator(".none, .key")).not_to_have_count(0)


def test_a_recorded_range_test_is_read_like_any_other(show):
    rates, losses = ramp(1e-3, 10.0, 60), np.r_[np.linspace(2.3, 1, 50), 1 + np.arange(10.0) ** 2]
    losses[:50] += 0.2 * np.random.default_rng(0).normal(size=50)
    recording = Recording([0.01, 0.1, 1], [[2.3, 1.5], [2.3, 1], [2.3, 4]], sharpness=[[3.0]] * 3)
    page = show(lab(recording.with_test(rates, losses), lr=0.1, panels=["range", "loss"], smoothing=0.8))
    for smoothing in (0.8, 0.0):
        if not smoothing:
            page.get_by_role("slider", name=strings("en")["smoothing"]).press("Home")
        places = range_places(smoothed(losses, smoothing))
        for name in ("steepest", "lowest", "explodes"):
            expect(key_of(page)).to_contain_text(format_number(float(rates[places[name]])))
    expect(page.locator(".range .limit-name")).to_have_text("2/λ")
    ring = page.locator(".range .handle")
    ring.press("ArrowRight")
    assert float(ring.get_attribute("aria-valuenow")) == 1
    ring.press("ArrowLeft")
    ring.press("ArrowLeft")
    ring.press("ArrowLeft")
    assert float(ring.get_attribute("aria-valuenow")) == 0.01


@pytest.mark.parametrize("width", [375, 1000])
def test_it_is_accessible_and_fits(show, width):
    page = show(
        test_figure(condition=10.0, noise=2.0, smoothing=0.5, controls=["range"], panels=["range", "sensitivity"]),
        width=width,
    )
    expect_no_violation(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width

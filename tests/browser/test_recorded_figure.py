"""A figure of recorded runs: it says what Python says, stops at the recorded rates alone, and draws what there is."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from lrlib import lab
from lrlib import page as parts
from lrlib.recording import Recording
from lrlib.words import LANGUAGES, format_number, strings

INF, NAN = np.inf, np.nan
network = runpy.run_path(str(Path(__file__).parent.parent / "recorded.py"))["network"]


def state(recording: Recording, lr: float, panels=None, language="en", **more) -> dict:
    """What `lab` sends to the page, and what something else might."""
    chosen = {} if panels is None else {"panels": panels}
    return lab(recording, lr=lr, language=language, **chosen)._state | more


def hard() -> list[Recording]:
    """Recordings with all that can be strange about one."""
    rng = np.random.default_rng(0)
    long = rng.lognormal(size=(3, 5, 3001))
    long[1, 0, 700:], long[2, :, 50:], long[2, :, 900:] = NAN, INF, NAN
    slow = np.where(np.arange(3001) % 7, NAN, rng.random((3, 5, 3001)) * 4)
    rates = np.array([1e-9, 0.3, 7e12])
    return [
        Recording(rates, long, norms=long[:, 0], sharpness=slow, schedule=rates[:, None] * np.linspace(1, 0, 3000)),
        Recording([1], [[NAN, 1]], norms=[[0, INF]], sharpness=[[NAN]]),
        Recording([0.1, 0.2], [[1, 1e300], [1, -1e-300]], norms=[[0, 0]] * 2, sharpness=[[-5], [1e308]], rescaled=True),
        Recording([0.1, 0.2], [[[1, 2], [2, NAN]], [[-1, -2], [0, 0]]], sharpness=[[3], [0]], threshold=[3.8, 0.1]),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_python_say_the_same_at_every_stop(show, language):
    recordings = [network(), *hard()]
    shown = [(one, lr) for one in recordings for lr in one.rates]
    page = show(*(state(one, lr, ["loss"], language) for one, lr in shown))
    assert [said.replace("\u00a0", " ") for said in page.locator(".says").all_inner_texts()] == [
        one.sentence(lr, language) for one, lr in shown
    ]


def test_whatever_was_recorded_every_panel_is_drawn_without_a_complaint(show):
    page = show(*(state(one, lr, one.panels, cursor=1) for one in hard() for lr in one.rates))
    for attribute in page.locator(".panel path").evaluate_all("all => all.map((path) => path.getAttribute('d') ?? '')"):
        assert not re.search("NaN|Infinity|undefined", attribute)


def test_the_slider_stops_at_the_recorded_rates_alone(show):
    recording = network()
    page = show(state(recording, 0.02))
    slider = page.get_by_role("slider", name="Learning rate η", exact=True)
    slider.focus()
    for lr in recording.rates[1:]:
        page.keyboard.press("ArrowRight")
        expect(page.locator(".says")).to_have_text(recording.sentence(lr, "en"))
        expect(slider).to_have_attribute("aria-valuetext", re.compile("^" + re.escape(format_number(lr))))
    page.keyboard.press("ArrowRight")
    expect(page.locator(".says")).to_have_text(recording.sentence(recording.rates[-1], "en"))


def test_each_mark_under_the_slider_leads_to_its_rate(show):
    recording = network()
    page = show(state(recording, 0.02))
    expect(page.locator(".rate .mark")).to_have_count(len(recording.rates))
    for lr in (0.8, 0.05):
        page.get_by_role("button", name=f"η = {lr}", exact=True).click()
        expect(page.locator(".says")).to_have_text(recording.sentence(lr, "en"))
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".says")).to_have_text(recording.sentence(0.02, "en"))


def test_there_is_nothing_else_to_set(show):
    page = show(state(network(), 0.2, network().panels))
    expect(page.locator("details.drawer")).to_be_hidden()
    expect(page.locator(".handle:visible")).to_have_count(0)
    expect(page.locator(".rate input[type=text]")).to_have_js_property("readOnly", True)


def test_the_reading_tells_what_lies_between_two_measured_steps(show):
    recording, words = network(), strings("en")
    page = show(state(recording, 0.2, cursor=30))
    stop = recording.at(0.2)
    said = [
        words["reading_loss"].format(step=30, loss=format_number(stop.losses[30])),
        words["reading_norm"].format(norm=format_number(stop.norms[30])),
    ]
    reading = page.locator(".reading")
    expect(reading).to_have_text(" · ".join([*said, f"ηλ = {format_number(stop.gauge[30])}"]))
    page.get_by_role("button", name=words["step_on"]).click()
    between = 0.9 * stop.gauge[30] + 0.1 * stop.gauge[40]
    expect(reading).to_contain_text(f"ηλ ≈ {format_number(between)}")


def test_of_several_seeds_a_band_is_drawn_behind_the_line(show):
    page = show(state(network(), 0.2, ["loss", "gauge", "norm", "schedule"]))
    for panel, bands in (("loss", 1), ("gauge", 1), ("norm", 1), ("schedule", 0)):
        expect(page.locator(f".panel.{panel} path.band[d]")).to_have_count(bands)


def test_a_recorded_line_is_where_its_numbers_are(show):
    recording = Recording([1], [[1, 10, 100, 1000]])
    page = show(state(recording, 1, ["loss"]))
    points = page.locator(".panel.loss path.trail").get_attribute("d")[1:].split("L")
    x, y = np.array([point.split(",") for point in points], dtype=float).T
    assert np.ptp(np.diff(x)) < 0.2 and np.ptp(np.diff(y)) < 0.2 and (np.diff(y) < 0).all()


@pytest.mark.parametrize("width", [320, 1000])
def test_marks_can_be_hit_and_lie_side_by_side(show, width):
    rates = np.geomspace(0.001, 3, 12)
    page = show(state(Recording(rates, np.ones((12, 2))), 0.001), width=width)
    boxes = [mark.bounding_box() for mark in page.locator(".rate .mark").all()]
    assert all(box["width"] >= 24 and box["height"] >= 24 for box in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = (
                abs(a["y"] - b["y"]) >= 24 or max(a["x"], b["x"]) >= min(a["x"] + a["width"], b["x"] + b["width"]) - 1
            )
            assert apart


def test_a_recording_that_cannot_be_read_is_named_in_place_of_the_figure(page: Page, tmp_path: Path):
    broken = state(network(), 0.2)
    broken["recording"] = json.loads(json.dumps(broken["recording"])) | {"losses": {"values": "?"}}
    file = tmp_path / "page.html"
    text = parts.element("lr-lab", broken, "the picture")
    file.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>figure</title>'
        f'<link rel="icon" href="data:,"></head><body>{text}<script>{parts.script()}</script></body></html>',
        encoding="utf-8",
    )
    page.goto(file.as_uri())
    expect(page.get_by_role("alert")).to_contain_text("recording")
    expect(page.locator("lr-lab")).to_contain_text("the picture")

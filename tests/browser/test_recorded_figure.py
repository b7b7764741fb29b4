"""A figure of recorded runs: it says what Python says, stops at the recorded rates alone, and draws what there is."""

import itertools
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from accessibility import expect_no_violation
from lrlib import lab
from lrlib import page as parts
from lrlib.recording import Recording
from lrlib.recordings import Recordings
from lrlib.words import LANGUAGES, format_number, strings

INF, NAN = np.inf, np.nan
network = runpy.run_path(str(Path(__file__).parent.parent / "recorded.py"))["network"]
SCATTERS = ["loss", "gauge", "crossings", "limits"]


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
    back = np.exp(np.linspace([2, 1], [1, 2], 3001, axis=-1))
    back[0, [7, 1000, 1001, 2999]], back[1, 1500:2990], back[1, 2995:] = INF, INF, NAN
    return [
        Recording(rates, long, norms=long[:, 0], sharpness=slow, schedule=rates[:, None] * np.linspace(1, 0, 3000)),
        Recording([1], [[NAN, 1]], norms=[[0, INF]], sharpness=[[NAN]]),
        Recording([0.1, 0.2], [[1, 1e300], [1, -1e-300]], norms=[[0, 0]] * 2, sharpness=[[-5], [1e308]], rescaled=True),
        Recording([0.1, 0.2], [[[1, 2], [2, NAN]], [[-1, -2], [0, 0]]], sharpness=[[3], [0]], threshold=[3.8, 0.1]),
        Recording([1, 2], np.exp(np.array([[[1, 9], [2, 700]], [[-300, -2], [3, 80]]]))),
        Recording([1, 2, 3, 4], [[4, INF, 3, INF, 1], [4, INF, 3, INF, NAN], [4, 3, 2, 1, NAN], [INF, INF, NAN, 1, 1]]),
        Recording([1, 2], back, sharpness=back, norms=back),
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
    page = show(*(state(one, lr, Recordings(one).panels, cursor=1) for one in hard() for lr in one.rates))
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


# ---------------------------------------------------------------- several models


def family() -> dict[str, Recording]:
    """Three models of different rates and lengths; of the first the second seed crosses alone, and the last never does."""
    fall, late, never = [8, 4, 2, 1, 0.5], [8, 4, 2, 1, 3], [8, 7, 6, 5, 4.5]
    two = np.array([[[2, 2, 2, 2], [2, 6, 6, 6]], [[3, 3, 3, 3], [3, 3, 3, 3]]])
    return {
        "mlp": Recording([0.5, 1], [[fall, fall], [[8, 9, 99, 999, 9999]] * 2], sharpness=two),
        "cnn": Recording([0.1, 1, 2], [fall, late, never], sharpness=[[1] * 4] * 3),
        "rnn": Recording([5.0, 50.0], [[9, 3, 1]] * 2, sharpness=[[0, 0]] * 2),
    }


def of_family(model="mlp", lr=0.5, **more) -> lab:
    return lab(family(), model=model, lr=lr, **{"panels": SCATTERS} | more)


def said(model: str, lr: float, language="en") -> str:
    return Recordings(family()).sentence(model, lr, language)


def test_page_and_python_say_the_same_of_every_model(show):
    stops = [(name, lr, language) for name, one in family().items() for lr in one.rates for language in LANGUAGES]
    page = show(*(of_family(name, lr, language=language, panels=["loss"]) for name, lr, language in stops))
    told = [text.replace("\u00a0", " ") for text in page.locator(".says").all_inner_texts()]
    assert told == [said(*stop) for stop in stops]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reader_picks_the_model_and_the_nearest_rate_is_kept(show, language):
    words = strings(language)
    page = show(of_family("mlp", 0.5, language=language))
    choice = page.get_by_role("combobox", name=words["model"], exact=True)
    assert choice.locator("option").all_inner_texts() == [words[f"model_{name}"] for name in family()]
    slider = page.get_by_role("slider", name=words["rate"], exact=True)
    for model, lr in (("cnn", 1), ("rnn", 5), ("cnn", 2), ("mlp", 1)):
        choice.select_option(model)
        expect(page.locator(".says")).to_have_text(said(model, lr, language))
        rates = family()[model].rates
        expect(slider).to_have_attribute("max", str(len(rates) - 1))
        expect(slider).to_have_js_property("value", str(rates.tolist().index(lr)))
        expect(page.locator(".rate .mark")).to_have_count(len(rates))
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".says")).to_have_text(said("mlp", 0.5, language))


def test_reset_leads_back_to_the_authors_model(show):
    page = show(of_family("rnn", 50, cursor=1))
    page.get_by_role("combobox").select_option("cnn")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".says")).to_have_text(said("rnn", 50))
    expect(page.get_by_role("combobox")).to_have_js_property("value", "rnn")
    expect(page.locator(".reading").first).to_contain_text("Step 1:")


def test_a_model_of_fewer_steps_takes_the_cursor_along_or_to_its_end(show):
    page = show(of_family("mlp", 0.5, cursor=4 - 1))
    page.get_by_role("combobox").select_option("rnn")
    expect(page.locator(".transport .reading")).to_contain_text("Step 2:")
    expect(page.locator(".wrong").first).to_be_empty()


def test_a_link_holds_the_model_and_leads_to_it(show):
    page = show(of_family("mlp", 0.5))
    page.get_by_role("combobox").select_option("rnn")
    page.get_by_role("button", name="Copy link").click()
    link = page.evaluate("location.hash")
    assert "&model=%22rnn%22" in link and "&lr=5" in link and "steps" not in link
    for there, model, lr in (
        (link, "rnn", 5),
        ("#figure=1&model=%22cnn%22&lr=2", "cnn", 2),
        ("#figure=1&lr=1", "mlp", 1),
    ):
        page.evaluate("hash => { location.hash = hash; }", there)
        expect(page.locator(".says")).to_have_text(said(model, lr))
        expect(page.locator(".wrong").nth(1)).to_be_empty()
    page.evaluate("location.hash = '#figure=1&model=%22lstm%22'")
    expect(page.locator(".wrong").nth(1)).to_have_text(strings("en")["link_broken"])
    expect(page.locator(".says")).to_have_text(said("mlp", 0.5))


def decays() -> dict[str, Recording]:
    """Two schedules of two rates each."""
    falls, losses = {"schedule_cosine": [1, 0.5, 0], "schedule_step_decay": [1, 1, 0.1]}, [[8, 4, 2, 1], [8, 2, 1, 0.5]]
    return {name: Recording([0.1, 0.2], losses, schedule=np.outer([0.1, 0.2], fall)) for name, fall in falls.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_schedules_stand_beside_each_other(show, language):
    words, recordings = strings(language), Recordings(decays())
    page = show(lab(decays(), lr=0.2, panels=["schedule", "loss"], language=language))
    expect(page.locator(".race")).to_be_hidden()
    expect(page.locator(".key.models")).to_have_text(words["schedule_cosine"] + words["schedule_step_decay"])
    choice = page.get_by_role("combobox", name=words["schedule_name"], exact=True)
    lines = {}
    for name in decays():
        choice.select_option(name)
        expect(page.locator(".key.models .chosen")).to_have_text(words[name])
        said = page.locator(".says").inner_text().replace("\u00a0", " ")
        assert said == recordings.sentence(name, 0.2, language)
        for panel in (".schedule", ".loss"):
            expect(page.locator(f"{panel} .trail")).to_have_count(2)
        lines[name] = page.locator(".schedule .trail").evaluate_all("all => all.map((path) => path.getAttribute('d'))")
        expect(page.locator(".schedule .trail").nth(1)).to_have_class(re.compile("racer-1"))
    first, second = lines.values()
    assert first == second and first[0] != first[1]  # each stays in its place and its colour
    page.get_by_role("slider", name=words["rate"], exact=True).press("ArrowLeft")
    said = page.locator(".says").inner_text().replace("\u00a0", " ")
    assert said == recordings.sentence("schedule_step_decay", 0.1, language)


def test_a_single_recording_has_no_choice_of_models(show):
    page = show(lab(family()["mlp"], panels=SCATTERS))
    expect(page.get_by_role("combobox")).to_have_count(0)
    expect(page.locator(".key.models")).to_be_hidden()
    expect(page.locator(".crossings .reading")).to_have_text(
        "η = 0.5: first above the threshold at step – / 1, loss never rises"
    )
    expect(page.locator(".limits .reading")).to_have_text("predicted 1; 0.5 trains, 1 does not")


# ---------------------------------------------------------------- scatters

PLACES = """(panel) => [...panel.querySelectorAll("g.run")].map((run) => ({
  name: run.getAttribute("aria-label").replaceAll("\u00a0", " "), checked: run.getAttribute("aria-checked"), tab: run.getAttribute("tabindex"),
  marks: [...run.querySelectorAll("path")].map((mark) => ({ open: mark.classList.contains("open"), shape: mark.getAttribute("d"),
    at: mark.getAttribute("transform").match(/[-\\d.]+/g).map(Number) })),
}))"""


def marks_of(page: Page, panel: str) -> list[dict]:
    return page.locator(f".panel.{panel}").evaluate(PLACES)


def test_every_run_that_crosses_or_rises_has_its_mark(show):
    page = show(of_family("mlp", 1))
    stops = marks_of(page, "crossings")
    assert [stop["name"] for stop in stops] == [
        "Fully connected network, η = 0.5: first above the threshold at step – / 1, loss never rises",
        "Fully connected network, η = 1: first above the threshold at step 0, first rise of the loss at step 1",
        "Convolutional network, η = 1: never above the threshold, first rise of the loss at step 4",
    ]
    assert [[mark["open"] for mark in stop["marks"]] for stop in stops] == [[True], [False, False], [True]]
    assert len({stop["marks"][0]["shape"] for stop in stops}) == 2  # one for each model
    crossing, (first, second), rising = ([mark["at"] for mark in stop["marks"]] for stop in stops)
    assert first != second  # both can be seen
    assert rising[0][0] > 300 > crossing[0][0] > first[0] and crossing[0][1] < rising[0][1] < first[1]
    borders = page.locator(".crossings .border").get_attribute("d")
    right, top = (float(n) for n in re.findall(r"M([\d.]+),0|M0,([\d.]+)", borders) for n in n if n)
    assert rising[0][0] > right > crossing[0][0] and crossing[0][1] < top < rising[0][1]
    expect(page.locator(".crossings .key")).to_have_text(
        "Of 9 runs: 2 pass the threshold and rise, 1 pass it without a rise, 1 rise without passing it, 5 do neither."
    )


def test_a_run_lies_on_the_diagonal_where_crossing_and_rise_are_one_step(show):
    steps = [0, 1, 2, 5, 20, 60]
    losses, sharpness = np.tile(np.linspace(9, 1, 81), (len(steps), 1)), np.ones((len(steps), 80))
    for i, step in enumerate(steps):
        losses[i, max(step, 1) :] += 5
        sharpness[i, step:] = 9
    page = show(lab(Recording(range(1, 7), losses, sharpness=sharpness, threshold=8), panels=["crossings"]))
    stops = marks_of(page, "crossings")
    (x0, y0), (x1, y1) = (
        map(float, point.split(",")) for point in page.locator(".diagonal").get_attribute("d")[1:].split("L")
    )
    places = [stop["marks"][0]["at"] for stop in stops]
    for step, (x, y) in zip(steps, places, strict=True):
        assert (y - y0) / (y1 - y0) == pytest.approx((x - x0) / (x1 - x0) if step else np.log(2) / np.log(61), abs=0.01)
    assert (np.diff([x for x, _ in places]) > 0).all()


def test_a_crossing_that_was_not_measured_at_once_shows_how_long_it_was_not(show):
    sharpness = np.full((1, 40), NAN)
    sharpness[0, ::10] = [1, 1, 3, 3]
    page = show(
        lab(Recording([1], [np.r_[np.linspace(9, 1, 30), np.full(11, 5)]], sharpness=sharpness), panels=["crossings"])
    )
    ticks = {
        text: x
        for text, x in page.locator(".crossings .axis")
        .first.locator(".tick")
        .evaluate_all(
            "all => all.map((tick) => [tick.textContent, Number(tick.getAttribute('transform').match(/[\\d.]+/)[0])])"
        )
    }
    start, long = re.match(
        r"M([\d.]+),[\d.]+h(-?[\d.]+)", page.locator(".crossings .bars path").get_attribute("d")
    ).groups()
    assert float(start) == pytest.approx(ticks["20"], abs=0.6)
    assert ticks["10"] < float(start) + float(long) < ticks["20"]


def test_of_many_marks_at_one_place_the_number_is_told(show):
    losses, sharpness = np.tile([4.0, 5, 6], (1, 11, 1)), np.full((1, 11, 2), 3.0)
    losses[0, 10], sharpness[0, 10] = [4, 3, 5], [1, 3]
    page = show(lab(Recording([1], losses, sharpness=sharpness), panels=["crossings"]))
    expect(page.locator(".crossings .heaps text")).to_have_text(["×10"])
    ((*heap, other),) = ([mark["at"] for mark in stop["marks"]] for stop in marks_of(page, "crossings"))
    assert len({tuple(at) for at in heap}) == 10 and np.ptp(heap, axis=0).max() < 40
    assert other[0] > max(x for x, _ in heap) and other[1] < min(y for _, y in heap)


@pytest.mark.parametrize("width", [375, 1000])
def test_marks_and_rings_in_a_heap_are_drawn_whole(show, width):
    """Forty runs that cross at once and never rise, forty that rise at once and never cross, forty that do both."""
    falls, rises = [9.0, 4, 3, 2], [4.0, 5, 6, 7]
    losses, sharpness = np.tile([falls, rises, rises], (40, 1)), np.full((120, 3), 3.0)
    sharpness[1::3] = 1
    page = show(lab(Recording([1], [losses], sharpness=[sharpness]), panels=["crossings"]), width=width)
    expect(page.locator(".crossings .heaps text")).to_have_text(["×40"] * 3)
    ground = page.locator(".crossings svg.inner").bounding_box()
    rings = page.locator(".crossings .ring, .crossings .shape").evaluate_all(
        "all => all.map((one) => { const { left, top, right, bottom } = one.getBoundingClientRect(); return [left, top, right, bottom]; })"
    )
    left, top = np.min(rings, axis=0)[:2]
    right, bottom = np.max(rings, axis=0)[2:]
    assert len(rings) == 240
    assert left >= ground["x"] and right <= ground["x"] + ground["width"]
    assert top >= ground["y"] and bottom <= ground["y"] + ground["height"]


def test_the_limits_stand_where_they_were_found_and_recorded(show):
    page = show(of_family("cnn", 1))
    stops = marks_of(page, "limits")
    assert [stop["name"] for stop in stops] == [
        "Fully connected network: predicted 1; 0.5 trains, 1 does not",
        "Convolutional network: predicted 2; 1 trains, 2 does not",
        "Recurrent network: predicted ∞; 50, the largest tried, trains",
    ]
    x0, y0, x1, y1 = map(float, re.findall(r"[\d.]+", page.locator(".limits .diagonal").get_attribute("d")))
    low, high = 0.5 / 1.4, 50 * 1.4

    def share(rate):
        return np.log(rate / low) / np.log(high / low)

    for stop, predicted, trains in ((stops[0], 1, 0.5), (stops[1], 2, 1)):
        ((x, y),) = [mark["at"] for mark in stop["marks"]]
        assert (y - y0) / (y1 - y0) == pytest.approx(share(trains), abs=0.01)
        assert (x - x0) / (x1 - x0) == pytest.approx(share(predicted), abs=0.01)
    assert stops[2]["marks"][0]["at"][0] > x1
    assert stops[1]["checked"] == "true" and page.locator(".limits .ring").count() == 1
    assert page.locator(".limits svg.inner text").count() == 0  # a name would lie over marks: the words below have it
    expect(page.locator(".key.models .chosen")).to_have_text("Convolutional network")
    expect(page.locator(".limits .reading")).to_contain_text("Convolutional network: predicted 2")


@pytest.mark.parametrize("width", [375, 1000])
def test_a_tap_on_a_mark_leads_to_its_model_and_rate(show, width):
    page = show(of_family("rnn", 50), width=width)
    expect(page.locator(".crossings .ring")).to_have_count(0)  # this run neither crosses nor rises
    stops = {stop["name"].split(":")[0]: stop for stop in marks_of(page, "crossings")}
    inner = page.locator(".crossings svg.inner")
    inner.scroll_into_view_if_needed()
    for (model, lr), name in (
        (("cnn", 1), "Convolutional network, η = 1"), (("mlp", 0.5), "Fully connected network, η = 0.5"), (("mlp", 1), "Fully connected network, η = 1"),
    ):  # fmt: skip
        box, (x, y) = (
            inner.evaluate(
                "node => { const { left, top } = node.parentNode.getBoundingClientRect(); return [left + 52, top + 8]; }"
            ),
            stops[name]["marks"][0]["at"],
        )
        page.touchscreen.tap(box[0] + x - 6, box[1] + y + 6)  # a little beside it
        expect(page.locator(".says")).to_have_text(said(model, lr))
        expect(page.locator(".crossings .ring")).to_have_count(len(stops[name]["marks"]))
    page.locator(".limits g.run").nth(1).dispatch_event("click")  # as a screen reader does
    expect(page.locator(".says")).to_have_text(said("cnn", 1))


def test_arrow_keys_lead_from_mark_to_mark(show):
    page = show(
        lab(
            {name: network() for name in ("mlp", "cnn")} | {"rnn": family()["mlp"]},
            model="cnn",
            lr=0.4,
            panels=SCATTERS,
        )
    )
    group = page.get_by_role("radiogroup", name="First crossing and first rise of the loss")
    assert group.locator("[tabindex='0']").count() == 1
    group.locator("[tabindex='0']").focus()
    for key, name in (
        ("ArrowRight", "Convolutional network, η = 0.8"), ("ArrowLeft", "Convolutional network, η = 0.4"), ("ArrowUp", "Fully connected network, η = 0.4"),
        ("ArrowUp", "Fully connected network, η = 0.4"), ("ArrowDown", "Convolutional network, η = 0.4"), ("ArrowDown", "Recurrent network, η = 0.5"),
    ):  # fmt: skip
        page.keyboard.press(key)
        chosen = group.get_by_role("radio", checked=True)
        expect(chosen).to_have_count(1)
        expect(chosen).to_have_accessible_name(re.compile("^" + name.replace(" = ", "[ \u00a0]=[ \u00a0]") + ":"))
        expect(chosen).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radiogroup").nth(1).get_by_role("radio", checked=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".says")).to_contain_text("Convolutional network: η = ")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_a_figure_of_several_models(show, theme):
    figure = lab(
        {name: network() for name in ("mlp", "cnn", "rnn", "attention", "softmax")},
        lr=0.2,
        panels=SCATTERS,
        language="de",
    )
    page = show(figure, width=375, language="de")
    page.evaluate(
        "theme => { document.documentElement.dataset.theme = theme; if (theme === 'dark') Object.assign(document.body.style, { background: '#14181e', color: '#ced6dd' });"
        " for (const [name, value] of [['text-base', '#ced6dd'], ['text-muted', '#9ca4af'], ['background', '#14181e']]) if (theme === 'dark') document.documentElement.style.setProperty('--pst-color-' + name, value); }",
        theme,
    )
    expect_no_violation(page, "lr-lab")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("width", [375, 1000])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_a_scatter_sticks_out_or_is_cut_off(show, width, language):
    names = ("softmax", "mlp", "cnn", "rnn", "attention", "linear", "svm")
    page = show(
        lab({name: network() for name in names}, lr=0.2, panels=SCATTERS, language=language),
        width=width,
        language=language,
    )
    for box in page.locator(".axis text, .axis-name, .heaps text, .key, .reading").evaluate_all(
        "all => all.map((node) => { const { left, right, width } = node.getBoundingClientRect(); return [left, right, width]; })"
    ):
        assert box[2] == 0 or (box[0] >= 0 and box[1] <= width)
    boxes = page.locator(".limits, .crossings, .key.models, .says").evaluate_all(
        "all => all.map((node) => { const { left, right, top, bottom } = node.getBoundingClientRect(); return [left, right, top, bottom]; })"
    )
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[0] >= b[1] or b[0] >= a[1] or a[2] >= b[3] - 1 or b[2] >= a[3] - 1


def test_a_saved_picture_has_the_marks_and_their_legend(show):
    page = show(of_family("mlp", 1))
    with page.expect_download() as got:
        page.get_by_role("button", name="Save as SVG").click()
    text = Path(got.value.path()).read_text(encoding="utf-8")
    assert got.value.suggested_filename == "mlp-1.svg"
    for name in family():
        assert strings("en")[f"model_{name}"] in text
    shapes = [stop["marks"][0]["shape"] for stop in marks_of(page, "limits")]
    assert all(text.count(f'd="{shape}"') >= 2 for shape in shapes)


# ---------------------------------------------------------------- the gauge and the axis


def test_the_gauge_of_a_recording_marks_its_crossings(show):
    sharpness = np.ones((1, 60))
    sharpness[0, [1, 7, 30, 31]], sharpness[0, 8:12] = 3, NAN
    recording = Recording([1], np.ones((1, 61)), sharpness=sharpness)
    page = show(state(recording, 1, ["gauge"]))
    marks = [float(x) + 4 for x in re.findall(r"M([\d.]+),", page.locator(".gauge .crossed").get_attribute("d"))]
    width = float(page.locator(".gauge svg.inner").get_attribute("width"))
    assert np.array(marks) * 60 / width == pytest.approx(recording.marks(1), abs=0.1)


@pytest.mark.parametrize("steps", [14_000, 20_000])
def test_the_last_number_of_the_steps_is_not_cut_off(show, steps):
    page = show(lab("parabola", lr=0.001, steps=steps, panels=["loss", "gauge"]), width=375)
    for panel in ("loss", "gauge"):
        svg = page.locator(f".panel.{panel} > svg").bounding_box()
        numbers = [
            one.bounding_box() for one in page.locator(f".panel.{panel} .axis").first.locator(".tick text").all()
        ]
        assert max(box["x"] + box["width"] for box in numbers) <= svg["x"] + svg["width"] + 0.5
        assert all(a["x"] + a["width"] < b["x"] for a, b in itertools.pairwise(numbers))


@pytest.mark.parametrize("lr", [0.3, 1.95, 3.2, 4.6, 5.6, 7.4])
def test_the_word_of_a_zone_meets_neither_threshold_nor_glide_line(show, lr):
    page = show(lab("parabola", lr=lr, panels=["gauge"]), width=375)
    lines = page.locator(".gauge").evaluate(
        "panel => ['limit', 'glide-line'].map((name) => panel.querySelector('.' + name).getBoundingClientRect().top)"
    )
    words = page.locator(".gauge .zones text").evaluate_all(
        "all => all.map((word) => { const { top, bottom } = word.getBoundingClientRect(); return [top, bottom]; })"
    )
    assert words
    for top, bottom in words:
        middle, ink = (top + bottom) / 2, 5  # half the height of small letters, and what hangs below them
        assert all(abs(middle - line) > ink + 3 for line in lines)

"""Clipping, resuming and the dead unit by hand: the page does and says what Python does."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from lrlib import lab
from lrlib import page as parts
from lrlib.words import strings

WORDS = strings("en")


def control(page, label):
    return page.locator(".control", has=page.get_by_text(label, exact=True))


def says(page):
    return page.locator(".says")


def plain(text):
    return text.replace("\u00a0", " ").replace("\u2060", "")


def moved(page, label, value):
    """A slider at one of its stops."""
    script = "(range, stop) => { range.value = stop; range.dispatchEvent(new Event('input', { bubbles: true })); }"
    control(page, label).locator("input").evaluate(script, value)


def test_the_clip_goes_from_a_hundredth_to_a_hundred_and_then_is_none(show):
    figure = lab("parabola", lr=3, start=-4, steps=50, controls=["clip"], panels=["loss", "gauge"])
    page = show(figure)
    clip, value = control(page, WORDS["clip"]), control(page, WORDS["clip"]).locator(".value")
    expect(value).to_have_text(WORDS["clip_none"])
    expect(clip.locator("input")).to_have_attribute("aria-valuetext", WORDS["clip_none"])
    clip.locator("input").press("Home")
    expect(value).to_have_text("0.01")
    figure.clip = 0.01
    assert plain(says(page).inner_text()) == figure.sentence
    clip.locator("input").press("End")
    expect(value).to_have_text(WORDS["clip_none"])
    figure.clip = None
    assert plain(says(page).inner_text()) == figure.sentence
    clip.locator("input").press("ArrowLeft")
    expect(value).to_have_text("100")


def test_a_run_is_resumed_at_a_step_and_what_is_lost_can_be_chosen(show):
    figure = lab("quadratic", "adam", lr=0.05, steps=60, controls=["resume"], panels=["loss", "state", "rates"])
    page = show(figure)
    value = control(page, WORDS["resume"]).locator(".value")
    expect(value).to_have_text(WORDS["never"])
    moved(page, WORDS["resume"], 40)
    figure.resume = 40
    expect(value).to_have_text("40")
    assert "nothing is lost" in says(page).inner_text()
    before = page.locator(".loss .trail").get_attribute("d")
    for lost in ("memory", "both", "schedule"):
        control(page, WORDS["lost"]).locator("select").select_option(lost)
        figure.lost = lost
        assert plain(says(page).inner_text()) == figure.sentence
        assert (page.locator(".loss .trail").get_attribute("d") == before) == (lost == "schedule")
    expect(control(page, WORDS["resume"]).locator("input")).to_have_attribute("max", "59")
    moved(page, WORDS["resume"], 0)
    expect(value).to_have_text(WORDS["never"])


def test_with_fewer_steps_the_run_is_no_longer_stopped(show):
    page = show(lab("parabola", "adam", steps=60, resume=40, lost="memory", controls=["resume", "steps"]))
    assert "resumed" in says(page).inner_text()
    control(page, WORDS["steps"]).locator("input").press("Home")
    expect(control(page, WORDS["resume"]).locator(".value")).to_have_text(WORDS["never"])
    assert "resumed" not in says(page).inner_text()


@pytest.mark.parametrize(
    "given",
    [
        {
            "surface": "beale",
            "optimizer": "momentum",
            "lr": 0.03,
            "start": (2.5, 0.3),
            "noise": 0.5,
            "seed": 29,
            "clip": 2,
        },
        {
            "surface": "valley",
            "optimizer": "adam",
            "lr": 0.1,
            "start": (3, 2),
            "clip": 0.5,
            "resume": 30,
            "lost": "both",
        },
        {"surface": "relu_unit", "lr": 2, "start": (2, 2)},
        {"surface": "relu_unit", "optimizer": "rmsprop", "lr": 0.1, "start": (0, -1), "leak": 0.1, "clip": 0.01},
        {"surface": "rosenbrock", "lr": 0.002, "clip": 3, "dtype": "float16", "noise": 0.1},
    ],
)
def test_what_the_page_computes_and_says_and_writes_is_what_python_does(page, given):
    figure = lab(**given, steps=80)
    functions = parts.widget_script("lab").rsplit("export default", 1)[0]
    page.set_content("<!doctype html><html lang='en'><title>figure</title><body></body></html>")
    page.add_script_tag(
        content=f"(() => {{ {functions}\nObject.assign(window, {{ computeRun, factsOf, sentence, pythonOf }}); }})()"
    )
    script = """(state) => {
      const run = computeRun(state, state.optimizer), { clipped, gauge, effective, losses } = run;
      const lists = [clipped, losses, ...gauge, ...effective, ...Object.values(run.corrected)];
      const said = sentence(factsOf(run, state), locale);
      return [lists.map((values) => [...values].map(String)), said, pythonOf(state)];
    }"""
    state = json.loads(json.dumps(figure._state))
    lists, said, python = page.evaluate(script.replace("locale", json.dumps(WORDS)), state)
    path = figure.path
    expected = [path.clipped, path.losses, *(path.rates[:, None] * path.preconditioned_eigenvalues).T]
    expected += [*path.effective_rates.T, *(values.ravel() for values in path.corrected.values())]
    assert len(lists) == len(expected)
    for theirs, ours in zip(lists, expected, strict=True):
        assert np.array([float(value) for value in theirs]) == pytest.approx(ours.astype(float), rel=1e-9, nan_ok=True)
    assert plain(said) == figure.sentence and python == figure.python

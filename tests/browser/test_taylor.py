"""One gradient step: the page predicts and measures what Python does."""

import numpy as np
import pytest
from playwright.sync_api import expect

from accessibility import expect_no_violation, expect_to_fit
from lrlib import curvature, descend, lab, schedules, surfaces
from lrlib import page as parts
from lrlib.words import format_number, strings

LANGUAGES = ("en", "de", "zh", "ko")


def step(surface="double_well", optimizer="gd", lr=0.2, start=1.7, panels=("landscape", "taylor"), **settings):
    return lab(surface, optimizer, lr=lr, start=start, panels=panels, **settings)


def rate(page) -> float:
    return float(page.locator(".rate input[type=text]").input_value().replace(",", "."))


def reading(surface, point, lr, language="en", **settings) -> str:
    known = getattr(surfaces, surface)
    point = np.atleast_1d(np.asarray(point, dtype=float))
    g = np.array(known.gradient(*point, **settings))
    change = known.value(*(point - lr * g), **settings) - known.value(*point, **settings)
    words = strings(language)
    numbers = {"lr": lr, "predicted": curvature.taylor(known, point, lr, **settings).change, "measured": change}
    text = words["taylor_reading"].format(**{k: format_number(float(v), words["decimal"]) for k, v in numbers.items()})
    return text.replace(" = ", "\u00a0=\u00a0")


def functions() -> str:
    return parts.widget_script("lab").rsplit("export default", 1)[0]


def test_the_turning_rate_has_the_same_bits_in_python_and_on_the_page(show, page):
    show(step())
    page.evaluate(f"""(() => {{ {functions()};
      window.turns = ([name, settings, points]) => {{
        const {{ dimension: n, at }} = mathematics.surfaces[name], surface = at(...settings);
        return points.map((point) => String(turningRate({{ n, points: point, surface }}, 0)));
      }};
    }})()""")
    random = np.random.default_rng(8)
    for name, known in surfaces.SURFACES.items():
        points = random.uniform(*np.transpose(known.view), (60, known.dimension))
        points = np.concatenate([points, np.zeros((1, known.dimension)), np.full((1, known.dimension), 1e200)])
        given = [known.settings[key].default for key in known.settings]
        told = [
            float(text.replace("Infinity", "inf")) for text in page.evaluate("turns", [name, given, points.tolist()])
        ]
        assert np.array_equal(told, curvature.turning_rate(known, points), equal_nan=True), name


@pytest.mark.parametrize(
    ("surface", "start", "settings"),
    [
        ("double_well", 1.7, {}),
        ("quadratic", (-4.0, 2.5), {"condition": 25.0, "rotation": 30.0}),
        ("rosenbrock", (-1.2, 1.0), {}),
        ("cliff", (0.9, 0.4), {}),
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_marks_and_reading_are_the_numbers_of_python(show, surface, start, settings, language):
    page, words, known = (
        show(step(surface, start=start, language=language, **settings)),
        strings(language),
        getattr(surfaces, surface),
    )
    expect(page.locator(".taylor .reading")).to_contain_text(reading(surface, start, 0.2, language, **settings))
    one = curvature.taylor(known, start, 1.0, **settings)
    turns = float(curvature.turning_rate(known, start, **settings))
    measured = words["taylor_measured"].format(lr=format_number(turns, words["decimal"]))
    expect(page.locator(".turn.measured text")).to_have_text(measured)
    if one.second > 0:
        predicted = format_number(float(-one.first / one.second), words["decimal"])
        expect(page.locator(".turn.predicted text")).to_have_text(f"2gᵀg/gᵀHg = {predicted}")
    else:
        expect(page.locator(".turn.predicted")).to_have_count(0)
        expect(page.locator(".taylor .reading")).to_contain_text(words["taylor_downward"])


def test_the_lines_go_through_the_losses_of_python(show):
    page = show(step())
    (line,) = page.locator(".taylor .trail.measured[d]").evaluate_all(
        "all => all.filter(p => p.closest('.lines')).map(p => p.getAttribute('d'))"
    )
    places = np.array([one.split(",") for one in line[1:].split("L")], dtype=float)
    turns = float(curvature.turning_rate(surfaces.double_well, 1.7)), 2 / (3 * 1.7**2 - 1)
    top = 1.4 * min(max(turns), 3 * min(turns))
    lr = places[:, 0] / places[-1, 0] * top
    g = 1.7**3 - 1.7
    change = surfaces.double_well.value(1.7 - lr * g) - surfaces.double_well.value(1.7)
    slope, offset = np.polyfit(change, places[:, 1], 1)  # pixels per unit of the loss
    assert slope < 0 and np.abs(slope * change + offset - places[:, 1]).max() < 0.6


def test_the_axis_stands_still_while_the_rate_moves_and_beyond_its_end_the_rate_is_told(show):
    page = show(step(lr_range=(0.001, 10)))
    ticks = page.locator(".taylor .axis text").all_text_contents()
    lines = page.locator(".taylor .lines path").evaluate_all("all => all.map(p => p.getAttribute('d'))")
    page.locator(".rate input[type=text]").fill("5")
    expect(page.locator(".taylor")).to_contain_text("η = 5 ▶")
    assert page.locator(".taylor .axis text").all_text_contents() == ticks
    assert page.locator(".taylor .lines path").evaluate_all("all => all.map(p => p.getAttribute('d'))") == lines
    expect(page.locator(".taylor .now circle")).to_have_count(0)
    page.locator(".rate input[type=text]").fill("0.1")
    expect(page.locator(".taylor .now circle")).to_have_count(2)
    expect(page.locator(".taylor")).not_to_contain_text("▶")


@pytest.mark.parametrize("touch", [False, True])
def test_the_rate_is_dragged_on_the_axis(show, touch):
    page = show(step(panels=("taylor",)), width=375 if touch else 1000)
    handle = page.locator(".taylor .handle")
    box, inner = handle.bounding_box(), page.locator(".taylor svg.inner").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    target = inner["x"] + inner["width"] / 2
    if touch:
        cdp = page.context.new_cdp_session(page)
        cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": target, "y": y}]})
        cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(target, y, steps=5)
        page.mouse.up()
    turns = float(curvature.turning_rate(surfaces.double_well, 1.7)), 2 / (3 * 1.7**2 - 1)
    middle = 0.7 * min(max(turns), 3 * min(turns))
    assert rate(page) == pytest.approx(middle, rel=0.02)


def test_keys_move_the_rate_and_marks_take_theirs(show):
    page = show(step())
    page.locator(".taylor .handle").focus()
    page.keyboard.press("ArrowRight")
    assert rate(page) > 0.2
    page.keyboard.press("ArrowLeft")
    assert rate(page) == pytest.approx(0.2, rel=0.01)
    page.locator(".turn.predicted").click()
    assert rate(page) == pytest.approx(2 / (3 * 1.7**2 - 1), rel=1e-2)
    page.locator(".turn.measured").focus()
    page.keyboard.press("Enter")
    turns = float(curvature.turning_rate(surfaces.double_well, 1.7))
    assert rate(page) == pytest.approx(turns, rel=1e-2)
    expect(page.locator(".taylor .reading")).to_contain_text(reading("double_well", 1.7, rate(page)))
    expect(page.locator(".turn.measured")).to_be_focused()


def test_the_point_is_that_of_the_cursor_on_the_run_in_focus(show):
    page = show(step("valley", ["momentum", "gd"], 0.02, (-4.0, -2.4), panels=("taylor",)))
    expect(page.locator(".taylor .reading")).to_contain_text(reading("valley", (-4.0, -2.4), 0.02))
    page.get_by_label("Step at which to look").fill("7")
    expect(page.locator(".taylor .reading")).to_contain_text(
        reading("valley", descend("valley", "momentum", (-4.0, -2.4), 0.02, 7).points[7], 0.02)
    )
    page.locator(".race input[value=gd]").check()
    expect(page.locator(".taylor .reading")).to_contain_text(
        reading("valley", descend("valley", "gd", (-4.0, -2.4), 0.02, 7).points[7], 0.02)
    )


def test_under_a_schedule_the_rate_is_that_of_the_step(show):
    page = show(step(lr=schedules.exponential_decay(0.2, k=0.1), cursor=5, panels=("taylor",)))
    own = float(schedules.exponential_decay(0.2, k=0.1)(5))
    path = descend("double_well", "gd", 1.7, schedules.exponential_decay(0.2, k=0.1), 5)
    expect(page.locator(".taylor .reading")).to_contain_text(reading("double_well", path.points[5], own))


def test_noise_does_not_bend_the_prediction(show):
    page = show(step(noise=0.5, panels=("taylor",)))
    expect(page.locator(".taylor .reading")).to_contain_text(reading("double_well", 1.7, 0.2))


@pytest.mark.parametrize(
    ("surface", "start", "said"),
    [
        ("parabola", 0.0, "The gradient is 0 here"),
        ("parabola", 1e200, "too large for the computer's numbers"),
        ("saddle", (0.5, 1.5), "curves downward here"),
    ],
)
def test_where_there_is_nothing_to_predict_it_is_said(show, surface, start, said):
    page = show(step(surface, start=start, panels=("taylor", "loss")))
    expect(page.locator(".taylor")).to_contain_text(said)
    assert page.locator(".taylor > svg").is_visible() == (surface == "saddle")


def test_a_point_that_comes_back_has_its_picture_again(show):
    page = show(step("parabola", lr=1.0, start=2.0, panels=("taylor",), steps=5))
    page.get_by_label("Step at which to look").fill("2")  # on the minimum
    expect(page.locator(".taylor")).to_contain_text("The gradient is 0 here")
    page.get_by_label("Step at which to look").fill("0")
    expect(page.locator(".taylor .reading")).to_contain_text(reading("parabola", 2.0, 1.0))
    expect(page.locator(".taylor > svg")).to_be_visible()
    expect(page.locator(".taylor .none")).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_every_width_and_keeps_the_rules_of_accessibility(show, language):
    page = show(step(language=language), step("saddle", start=(0.5, 1.5), language=language), language=language)
    expect_to_fit(page, ".panel.taylor")
    expect_no_violation(page, "lr-lab")


def test_the_saved_picture_has_lines_marks_and_text(show, tmp_path):
    page = show(step())
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as SVG").click()
    text = download.value.path().read_text(encoding="utf-8")
    for said in ("2gᵀg/gᵀHg", "measured: 1.06", "predicted", "the loss rises", "−ηgᵀg + ½η²gᵀHg"):
        assert said in text
    assert "NaN" not in text

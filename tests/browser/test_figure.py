"""The figure in a real browser, read from its DOM: it says and draws what Python computes."""

import base64
import itertools
import random
import re

import numpy as np
import pytest
from playwright.sync_api import expect

import lrlib
from accessibility import expect_no_violation
from lrlib import ask, lab, schedules
from lrlib import page as parts
from lrlib.lab import _floor
from lrlib.optimizers import OPTIMIZERS
from lrlib.schedules import SCHEDULES
from lrlib.state import FORMATS, PANELS
from lrlib.surfaces import SURFACES
from lrlib.words import LANGUAGES, format_number, strings
from pages import FRAMES

#: What a panel shows as soon as its figure stands; the sensitivity is computed little by little.
SOMETHING_DRAWN = ".panel.{} :is(path[d]:not([d='']), .none:not(:empty), td)"

#: The functions of the figure, by name, in the window.
FUNCTIONS = parts.widget_script("lab").rsplit("export default", 1)[0]
INSIDE = f"(() => {{ {FUNCTIONS}; Object.assign(window, {{ KEYS, repair, computeRun, formatNumber }}); }})()"


@pytest.fixture(autouse=True)
def english():
    yield
    lrlib.use("en")


def slider(page):
    return page.locator(".rate input[type=range]")


def says(page):
    return page.locator(".says")


def marks(page):
    return page.locator(".rate .mark").evaluate_all("all => all.map(mark => mark.getAttribute('aria-label'))")


def state_of(figure) -> dict:
    names = [name for name, trait in figure.traits(sync=True).items() if trait.this_class is lab]
    return {name: getattr(figure, name) for name in names}


def value_between(dice, known) -> float:
    low, high = known.slider
    if known.log:
        return 10 ** dice.uniform(np.log10(low), np.log10(high))
    return dice.uniform(low, high)


def random_schedule(dice, lr):
    name = dice.choice(list(SCHEDULES))
    try:
        rate = lr if name == "constant" else SCHEDULES[name](lr)
        schedules.rates(rate, 1)
    except ValueError:  # a rate that is too low for this schedule's own
        rate = lr
    warmup = dice.choice([0, 0, 5, 30])
    return schedules.warmup(rate, warmup, dice.choice([0, 0.3])) if warmup else rate


def random_figure(seed: int):
    """Settings at random, from harmless to absurd; over all seeds every rule meets every surface."""
    dice = random.Random(seed)
    surface, rule = PAIRS[seed % len(PAIRS)]
    race = [rule, *dice.sample([name for name in OPTIMIZERS if name != rule], dice.choice([0, 0, 1, 4]))]
    known = SURFACES[surface].settings | OPTIMIZERS[rule].settings
    settings = {name: value_between(dice, known[name]) for name in known if dice.random() < 0.6}
    for other in race[1:]:  # a value that one rule takes and another refuses
        settings = {name: value for name, value in settings.items() if _takes(other, name, value)}
    lr, steps, dtype = 10 ** dice.uniform(-4, 1.5), dice.choice([1, 3, 40, 300, 1200]), dice.choice(FORMATS)
    return lab(
        surface,
        race,
        lr=random_schedule(dice, lr) if dice.random() < 0.4 else lr,
        start=[dice.uniform(-6, 6) for _ in range(SURFACES[surface].dimension)],
        steps=steps,
        noise=dice.choice([0, 0, 0.5]),
        seed=dice.randrange(1000),
        dtype=dtype,
        cursor=dice.choice([None, 0, steps // 2, steps]),
        panels=dice.sample(PANELS, dice.choice([1, 2, 3])),
        language=dice.choice(LANGUAGES),
        **settings,
    )


def _takes(rule, name, value) -> bool:
    known = OPTIMIZERS[rule].settings
    return name not in known or known[name].allowed[0] <= value <= known[name].allowed[1]


PAIRS = list(itertools.product(SURFACES, OPTIMIZERS))
#: Every third pair: with fourteen rules to a surface, each surface and each rule has its turn.
PAGES = [range(first, first + 78, 3) for first in range(0, len(PAIRS), 78)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_python_tell_the_same_regime(show, language):
    settings = [
        ("gd", (-4, 1), lr, {"condition": condition, "rotation": rotation})
        for lr in (0.005, 0.015, 0.02, 0.022)
        for condition, rotation in ((100, 0), (100, 30), (1, 30))
    ]
    settings += [("gd", (-4, 0), lr, {"condition": 100}) for lr in (0.005, 0.015)]
    settings += [("momentum", (-4, 1), lr, {"condition": 100}) for lr in (0.0001, 0.015, 0.038, 0.05)]
    figures = [
        lab("quadratic", rule, lr=lr, start=start, steps=40, panels=["loss"], language=language, **given)
        for rule, start, lr, given in settings
    ]
    raw = {"mean_x": 165.1, "mean_y": 62019.0, "variance_x": 120.4, "slope": 616.1, "residual": 414700.0}
    figures += [lab("regression", lr=5e-5, start=(0, 0), dtype=dtype, language=language, **raw) for dtype in FORMATS]
    page = show(*figures, language=language)
    for i, figure in enumerate(figures):
        expect(says(page).nth(i), figure.python).to_have_text(figure.sentence)


@pytest.mark.parametrize("seeds", PAGES, ids=str)
def test_page_and_python_say_the_same_sentence_about_any_settings(show, seeds):
    figures = [random_figure(seed) for seed in seeds]
    page = show(*figures)
    for i, figure in enumerate(figures):
        expect(says(page).nth(i), f"seed {seeds[i]}: {figure.python}").to_have_text(figure.sentence)
        expect(page.locator("lr-lab").nth(i).locator(".wrong").first).to_have_text("")
        for kind in set(PANELS) - {"sensitivity"}:
            drawn = page.locator("lr-lab").nth(i).locator(SOMETHING_DRAWN.format(kind)).count()
            assert (drawn > 0) == (kind in figure.panels), f"seed {seeds[i]}: {kind} of {figure.sentence}"


#: All numbers of the run in focus, as base64 of their bits.
NUMBERS_OF_RUN = """(given) => {
  const { state, wrong } = repair(given), { points, losses, rates, gradients } = computeRun(state, state.optimizer);
  if (wrong.length) throw new Error(wrong.join());
  return [points, losses, rates, gradients].map((numbers) => {
    let text = "";
    for (const byte of new Uint8Array(Float64Array.from(numbers).buffer)) text += String.fromCharCode(byte);
    return btoa(text);
  });
}"""


def bits(numbers) -> np.ndarray:
    """The bits of an array as doubles; every nan counts as the same one."""
    array = np.asarray(numbers, dtype=np.float64).ravel()
    return np.where(np.isnan(array), np.float64("nan"), array).view(np.int64)


@pytest.mark.parametrize("seeds", PAGES, ids=str)
def test_the_path_in_python_has_the_bits_of_the_path_on_the_page(page, seeds):
    page.evaluate(INSIDE)
    for seed in seeds:
        figure = random_figure(seed + 1000)
        path = figure.path
        measured = page.evaluate(NUMBERS_OF_RUN, state_of(figure))
        for name, text in zip(("points", "losses", "rates", "gradients"), measured, strict=True):
            numbers = np.frombuffer(base64.b64decode(text), dtype=np.float64)
            assert (bits(numbers) == bits(getattr(path, name))).all(), f"{name} of {figure.python}"


def test_the_traits_of_the_figure_are_the_keys_of_its_state_on_the_page(page):
    page.evaluate(INSIDE)
    assert set(page.evaluate("KEYS")) == set(state_of(lab()))


NUMBERS = [0.1, 2.125, -0.00051, 0.9999, 99999.0, 12345.6, 1.797e308, 5e-324, 100.0, 1e-5, 123456.0, -7.0, 0.0005, 3e-5]


def test_page_and_python_write_numbers_alike(show):
    values = NUMBERS + [10**x for x in np.random.default_rng(0).uniform(-320, 308, 2000)]
    page = show()
    page.evaluate(INSIDE)
    written = page.evaluate("values => values.map(v => formatNumber(v, ','))", values)
    assert written == [format_number(value, ",") for value in values]


def test_the_slider_follows_the_mouse_and_redraws_everything(show):
    page = show(lab("parabola", lr=0.5, start=-4, steps=30, lr_range=(0.02, 5)))
    shapes = page.locator(".landscape path.trail, .loss path.trail, .gauge path.eigen-0").evaluate_all(
        "all => all.map(path => path.getAttribute('d'))"
    )
    box = slider(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.97, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(says(page)).to_contain_text("farther away")
    after = page.locator(".landscape path.trail, .loss path.trail, .gauge path.eigen-0").evaluate_all(
        "all => all.map(path => path.getAttribute('d'))"
    )
    assert all(a != b for a, b in zip(shapes, after, strict=True))
    assert page.locator(".rate.over").count() == 1


def test_a_path_that_goes_far_away_and_comes_back_is_drawn_to_its_end(show):
    figure = lab("parabola", "nesterov", lr=schedules.inverse_time_decay(1.9), start=-4, steps=30)
    page = show(figure)
    x = figure.path.points[:, 0]
    assert np.abs(x).max() > 30 and abs(x[-1]) < 1e-3
    line, dots = (page.locator(f".landscape path.{name}").get_attribute("d") for name in ("trail", "dots"))
    last = re.findall(r"-?[\d.]+", line)[-2:]
    cross = re.match(r"M(-?[\d.]+),(-?[\d.]+)", page.locator(".landscape .minima").get_attribute("d")).groups()
    assert np.allclose([float(one) for one in last], [float(one) + 5 for one in cross], atol=0.2)
    assert line.count("M") == 2  # out of the picture, and into it again
    assert dots.count("M") < len(x)  # what is far away has none


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
    page.locator(".setting input[type=range]").focus()
    page.keyboard.press("Home")
    expect(page.locator(".setting .value")).to_have_text("1")
    assert "η = 2(1+β)/λ₁ = 3.8" in marks(page)


def test_a_mark_sits_where_the_slider_has_its_value(show):
    page = show(lab("parabola", lr=0.1, lr_range=(0.02, 5)))
    threshold = page.locator(".rate .mark.threshold")
    threshold.click()
    expect(says(page)).to_contain_text("Exactly on the threshold")
    track, mark = slider(page).bounding_box(), threshold.bounding_box()
    place = slider(page).evaluate("node => node.value / node.max")
    wide = slider(page).evaluate("node => parseFloat(getComputedStyle(node).getPropertyValue('--thumb'))")
    thumb = track["x"] + wide / 2 + place * (track["width"] - wide)
    assert abs(mark["x"] + mark["width"] / 2 - thumb) < 1.5


def test_marks_do_not_cover_each_other_on_a_phone(show):
    page = show(lab("quadratic", "momentum", 0.05, (1, 1), condition=3, beta=0.1, lr_range=(1e-3, 10)), width=320)
    boxes = [mark.bounding_box() for mark in page.locator(".rate .mark").all()]
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
    for control in page.locator(".setting input[type=range]").all():
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


#: Boxes of elements on the screen: left, top, right, bottom.
BOXES = """selector => [...document.querySelectorAll(selector)].map(node => {
  const { left, top, right, bottom } = node.getBoundingClientRect(); return [left, top, right, bottom]; })"""


def apart(one, other) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("steps", [511, 520, 700, 1030, 1200, 2000])
def test_where_the_numbers_end_is_said_beside_axis_and_curve(show, steps, language):
    lrlib.use(language)
    page = show(lab("parabola", lr=3, start=-4, steps=steps, panels=("loss",)), width=375, language=language)
    lines, frame = page.evaluate(BOXES, ".loss .note tspan"), page.locator(".loss svg.inner").bounding_box()
    left, right = frame["x"], frame["x"] + frame["width"]
    assert lines and all(left <= line[0] and line[2] <= right + 1 for line in lines)
    end = left + frame["width"] * 510 / steps  # the curve rises in a straight line from corner to corner
    for x0, _, x1, y1 in lines:
        low = frame["y"] + frame["height"] * (1 - (x0 - left) / (end - left))
        assert x0 > end or (x1 < end and low < y1 - 12)


@pytest.mark.parametrize("lr", [0.02, 0.04, 0.06, 0.077, 0.09, 0.146, 0.17])
def test_no_line_strikes_through_the_words_of_the_gauge(show, lr):
    page = show(lab("quadratic", lr=lr, start=(-4, 2.5), condition=25, steps=30, panels=("gauge",)), width=375)
    words = page.evaluate(BOXES, ".gauge .zones text") + page.evaluate(BOXES, ".gauge .names text")
    assert len(words) >= 4
    for line in page.evaluate(BOXES, ".gauge .products .trail"):
        middle = (line[1] + line[3]) / 2
        assert all(word[3] - 3 <= middle or middle <= word[1] + 3 for word in words)


def test_a_run_far_above_the_threshold_is_pointed_to_on_the_gauge(show):
    page = show(lab("parabola", lr=40, start=-4, steps=5, lr_range=(0.1, 100)))
    expect(page.locator(".gauge .note")).to_have_text("▲ ηλ = 40")


#: Where the noise floor of the figure in sight is drawn: its heights in pixels over the steps, None without a line.
FLOOR = """() => { const path = document.querySelector(".loss path.floor").getAttribute("d");
  return path && path.match(/[ML][^MLH]+/g).map((point) => Number(point.split(",")[1])); }"""


def noisy_bowl(**more) -> lab:
    given = {"lr": 0.1, "start": (-4, 3), "steps": 200, "noise": 2, "seed": 2, "condition": 4.0, "panels": ["loss"]}
    return lab("quadratic", **given | more)


def test_the_noise_floor_follows_rate_noise_schedule_and_rule(show):
    page = show(noisy_bowl(optimizer=["gd", "momentum"], controls=["schedule", "noise"], lr_range=(0.005, 1)))
    name, change = page.locator(".loss .floor-name"), page.evaluate_handle("document.querySelector('lr-lab').model")

    def heights(**changes) -> list[float] | None:
        page.evaluate(
            """([model, changes]) => { for (const [key, value] of Object.entries(changes)) model.set(key, value);
          model.save_changes(); }""",
            [change, changes],
        )
        return page.evaluate(FLOOR)

    expect(name).to_have_text("noise floor")
    constant = heights()
    assert len(constant) == 200 and len(set(constant)) == 1
    assert heights(lr=0.02)[0] > constant[0] + 5
    expect(says(page)).to_contain_text("At the end the noise floor lies at 0.041.")
    falling = heights(
        lr=0.1, schedule={"name": "linear", "settings": {"steps": 200, "end": 0.001}, "warmup": 0, "start": 0}
    )
    assert falling == sorted(falling) and falling[-1] > falling[0] + 20
    assert heights(schedule={"name": "constant", "settings": {}, "warmup": 0, "start": 0}) == constant
    assert heights(noise=4)[0] < constant[0]
    for changes in ({"noise": 0}, {"noise": 2, "optimizer": "momentum"}, {"optimizer": "gd", "lr": 0.5}, {"lr": 0.6}):
        assert heights(**changes) is None, changes
        expect(name).to_be_hidden()
        expect(says(page)).not_to_contain_text("noise floor")
    assert heights(lr=0.1) == constant
    expect(name).to_be_visible()


@pytest.mark.parametrize(("surface", "given"), [("parabola", {"curvature": 3.0}), ("regression", {"residual": 2.0})])
@pytest.mark.parametrize("dtype", FORMATS)
def test_page_and_python_have_the_same_noise_floor(page, surface, given, dtype):
    rate = schedules.warmup(schedules.cyclic(0.9, base=0.01, half=20), 10)
    figure = lab(surface, lr=rate, noise=0.7, dtype=dtype, **given)
    page.evaluate(INSIDE)
    measured = page.evaluate(
        "(given) => [...computeRun(repair(given).state, 'gd').floor].map(String)", state_of(figure)
    )
    assert (bits([float(value) for value in measured]) == bits(_floor(figure._state, figure.path))).all()


def test_a_landscape_without_bowl_has_no_noise_floor(show):
    page = show(lab("himmelblau", lr=0.01, noise=2, panels=["loss"]))
    assert page.evaluate(FLOOR) is None


def test_the_noise_floor_is_not_shown_before_the_guess(show):
    page = show(noisy_bowl(predict="regime", panels=["landscape", "loss"]))
    assert page.evaluate(FLOOR) is None
    page.get_by_role("button", name="Show without guessing").click()
    assert page.evaluate(FLOOR)


#: Points of these lines on the screen, at most a pixel apart. For each of them `getPointAtLength` would walk along the whole line.
POINTS = """(lines) => [...document.querySelectorAll(lines)].flatMap((line) => {
  const screen = line.getScreenCTM(), points = [];
  const d = line.getAttribute("d").replace(/,([\\d.-]+)H([\\d.-]+)/g, ",$1L$2,$1");
  if (/[^MLZ\\d.,e+-]/.test(d)) throw new Error(`not only straight lines: ${d}`);
  for (const stretch of d.split("M").slice(1)) {
    const ends = stretch.split("L").map((pair) => new DOMPoint(...pair.split(",").map(parseFloat)).matrixTransform(screen));
    ends.forEach((end, i) => {
      const from = ends[i - 1] ?? end, steps = Math.ceil(Math.hypot(end.x - from.x, end.y - from.y)) || 1;
      for (let k = 1; k <= steps; k++) points.push([from.x + (end.x - from.x) * k / steps, from.y + (end.y - from.y) * k / steps]);
    });
  }
  return points;
})"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("steps", "name"), [(60, "constant"), (400, "constant"), (400, "linear"), (2000, "cosine")])
def test_the_name_of_the_noise_floor_meets_no_line_on_a_phone(show, steps, name, language):
    lrlib.use(language)
    rate = 0.1 if name == "constant" else getattr(schedules, name)(0.1, steps=steps, end=0.001)
    page = show(noisy_bowl(lr=rate, steps=steps), width=375, language=language)
    (box,), frame = page.evaluate(BOXES, ".loss .floor-name text"), page.locator(".loss svg.inner").bounding_box()
    assert frame["x"] <= box[0] - 20 and box[2] <= frame["x"] + frame["width"]
    assert frame["y"] <= box[1] + 3 and box[3] - 3 <= frame["y"] + frame["height"]
    points = page.evaluate(POINTS, ".loss :is(.lines .trail, svg.inner > .floor)")
    struck = [(x, y) for x, y in points if box[0] < x < box[2] and box[1] + 3 < y < box[3] - 3]
    assert len(points) > 500 and not struck


def test_the_gauge_marks_where_it_comes_to_pass_the_threshold(show):
    bursts = lab("quadratic", "adagrad_mean", 0.5, (-10, 1), 800, condition=100.0, panels=["gauge"])
    edge = lab("valley", lr=0.09, start=(3, 2.5), steps=200, panels=["gauge"])
    page = show(bursts, edge)
    marks = page.locator(".gauge .crossed").evaluate_all("all => all.map(mark => mark.getAttribute('d'))")
    wide = float(page.locator(".gauge svg.inner").first.get_attribute("width"))
    at = [float(part.split(",")[0]) + 4 for part in marks[0].split("M")[1:]]
    assert at == pytest.approx([wide * step / 800 for step in (20, 107, 231, 385, 565, 768)], abs=0.2)
    assert marks[1].count("M") == 1


def test_one_peak_of_the_gauge_does_not_flatten_all_the_rest(show):
    page = show(lab("quadratic", "rmsprop", 0.5, (-10, 1), 2000, condition=100.0, panels=["gauge"]))
    ticks = page.locator(".gauge .axis").nth(1).locator("text").all_text_contents()
    assert max(float(tick) for tick in ticks) == 4


def test_a_single_memory_stands_beside_another_panel(show):
    panels = ["landscape", "loss", "gauge", "rates", "state"]
    page = show(lab("quadratic", ["rmsprop", "adam"], 0.1, (-4, 1), panels=panels), width=1280)

    def apart_from_rates() -> float:
        rates, state = (page.locator(f".panel.{name}").bounding_box() for name in ("rates", "state"))
        return state["y"] - rates["y"]

    assert apart_from_rates() == pytest.approx(0, abs=1)
    page.locator("input[type=radio]").nth(1).check()
    assert apart_from_rates() > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_scrolls_sideways_and_every_panel_is_wide_enough(show, language):
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
        lab("rosenbrock", ["adam", "momentum", "lion"], 1e-3, language=language, panels=PANELS),
        width=320,
    )
    for drawer in page.locator("details.drawer > summary").all():
        drawer.click()
    for width in (320, 375, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(FRAMES)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for svg in page.locator(".panel:not(.empty) > svg").all():
            box = svg.bounding_box()
            assert box["width"] >= 250 and box["height"] >= 130, f"at {width} px"
            assert box["x"] >= 0 and box["x"] + box["width"] <= width + 1, f"at {width} px"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(show, theme):
    page = show(
        lab("quadratic", "momentum", 0.05, (-4, 2), condition=25, controls=["condition", "beta"]),
        lab("parabola", lr=3, start=-4, steps=1200),
        lab("rosenbrock", ["adam", "momentum", "lion"], 1e-3, cursor=5, panels=PANELS),
        ask(0.25),
    )
    for drawer in page.locator("details.drawer > summary").all():
        drawer.click()
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    if theme == "dark":
        page.add_style_tag(
            content=":root { --pst-color-text-base: #eee; --pst-color-text-muted: #b0b0b0;"
            " --pst-color-background: #121212 } body { background: #121212 }"
        )
    expect_no_violation(page)


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


#: Puts a figure on the page whose settings are not all right, with a picture inside.
BREAK = """changed => {
  const figure = document.createElement("lr-lab"), good = document.querySelector("lr-lab").dataset.settings;
  figure.dataset.settings = typeof changed === "string" ? changed : JSON.stringify({ ...JSON.parse(good), ...changed });
  figure.innerHTML = "<img alt='the picture' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>";
  document.querySelector("main").replaceChildren(figure);
}"""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [("not JSON", "JSON"), ({"language": "fr"}, 'language = "fr"'), ({"surface": "hill"}, 'surface = "hill"')],
)
def test_where_nothing_can_stand_in_a_note_says_why_and_the_picture_stays(show, settings, reason):
    page = show(lab("parabola", lr=0.5))
    page.evaluate(BREAK, settings)
    expect(page.get_by_role("alert")).to_contain_text("This figure cannot be drawn")
    expect(page.get_by_role("alert")).to_contain_text(reason)
    expect(page.get_by_alt_text("the picture")).to_be_attached()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"optimizers": ["sgdx"]}, 'optimizers = ["sgdx"]'),
        ({"optimizers": []}, "optimizers = []"),
        ({"optimizers": ["gd", "gd"]}, 'optimizers = ["gd","gd"]'),
        ({"optimizer": "adam"}, 'optimizer = "adam"'),
        ({"lr": -1}, "lr = -1"),
        ({"lr": "a"}, 'lr = "a"'),
        ({"rates": {"adam": 0.1}}, 'rates = {"adam":0.1}'),
        ({"rates": {"gd": 0}}, 'rates = {"gd":0}'),
        ({"lr_range": [1, 1]}, "lr_range = [1,1]"),
        ({"start": [1, 2]}, "start = [1,2]"),
        ({"steps": 0.5}, "steps = 0.5"),
        ({"steps": 20_001}, "steps = 20001"),
        ({"view": [[1]]}, "view = [[1]]"),
        ({"panels": ["los"]}, 'panels = ["los"]'),
        ({"settings": {}}, "settings = {}"),
        ({"settings": {"curvature": 1, "betta": 0.5}}, '"betta":0.5'),
        ({"controls": ["betta"]}, 'controls = ["betta"]'),
        ({"schedule": {"name": "cosin"}}, '"cosin"'),
        ({"noise": -1}, "noise = -1"),
        ({"seed": 0.5}, "seed = 0.5"),
        ({"dtype": "float8"}, 'dtype = "float8"'),
        ({"cursor": 51}, "cursor = 51"),
        ({"predict": "weather"}, 'predict = "weather"'),
        ({"hidden": ["los"]}, 'hidden = ["los"]'),
    ],
)
def test_what_is_not_possible_is_named_and_the_figure_works_on_without_it(show, settings, reason):
    page = show(lab("parabola", lr=0.5))
    page.evaluate(BREAK, settings)
    note = page.locator("lr-lab > .wrong").first
    expect(note).to_contain_text(reason)
    expect(note).to_have_attribute("role", "alert")
    expect(page.get_by_alt_text("the picture")).not_to_be_attached()
    slider(page).focus()
    page.keyboard.press("End")
    expect(says(page)).to_contain_text("farther away")
    page.keyboard.press("Home")
    expect(says(page)).not_to_contain_text("farther away")


def test_without_a_script_there_is_the_picture_with_its_sentence(browser, show):
    figure = lab("parabola", lr=2.1, start=1, steps=20)
    url = show(figure, pictures=True).url
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
    expect(page.locator("p[role=status].unseen")).to_contain_text("η = 5,")


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


#: Where the hatched part of the slider begins, and where the marks stand, in pixels of the page.
HATCHED = """() => {
  const track = document.querySelector(".track"), { left, width } = track.getBoundingClientRect();
  const [, edge] = getComputedStyle(track).backgroundImage.match(/^linear-gradient\\(to right, .*?\\) calc\\((.*?)\\),/) ?? [];
  const [share, shift] = [edge.match(/(-?[\\d.]+)%/)[1] / 100, Number(edge.match(/([-+]) ([\\d.]+)px/)?.slice(1).join("") ?? 0)];
  const marks = [...document.querySelectorAll(".mark.threshold")].map((mark) => mark.offsetLeft + mark.offsetParent.getBoundingClientRect().left);
  return [left + share * width + shift, left + width, marks];
}"""


@pytest.mark.parametrize("width", [375, 1280])
def test_the_slider_is_hatched_from_the_mark_of_the_threshold_on(show, width):
    page = show(lab("quadratic", "gd", lr=0.1, start=(-10, 1), condition=10, lr_range=(0.01, 1)), width=width)
    begins, _, marks = page.evaluate(HATCHED)
    assert begins == pytest.approx(min(marks), abs=1)


@pytest.mark.parametrize("figure", [lab("parabola", "lion", lr=0.1), lab("parabola", "gd", lr=0.1, lr_range=(0.01, 1))])
def test_a_slider_without_danger_is_not_hatched(show, figure):
    begins, ends, marks = show(figure).evaluate(HATCHED)
    assert not marks and begins > ends


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_loss_that_comes_back_from_infinity_page_and_python_say_the_same(show, language):
    settings = {"start": -400, "steps": 20, "dtype": "float16", "view": [(-500, 500)], "language": language}
    labs = [lab("parabola", lr=lr, **settings) for lr in (0.5, 1.5, 1.99, 2.5)]
    page = show(*labs, language=language)
    assert strings(language)["says_overflows"].format(step=0) in labs[0].sentence
    for i, figure in enumerate(labs):
        expect(says(page).nth(i)).to_have_text(figure.sentence)


@pytest.mark.parametrize(("seed", "steps"), [(29, 400), (3, 300)])
def test_on_the_gauge_a_name_stands_at_its_own_line(show, seed, steps):
    run = {"start": (2.5, 0.3), "noise": 0.5, "seed": seed, "steps": steps, "view": [(-4, 4), (-4, 4)]}
    page = show(lab("beale", "momentum", lr=0.03, panels=["gauge"], **run), width=375)
    away = page.locator(".gauge").evaluate("""(panel) => {
      const lines = [...panel.querySelectorAll(".products path")].map((path) => path.getAttribute("d").slice(1).split(/[LH]/).slice(0, -1).map((point) => point.split(",").map(Number)));
      return [...panel.querySelectorAll(".names text")].map((name) => {
        const { x, y, width, height } = name.getBBox(), middle = y + height / 2;
        const beside = (line) => Math.min(...line.filter(([at]) => at > x && at < x + width).map(([, at]) => Math.abs(at - middle)));
        return lines.map(beside);
      });
    }""")
    assert len(away) == 2 and away[0][0] < away[0][1] + 1 and away[1][1] < away[1][0] + 1


#: Where what lies below begins, at some thirty steps of the run.
PLACES = """(figure) => {
  const range = figure.querySelector(".transport input"), below = figure.querySelector(".says"), places = new Set();
  for (let i = 0; i <= 30; i++) {
    range.value = Math.round((range.max * i) / 30);
    range.dispatchEvent(new Event("input", { bubbles: true }));
    places.add(below.getBoundingClientRect().top - figure.getBoundingClientRect().top);
  }
  return [...places];
}"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [375, 1000])
def test_nothing_jumps_while_a_run_is_played(show, width, language):
    page = show(
        lab("quadratic", "gd", 0.03, (-4, 2.5), 60, condition=25, language=language),
        lab("quadratic", "momentum", 0.03, (-4, 2.5), 60, condition=25, language=language),
        lab("pseudo_huber", "gd", 3, 0.2, 1100, panels=["loss", "microscope"], language=language),
        lab("parabola", ["gd", "adam"], 0.3, -4, 40, language=language),
        width=width,
        language=language,
    )
    for i, figure in enumerate(page.locator("lr-lab").all()):
        assert len(figure.evaluate(PLACES)) == 1, f"figure {i + 1}"

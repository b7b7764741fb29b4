"""Everything in the figure that a hand can hold, used by mouse, touch and keyboard, and read from the DOM."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from lrlib import curvature, lab, words
from lrlib.optimizers import OPTIMIZERS
from lrlib.schedules import SCHEDULES
from lrlib.surfaces import SURFACES, quadratic, rosenbrock
from lrlib.words import format_number

WORDS = words.strings("en")
STEP_PANELS = ("loss", "gauge", "norm", "rates", "state", "schedule")

#: Where the inside of a panel is on the screen: left, top, width, height.
INSIDE = """inner => {
  const { x, y } = inner.ownerSVGElement.getBoundingClientRect(), number = (name) => Number(inner.getAttribute(name));
  return [x + number("x"), y + number("y"), number("width"), number("height")];
}"""


def says(page):
    return page.locator(".says")


def rate_slider(page):
    return page.locator(".rate input[type=range]")


def scrubber(page):
    return page.locator(".transport input[type=range]")


def reading(page):
    return page.locator(".transport .reading")


def button(page, name):
    return page.get_by_role("button", name=WORDS[name], exact=True)


def inside(page, panel):
    """The box of a panel's picture, scrolled into the window."""
    inner = page.locator(f".panel.{panel} svg.inner").first
    inner.locator("xpath=..").scroll_into_view_if_needed()
    return inner.evaluate(INSIDE)


def cursor_lines(page):
    return page.locator("path.cursor[d]")


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def touch(page, *points):
    """A finger put down on the first point, moved over the others, and lifted."""
    session = page.context.new_cdp_session(page)
    for i, (x, y) in enumerate(points):
        kind = "touchMove" if i else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def open_drawer(page):
    drawer = page.locator("details.drawer")
    drawer.locator("summary").click()
    drawer.locator("select").first.wait_for()
    return drawer


def names_in(box):
    return box.locator(".control:not(.rate) .name").all_inner_texts()


def control(page, name):
    return page.locator(".control", has=page.locator(f".name:text-is('{name}')"))


def choose(page, label, value):
    control(page, label).locator("select").select_option(value)


def press(page, target, *keys):
    target.focus()
    for key in keys:
        page.keyboard.press(key)


def a_bowl(rule="gd", **changed):
    given = {"lr": 0.05, "start": (-4, 2), "steps": 40, "condition": 25, "rotation": 30}
    return lab("quadratic", rule, **(given | changed))


# ---------------------------------------------------------------- the cursor


def test_play_goes_through_all_steps_and_stops_at_the_end(page, show):
    page.clock.install()
    show(a_bowl(steps=20))
    button(page, "play").click()
    expect(button(page, "pause")).to_be_visible()
    page.clock.run_for(1000)
    on_the_way = int(scrubber(page).input_value())
    assert 0 < on_the_way < 20
    assert cursor_lines(page).count() > 0
    page.clock.run_for(20_000)
    expect(button(page, "play")).to_be_visible()
    expect(scrubber(page)).to_have_value("20")
    assert cursor_lines(page).count() == 0


def test_even_the_longest_run_is_played_in_seconds(page, show):
    page.clock.install()
    show(lab("parabola", lr=0.001, start=-4, steps=20_000))
    button(page, "play").click()
    page.clock.run_for(10_000)
    expect(scrubber(page)).to_have_value("20000")


def test_pause_holds_the_cursor_and_play_goes_on_from_there(page, show):
    page.clock.install()
    show(a_bowl(steps=20))
    button(page, "play").click()
    page.clock.run_for(1500)
    button(page, "pause").click()
    held = int(scrubber(page).input_value())
    page.clock.run_for(5000)
    expect(scrubber(page)).to_have_value(str(held))
    button(page, "play").click()
    page.clock.run_for(100)
    assert held <= int(scrubber(page).input_value()) <= held + 2


def test_who_asked_for_less_motion_sees_two_pictures_a_second(page, show):
    page.emulate_media(reduced_motion="reduce")
    page.clock.install(time=0)
    show(a_bowl())
    page.clock.pause_at(60_000)
    button(page, "play").click()
    page.clock.run_for(400)
    expect(scrubber(page)).to_have_value("0")
    seen = set()
    for _ in range(40):
        page.clock.run_for(50)
        seen.add(scrubber(page).input_value())
    assert 3 <= len(seen) <= 6


def test_one_step_on_and_back(show):
    page = show(a_bowl(cursor=10))
    button(page, "step_on").click()
    expect(scrubber(page)).to_have_value("11")
    button(page, "step_back").click()
    button(page, "step_back").click()
    expect(scrubber(page)).to_have_value("9")


def test_the_reading_tells_step_loss_gradient_and_gauge(show):
    figure = a_bowl("momentum", beta=0.5)
    page = show(figure)
    path = figure.path
    for step in (0, 7, 39):
        scrubber(page).fill(str(step))
        loss, norm = (format_number(float(value)) for value in (path.losses[step], np.hypot(*path.gradients[step])))
        expect(reading(page)).to_contain_text(WORDS["reading"].format(step=step, loss=loss, norm=norm))
        expect(reading(page)).to_contain_text(f"ηλ₁ = {format_number(float(path.gauge[step]))}")
    press(page, scrubber(page), "End")
    expect(reading(page)).to_contain_text(format_number(float(path.losses[-1])))
    expect(reading(page)).not_to_contain_text("ηλ")  # no step begins at the end


def test_the_cursor_is_at_the_same_step_in_every_panel_and_nowhere_at_the_end(show):
    page = show(a_bowl("adam", panels=("landscape", *STEP_PANELS), cursor=10))
    lines = page.locator(".panel path.cursor")
    assert lines.count() == len(STEP_PANELS) + 1  # Adam has two arrays of state
    for line in lines.all():
        width = float(line.locator("xpath=..").get_attribute("width"))
        at = float(re.match(r"M([\d.]+),", line.get_attribute("d"))[1])
        assert at == pytest.approx(width * 10 / 40, abs=0.1)
    expect(page.locator(".landscape circle.here")).to_have_count(1)
    press(page, scrubber(page), "End")
    expect(cursor_lines(page)).to_have_count(0)
    expect(page.locator(".landscape circle.here")).to_have_count(0)


@pytest.mark.parametrize("panel", STEP_PANELS)
def test_the_cursor_is_dragged_with_the_mouse_on_every_panel_over_the_steps(show, panel):
    page = show(a_bowl("adam", panels=(panel,)))
    left, top, width, height = inside(page, panel)
    drag(page, (left + 0.2 * width, top + 0.3 * height), (left + 0.6 * width, top + 0.4 * height))
    expect(scrubber(page)).to_have_value("24")
    drag(page, (left + 0.6 * width, top + 0.3 * height), (left + 2 * width, top + 0.4 * height))
    expect(scrubber(page)).to_have_value("40")
    expect(cursor_lines(page)).to_have_count(0)


@pytest.mark.parametrize("panel", STEP_PANELS)
def test_the_cursor_is_dragged_with_a_finger_on_every_panel_over_the_steps(show, panel):
    page = show(a_bowl("adam", panels=(panel,)), width=375)
    left, top, width, height = inside(page, panel)
    y = top + 0.4 * height
    touch(page, (left + 0.2 * width, y), (left + 0.3 * width, y), (left + 0.5 * width, y))
    expect(scrubber(page)).to_have_value("20")


def test_a_click_on_a_panel_sets_the_cursor(show):
    page = show(a_bowl(panels=("loss",)))
    left, top, width, height = inside(page, "loss")
    page.mouse.click(left + 0.25 * width, top + 0.5 * height)
    expect(scrubber(page)).to_have_value("10")


def test_fewer_steps_than_the_cursor_send_it_to_the_end(show):
    page = show(a_bowl(cursor=30, controls=["steps"]))
    press(page, control(page, WORDS["steps"]).locator("input"), "Home")
    expect(scrubber(page)).to_have_value("1")
    expect(cursor_lines(page)).to_have_count(0)


# ---------------------------------------------------------------- what holds at the cursor


def drawn_direction(page, selector) -> np.ndarray:
    """From the first corner of a drawn line to the second, in units of the view."""
    path = page.locator(f".landscape svg.inner .now {selector}").get_attribute("d")
    (x, y), (u, v) = (
        [float(n) for n in corner.split(",")] for corner in re.findall(r"[ML]([-\d.]+,[-\d.]+)", path)[:2]
    )
    return np.array([u - x, v - y])


def on_screen(page, figure, vector) -> np.ndarray:
    _, _, width, height = inside(page, "landscape")
    spans = [high - low for low, high in figure.view]
    return np.array([vector[0] * width / spans[0], -vector[1] * height / spans[1]])


def angle_between(a, b) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


@pytest.mark.parametrize("rotation", [0, 30, -75])
@pytest.mark.parametrize("width", [375, 1000])
def test_the_largest_and_smallest_curvature_are_where_numpy_finds_them(show, rotation, width):
    figure = a_bowl(rotation=rotation, cursor=3)
    page = show(figure, width=width)
    a, b, d = quadratic.hessian(*figure.path.points[3], *figure.settings.values())
    _, vectors = np.linalg.eigh([[a, b], [b, d]])
    for i, vector in ((0, vectors[:, 1]), (1, vectors[:, 0])):
        angle = angle_between(drawn_direction(page, f".eigen-{i}"), on_screen(page, figure, vector))
        assert min(angle, 180 - angle) < 1, f"λ{i + 1} is {angle}° off"


@pytest.mark.parametrize(("rule", "lr"), [("gd", 2e-3), ("momentum", 2e-3), ("adam", 0.2), ("lion", 0.2)])
def test_step_gradient_and_memory_point_where_the_arrays_say(show, rule, lr):
    figure = lab("rosenbrock", rule, lr=lr, start=(-1.2, 1), steps=60, cursor=7)
    page = show(figure)
    path = figure.path
    arrows = {".gradient": -path.gradients[7], ".step": path.points[8] - path.points[7]}
    memory = path.state.get("m", path.state.get("v"))
    if memory is None:
        expect(page.locator("svg.inner .now .memory")).to_have_count(0)
    else:
        arrows[".memory"] = -memory[7]
    for name, vector in arrows.items():
        drawn = drawn_direction(page, name)
        if np.hypot(*drawn) > 8:  # shorter ones are rounded to tenths of a pixel
            assert angle_between(drawn, on_screen(page, figure, vector)) < 2, name


def test_the_marks_on_the_rate_follow_the_hessian_at_the_cursor(show):
    figure = lab("rosenbrock", lr=1e-3, start=(-1.2, 1), steps=60, cursor=20, lr_range=(1e-6, 10))
    page = show(figure)
    for step in (20, 0, 59):
        scrubber(page).fill(str(step))
        sharpest = curvature.eigenvalues(rosenbrock, figure.path.points[step])[0]
        expect(page.locator(".rate .mark.threshold").first).to_have_text("2/λ₁")
        expect(page.locator(".rate .mark.threshold").first).to_have_attribute(
            "aria-label", f"η = 2/λ₁ = {format_number(2 / sharpest)}"
        )


# ---------------------------------------------------------------- the gauge


def centre(target):
    box = target.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_dragging_the_product_on_the_gauge_sets_the_rate(show):
    page = show(lab("parabola", lr=0.5, start=-4, lr_range=(0.02, 5)))
    handle = page.locator(".gauge .handle:not(.threshold)")
    x, y = centre(handle)
    _, top, _, height = inside(page, "gauge")
    zero = top + height
    target = zero - (zero - y) * 2.5  # as high above 0 as 2.5 × the product
    drag(page, (x, y), (x + 3, target))
    said = re.match(r"η\s=\s([\d.]+), ηλ\s=\s([\d.]+)", says(page).inner_text())
    assert float(said[2]) == pytest.approx(1.25, rel=0.03)
    assert said[1] == said[2]
    assert centre(handle)[1] == pytest.approx(target, abs=2)


def test_the_arrow_keys_move_the_product_by_a_twentieth(show):
    page = show(lab("parabola", lr=0.5, start=-4, lr_range=(0.02, 5)))
    handle = page.locator(".gauge .handle:not(.threshold)")
    press(page, handle, "ArrowUp")
    expect(says(page)).to_contain_text("η = 0.525,")
    expect(handle).to_have_attribute("aria-valuetext", "ηλ = 0.525")
    press(page, handle, "ArrowDown", "ArrowDown")
    expect(says(page)).to_contain_text("η = 0.476,")


def test_the_product_is_dragged_with_a_finger(show):
    page = show(lab("parabola", lr=0.5, start=-4, lr_range=(0.02, 5)), width=375)
    inside(page, "gauge")
    x, y = centre(page.locator(".gauge .handle:not(.threshold)"))
    touch(page, (x, y), (x, y - 10), (x, y - 30))
    rate = float(re.match(r"η\s=\s([\d.]+)", says(page).inner_text())[1])
    assert rate > 0.6


def test_the_arrow_keys_move_the_threshold_and_with_it_the_memory(show):
    page = show(a_bowl("momentum", beta=0.5, controls=["beta"]))
    handle = page.locator(".gauge .handle.threshold")
    expect(handle).to_have_attribute("aria-valuetext", "3")
    press(page, handle, "ArrowUp")
    expect(control(page, WORDS["beta"]).locator(".value")).to_have_text("0.545")  # 2(1 + β) = 3 · 1.03
    expect(says(page)).to_contain_text("threshold 3.09")


def test_dragging_the_threshold_sets_the_memory(show):
    page = show(a_bowl("momentum", beta=0.5, controls=["beta"]))
    handle = page.locator(".gauge .handle.threshold")
    inside(page, "gauge")
    x, y = centre(handle)
    drag(page, (x, y), (x - 2, y - 12))
    assert float(control(page, WORDS["beta"]).locator(".value").inner_text()) > 0.52


def test_a_rule_without_memory_has_no_handle_on_its_threshold(show):
    page = show(a_bowl("gd"))
    expect(page.locator(".gauge .handle.threshold")).to_be_hidden()


def test_lion_has_no_gauge_but_a_word_why(show):
    page = show(a_bowl("lion"))
    expect(page.locator(".gauge .none")).to_have_text(WORDS["no_threshold"])
    expect(page.locator(".gauge .handle:not(.threshold)")).to_be_hidden()
    expect(page.locator(".rate .mark")).to_have_count(0)


# ---------------------------------------------------------------- the rate's marks


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_the_marks_are_the_limits_of_every_rule(show, rule):
    figure = a_bowl(rule, lr=0.05, lr_range=(1e-9, 1e6))
    page = show(figure)
    known, path = OPTIMIZERS[rule], figure.path
    told = page.locator(".rate .mark").evaluate_all("all => all.map(mark => mark.getAttribute('aria-label'))")
    if known.threshold is None:
        assert not told
        return
    hyper = [setting.default for setting in known.settings.values()]
    products = figure.lr * path.preconditioned_eigenvalues[0]
    limits = [figure.lr * float(known.threshold(figure.lr, *hyper)) / product for product in products]
    limits.append(figure.lr * float(known.glide(figure.lr, *hyper)) / products[0])
    assert sorted(mark.rsplit(" = ", 1)[1] for mark in told) == sorted(map(format_number, limits))


# ---------------------------------------------------------------- the drawer


def test_the_drawer_is_filled_when_it_is_opened(show):
    page = show(a_bowl())
    assert page.locator("details.drawer :is(input, select, button)").count() == 0
    drawer = open_drawer(page)
    expect(drawer.locator("select").first).to_be_visible()


def test_on_a_telephone_a_picture_stays_in_sight_while_any_setting_is_changed(show):
    page = show(a_bowl(panels=("landscape",)), width=375)
    page.set_viewport_size({"width": 375, "height": 667})
    drawer = open_drawer(page)
    drawer.evaluate("drawer => drawer.scrollIntoView()")
    at = page.evaluate("scrollY")
    steps = control(page, WORDS["steps"]).locator("input[type=range]")
    expect(steps).not_to_be_in_viewport()
    steps.focus()
    expect(steps).to_be_in_viewport(ratio=1)
    expect(page.locator(".landscape")).to_be_in_viewport(ratio=0.6)
    assert page.evaluate("scrollY") == at


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_the_drawer_holds_every_setting_with_a_way_back_to_its_default(show, rule):
    page = show(a_bowl())
    drawer = open_drawer(page)
    choose(page, WORDS["optimizer"], rule)
    known = OPTIMIZERS[rule].settings | SURFACES["quadratic"].settings
    choices = ("optimizer", "schedule_name", "noise", "seed", "format_name", "clip", "resume", "lost", "steps")
    expected = {WORDS[name] for name in (*known, *choices)}
    assert expected <= set(names_in(drawer))
    for name, setting in OPTIMIZERS[rule].settings.items():
        box, default = control(page, WORDS[name]), format_number(setting.default)
        expect(box.locator(".value")).to_have_text(default)
        press(page, box.locator("input"), "Home" if setting.default > setting.slider[0] else "End")
        expect(box.locator(".value")).not_to_have_text(default)
        box.get_by_role("button").click()
        expect(box.locator(".value")).to_have_text(default)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_brings_its_settings_with_it(show, name):
    page = show(a_bowl(panels=("schedule",)))
    drawer = open_drawer(page)
    choose(page, WORDS["schedule_name"], name)
    wanted = {WORDS[f"schedule_{key}"] for key in SCHEDULES[name].settings}
    assert wanted <= set(names_in(drawer))
    others = {WORDS[f"schedule_{key}"] for known in SCHEDULES.values() for key in known.settings} - wanted
    assert not others & set(names_in(drawer))
    before = page.locator(".schedule .trail").get_attribute("d")
    for label in wanted:
        press(page, control(page, label).locator("input[type=range]"), "End")
    press(page, control(page, WORDS["schedule_rise"]).locator("input"), "End")
    expect(page.locator(".schedule .trail")).not_to_have_attribute("d", before)


def test_noise_seed_format_and_steps_change_the_run(show):
    page = show(a_bowl(panels=("landscape", "loss")))
    open_drawer(page)
    trail = page.locator(".loss .trail")
    for name, keys in (("noise", ["End"]), ("seed", ["ArrowRight"]), ("steps", ["Home", "PageUp"])):
        before = trail.get_attribute("d")
        press(page, control(page, WORDS[name]).locator("input[type=range]"), *keys)
        expect(trail).not_to_have_attribute("d", before)
    press(page, rate_slider(page), "End")
    press(page, control(page, WORDS["steps"]).locator("input[type=range]"), "End")
    choose(page, WORDS["format_name"], "float16")
    expect(says(page)).to_contain_text("∞")


def test_the_keyboard_keeps_its_place_when_a_choice_brings_other_settings(show):
    page = show(a_bowl())
    open_drawer(page)
    rules = control(page, WORDS["optimizer"]).locator("select")
    rules.focus()
    rules.select_option("adam")
    expect(control(page, WORDS["beta1"])).to_be_visible()
    expect(rules).to_be_focused()


def test_another_rule_can_be_chosen_and_takes_the_figure_along(show):
    figure = a_bowl(panels=("landscape", "loss", "gauge", "rates", "state"))
    page = show(figure)
    open_drawer(page)
    for rule in OPTIMIZERS:
        choose(page, WORDS["optimizer"], rule)
        figure.optimizer = rule
        expect(says(page)).to_have_text(figure.sentence)
        expect(page.locator(".state > .title")).to_contain_text(WORDS[f"rule_{rule}"])


def everything_shown(page):
    return page.evaluate("""() => [
      ...[...document.querySelectorAll("lr-lab :is(input, select)")].map((field) => field.value),
      ...[...document.querySelectorAll(".panel path")].map((path) => path.getAttribute("d")),
      document.querySelector(".says").textContent,
    ]""")


def test_reset_takes_back_all_that_hands_have_done(show):
    page = show(a_bowl("momentum", controls=["condition"], panels=("landscape", "loss", "gauge", "state")))
    open_drawer(page)
    before = everything_shown(page)
    press(page, rate_slider(page), "End")
    press(page, control(page, WORDS["condition"]).locator("input"), "Home")
    press(page, control(page, WORDS["beta"]).locator("input"), "Home")
    press(page, page.locator(".start"), "ArrowRight")
    press(page, control(page, WORDS["noise"]).locator("input"), "End")
    press(page, control(page, WORDS["seed"]).locator("input"), "End")
    choose(page, WORDS["format_name"], "float16")
    choose(page, WORDS["schedule_name"], "cosine")
    choose(page, WORDS["optimizer"], "adam")
    scrubber(page).fill("3")
    assert everything_shown(page) != before
    button(page, "reset").click()
    assert everything_shown(page) == before


# ---------------------------------------------------------------- the rule's state


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_the_state_has_a_frame_for_each_array_with_what_bias_correction_makes_of_it(show, rule):
    figure = a_bowl(rule, panels=("state",))
    page = show(figure)
    names = list(figure.path.state)
    titles = page.locator(".state .part .title").all_inner_texts()
    assert [title.split(" ")[0] for title in titles] == names
    if not names:
        expect(page.locator(".state .none")).to_have_text(WORDS["no_state"])
    corrected = [name for name in figure.path.corrected if not np.array_equal(*_both(figure, name), equal_nan=True)]
    expect(page.locator(".state .trail:not(.corrected)")).to_have_count(2 * len(names))
    if rule in ("adam", "adamw"):
        assert corrected == ["m", "v"]
        expect(page.locator(".state .trail.corrected")).to_have_count(4)
    if not figure.path.corrected:
        expect(page.locator(".state .trail.corrected")).to_have_count(0)


def _both(figure, name):
    return figure.path.state[name], figure.path.corrected[name]


# ---------------------------------------------------------------- keyboard, touch, and leaving

#: What a keyboard should reach: of several radio buttons of one name it is one.
REACHABLE = """() => [...document.querySelectorAll("lr-lab :is(button, input, select, textarea, summary, [tabindex='0'])")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && getComputedStyle(node).display !== "none" && !node.disabled && !node.closest("[inert]"))
  .filter((node) => node.type !== "radio" || node.checked)"""


@pytest.mark.parametrize("rule", [["gd"], ["adam", "lion", "momentum"]], ids=["one rule", "a race"])
def test_tab_reaches_everything_and_shows_where_it_is(show, rule):
    page = show(a_bowl(rule, controls=["condition"], panels=("landscape", "loss", "gauge", "sensitivity"), cursor=5))
    open_drawer(page)
    page.evaluate(f"window.wanted = new Set(({REACHABLE})())")
    page.evaluate("""() => {
      const before = document.body.insertBefore(document.createElement("button"), document.body.firstChild);
      before.focus();
    }""")
    for _ in range(page.evaluate("wanted.size") + 5):
        page.keyboard.press("Tab")
        unseen = page.evaluate("""() => {
          const node = document.activeElement;
          wanted.delete(node);
          if (!node.closest("lr-lab")) return null;
          const { outlineStyle, outlineWidth } = getComputedStyle(node);
          return outlineStyle === "none" || parseFloat(outlineWidth) < 2 ? node.outerHTML.slice(0, 200) : null;
        }""")
        assert unseen is None, f"no visible focus on {unseen}"
    assert page.evaluate("[...wanted].map((node) => node.outerHTML.slice(0, 200))") == []


#: What is smaller than 24 px to a finger: for shapes in a picture, what a touch near their centre meets.
SMALL = """() => {
  const found = [];
  for (const node of document.querySelectorAll("lr-lab :is(button, input, select, summary, [role=slider])")) {
    if (!node.checkVisibility({ visibilityProperty: true }) || getComputedStyle(node).display === "none") continue;
    node.scrollIntoView({ block: "center", behavior: "instant" });
    const target = node.matches("label :is([type=radio], [type=checkbox])") ? node.closest("label") : node;
    const { x, y, width, height } = target.getBoundingClientRect(), cx = x + width / 2, cy = y + height / 2;
    const hits = node instanceof SVGElement
      ? [[-11.5, 0], [11.5, 0], [0, -11.5], [0, 11.5]].filter(([dx, dy]) => node.contains(document.elementFromPoint(cx + dx, cy + dy))).length >= 3
      : width >= 23.9 && height >= 23.9;
    if (!hits) found.push(`${node.outerHTML.slice(0, 120)}: ${width.toFixed(1)} × ${height.toFixed(1)}`);
  }
  return found;
}"""


def test_every_target_is_large_enough_for_a_finger(show):
    page = show(
        a_bowl(["momentum", "adam"], controls=["condition"], panels=("landscape", "loss", "gauge"), cursor=5), width=320
    )
    open_drawer(page)
    assert page.evaluate(SMALL) == []


#: Notes who listens to what outlives a figure, and how often a picture is asked for.
WATCH = """() => {
  window.listening = new Map();
  window.frames = 0;
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const outlives = (target) => !(target instanceof AbortSignal) && (!(target instanceof Node) || [document, document.body, document.documentElement].includes(target));
  const count = (target, type, by) => {
    const name = `${target.constructor.name} ${type}`;
    if (outlives(target)) listening.set(name, (listening.get(name) ?? 0) + by);
  };
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const target = this ?? window;
    count(target, type, 1);
    if (options?.signal) add.call(options.signal, "abort", () => count(target, type, -1));
    return add.call(target, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const target = this ?? window;
    count(target, type, -1);
    return remove.call(target, type, listener, options);
  };
  const request = window.requestAnimationFrame;
  window.requestAnimationFrame = (callback) => { frames++; return request.call(window, callback); };
}"""

HEARD = "() => Object.fromEntries([...listening].filter(([, count]) => count > 0))"


def test_a_figure_that_is_taken_away_stops_and_lets_go_of_everything(page, show):
    page.clock.install()
    page.add_init_script(f"({WATCH})()")
    show(a_bowl(["gd", "adam"], panels=("landscape", *STEP_PANELS, "sensitivity", "microscope"), steps=300))
    page.evaluate("() => { window.figure = document.querySelector('lr-lab'); window.main = figure.parentNode; }")
    page.evaluate("figure.remove()")
    before = page.evaluate(HEARD)
    page.evaluate("main.append(figure)")
    expect(says(page)).not_to_be_empty()
    open_drawer(page)
    button(page, "play").click()
    page.clock.run_for(500)
    expect(button(page, "pause")).to_be_visible()
    asked = page.evaluate("() => { figure.remove(); return frames; }")
    page.clock.run_for(10_000)
    assert page.evaluate("frames") == asked, "something goes on being animated"
    assert page.evaluate(HEARD) == before
    assert page.evaluate("figure.children.length") == 0


#: Figures put into the place of one another, each of them playing when it goes.
REPLACED = """async (times) => {
  const main = document.querySelector("main"), text = document.querySelector("lr-lab").dataset.settings;
  for (let i = 0; i < times; i++) {
    const figure = document.createElement("lr-lab");
    figure.dataset.settings = text;
    main.replaceChildren(figure);
    figure.build();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    figure.querySelector(".transport button:nth-of-type(2)").click();
  }
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_figures_that_are_gone_leave_no_memory_behind(show):
    page = show(a_bowl(["gd", "adam"], panels=("landscape", *STEP_PANELS, "sensitivity", "microscope")))
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def held():
        session.send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return np.array([metrics["Nodes"], metrics["JSEventListeners"]])

    page.evaluate(REPLACED, 3)
    before = held()
    page.evaluate(REPLACED, 12)
    # A browser lets go of a figure when it likes, some frames after it has gone; of a leak it never does.
    for _ in range(100):
        nodes, listeners = held() - before
        if nodes < 200 and listeners < 20:
            return
        page.evaluate(FRAMES)
    pytest.fail(
        f"{nodes} nodes and {listeners} listeners are still held after 12 figures were taken away: "
        "something outside of a figure keeps a reference to it, such as a listener without `signal`, "
        "an observer or a timer; end it in what `renderLab` returns"
    )


def swipe(page, place, across: float, down: float) -> None:
    """A finger on the middle of what is there moves so far and is lifted."""
    box, cdp = place.bounding_box(), page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for part in np.linspace(0, 1, 11)[1:]:
        at = {"x": x + across * part, "y": y + down * part}
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
        page.evaluate("() => new Promise(requestAnimationFrame)")
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize(
    "part", [".panel.loss svg.inner", ".panel.gauge svg.inner", ".rate input[type=range]", ".transport input"]
)
def test_a_finger_that_scrolls_the_page_sets_nothing(show, part):
    page = show(*[a_bowl(panels=["loss", "gauge"])] * 3, width=375)
    rate, step = (page.locator(f"{name} input[type=range]").first for name in (".rate", ".transport"))
    before = rate.input_value(), step.input_value()
    page.locator(part).first.scroll_into_view_if_needed()
    height = page.evaluate("scrollY")
    swipe(page, page.locator(part).first, 0, -150)
    page.wait_for_function("height => scrollY > height + 50", arg=height)
    assert (rate.input_value(), step.input_value()) == before


def test_a_finger_that_moves_across_takes_the_cursor_along(show):
    page = show(a_bowl(panels=["loss"]), width=375)
    swipe(page, page.locator(".panel.loss svg.inner"), -90, 4)
    step, most = page.locator(".transport input").evaluate("node => [node.valueAsNumber, Number(node.max)]")
    assert 0 < step < 0.4 * most


def test_a_figure_out_of_sight_is_not_built_until_it_comes_near(page, show):
    show(*[a_bowl()] * 60)
    page.reload()
    figures = page.locator("lr-lab")
    expect(figures.first.locator(".says")).not_to_be_empty()
    expect(figures.last.locator(".panel")).to_have_count(0)
    page.wait_for_function("""() => {
      const last = [...document.querySelectorAll("lr-lab")].at(-1);
      last.scrollIntoView();  // again and again: what is built above it pushes it down
      return last.querySelector(".says:not(:empty)") !== null;
    }""")
    expect(figures.last.locator(".landscape path.trail")).to_have_count(1)

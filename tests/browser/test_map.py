"""The map of rate and memory: the page measures the factors that Python does."""

import itertools

import numpy as np
import pytest
from playwright.sync_api import expect

from accessibility import expect_no_violation, expect_to_fit
from lrlib import curvature, lab, search, surfaces
from lrlib import page as parts
from lrlib.lab import MAP_STEPS
from lrlib.words import format_number, strings

LANGUAGES = ("en", "de", "zh", "ko")
BOWL = {"condition": 25.0, "rotation": 30.0}


def memory_map(optimizer="momentum", lr=0.05, surface="quadratic", start=(-4.0, 2.5), panels=("map",), **settings):
    given = BOWL if surface == "quadratic" else {}
    return lab(surface, optimizer, lr=lr, start=start, panels=panels, **given | settings)


def state(page) -> tuple[float, float]:
    text = page.locator(".map .handle").get_attribute("aria-valuetext")
    lr, beta = text.removeprefix("η = ").split(", β = ")
    return float(lr), float(beta)


def settled(page) -> None:
    expect(page.locator(".map .levels path").first).to_be_attached()
    expect(page.locator(".map .levels")).not_to_have_class("levels faded")


def size_of(page) -> tuple[float, float]:
    inner = page.locator(".map svg.inner")
    return float(inner.get_attribute("width")), float(inner.get_attribute("height"))


def place(page, share_x: float, share_y: float) -> tuple[float, float]:
    box, (width, height) = page.locator(".map > svg").bounding_box(), size_of(page)
    left, top = (float(page.locator(".map svg.inner").get_attribute(side)) for side in "xy")
    return box["x"] + left + share_x * width, box["y"] + top + share_y * height


@pytest.mark.parametrize("rule", ["momentum", "nesterov"])
def test_the_factors_are_those_of_python(show, page, rule):
    show(memory_map())
    functions = parts.widget_script("lab").rsplit("export default", 1)[0]
    page.evaluate(f"""(() => {{ {functions};
      window.sweep = (state) => {{
        const rows = mapFactors(errorOf(state), state);
        for (let next = rows.next(); ; next = rows.next()) if (next.done) return next.value.map(String);
      }};
      window.size = MAP;
    }})()""")
    size = page.evaluate("size")
    assert size["steps"] == MAP_STEPS
    for name, known in surfaces.SURFACES.items():
        if known.minima(*(one.default for one in known.settings.values())) == ():
            continue
        start = [0.7 * low for low, _ in known.view]
        figure = lab(name, rule, lr=0.05, start=start, lr_range=(1e-3, 3.0))
        told = [float(one.replace("Infinity", "inf")) for one in page.evaluate("sweep", figure._state)]
        told = np.reshape(told, (size["betas"], size["rates"]))
        rates = 1e-3 * 3e3 ** ((np.arange(size["rates"]) + 0.5) / size["rates"])
        betas = (np.arange(size["betas"]) + 0.5) / size["betas"]
        expected = search.momentum_map(name, rule, start, rates, betas, MAP_STEPS)
        # A rate that differs in its last bit is another run: where runs are chaotic, another end.
        agree = np.isclose(told, expected, rtol=1e-9) | (told == expected)
        assert agree.mean() > (0.999 if name in ("parabola", "quadratic", "regression") else 0.8), name


@pytest.mark.parametrize("rule", ["momentum", "nesterov"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_reading_is_the_factor_of_python(show, rule, language):
    page, words = show(memory_map(rule, language=language, beta=0.8)), strings(language)
    factor = search.momentum_map("quadratic", rule, (-4.0, 2.5), [0.05], [0.8], MAP_STEPS, **BOWL)[0, 0]
    numbers = {"lr": 0.05, "beta": 0.8, "factor": float(factor)}
    told = words["map_factor"].format(
        steps=MAP_STEPS, **{name: format_number(value, words["decimal"]) for name, value in numbers.items()}
    )
    expect(page.locator(".map .reading")).to_have_text(told.replace(" = ", "\u00a0=\u00a0"))


def test_the_factor_on_the_page_has_the_digits_of_python(show, page):
    show(memory_map())
    functions = parts.widget_script("lab").rsplit("export default", 1)[0]
    page.evaluate(
        f"(() => {{ {functions}; window.factor = (s, lr, beta) => factorPerStep(errorOf(s), s, lr, beta); }})()"
    )
    for name, rule in itertools.product(("quadratic", "double_well", "himmelblau", "valley"), ("momentum", "nesterov")):
        start = [0.4 * low for low, _ in surfaces.SURFACES[name].view]
        given = lab(name, rule, lr=0.05, start=start)._state
        for lr, beta in itertools.product((0.001, 0.0123, 0.04), (0.0, 0.5, 0.9, 0.97)):
            told = page.evaluate("([s, lr, beta]) => factor(s, lr, beta)", [given, lr, beta])
            expected = search.momentum_map(name, rule, start, [lr], [beta], MAP_STEPS)[0, 0]
            assert told is None and np.isinf(expected) or told == pytest.approx(expected, rel=1e-12)


def test_the_border_is_the_threshold_and_the_star_the_best(show):
    page = show(memory_map(lr_range=(1e-3, 1.0)), width=1000)
    settled(page)
    width, height = size_of(page)
    points = [one.split(",") for one in page.locator(".map svg.inner .limit").get_attribute("d")[1:].split("L")]
    for x, y in np.array(points, dtype=float):
        beta = 1 - y / height
        assert 1e-3 ** (1 - x / width) == pytest.approx(
            curvature.critical_rate("momentum", 25.0, beta=max(beta, 0.0)) if beta < 0.999 else 4 / 25, rel=0.01
        )
    best = curvature.best_momentum(25.0, 1.0)
    top = page.locator(".map svg.inner .star").get_attribute("d")[1:].split("L")[0].split(",")
    assert 1e-3 ** (1 - float(top[0]) / width) == pytest.approx(best.rate, rel=0.01)
    assert 1 - (float(top[1]) + 8.5) / height == pytest.approx(best.beta, abs=0.01)
    words = strings("en")
    expect(page.locator(".map .key")).to_contain_text(words["map_best"].format(lr="0.111", beta="0.444"))
    expect(page.locator(".map .key")).to_contain_text("η = 2(1+β)/λ₁")


def test_lines_stand_where_the_factors_cross_their_levels(show):
    page = show(memory_map(lr_range=(1e-3, 1.0)))
    settled(page)
    width, height = size_of(page)
    labels = page.locator(".map .level-names text").evaluate_all(
        "all => all.map(t => [t.textContent, t.getAttribute('x'), t.getAttribute('y')].map(Number))"
    )
    assert len(labels) >= 4
    for level, x, y in labels:
        lr, beta = 1e-3 ** (1 - x / width), 1 - (y - 4) / height
        close = search.momentum_map(
            "quadratic", "momentum", (-4.0, 2.5), lr * np.array([0.93, 1, 1.07]), [beta], 150, **BOWL
        )
        assert close.min() - 0.03 <= level <= close.max() + 0.03


@pytest.mark.parametrize("width", [375, 1000])
def test_no_number_of_a_line_touches_star_ring_border_or_axis(show, width):
    page = show(memory_map(lr_range=(1e-3, 1.0)), width=width)
    settled(page)
    boxes = """selector => [...document.querySelectorAll(selector)].map(node => {
        const { left, top, right, bottom } = node.getBoundingClientRect(); return [left, top, right, bottom]; })
        .filter(([left, , right]) => right > left)"""

    def apart(one, other) -> bool:
        return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]

    for share in (0.2, 0.45, 0.6):
        page.mouse.click(*place(page, share, 0.4))
        numbers = page.evaluate(boxes, ".map .level-names text")
        for mark in page.evaluate(boxes, ".map .star, .map .handle circle:last-child"):
            assert len(mark) and all(apart(one, mark) for one in numbers)
    border = page.locator(".map svg.inner .limit").get_attribute("d")[1:].split("L")
    left, top = place(page, 0, 0)
    for x, y in np.array([one.split(",") for one in border], dtype=float):
        at = [left + x, top + y, left + x, top + y]
        assert all(apart(one, at) for one in numbers)
    names = page.evaluate(boxes, ".map .axis-name")
    assert all(apart(name, tick) for name in names for tick in page.evaluate(boxes, ".map .axis text"))


def test_a_drag_sets_rate_and_memory_in_one_change(show, page):
    show(memory_map(lr_range=(1e-3, 1.0)))
    functions = parts.widget_script("lab").rsplit("export default", 1)[0]
    page.evaluate(f"""(() => {{ {functions};
      const old = document.querySelector("lr-lab"), el = document.createElement("div");
      window.saved = [];
      const model = new PageModel(JSON.parse(old.dataset.settings)), save = model.save_changes.bind(model);
      model.save_changes = () => {{ saved.push([model.get("lr"), model.get("settings").beta]); save(); }};
      old.replaceWith(el);
      renderLab({{ model, el }});
    }})()""")
    settled(page)
    box = page.locator(".map .handle").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.evaluate("saved.length = 0")
    page.mouse.move(*place(page, 0.5, 0.3))
    page.mouse.up()
    saved = page.evaluate("saved")
    assert len(saved) == 1
    assert saved[0] == [pytest.approx(10**-1.5, rel=0.02), pytest.approx(0.7, abs=0.01)]


def test_a_click_and_keys_set_rate_and_memory(show):
    page = show(memory_map(lr_range=(1e-3, 1.0)))
    settled(page)
    page.mouse.click(*place(page, 0.25, 0.6))
    assert state(page) == (pytest.approx(10**-2.25, rel=0.03), pytest.approx(0.4, abs=0.01))
    page.locator(".map .handle").focus()
    lr, beta = state(page)
    page.keyboard.press("ArrowUp")
    assert state(page) == (lr, pytest.approx(beta + 0.01, abs=1e-3))
    page.keyboard.press("ArrowRight")
    assert state(page)[0] == pytest.approx(lr * 10 ** (3 / 60), rel=0.02)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert state(page)[1] == pytest.approx(beta - 0.02, abs=1e-3)
    page.mouse.click(*place(page, 0.25, 0.999))
    assert 0 <= state(page)[1] < 0.01
    page.mouse.click(*place(page, 0.25, 0.001))
    assert state(page)[1] == 0.999
    expect(page.locator("lr-lab > .wrong").first).to_have_text("")


def test_a_finger_drags_it_on_a_phone(show):
    page = show(memory_map(lr_range=(1e-3, 1.0)), width=375)
    settled(page)
    page.locator(".map").scroll_into_view_if_needed()
    box = page.locator(".map .handle").bounding_box()
    x, y = place(page, 0.6, 0.5)
    cdp = page.context.new_cdp_session(page)
    touch = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [touch]})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert state(page) == (pytest.approx(10**-1.2, rel=0.05), pytest.approx(0.5, abs=0.02))


def test_rate_and_memory_leave_the_sweep_alone_and_the_start_renews_it(show):
    page = show(memory_map(panels=("landscape", "map")))
    settled(page)
    drawn = "() => [...document.querySelectorAll('.map .levels path')].map(p => p.getAttribute('d')).join()"
    before = page.evaluate(drawn)
    late = """(text) => { const field = document.querySelector('.rate input[type=text]'); field.value = text;
      field.dispatchEvent(new Event('input')); return document.querySelector('.map .levels').classList.contains('faded'); }"""
    assert not page.evaluate(late, "0.07")
    page.locator(".map .handle").focus()
    page.keyboard.press("ArrowDown")
    settled(page)
    assert page.evaluate(drawn) == before
    page.locator(".landscape .start").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("before => (" + drawn + ")() !== before", arg=before)
    settled(page)


def test_only_rules_with_a_velocity_and_losses_with_a_minimum_have_a_map(show):
    page = show(
        memory_map(["gd", "momentum"], panels=("map", "loss")),
        memory_map(surface="saddle", start=(1.0, 0.5)),
        memory_map(start=(0.0, 0.0)),
    )
    first = page.locator("lr-lab").nth(0)
    expect(first.locator(".map .none")).to_contain_text("Gradient descent keeps no velocity")
    expect(first.locator(".map > svg")).to_be_hidden()
    first.locator(".race input[value=momentum]").check()
    expect(first.locator(".map > svg")).to_be_visible()
    expect(first.locator(".map .title")).to_have_text("Factor of the error per step, over η and β: Momentum")
    expect(first.locator(".map .levels path").first).to_be_attached()
    for i in (1, 2):
        expect(page.locator("lr-lab").nth(i).locator(".map .none")).to_contain_text("No error can be measured here")


def test_in_a_race_a_rule_with_its_own_rate_keeps_it(show):
    page = show(
        lab(
            "quadratic",
            ["momentum", "gd"],
            lr={"momentum": 0.05, "gd": 0.02},
            start=(-4, 2.5),
            panels=("map",),
            lr_range=(1e-3, 1.0),
            **BOWL,
        )
    )
    settled(page)
    page.mouse.click(*place(page, 0.5, 0.5))
    numbers = page.locator(".race .racer").all_text_contents()
    assert "0.0316" in numbers[0] and "0.02" in numbers[1]


def test_nothing_is_computed_once_the_figure_is_gone(show):
    page = show(memory_map())
    page.evaluate("""() => {
        const field = document.querySelector(".rate input[type=text]"), figure = document.querySelector("lr-lab");
        field.value = "0.01";
        field.dispatchEvent(new Event("input"));
        figure.remove();
    }""")
    page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done), 200))")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_every_width_and_keeps_the_rules_of_accessibility(show, language):
    page = show(
        memory_map(language=language),
        memory_map("nesterov", language=language, panels=("landscape", "map")),
        language=language,
    )
    settled_each = page.locator(".map .levels path:first-child")
    expect(settled_each).to_have_count(2)
    expect_to_fit(page, ".panel.map")
    expect_no_violation(page, "lr-lab")


def test_the_saved_picture_has_levels_border_and_the_readers_point(show):
    page = show(memory_map())
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as SVG").click()
    text = download.value.path().read_text(encoding="utf-8")
    for said in ("0.95", "2(1+β)/λ₁", "per step", "<circle"):
        assert said in text
    assert "NaN" not in text and text.count("pattern") >= 2

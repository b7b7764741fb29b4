"""Divergence under the microscope: the page observes and predicts what Python does."""

import itertools

import numpy as np
import pytest
from playwright.sync_api import expect

from accessibility import expect_no_violation
from lrlib import curvature, descend, lab, schedules
from lrlib.words import format_number

FORMATS = ("float16", "float32", "float64")


def microscope(optimizer="gd", lr=2.5, surface="parabola", start=-4.0, **settings):
    return lab(surface, optimizer, lr=lr, start=start, panels=("landscape", "microscope"), **settings)


def bowl(optimizer="gd", lr=0.1, start=(-4, 2.5), condition=25, rotation=30, **settings):
    return microscope(optimizer, lr, "quadratic", start, condition=condition, rotation=rotation, **settings)


def table(page, which: int) -> list[list[str]]:
    read = "all => all.map(row => [...row.children].map(cell => cell.textContent))"
    return page.locator(".microscope table").nth(which).locator("tbody tr").evaluate_all(read)


def formats_of(page) -> dict[str, list[str]]:
    """Largest number, predicted and observed overflow of the loss, overflow of the point, once all is known."""
    expect(page.locator(".microscope table").first).to_contain_text("float64")
    expect(page.locator(".microscope table").first).not_to_contain_text("…")
    return {name: cells for name, *cells in table(page, 0)}


def first(over) -> str:
    return str(int(np.argmax(over))) if over.any() else "never"


@pytest.mark.parametrize(
    ("surface", "rule", "lr", "start"),
    [
        ("parabola", "gd", 2.5, -4.0),
        ("quadratic", "gd", 0.25, (-4.0, 2.5)),
        ("quadratic", "nesterov", 0.3, (-4.0, 2.5)),
        ("regression", "momentum", 4.5, (3.0, 1.0)),
        ("double_well", "gd", 1.5, -2.0),
        ("rosenbrock", "gd", 0.02, (-1.2, 1.0)),
        ("parabola", "adamw", 250.0, 1.0),
    ],
)
def test_every_format_overflows_when_it_does_in_python(show, surface, rule, lr, start):
    shown = formats_of(show(microscope(rule, lr, surface, start, steps=20)))
    for name in FORMATS:
        path = descend(surface, rule, start, lr, 3000, dtype=name)
        lost = first(~np.isfinite(path.losses)), first(~np.isfinite(path.points).all(axis=-1))
        assert (shown[name][2], shown[name][3]) == lost
        assert path.diverged_at in (None, min(int(step) for step in lost if step != "never"))


def test_a_schedule_goes_on_beyond_the_steps_that_are_drawn(show):
    rate = schedules.warmup(2.5, 100)
    shown = formats_of(show(microscope(lr=rate, steps=10)))
    path = descend("parabola", "gd", -4.0, rate, 3000, dtype="float32")
    assert shown["float32"][2] == first(~np.isfinite(path.losses))


@pytest.mark.parametrize("lr", [0.0801, 0.09, 0.12, 0.5, 7.0])
def test_prediction_is_the_one_that_python_makes(show, lr):
    shown = formats_of(show(bowl(lr=lr, rotation=0)))
    for name in FORMATS:
        kind = np.dtype(name).type
        rate, across = float(kind(lr)), float(kind(2.5))  # the steepest direction is that of y
        multiplier, loss = (1 - rate * 25) ** 2, 25 * across**2 / 2
        assert shown[name][1] == str(curvature.overflow_step(multiplier, loss, float(np.finfo(kind).max)))


def test_where_doubling_meets_the_largest_number_the_prediction_is_right_to_the_step(show):
    # Multiplied by 4 per step, the loss 1/2 becomes 2¹⁰²⁵/2 after 512.5 steps, which logarithms round.
    shown = formats_of(show(microscope(lr=3.0, start=1.0)))
    for name in FORMATS:
        assert shown[name][1] == str(curvature.overflow_step(4.0, 0.5, float(np.finfo(name).max)))


def test_steps_of_overflow_are_those_of_python_to_the_last(show, page):
    from lrlib import page as parts

    functions = parts.widget_script("lab").rsplit("export default", 1)[0]
    show(microscope())
    page.evaluate(f"(() => {{ {functions}; window.overflowStep = overflowStep; }})()")
    given = [
        [multiplier, start, float(np.finfo(name).max)]
        for multiplier, start, name in itertools.product(
            (1.001, 1.21, 2.0, 4.0, 1e9), (1e-300, 0.5, 1.0, 300.0), FORMATS
        )
    ]
    told = page.evaluate("all => all.map(one => overflowStep(...one))", given)
    assert told == [curvature.overflow_step(*one) for one in given]
    assert page.evaluate(
        "[[1, 1, 9], [2, 0, 9], [NaN, 1, 9], [Infinity, Infinity, 9]].map(one => overflowStep(...one))"
    ) == [
        None,
        None,
        None,
        0,
    ]


def test_memory_is_predicted_to_a_few_steps(show):
    shown = formats_of(show(bowl("momentum", lr=0.16)))
    for name in ("float32", "float64"):
        told = shown[name][1]
        assert told.startswith("about ")
        assert abs(int(told.removeprefix("about ")) - int(shown[name][2])) <= 2


def test_where_nothing_can_be_predicted_it_says_why(show):
    page = show(microscope("adam"))
    assert [cells[1] for cells in formats_of(page).values()] == ["–"] * 3
    expect(page.locator(".microscope .none")).to_contain_text("No prediction here")


def test_a_calm_run_never_overflows(show):
    page = show(microscope(lr=0.5))
    assert [cells[1:] for cells in formats_of(page).values()] == [["never"] * 3] * 3
    expect(page.locator(".microscope")).to_contain_text("Each step multiplies the error by 0.5.")
    expect(page.locator(".microscope")).to_contain_text("Within 20000 steps the loss overflows in none of the formats.")


def test_the_sentence_tells_the_multiplier_and_the_steps(show):
    page = show(microscope())
    shown = formats_of(page)
    steps = ", ".join(f"{name} at step {shown[name][2]}" for name in FORMATS)
    expect(page.locator(".microscope p").first).to_have_text(
        f"Each step multiplies the error by −1.5. The loss overflows in {steps}."
    )


def test_rows_stand_around_the_overflow_until_the_cursor_moves(show):
    page = show(microscope(dtype="float16", steps=60))
    step = int(formats_of(page)["float16"][2])
    assert [row[0] for row in table(page, 1)] == [str(step + i) for i in (-2, -1, 0, 1, 2)]
    page.get_by_label("Step at which to look").fill("4")
    expect(page.locator(".microscope tr[aria-current] th").last).to_have_text("4")
    path = descend("parabola", "gd", -4.0, 2.5, 60, dtype="float16")
    for row, t in zip(table(page, 1), range(2, 7), strict=True):
        assert row[:3] == [str(t), *[format_number(float(path.points[t, 0]), ".", 4)] * 2]
        ratio = float(path.points[t + 1, 0]) / float(path.points[t, 0])  # −1.5 but for what float16 rounds
        assert row[3:] == [format_number(value, ".", 4) for value in (ratio, float(path.losses[t]))]


def test_a_run_of_one_step_has_its_table(show):
    page = show(bowl(lr=0.01, steps=1, dtype="float32"))
    formats_of(page)
    assert len(table(page, 1)) == 5


def test_saddles_have_no_distance_from_a_minimum(show):
    page = show(microscope(surface="saddle", start=(-2.0, 0.1), lr=0.5))
    formats_of(page)
    assert {row[5] for row in table(page, 1)} == {"–"}


def test_another_rate_is_another_overflow(show):
    page = show(microscope())
    before = formats_of(page)["float64"][2]
    page.locator(".rate input[type=text]").fill("3")
    expect(page.locator(".microscope tbody tr").nth(2).locator("td").nth(2)).not_to_have_text(before)
    path = descend("parabola", "gd", -4.0, 3.0, 3000)
    assert formats_of(page)["float64"][2] == first(~np.isfinite(path.losses))


@pytest.mark.parametrize("language", ["en", "de", "zh", "ko"])
def test_tables_scroll_in_boxes_of_their_own_on_a_phone(show, language):
    page = show(bowl("momentum", lr=0.2, language=language), width=375, language=language)
    expect(page.locator(".microscope td").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for box in page.locator(".numbers").all():
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth"), "a column is cut off"
        assert box.get_attribute("tabindex") == "0"
        expect(box).to_have_attribute("aria-label", box.locator("caption").text_content())


@pytest.mark.parametrize(("passed", "undecided"), [(0, False), (100, True)])
def test_nothing_is_computed_once_the_figure_is_gone(page, show, passed, undecided):
    """Neither the first numbers, in the next frame, nor those that wait until the hand rests."""
    page.clock.install(time=0)
    show(microscope())
    formats_of(page)
    page.clock.pause_at(60_000)
    page.evaluate("""() => {
        const field = document.querySelector(".rate input[type=text]");
        window.box = document.querySelector(".microscope");
        field.value = "2.001";  // overflows after thousands of steps
        field.dispatchEvent(new Event("input"));
    }""")
    if passed:
        page.clock.run_for(passed)
    before = page.evaluate("() => { document.querySelector('lr-lab').remove(); return box.textContent; }")
    assert ("…" in before) == undecided
    page.clock.run_for(10_000)
    assert page.evaluate("box.textContent") == before


@pytest.mark.parametrize("width", [375, 1000])
def test_tables_keep_the_rules_of_accessibility(show, width):
    page = show(bowl("momentum", lr=0.2), width=width)
    formats_of(page)
    expect_no_violation(page, "lr-lab")

"""Questions on a page: answers by keyboard, the figure before the question, the same words as in Python."""

import json
import math
import random

import pytest
from playwright.sync_api import expect

import lrlib
from lrlib import ask, lab
from lrlib import page as parts
from lrlib.optimizers import OPTIMIZERS
from lrlib.quantities import QUANTITIES, quantity
from lrlib.surfaces import SURFACES
from lrlib.words import LANGUAGES, strings


def bowl(**changed):
    given = {"lr": 0.05, "start": (-4, 2.5), "steps": 30, "condition": 25, "lr_range": (1e-3, 1), "panels": ("loss",)}
    return lab("quadratic", **given | changed)


def question(page, number: int = 0):
    return page.locator("lr-ask").nth(number)


def status(page, number: int = 0):
    return question(page, number).locator("[role=status]")


def rate(page, figure: int = 0):
    return page.locator("lr-lab").nth(figure).locator(".rate input[type=text]")


@pytest.fixture
def speak():
    """Sets the language of what is made in a test."""
    yield lrlib.use
    lrlib.use("en")


# ---------------------------------------------------------------- a number


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_to_numbers_what_python_says(show, speak, language):
    speak(language)
    asked = ask(0.25, tolerance=0.02, mistakes={"glide": 0.125})
    page = show(asked, language=language)
    for given in (0.25, 0.254, 0.125, 0.3, 0.3333333, -0.25, -1.0, 1e9):
        question(page).locator("input").fill(str(given).replace(".", strings(language)["decimal"]))
        question(page).locator("input").press("Enter")
        expect(status(page)).to_have_text(asked.check(given))
        right = given in (0.25, 0.254)
        expect(question(page).locator("form")).to_have_attribute("data-right", str(right).lower())
    question(page).locator("input").fill("four")
    expect(status(page)).to_have_text("")  # what was said was about another answer
    question(page).locator("input").press("Enter")
    expect(status(page)).to_have_text(strings(language)["ask_number"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("3200 steps", "Right: 3200."), ("3200 gradient steps.", "Right: 3200."), ("3200步", "Right: 3200."),
        ("３２００ 步", "Right: 3200."), ("3.2e3 Schritte", "Right: 3200."), ("3200걸음", "Right: 3200."),
        ("6400/2 steps", "Right: 3200."), ("3210 steps", "Right: 3210."),
        ("3200 e", None), ("1600·2π", None), ("1000 pi", None), ("3200万", None), ("3200 %", None), ("steps 3200", None),
        ("steps", None),
    ],
)  # fmt: skip
def test_a_unit_may_stand_behind_a_number(show, typed, said):
    page = show(ask(3200))
    question(page).locator("input").fill(typed)
    question(page).locator("input").press("Enter")
    expect(status(page)).to_have_text(said or strings("en")["ask_number"])


def test_zero_can_be_the_answer(show):
    asked = ask(0, tolerance=0.01)
    page = show(asked)
    for given in ("0", "0.009", "-0.02"):
        question(page).locator("input").fill(given)
        question(page).locator("button").click()
        expect(status(page)).to_have_text(asked.check(float(given)))


def test_a_right_answer_is_not_told_by_the_colour_alone(show):
    page = show(ask(2))
    mark = "form => getComputedStyle(form.querySelector('p'), '::before').content"
    question(page).locator("input").fill("3")
    question(page).locator("input").press("Enter")
    assert "✓" not in question(page).locator("form").evaluate(mark)
    question(page).locator("input").fill("2")
    question(page).locator("input").press("Enter")
    assert "✓" in question(page).locator("form").evaluate(mark)


# ---------------------------------------------------------------- a choice


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_choice_is_made_by_keyboard_and_says_what_python_says(show, speak, language):
    speak(language)
    asked = ask("saddle", choices=["walls", "saddle", "plateau", "adam"], mistakes={"glide": "plateau"})
    page = show(asked, ask("yes", choices=["yes", "no"]), language=language)
    words, group = strings(language), question(page).get_by_role("group", name=strings(language)["answer"])
    expect(group.get_by_role("radio")).to_have_count(4)
    question(page).get_by_role("button").press("Enter")
    expect(status(page)).to_have_text(words["guess_unchosen"])
    expect(group.get_by_role("radio").first).to_be_focused()
    page.keyboard.press("Space")
    for name in ("walls", "saddle", "plateau", "adam"):
        chosen = group.get_by_role("radio", name=words.get(f"choice_{name}") or words[f"rule_{name}"], exact=True)
        expect(chosen).to_be_checked()
        page.keyboard.press("Enter")
        expect(status(page)).to_have_text(asked.check(name))
        expect(question(page).locator("form")).to_have_attribute("data-right", str(name == "saddle").lower())
        page.keyboard.press("ArrowDown")
        expect(status(page)).to_have_text("")
    expect(question(page, 1).locator("input:checked")).to_have_count(0)


# ---------------------------------------------------------------- a figure


def test_the_right_number_follows_the_figure(show):
    figure = bowl()
    asked = ask("critical_rate", figure=figure, mistakes={"product": "product"})
    page = show(figure, asked)
    for condition, given in ((25, 0.08), (25, 0.05 * 25), (25, 1.0), (40, 0.05)):
        figure.settings = {"condition": condition}
        page.evaluate(
            """condition => {
                const { model } = document.querySelector("lr-lab");
                model.set("settings", { ...model.get("settings"), condition });
                model.save_changes();
            }""",
            condition,
        )
        question(page).locator("input").fill(str(given))
        question(page).locator("input").press("Enter")
        expect(status(page)).to_have_text(asked.check(given))
    assert asked.check(0.05) == "Right: 0.05."


def test_a_goal_is_reached_by_hand(show):
    figure = bowl()
    asked = ask("loss", figure=figure, goal=(None, 0.2))
    page = show(figure, asked)
    expect(question(page).locator("input")).to_have_count(0)
    check = question(page).get_by_role("button", name="Check the figure")
    check.press("Enter")
    expect(status(page)).to_have_text(asked.check())
    assert asked.check() == "Not yet. Loss at the end: 0.369, more than 0.2."
    rate(page).fill("0.07")
    figure.lr = 0.07
    check.press("Enter")
    expect(status(page)).to_have_text(asked.check())
    expect(question(page).locator("form")).to_have_attribute("data-right", "true")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_figure_is_asked_for_is_named_in_every_language(show, speak, language):
    speak(language)
    figure = bowl(lr_range=(1e-3, 10))
    goals = [(1e-6, 1e-5), (None, -2), (3, None)]
    asked = [ask(name, figure=figure, goal=goal) for name in QUANTITIES for goal in goals]
    page = show(figure, *asked, language=language)
    for lr in (0.05, 3.0):
        figure.lr = lr
        rate(page).fill(str(lr).replace(".", strings(language)["decimal"]))
        page.evaluate("for (const button of document.querySelectorAll('lr-ask button')) button.click()")
        assert page.locator("lr-ask [role=status]").all_text_contents() == [one.check() for one in asked]
    assert page.locator("lr-ask .aim").all_text_contents() == [one._lines()[0] for one in asked]


def test_a_question_is_about_the_nearest_figure_before_it(show):
    first, second = bowl(), bowl(condition=40)
    page = show(first, ask("condition", figure=first), second, ask("condition", figure=second), ask(1), bowl())
    for number, given in ((0, "25"), (1, "40")):
        question(page, number).locator("input").fill(given)
        question(page, number).locator("input").press("Enter")
        expect(status(page, number)).to_have_text(f"Right: {given}.")


def test_while_something_is_to_be_foretold_nothing_is_told(show):
    figure = bowl(predict="regime")
    asked = ask("critical_rate", figure=figure)
    page = show(figure, asked)
    question(page).locator("input").fill("0.08")
    question(page).locator("input").press("Enter")
    expect(status(page)).to_have_text(asked.check(0.08))
    assert asked.check(0.08) == strings("en")["ask_untold"]
    page.get_by_role("button", name=strings("en")["guess_skip"]).click()
    question(page).locator("input").press("Enter")
    expect(status(page)).to_have_text("Right: 0.08.")


@pytest.mark.parametrize(("lr", "said"), [(50.0, "has left the numbers"), (0.05, "does not exist")])
def test_infinity_and_what_does_not_exist_are_told_as_such(show, lr, said):
    figure = bowl(lr=lr, steps=60) if lr > 1 else lab("saddle", lr=lr)
    asked = ask("loss" if lr > 1 else "condition", figure=figure, goal=(None, 1))
    page = show(figure, asked)
    question(page).get_by_role("button").click()
    expect(status(page)).to_have_text(asked.check())
    assert said in asked.check()


def test_no_number_is_near_infinity(show):
    figure = lab("saddle", lr=2, start=(0, 1), steps=500, panels=("gauge",))
    asked = [ask("loss", figure=figure), ask("product", figure=figure, mistakes={"glide": "fall"})]
    page = show(figure, *asked)
    for number, one in enumerate(asked):
        question(page, number).locator("input").fill("1")
        question(page, number).locator("input").press("Enter")
        expect(status(page, number)).to_have_text(one.check(1))
        assert one.check(1).startswith("Not yet")


# ---------------------------------------------------------------- the quantities


def random_figure(seed: int) -> lab:
    dice = random.Random(seed)
    surface = SURFACES[dice.choice(list(SURFACES))]
    steps = dice.randint(1, 60)
    sides = [dice.uniform(low, high) for low, high in surface.view]
    return lab(
        surface,
        dice.sample(list(OPTIMIZERS), dice.randint(1, 3)),
        lr=10 ** dice.uniform(-3, 1.5),
        start=dice.choice([sides, [0.0] * surface.dimension]),
        steps=steps,
        noise=dice.choice([0, 0, 0.3]),
        dtype=dice.choice(["float64", "float64", "float32", "float16"]),
        cursor=dice.choice([None, None, 0, steps, dice.randint(0, steps)]),
        lr_range=(1e-3, 100),
        **{
            name: dice.uniform(*known.slider) if not known.log else known.slider[0] * dice.uniform(1, 3)
            for name, known in surface.settings.items()
            if dice.random() < 0.5 and surface.name != "regression"
        },
    )


def test_page_and_python_find_the_same_numbers(page):
    figures = [random_figure(seed) for seed in range(150)]
    script = parts.widget_script("lab").partition("export default")[0] + parts._text("figure/ask.js")
    page.goto("about:blank")
    found = page.evaluate(
        f"""([states, names]) => {{ {script}
            const figures = states.map((state) => ({{ build() {{}}, model: {{ get: (key) => state[key] }} }}));
            return figures.map((figure) => names.map((name) => String(quantity(name, figure)))); }}""",
        [[figure._state for figure in figures], list(QUANTITIES)],
    )
    exists = 0
    for figure, numbers in zip(figures, found, strict=True):
        for name, there in zip(QUANTITIES, numbers, strict=True):
            here, there = quantity(name, figure), float(there.replace("Infinity", "inf"))
            exists += math.isfinite(here)
            assert (
                there == here or (math.isnan(here) and math.isnan(there)) or math.isclose(there, here, rel_tol=1e-12)
            ), f"{name} of {figure!r}: {here} in Python, {there} on the page; {json.dumps(figure._state)}"
    assert exists > 700


# ---------------------------------------------------------------- what everybody meets


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_fit_a_small_phone_and_are_large_enough(show, speak, language):
    speak(language)
    figure = bowl()
    page = show(
        figure,
        ask("saddle", choices=["walls", "saddle", "plateau", "noise"]),
        ask("turning_rate", figure=figure),
        ask("contraction", figure=figure, goal=(0.1, 0.2)),
        width=320,
        language=language,
    )
    for number in (0, 1, 2):
        question(page, number).get_by_role("button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    targets = page.locator("lr-ask :is(button, input[type=text], fieldset label)")
    boxes = targets.evaluate_all("all => all.map((one) => one.getBoundingClientRect().toJSON())")
    assert len(boxes) == 4 + 1 + 3
    assert all(box["height"] >= 24 and box["width"] >= 24 and box["right"] <= 320 for box in boxes)


def test_in_a_notebook_the_kernel_is_asked_about_the_figure(show):
    page = show()
    module = parts.widget_script("ask").replace("export default", "window.widget =")
    page.add_script_tag(content=f"(() => {{ {module} }})()")
    asked = ask("critical_rate", figure=bowl())
    page.evaluate(
        """(values) => {
            const el = document.body.appendChild(document.createElement("div"));
            const model = { get: (key) => values[key], on: (event, tell) => { window.tell = tell; }, off() {}, send: (content) => { window.sent = content; } };
            widget.render({ el, model });
        }""",
        {
            name: getattr(asked, name)
            for name in ("language", "answer", "tolerance", "mistakes", "choices", "goal", "figure")
        },
    )
    page.get_by_role("textbox").fill("0.08")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]")).to_have_text(strings("en")["ask_waiting"])
    assert page.evaluate("window.sent") == {"given": 0.08}
    page.evaluate("tell({ right: true, says: 'Right: 0.08.' })")
    expect(page.locator("[role=status]")).to_have_text("Right: 0.08.")
    expect(page.locator("form")).to_have_attribute("data-right", "true")


def test_without_a_script_the_question_can_be_read(browser, tmp_path):
    figure = bowl()
    asked = [
        ask(2),
        ask("saddle", choices=["walls", "saddle"]),
        ask("condition", figure=figure),
        ask("loss", figure=figure, goal=(None, 1e-6)),
    ]
    bundles = [one._repr_mimebundle_() for one in asked]
    file = tmp_path / "page.html"
    text = "".join((one[0] if isinstance(one, tuple) else one)["text/html"] for one in bundles)
    file.write_text(f'<!doctype html><meta charset="utf-8">{text}', encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    read = [one.inner_text().split("\n\n") for one in page.locator("lr-ask").all()]
    context.close()
    assert read == [
        ["Your answer: ________"],
        ["Your answer:", "○ bouncing between the walls", "○ a saddle point"],
        ["Your answer for the figure as it stands: ________"],
        ["Loss at the end ≤ 1×10⁻⁶"],
    ]


def test_the_page_recognises_a_rounded_mistake_as_python_does(show):
    rng = random.Random(1)
    answers = [rng.choice([1, -1]) * 10 ** rng.uniform(-7, 7) for _ in range(40)]
    asked = [ask(2 / 3, tolerance=0.004, mistakes={"local": 2 / 11})]
    asked += [ask(a, tolerance=0.001, mistakes={"local": a * rng.uniform(0.9, 1.1), "glide": -a / 3}) for a in answers]
    page = show(*asked)
    told = set()
    for i, one in enumerate(asked):
        meant = [float(value) for value, _ in one.mistakes]
        for given in [float(f"{value:.{n}g}") for value in meant for n in (1, 2, 3, 5)] + [0.18, 2e5]:
            said = (
                page.locator("lr-ask")
                .nth(i)
                .evaluate(
                    """(el, given) => { const field = el.querySelector("input"); field.value = given; el.querySelector("form").requestSubmit();
                  return el.querySelector("[role=status]").textContent; }""",
                    repr(given),
                )
            )
            assert said == one.check(given)
            told.add(said.split(":")[0] + said[-12:])
    assert len(told) > 5


@pytest.mark.parametrize(
    ("language", "typed", "read"),
    [
        ("en", "10,000", 10000), ("en", "1,234,567.5", 1234567.5), ("en", "−12,000 steps", -12000), ("en", "0,125", 0.125), ("en", "1,25", 1.25),
        ("de", "10 000", 10000), ("de", "10\u202f000 Schritte", 10000), ("de", "1,125", 1.125), ("de", "1.125", 1.125),
        ("zh", "10,000 步", 10000), ("ko", "10,000걸음", 10000), ("en", "10,000/4", 2500), ("en", "1 000 0", None),
    ],
)  # fmt: skip
def test_digits_may_be_typed_in_groups_as_the_book_writes_them(show, speak, language, typed, read):
    speak(language)
    asked = ask(7)
    page = show(asked, language=language)
    question(page).locator("input").fill(typed)
    question(page).locator("input").press("Enter")
    expect(status(page)).to_have_text(strings(language)["ask_number"] if read is None else asked.check(read))

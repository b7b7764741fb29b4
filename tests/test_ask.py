"""Questions that check themselves, and rules that show their code."""

import html
import json
import re

import numpy as np
import pytest

import lrlib
from lrlib import Recording, ask, curvature, lab, optimizers, source
from lrlib.quantities import QUANTITIES, quantity
from lrlib.words import LANGUAGES, strings


def bowl(**changed):
    given = {"lr": 0.05, "start": (-4, 2.5), "steps": 30, "condition": 25, "cursor": None}
    return lab("quadratic", **given | changed)


def settings_of(question) -> dict:
    bundle = question._repr_mimebundle_()
    page = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    return json.loads(html.unescape(re.search('data-settings="([^"]*)"', page)[1]))


def test_the_right_answer_is_right_within_its_tolerance():
    question = ask(0.25, tolerance=0.02)
    assert (question.check(0.25), question.check(0.254)) == ("Right: 0.25.", "Right: 0.254.")
    assert question.check(0.3) == "Not yet: 0.3 is too large."
    assert question.check(-0.3) == "Not yet: −0.3 is too small."


def test_the_readers_number_is_not_rounded():
    assert ask(1150).check(1151) == "Right: 1151."
    assert ask(1150).check(1234.5678) == "Not yet: 1234.57 is too large."


def test_a_number_that_is_right_but_for_its_sign_is_told_so():
    question = ask(0.25, tolerance=0.02, mistakes={"glide": -0.5})
    assert question.check(-0.254) == strings("en")["why_sign"]
    assert "is 1/λ" in question.check(-0.5)
    assert ask(-2, mistakes={"product": 2}).check(2) == "Not yet: 2 is ηλ itself. The error is multiplied by 1 − ηλ."


def test_an_expected_mistake_gets_its_explanation():
    assert "is 1/λ" in ask(0.25, mistakes={"glide": 0.125}).check(0.125)


def test_a_mistake_is_recognised_as_the_reader_rounds_it():
    wall = ask(2 / 3, tolerance=0.004, mistakes={"local": 2 / 11})
    told = [strings("en")["why_local"].format(given=given) for given in (0.18, 0.182, 0.1818)]
    assert [wall.check(given) for given in (0.18, 0.182, 0.1818)] == told
    # One figure tells too little, another number is another one, and 0.67 is no mistake.
    assert [wall.check(given) for given in (0.2, 0.19, 0.183, 0.67)] == [
        "Not yet: 0.2 is too small.", "Not yet: 0.19 is too small.", "Not yet: 0.183 is too small.", "Not yet: 0.67 is too large.",
    ]  # fmt: skip
    # What rounds the right answer too is not said to be the mistake.
    assert ask(0.184, tolerance=0.001, mistakes={"local": 2 / 11}).check(0.18) == "Not yet: 0.18 is too small."
    # What is a mistake as it stands comes before what rounds another.
    both = ask(1, mistakes={"local": 0.1251, "glide": 0.12})
    assert both.check(0.12) == strings("en")["why_glide"].format(given=0.12)
    assert both.check(0.13) == strings("en")["why_local"].format(given=0.13)


def test_a_question_speaks_the_language_of_the_page():
    lrlib.use("de")
    try:
        question = ask(0.25)
    finally:
        lrlib.use("en")
    assert question.check(0.25) == "Richtig: 0,25."


def test_zero_is_an_answer_and_its_tolerance_stands_as_it_is():
    assert ask(0, tolerance=0.01).check(0.009) == "Right: 0.009."
    assert ask(0, tolerance=0.01).check(-0.02) == "Not yet: −0.02 is too small."


def test_the_page_element_holds_what_the_page_needs_to_check():
    known = {"language": "en", "answer": 2.0, "tolerance": 0.01, "mistakes": [[1.0, "glide"]]}
    assert settings_of(ask(2.0, mistakes={"glide": 1.0})) == known
    chosen = settings_of(ask("yes", choices=("yes", "no"), mistakes={"glide": "no"}))
    assert chosen["choices"] == ["yes", "no"] and chosen["mistakes"] == [["no", "glide"]]
    figure = bowl()
    asked = settings_of(ask("loss", figure=figure, goal=(None, 1e-6)))
    assert asked["goal"] == [None, 1e-6] and asked["figure"] == settings_of(ask("condition", figure=figure))["figure"]
    assert asked["figure"] != settings_of(ask("condition", figure=bowl(condition=24)))["figure"]


def test_a_choice_is_right_or_gets_its_explanation():
    question = ask("saddle", choices=["walls", "saddle", "adam"], mistakes={"product": "walls"})
    assert question.check("saddle") == "Right: a saddle point."
    assert question.check("adam") == "Not yet: “Adam” is not right."
    assert (
        question.check("walls")
        == "Not yet: bouncing between the walls is ηλ itself. The error is multiplied by 1 − ηλ."
    )


def test_the_right_number_is_that_of_the_figure_as_it_stands():
    figure = bowl()
    question = ask("critical_rate", figure=figure, mistakes={"product": "product", "glide": 0.02})
    assert question.check(2 / 25) == "Right: 0.08."
    assert "is ηλ itself" in question.check(0.05 * 25)
    assert "is 1/λ" in question.check(0.02)
    figure.optimizer, figure.settings = "momentum", {"condition": 10, "beta": 0.5}
    assert question.check(0.3) == "Right: 0.3."


def test_a_goal_is_reached_or_missed_by_so_much():
    figure = bowl(lr=0.01)
    question = ask("fall", figure=figure, goal=(5e-3, 0.01))
    assert question.check() == "Not yet. Last loss divided by the first: 0.0508, more than 0.01."
    figure.lr = 0.06
    assert question.check() == "Not yet. Last loss divided by the first: 0.00227, less than 0.005."
    figure.lr = 0.04
    assert question.check() == "Right. Last loss divided by the first: 0.00802."


def test_a_goal_about_the_end_of_a_run_that_has_left_the_numbers_says_what_to_do():
    figure = lab("parabola", lr=3, steps=600)
    for name, steps in (("loss", 600), ("loss", 1200), ("fall", 600)):  # ∞, and later nan
        figure.steps = steps
        said = ask(name, figure=figure, goal=(None, 1)).check()
        assert said.startswith("Not yet. At step 510 the run has left the numbers") and "Lower the rate" in said
    figure.steps = 30
    assert "more than 1." in ask("loss", figure=figure, goal=(None, 1)).check()
    figure.steps = 600
    assert ask("loss", figure=figure, goal=(1, None)).check().startswith("Right.")
    assert ask("diverged_at", figure=figure, goal=(None, 600)).check() == "Right. First step with ∞ or nan: 510."
    assert "does not exist" in ask("condition", figure=lab("saddle", lr=3, steps=900), goal=(None, 1)).check()


def test_what_the_quantities_are():
    figure = bowl(lr=0.02, cursor=3)
    known = {"critical_rate": 0.08, "best_rate": 2 / 26, "condition": 25, "contraction": 24 / 26}
    turning = curvature.turning_rate(figure.path.surface, figure.path.points[3], condition=25)
    known |= {"product": 0.5, "multiplier": 0.5, "turning_rate": float(turning)}
    known |= {"loss": figure.path.losses[-1], "fall": figure.path.losses[-1] / figure.path.losses[0]}
    assert {name: quantity(name, figure) for name in known} == pytest.approx(known, rel=1e-12)
    assert np.isnan(quantity("diverged_at", figure))
    figure.lr, figure.steps = 3, 400
    assert quantity("diverged_at", figure) == figure.path.diverged_at


def test_the_curvature_is_that_at_the_cursor_and_of_the_rule_in_focus():
    figure = lab("valley", ["gd", "adam"], lr=0.01, steps=20, start=(-2, 2))
    at_start = quantity("critical_rate", figure)
    assert at_start == pytest.approx(2 / figure.path.sharpness[0], rel=1e-12)
    figure.cursor = 20
    assert quantity("condition", figure) == pytest.approx(
        float(curvature.condition_number(figure.path.surface, figure.path.points[20])), nan_ok=True
    )
    figure.optimizer, figure.cursor = "adam", None
    assert quantity("critical_rate", figure) == pytest.approx(38 / figure.path.preconditioned_sharpness[0], rel=1e-12)
    figure.optimizer = "lion"
    assert np.isnan(quantity("critical_rate", figure)) and np.isnan(quantity("product", figure))


@pytest.mark.parametrize("name", ["best_rate", "condition", "contraction"])
@pytest.mark.parametrize("surface", ["saddle", "regression"])
def test_where_the_smallest_curvature_is_not_above_0_there_is_no_number(surface, name):
    flat = {"mean_x": 1e6, "variance_x": 1e-12} if surface == "regression" else {}
    figure = lab(surface, lr=0.1, steps=3, **flat)
    assert np.isnan(quantity(name, figure))
    fact = strings("en")[f"fact_{name}"]
    assert ask(name, figure=figure).check(1) == f"Not yet. As the figure stands, this number does not exist: {fact}."


def test_no_number_is_near_infinity():
    figure = lab("saddle", lr=2, start=(0, 1), steps=500)
    assert (quantity("loss", figure), quantity("fall", figure)) == (-np.inf, np.inf)
    assert ask("loss", figure=figure).check(1).startswith("Not yet. As the figure stands")
    assert ask("product", figure=figure, mistakes={"glide": "fall"}).check(1) == "Not yet: 1 is too small."


def test_rounding_is_no_multiplier():
    figure = lab("quadratic", lr=1 / 49, condition=49, rotation=30)
    assert figure.path.gauge[0] != 1 or figure.path.eigenvalues[0, 0] == 49
    assert quantity("multiplier", figure) == 0
    assert ask("multiplier", figure=figure).check(0) == "Right: 0."


def test_nothing_is_told_before_the_guess():
    figure = bowl(predict="regime")
    assert ask("loss", figure=figure, goal=(None, 1)).check() == "First make your guess in the figure."
    figure.guess = "glide"
    assert ask("loss", figure=figure, goal=(None, 1)).check().startswith("Right.")


def test_a_recording_is_asked_for_what_it_has():
    losses = [[4.0, 1.0, 0.25], [4.0, np.inf, np.inf]]
    figure = lab(Recording([0.5, 2.5], losses, sharpness=[[2.0, 2.0], [2.0, 2.0]]), lr=0.5)
    known = {"loss": 0.25, "fall": 0.0625, "product": 1.0, "multiplier": 0.0, "critical_rate": 1.0}
    assert {name: quantity(name, figure) for name in known} == known
    figure.lr = 2.5
    assert quantity("diverged_at", figure) == 1
    with pytest.raises(ValueError, match="a recording has no 'condition'; it has critical_rate"):
        ask("condition", figure=figure)
    bare = lab(Recording([0.5], [[4.0, 1.0]]))
    assert np.isnan(quantity("product", bare)) and np.isnan(quantity("critical_rate", bare))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_quantity_has_a_name_in_every_language(language):
    assert not [name for name in QUANTITIES if f"fact_{name}" not in strings(language)]


def test_in_a_notebook_the_kernel_answers(monkeypatch):
    figure, sent = bowl(), []
    question = ask("critical_rate", figure=figure)
    monkeypatch.setattr(question, "send", sent.append)
    question._handle_custom_msg({"given": 0.08}, [])
    figure.settings = {"condition": 40}
    question._handle_custom_msg({"given": 0.08}, [])
    assert sent == [
        {"right": True, "says": "Right: 0.08."},
        {"right": False, "says": "Not yet: 0.08 is too large."},
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ask("two"), "answer must be a finite number, got 'two'"),
        (lambda: ask("los", figure=bowl()), "answer 'los' is unknown: did you mean 'loss'?"),
        (lambda: ask(1, figure="bowl"), "figure must be a lab, got 'bowl'"),
        (
            lambda: ask("loss", goal=(0, 1)),
            "answer must be a finite number, got 'loss'; a name needs choices or a figure",
        ),
        (lambda: ask(1, goal=(0, 1)), "goal needs a figure"),
        (lambda: ask("loss", figure=bowl(), goal=(2, 1)), "goal must be (low, high) with low ≤ high, got (2, 1)"),
        (lambda: ask("loss", figure=bowl(), goal=(None, None)), "goal must be (low, high), one of which may be None"),
        (lambda: ask("loss", figure=bowl(), goal=3), "goal must be (low, high), one of which may be None, got 3"),
        (lambda: ask("loss", figure=bowl(), goal=(None, "x")), "goal must be a finite number, got 'x'"),
        (
            lambda: ask("loss", 0, {"glide": 1}, figure=bowl(), goal=(0, 1)),
            "mistakes must be None where there is a goal",
        ),
        (
            lambda: ask("loss", figure=bowl(), goal=(0, 1)).check(1),
            "given must be left out where there is a goal, got 1",
        ),
        (lambda: ask("wall", choices=["walls", "noise"]), "answer 'wall' is unknown: did you mean 'walls'?"),
        (lambda: ask("walls", choices=["walls", "nois"]), "choices 'nois' is unknown: did you mean 'noise'?"),
        (lambda: ask("walls", choices=["walls"]), "choices must be a list of 2 to 12 names, got ['walls']"),
        (lambda: ask("yes", choices=["yes", "yes"]), "choices must be different, got ['yes', 'yes']"),
        (lambda: ask("yes", choices="yes"), "choices must be a list of 2 to 12 names, got 'yes'"),
        (lambda: ask("yes", choices=["yes", "no"], figure=bowl()), "figure must be None where there are choices"),
        (lambda: ask("yes", choices=["yes", "no"], goal=(0, 1)), "goal must be None where there are choices"),
        (lambda: ask("yes", choices=["yes", "no"]).check("maybe"), "given 'maybe' is unknown"),
        (
            lambda: ask("yes", choices=["yes", "no"], mistakes={"glide": "nope"}),
            "mistakes['glide'] 'nope' is unknown: did you mean 'no'?",
        ),
        (lambda: ask(1, tolerance=-1), "tolerance must be a number from 0 to 1, got -1.0"),
        (lambda: ask(1, mistakes={"glid": 2}), "mistakes 'glid' is unknown: did you mean 'glide'?"),
        (lambda: ask(1, mistakes={"glide": "x"}), "mistakes['glide'] must be a finite number, got 'x'"),
        (lambda: ask(1).check("x"), "given must be a finite number, got 'x'"),
        (lambda: source(3), "function must be a plain Python function"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert message in str(error.value)


def test_a_rule_shows_its_code_without_its_docstring():
    shown = source(optimizers.momentum)
    expected = "def momentum(x, g, v, t, lr, beta=0.9):\n    v = beta * v + g\n    x = x - lr * v\n    return x, v"
    assert repr(shown) == expected
    assert shown._repr_mimebundle_()["text/markdown"] == f"```python\n{expected}\n```"

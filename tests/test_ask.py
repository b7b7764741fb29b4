"""Questions that check themselves, and rules that show their code."""

import html
import json
import re

import pytest

import lrlib
from lrlib import ask, optimizers, source


def test_the_right_answer_is_right_within_its_tolerance():
    question = ask(0.25, tolerance=0.02)
    assert question.check(0.25) == question.check(0.254).replace("0.254", "0.25") == "Right: 0.25."
    assert question.check(0.3) == "Not yet: 0.3 is too large."
    assert question.check(-0.25) == "Not yet: −0.25 is too small."


def test_an_expected_mistake_gets_its_explanation():
    assert "is 1/λ" in ask(0.25, mistakes={"glide": 0.125}).check(0.125)


def test_a_question_speaks_the_language_of_the_page():
    lrlib.use("de")
    try:
        question = ask(0.25)
    finally:
        lrlib.use("en")
    assert question.check(0.25) == "Richtig: 0,25."


def test_the_page_element_holds_what_the_page_needs_to_check():
    bundle = ask(2.0, mistakes={"glide": 1.0})._repr_mimebundle_()
    page = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    settings = json.loads(html.unescape(re.search('data-settings="([^"]*)"', page)[1]))
    assert settings == {"language": "en", "answer": 2.0, "tolerance": 0.01, "mistakes": [[1.0, "glide"]]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ask("two"), "answer must be a finite number, got 'two'"),
        (lambda: ask(0), "answer must not be 0"),
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

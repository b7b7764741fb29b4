"""Formulas are typeset as MathML, and what cannot be is named."""

import re

import pytest

import formulas
from files import ROOT

ASSETS = ROOT / "site" / "assets"


def test_a_formula_becomes_mathml():
    assert formulas.typeset(r"\frac{x}{2}") == "<math><mfrac><mi>x</mi><mn>2</mn></mfrac></math>"


def test_a_formula_on_a_line_of_its_own_is_a_block():
    assert formulas.typeset("x", block=True).startswith('<math display="block"')


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        (r"\frac{1}", "Unexpected end of input in a macro argument"),
        (r"\etta x", r"Unsupported function name: \etta at position 1"),
        ("a_b_c", "Double subscript at position 4"),
        (r"\begin{aligned} a", r"Expected & or \\"),
        ("x^{2", "Expected '}', got 'EOF'"),
    ],
)
def test_what_is_no_tex_is_refused_with_what_is_wrong(tex, message):
    with pytest.raises(ValueError) as caught:
        formulas.typeset(tex)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value), "one line of the build's messages"


@pytest.mark.parametrize("sign", "+-")
def test_a_sign_at_the_head_of_a_row_stands_between_two_terms(sign):
    row = formulas.typeset(rf"\begin{{aligned}} x &= a \\ &{sign} b \end{{aligned}}", block=True)
    assert 'form="prefix"' not in row


@pytest.mark.parametrize("tex", [r"x^2\cos y", r"\frac12 \log y", r"(1 - x) \min(y)", r"x_1 \sin y", r"x\ln y"])
def test_a_thin_space_stands_before_the_name_of_a_function(tex):
    before, _, _ = formulas.typeset(tex).partition("\u2061")
    assert before.rpartition("<mi>")[0].removesuffix("<mrow>").endswith('<mspace width="0.1667em"></mspace>')


def test_no_space_stands_before_a_name_that_begins_a_formula():
    assert formulas.typeset(r"\cos x").startswith("<math><mrow><mrow><mi>cos")


def test_a_star_that_is_an_index_stands_close_and_one_between_two_factors_does_not():
    assert 'lspace="0em" rspace="0em">∗</mo>' in formulas.typeset(r"\eta^*")
    assert "<mo>∗</mo>" in formulas.typeset("a * b")


@pytest.mark.parametrize("sheet", ["site.css", "slides.css"])
def test_pretty_lines_are_asked_only_of_browsers_that_survive_them(sheet):
    """WebKit 2.50 died of a page of formulas in Korean; see site.css."""
    style = (ASSETS / sheet).read_text(encoding="utf-8")
    without = re.sub(r"@supports not \(-webkit-backdrop-filter: blur\(1px\)\) \{(?:[^{}]|\{[^{}]*\})*\}", "", style)
    assert "pretty" in style and not re.search(r"text-wrap: *pretty", without)

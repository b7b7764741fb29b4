"""Formulas are typeset as MathML, and what cannot be is named."""

import pytest

import formulas


def test_a_formula_becomes_mathml():
    assert formulas.typeset(r"\frac{x}{2}") == "<math><mfrac><mi>x</mi><mn>2</mn></mfrac></math>"


def test_a_formula_of_its_own_is_set_larger_than_one_in_a_line():
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

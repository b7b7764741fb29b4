"""Where no line of the built pages may end: around signs, and between a formula and its full stop."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document

import unbroken

HTML = SimpleNamespace(builder=SimpleNamespace(format="html"))


def mended(*children) -> nodes.paragraph:
    document, block = new_document("page"), nodes.paragraph("", "", *children)
    document += block
    unbroken.keep_together(HTML, document, "page")
    return block


def spans(block) -> list[str]:
    return [node.astext() for node in block.findall(nodes.inline) if "unbroken" in node["classes"]]


def formula(tex: str) -> nodes.math:
    return nodes.math(tex, tex)


@pytest.mark.parametrize(
    ("text", "tied"),
    [
        ("at β = 0.9 it", "at β~=~0.9 it"),
        ("for 0 < ηλ < 2 only", "for 0~<~ηλ~<~2 only"),
        ("with λ = σ = 1.", "with λ~=~σ~=~1."),
        ("times 1 − 1.975, so", "times 1~−~1.975, so"),
        ("a\nβ = 0.9 b", "a\nβ~=~0.9 b"),
        ("a - b and x=1", "a - b and x=1"),
        ("= 2", "= 2"),
        ("a = = b", "a = = b"),
        ("取 β = 0.9，然后看 ηλ ≥ 2 时的路径", "取 β~=~0.9，然后看 ηλ~≥~2 时的路径"),
        ("这里的学习率乘以曲率之后得到的乘积就是 ηλ = 2", "这里的学习率乘以曲率之后得到的乘积就是 ηλ~=~2"),
        ("이때 β = 0.9입니다.", "이때 β~=~0.9입니다."),
        ("the product of all the rates = 1", "the product of all the rates~=~1"),
        ("Beschleunigungsparameter = Anfangswert", "Beschleunigungsparameter = Anfangswert"),
    ],
)
def test_no_line_ends_beside_a_sign(text, tied):
    assert unbroken.no_break(text).replace("\u00a0", "~") == tied


def test_a_long_chain_may_end_a_line_somewhere():
    tied = unbroken.no_break("a + b + c + d + e + f + g + h + i + j + k")
    assert tied.count(" ") and max(map(len, tied.split(" "))) <= unbroken.LONGEST


def test_code_and_titles_stay_and_operands_may_be_marked():
    block = mended(
        nodes.Text("Set "),
        nodes.literal("", "a = 1"),
        nodes.Text(" and "),
        nodes.emphasis("", "β"),
        nodes.Text(" = 0.9."),
    )
    assert block.astext() == "Set a = 1 and β\u00a0=\u00a00.9."
    document = new_document("page")
    document += nodes.section("", nodes.title("", "β = 1"), nodes.literal_block("", "x = 1"))
    unbroken.keep_together(HTML, document, "page")
    assert "\u00a0" not in document.astext()


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("the rate ", ". Then", "η."),
        ("the rate (", "), so", "(η),"),
        ("“", "” is", "“η”"),
        ("学习率 ", "，然后", "η，"),
        ("학습률 ", "는 큽니다", "η는"),
        ("the ", "-axis", "η-axis"),
    ],
)
def test_a_formula_keeps_its_marks(before, after, kept):
    block = mended(nodes.Text(before), formula("η"), nodes.Text(after))
    assert spans(block) == [kept]
    assert block.astext() == before + "η" + after


def test_a_formula_without_marks_stays_as_it_is_and_a_long_one_keeps_its_marks():
    long = "x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7 + x_8 + x_9"
    assert spans(mended(formula("η"), nodes.Text(" is"), formula(long), nodes.Text("."))) == [long + "."]


def test_marks_stay_with_a_formula_that_is_emphasised_or_a_link_and_between_two_formulas():
    bold = nodes.strong("", "", formula("η"))
    assert spans(mended(bold, nodes.Text(", "), formula("λ"), nodes.Text("),"))) == ["η,", "λ),"]
    assert spans(mended(formula("η"), nodes.Text(","), formula("λ"))) == ["η,"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("The rate 2/λ, twice η/2.", ["2/λ,", "η/2."]),
        ("above (2/λ₁) it", ["(2/λ₁)"]),
        ("学习率超过 2/λ，就会爆炸", ["2/λ"]),
        ("임계값은 2/λ보다 큽니다", ["2/λ보다"]),
        ("with 2(1 + β₁)/(1 − β₁) alone", ["β₁)/(1"]),
        ("no a / b, no x/ and no /y", []),
        ("a-very-long-name/of-one-thing stays", []),
    ],
)
def test_no_line_ends_after_the_slash_of_a_fraction(text, kept):
    block = mended(nodes.Text(text))
    assert spans(block) == kept and block.astext().replace("\u00a0", " ") == text


def test_a_fraction_in_code_or_beside_a_formula_is_one_span():
    assert spans(mended(nodes.literal("", "a/b"), nodes.Text(" is"))) == []
    assert spans(mended(nodes.strong("", "2/λ"), nodes.Text(" or "), formula("η"), nodes.Text(". 1/t"))) == [
        "2/λ", "η.", "1/t",
    ]  # fmt: skip


def test_other_builders_are_left_alone():
    document = new_document("page")
    document += nodes.paragraph("", "β = 1")
    unbroken.keep_together(SimpleNamespace(builder=SimpleNamespace(format="latex")), document, "page")
    assert document.astext() == "β = 1"


def test_a_particle_stays_with_what_it_belongs_to():
    cited = nodes.inline("", "", nodes.reference("", "Alpaydin [1998]"))
    block = mended(cited, nodes.Text("의 숫자입니다. ‘없음’으로 두고, 2(1 + β)를 (이것은) 봅니다."))
    assert block.astext().replace("\u2060", "~").replace("\u00a0", " ") == (
        "Alpaydin [1998]~의 숫자입니다. ‘없음’~으로 두고, 2(1 + β)~를 (이것은) 봅니다."
    )


def test_what_a_formula_is_said_to_be_stays_with_it():
    assert spans(mended(nodes.Text("여기서 "), formula("C"), nodes.Text(" = 2인 경우"))) == ["C\u00a0=\u00a02인"]
    assert spans(mended(nodes.Text("at "), formula("C"), nodes.Text(" = 0.5, then"))) == ["C\u00a0=\u00a00.5,"]


def test_code_that_is_longer_than_a_narrow_line_may_be_broken():
    long, short = nodes.literal("", "http://192.168.1.5:8000/de/index.html"), nodes.literal("", "lr=0.1")
    mended(long, nodes.Text(" and "), short)
    assert "long" in long["classes"] and "long" not in short["classes"]


@pytest.mark.parametrize(
    ("before", "may_end"),
    [("就够用了：", True), ("其中", True), ("So it is ", False), ("그래서 ", False), ("（", False)],
)
def test_before_a_formula_with_its_marks_a_line_may_end_where_no_space_says_so(before, may_end):
    block = mended(nodes.Text(before), formula("η"), nodes.Text("，"))
    assert bool(list(block.findall(nodes.raw))) == may_end
    assert spans(block) == [("（" if before == "（" else "") + "η，"]

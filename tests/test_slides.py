"""From a chapter to its slides: the rule, sentences in four languages, links, what was vendored."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes

import slides
from slides_outline import Slide, outline
from slides_sentences import sentences

ROOT = Path(__file__).parent.parent


def paragraph(text: str):
    return BeautifulSoup(f"<p>{text}</p>", "html.parser").p


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two? Three!", 3),
        ("At 0.5 it glides, at 1.5 it does not.", 1),
        ("It arrives (it is 2. Not 3.) and stays.", 1),
        ("It arrives. (So it should.) Then it stays.", 3),
        ("So the question “is 0.001 small?” has no answer. Only the product has one.", 2),
        ("He asks: “Is it small?” Nobody knows.", 2),
        ("Many do, e.g. SGD, i. e. plain descent vs. Adam.", 1),
        ("Das gilt z. B. hier, d. h. auch dort. Es gilt immer.", 2),
        ("Beim 2. Schritt fällt er, am 3. Tag nicht.", 1),
        ("Der Wert ist gleich 2. Danach wächst er.", 2),
        ("损失变大。为什么？因为“太大了。”这就是答案。", 4),
        ("학습률은 0.1입니다. 왜 그렇습니까? 이유가 있습니다.", 3),
        ('Set <code>lr</code>. <em>Then. Not before.</em> <a href="#x">Look</a>.', 2),
        (
            'It is <span class="unbroken"><math><mi>x</mi></math>.</span> Its slope is <span class="unbroken"><math><mi>g</mi></math>,</span> which is.',
            2,
        ),
        (
            '是 <span class="unbroken"><math><mi>x</mi></math>。</span>它的斜率是 <span class="unbroken"><math><mi>g</mi></math>，</span>处处如此。',
            2,
        ),
        ('It is <span class="unbroken"><math><mi>x</mi><mo>.</mo></math></span> then more.', 1),
        ("a &lt; b holds. Always &amp; everywhere.", 2),
    ],
)
def test_a_paragraph_is_cut_into_its_sentences_and_nothing_is_lost(text, count):
    found = sentences(paragraph(text))
    assert len(found) == count, found
    assert "".join("".join(found).split()) == "".join(text.split())


FIGURE = '<div class="cell"><div class="cell_output"><lr-lab data-settings="{}"><img alt="still"></lr-lab></div></div>'
ASK = '<div class="cell"><div class="cell_output"><lr-ask data-settings="{}">?</lr-ask></div></div>'
FORMULA = '<div class="math" id="equation-{name}"><div class="equation"><math><mi>{name}</mi></math></div></div>'


def caption(text: str) -> str:
    return f'<div class="caption"><p>{text}</p></div>'


def chapter(**parts: str):
    """A page with these parts, as Sphinx writes it."""
    inside = "".join(
        f'<section id="heading-{part}"><span id="x-{part}"></span><h2>{part.title()}</h2>{body}</section>'
        for part, body in parts.items()
    )
    return BeautifulSoup(f'<article><section id="t"><h1>Title</h1>{inside}</section></article>', "html.parser")


def kinds(found: list[Slide]) -> list:
    """Their kinds, and in a list those of what lies below."""
    return [slide.kind if not slide.below else [slide.kind, *(one.kind for one in slide.below)] for slide in found]


def text(parts: list[str]) -> str:
    return BeautifulSoup("".join(parts), "html.parser").get_text()


def test_the_title_asks_the_questions_of_the_chapter_and_has_the_advice_for_the_teacher():
    teacher = '<details id="x-teacher"><summary>For you</summary><div><p>Ten minutes.</p></div></details>'
    page = chapter(question="<p>It rises. Why? And how?</p><p>More.</p>", sources=f"<p>Old.</p>{teacher}")
    title, *others = outline(page, "x")
    assert title.kind == "title" and text(title.body) == "Why?And how?"
    assert text(title.notes) == "For youTen minutes.It rises. Why? And how?More."
    assert "Ten minutes" not in str(others)


def test_a_figure_stands_alone_with_its_caption_and_no_figure_is_lost_or_changes_its_place():
    several = "".join(
        f'<div class="cell"><lr-lab data-settings="{i}"></lr-lab></div>{caption(f"No. {i}. Drag.")}' for i in range(3)
    )
    page = chapter(question="<p>Why?</p>" + several, figure=FIGURE + "<p>A.</p>" + FIGURE)
    found = outline(page, "x")
    shown = [slide for slide in found if "lr-lab" in str(slide.body)]
    assert [slide.kind for slide in shown] == ["figure"] * 5
    assert [str(slide.body).count("<lr-lab") for slide in shown] == [1] * 5
    assert [text(slide.body) for slide in shown[:3]] == [f"No. {i}. Drag." for i in range(3)]
    assert text(shown[4].notes) == "A."


def test_a_caption_is_cut_after_a_sentence_and_its_rest_is_in_the_notes():
    long = " ".join(f"Sentence number {i} says a little more than nothing." for i in range(9))
    (slide,) = outline(chapter(question="<p>Why?</p>", figure=FIGURE + caption(long)), "x")[1:]
    shown = text(slide.body)
    assert long.startswith(shown) and shown.endswith(".") and 100 < len(shown) < 260
    assert text(slide.notes) == long


def test_a_question_about_a_figure_has_a_slide_of_its_own_with_what_the_caption_asks():
    page = chapter(predict=f"<p>It starts at 4.</p>{FIGURE}{caption('Which rate is best?')}{ASK}", why=FORMULA + ASK)
    one, two, formula = outline(page, "x")[1:]
    assert kinds([one, two, formula]) == ["figure", "ask", "formula"]
    assert "<lr-lab" in str(one.body) and "<lr-ask" not in str(one.body)
    assert two.body[0] == '<p class="lead">Which rate is best?</p>' and "<lr-ask" in two.body[1]
    assert "<lr-ask" in str(formula.body)


def test_a_prediction_says_what_is_asked_and_its_answer_lies_below():
    answer = '<details class="sd-dropdown"><summary>What happens</summary><div><p>It explodes.</p></div></details>'
    (slide,) = outline(chapter(predict=f"<p>It starts at 4. What happens?</p>{FIGURE}{answer}"), "x")[1:]
    assert kinds([slide]) == [["figure", "points"]]
    assert "What happens?" in slide.body[0] and "<lr-lab" in slide.body[1] and "explodes" not in str(slide.body)
    assert slide.below[0].title == "What happens" and "It explodes." in str(slide.below[0].body)


def test_a_formula_has_the_sentences_that_lead_to_it_and_those_that_explain_it_as_far_as_there_is_room():
    first, second = FORMULA.format(name="a"), FORMULA.format(name="b")
    long = "This is what one more step of the rule does to the distance from the minimum, wherever it has begun and however far it has come by now, in one line"
    begin = f"Begin{' with all of this' * 20}."
    page = chapter(
        why=f"<p>{begin} So. {long}:</p>{first}<p>It shrinks. Yes. {long}, hence</p>{second}{first}<p>Done.</p>"
    )
    one, two = outline(page, "x")[1:]
    assert kinds([one, two]) == ["formula", "formula"]
    assert text(one.body) == f"So. {long}:aIt shrinks. Yes." and "follow fragment" in one.body[-1]
    assert text(two.body) == f"{long}, hencebaDone." and two.body[2].startswith('<div class="fragment">')
    assert text(one.notes) == f"{begin} So. {long}:aIt shrinks. Yes. {long}, hence"
    assert text(two.notes) == "baDone."


def test_a_single_sentence_between_two_formulas_leads_and_does_not_stand_twice():
    page = chapter(why=FORMULA.format(name="a") + "<p>Then:</p>" + FORMULA.format(name="b"))
    one, two = outline(page, "x")[1:]
    assert text(one.body) == "a" and text(two.body) == "Then:b"


def test_prose_alone_becomes_first_sentences_and_is_whole_in_the_notes():
    many = "".join(
        f"<p>Point {i} is a sentence of some length, which is said in one breath and then again. " for i in "12"
    )
    more = ", and more" * 20
    long = (
        f"It has many more words than any slide has room for{more}, and they are all kept for those who read notes.</p>"
    )
    page = chapter(
        why="<p>One.</p><p>Two.</p><p>Three.</p><p>Four.</p><p>Five.</p>",
        breaks=many.replace("<p>", f"{long}<p>") + long,
    )
    first, second, third = outline(page, "x")[1:]
    assert kinds([first, second, third]) == ["points"] * 3
    assert [str(slide.body).count("<li>") for slide in (first, second)] == [3, 2]
    assert "kept for those" not in text(third.body) and "kept for those" in text(third.notes)


def test_a_cell_shows_its_code_if_there_is_room_and_hidden_code_never():
    def cell(code: str, printed: str, hidden: bool = False) -> str:
        source = f'<div class="cell_input"><pre>{code}</pre></div>'
        folded = f'<details class="code-fold"><summary>Code</summary>{source}</details>' if hidden else source
        return f'<div class="cell">{folded}<div class="cell_output"><pre>{printed}</pre></div></div>'

    long = "\n".join(f"line {i}" for i in range(20))
    page = chapter(why=cell("f(x)", "0.25") + cell(long, "0.5") + cell("secret()", "0.75", hidden=True))
    assert [text(slide.body) for slide in outline(page, "x")[1:]] == ["f(x)0.25", "0.5", "0.75"]


def test_an_exercise_has_its_figure_and_its_question_and_the_solution_below():
    exercise = '<div class="exercise" id="x-e1"><p class="admonition-title">Exercise 1</p><section><p>Find it.</p></section></div>'
    solution = '<details class="admonition solution" id="x-s1"><summary>Solution</summary><section><p>It is 2.</p></section></details>'
    first, second = outline(chapter(exercises=(exercise + FIGURE + ASK + solution) * 2), "x")[1:]
    assert kinds([first, second]) == [["exercise figure", "solution"]] * 2
    assert [tag in str(first.body) for tag in ("Find it.", "<lr-lab", "<lr-ask")] == [True] * 3
    assert "It is 2." in str(first.below[0].body) and "It is 2." not in str(first.body)
    assert first.name == "x-e1" and first.names == ["x-exercises"]


def test_the_last_slide_lists_each_source_once_without_its_address():
    cite = (
        '<span class="bibtex-citation"><a href="b.html#1" title="A. Author. A Book. 1847. doi:10.1/2.">1847</a></span>'
    )
    *_, last = outline(chapter(question="<p>Why?</p>", sources=f"<p>{cite} and {cite} again.</p>"), "x")
    assert str(last.body).count("<li>") == 1 and text(last.body) == "A. Author. A Book. 1847"
    assert "and" in text(last.notes)


def test_pages_without_a_question_have_no_slides(tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "deck", lambda article, *others: article.get_text())
    for name, page in (("x", chapter(question="<p>Why?</p>")), ("y", chapter(why="<p>Because.</p>"))):
        (tmp_path / f"{name}.html").write_text(str(page), encoding="utf-8")
    slides.write(tmp_path, "en", {})
    assert [deck.name for deck in (tmp_path / "slides").iterdir()] == ["x.html"]
    assert "Why?" in (tmp_path / "slides" / "x.html").read_text(encoding="utf-8")
    document = SimpleNamespace(findall=lambda kind: [nodes.section(ids=["the-question", "x-question"])])
    assert slides.has_deck("x", document) and not slides.has_deck("y", document) and not slides.has_deck("x", None)


def test_links_lead_to_the_slides_where_they_can_and_else_to_the_pages():
    given = '<p id="here"><a class="state" href="#figure=2&amp;lr=1"></a><a href="#here"></a><a href="#gone"></a>'
    given += '<a href="other.html#x"></a><a href="https://a.org"></a><img src="_images/a.png"></p>'
    found = slides.mend_links(given, "x")
    for address in (
        "#figure=2&amp;lr=1",
        "#here",
        "../x.html#gone",
        "../other.html#x",
        "https://a.org",
        "../_images/a.png",
    ):
        assert f'"{address}"' in found


def test_a_question_leads_back_to_its_figure_where_that_is_on_another_slide():
    figure, ask = "<lr-lab></lr-lab>", """<lr-ask data-settings='{"figure": "1a"}'></lr-ask>"""
    alone = """<lr-ask data-settings='{"answer": 2, "figure": null}'></lr-ask>"""
    found = slides.lead_to_figures(f"<section>{figure}{ask}<section>{figure}<section>{ask}<section>{alone}", "back")
    same, _, other, none = found.split("<section>")[1:]
    assert "back" not in same and '<a href="#figure-2">back</a>' in other and "back" not in none


def test_every_word_of_the_slides_is_there_in_every_language():
    languages = set(yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]["editions"])
    words = yaml.safe_load((ROOT / "site" / "locale" / "slides.yml").read_text(encoding="utf-8"))
    assert {key: set(text) for key, text in words.items()} == dict.fromkeys(words, languages)
    assert set(slides.SPOKEN) <= set(words)

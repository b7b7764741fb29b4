"""The exam: its two documents, and that the contract holds for it although no page shows it."""

import pytest
from bs4 import BeautifulSoup

import contract
import exam
import pdf
from manuscript import apart, open_book

PAGE = """<!doctype html><html lang="en"><head><link rel="stylesheet" href="_static/site.css"></head><body>
<article class="bd-article"><section><h1>An exam<a class="headerlink" href="#an-exam">#</a></h1>
<div class="exercise admonition" id="exam-one"><p class="admonition-title">Exercise 1 (6 marks)</p><p>How steep?</p></div>
<details class="solution admonition" id="exam-one-solution"><summary>Solution to Exercise 1</summary>
<section><p>As steep as two.</p></section></details>
<lr-lab data-settings="{}"><img alt="A path." src="data:image/svg+xml,x"></lr-lab>
</section></article></body></html>"""


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "html"
    folder.mkdir()
    (folder / "exam.html").write_text(PAGE, encoding="utf-8")
    return folder


def test_the_problems_come_without_solutions(pages):
    text = exam.document(pages, "en", exam.without_solutions)
    assert "How steep?" in text and "6 marks" in text and 'alt="A path."' in text
    assert "As steep as two." not in text and "Solution" not in text and "exam-one-solution" not in text


def test_each_solution_follows_its_problem(pages):
    text = exam.document(pages, "en", exam.with_solutions)
    places = [text.index(part) for part in ("How steep?", "Solution to problem 1", "As steep as two.", "A path.")]
    assert places == sorted(places) and "<details" not in text and 'id="answers"' not in text


@pytest.mark.parametrize(
    ("language", "problem", "solution"),
    [
        ("en", "Problem 1 (6 marks)", "Solution to problem 1"),
        ("de", "Aufgabe 1 (6 marks)", "Lösung zu Aufgabe 1"),
        ("zh", "第 1 题（6 marks）", "第 1 题的解答"),
        ("ko", "문제 1 (6 marks)", "문제 1의 풀이"),
    ],
)
def test_an_exercise_is_called_a_problem(pages, language, problem, solution):
    page = BeautifulSoup(exam.document(pages, language, exam.with_solutions), "html.parser")
    assert page.select_one(".exercise > .admonition-title").get_text() == problem
    assert page.select_one(".box-title").get_text() == solution
    assert "Exercise" not in page.get_text()


def test_it_has_neither_title_page_nor_contents(pages):
    for change in exam.DOCUMENTS.values():
        page = BeautifulSoup(exam.document(pages, "en", change), "html.parser")
        assert page.title.get_text() == "An exam"
        assert not page.select(".cover, .toc") and len(page.select("h1")) == 1


def test_an_edition_that_is_not_there_is_not_printed(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["exam.py", "xx"])
    monkeypatch.setattr(pdf, "open_browser", None)
    assert exam.main() == 1
    assert "There is no edition 'xx': name some of en, de, zh, ko." in capsys.readouterr().err


@pytest.mark.parametrize("contents", [None, {}, {"root": "intro"}, {"meta": None}, {"meta": {"apart": []}}])
def test_nothing_need_be_kept_apart(contents):
    assert apart(contents) == []


def test_the_contract_holds_for_what_is_kept_apart(tmp_path):
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: intro\nmeta:\n  apart: [exam]\n", encoding="utf-8")
    book = tmp_path / "book"
    for language in ("en", "de", "zh", "ko"):
        (book / language).mkdir(parents=True)
    (book / "terms.yml").write_text("[]\n", encoding="utf-8")
    (book / "en" / "exam.md").write_text("# An exam\n", encoding="utf-8")
    assert open_book(book).order == {"intro": 2, "exam": 4}
    found = contract.check(book)
    assert any(one.startswith("_toc.yml:4: book/de/exam.md does not exist") for one in found)
    assert not any("exam is not in _toc.yml" in one for one in found)

"""Each rule of the contract between editions, broken once in a tiny book."""

import re
import subprocess
import sys
from pathlib import Path

import contract
import pytest

CHAPTER = """\
---
kernelspec: {name: python3, display_name: Python 3}
---

# %(title)s

```{code-cell}
:tags: [remove-cell]
import lrlib
lrlib.use("%(language)s")
```

%(paragraph)s

(place)=
## %(heading)s

%(sources)s {cite}`cauchy1847` {eq}`rule` {ref}`place` [](intro.md) ![%(alt)s](valley.svg)

$$
x = \\text{%(word)s} - 1
$$ (rule)

```{code-cell}
:tags: [hide-input]
# one comment for all
print(1)
```

:::{exercise} %(title)s
:label: try-it

%(question)s
:::

:::{solution} try-it
:class: dropdown

%(answer)s
:::

```python
optimizer.step()
```
"""

WORDS = {
    "en": {
        "title": "Steps",
        "paragraph": "The {term}`learning rate` is a factor. Take gradient\ndescent, then look at both learning rates.",
        "heading": "A rule",
        "sources": "See",
        "alt": "A valley",
        "word": "old",
        "question": "Which one is best?",
        "answer": "Neither of them.",
    },
    "de": {
        "title": "Schritte",
        "paragraph": "Die {term}`Lernrate` ist ein Faktor.\nDas Verfahren ist der Gradientenabstieg.",
        "heading": "Eine Regel",
        "sources": "Siehe",
        "alt": "Ein Tal",
        "word": "alt",
        "question": "Welche ist die beste?",
        "answer": "Keine von beiden.",
    },
    "zh": {
        "title": "步伐",
        "paragraph": "{term}`学习率`是一个系数。\n\n方法是梯度下降。",
        "heading": "规则",
        "sources": "参见",
        "alt": "山谷",
        "word": "旧",
        "question": "哪一个最好？",
        "answer": "都不是。",
    },
    "ko": {
        "title": "걸음",
        "paragraph": "{term}`학습률`은 계수입니다.\n방법은 경사 하강법입니다.",
        "heading": "규칙",
        "sources": "출처",
        "alt": "골짜기",
        "word": "이전",
        "question": "어느 것이 가장 좋습니까?",
        "answer": "둘 다 아닙니다.",
    },
}

TERMS = """\
- key: gradient
  en: {term: gradient, text: The slope.}
  de: {term: Gradient, text: Die Steigung.}
  zh: {term: 梯度, text: 坡度。}
  ko: {term: 기울기, text: 경사입니다.}
- key: gradient-descent
  en: {term: gradient descent, text: The method.}
  de: {term: Gradientenabstieg, text: Das Verfahren.}
  zh: {term: 梯度下降, text: 方法。}
  ko: {term: 경사 하강법, text: 방법입니다.}
- key: learning-rate
  en: {term: learning rate, text: The factor.}
  de: {term: Lernrate, text: Der Faktor.}
  zh: {term: 学习率, text: 系数。}
  ko: {term: 학습률, text: 계수입니다.}
  avoid: {de: [Lernquote], ko: [학습율]}
- key: momentum
  en: {term: momentum, text: Memory.}
  de: {term: Momentum, text: Das Gedächtnis.}
  zh: {term: 动量, text: 记忆。}
  ko: {term: 모멘텀, text: 기억입니다.}
  also: {de: [Schwung]}
- key: step
  en: {term: see, text: In the glossary only.}
  de: {term: sehen, text: Nur im Glossar.}
  zh: {term: 看见, text: 仅在术语表中。}
  ko: {term: 보다, text: 용어집에만 있습니다.}
  match: false
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of two chapters in four editions that keeps the contract."""
    folder = tmp_path / "book"
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: intro\nchapters:\n  - file: steps\n", encoding="utf-8")
    for language, words in WORDS.items():
        edition = folder / language
        edition.mkdir(parents=True)
        (edition / "valley.svg").write_text("<svg/>", encoding="utf-8")
        (edition / "intro.md").write_text(f"---\ntitle: x\n---\n\n# {words['title']}\n", encoding="utf-8")
        (edition / "steps.md").write_text(CHAPTER % {"language": language, **words}, encoding="utf-8")
    (folder / "terms.yml").write_text(TERMS, encoding="utf-8")
    (folder / "references.bib").write_text("@article{cauchy1847,\n year = 1847\n}\n", encoding="utf-8")
    affirm_all(folder)
    return folder


def affirm_all(folder: Path) -> None:
    for language in ("de", "zh", "ko"):
        for name in ("intro.md", "steps.md"):
            contract.affirm(folder / language / name)


def replace(book: Path, file: str, old: str, new: str) -> str:
    """Put `new` in the place of `old`, which occurs once, and return `file:line` of that place."""
    path = book / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return f"book/{file}:{text[: text.index(old)].count(chr(10)) + 1}"


def line_of(book: Path, file: str, part: str, below: int = 0) -> str:
    """`file:line` of the first line that contains `part`, or of a line so many below it."""
    lines = (book / file).read_text(encoding="utf-8").splitlines()
    return f"book/{file}:{next(i for i, line in enumerate(lines, 1) if part in line) + below}"


def assert_only(book: Path, place: str, *parts: str) -> None:
    """The book has one violation, at `place`, and its message holds the parts."""
    problems = contract.check(book)
    assert len(problems) == 1, "\n".join(problems)
    assert problems[0].startswith(f"{place}: ")
    assert " — " in problems[0], "no remedy"
    assert all(part in problems[0] for part in parts), problems[0]


def test_a_book_that_keeps_the_contract_has_no_violations(book):
    assert contract.check(book) == []


# --- chapters -------------------------------------------------------------------------------------


def test_a_chapter_that_one_edition_lacks_is_named_with_its_line_in_the_toc(book):
    (book / "ko/steps.md").unlink()
    assert_only(book, "_toc.yml:4", "book/ko/steps.md does not exist", "write it")


def test_a_chapter_that_is_not_in_the_toc_is_named(book):
    (book / "de/extra.md").write_text("# Mehr\n", encoding="utf-8")
    assert_only(book, "book/de/extra.md:1", "not in _toc.yml", "add it there, or delete")


def test_a_toc_without_chapters_is_refused(book):
    (book.parent / "_toc.yml").write_text("format: jb-book\n", encoding="utf-8")
    assert_only(book, "_toc.yml:1", "names no chapter", "root: intro")


def test_chapters_in_parts_and_sections_of_the_toc_are_found(book):
    toc = (
        "format: jb-book\nroot: intro\nparts:\n  - chapters:\n    - file: intro\n      sections:\n      - file: steps\n"
    )
    (book.parent / "_toc.yml").write_text(toc, encoding="utf-8")
    (book / "zh/steps.md").unlink()
    assert_only(book, "_toc.yml:7", "book/zh/steps.md")


# --- the same structure ---------------------------------------------------------------------------


def test_a_heading_of_another_level_is_named(book):
    place = replace(book, "de/steps.md", "## Eine Regel", "### Eine Regel")
    english = line_of(book, "en/steps.md", "## A rule")
    assert_only(book, place, f"heading 2 is `###`, but `##` at {english}", "make it the same")


def test_a_missing_heading_is_named_where_its_section_would_be(book):
    replace(book, "zh/steps.md", "## 规则", "规则")
    assert_only(book, line_of(book, "zh/steps.md", "# 步伐"), "heading 2", "is missing", "add it")


def test_a_heading_too_many_is_named(book):
    place = replace(book, "ko/steps.md", "```python", "## 끝\n\n```python")
    assert_only(book, place, "heading 3, `##`, is not in book/en/steps.md", "remove it")


def test_a_label_with_another_name_is_named(book):
    for language in ("de", "zh", "ko"):
        replace(book, f"{language}/steps.md", "{ref}`place`", "{ref}`try-it`")
    replace(book, "en/steps.md", "{ref}`place`", "{ref}`try-it`")
    affirm_all(book)
    place = replace(book, "de/steps.md", "(place)=", "(ort)=")
    english = line_of(book, "en/steps.md", "(place)=")
    assert_only(book, place, f"label 1 is `ort`, but `place` at {english}", "make it the same")


def test_the_label_of_an_exercise_is_a_label(book):
    replace(book, "ko/steps.md", ":label: try-it\n", "")
    english = line_of(book, "en/steps.md", ":::{exercise}")
    assert any(f"label 3, `try-it` at {english}, is missing — add it" in problem for problem in contract.check(book))


def test_a_label_on_a_figure_made_by_a_cell_is_a_label(book):
    options = "---\ntags: [hide-input]\nmystnb:\n  figure:\n    name: fig-one\n    caption: %s\n---"
    for language, words in WORDS.items():
        replace(book, f"{language}/steps.md", ":tags: [hide-input]", options % words["answer"])
        replace(book, f"{language}/steps.md", "{ref}`place`", "{ref}`fig-one`")
    affirm_all(book)
    assert contract.check(book) == []
    replace(book, "zh/steps.md", "    name: fig-one\n", "")
    assert any("label 3" in problem and "fig-one" in problem for problem in contract.check(book))


def test_another_directive_is_named(book):
    place = replace(book, "zh/steps.md", ":::{exercise} 步伐\n:label: try-it", ":::{note} 步伐\n:name: try-it")
    english = line_of(book, "en/steps.md", ":::{exercise}")
    assert_only(book, place, f"directive 1 is `{{note}}`, but `{{exercise}}` at {english}", "make it the same")


def test_a_directive_with_another_class_is_named(book):
    place = replace(book, "de/steps.md", ":::{solution} try-it\n:class: dropdown", ":::{solution} try-it\n:class: open")
    assert_only(book, place, "`{solution} try-it :class: open`", "make it the same")


def test_another_display_equation_is_named(book):
    replace(book, "ko/steps.md", "- 1\n", "+ 1\n")
    assert_only(book, line_of(book, "ko/steps.md", "$$"), r"equation 1 is `x = \text{} + 1`", "make it the same")


def test_a_listing_with_a_translated_comment_is_named(book):
    replace(book, "de/steps.md", "optimizer.step()", "optimizer.step()  # ein Schritt")
    assert_only(book, line_of(book, "de/steps.md", "```python"), "listing 1", "make it the same")


def test_a_citation_that_is_missing_is_named_where_its_section_begins(book):
    replace(book, "zh/steps.md", "{cite}`cauchy1847` ", "")
    wrong = f"`cite:cauchy1847` of {line_of(book, 'en/steps.md', '{cite}')} is missing"
    assert_only(book, line_of(book, "zh/steps.md", "## 规则"), wrong, "in this section too")


def test_a_cross_reference_too_many_is_named(book):
    place = replace(book, "de/steps.md", "Keine von beiden.", "Keine, siehe {eq}`rule`.")
    assert_only(book, place, "`eq:rule` is more than book/en/steps.md refers to", "remove it")


def test_references_may_stand_in_another_order(book):
    replace(book, "de/steps.md", "{cite}`cauchy1847` {eq}`rule`", "{eq}`rule` {cite:t}`cauchy1847`")
    assert contract.check(book) == []


# --- references lead somewhere --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "wrong", "remedy"),
    [
        (
            "{cite}`cauchy1847`",
            "{cite}`cauchy1874`",
            "`cauchy1874` is not in book/references.bib",
            "write `cauchy1847`",
        ),
        ("{ref}`place`", "{ref}`plaice`", "`plaice` is not in the labels", "write `place`"),
        ("{eq}`rule`", "{eq}`rules`", "`rules` is not in the labels", "write `rule`"),
        ("[](intro.md)", "[](intor.md)", "`intor.md` is not in book/", "write `intro.md`"),
        ("[](intro.md)", "[](intro.md#here)", "`here` is not in the labels", "add it"),
        ("[](intro.md)", "[](#here)", "`here` is not in the labels", "add it"),
        ("[](intro.md)", "{doc}`outro`", "`outro.md` is not in book/", "write `intro.md`"),
        ("valley.svg", "vally.svg", "`vally.svg` is not in book/", "write `valley.svg`"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_with_the_nearest_name(book, old, new, wrong, remedy):
    places = [replace(book, f"{language}/steps.md", old, new) for language in WORDS]
    affirm_all(book)
    problems = contract.check(book)
    assert len(problems) == 4
    for place in places:  # the front matter of a translation is a line longer since affirm_all
        here = [problem for problem in problems if problem.startswith(f"{place}: ")]
        assert len(here) == 1 and wrong in here[0] and remedy in here[0]


def test_a_label_of_another_edition_is_none_of_this_one(book):
    replace(book, "de/steps.md", "(place)=", "(ort)=")
    place = line_of(book, "de/steps.md", "{ref}`place`")
    wrong = f"{place}: `place` is not in the labels of this edition"
    assert any(problem.startswith(wrong) for problem in contract.check(book))


def test_a_solution_of_no_exercise_is_named(book):
    for language in WORDS:
        replace(book, f"{language}/steps.md", ":::{solution} try-it", ":::{solution} tried")
    affirm_all(book)
    assert all("`tried` is not in the labels" in problem for problem in contract.check(book))
    assert len(contract.check(book)) == 4


# --- code -----------------------------------------------------------------------------------------


def test_a_code_cell_that_differs_in_one_byte_is_named(book):
    replace(book, "ko/steps.md", "print(1)", "print(1) ")
    place, english = (line_of(book, f"{language}/steps.md", ":tags: [hide-input]", -1) for language in ("ko", "en"))
    assert_only(book, place, f"code cell 2 differs from {english}", "copy it from there, unchanged")


def test_a_code_cell_with_another_tag_is_named(book):
    place = replace(book, "de/steps.md", "```{code-cell}\n:tags: [hide-input]", "```{code-cell}\n:tags: [hide-cell]")
    assert_only(book, place, "code cell 2 differs", "in its tags or options", "copy them")


def test_a_missing_code_cell_is_named(book):
    cell = "```{code-cell}\n:tags: [hide-input]\n# one comment for all\nprint(1)\n```\n"
    replace(book, "zh/steps.md", cell, "")
    assert_only(book, line_of(book, "zh/steps.md", "{code-cell}"), "1 code cells", "but 2 in", "copy the code cells")


def test_a_code_cell_inside_a_directive_is_named_because_it_is_never_run(book):
    for language, words in WORDS.items():
        answer = words["answer"]
        replace(book, f"{language}/steps.md", answer, f"{answer}\n\n```{{code-cell}}\n1\n```")
        affirm_all(book)
    problems = contract.check(book)
    assert len(problems) == 4
    place = line_of(book, "de/steps.md", "Keine von beiden", 2)
    assert any(problem.startswith(f"{place}: ") and "move it to the top level" in problem for problem in problems)


def test_a_first_cell_of_another_language_is_named(book):
    replace(book, "de/steps.md", 'lrlib.use("de")', 'lrlib.use("en")')
    assert_only(book, line_of(book, "de/steps.md", "{code-cell}"), 'write `import lrlib` and `lrlib.use("de")`')


def test_a_first_cell_that_shows_is_named(book):
    for language in WORDS:
        replace(book, f"{language}/steps.md", ":tags: [remove-cell]\n", "")
    affirm_all(book)
    problems = contract.check(book)
    assert len(problems) == 4
    place = line_of(book, "zh/steps.md", "{code-cell}")
    assert any(problem.startswith(f"{place}: ") and ":tags: [remove-cell]" in problem for problem in problems)


# --- up to date -----------------------------------------------------------------------------------


def test_a_changed_english_text_makes_its_translations_fall_behind_until_affirmed(book):
    replace(book, "en/steps.md", "Neither of them.", "Neither one.")
    problems = contract.check(book)
    assert len(problems) == 3
    place = line_of(book, "de/steps.md", "english:")
    remedy = "then run python site/contract.py affirm book/de/steps.md"
    assert any(problem.startswith(f"{place}: ") and problem.endswith(remedy) for problem in problems)
    affirm_all(book)
    assert contract.check(book) == []


def test_a_translation_that_records_no_english_text_is_named(book):
    path = book / "zh/intro.md"
    path.write_text(re.sub("english:.*\n", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    assert_only(book, "book/zh/intro.md:1", "does not record", "run python site/contract.py affirm book/zh/intro.md")


def test_windows_line_ends_do_not_make_a_translation_fall_behind(book):
    path = book / "en/steps.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert contract.check(book) == []


def test_affirming_changes_nothing_but_its_own_line(book):
    before = (book / "de/steps.md").read_text(encoding="utf-8")
    replace(book, "en/steps.md", "Neither of them.", "Neither one.")
    contract.affirm(book / "de/steps.md")
    after = (book / "de/steps.md").read_text(encoding="utf-8")
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == 1 and re.fullmatch("english: [0-9a-f]{16}", changed[0])
    assert len(after.splitlines()) == len(before.splitlines())


@pytest.mark.parametrize("name", ["en/steps.md", "de/missing.md", "terms.yml"])
def test_affirming_what_is_no_translation_is_refused_with_an_example(book, name, capsys):
    assert contract.main(["affirm", str(book / "de/steps.md"), str(book / name)]) == 1
    assert "name one, such as book/de/intro.md" in capsys.readouterr().out


def test_affirming_a_chapter_without_front_matter_gives_it_one(book):
    body = "# Schritte\n\nZwei.\n\n---\n\nDrei.\n"
    (book / "de/intro.md").write_text(body, encoding="utf-8")
    contract.affirm(book / "de/intro.md")
    assert contract.check(book) == []
    assert re.fullmatch(f"---\nenglish: .*\n---\n\n{body}", (book / "de/intro.md").read_text(encoding="utf-8"))


def test_the_command_prints_violations_and_fails(book, monkeypatch, capsys):
    monkeypatch.setattr(contract, "BOOK", book)
    assert contract.main([]) == 0
    place = replace(book, "de/steps.md", "Keine von beiden.", "Das weißt du.")
    assert contract.main([]) == 1
    assert place in capsys.readouterr().out


def test_the_command_affirms_what_it_is_given(book, capsys):
    replace(book, "en/intro.md", "# Steps", "# More steps")
    assert contract.main(["affirm", *(str(book / language / "intro.md") for language in ("de", "zh", "ko"))]) == 0
    assert contract.check(book) == []
    assert "intro.md is in step with the English chapter" in capsys.readouterr().out


def test_an_unknown_command_prints_how_to_use_it():
    command = [sys.executable, contract.__file__, "confirm"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert run.returncode == 1
    assert "python site/contract.py affirm" in run.stdout


# --- terms ----------------------------------------------------------------------------------------


def test_a_term_that_a_translation_does_not_use_is_named_where_its_section_begins(book):
    replace(book, "de/steps.md", "Gradientenabstieg", "Abstieg")
    english = line_of(book, "en/steps.md", "Take gradient")
    wrong = f"“gradient descent” of {english} is not rendered as “Gradientenabstieg”"
    assert_only(book, line_of(book, "de/steps.md", "# Schritte"), wrong, "use it, or add the variant")


def test_a_longer_term_is_not_a_use_of_the_shorter_one(book):
    replace(book, "en/steps.md", "Neither of them.", "Neither of the gradients.")
    affirm_all(book)
    problems = contract.check(book)
    assert len(problems) == 3  # 梯度下降 and Gradientenabstieg contain the word for gradient, but mean another thing
    assert all("“gradient” of book/en/steps.md" in problem for problem in problems)


def test_a_variant_counts_as_the_term(book):
    replace(book, "en/steps.md", "Neither of them.", "Neither has momentum.")
    replace(book, "zh/steps.md", "都不是。", "都没有动量。")
    replace(book, "ko/steps.md", "둘 다 아닙니다.", "둘 다 모멘텀이 없습니다.")
    replace(book, "de/steps.md", "Keine von beiden.", "Keine hat Schwung.")
    affirm_all(book)
    assert contract.check(book) == []


@pytest.mark.parametrize(
    "hidden", ["`momentum`", "$momentum$", "[momentum](https://example.org)", "{cite}`cauchy1847`<!-- momentum -->"]
)
def test_code_mathematics_and_titles_of_other_sites_are_no_uses_of_a_term(book, hidden):
    for language, words in WORDS.items():
        replace(book, f"{language}/steps.md", words["answer"], f"{hidden} {words['answer']}")
    affirm_all(book)
    assert contract.check(book) == []


def test_a_word_to_avoid_is_named_with_its_line(book):
    place = replace(book, "de/steps.md", "Keine von beiden.", "Die Lernquote.")
    assert_only(book, place, "“Lernquote” is a bad word for learning-rate", "write “Lernrate”")


def test_a_word_to_avoid_on_the_second_line_of_a_paragraph_is_found_there(book):
    place = replace(book, "ko/steps.md", "방법은 경사 하강법입니다.", "학습율은 경사 하강법입니다.")
    assert_only(book, place, "“학습율”", "write “학습률”")


def test_a_word_to_avoid_in_a_definition_is_named(book):
    place = replace(book, "terms.yml", "Die Steigung.", "Die Lernquote.")
    assert_only(book, place, "“Lernquote”", "write “Lernrate”")


def test_an_unknown_term_is_named_with_the_nearest_one(book):
    place = replace(book, "de/steps.md", "{term}`Lernrate`", "{term}`Lernrate <Lernraten>`")
    assert_only(book, place, "“Lernraten” is no term of book/terms.yml in de", "write `Lernrate`, or")


@pytest.mark.parametrize("target", ["lernrate", "learning-rate", "Schwung"])
def test_a_term_may_be_referred_to_by_any_of_its_words_and_by_its_key(book, target):
    replace(book, "de/steps.md", "{term}`Lernrate`", f"{{term}}`Lernrate <{target}>`")
    assert contract.check(book) == []


def test_a_term_of_another_language_is_unknown(book):
    place = replace(book, "zh/steps.md", "{term}`学习率`", "{term}`学习率 <learning rate>`")
    assert_only(book, place, "“learning rate” is no term of book/terms.yml in zh", "or add it there")


@pytest.mark.parametrize(
    ("old", "new", "wrong", "remedy"),
    [
        ("- key: momentum", "- key: alpha", "alpha stands after learning-rate", "sort"),
        ("- key: gradient-descent", "- key: gradient", "gradient stands after gradient", "each key once"),
        (", text: Das Gedächtnis.", "", "momentum has no text in de", "add it under de:"),
        ("text: Memory.", "text: Memory", "definition of momentum in en does not end like a sentence", "full stop"),
        ("{term: momentum, text", "{text", "momentum has no term in en", "add it under en:"),
        ("  zh: {term: 动量, text: 记忆。}\n", "", "momentum has no term in zh", "add it under zh:"),
        ("[Schwung]", "[gradient]", "“gradient” is the word for both gradient and momentum in de", "choose another"),
        ("ko: [학습율]", "ko: [학습]", "“학습률” contains “학습”, which learning-rate avoids", "choose one"),
        ("  also: {de", "  alias: {de", "momentum has an entry `alias`", "write one of key, en"),
        ("[Schwung]", "[Schwung", "this is not YAML", "mend the syntax"),
    ],
)
def test_a_flaw_of_the_term_list_is_named_with_its_line(book, old, new, wrong, remedy):
    entry = (book / "terms.yml").read_text(encoding="utf-8")
    replace(book, "terms.yml", old, new)
    found = [problem for problem in contract.check(book) if wrong in problem]
    assert found and all(re.match(r"book/terms\.yml:\d+: ", problem) for problem in found), contract.check(book)
    assert any(remedy in problem for problem in found)
    flawed = entry[: entry.index(old)].count("\n") + 1
    lines = [int(problem.split(":")[1]) for problem in found]
    assert any(abs(line - flawed) <= 6 for line in lines)  # the entry, or the line in it


def test_a_term_without_a_key_is_named_with_its_line(book):
    place = replace(book, "terms.yml", "- key: momentum", "- name: momentum")
    assert_only(book, place, "this entry has no key", "begin it with `- key:`")


# --- customs of each language ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old"),
    [("de/steps.md", "Keine von beiden."), ("zh/steps.md", "都不是。"), ("ko/steps.md", "둘 다 아닙니다.")],
)
def test_an_english_sentence_left_behind_is_named(book, file, old):
    place = replace(book, file, old, "This is the sentence that we have not translated at all")
    assert_only(
        book, place, "English is left: “This is the sentence", "translate it, or put a title in quotation marks"
    )


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("de/steps.md", "Keine von beiden.", "Siehe „On the importance of what is where and why“."),
        ("zh/steps.md", "都不是。", "见“On the importance of what is where and why”。"),
        (
            "ko/steps.md",
            "둘 다 아닙니다.",
            "[On the importance of what is where and why](https://example.org)를 봅니다.",
        ),
    ],
)
def test_an_english_title_in_quotation_marks_or_as_a_link_may_stay(book, file, old, new):
    if "https" in new:
        for language, words in WORDS.items():
            where = f"{language}/steps.md"
            replace(
                book, where, words["answer"], new if where == file else "[x](https://example.org) " + words["answer"]
            )
        affirm_all(book)
    else:
        replace(book, file, old, new)
    assert contract.check(book) == []


def test_a_list_of_names_is_no_english_sentence(book):
    replace(book, "ko/steps.md", "둘 다 아닙니다.", "SGD, Adam, RMSProp, AdaGrad, Nesterov, Lion, AdamW, NAdam입니다.")
    assert contract.check(book) == []


def test_six_english_words_may_be_a_name(book):
    replace(book, "zh/steps.md", "都不是。", "是 one two three four five six 的。")
    assert contract.check(book) == []


@pytest.mark.parametrize(
    ("new", "half", "full"),
    [
        ("都不,是。", ",", "，"),
        ("都不是.", ".", "。"),
        ("都: 不是。", ":", "："),
        ("都;不是。", ";", "；"),
        ("都不是?", "?", "？"),
        ("都不是!", "!", "！"),
        ("都不是（Adam, 也不是）。", ",", "，"),
        ("都不是 (Adam）。", "(", "（"),
        ("都（Adam) 不是。", ")", "）"),
        ("不是 `lr`.", ".", "。"),
    ],
)
def test_half_width_punctuation_beside_chinese_is_named(book, new, half, full):
    place = replace(book, "zh/steps.md", "都不是。", new)
    assert_only(book, place, f"half-width “{half}” in Chinese text", f"write “{full}”")


@pytest.mark.parametrize("new", ["等于 3.5 倍。", "设 $a, b$ 为 `f(x, y)` 的值。", "即 Adam, Inc. 公司。", "Adam: SGD"])
def test_half_width_punctuation_among_latin_letters_may_stay(book, new):
    replace(book, "zh/steps.md", "都不是。", new)
    assert contract.check(book) == []


def test_a_chinese_paragraph_broken_between_characters_is_named(book):
    place = replace(book, "zh/steps.md", "都不是。", "都不\n是。")
    assert_only(book, place, "shows as a blank", "write the paragraph on one line")


@pytest.mark.parametrize(
    "new", ["둘 다 틀리다.", "이렇게 한다. 끝입니다.", "둘 다 틀려요.", "아니다.", "이렇게 하죠? 그래요."]
)
def test_an_informal_korean_sentence_is_named(book, new):
    place = replace(book, "ko/steps.md", "둘 다 아닙니다.", new)
    assert_only(book, place, "is not in the 합니다 style", "write -ㅂ니다 or -습니다")


@pytest.mark.parametrize(
    "new", ["‘이렇게 한다.’라고 합니다.", "조정이 필요.", "어떻습니까?", "그림 1. 골짜기", "다음을 보십시오."]
)
def test_korean_that_only_looks_informal_may_stay(book, new):
    replace(book, "ko/steps.md", "둘 다 아닙니다.", new)
    assert contract.check(book) == []


@pytest.mark.parametrize("word", ["du", "Dir", "dich", "deine", "Dein"])
def test_a_german_text_that_says_du_is_named(book, word):
    place = replace(book, "de/steps.md", "Keine von beiden.", f"Das ist, was {word} Modell braucht.")
    assert_only(book, place, f"“{word}” addresses the reader", "write man or wir")


def test_the_text_of_pictures_is_read_like_other_text(book):
    place = replace(book, "de/steps.md", "Ein Tal", "Dein Tal")
    assert_only(book, place, "“Dein”")


def test_front_matter_that_is_no_yaml_is_named(book):
    replace(book, "de/intro.md", "title: x", "title: [x")
    problems = contract.check(book)
    assert len(problems) == 1 and re.match(r"book/de/intro\.md:\d+: this is not YAML", problems[0])

"""The reference page: what it shows of lrlib, and what every docstring owes its readers."""

import doctest
import importlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po
from docutils import nodes
from docutils.core import publish_doctree
from myst_parser.parsers.docutils_ import Parser

import docstrings
import reference
from chapter import read
from docstrings import Entry
from lrlib.settings import Setting

ROOT = Path(__file__).parent.parent
SHOWN = [
    (named[1], re.split(r",\s*", named[2]) if named[2] else None)
    for mark in read(ROOT / "book" / "en" / "reference.md", ROOT).of("directive")
    if (named := re.fullmatch(r"\{reference\} (\S+)(?: :names: (.+))?", mark.value))
]
ENTRIES = [entry for module, names in SHOWN for entry in docstrings.entries(importlib.import_module(module), names)]

DOCSTRING = r"""A rule for the tests, with everything.

    $$v = g_t, \qquad x_{t+1} = x_t - \eta v$$

    Arguments
        x, g: point and *gradient*,
            same shape.
        lr: the rate.

    Returns the tuple (x,); see `gd`.

        kept   as it is

    >>> rule(1.0, 1.0, lr=0.5)
    (0.5,)

    Source: A. Cauchy, "Méthode générale".
    """


def rule(x, g, lr, beta=0.9):
    return (x - lr * g,)


rule.__doc__ = DOCSTRING


def rule_threshold(lr, beta=0.9):
    """Where it explodes."""


@dataclass(frozen=True)
class Known:
    """A rule and its companions, as a register of lrlib holds them."""

    rule: object
    threshold: object
    settings: dict = field(default_factory=dict)


SETTINGS = {"beta": Setting(0.9, (0, 0.999), (1e-6, 0.99))}


def a_module(**names: object) -> ModuleType:
    """A module in which these were written."""
    module = ModuleType("lrlib.some")
    for name, value in names.items():
        if callable(value):
            value.__module__ = module.__name__
        setattr(module, name, value)
    return module


def markdown(text: str) -> list[nodes.Node]:
    """As the page parses it."""
    return publish_doctree(
        text, parser=Parser(), settings_overrides={"myst_enable_extensions": ["dollarmath"]}
    ).children


def section_of(entry: Entry, language: str = "de") -> nodes.section:
    return reference.Writer(markdown, language).section(entry)


def classes(node: nodes.Element) -> list[str]:
    return [type(child).__name__ for child in node.children]


def test_the_page_shows_every_module_and_many_names():
    assert {module for module, _ in SHOWN} > {"lrlib", "lrlib.optimizers", "lrlib.schedules", "lrlib.surfaces"}
    assert len(ENTRIES) > 50


def test_nothing_is_shown_twice():
    names = [entry.full_name for entry in ENTRIES]
    assert len(names) == len(set(names))


def test_all_that_lrlib_exports_is_on_the_page():
    exported = {f"lrlib.{name}" for name in importlib.import_module("lrlib").__all__}
    assert exported <= {entry.full_name for entry in ENTRIES} | {module for module, _ in SHOWN}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.full_name)
def test_a_docstring_says_what_it_is_tells_its_arguments_and_has_an_example(entry):
    if missing := list(docstrings.lacks(entry)):
        pytest.fail("\n".join(missing), pytrace=False)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.full_name)
def test_an_example_runs_as_it_stands_when_it_is_pasted(entry):
    """Without the names of the module it stands in, which pytest's own doctests know."""
    text = "\n\n".join(part.text for part in entry.parts if part.kind == "example")
    if "import torch" in text:
        pytest.importorskip("torch", reason='PyTorch is not installed: pip install -e ".[torch]"')
    example = doctest.DocTestParser().get_doctest(text, {}, entry.full_name, None, None)
    told: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(example, out=told.append)
    if outcome.failed:
        pytest.fail("".join(told), pytrace=False)


def test_a_docstring_without_line_arguments_or_example_fails_with_a_message_that_names_it():
    def bare(x):
        pass

    (entry,) = docstrings.entries(a_module(bare=bare))
    assert list(docstrings.lacks(entry)) == [
        "lrlib.some.bare: the docstring does not begin with a paragraph of one line",
        "lrlib.some.bare: the docstring does not tell x under Arguments",
        "lrlib.some.bare: the docstring has no example (>>> …)",
    ]


def test_public_is_what_the_module_itself_wrote_in_its_order():
    module = a_module(second=rule, first=Known, _private=rule_threshold, foreign=re.compile("x"), ANSWER=42)
    assert [entry.name for entry in docstrings.entries(module)] == ["second", "first"]
    module.__all__ = ["first"]
    assert [entry.name for entry in docstrings.entries(module)] == ["first"]


def test_a_companion_stands_with_its_rule_and_not_beside_it():
    module = a_module(rule=rule, rule_threshold=rule_threshold, RULES={"rule": Known(rule, rule_threshold, SETTINGS)})
    (entry,) = docstrings.entries(module)
    assert entry.name == "rule" and entry.companions == [rule_threshold] and entry.settings == SETTINGS


def test_a_docstring_with_all_parts_becomes_a_section():
    section = section_of(Entry("lrlib.some", "rule", rule, SETTINGS, [rule_threshold]))
    assert section["ids"] == ["lrlib-some-rule", "lrlib.some.rule"]
    assert classes(section) == [
        *("title", "paragraph", "paragraph", "container", "rubric", "definition_list", "rubric", "table"),
        *("paragraph", "literal_block", "rubric", "literal_block", "paragraph", "rubric", "definition_list"),
    ]
    title, signature, summary, math, _, arguments, _, table, returns, kept, _, example, source, _, companions = section
    assert title.astext() == "rule"
    assert signature.astext() == "some.rule(x, g, lr, beta=0.9)"
    assert summary.astext() == "A rule for the tests, with everything."
    assert classes(math) == ["math_block", "math_block"], "a phone puts one equation below the other"
    assert [equation.astext() for equation in math] == ["v = g_t,", r"x_{t+1} = x_t - \eta v"]
    assert [item.astext() for item in arguments] == ["x, g\n\npoint and gradient, same shape.", "lr\n\nthe rate."]
    assert table[0][-1].astext().split() == ["beta", "0.9", "0", "to", "0.999", "1e-6", "to", "0.99"]
    assert returns.astext() == "Returns the tuple (x,); see gd."
    assert kept.astext() == "kept   as it is"
    assert example.astext() == ">>> rule(1.0, 1.0, lr=0.5)\n(0.5,)" and example["language"] == "pycon"
    assert source.astext().startswith("Source: A. Cauchy")
    assert companions.astext() == "rule_threshold()\n\nWhere it explodes."


def test_the_text_is_marked_as_english_and_the_words_around_it_as_the_edition():
    section = section_of(Entry("lrlib.some", "rule", rule, {}, []), "zh")
    summary, source = section[2], section[-1]
    assert "language-en" in summary["classes"] and "language-en" in source["classes"]
    assert source[0]["classes"] == ["language-zh-Hans"]
    assert not any("language-en" in node["classes"] for node in section.findall(nodes.rubric))


def test_the_name_of_another_entry_or_module_leads_there():
    def other(x):
        """As in `rule`, for one of `some`; `other` and `x` are no links."""

    entries = [Entry("lrlib.some", "rule", rule, {}, []), Entry("lrlib.some", "other", other, {}, [])]
    module = nodes.section("", *(section_of(entry) for entry in entries), ids=["reference-some"])
    reference.link_names(None, module)
    links = [(link.astext(), link["refid"]) for link in module.findall(nodes.reference)]
    assert links == [("rule", "lrlib-some-rule"), ("some", "reference-some")]


def test_a_list_in_columns_is_told_name_by_name():
    (part,) = docstrings.parse(
        "points   (…, n)  the start first\nstate_of (…)    by\n                 name\nlosses   there"
    )
    assert part.kind == "columns"
    assert part.items == (
        (["points"], "(…, n)", "the start first"),
        (["state_of"], "(…)", "by name"),
        (["losses"], "", "there"),
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lrlib.optimizers.adam", "optimizers.adam(x, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8)"),
        ("lrlib.schedules.cosine", "schedules.cosine(lr, *, steps=100, end=0) → Rate"),
        ("lrlib.surfaces.rosenbrock", "surfaces.rosenbrock"),
        ("lrlib.use", "use(language: str)"),
        (
            "lrlib.ask",
            "ask(answer: float | str, tolerance: float = 0.01, mistakes: Mapping[str, float | str] | None = None, *, "
            "choices: Sequence[str] | None = None, figure: lab | None = None, "
            "goal: tuple[float | None, float | None] | None = None)",
        ),
        ("lrlib.Path", "Path"),
    ],
)
def test_the_signature_is_what_a_reader_types(name, shown):
    (entry,) = (entry for entry in ENTRIES if entry.full_name == name)
    assert reference.signature(entry).astext() == shown


@pytest.mark.parametrize(("value", "typed"), [(1e6, "1e6"), (1e-06, "1e-6"), (100.0, "100"), (0.1234567, "0.1234567")])
def test_a_number_is_short_and_exact(value, typed):
    assert reference.number(value) == typed


@pytest.mark.parametrize("locale", ["de", "zh_CN", "ko"])
def test_every_word_that_the_directive_prints_is_translated(locale):
    path = ROOT / "site" / "locale" / locale / "LC_MESSAGES" / "reference.po"
    with path.open("rb") as file:
        translated = {message.id for message in read_po(file) if message.id and message.string}
    printed = set(re.findall(r'\b_\("([^"]+)"\)', Path(reference.__file__).read_text(encoding="utf-8")))
    assert printed == translated

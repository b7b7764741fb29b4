"""Links of the book that set a figure: what the role makes of them, and what it refuses."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from docutils import nodes
from docutils.utils import new_document

import chapter
import states
from lrlib import ask, lab, page

ROOT = Path(__file__).parent.parent


def bowl(**changed):
    given = {"optimizer": ["gd", "momentum"], "lr": 0.05, "start": (-4, 2.5), "steps": 30, "condition": 25}
    return lab("quadratic", **given | changed)


def html_of(shown) -> str:
    if isinstance(shown, lab):
        return page.element("lr-lab", shown._state, "<p>a picture</p>")
    bundle = shown._repr_mimebundle_()
    return (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]


def document_with(shown) -> nodes.document:
    document = new_document("page")
    document += [nodes.raw("", html_of(one), format="html") for one in shown]
    return document


def edition_with(pages) -> SimpleNamespace:
    """As much of Sphinx as knows other pages and what is shown on them."""
    env = SimpleNamespace(found_docs=set(pages), get_doctree=lambda name: document_with(pages[name]))
    return SimpleNamespace(env=env, builder=SimpleNamespace(get_target_uri=lambda name: f"{name}.html"))


def resolved(monkeypatch, targets=(), shown=(), others=None) -> tuple[list[str], list[str]]:
    """The addresses of links on a page, and what the build complains of."""
    said = []
    monkeypatch.setattr(states.logger, "warning", lambda wrong, **where: said.append(wrong))
    document = new_document("page")
    document += [nodes.reference("", "text", refuri="", state=target) for target in targets]
    document += document_with(shown).children
    document += nodes.reference("", "elsewhere", refuri="https://example.org")
    states.resolve(edition_with(others or {}), document, "page")
    return [node["refuri"] for node in document.findall(nodes.reference)][: len(targets)], said


def read_link(address: str) -> dict:
    assert not re.search(r'[\s"<>{}]', address)
    number, *given = parse_qsl(address[1:], keep_blank_values=True)
    return {"figure": number[1]} | {key: json.loads(value) for key, value in given}


@pytest.mark.parametrize(
    ("target", "link"),
    [
        ("1", {}),
        ("1&lr=0.05", {}),
        ("1&lr=2.1&start=[1,2]", {"lr": 2.1, "start": [1, 2]}),
        ('1&settings={"beta":0.9}', {"settings": {"beta": 0.9}}),
        ('1&settings={"condition":25}', {}),
        ('1&optimizers=["adam"]', {"optimizers": ["adam"], "optimizer": "adam"}),
        ('1&optimizer="momentum"', {"optimizer": "momentum"}),
        ('1&rates={"gd":1e-3}', {"rates": {"gd": 0.001}}),
        ("1&cursor=12&steps=1000", {"steps": 1000, "cursor": 12}),
        ('1&noise=0.5&seed=3&dtype="float16"', {"noise": 0.5, "seed": 3, "dtype": "float16"}),
        (
            '1&schedule={"name":"cosine"}',
            {
                "schedule": {
                    "name": "cosine",
                    "settings": {"steps": 100, "end": 0},
                    "warmup": 0,
                    "start": 0,
                }
            },
        ),
    ],
)
def test_a_link_holds_what_differs_from_the_authors_figure(monkeypatch, target, link):
    addresses, said = resolved(monkeypatch, [target], [bowl()])
    assert said == [] and read_link(addresses[0]) == {"figure": "1"} | link


def test_figures_are_counted_from_1_on_the_page(monkeypatch):
    shown = [lab("parabola", lr=0.5), bowl()]
    addresses, said = resolved(monkeypatch, ["2&start=[1,2]", "1&start=[3]"], shown)
    assert said == [] and [read_link(one)["figure"] for one in addresses] == ["2", "1"]


OTHERS = {"steps": [lab("parabola", lr=0.5), ask(2), bowl()], "wordless": []}


@pytest.mark.parametrize(
    ("target", "page", "changes"),
    [
        ("steps:2&lr=2.1", "steps.html", {"figure": "2", "lr": 2.1}),
        ("steps:1", "steps.html", {"figure": "1"}),
        ("slides/steps:2&start=[1,2]", "slides/steps.html", {"figure": "2", "start": [1, 2]}),
    ],
)
def test_a_link_may_set_a_figure_of_another_page_or_of_its_slides(monkeypatch, target, page, changes):
    (address,), said = resolved(monkeypatch, [target], [bowl()], OTHERS)
    found, hash_, fragment = address.partition("#")
    assert said == [] and found == page and read_link(hash_ + fragment) == changes


def test_a_figure_of_another_page_opens_in_a_tab_of_its_own_and_one_of_this_page_does_not():
    document = document_with([bowl()])
    document += [nodes.reference("", "text", refuri="", state=target) for target in ("1", "steps:1", "slides/steps:1")]
    states.resolve(edition_with(OTHERS), document, "page")
    links = [(link.get("target"), link.get("rel")) for link in document.findall(nodes.reference)]
    assert links == [(None, None), ("_blank", "noopener"), ("_blank", "noopener")]


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("step:1", "there is no page 'step': did you mean 'steps'?"),
        ("steps:3", "steps has no figure 3, only 2"),
        ("wordless:1", "wordless has no figure 1, only 0"),
        ("steps:0", "not with 'steps:0'"),
        ("slides/1", "not with 'slides/1'"),
        ("other/steps:1", "not with 'other/steps:1'"),
        ("slides/steps:2&lr=0", "lr must be a finite number above 0, got 0.0"),
        ("steps:2&start=[1]", "start must"),
    ],
)
def test_what_a_figure_of_another_page_would_refuse_is_refused(monkeypatch, target, wrong):
    _, said = resolved(monkeypatch, [target], [bowl()], OTHERS)
    assert len(said) == 1 and said[0].startswith(f"{{state}}`{target}`: ") and wrong in said[0]


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("", "with page and number, such as overshooting:2&lr=0.1, not with ''"),
        ("lr=0.1", "begins with the number of a figure"),
        ("0&lr=0.1", "begins with the number of a figure"),
        ("2&lr=0.1", "this page has no figure 2, only 1"),
        ("1&rate=0.1", "a state cannot set 'rate': did you mean 'rates'?"),
        ('1&panels=["loss"]', "a state cannot set 'panels'"),
        ("1&lr", "lr has no value"),
        ("1&lr=0,1", "lr=0,1 is not JSON"),
        ("1&lr=Infinity", "lr=Infinity is not JSON"),
        ("1&lr=0.1&lr=0.2", "this state sets lr twice"),
        ("1&lr=0", "lr must be a finite number above 0, got 0.0"),
        ("1&start=[1]", "start must"),
        ("1&cursor=31", "cursor must be a whole number from 0 to steps, 30, got 31"),
        ('1&settings={"bata":0.9}', "has no setting 'bata': did you mean 'beta'?"),
        ("1&settings=[0.9]", "settings must be a dict"),
        ('1&optimizer="adam', "is not JSON"),
        ('1&optimizers=["adma"]', "optimizer 'adma' is unknown: did you mean 'adam"),
    ],
)
def test_what_the_figure_would_refuse_is_refused_with_the_target(monkeypatch, target, wrong):
    _, said = resolved(monkeypatch, [target], [bowl()])
    assert len(said) == 1 and said[0].startswith(f"{{state}}`{target}`: ") and wrong in said[0]


def test_a_question_about_another_figure_than_the_one_before_it_is_refused(monkeypatch):
    first, second = bowl(), bowl(condition=10)
    question = ask("condition", figure=first)
    assert resolved(monkeypatch, shown=[first, question, second, ask("loss", figure=second), ask(2)])[1] == []
    for shown in ([first, second, question], [question, first]):
        (said,) = resolved(monkeypatch, shown=shown)[1]
        assert "a question is about the nearest figure before it" in said


def test_the_page_can_set_what_a_link_can():
    script = (ROOT / "lrlib/figure/state.js").read_text(encoding="utf-8")
    assert tuple(json.loads(re.search(r"^const HANDS = (\[.*?\]);", script, re.MULTILINE)[1])) == states.KEYS


def test_the_contract_compares_the_targets_and_reads_the_words(tmp_path):
    path = tmp_path / "en" / "steps.md"
    path.parent.mkdir()
    path.write_text('# Steps\n\nTake {state}`a longer step <2&settings={"beta":0.9}>` now.\n', encoding="utf-8")
    read = chapter.read(path, tmp_path)
    assert [mark.value for mark in read.of("reference")] == ['state:2&settings={"beta":0.9}']
    assert read.prose[-1].text == "Take a longer step now."

"""Sharing a figure: links to its state, lines of Python, pictures."""

import base64
import json
import random
import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from lrlib import lab
from lrlib import page as parts
from lrlib.optimizers import OPTIMIZERS
from lrlib.schedules import SCHEDULES
from lrlib.surfaces import SURFACES
from lrlib.words import LANGUAGES, strings
from pages import ROOT

SVG = "{http://www.w3.org/2000/svg}"
CLIPBOARD = """Object.defineProperty(navigator, "clipboard", { configurable: true,
    value: { writeText: async (text) => { window.copied = text; } } })"""
REFUSED = """Object.defineProperty(navigator, "clipboard", { configurable: true,
    value: { writeText: async () => { throw new DOMException("no", "NotAllowedError"); } } })"""

#: Another address, and all who listen have heard of it: whoever comes last is told last.
HEARD = """hash => new Promise((done) => {
    addEventListener("hashchange", done, { once: true });
    location.hash = hash;
})"""


def bowl(**changed):
    given = {"optimizer": "gd", "lr": 0.05, "start": [-4, 2.5], "steps": 30, "lr_range": (1e-3, 1), "condition": 25}
    return lab("quadratic", **given | changed)


def rate(page, figure: int = 0):
    return page.locator("lr-lab").nth(figure).locator(".rate input[type=text]")


def button(page, name: str, figure: int = 0, language: str = "en"):
    return page.locator("lr-lab").nth(figure).get_by_role("button", name=strings(language)[name], exact=True)


def copied_link(page, figure: int = 0) -> str:
    """The fragment that the button gives."""
    page.evaluate(CLIPBOARD)
    button(page, "copy_link", figure).click()
    expect(page.locator("lr-lab").nth(figure).locator(".share [role=status]")).not_to_be_empty()
    link = page.evaluate("window.copied")
    assert link == page.url  # so that the switch of languages keeps it
    return "#" + urlsplit(link).fragment


def follow(page, fragment: str) -> None:
    page.evaluate("hash => { location.hash = hash; }", fragment)


def parameters(fragment: str) -> dict:
    return dict(parse_qsl(fragment[1:]))


def saved(page, kind: str, tmp_path: Path) -> tuple[str, bytes]:
    with page.expect_download() as download:
        button(page, f"save_{kind}").click()
    target = tmp_path / f"picture.{kind}"
    download.value.save_as(target)
    return download.value.suggested_filename, target.read_bytes()


def shown_alone(page, picture: bytes, kind: str) -> dict:
    """Size and number of colours of a picture on a page that has nothing else."""
    address = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
    return page.evaluate(
        """async (address) => {
            const image = new Image();
            image.src = address;
            await image.decode();
            const { naturalWidth: width, naturalHeight: height } = image;
            const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
            pen.drawImage(image, 0, 0);
            const colours = new Set(new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer));
            return { width, height, colours: colours.size };
        }""",
        address,
    )


# ---------------------------------------------------------------- links


def test_a_link_holds_what_the_reader_changed_and_nothing_else(show):
    page = show(bowl())
    assert set(parameters(copied_link(page))) == {"figure"}
    rate(page).fill("0.07")
    link = parameters(copied_link(page))
    assert link.keys() == {"figure", "lr"} and link["lr"] == "0.07"


def test_a_link_opens_the_figure_as_it_stood_in_every_language(show):
    page = show(bowl(optimizer=["gd", "adam"]))
    rate(page).fill("0.07")
    page.locator("lr-lab .start").press("ArrowRight")
    page.get_by_role("button", name=strings("en")["step_back"]).click()
    link = copied_link(page)
    start = page.locator("lr-lab .start").get_attribute("aria-valuenow")
    assert parameters(link).keys() == {"figure", "lr", "start", "cursor"}
    for language in LANGUAGES:
        page = show(bowl(optimizer=["gd", "adam"], language=language), language=language)
        assert page.locator("lr-lab .start").get_attribute("aria-valuenow") != start
        follow(page, link)
        expect(rate(page)).to_have_value("0,07" if language == "de" else "0.07")
        expect(page.locator("lr-lab .start")).to_have_attribute("aria-valuenow", start)
        expect(page.locator(".transport input")).to_have_value("29")
        expect(page.locator(".wrong:not(:empty)")).to_have_count(0)


def test_a_page_that_is_opened_by_a_link_shows_its_state(show):
    page = show(bowl(), bowl(start=[1, 1]))
    rate(page, 1).fill("0.07")
    link = copied_link(page, 1)
    page.goto("about:blank")
    page.go_back()
    assert page.url.endswith(link)
    expect(rate(page, 1)).to_have_value("0.07")
    expect(rate(page, 0)).to_have_value("0.05")


def test_only_the_figure_that_is_meant_follows_and_comes_into_view(show):
    page = show(*(bowl(start=[-4, i]) for i in range(4)))
    page.locator("lr-lab").nth(3).scroll_into_view_if_needed()
    rate(page, 3).fill("0.07")
    link = copied_link(page, 3)
    button(page, "reset", 3).click()
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("lr-lab").nth(3)).not_to_be_in_viewport()
    follow(page, "")
    follow(page, link)
    expect(page.locator("lr-lab").nth(3)).to_be_in_viewport()
    expect(rate(page, 3)).to_have_value("0.07")
    expect(rate(page, 0)).to_have_value("0.05")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_to_a_figure_that_has_changed_opens_the_authors_and_says_so(show, language):
    link = copied_link(show(bowl())).split("&")[0] + "&lr=0.07"
    page = show(bowl(steps=31, language=language), language=language)
    rate(page).fill("0.2")
    follow(page, link)
    expect(page.get_by_text(strings(language)["link_changed"])).to_be_visible()
    expect(rate(page)).to_have_value("0,05" if language == "de" else "0.05")
    rate(page).fill("0.3")
    expect(page.get_by_text(strings(language)["link_changed"])).to_have_count(0)


@pytest.mark.parametrize(
    "broken",
    [
        "lr=0.0",
        "lr=1e999",
        "lr=zero",
        'lr="0.1"',
        "lr=",
        "start=[1]",
        "start=[1,null]",
        "steps=1e9",
        "cursor=31",
        'optimizers=["sgd"]',
        'optimizer="adam"',
        "rates=[]",
        'settings={"condition":-1}',
        'schedule={"name":"cosine"}',
        'language="de"',
        'panels=["loss"]',
        'surface="parabola"',
        '__proto__={"lr":1}',
    ],
)
def test_a_damaged_link_opens_the_authors_figure_and_says_so(show, broken):
    page = show(bowl())
    link = copied_link(page)
    rate(page).fill("0.2")
    name, _, value = broken.partition("=")
    follow(page, f"{link}&{name}={quote(value)}")
    expect(page.get_by_text(strings("en")["link_broken"])).to_be_visible()
    expect(rate(page)).to_have_value("0.05")


@pytest.mark.parametrize(
    "fragment", ["#figure=7.abc&lr=0.1", "#figure=0.abc&lr=0.1", "#figure=", "#lr=0.1", "#why", "#%"]
)
def test_a_link_to_something_else_changes_nothing(show, fragment):
    page = show(bowl())
    rate(page).fill("0.2")
    page.evaluate(HEARD, fragment)
    expect(rate(page)).to_have_value("0.2")
    expect(page.locator(".wrong:not(:empty)")).to_have_count(0)


def test_a_figure_that_was_removed_follows_no_link(show):
    page = show(bowl(), bowl(start=[1, 1]))
    link = copied_link(page)
    page.evaluate("""() => {
        const [gone] = document.querySelectorAll("lr-lab");
        window.scrolled = 0;
        gone.scrollIntoView = () => { scrolled += 1; };
        gone.remove();
    }""")
    page.evaluate(HEARD, link + "&lr=0.07")
    assert page.evaluate("scrolled") == 0


def test_where_the_browser_does_not_let_it_copy_the_text_is_there_to_be_copied(show):
    page = show(bowl())
    page.evaluate(REFUSED)
    for name, text in (("copy_python", "descend("), ("copy_link", "#figure=1.")):
        button(page, name).press("Enter")
        field = page.locator(".share textarea")
        expect(field).to_be_focused()
        assert text in page.evaluate("getSelection().toString() || document.activeElement.value")
        assert page.evaluate("document.activeElement.selectionEnd === document.activeElement.value.length")
        expect(page.locator(".share [role=status]")).to_have_text(strings("en")["copy_refused"])
    rate(page).fill("0.07")
    expect(page.locator(".share textarea")).to_be_hidden()


def test_in_a_notebook_there_is_no_link(show):
    page = show(bowl())
    module = parts.widget_script("lab").replace("export default", "window.widget =")
    page.add_script_tag(content=f"(() => {{ {module} }})()")
    page.evaluate(
        """(values) => {
            const el = document.body.appendChild(document.createElement("div"));
            el.id = "cell";
            widget.render({ el, model: { get: (key) => values[key], set() {}, save_changes() {}, on() {}, off() {} } });
        }""",
        json.loads(page.locator("lr-lab").get_attribute("data-settings")),
    )
    expect(page.locator("#cell").get_by_role("button", name=strings("en")["copy_python"])).to_be_visible()
    expect(page.locator("#cell").get_by_role("button", name=strings("en")["copy_link"])).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_buttons_are_large_enough_and_within_the_page(show, language):
    page = show(bowl(language=language), width=320, language=language)
    boxes = page.locator(".share button").evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    assert len(boxes) == 4
    assert all(box["height"] >= 24 and box["width"] >= 24 and box["right"] <= 320 for box in boxes)


# ---------------------------------------------------------------- links of the book itself


def own_links(page, *fragments: str) -> None:
    """Links as the role {state} makes them, above the figures."""
    page.evaluate(
        """fragments => fragments.forEach((fragment, number) => {
            const link = Object.assign(document.createElement("a"), { href: fragment, id: `own-${number}`, textContent: "see" });
            document.querySelector("main").before(link, " ");
        })""",
        list(fragments),
    )


def test_a_link_of_the_book_sets_the_figure_as_often_as_it_is_followed(show):
    page = show(bowl(), bowl(start=[1, 1]))
    own_links(page, "#figure=2&lr=0.07&cursor=3", "#figure=2", "#figure=1&lr=0.01")
    for _ in range(3):
        page.locator("#own-0").click()
        expect(rate(page, 1)).to_have_value("0.07")
        expect(page.locator(".transport input").nth(1)).to_have_value("3")
        expect(rate(page, 0)).to_have_value("0.05")
        expect(page.locator("lr-lab").nth(1)).to_be_in_viewport()
        rate(page, 1).fill("0.2")
        button(page, "step_on", 1).click()
    page.locator("#own-1").press("Enter")
    expect(rate(page, 1)).to_have_value("0.05")
    expect(page.locator(".transport input").nth(1)).to_have_value("30")
    page.locator("#own-2").press("Enter")
    expect(rate(page, 0)).to_have_value("0.01")
    page.go_back()
    page.go_back()
    expect(rate(page, 1)).to_have_value("0.07")
    expect(page.locator(".wrong:not(:empty)")).to_have_count(0)


def test_a_link_of_the_book_needs_no_fingerprint_but_a_readable_state(show):
    page = show(bowl())
    for broken in ("#figure=1&lr=-1", "#figure=1&lr=x", "#figure=1&panels=[]"):
        rate(page).fill("0.2")
        follow(page, broken)
        expect(page.get_by_text(strings("en")["link_broken"])).to_be_visible()
        expect(rate(page)).to_have_value("0.05")
    follow(page, "#figure=11&lr=0.3")  # another figure, which is not there
    expect(rate(page)).to_have_value("0.05")


def test_settings_in_a_link_of_the_book_are_put_into_the_authors(show):
    page = show(bowl(optimizer="momentum", beta=0.8))
    rate(page).fill("0.2")
    follow(page, "#figure=1&settings=" + quote('{"beta":0.5}'))
    expect(rate(page)).to_have_value("0.05")
    assert page.evaluate("document.querySelector('lr-lab').model.get('settings')") == {
        "condition": 25, "rotation": 0, "beta": 0.5,
    }  # fmt: skip


def test_after_a_link_the_keyboard_goes_on_in_the_figure(show):
    page = show(bowl(), bowl())
    own_links(page, "#figure=2&lr=0.07")
    page.locator("#own-0").press("Enter")
    expect(page.locator("lr-lab").nth(1)).to_be_focused()
    expect(page.locator("lr-lab .unseen[role=status]").nth(1)).to_contain_text("0.07")  # and it is read out
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelectorAll('lr-lab')[1].contains(document.activeElement)")


def test_a_link_into_a_folded_box_opens_it(show):
    page = show(bowl())
    page.evaluate("""() => {
        const box = document.createElement("details"), figure = document.querySelector("lr-lab");
        figure.before(box);
        box.append(figure);
    }""")
    follow(page, "#figure=1&lr=0.07")
    expect(rate(page)).to_be_visible()
    expect(rate(page)).to_have_value("0.07")


# ---------------------------------------------------------------- the language switch

SWITCH = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="data:,"></head>
<body><nav class="languages"><a href="../de/chapter.html" data-language="de">Deutsch</a></nav>
<section id="the-question"><span id="chapter-question"></span><h2>The question</h2></section>
<section id="chapter-figure"><span id="id2"></span><h2>图</h2></section>
<section id="unlabelled"><h2>Words</h2></section><div id="equation-step"></div>
<section class="reference-entry" id="lrlib-descend"></section><script>SCRIPT</script></body></html>"""


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("", ""),
        ("#figure=2.abc&lr=0.5", "#figure=2.abc&lr=0.5"),
        ("#the-question", "#chapter-question"),
        ("#chapter-question", "#chapter-question"),
        ("#chapter-figure", "#chapter-figure"),
        ("#equation-step", "#equation-step"),
        ("#lrlib-descend", "#lrlib-descend"),
        ("#unlabelled", ""),
        ("#gone", ""),
        ("#%", ""),
    ],
)
def test_the_language_switch_keeps_the_place_where_there_is_one(page, tmp_path, here, there):
    for language in ("en", "de"):
        (tmp_path / language).mkdir()
        script = (ROOT / "site/assets/site.js").read_text(encoding="utf-8")
        (tmp_path / language / "chapter.html").write_text(SWITCH.replace("SCRIPT", script), encoding="utf-8")
    page.goto((tmp_path / "en/chapter.html").as_uri() + here)
    page.get_by_text("Deutsch").click()
    page.wait_for_url(re.compile("/de/chapter.html"))
    assert page.evaluate("location.hash") == there


# ---------------------------------------------------------------- lines of Python


def random_figure(seed: int) -> lab:
    """A figure with anything that can stand in its lines of Python."""
    dice = random.Random(seed)
    surface = SURFACES[dice.choice(list(SURFACES))]
    race = dice.sample(list(OPTIMIZERS), dice.choice([1, 1, 2, 5]))

    def number(known):
        return dice.choice([known.default, dice.uniform(*known.slider)])

    hyper = {name: known for rule in race for name, known in OPTIMIZERS[rule].settings.items()}
    given = {name: number(known) for name, known in (surface.settings | hyper).items() if dice.random() < 0.6}
    figure = lab(
        surface.name,
        race,
        lr=10 ** dice.uniform(-9, 2),
        start=[dice.choice([-0.0, 1e-7, 2.0, dice.uniform(-5, 5)]) for _ in range(surface.dimension)],
        steps=dice.randint(1, 60),
        noise=dice.choice([0, 0.5]),
        seed=dice.choice([0, 7]),
        dtype=dice.choice(["float64", "float32", "float16"]),
        lr_range=(1e-9, 100),
        **given,
    )
    known = SCHEDULES[dice.choice(["constant", *SCHEDULES])]
    chosen = {
        "name": known.name,
        "settings": {name: number(one) for name, one in known.settings.items()},
        "warmup": dice.choice([0, 10]),
        "start": dice.choice([0, 0.25]),
    }
    try:
        figure.schedule = chosen
    except ValueError:
        pass  # a rate that this schedule does not take
    figure.rates = {name: 10 ** dice.uniform(-3, 0) for name in race if dice.random() < 0.3}
    return figure


def test_page_and_python_give_the_same_lines(page):
    figures = [random_figure(seed) for seed in range(40)]
    script = parts.widget_script("lab").partition("export default")[0]
    states = [figure._state for figure in figures]
    page.goto("about:blank")
    written = page.evaluate(f"(states) => {{ {script}\nreturn states.map(pythonOf); }}", states)
    assert written == [figure.python for figure in figures]
    assert any("schedules.warmup(" in text for text in written)


def test_the_button_copies_the_lines_of_what_is_shown(show):
    figure = bowl(optimizer=["gd", "momentum"], beta=0.8)
    page = show(figure)
    page.evaluate(CLIPBOARD)
    rate(page).fill("0.07")
    figure.lr = 0.07
    button(page, "copy_python").click()
    expect(page.locator(".share [role=status]")).to_have_text(strings("en")["python_copied"])
    assert page.evaluate("window.copied") == figure.python


# ---------------------------------------------------------------- pictures


def test_the_svg_stands_alone(show, tmp_path):
    page = show(bowl(cursor=5))
    name, picture = saved(page, "svg", tmp_path)
    assert name == "quadratic-gd-0.05.svg"
    text, root = picture.decode(), ElementTree.fromstring(picture)
    assert not re.search(
        r"var\(|\sclass=|\sstyle=|<style|href|rgba\(|NaN|Infinity|role=|tabindex|(?<!xmlns=\")http", text
    )
    references = set(re.findall(r"url\(&quot;#([^&]*)&quot;\)|url\(#([^)]*)\)", text))
    assert {one or other for one, other in references} <= {node.get("id") for node in root.iter()}
    written = " ".join(root.itertext())
    for key in ("landscape", "loss", "gauge"):
        assert strings("en")[key] in written
    lines = [node.text for node in root.findall(f"{SVG}text")]
    assert page.locator(".says").inner_text() in " ".join(lines)
    page.goto("about:blank")
    alone = shown_alone(page, picture, "svg+xml")
    assert alone["colours"] > 50
    assert (alone["width"], alone["height"]) == (int(root.get("width")), int(root.get("height")))


def test_handles_stay_out_of_the_picture(show, tmp_path):
    page = show(bowl(optimizer="momentum"))
    assert page.locator("lr-lab [role=slider]:visible").count() >= 2
    _, picture = saved(page, "svg", tmp_path)
    assert not ElementTree.fromstring(picture).findall(f".//{SVG}circle")
    assert page.locator(".picture-legend").count() == 0


def test_the_picture_of_a_race_says_which_line_is_whose(show, tmp_path):
    page = show(bowl(optimizer=["gd", "adam", "lion"], lr={"gd": 0.05, "adam": 0.2}), width=375)
    name, picture = saved(page, "svg", tmp_path)
    assert name == "quadratic-gd-adam-lion-0.05.svg"
    root = ElementTree.fromstring(picture)
    written = [node.text for node in root.findall(f"{SVG}text")][:3]
    assert [line.split(",")[0] for line in written] == ["Gradient descent", "Adam", "Lion"]
    assert "0.2" in written[1]
    swatches = [node for node in root.iter(f"{SVG}path") if node.get("d") == "M0,6h32"]
    assert len({node.get("stroke") for node in swatches}) == 3
    assert int(root.get("width")) <= 375 + 20
    assert page.locator(".picture-legend").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_png_is_twice_as_fine(show, tmp_path, language):
    page = show(bowl(language=language, panels=("landscape", "loss", "state", "norm")), language=language)
    with page.expect_download() as download:
        button(page, "save_png", language=language).click()
    assert download.value.suggested_filename == "quadratic-gd-0.05.png"
    picture = Path(download.value.path()).read_bytes()
    assert picture.startswith(b"\x89PNG")
    panels = page.locator(".panels").bounding_box()
    alone = shown_alone(page, picture, "png")
    assert alone["colours"] > 50
    assert alone["width"] >= 2 * panels["width"] and alone["height"] > 2 * panels["height"]


@pytest.mark.parametrize(
    "given",
    [
        {"optimizer": "lion", "panels": ("gauge",)},
        {"optimizer": "gd", "lr": 50, "steps": 2000, "panels": ("loss", "norm", "rates")},
        {"optimizer": "gd", "steps": 1, "cursor": 0},
        {"optimizer": "adam", "lr": 1e-300, "panels": ("schedule",), "dtype": "float16"},
    ],
)
def test_a_picture_can_be_saved_of_anything(show, tmp_path, given):
    page = show(bowl(**given))
    _, picture = saved(page, "svg", tmp_path)
    ElementTree.fromstring(picture)
    assert not re.search(r"NaN|Infinity", picture.decode())

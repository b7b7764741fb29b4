"""From a chapter to its slides: what a lecture needs of it.

A page is read, a slide is spoken to. So what is on a slide is what must be seen (a figure with its caption, a formula, a
table, a listing, a result) with the last sentences before it and the first after it; the whole prose goes into the notes.

- The first slide is the title with the questions that the chapter asks; its notes hold the advice for the teacher.
- Every figure has one slide and every slide at most one figure, in the order of the page: its number stays, and so do all
  links to its states.
- A question about a figure has a slide of its own, with what the caption asks: the figure needs all the room.
- A formula stands with the sentence that leads to it; what it says follows on the next key.
- Two paragraphs or more without anything to see become a slide of their first sentences. A single one is in the notes.
- What is folded on the page, such as the answer to a prediction or the solution of an exercise, is a slide below.
- The last slide lists the sources.

The rule looks at the structure of a chapter, which is the same in all editions, and never at the length of its text. So a
slide has the same address in every language.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bs4 import Tag

from slides_sentences import inner, joined, markup, plain, sentences, width

MOST_POINTS = 4
LONGEST_CODE = 15  # lines of a cell and of what it prints; of a longer one only what it prints
# Letters: more than one sentence only if all fit.
ROOM = 260  # of a caption, and of what is said after a formula or the like
LEAD = 400  # of what is said before it, where it is told what is what
ABOVE = 150  # of what is said before a figure, which needs the room
POINTS = 600  # of all points of a slide


@dataclass
class Slide:
    """One slide, and those below it. `name` and `names` are what a link to it may say, `notes` what the speaker reads."""

    kind: str
    title: str
    body: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    below: list["Slide"] = field(default_factory=list)
    name: str = ""
    names: list[str] = field(default_factory=list)


def outline(page: Tag, name: str) -> list[Slide]:
    """The slides of a chapter.

    Arguments
        page: the `article` of the built page.
        name: of the chapter, with which its labels begin.
    """
    root = page.find("section")
    title = Slide("title", inner(root.find("h1")), name=name)
    teacher = page.find("details", id=f"{name}-teacher")
    if teacher:
        title.notes = [f"<h3>{_summary(teacher)}</h3>", *(str(block) for block in _folded(teacher.extract()))]
    slides = [title]
    for section in root.find_all("section", recursive=False):
        part, blocks = _label(section, name).removeprefix(f"{name}-"), _blocks(section)
        if part == "question":
            first = next((i for i, block in enumerate(blocks) if block.name != "p"), len(blocks))
            begun = [*root.find_all("p", recursive=False), *blocks[:first]]
            title.body = _questions(begun)
            title.notes += [str(block) for block in begun]
            blocks = blocks[first:]
        if part == "sources":
            slides.append(_sources(section, blocks, name))
        else:
            slides += _Part(name, section, foretells=part == "predict").read(blocks)
    return slides


def _label(section: Tag, name: str) -> str:
    """The label of a section in the book, not the id made of its heading: the same in every language."""
    ids = [*(span["id"] for span in section.find_all("span", id=True, recursive=False)), section.get("id", "")]
    return next((found for found in ids if found.startswith(f"{name}-")), "")


def _blocks(section: Tag) -> list[Tag]:
    """What a section holds, without its label and heading; sections in it are blocks too."""
    found = section.find_all(recursive=False)
    return [block for block in found if block.name not in ("span", "h1", "h2", "h3", "h4")]


def _classes(block: Tag) -> set[str]:
    return set(block.get("class", []))


def _summary(fold: Tag) -> str:
    summary = fold.find("summary")
    text = summary.find(class_="sd-summary-text")
    return inner(text or summary)


def _folded(fold: Tag) -> list[Tag]:
    """The blocks of a folded box."""
    inside = fold.find(["section", "div"], recursive=False) or fold
    return [block for block in inside.find_all(recursive=False) if block.name != "summary"]


def _questions(paragraphs: list[Tag]) -> list[str]:
    """What a chapter asks at its beginning; its first sentence if that asks nothing."""
    every = [sentence for paragraph in paragraphs for sentence in sentences(paragraph)]
    asked = [i for i, sentence in enumerate(every) if re.search(r"[?？][”“\"’»)]*$", plain(sentence))]
    if len(asked) == 1 and asked[0] > 0:
        asked = [asked[0] - 1, asked[0]]  # a single question needs the sentence before it
    return [f"<p>{every[i]}</p>" for i in (asked or range(len(every)))[:2]]


def _sources(section: Tag, blocks: list[Tag], name: str) -> Slide:
    """What a chapter cites in its sources, each once, as the bibliography has it but for its address."""
    cited = {}
    for link in section.select(".bibtex-citation a[title]"):
        text = re.split(r"\s*(?:URL:|doi:)", link["title"])[0].rstrip(" .")
        cited[link["href"]] = f'<li><a href="{link["href"]}">{text}</a></li>'
    body = [f'<ul class="sources">{"".join(cited.values())}</ul>'] if cited else []
    return Slide("list", _heading(section), body, [str(block) for block in blocks], name=_label(section, name))


def _heading(section: Tag) -> str:
    return inner(section.find(["h1", "h2", "h3", "h4"], recursive=False))


class _Part:
    """Reads the blocks of one section, one by one, into slides."""

    def __init__(self, chapter: str, section: Tag | None, title: str = "", foretells: bool = False):
        self.title = _heading(section) if section else title
        self.chapter, self.name = chapter, _label(section, chapter) if section else ""
        self.foretells = foretells
        self.slides: list[Slide] = []
        self.waiting: list[Tag] = []  # paragraphs that stand on no slide yet
        self.open: Slide | None = None  # the last slide, while what follows may explain it

    def read(self, blocks: Iterable[Tag]) -> list[Slide]:
        """The slides of these blocks."""
        exercise = None
        for block in blocks:
            classes = _classes(block)
            if block.name == "p":
                self.waiting.append(block)
            elif block.name == "section":
                self.settle()
                self.slides += _Part(self.chapter, block).read(_blocks(block))
                self.open = None
            elif "exercise" in classes:
                self.settle()
                exercise = self.add(_exercise(block))
            elif "solution" in classes:
                (exercise or self.last()).below.append(_solution(block))
                exercise = self.open = None
            elif block.name == "details" and "code-fold" not in classes:
                self.settle()
                self.last().below += _Part(self.chapter, None, _summary(block)).read(_folded(block))
            elif "caption" in classes:
                self.caption(block)
            elif exercise is not None and "cell" in classes:
                _see(exercise, block)
            elif "toctree-wrapper" not in classes:
                self.show(block)
        self.settle()
        if self.name and self.slides and self.slides[0].name != self.name:  # it begins with a part of its own
            self.slides[0].names.append(self.name)
        return self.slides

    def add(self, slide: Slide) -> Slide:
        """A new slide; the first of a labelled section bears its label."""
        slide.name = slide.name or (self.name if not self.slides else "")
        self.slides.append(slide)
        return slide

    def last(self) -> Slide:
        """The slide that stands above what is folded."""
        return self.slides[-1] if self.slides else self.add(Slide("points", self.title))

    def caption(self, block: Tag) -> None:
        """Below the figure: as many whole sentences as a slide holds; all of it in the notes."""
        slide, shown = self.last(), []
        for paragraph in block.find_all("p"):
            for sentence in sentences(paragraph):
                if not shown or width(plain(" ".join([*shown, sentence]))) <= ROOM:
                    shown.append(sentence)
        slide.body.append(f'<p class="told">{joined(shown)}</p>')
        slide.notes += [str(paragraph) for paragraph in block.find_all("p")]

    def show(self, block: Tag) -> None:
        """A slide for something to see; a formula is in the notes too, whose sentences go on with it."""
        kind, body = _sight(block)
        if not body:
            return
        noted = [body] if kind == "formula" else []
        asks = kind == "ask" and self.slides and not self.waiting
        joins = self.open and (kind == self.open.kind == "formula" or (asks and self.open.kind != "figure"))
        if joins and not self.waiting:
            self.open.body += [body] if asks else [f'<div class="fragment">{body}</div>']
            self.open.notes += noted
            return
        slide = Slide(kind, self.title)
        if asks and self.open:
            asked = [part for part in self.open.body if part.startswith('<p class="told">')]
            slide.body += [part.replace("told", "lead", 1) for part in asked]
        self.settle(slide)
        slide.body.append(body)
        slide.notes += noted
        self.open = self.add(slide)

    def settle(self, following: Slide | None = None) -> None:
        """Give the paragraphs that wait to the slide before them, to the `following` one, or to one of their own."""
        waiting, self.waiting = self.waiting, []
        leads = following is not None and (following.kind != "figure" or self.foretells)
        leading = waiting[-1] if waiting and leads else None
        explaining = waiting[0] if waiting and self.open is not None and self.open.kind != "figure" else None
        if explaining is not None:
            told = sentences(explaining)
            said = _first(told[:-1] if explaining is leading else told, ROOM)
            if said:
                self.open.body.append(f'<p class="follow fragment">{joined(said)}</p>')
            self.open.notes.append(str(explaining))
        if leading is not None:
            told = sentences(leading)[len(said) :] if explaining is leading else sentences(leading)
            room = ABOVE if following.kind == "figure" else LEAD
            following.body.append(f'<p class="lead">{joined(_last(told, room))}</p>')
            if leading is not explaining:
                following.notes.append(str(leading))
        rest = [paragraph for paragraph in waiting if paragraph is not leading and paragraph is not explaining]
        if len(rest) > 1 or (rest and not self.slides and following is None):
            self.points(rest)
        elif rest:
            (following or self.last()).notes[0:0] = [str(paragraph) for paragraph in rest]
        if following is None:
            self.open = None

    def points(self, paragraphs: list[Tag]) -> None:
        """Slides of first sentences, with as many on each as on the others."""
        count = -(-len(paragraphs) // MOST_POINTS)
        size = -(-len(paragraphs) // count)
        for at in range(0, len(paragraphs), size):
            some = paragraphs[at : at + size]
            told = [_first(sentences(paragraph), POINTS // max(len(some), 2)) for paragraph in some]
            points = "".join(f"<li>{joined(point)}</li>" for point in told)
            self.add(Slide("points", self.title, [f"<ul>{points}</ul>"], [str(paragraph) for paragraph in some]))


def _first(told: list[str], room: int) -> list[str]:
    """The first sentence, and as many more as there is room for."""
    count = 1
    while count < len(told) and width(plain(" ".join(told[: count + 1]))) <= room:
        count += 1
    return told[:count]


def _last(told: list[str], room: int) -> list[str]:
    """The last sentence, and as many before it as there is room for; what stands in brackets is no beginning."""
    last = _first(told[::-1], room)[::-1]
    while len(last) > 1 and last[0].startswith(("(", "（")):
        last = last[1:]
    return last


def _sight(block: Tag) -> tuple[str, str]:
    """What kind of slide shows a block, and what of the block it shows; nothing if there is nothing to see."""
    classes = _classes(block)
    if "cell" in classes:
        return _cell(block)
    if "math" in classes:
        return "formula", str(block)
    if block.find("table") or block.name == "table":
        return "table", str(block)
    if any(name.startswith("highlight") for name in classes):
        return "code", str(block)
    return "list", str(block)


def _cell(cell: Tag) -> tuple[str, str]:
    """A figure, a question, or a listing with what it prints."""
    for tag, kind in (("lr-lab", "figure"), ("lr-ask", "ask")):
        if element := cell.find(tag):
            return kind, str(element)
    source, printed = (cell.find("div", class_=f"cell_{part}") for part in ("input", "output"))
    hidden = source is None or source.parent is not cell
    lines = sum(len(part.get_text().strip().splitlines()) for part in (source, printed) if part)
    return "code", "".join(
        str(part) for part in ([] if hidden or lines > LONGEST_CODE else [source]) + [printed] if part
    )


def _exercise(block: Tag) -> Slide:
    title = block.find(class_="admonition-title")
    body = block.find("section") or block
    texts = [markup(child) for child in body.find_all(recursive=False) if child is not title]
    return Slide("exercise", " ".join(inner(title).split()), texts, name=block.get("id", ""))


def _see(slide: Slide, cell: Tag) -> None:
    """What belongs to an exercise: a figure to try it in, a field for the answer."""
    kind, body = _cell(cell)
    if body:
        slide.body.append(body)
        slide.kind = "exercise figure" if kind == "figure" else slide.kind


def _solution(block: Tag) -> Slide:
    return Slide("solution", _summary(block), [str(child) for child in _folded(block)], name=block.get("id", ""))

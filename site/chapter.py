"""One chapter as the contract between editions sees it: structure, code and prose, each with its line.

A chapter is read with the parser that builds the site, so what counts as a heading, a label or
prose here is what the reader gets.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

_CONFIG = yaml.safe_load((Path(__file__).resolve().parent.parent / "_config.yml").read_text(encoding="utf-8"))
_SPHINX = _CONFIG["sphinx"]["config"]
_PARSER = create_md_parser(MdParserConfig(enable_extensions=set(_SPHINX["myst_enable_extensions"])), RendererHTML)

LANGUAGES = tuple(_SPHINX["editions"])

# Stands in prose for what is not prose: code, mathematics, citations, titles of linked pages.
OBJECT = "\ufffc"

# Directives whose body is not Markdown for the reader.
LISTINGS = {"code", "code-block", "eval-rst", "include", "literalinclude", "raw"}
NO_PROSE = LISTINGS | {"bibliography", "code-cell", "image", "tableofcontents", "toctree"}
# Directives whose argument names something rather than being read as a title.
NAMING = NO_PROSE | {"button-link", "button-ref", "figure", "iframe", "reference", "solution", "solution-start"}
# Options a reader reads; they differ between editions.
READ_OPTIONS = {"alt", "caption"}


class Unreadable(Exception):
    """A file so broken that nothing else can be said about it; the text is the message."""


class Mark(NamedTuple):
    """A heading, label, directive, equation, listing or reference, as far as languages share it."""

    line: int
    kind: str
    value: str


class Cell(NamedTuple):
    """A code cell: the options languages share, and its code."""

    line: int
    options: dict
    source: str


class Prose(NamedTuple):
    """Text a reader reads; a line break in `text` is a line break in the file."""

    line: int
    text: str
    block: str = "title"

    def line_at(self, position: int) -> int:
        """The line in the file of the character at `position`."""
        return self.line + self.text.count("\n", 0, position)


@dataclass
class Chapter:
    """What was found in one file, in the order of the file."""

    path: str
    language: str
    name: str
    text: str
    front: dict[str, str] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    prose: list[Prose] = field(default_factory=list)

    def of(self, kind: str) -> list[Mark]:
        """The marks of one kind, in order."""
        return [mark for mark in self.marks if mark.kind == kind]

    def section_of(self, line: int) -> int:
        """How many headings stand at or before `line`."""
        return sum(heading.line <= line for heading in self.of("heading"))

    def line_of_section(self, number: int) -> int:
        """The line of the heading with that number, counted from 1; the first line before it."""
        headings = self.of("heading")
        return headings[min(number, len(headings)) - 1].line if number and headings else 1


def read(path: Path, root: Path) -> Chapter:
    """Read the chapter at `path`; its messages will name it relative to `root`."""
    chapter = Chapter(
        path=path.relative_to(root).as_posix(),
        language=path.parent.name,
        name=path.stem,
        text=path.read_text(encoding="utf-8"),
    )
    _read_blocks(chapter, chapter.text, first_line=1)
    return chapter


def read_yaml(text: str, path: str, first_line: int = 1):
    """YAML with every scalar as the string that was written: a hash of digits is not a number."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        raise Unreadable(f"{path}:{line}: this is not YAML ({error.problem}) — mend the syntax") from None


def _read_blocks(chapter: Chapter, text: str, first_line: int, nested: bool = False) -> None:
    tokens = _PARSER.parse(text)
    for before, token in zip([None, *tokens], tokens):
        line = first_line + token.map[0] if token.map else first_line
        if token.type == "front_matter":
            chapter.front = read_yaml(token.content, chapter.path, line + 1) or {}
        elif token.type == "heading_open":
            chapter.marks.append(Mark(line, "heading", token.markup))
        elif token.type == "myst_target":
            chapter.marks.append(Mark(line, "label", token.content))
        elif token.type in ("math_block", "math_block_label", "amsmath"):
            _read_equation(chapter, line, token.content, token.info)
        elif token.type == "inline":
            _read_inline(chapter, line, token.children, before.type.removesuffix("_open"))
        elif token.type in ("fence", "colon_fence", "code_block"):
            directive = re.fullmatch(r"\{([^}\s]+)\}\s*(.*)", token.info.strip())
            if directive:
                inside = nested or token.level > 0 or token.type != "fence"
                _read_directive(chapter, line, *directive.groups(), token.content, inside)
            else:
                chapter.marks.append(Mark(line, "listing", f"{token.info.strip()}\n{token.content}"))


def _read_equation(chapter: Chapter, line: int, tex: str, label: str) -> None:
    if label:
        chapter.marks.append(Mark(line, "label", label))
    chapter.marks.append(Mark(line, "equation", " ".join(without_text(tex).split())))


def without_text(tex: str) -> str:
    r"""TeX with what stands inside \text{…} left out, because it is translated."""
    result, position = "", 0
    for start in re.finditer(r"\\text\{", tex):
        if start.start() < position:  # a \text inside a \text
            continue
        result += tex[position : start.end()]
        depth, position = 1, start.end()
        while depth and position < len(tex):
            depth += {"{": 1, "}": -1}.get(tex[position], 0)
            position += 1
        result += "}"
    return result + tex[position:]


def _read_directive(chapter: Chapter, line: int, name: str, argument: str, content: str, nested: bool) -> None:
    options, body, body_line = _split_options(content, chapter.path, line + 1)
    for text in _texts(options):
        _read_inline(chapter, line, _PARSER.parseInline(text)[0].children, "title")
    if name == "code-cell" and not nested:
        _read_cell(chapter, line, options, body.strip("\n"))
    elif name == "math":
        _read_equation(chapter, line, argument + body, options.get("label", ""))
    elif name in LISTINGS:
        chapter.marks.append(Mark(line, "listing", f"{{{name}}} {argument}\n{body}"))
    else:
        chapter.marks += [Mark(line, "label", options[key]) for key in ("label", "name") if key in options]
        _read_targets(chapter, line, name, argument, options)
        _read_box(chapter, line, name, argument, options)
        if name not in NO_PROSE:
            _read_blocks(chapter, body, body_line, nested=True)


def _read_cell(chapter: Chapter, line: int, options: dict, source: str) -> None:
    figure = options.get("mystnb", {}).get("figure", {})
    if "name" in figure:
        chapter.marks.append(Mark(line, "label", figure["name"]))
    chapter.cells.append(Cell(line, _shared(options), source))


def _read_box(chapter: Chapter, line: int, name: str, argument: str, options: dict) -> None:
    shared = [f":{key}: {value}" for key, value in sorted(_shared(options).items()) if key not in ("label", "name")]
    named = [argument] if argument and name in NAMING else []
    chapter.marks.append(Mark(line, "directive", " ".join([f"{{{name}}}", *named, *shared])))
    if argument and not named:
        _read_inline(chapter, line, _PARSER.parseInline(argument)[0].children, "title")


def _texts(options: dict) -> list[str]:
    """What a reader reads of the options, at any depth: alternative texts and captions."""
    own = [value for key, value in options.items() if key in READ_OPTIONS and isinstance(value, str)]
    return own + [text for value in options.values() if isinstance(value, dict) for text in _texts(value)]


def _shared(options: dict) -> dict:
    """What languages share of the options."""
    kept = ((key, value) for key, value in options.items() if key not in READ_OPTIONS)
    return {key: _shared(value) if isinstance(value, dict) else value for key, value in kept}


def _read_targets(chapter: Chapter, line: int, name: str, argument: str, options: dict) -> None:
    """Record what a directive points at: a picture, an exercise, the page behind a card."""
    if name in ("figure", "image"):
        chapter.marks.append(Mark(line, "reference", f"image:{argument}"))
    elif name in ("solution", "solution-start"):
        chapter.marks.append(Mark(line, "reference", f"ref:{argument}"))
    if "link" in options:
        chapter.marks.append(Mark(line, "reference", f"{options.get('link-type', 'url')}:{options['link']}"))


def _split_options(content: str, path: str, first_line: int) -> tuple[dict, str, int]:
    """The options at the top of a directive, what follows, and the line on which that begins."""
    lines = content.splitlines()
    if lines and lines[0].strip() == "---":
        end = next((i for i, text in enumerate(lines) if i and text.strip() == "---"), len(lines))
        options = read_yaml("\n".join(lines[1:end]), path, first_line + 1) or {}
        return options, "\n".join(lines[end + 1 :]), first_line + end + 1
    options = {}
    for number, text in enumerate(lines):
        option = re.fullmatch(r":([\w-]+):\s*(.*?)\s*", text)
        if not option:
            return options, "\n".join(lines[number:]), first_line + number
        options[option[1]] = option[2]
    return options, "", first_line + len(lines)


def _read_inline(chapter: Chapter, line: int, tokens: list, block: str) -> None:
    text, inside_title = "", False
    for token in tokens:
        here = line + text.count("\n")
        if token.type == "link_open":
            chapter.marks.append(Mark(here, "reference", _link(token.attrs["href"])))
            inside_title = _is_outside(token.attrs["href"])
            text += OBJECT if inside_title else ""
        elif token.type == "link_close":
            inside_title = False
        elif token.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif inside_title or token.nesting:
            continue
        elif token.type in ("text", "text_special"):
            text += token.content.replace("\N{SOFT HYPHEN}", "")  # where a long word may be divided: &shy;
        elif token.type == "image":
            chapter.marks.append(Mark(here, "reference", f"image:{token.attrs['src']}"))
            _read_inline(chapter, here, token.children or [], "title")
        elif token.type == "myst_role":
            text += _read_role(chapter, here, token.meta["name"], token.content)
        else:
            text += OBJECT + "\n" * token.content.count("\n")
    if text.strip():
        chapter.prose.append(Prose(line, text, block))


def _is_outside(href: str) -> bool:
    return re.match(r"[a-z]+:", href) is not None


def _link(href: str) -> str:
    return f"url:{href}" if _is_outside(href) else f"link:{href}"


def _read_role(chapter: Chapter, line: int, role: str, content: str) -> str:
    """Record what a role points at and return the text it shows."""
    role = role.split(":")[0]
    named = re.fullmatch(r"(.*?)\s*<([^<>]+)>", content, re.DOTALL)
    shown, target = named.groups() if named else (OBJECT, content)
    if role == "cite":
        chapter.marks += [Mark(line, "reference", f"cite:{key.strip()}") for key in content.split(",")]
        return OBJECT
    if role in ("doc", "download", "eq", "numref", "ref"):
        chapter.marks.append(Mark(line, "reference", f"{role}:{target}"))
        return shown
    if role == "state":
        chapter.marks.append(Mark(line, "reference", f"state:{target if named else ''}"))
        return shown if named else content
    if role == "term":
        chapter.marks.append(Mark(line, "term", target))
        return shown if named else content
    return OBJECT

"""The directive `{reference}`: a module of lrlib, described by its docstrings.

    ```{reference} lrlib.optimizers
    :names: adam, adamw
    ```

Without names it shows all that is public. The docstrings are English in every edition, and marked so; the
words around them are the edition's.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.locale import get_translation
from sphinx.util.docutils import SphinxDirective

import docstrings
import editions
from docstrings import Entry, Item, Part

_ = get_translation("reference")  # a catalogue of its own: Sphinx's calls arguments parameters in German
ENGLISH = "language-en"  # docutils makes it a lang attribute


class Reference(SphinxDirective):
    """One section for each name of the module."""

    required_arguments = 1
    option_spec: ClassVar = {"names": lambda given: re.split(r",\s*", given)}

    def run(self) -> list[nodes.Node]:
        """The sections."""
        module = importlib.import_module(self.arguments[0])
        entries = docstrings.entries(module, self.options.get("names"))
        for file in {docstrings.file_of(module), *(docstrings.file_of(entry.value) for entry in entries)}:
            self.env.note_dependency(file)
        self.env.metadata[self.env.docname]["is_reference"] = True
        writer = Writer(self.markdown, editions.code(self.env.app))
        return [writer.section(entry) for entry in entries]

    def markdown(self, text: str) -> list[nodes.Node]:
        """Text of a docstring, parsed like the page around it."""
        holder = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines()), 0, holder)
        return holder.children


class Writer:
    """From an entry to a section: `markdown` parses the text, `language` is that of the words around it."""

    def __init__(self, markdown: Callable[[str], list[nodes.Node]], language: str):
        self.markdown = markdown
        self.own_language = f"language-{editions.TAGS.get(language, language)}"

    def section(self, entry: Entry) -> nodes.section:
        """Heading, call, docstring, and what is known besides."""
        title = nodes.title("", "", nodes.literal("", entry.name))
        # The second id is the one to link to; the theme's script cannot follow one with dots.
        ids = [entry.full_name.replace(".", "-"), entry.full_name]
        section = nodes.section("", title, ids=ids, classes=["reference-entry"])
        if (call := signature(entry)).astext() != title.astext():
            section += call
        settings = [self.label(_("Settings")), self.table(entry.settings)] if entry.settings else []
        for part in entry.parts:
            section += self.part(part)
            if part.kind == "arguments":
                section += settings
        section += self.more(_("Attributes and methods"), docstrings.members(entry))
        section += self.more(_("Companions"), {function.__name__: function for function in entry.companions})
        return section

    def part(self, part: Part) -> list[nodes.Node]:
        """One paragraph of a docstring."""
        match part.kind:
            case "arguments":
                return [self.label(_("Arguments")), self.definitions(part.items)]
            case "columns":
                return [self.label(_("Attributes")), self.definitions(part.items)]
            case "example":
                return [self.label(_("Example")), nodes.literal_block(part.text, part.text, language="pycon")]
            case "verbatim":
                return [nodes.literal_block(part.text, part.text, language="text", classes=[ENGLISH])]
            case "source":
                paragraph, *others = self.english(part.text)
                paragraph.insert(0, nodes.strong("", _("Source: "), classes=[self.own_language]))
                paragraph["classes"].append("source")
                return [paragraph, *others]
        if part.text.startswith("$$") and part.text.endswith("$$"):
            return [self.equations(part.text.strip("$"))]
        return self.english(part.text)

    def equations(self, formula: str) -> nodes.container:
        """Equations side by side, each in a box of its own, so that a phone can put them one below the other."""
        boxes = (self.markdown(f"$${equation.strip()}$$") for equation in formula.split(r"\qquad"))
        return nodes.container("", *(node for box in boxes for node in box), classes=["equations"])

    def english(self, text: str) -> list[nodes.Node]:
        """Text of a docstring, marked as English."""
        parsed = self.markdown(text)
        for node in parsed:
            node["classes"].append(ENGLISH)
        return parsed

    def label(self, word: str) -> nodes.rubric:
        """A line above a list or an example; no heading, or the contents of the page would be full of them."""
        return nodes.rubric("", str(word))

    def definitions(self, items: Iterable[Item]) -> nodes.definition_list:
        """Names with what stands beside them, and their descriptions."""
        listed = nodes.definition_list(classes=["reference-list"])
        for item in items:
            term = nodes.term("", "", nodes.literal("", item.names[0]))
            for name in item.names[1:]:
                term += [nodes.Text(", "), nodes.literal("", name)]
            if item.beside:
                term += [nodes.Text(" "), nodes.inline("", item.beside, classes=["beside", ENGLISH])]
            listed += nodes.definition_list_item("", term, nodes.definition("", *self.english(item.text)))
        return listed

    def more(self, word: str, described: dict[str, Any]) -> list[nodes.Node]:
        """Functions and properties that need no section of their own: the prose of their docstrings."""
        items = []
        for name, value in described.items():
            prose = [part.text for part in docstrings.parse(value.__doc__ or "") if part.kind == "text"]
            items.append(Item([f"{name}()" if inspect.isfunction(value) else name], "", "\n\n".join(prose)))
        return [self.label(word), self.definitions(items)] if items else []

    def table(self, settings: dict[str, Any]) -> nodes.table:
        """Name, default, what is allowed and what a slider spans."""

        def span(ends: tuple[float, float]) -> nodes.Text:
            return nodes.Text(_("{low} to {high}").format(low=number(ends[0]), high=number(ends[1])))

        head = row(nodes.Text(str(word)) for word in (_("Name"), _("Default"), _("Allowed"), _("Slider")))
        rows = [
            row([nodes.literal("", name), nodes.Text(number(known.default)), span(known.allowed), span(known.slider)])
            for name, known in settings.items()
        ]
        columns = [nodes.colspec(colwidth=1) for _column in head]
        group = nodes.tgroup("", *columns, nodes.thead("", head), nodes.tbody("", *rows), cols=len(columns))
        return nodes.table("", group, classes=["reference-settings"])


def row(cells: Iterable[nodes.Node]) -> nodes.row:
    """A row of a table."""
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def number(value: float) -> str:
    """As it is typed, but short: 1e6, not 1000000.0."""
    short = f"{value:g}"
    return re.sub(r"e\+?(-?)0*", r"e\1", short if float(short) == value else repr(value))


def signature(entry: Entry) -> nodes.paragraph:
    """How it is called: each argument, with type and default, in one piece."""
    qualifier = entry.module.removeprefix("lrlib").removeprefix(".")
    code = nodes.literal("", "", nodes.inline("", f"{qualifier}." if qualifier else ""), nodes.strong("", entry.name))
    pieces = list(arguments(entry))
    if pieces or inspect.isroutine(entry.value):
        code += nodes.Text("(")
        for piece in pieces[:-1]:
            code += [nodes.inline("", f"{piece},"), nodes.Text(" ")]
        code += [nodes.inline("", f"{piece})") for piece in pieces[-1:]] or [nodes.Text(")")]
        returned = type_name(inspect.signature(entry.value).return_annotation) if pieces else ""
        if returned and returned != "None" and not inspect.isclass(entry.value):
            code += [nodes.Text(" "), nodes.inline("", f"→ {returned}")]
    return nodes.paragraph("", "", code, classes=["signature"])


def arguments(entry: Entry) -> Iterator[str]:
    """Each argument as it stands in a definition."""
    has_star = False
    for parameter in docstrings.parameters(entry):
        if parameter.kind == Parameter.KEYWORD_ONLY and not has_star:
            has_star = True
            yield "*"
        stars = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        kind = type_name(parameter.annotation)
        text = f"{stars}{parameter.name}: {kind}" if kind else f"{stars}{parameter.name}"
        if parameter.default is not Parameter.empty:
            text += f" = {default(parameter.default)}" if kind else f"={default(parameter.default)}"
        yield text


def type_name(annotation: Any) -> str:
    """A type without the modules it comes from; nothing where it may be anything."""
    if annotation is Parameter.empty:
        return ""
    name = re.sub(r"(?<![.\w])(?:\w+\.)+", "", inspect.formatannotation(annotation))
    return "" if "Any" in name.split(" | ") else name


def default(value: Any) -> str:
    """A default as it is typed; of a type, such as np.float64, its name."""
    if isinstance(value, float):
        return number(value)
    return value.__name__ if isinstance(value, type) else repr(value)


def link_names(app: Sphinx, doctree: nodes.document) -> None:
    """In the descriptions, the name of another entry or module leads there."""
    places, entries = {}, [node for node in doctree.findall(nodes.section) if "reference-entry" in node["classes"]]
    for entry in entries:
        place, full_name = entry["ids"]
        _package, *module, name = full_name.split(".")
        places[".".join([*module, name])] = place
        places |= dict.fromkeys(module, entry.parent["ids"][0])
    for entry in entries:
        module = entry["ids"][1].split(".")[1]
        for name in list(entry.findall(nodes.literal)):
            place = places.get(f"{module}.{name.astext()}") or places.get(name.astext())
            if place and place != entry["ids"][0] and isinstance(name.parent, nodes.paragraph):
                name.replace_self(nodes.reference("", "", name.deepcopy(), refid=place, internal=True))


def fold_contents(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Where there are so many headings, the contents beside the page show the names of one module at a time."""
    if (context.get("meta") or {}).get("is_reference"):
        context["theme_show_toc_level"] = 1


def setup(app: Sphinx) -> None:
    """Called by lrbook."""
    app.add_directive("reference", Reference)
    app.connect("doctree-read", link_names)
    app.connect("html-page-context", fold_contents)

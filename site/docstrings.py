"""What a module of lrlib offers, and what its docstrings say, taken apart for the page and for the tests.

A docstring is one line that says what the thing is, and then paragraphs of Markdown with `$$…$$`. Some kinds
of paragraph are special: a list indented under "Arguments", a list in columns, an example that begins with
>>>, what is indented and stays as it is, and the one that begins with "Source:".
"""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cached_property
from inspect import Parameter
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

# A line under "Arguments"; a line in columns, with the shape of an array in parentheses.
ARGUMENT = r"([\w*, ]+)():\s*(.*)"
COLUMNS = r"(\w+)\s+(\(.*?\)(?=\s|$)|)\s*(.*)"


class Item(NamedTuple):
    """A line of a list: what is described, what stands beside it, its description."""

    names: list[str]
    beside: str
    text: str


class Part(NamedTuple):
    """A paragraph: its kind, and its text or the items of its list."""

    kind: str  # text, arguments, columns, example, source or verbatim
    text: str = ""
    items: tuple[Item, ...] = ()


class Entry(NamedTuple):
    """A name as a reader may use it, with what its module says of it elsewhere."""

    module: str
    name: str
    value: Any
    settings: dict[str, Any]
    companions: list[Callable]

    @property
    def full_name(self) -> str:
        """As in an import: `lrlib.optimizers.adam`."""
        return f"{self.module}.{self.name}"

    @property
    def parts(self) -> list[Part]:
        """Its docstring; of an object its own, not that of its class."""
        own = vars(self.value).get("__doc__") if is_object(self.value) else self.value.__doc__
        return parse(own or "")


def parse(docstring: str) -> list[Part]:
    """The parts of a docstring, in its order."""
    return [_part(block) for block in re.split(r"\n(?:[ \t]*\n)+", inspect.cleandoc(docstring)) if block.strip()]


def _part(block: str) -> Part:
    first, *rest = block.splitlines()
    if first == "Arguments" and rest:
        return Part("arguments", items=tuple(_items(textwrap.dedent("\n".join(rest)), ARGUMENT)))
    if re.match(r"\w+ {2,}\S", first):
        return Part("columns", items=tuple(_items(block, COLUMNS)))
    if first.startswith(">>> "):
        return Part("example", block)
    if first.startswith("Source: "):
        return Part("source", block.removeprefix("Source: "))
    if first.startswith(" "):
        return Part("verbatim", textwrap.dedent(block))
    return Part("text", block)


def _items(block: str, pattern: str) -> Iterator[Item]:
    """One item for each line that is not indented; the indented ones continue the one before."""
    for line in re.sub(r"\n\s+", " ", block).splitlines():
        match = re.fullmatch(pattern, line)
        names, beside, text = match.groups() if match else (line, "", "")
        yield Item(names.split(", "), beside, text)


def entries(module: ModuleType, names: list[str] | None = None) -> list[Entry]:
    """All that is public in a module, in the order of its source; or only these names, in their order.

    A rule's companions, such as its threshold, belong to its entry and have none of their own.
    """
    register = _register(module)
    if names is None:
        listed = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
        beside = {id(function) for name, known in register.items() for function in _companions(name, known)}
        own = {name: value for name, value in vars(module).items() if name in listed and _is_own(value, module)}
        names = [name for name, value in own.items() if id(value) not in beside]
    return [_entry(module.__name__, name, getattr(module, name), register.get(name)) for name in names]


def _entry(module: str, name: str, value: Any, known: Any) -> Entry:
    if is_object(value):
        return Entry(module, name, value, getattr(value, "settings", {}), [])
    return Entry(module, name, value, getattr(known, "settings", {}), _companions(name, known))


def _is_own(value: Any, module: ModuleType) -> bool:
    # Objects, too, answer with the module of their class.
    return getattr(value, "__module__", None) == module.__name__ and (callable(value) or is_object(value))


def is_object(value: Any) -> bool:
    """Whether this is an object of a dataclass, as a surface is."""
    return is_dataclass(value) and not inspect.isclass(value)


def _register(module: ModuleType) -> dict[str, Any]:
    """What is known about the module's names, such as OPTIMIZERS, which holds the settings of each rule."""
    tables = [table for name, table in vars(module).items() if name[0] != "_" and isinstance(table, dict)]
    return {name: known for table in tables for name, known in table.items() if is_object(known)}


def _companions(name: str, known: Any) -> list[Callable]:
    """The public functions that an entry of a register holds beside the rule of its name."""
    held = [getattr(known, field.name) for field in fields(known)] if known else []
    return [it for it in held if inspect.isfunction(it) and not it.__name__.startswith("_") and it.__name__ != name]


def members(entry: Entry) -> dict[str, Any]:
    """The methods and properties of a class with a docstring of their own, but for those that its own tells of."""
    if not inspect.isclass(entry.value):
        return {}
    told = {name for part in entry.parts for item in part.items for name in item.names}
    own = {name: it for name, it in vars(entry.value).items() if not name.startswith("_") and name not in told}
    kinds = (FunctionType, property, cached_property)
    return {name: it for name, it in own.items() if isinstance(it, kinds) and it.__doc__}


def file_of(value: Any) -> str:
    """The file that a module, function, class or object was written in."""
    return inspect.getsourcefile(type(value) if is_object(value) else value)


def parameters(entry: Entry) -> list[Parameter]:
    """What a call takes, with the settings of an object by name. Nothing where readers make no call."""
    if not callable(entry.value) or _is_record(entry):
        return []
    given = list(inspect.signature(entry.value).parameters.values())
    if is_object(entry.value):
        by_name = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=known.default)
            for name, known in entry.settings.items()
        ]
        return [parameter for parameter in given if parameter.kind != Parameter.VAR_KEYWORD] + by_name
    return given


def _is_record(entry: Entry) -> bool:
    """Whether this is the class of what functions return: readers are given such objects and do not make them."""
    kind = entry.value
    if not inspect.isclass(kind):
        return False
    kinds = [part.kind for part in entry.parts]
    is_plain = is_dataclass(kind) and kind.__dataclass_params__.init or hasattr(kind, "_fields")
    return "arguments" not in kinds and (is_plain or "columns" in kinds)


def lacks(entry: Entry) -> Iterator[str]:
    """What a reader would miss in the docstring, each as a sentence that names it."""
    parts = entry.parts
    described = {name.lstrip("*") for part in parts for item in part.items for name in item.names}
    settings = entry.settings if is_object(entry.value) else ()
    taken = dict.fromkeys([*(parameter.name for parameter in parameters(entry)), *settings])
    if not parts or parts[0].kind != "text" or "\n" in parts[0].text:
        yield f"{entry.full_name}: the docstring does not begin with a paragraph of one line"
    elsewhere = any("arguments are those of `" in part.text for part in parts)
    if not elsewhere and (missing := [name for name in taken if name not in described]):
        yield f"{entry.full_name}: the docstring does not tell {', '.join(missing)} under Arguments"
    if not inspect.isclass(entry.value) and not any(part.kind == "example" for part in parts):
        yield f"{entry.full_name}: the docstring has no example (>>> …)"
    for companion in entry.companions:
        if not companion.__doc__:
            yield f"{entry.module}.{companion.__name__}: there is no docstring"

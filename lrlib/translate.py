"""From the restricted language to JavaScript.

The language: arguments with constant defaults, assignments to names, `return`, `+ - * /`,
comparisons, numbers, and calls of the names in `lrlib.arithmetic`. A function in it is read with
`ast`, written with every parenthesis kept, and gives the same bits in a browser as in NumPy.
Whatever else stands in it is refused with file and line.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable

from lrlib import arithmetic, curvature, optimizers, schedules
from lrlib.optimizers import OPTIMIZERS, Optimizer
from lrlib.schedules import SCHEDULES, Schedule
from lrlib.settings import Setting, nearest
from lrlib.surfaces import SURFACES, Surface

#: What cannot be said in the language itself, once more by hand.
PRIMITIVES = """\
const floor = Math.floor, sqrt = Math.sqrt, inf = Infinity, nan = NaN;
function exponent(x) {
  let k = 0;
  while (x >= 2) { x /= 2; k += 1; }
  while (x < 1) { x *= 2; k -= 1; }
  return k;
}
function power(base, n) {
  let size = Math.floor(Math.abs(n)), result = 1, factor = base;
  for (let i = 0; i < 64 && size >= 1; i++) {
    if (size - 2 * Math.floor(size / 2) >= 1) result = result * factor;
    factor = factor * factor;
    size = Math.floor(size / 2);
  }
  return n < 0 ? 1 / result : result;
}
"""

_DERIVED = ("sq", "cube", "minimum", "maximum", "sign", "_sin_kernel", "_cos_kernel", "sin", "cos", "exp", "log")
_CALLS = {"floor", "sqrt", "exponent", "power", "rectification", "remainder", *_DERIVED}
_CONSTANTS = {"inf", "nan"}
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!=="}


class TranslationError(ValueError):
    """Something outside the restricted language, with file and line."""


class _Function:
    """One function: its arguments, its statements and what it returns, as JavaScript."""

    def __init__(self, function: Callable):
        lines, first = inspect.getsourcelines(function)
        self._file, self._first = inspect.getsourcefile(function), first
        tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
        if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
            self._refuse(tree, "only a plain `def` can be translated")
        spec = tree.args
        if spec.vararg or spec.kwarg or spec.kwonlyargs or spec.posonlyargs:
            self._refuse(tree, "only plain arguments are allowed")
        self.name = tree.name
        self.arguments = [a.arg for a in spec.args]
        self._known = set(self.arguments)
        self._local: list[str] = []
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        if not body or not isinstance(body[-1], ast.Return) or body[-1].value is None:
            self._refuse(tree, "the last statement must return something")
        self.statements = [self._assignment(node) for node in body[:-1]]
        value = body[-1].value
        self.is_tuple = isinstance(value, ast.Tuple)
        self.results = [self._expression(v) for v in (value.elts if self.is_tuple else [value])]

    @property
    def locals(self) -> list[str]:
        """Names that are assigned but are not arguments."""
        return self._local

    def source(self, header: str) -> str:
        declare = [f"let {', '.join(self._local)};"] if self._local else []
        result = f"[{', '.join(self.results)}]" if self.is_tuple else self.results[0]
        return f"{header} {{ {' '.join([*declare, *self.statements, f'return {result};'])} }}"

    def _refuse(self, node: ast.AST, why: str):
        line = self._first + getattr(node, "lineno", 1) - 1
        raise TranslationError(f"{self._file}:{line}: {why}")

    def _assignment(self, node: ast.stmt) -> str:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            self._refuse(node, f"only `name = expression` and one final `return` are allowed, not {_shown(node)}")
        value = self._expression(node.value)
        name = node.targets[0].id
        if name not in self._known:
            self._known.add(name)
            self._local.append(name)
        return f"{name} = {value};"

    def _expression(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return repr(float(value)) if abs(value) < 1e16 else repr(value)
            case ast.Name(id=name):
                if name not in self._known and name not in _CONSTANTS:
                    self._refuse(node, f"{name!r} is used before it is set: {nearest(name, self._known)}")
                return name
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                return f"({self._expression(left)} {_OPERATORS[type(operator)]} {self._expression(right)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self._expression(operand)})"
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
                return f"({self._expression(left)} {_COMPARISONS[type(operator)]} {self._expression(right)})"
            case ast.Call(func=ast.Name(id="where"), args=[test, yes, no], keywords=[]):
                return f"({self._expression(test)} ? {self._expression(yes)} : {self._expression(no)})"
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name not in _CALLS:
                    self._refuse(node, f"{name!r} cannot be called: {nearest(name, sorted({*_CALLS, 'where'}))}")
                return f"{name}({', '.join(self._expression(a) for a in args)})"
        self._refuse(node, f"{_shown(node)} is outside the restricted language")


def _shown(node: ast.AST) -> str:
    return f"`{ast.unparse(node).splitlines()[0]}`"


def function(python: Callable) -> str:
    """One restricted function as a JavaScript function of the same name.

    >>> print(function(arithmetic.sq))
    function sq(x) { return (x * x); }

    Raises TranslationError for anything outside the language.
    """
    parsed = _Function(python)
    return parsed.source(f"function {parsed.name}({', '.join(parsed.arguments)})")


def surface(known: Surface) -> str:
    """A surface as a JavaScript object; `at(settings…)` binds the settings to its functions."""
    names = ", ".join(known.settings)
    members = []
    for role in ("value", "gradient", "hessian", "minima"):
        parsed = _Function(getattr(known, role))
        arguments = [] if role == "minima" else ["x", "y"][: known.dimension]
        given = parsed.arguments[: len(arguments)]
        if parsed.arguments != [*given, *known.settings]:
            raise TranslationError(f"{known.name}.{role} must take its coordinates, then {names or 'nothing'}")
        members.append("    " + parsed.source(f"{role}: ({', '.join(given)}) =>"))
    body = ",\n".join(members)
    return (
        f"{{ dimension: {known.dimension}, settings: {_settings(known.settings)}, view: {_list(known.view)},\n"
        f"  at: ({names}) => ({{\n{body}\n  }}) }}"
    )


def optimizer(known: Optimizer) -> str:
    """An optimizer as a JavaScript object, its rule written into a loop of its own.

    One loop per rule is about four times faster than a general loop that calls the rule.
    """
    rule = _Function(known.rule)
    expected = ["x", "g", *known.state, "t", "lr", *known.settings]
    if rule.arguments != expected:
        raise TranslationError(f"{known.name} must take {', '.join(expected)}, got {', '.join(rule.arguments)}")
    limits = (
        _Function(limit).source(f"{role}: ({', '.join(['lr', *known.settings])}) =>")
        for role in ("threshold", "glide")
        if (limit := getattr(known, role))
    )
    stores = "".join(f"const {s}_ = new Float64Array(n); " for s in known.state)
    loads = "".join(f", {s} = {s}_[i]" for s in known.state)
    fresh = "".join(f", {name}" for name in rule.locals)
    saves = " ".join(
        f"{target} = {value};"
        for target, value in zip(["points[k + n]", *(f"{s}_[i]" for s in known.state)], rule.results, strict=True)
    )
    return f"""{{ {", ".join([f"settings: {_settings(known.settings)}", *limits])},
  descend: ({", ".join(["gradient", "start", "rates", *known.settings])}) => {{
    const n = start.length, steps = rates.length, points = new Float64Array((steps + 1) * n); points.set(start);
    {stores}for (let t = 0; t < steps; t++) {{
      const lr = rates[t], slope = gradient(points[t * n], points[t * n + 1]);
      for (let i = 0; i < n; i++) {{
        const k = t * n + i; let x = points[k], g = slope[i]{loads}{fresh};
        {" ".join(rule.statements)}
        {saves}
      }}
    }}
    return points;
  }} }}"""


def schedule(known: Schedule) -> str:
    """A schedule as a JavaScript object: its settings, and the rate at step t."""
    rule = _Function(known.rule)
    if rule.arguments != ["t", "lr", *known.settings]:
        raise TranslationError(f"{known.name} must take t, lr, {', '.join(known.settings)}")
    rate = rule.source(f"rate: ({', '.join(rule.arguments)}) =>")
    return f"{{ settings: {_settings(known.settings)}, {rate} }}"


def mathematics() -> str:
    """The whole mathematics of the book as one JavaScript expression.

    An object with `surfaces`, `optimizers`, `schedules`, `warmup`, `eigenvalues_2d` and the functions
    of `arithmetic`.
    """
    shared = "\n".join(function(getattr(arithmetic, name)) for name in _DERIVED)
    losses = ",\n".join(f"{name}: {surface(known)}" for name, known in SURFACES.items())
    rules = ",\n".join(f"{name}: {optimizer(known)}" for name, known in OPTIMIZERS.items())
    kinds = ",\n".join(f"{name}: {schedule(known)}" for name, known in SCHEDULES.items())
    single = "\n".join(function(f) for f in (curvature.eigenvalues_2d, optimizers.rectification))
    warmup = function(schedules._warmup)
    public = ", ".join(name for name in (*_DERIVED, "power", "exponent") if not name.startswith("_"))
    return f"""(() => {{
{PRIMITIVES}{shared}
{single}
const surfaces = {{
{losses}
}};
const optimizers = {{
{rules}
}};
const schedules = {{
{kinds}
}};
const warmup = {warmup};
return {{ surfaces, optimizers, schedules, warmup, rectification, eigenvalues_2d, {public} }};
}})()"""


def _settings(settings: dict[str, Setting]) -> str:
    entries = (
        f"{name}: {{ default: {s.default!r}, allowed: {_list(s.allowed)}, slider: {_list(s.slider)}, log: {str(s.log).lower()} }}"
        for name, s in settings.items()
    )
    return f"{{ {', '.join(entries)} }}"


def _list(values: tuple) -> str:
    return str(values).replace("(", "[").replace(")", "]").replace(",]", "]")

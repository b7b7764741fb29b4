"""From the restricted language to JavaScript.

The language: arguments with constant defaults, assignments to names, `return`, `+ - * /`,
comparisons, numbers, and calls of the names in `lrlib.arithmetic`. A function in it is read with
`ast`, written with every parenthesis kept, and gives the same bits in a browser as in NumPy.
Whatever else stands in it is refused with file and line.

JavaScript computes in float64 alone. What a run computes in a shorter format is written with `R( )`,
which rounds, around each operation: the double result of one operation on two short numbers, rounded,
is the short result. As in NumPy, arguments and what is computed from them are of the run's format;
literals, the step `t` and what is computed from these alone are exact, and are rounded where they meet
a number of the format.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from lrlib import arithmetic, clipping, curvature, noise, optimizers, schedules
from lrlib.optimizers import OPTIMIZERS, Optimizer
from lrlib.schedules import SCHEDULES, Schedule
from lrlib.settings import Setting, nearest
from lrlib.surfaces import SURFACES, Surface

#: Half precision where the browser does not have it: to the nearest, ties to even, inf from 65520 on.
#: Adding 2⁵² units and taking them away again leaves a whole number of units.
HALF = """\
(x) => {
  const size = Math.abs(x);
  if (!(size < 65520)) return x * Infinity;
  let unit = 2 ** -24;
  while (size >= 2048 * unit) unit *= 2;
  const rounded = size + 2 ** 52 * unit - 2 ** 52 * unit;
  return 1 / x < 0 ? -rounded : rounded;
}"""

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
    if (size - 2 * Math.floor(size / 2) >= 1) result = R(result * factor);
    factor = R(factor * factor);
    size = Math.floor(size / 2);
  }
  return n < 0 ? R(1 / result) : result;
}
"""

#: As `noise.normals`, around its functions.
NORMALS = f"""\
function normals(seed, count, coordinates) {{
  const numbers = new Float64Array(count * coordinates);
  let a = seeded_first(seed), b = seeded_second(seed);
  const draw = () => {{ a = next_first(a); b = next_second(b); return uniform(a, b); }};
  for (let i = 0; i < {noise.DISCARDED}; i++) draw();
  for (let k = 0; k < numbers.length; k += coordinates) {{
    const u = draw(), v = draw();
    numbers[k] = normal_cos(u, v);
    if (coordinates > 1) numbers[k + 1] = normal_sin(u, v);
  }}
  return numbers;
}}
"""

#: In a shorter format only what a run computes is rounded, and one loop is enough for all rules; what is
#: computed from the run afterwards is float64 as ever.
ROUNDED = """\
const each = (all, change) => Object.fromEntries(Object.keys(all).map((name) => [name, change(name)]));
const surfaces = each(losses, (name) => ({
  ...exact.surfaces[name],
  at: (...settings) => ({ ...exact.surfaces[name].at(...settings), ...losses[name](...settings) }),
}));
const optimizers = each(rules, (name) => ({
  ...exact.optimizers[name],
  descend: (gradient, start, rates, noise, clip, restart, ...hyper) => {
    const n = start.length, steps = rates.length, size = (steps + 1) * n, names = exact.optimizers[name].state;
    const [points, gradients, ...kept] = ["points", "gradients", ...names].map(() => new Float64Array(size));
    const clipped = new Float64Array(steps + 1).fill(1);
    points.set(start);
    for (let step = 0; step <= steps; step++) {
      const slope = gradient(points[step * n], points[step * n + 1]), t = step < restart ? step : step - restart;
      for (let i = 0, k = step * n; i < n; i++, k++) gradients[k] = slope[i] = noise ? R(slope[i] + noise[k]) : slope[i];
      if (clip) clipped[step] = clipping(n === 1 ? length_1d(...slope) : length_2d(...slope), clip);
      for (let i = 0; i < n; i++) {
        const k = step * n + i, g = clip ? R(slope[i] * clipped[step]) : slope[i];
        if (step === restart) kept.forEach((values) => values[k] = 0);
        if (step === steps) continue;
        const after = rules[name](points[k], g, ...kept.map((values) => values[k]), t, rates[step], ...hyper);
        points[k + n] = after[0];
        kept.forEach((values, j) => values[k + n] = after[j + 1]);
      }
    }
    return { points, gradients, clipped, state: Object.fromEntries(names.map((s, j) => [s, kept[j]])) };
  },
}));
"""

_DERIVED = (
    "sq",
    "cube",
    "minimum",
    "maximum",
    "sign",
    "relu",
    "relu_slope",
    "_sin_kernel",
    "_cos_kernel",
    "sin",
    "cos",
)
_DERIVED += ("exp", "log")
_CLIPPING = ("length_1d", "length_2d", "clipping")
_NOISE = ("remainder", "seeded_first", "seeded_second", "next_first", "next_second", "uniform")
_NOISE += ("normal_cos", "normal_sin")
_CALLS = {"floor", "sqrt", "exponent", "power", "rectification", "remainder", "length_1d", *_DERIVED}
#: Which argument stays exact if it is: a whole number of steps or of factors.
_WHOLE = {"power": 1, "rectification": 0}
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!=="}


class TranslationError(ValueError):
    """Something outside the restricted language, with file and line."""


@dataclass(frozen=True)
class _Value:
    """An expression: its text, whether it is of the run's format, and whether every format holds it."""

    text: str
    rounded: bool = False
    safe: bool = False

    @property
    def cast(self) -> str:
        """As it meets a number of the run's format."""
        return self.text if self.rounded or self.safe else f"R({_bare(self.text)})"


class _Function:
    """One function: its arguments, its statements and what it returns, as JavaScript.

    Where it is `rounded`, its operations are those of the run's format. Calls with no other names in
    them than `fixed` are left to `once`: what is called, and the name that stands for it.
    """

    def __init__(self, function: Callable, rounded: bool = False, fixed: Iterable[str] = ()):
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
        self._rounded, self._fixed = rounded, set(fixed)
        self.once: dict[str, str] = {}
        self._known = {name: _Value(name, rounded=rounded and name != "t") for name in self.arguments}
        self._known |= {name: _Value(name, safe=True) for name in ("inf", "nan")}
        self._local: list[str] = []
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        if not body or not isinstance(body[-1], ast.Return) or body[-1].value is None:
            self._refuse(tree, "the last statement must return something")
        self.statements = [self._assignment(node) for node in body[:-1]]
        value = body[-1].value
        self.is_tuple = isinstance(value, ast.Tuple)
        results = [self._expression(v) for v in (value.elts if self.is_tuple else [value])]
        self.results = [result.cast if rounded else result.text for result in results]

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
        if name not in self.arguments and name not in self._local:
            self._local.append(name)
        self._known[name] = _Value(name, value.rounded, value.safe)
        return f"{name} = {value.text};"

    def _expression(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                text = repr(float(value)) if abs(value) < 1e16 else repr(value)
                return _Value(text, safe=_in_every_format(value))
            case ast.Name(id=name):
                if name not in self._known:
                    self._refuse(node, f"{name!r} is used before it is set: {nearest(name, self._set)}")
                return self._known[name]
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
                return self._operation(node, _OPERATORS[type(operator)], left, right)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self._expression(operand)
                return _Value(f"(-{value.text})", value.rounded, value.safe)
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
                a, b = self._alike([left, right])
                return _Value(f"({a.text} {_COMPARISONS[type(operator)]} {b.text})", safe=True)
            case ast.Call(func=ast.Name(id="where"), args=[test, yes, no], keywords=[]):
                a, b = self._alike([yes, no])
                if self._rounded and not a.rounded:
                    self._refuse(node, f"{_shown(node)} leaves the run's format: NumPy makes float64 of two literals")
                return _Value(f"({self._expression(test).text} ? {a.text} : {b.text})", a.rounded)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(node, name, args)
        self._refuse(node, f"{_shown(node)} is outside the restricted language")

    @property
    def _set(self) -> list[str]:
        return [name for name in self._known if name not in ("inf", "nan")]

    def _alike(self, nodes: list[ast.expr], whole: int | None = None) -> list[_Value]:
        """The operands: exact ones are cast where one is of the format, but for that at `whole`."""
        values = [self._expression(node) for node in nodes]
        if not any(value.rounded for value in values):
            return values
        return [v if i == whole and not v.rounded else _Value(v.cast, rounded=True) for i, v in enumerate(values)]

    def _operation(self, node: ast.BinOp, operator: str, left: ast.expr, right: ast.expr) -> _Value:
        a, b = self._alike([left, right])
        text = f"({a.text} {operator} {b.text})"
        if a.rounded:
            return _Value(f"R{text}", rounded=True)
        both_truths = isinstance(left, ast.Compare) and isinstance(right, ast.Compare)
        return _Value(text, safe=both_truths)

    def _call(self, node: ast.Call, name: str, args: list[ast.expr]) -> _Value:
        if name not in _CALLS:
            self._refuse(node, f"{name!r} cannot be called: {nearest(name, sorted({*_CALLS, 'where'}))}")
        values = self._alike(args, _WHOLE.get(name))
        text = f"{name}({', '.join(_bare(value.text) for value in values)})"
        if self._fixed.issuperset(_names(args)):
            text = self.once.setdefault(text, f"once{len(self.once)}")
        if not self._rounded:
            return _Value(text)
        if not any(value.rounded for value in values):
            self._refuse(node, f"{_shown(node)} leaves the run's format: NumPy makes float64 of exact arguments")
        return _Value(f"R({text})" if name == "sqrt" else text, rounded=True)


def _names(nodes: list[ast.expr]) -> set[str]:
    """All names in some expressions; a function's own name counts too where another call stands inside."""
    return {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)}


def _in_every_format(value: float) -> bool:
    """Whether float16 holds the number, and so every format does.

    >>> _in_every_format(2.625), _in_every_format(0.1)
    (True, False)
    """
    with np.errstate(over="ignore"):
        return float(np.float16(value)) == value


def _bare(text: str) -> str:
    """An argument without the parentheses around the whole of it.

    >>> _bare("(a + b)"), _bare("(a) + (b)")
    ('a + b', '(a) + (b)')
    """
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[1:-1] if text[0] == "(" and place == len(text) - 1 else text
    return text


def _shown(node: ast.AST) -> str:
    return f"`{ast.unparse(node).splitlines()[0]}`"


def function(python: Callable, rounded: bool = False) -> str:
    """One restricted function as a JavaScript function of the same name.

    Arguments
        python: the function.
        rounded: whether its operations are those of the run's format, rounded by `R`.

    >>> print(function(arithmetic.sq))
    function sq(x) { return (x * x); }
    >>> print(function(arithmetic.sq, rounded=True))
    function sq(x) { return R(x * x); }

    Raises TranslationError for anything outside the language.
    """
    parsed = _Function(python, rounded)
    return parsed.source(f"function {parsed.name}({', '.join(parsed.arguments)})")


def surface(known: Surface) -> str:
    """A surface as a JavaScript object; `at(settings…)` binds the settings to its functions."""
    return (
        f"{{ dimension: {known.dimension}, settings: {_settings(known.settings)}, view: {_list(known.view)},\n"
        f"  at: {_bound(known, ('value', 'gradient', 'hessian', 'minima'))} }}"
    )


def _bound(known: Surface, roles: tuple[str, ...], rounded: bool = False) -> str:
    """A function of the settings that gives some of a surface's functions."""
    names = ", ".join(known.settings)
    members = []
    for role in roles:
        parsed = _Function(getattr(known, role), rounded)
        arguments = [] if role == "minima" else ["x", "y"][: known.dimension]
        given = parsed.arguments[: len(arguments)]
        if parsed.arguments != [*given, *known.settings]:
            raise TranslationError(f"{known.name}.{role} must take its coordinates, then {names or 'nothing'}")
        members.append("    " + parsed.source(f"{role}: ({', '.join(given)}) =>"))
    body = ",\n".join(members)
    return f"({names}) => ({{\n{body}\n  }})"


def optimizer(known: Optimizer) -> str:
    """An optimizer as a JavaScript object, its rule written into a loop of its own.

    One loop per rule is about four times faster than a general loop that calls the rule.
    """
    # Powers of β are those of the step: the coordinates share them.
    rule = _rule(known, fixed=["t", *known.settings])
    first = {"threshold": ["lr"], "glide": ["lr"], "scale": ["g", *known.state, "t"], "correction": ["t"]}
    companions = (
        _Function(companion).source(f"{role}: ({', '.join([*arguments, *known.settings])}) =>")
        for role, arguments in first.items()
        if (companion := getattr(known, role))
    )
    kept = "".join(f", {s}_ = new Float64Array(size)" for s in known.state)
    loads = "".join(f", {s} = {s}_[k]" for s in known.state)
    zeros = " ".join(f"{s}_.fill(0, step_ * n, step_ * n + n);" for s in known.state)
    forgets = f"\n      if (step_ === restart) {{ {zeros} }}" if known.state else ""
    fresh = "".join(f", {name}" for name in rule.locals)
    shared = "".join(f", {name} = {call}" for call, name in rule.once.items())
    targets = ["points[k + n]", *(f"{s}_[k + n]" for s in known.state)]
    saves = " ".join(f"{target} = {value};" for target, value in zip(targets, rule.results, strict=True))
    parts = [f"settings: {_settings(known.settings)}", f"state: {known.state}", *companions]
    return f"""{{ {", ".join(parts)},
  descend: ({", ".join(["gradient", "start", "rates", "noise", "clip", "restart", *known.settings])}) => {{
    const n = start.length, steps = rates.length, size = (steps + 1) * n;
    const points = new Float64Array(size), gradients = new Float64Array(size), clipped = new Float64Array(steps + 1).fill(1){kept};
    points.set(start);
    for (let step_ = 0; step_ <= steps; step_++) {{
      const lr = rates[step_], slope = gradient(points[step_ * n], points[step_ * n + 1]), t = step_ < restart ? step_ : step_ - restart{shared};
      for (let i = 0, k = step_ * n; i < n; i++, k++) {{
        if (noise) slope[i] = slope[i] + noise[k];
        gradients[k] = slope[i];
      }}
      if (clip) clipped[step_] = clipping(n === 1 ? length_1d(slope[0]) : length_2d(slope[0], slope[1]), clip);{forgets}
      for (let i = 0; i < n && step_ < steps; i++) {{
        const k = step_ * n + i; let x = points[k], g = clip ? slope[i] * clipped[step_] : slope[i]{loads}{fresh};
        {" ".join(rule.statements)}
        {saves}
      }}
    }}
    return {{ points, gradients, clipped, state: {{ {", ".join(f"{s}: {s}_" for s in known.state)} }} }};
  }} }}"""


def _rule(known: Optimizer, rounded: bool = False, fixed: Iterable[str] = ()) -> _Function:
    rule = _Function(known.rule, rounded, fixed)
    expected = ["x", "g", *known.state, "t", "lr", *known.settings]
    if rule.arguments != expected:
        raise TranslationError(f"{known.name} must take {', '.join(expected)}, got {', '.join(rule.arguments)}")
    return rule


def schedule(known: Schedule) -> str:
    """A schedule as a JavaScript object: its settings, and the rate at step t."""
    rule = _Function(known.rule)
    if rule.arguments != ["t", "lr", *known.settings]:
        raise TranslationError(f"{known.name} must take t, lr, {', '.join(known.settings)}")
    rate = rule.source(f"rate: ({', '.join(rule.arguments)}) =>")
    return f"{{ settings: {_settings(known.settings)}, {rate} }}"


def mathematics() -> str:
    """The whole mathematics of the book as one JavaScript expression.

    Its value is a function `mathematicsIn(format)` of "float64", "float32" or "float16". It gives, and remembers, an
    object with `surfaces`, `optimizers`, `schedules`, `warmup`, `rectification`, `eigenvalues_2d`,
    `preconditioned_2d`, `floor_along`, `normals`, `round` and the functions of `arithmetic`.

    Values, gradients and `descend` are in the format; they are given numbers that have been rounded to it.
    Hessians, minima, the rules' companions, schedules, eigenvalues and normals are in float64 in every format.
    Float64 has a text without `R`: once R has had a second meaning, a browser no longer inlines it.
    """
    spectral = (curvature.eigenvalues_2d, curvature.preconditioned_2d, curvature.floor_along)
    single = (*spectral, *(getattr(noise, name) for name in _NOISE))
    doubles = "\n".join(function(python) for python in single)
    kinds = ",\n".join(f"{name}: {schedule(known)}" for name, known in SCHEDULES.items())
    losses = ",\n".join(f"{name}: {surface(known)}" for name, known in SURFACES.items())
    rules = ",\n".join(f"{name}: {optimizer(known)}" for name, known in OPTIMIZERS.items())
    roles = ("value", "gradient")
    short_losses = ",\n".join(f"{name}: {_bound(known, roles, rounded=True)}" for name, known in SURFACES.items())
    short_rules = ",\n".join(
        (rule := _rule(known, rounded=True)).source(f"{name}: ({', '.join(rule.arguments)}) =>")
        for name, known in OPTIMIZERS.items()
    )
    public = ", ".join(name for name in (*_DERIVED, "power", "exponent") if not name.startswith("_"))
    return f"""(() => {{
const exact = (() => {{
{doubles}
{NORMALS}const schedules = {{
{kinds}
}};
const warmup = {function(schedules._warmup)};
const optimizers = {{
{rules}
}};
const surfaces = {{
{losses}
}};
{_shared(rounded=False)}
return {{
  round: (x) => x, surfaces, optimizers, schedules, warmup, rectification, eigenvalues_2d, preconditioned_2d, floor_along, normals,
  {public},
}};
}})();
const rounded = (R) => {{
{_shared(rounded=True)}
const losses = {{
{short_losses}
}};
const rules = {{
{short_rules}
}};
{ROUNDED}return {{ ...exact, round: R, surfaces, optimizers, rectification, {public} }};
}};
const half = Math.f16round ?? ({HALF});
const known = {{ float64: exact }}, formats = {{ float32: Math.fround, float16: half }};
return (format) => known[format] ??= rounded(formats[format]);
}})()"""


def _shared(rounded: bool) -> str:
    """What rules and surfaces call."""
    primitives = PRIMITIVES if rounded else PRIMITIVES.replace("R(", "(")
    derived = (*(getattr(arithmetic, name) for name in _DERIVED), optimizers.rectification)
    derived += tuple(getattr(clipping, name) for name in _CLIPPING)
    return primitives + "\n".join(function(python, rounded) for python in derived)


def _settings(settings: dict[str, Setting]) -> str:
    entries = (
        f"{name}: {{ default: {s.default!r}, allowed: {_list(s.allowed)}, slider: {_list(s.slider)}, log: {str(s.log).lower()} }}"
        for name, s in settings.items()
    )
    return f"{{ {', '.join(entries)} }}"


def _list(values: tuple) -> str:
    return str(values).replace("(", "[").replace(")", "]").replace(",]", "]")

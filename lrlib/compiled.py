"""A sweep, compiled by Numba: the restricted functions as they are, with the same bits.

For each pair of a rule and a surface one function is written and compiled. It takes blocks of runs
that fit into the processor's cache, goes through them step by step, and leaves the arithmetic of one
step as a loop over the runs that the compiler can turn into vector instructions. What depends on the
step alone, such as βᵗ, is computed once a step.
"""

import ast
import inspect
import math
import os
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numba
import numpy as np

from lrlib.clipping import clipping, length_1d, length_2d
from lrlib.rebind import rebind
from lrlib.run import Run

_BLOCK = 512
_compile = numba.njit(nogil=True, error_model="numpy")


def last_points(run: Run) -> np.ndarray:
    """Where the runs of a flat sweep end, shape (n, runs).

    Raises ValueError for what is not compiled: other formats than float64, noise, and settings that
    differ between the runs.
    """
    if run.kind != np.float64:
        raise ValueError(f"dtype must be float64 where compiled=True, got {run.kind.name!r}")
    if run.noise is not None:
        raise ValueError("noise must be 0 where compiled=True")
    settings = run.surface_settings | run.optimizer_settings
    for name, value in settings.items():
        if np.ndim(value):
            raise ValueError(f"{name} must be one number where compiled=True, got {np.size(value)}")
    if np.ndim(run.clip):
        raise ValueError(f"clip must be one number where compiled=True, got {np.size(run.clip)}")
    kernel = _kernel(run.surface.gradient, run.optimizer.rule, len(run.surface_settings))
    clip, restart = run.clip or 0.0, -1 if run.restart is None else run.restart
    constant = run.steps == 1 or run.rates.strides[0] == 0
    points = run.point.copy()
    workers = os.cpu_count() or 1
    cuts = np.linspace(0, run.shape[0], workers + 1).astype(int)

    def walk(first: int, last: int) -> None:
        rates = run.rates[: 1 if constant else None, first:last].copy()  # one that may not be written is another type
        kernel(rates, run.steps, points[:, first:last], clip, restart, *settings.values())

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(walk, cuts[:-1], cuts[1:]))
    return points


@cache
def _kernel(gradient: Callable, rule: Callable, surface_settings: int) -> Callable:
    source = _source(gradient, rule, surface_settings)
    dimension = len(inspect.signature(gradient).parameters) - surface_settings
    # The words that the rule uses, its helpers among them, mean in its new home what they mean at home.
    home = rebind(rule, _WORDS, _compile).py_func.__globals__
    space = {**home, "gradient": rebind(gradient, _WORDS, _compile), "np": np, "BLOCK": _BLOCK}
    space |= {"length": rebind(length_1d if dimension == 1 else length_2d, _WORDS, _compile)}
    space |= {"clipping": rebind(clipping, _WORDS, _compile)}
    exec(compile(source, f"<{rule.__name__} compiled>", "exec"), space)  # noqa: S102 - our own text
    return _compile(space["kernel"])


def _source(gradient: Callable, rule: Callable, surface_settings: int) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule))).body[0]
    arguments = [argument.arg for argument in tree.args.args]
    at = arguments.index("t")
    state, settings = arguments[2:at], arguments[at + 2 :]
    own = list(inspect.signature(gradient).parameters)
    coordinates, theirs = own[: len(own) - surface_settings], own[len(own) - surface_settings :]
    shared = "".join(f", s_{name}" for name in theirs)
    place = ", ".join(f"point[{j}, i]" for j in range(len(coordinates))) + shared
    slopes = "".join(f"slope[{j}, i], " for j in range(len(coordinates)))
    each = slopes.removesuffix(", ")

    once = _OncePerStep({"t", *settings})
    body = [once.visit(statement) for statement in tree.body if not isinstance(statement, ast.Expr)]
    *statements, result = (ast.unparse(statement) for statement in body)
    lines = {
        "ONCE": [f"{name} = {ast.unparse(expression)}" for name, expression in once.found.items()],
        "FRESH": [f"{name}_ = np.zeros((n, size))" for name in state],
        "FORGET": [f"{name}_[:] = 0.0" for name in state] or ["pass"],
        "LOAD": [f"{name} = {name}_[j, i]" for name in state],
        "RULE": statements,
        "SAVE": [
            ", ".join(["point[j, i]", *(f"{name}_[j, i]" for name in state), ""])
            + "= "
            + result.removeprefix("return ")
        ],
    }
    text = _TEMPLATE.replace(
        "SETTINGS", "".join(f", s_{name}" for name in theirs) + "".join(f", {n}" for n in settings)
    )
    text = text.replace("PLACE", place).replace("SLOPES", slopes.removesuffix(" ")).replace("EACH", each)
    for mark, written in lines.items():
        indent = next(line for line in text.splitlines() if line.strip() == mark)[: -len(mark)]
        text = text.replace(indent + mark + "\n", "".join(f"{indent}{line}\n" for line in written))
    return text


_TEMPLATE = """
def kernel(rates, steps, points, clip, restart SETTINGS):
    n, runs = points.shape
    for first in range(0, runs, BLOCK):
        size = min(BLOCK, runs - first)
        point = points[:, first : first + size].copy()
        slope = np.empty((n, size))
        FRESH
        t = -1
        for step_ in range(steps):
            rate = rates[min(step_, len(rates) - 1), first : first + size]
            t += 1
            if step_ == restart:
                t = 0
                FORGET
            ONCE
            for i in range(size):
                SLOPES = gradient(PLACE)
            if clip > 0:
                for i in range(size):
                    slope[:, i] *= clipping(length(EACH), clip)
            for j in range(n):
                for i in range(size):
                    x = point[j, i]
                    g = slope[j, i]
                    lr = rate[i]
                    LOAD
                    RULE
                    SAVE
        points[:, first : first + size] = point
"""


class _OncePerStep(ast.NodeTransformer):
    """Takes every call out of a rule that depends on the step and on settings alone."""

    def __init__(self, given: set[str]):
        self.given = given
        self.found: dict[str, ast.expr] = {}

    def visit(self, node: ast.AST) -> ast.AST:
        parts = list(ast.walk(node))
        called = {part.func for part in parts if isinstance(part, ast.Call)}
        names = {part.id for part in parts if isinstance(part, ast.Name) and part not in called}
        if not isinstance(node, ast.expr) or not called or not names <= self.given:
            return self.generic_visit(node)
        name = f"once_{len(self.found)}"
        self.found[name] = node
        return ast.Name(name, ast.Load())


@_compile
def _where(test, yes, no):
    return yes if test else no


@_compile
def _power(base, n):
    size = abs(n)
    result = 1.0
    factor = base
    for _ in range(64):
        if size < 1:
            break
        if size - 2 * math.floor(size / 2) >= 1:
            result = result * factor
        factor = factor * factor
        size = math.floor(size / 2)
    return 1 / result if n < 0 else result


@_compile
def _exponent(x):
    return math.frexp(x)[1] - 1.0


_WORDS = {"sqrt": np.sqrt, "floor": np.floor, "where": _where, "power": _power, "exponent": _exponent}

"""The step, repeated: once for arrays of runs, once for a single run in plain floats.

Both call the same rule and the same gradient and give the same bits. NumPy needs about a microsecond
for the smallest operation, a float thirty nanoseconds; so a single run in floats is ten times faster,
and a sweep in arrays faster still for each of its runs.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

import numpy as np

from lrlib import arithmetic
from lrlib.rebind import rebind


def walk(
    gradient: Callable, rule: Callable, states: int, point: np.ndarray, rates: Sequence, noise: Sequence | None
) -> Iterator[np.ndarray]:
    """The points of many runs at once after each step, the start first.

    Arguments
        gradient: of coordinates, gives one slope per coordinate.
        rule: of x, g, state, t and lr; settings are bound.
        states: how many arrays of state the rule keeps.
        point: shape (n, …), the start; its format is that of the run.
        rates: the rate at each step, each a number or of shape (…).
        noise: what is added to the gradient at each step, each of shape (n, …), or None.
    """
    state = [np.zeros_like(point) for _ in range(states)]
    yield point
    for t, lr in enumerate(rates):
        slope = np.empty_like(point)
        for i, along in enumerate(gradient(*point)):
            slope[i] = along
        if noise is not None:
            slope = slope + noise[t]
        point, *state = rule(point, slope, *state, t, lr)
        yield point


def walk_alone(
    gradient: Callable,
    surface_settings: Sequence[float],
    rule: Callable,
    rule_settings: Sequence[float],
    states: int,
    start: Sequence[float],
    rates: Sequence[float],
    noise: Sequence[Sequence[float]] | None,
) -> list[float]:
    """The points of one run in float64, coordinate after coordinate, the start first.

    Raises ArithmeticError or ValueError where floats have no answer but arrays do, as at 1/0.
    """
    gradient, rule = in_floats(gradient), in_floats(rule)
    point = list(start)
    state = [[0.0] * states for _ in point]
    points = list(point)
    for t, lr in enumerate(rates):
        slope = gradient(*point, *surface_settings)
        if noise is not None:
            slope = [along + more for along, more in zip(slope, noise[t], strict=True)]
        for i, along in enumerate(slope):
            point[i], *state[i] = rule(point[i], along, *state[i], t, lr, *rule_settings)
        points += point
    return points


@cache
def in_floats(function: Callable) -> Callable:
    """A restricted function on plain floats.

    >>> in_floats(arithmetic.sin)(0.5)
    0.479425538604203
    """
    return rebind(function, _FLOAT_WORDS)


@cache
def on_arrays(function: Callable) -> Callable:
    """A restricted function on arrays that takes the angle of a setting out of NumPy's hands.

    NumPy needs as long for one number as for a thousand, and a sine is twenty operations.
    """
    return rebind(function, {name: _either(getattr(arithmetic, name)) for name in ("sin", "cos")})


def _either(function: Callable) -> Callable:
    return lambda x: in_floats(function)(x) if type(x) is float else function(x)


def _remembered(function: Callable) -> Callable:
    # The angle of a rotation is the same at every step. A cache takes 0 and −0 for one number.
    plain = rebind(function, _FLOAT_WORDS)
    known, zeros = lru_cache(maxsize=1 << 10)(plain), {"0.0": plain(0.0), "-0.0": plain(-0.0)}
    return lambda x: known(x) if x else zeros[str(x)]


_FLOAT_WORDS = {
    "sqrt": math.sqrt,
    "floor": lambda x: float(math.floor(x)),
    "where": lambda test, yes, no: yes if test else no,
    "exponent": lambda x: math.frexp(x)[1] - 1.0,
    "power": arithmetic.power_of_numbers,
}
_FLOAT_WORDS |= {"sin": _remembered(arithmetic.sin), "cos": _remembered(arithmetic.cos)}

"""The step, repeated: once for arrays of runs, once for a single run in plain floats.

Both call the same rule and the same gradient and give the same bits. NumPy needs about a microsecond
for the smallest operation, a float thirty nanoseconds; so a single run in floats is ten times faster,
and a sweep in arrays faster still for each of its runs.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

from lrlib import arithmetic
from lrlib.clipping import clipping, length_1d, length_2d
from lrlib.rebind import rebind

#: The length of a gradient, by the number of its coordinates.
_LENGTHS = {1: length_1d, 2: length_2d}


def walk(
    gradient: Callable,
    rule: Callable,
    states: int,
    point: np.ndarray,
    rates: Sequence,
    noise: Sequence | None,
    clip: Any = None,
    restart: int | None = None,
) -> Iterator[np.ndarray]:
    """The points of many runs at once after each step, the start first.

    Arguments
        gradient: of coordinates, gives one slope per coordinate.
        rule: of x, g, state, t and lr; settings are bound.
        states: how many arrays of state the rule keeps.
        point: shape (n, …), the start; its format is that of the run.
        rates: the rate at each step, each a number or of shape (…).
        noise: what is added to the gradient at each step, each of shape (n, …), or None.
        clip: the length to which gradients are clipped, a number or of shape (…), or None.
        restart: the step before which the rule forgets its state and counts from 0 again, or None.
    """
    length = _LENGTHS[len(point)]
    state, t = [np.zeros_like(point) for _ in range(states)], 0
    yield point
    for step, lr in enumerate(rates):
        if step == restart:
            state, t = [np.zeros_like(point) for _ in range(states)], 0
        slope = np.empty_like(point)
        for i, along in enumerate(gradient(*point)):
            slope[i] = along
        if noise is not None:
            slope = slope + noise[step]
        if clip is not None:
            slope = slope * clipping(length(*slope), clip)
        point, *state = rule(point, slope, *state, t, lr)
        t += 1
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
    clip: float | None = None,
    restart: int | None = None,
) -> list[float]:
    """The points of one run in float64, coordinate after coordinate, the start first.

    Raises ArithmeticError or ValueError where floats have no answer but arrays do, as at 1/0.
    """
    gradient, rule = in_floats(gradient), in_floats(rule)
    length, shorten = in_floats(_LENGTHS[len(start)]), in_floats(clipping)
    point = list(start)
    state, t = [[0.0] * states for _ in point], 0
    points = list(point)
    for step, lr in enumerate(rates):
        if step == restart:
            state, t = [[0.0] * states for _ in point], 0
        slope = gradient(*point, *surface_settings)
        if noise is not None:
            slope = [along + more for along, more in zip(slope, noise[step], strict=True)]
        if clip is not None:
            factor = shorten(length(*slope), clip)
            slope = [along * factor for along in slope]
        for i, along in enumerate(slope):
            point[i], *state[i] = rule(point[i], along, *state[i], t, lr, *rule_settings)
        t += 1
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

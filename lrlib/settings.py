"""What may be given: one place for ranges, checks and their messages.

Every message names the argument, what was given, what is allowed and, for a name, the nearest
known one.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

#: Of any run; more would be a mistake.
MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class Setting:
    """A number that a rule or a surface takes: its default, what is allowed, what its slider spans."""

    default: float
    allowed: tuple[float, float]
    slider: tuple[float, float]
    log: bool = False


def shown(given: Any) -> str:
    """What was given, as an error message shows it: its repr, shortened in the middle.

    >>> shown(list(range(1000)))
    '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,  … 91, 992, 993, 994, 995, 996, 997, 998, 999]'
    """
    text = " ".join(repr(given).split())
    return text if len(text) <= 80 else f"{text[:35]} … {text[-43:]}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The list of known names, led by the nearest one, whatever the case of its letters.

    >>> nearest("momentun", ["gd", "momentum"])
    "did you mean 'momentum'? Known: gd, momentum"
    """
    plain = {one.lower(): one for one in known}
    told = ", ".join(plain.values()) or "none"
    close = difflib.get_close_matches(name.lower(), plain, n=1, cutoff=0.5)
    if close:
        return f"did you mean {plain[close[0]]!r}? Known: {told}"
    return f"known: {told}" if name else f"Known: {told}"


def choice(argument: str, given: Any, known: Iterable[str]) -> str:
    """`given`, if it is one of the known names.

    >>> choice("optimizer", "gd", ["gd", "momentum"])
    'gd'
    """
    known = list(known)
    if not isinstance(given, str):
        raise TypeError(f"{argument} must be a name, got {shown(given)}. {nearest('', known)}")
    if given not in known:
        raise ValueError(f"{argument} {given!r} is unknown: {nearest(given, known)}")
    return given


def numbers(argument: str, given: Any, low: float = -np.inf, high: float = np.inf, open_low: bool = False) -> Any:
    """`given` as float64, if every number in it is finite and in the allowed range.

    A single number comes back as a Python float, anything longer as an array.

    >>> numbers("lr", 0.1, 0)
    0.1
    """
    allowed = _allowed(low, high, open_low)
    if not (isinstance(given, np.ndarray) and given.dtype.kind in "fiu" and given.size):
        each = np.asarray(given, dtype=object).ravel()
        if each.size == 0 or any(isinstance(v, (bool, np.bool_)) or not isinstance(v, Real) for v in each):
            raise TypeError(f"{argument} must be {allowed}, got {shown(given)}")
    array = np.asarray(given, dtype=float)
    inside = np.isfinite(array) & (array >= low) & (array <= high)
    if open_low:
        inside &= array > low
    if not inside.all():
        wrong = array[~inside][0] if array.ndim else array
        raise ValueError(f"{argument} must be {allowed}, got {float(wrong)!r}")
    return float(array) if array.ndim == 0 else array


def number(argument: str, given: Any, low: float = -np.inf, high: float = np.inf, open_low: bool = False) -> float:
    """One number; an array is refused.

    >>> number("lr", 1, 0)
    1.0
    """
    checked = numbers(argument, given, low, high, open_low)
    if not isinstance(checked, float):
        raise TypeError(f"{argument} must be one number, got {shown(given)}")
    return checked


def count(argument: str, given: Any, low: int, high: int) -> int:
    """A whole number from low to high.

    >>> count("steps", 10, 1, 100)
    10
    """
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, Integral):
        raise TypeError(f"{argument} must be a whole number from {low} to {high}, got {shown(given)}")
    if not low <= given <= high:
        raise ValueError(f"{argument} must be a whole number from {low} to {high}, got {shown(given)}")
    return int(given)


def broadcast(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the sweep that arguments of these shapes make together.

    >>> broadcast(start=(3, 1), lr=(4,), steps=())
    (3, 4)
    """
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(f"these shapes do not broadcast: {told}") from None


def _allowed(low: float, high: float, open_low: bool) -> str:
    if high < np.inf:
        return f"a number from {low:g} to {high:g}"
    if low > -np.inf:
        return f"a finite number {'above' if open_low else 'of at least'} {low:g}"
    return "a finite number"

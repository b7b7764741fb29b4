"""The restricted language over another vocabulary.

A restricted function names nothing but its arguments and the words of `lrlib.arithmetic`. So the same
function runs on plain floats, on symbols or compiled: only the words change their meaning.
"""

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any


def rebind(function: Callable, words: Mapping[str, Any], finish: Callable = lambda made: made) -> Callable:
    """A copy of a restricted function, and of those it calls, that means `words` by its names.

    Arguments
        function: in the restricted language.
        words: what replaces `floor`, `sqrt`, `where`, `exponent`, `power` and any derived word.
        finish: is applied to each copy, for example a compiler.

    >>> import sympy
    >>> from lrlib.arithmetic import cube
    >>> rebind(cube, {})(sympy.Symbol("x"))
    x**3
    """
    known = {**words}
    for name in function.__code__.co_names:
        if name not in known and name in function.__globals__:
            meant = function.__globals__[name]
            known[name] = rebind(meant, words, finish) if isinstance(meant, FunctionType) else meant
    copy = FunctionType(function.__code__, known, function.__name__, function.__defaults__)
    return finish(copy)

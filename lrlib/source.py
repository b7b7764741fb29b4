"""A rule as the reader sees it: its code, without the docstring."""

import ast
import inspect
from collections.abc import Callable
from typing import Any

from lrlib.settings import shown


class source:
    """The code of a function, shown in a notebook and on a page.

    Arguments
        function: a plain Python function, such as a rule.

    >>> from lrlib import optimizers, source
    >>> source(optimizers.gd)
    def gd(x, g, t, lr):
        x = x - lr * g
        return (x,)

    Raises TypeError for anything but a plain Python function.
    """

    def __init__(self, function: Callable):
        if not inspect.isfunction(function):
            raise TypeError(f"function must be a plain Python function, such as optimizers.gd, got {shown(function)}")
        lines = inspect.getsource(function).splitlines()
        body = ast.parse("\n".join(lines)).body[0].body
        if ast.get_docstring(ast.parse("\n".join(lines)).body[0]) is not None:
            del lines[body[0].lineno - 1 : body[0].end_lineno]
        self._text = "\n".join(lines)

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self._text, "text/markdown": f"```python\n{self._text}\n```"}

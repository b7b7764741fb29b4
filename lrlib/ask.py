"""A question with one number for an answer, which says right, or why not."""

from collections.abc import Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from lrlib import page, words
from lrlib.settings import choice, number


class ask(anywidget.AnyWidget):
    """A field for the reader's answer; in a notebook, on a page, and by a call of `check`.

    Arguments
        answer: the right number, not 0.
        tolerance: how far an answer may be off, as a part of the right one.
        mistakes: expected wrong answers, each with the name of the explanation that it gets
            (the strings `why_…` in `lrlib/locale`).

    Raises TypeError or ValueError, naming the argument.

    >>> from lrlib import ask
    >>> ask(0.25, mistakes={"glide": 0.125}).check(0.25)
    'Right: 0.25.'
    """

    _esm = page.widget_script("ask")
    _css = page.style()

    language = traitlets.Unicode().tag(sync=True)
    answer = traitlets.Float().tag(sync=True)
    tolerance = traitlets.Float().tag(sync=True)
    mistakes = traitlets.List().tag(sync=True)

    def __init__(self, answer: float, tolerance: float = 0.01, mistakes: Mapping[str, float] | None = None):
        language = words.current()
        known = [key.removeprefix("why_") for key in words.strings(language) if key.startswith("why_")]
        answer = number("answer", answer)
        if answer == 0:
            raise ValueError("answer must not be 0, since the tolerance is a part of it")
        super().__init__(
            language=language,
            answer=answer,
            tolerance=number("tolerance", tolerance, 0, 1),
            mistakes=[
                (number(f"mistakes[{name!r}]", wrong), choice("mistakes", name, known))
                for name, wrong in (mistakes or {}).items()
            ],
        )

    def check(self, given: float) -> str:
        """What is said to an answer."""
        return reply(number("given", given), self)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
        label = words.strings(self.language)["answer"]
        settings = {name: getattr(self, name) for name in ("language", "answer", "tolerance", "mistakes")}
        data |= {
            "text/plain": f"{label}: ________",
            "text/html": page.element("lr-ask", settings, f"<p>{label}: ________</p>"),
        }
        return (data, *metadata) if metadata else data


def reply(given: float, question: ask) -> str:
    """What is said to an answer; `ask.js` says the same."""
    strings = words.strings(question.language)

    def near(value: float) -> bool:
        return bool(np.abs(given - value) <= question.tolerance * np.abs(value))

    def say(key: str) -> str:
        shown = {
            name: words.format_number(value, strings["decimal"])
            for name, value in (("given", given), ("answer", question.answer))
        }
        return strings[key].format(**shown)

    if near(question.answer):
        return say("ask_right")
    for wrong, name in question.mistakes:
        if near(wrong):
            return say("why_" + name)
    return say("ask_large" if given > question.answer else "ask_small")

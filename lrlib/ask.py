"""Questions that check themselves: a number, one of several answers, or what the reader makes of a figure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import anywidget
import numpy as np
import traitlets

from lrlib import page, words
from lrlib.lab import lab
from lrlib.quantities import OF_THE_END, QUANTITIES, quantity
from lrlib.settings import choice, number, shown


class ask(anywidget.AnyWidget):
    r"""A question that says right, or why not; in a notebook, on a page, and by a call of `check`.

    $$|\text{given} - \text{answer}| \le \text{tolerance} \cdot |\text{answer}|$$

    Arguments
        answer: the right number; or the right one of `choices`; or the name of what is to be read off `figure`.
        tolerance: how far a number may be off, as a part of the right one; where that is 0, as it stands.
        mistakes: expected wrong answers, each under the name of the explanation that it gets (the strings
            `why_…` in `lrlib/locale`); a number is recognised as the right one is, and where it is what the given
            one rounds, to two figures or more, unless that rounds the right one too.
        choices: the answers to choose from, by the names of their labels: the strings `choice_…`, or else
            `rule_…`.
        figure: the `lab` that the question is about, as the reader has left it; on a page the nearest one
            before the question.
        goal: (low, high), either of them None for no limit: there is nothing to type, and it is right when
            the figure's answer lies between them.

    What can be read off a figure:

    - "critical_rate", "best_rate", "condition" and "contraction" are threshold/λ₁, 2/(λ₁ + λ₂), κ = λ₁/λ₂ and
      (κ − 1)/(κ + 1), for the Hessian at the cursor, or at the start where the cursor rests at the end.
    - "turning_rate" is the rate at which a gradient step from there no longer lowers the loss.
    - "product" and "multiplier" are ηλ₁ and 1 − ηλ₁ at the start.
    - "loss", "fall" and "diverged_at" are the last loss, its quotient by the first one, and the step of the
      first ∞ or nan.

    λ₁ is the largest and λ₂ the smallest eigenvalue; wherever η stands beside λ₁, of the Hessian as the rule
    rescales it. Where several rules run, it is the one in focus.

    Raises TypeError or ValueError, naming the argument.

    >>> from lrlib import ask, lab
    >>> ask(0.25, mistakes={"glide": 0.125}).check(0.25)
    'Right: 0.25.'
    >>> ask("saddle", choices=["walls", "saddle", "plateau"]).check("walls")
    'Not yet: “bouncing between the walls” is not right.'
    >>> figure = lab("quadratic", lr=0.1, condition=10)
    >>> question = ask("critical_rate", figure=figure)
    >>> figure.settings = {"condition": 40}
    >>> question.check(0.05)
    'Right: 0.05.'
    >>> ask("loss", figure=figure, goal=(None, 1e-6)).check()
    'Not yet. Loss at the end: 1.65×10⁵⁰, more than 1×10⁻⁶.'
    """

    _esm = page.widget_script("ask")
    _css = page.style()

    language = traitlets.Unicode().tag(sync=True)
    answer = traitlets.Any().tag(sync=True)
    tolerance = traitlets.Float().tag(sync=True)
    mistakes = traitlets.List().tag(sync=True)
    choices = traitlets.List(default_value=None, allow_none=True).tag(sync=True)
    goal = traitlets.List(default_value=None, allow_none=True).tag(sync=True)
    #: Which figure it is about: the build compares it with the one before it on the page.
    figure = traitlets.Unicode(default_value=None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        answer: float | str,
        tolerance: float = 0.01,
        mistakes: Mapping[str, float | str] | None = None,
        *,
        choices: Sequence[str] | None = None,
        figure: lab | None = None,
        goal: tuple[float | None, float | None] | None = None,
    ):
        language = words.current()
        if choices is not None:
            choices = _choices(choices, language)
            if figure is not None or goal is not None:
                raise ValueError(f"{'goal' if figure is None else 'figure'} must be None where there are choices")
        if figure is not None and not isinstance(figure, lab):
            raise TypeError(f"figure must be a lab, got {shown(figure)}")
        self._figure = figure
        super().__init__(
            language=language,
            answer=self._known("answer", answer, choices),
            tolerance=number("tolerance", tolerance, 0, 1),
            mistakes=self._mistakes(mistakes or {}, choices, language),
            choices=choices,
            goal=None if goal is None else self._goal(goal, mistakes),
            figure=None if figure is None else fingerprint(figure._state),
        )
        self.on_msg(self._heard)

    def _known(self, argument: str, given: Any, choices: list[str] | None) -> float | str:
        """A right or wrong answer, if it is one that this question can have."""
        if choices is not None:
            return choice(argument, given, choices)
        if not isinstance(given, str):
            return number(argument, given)
        if self._figure is None:
            raise TypeError(f"{argument} must be a finite number, got {given!r}; a name needs choices or a figure")
        name = choice(argument, given, QUANTITIES)
        quantity(name, self._figure)  # a recording does not have them all
        return name

    def _mistakes(self, mistakes: Mapping[str, Any], choices: list[str] | None, language: str) -> list[tuple]:
        known = [key.removeprefix("why_") for key in words.strings(language) if key.startswith("why_")]
        return [
            (self._known(f"mistakes[{name!r}]", wrong, choices), choice("mistakes", name, known))
            for name, wrong in mistakes.items()
        ]

    def _goal(self, goal: Any, mistakes: Any) -> list[float | None]:
        if self._figure is None:
            raise ValueError("goal needs a figure")
        if mistakes:
            raise ValueError(f"mistakes must be None where there is a goal and nothing to type, got {shown(mistakes)}")
        if not isinstance(goal, (list, tuple)) or len(goal) != 2 or all(end is None for end in goal):
            raise ValueError(f"goal must be (low, high), one of which may be None, got {shown(goal)}")
        ends = [None if end is None else number("goal", end) for end in goal]
        if None not in ends and ends[0] > ends[1]:
            raise ValueError(f"goal must be (low, high) with low ≤ high, got {shown(goal)}")
        return ends

    def check(self, given: float | str | None = None) -> str:
        """What is said to an answer; where there is a goal, to the figure as it stands."""
        if self.goal is not None:
            if given is not None:
                raise TypeError(f"given must be left out where there is a goal, got {shown(given)}")
        elif self.choices is not None:
            choice("given", given, self.choices)
        else:
            given = number("given", given)
        return self._reply(given)[1]

    def _reply(self, given: Any) -> tuple[bool, str]:
        """Whether it is right, and what is said to it; as `reply` in `ask.js`."""
        strings = words.strings(self.language)
        answer, mistakes = self._value(self.answer), [(self._value(wrong), why) for wrong, why in self.mistakes]
        key = reply_to(given, answer, mistakes, self)
        low, high = self.goal or (None, None)
        values = {"given": given, "answer": answer, "low": low, "high": high}
        if key in ("ask_nothing", "ask_above") and self.answer in OF_THE_END and not np.isfinite(answer):
            step = self._value("diverged_at")
            if self.goal is not None and np.isfinite(step):
                key, values["step"] = "ask_diverged", step
        shown = {
            name: _written(value, strings, 6 if name in ("given", "step") else 3)  # these are not rounded
            for name, value in values.items()
            if value is not None
        }
        return key in ("ask_right", "ask_reached"), strings[key].format(
            name=strings.get(f"fact_{self.answer}"), **shown
        )

    def _value(self, known: float | str) -> float | str | None:
        """An answer as a number, read off the figure if it is one of its quantities; None while that is hidden."""
        if self._figure is None or not isinstance(known, str):
            return known
        return None if self._figure._untold else quantity(known, self._figure)

    def _heard(self, widget: Any, content: dict, buffers: Any) -> None:
        """In a notebook the figure is here, and not where the question is drawn."""
        right, says = self._reply(content["given"])
        self.send({"right": right, "says": says})

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
        names = ("language", "answer", "tolerance", "mistakes", "choices", "goal", "figure")
        settings = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        lines = self._lines()
        data |= {
            "text/plain": "\n".join(lines),
            "text/html": page.element("lr-ask", settings, page.paragraphs(lines)),
        }
        return (data, *metadata) if metadata else data

    def _lines(self) -> list[str]:
        """The question where no script runs."""
        strings = words.strings(self.language)
        if self.goal is not None:
            return [aim(self)]
        if self.choices is not None:
            return [f"{strings['answer']}:", *words.choices(_written(name, strings) for name in self.choices)]
        return [words.blank(strings["answer" if self.figure is None else "answer_now"])]


def reply_to(given: Any, answer: Any, mistakes: list[tuple], question: ask) -> str:
    """Which string replies to an answer; `ask.js` has the same."""
    if answer is None:
        return "ask_untold"
    if question.choices is None and (np.isnan(answer) if question.goal is not None else not np.isfinite(answer)):
        return "ask_nothing"
    if question.goal is not None:
        low, high = question.goal
        if low is not None and answer < low:
            return "ask_below"
        return "ask_above" if high is not None and answer > high else "ask_reached"

    def near(value: Any) -> bool:
        if question.choices is not None:
            return given == value
        return bool(np.isfinite(value)) and abs(given - value) <= question.tolerance * (abs(value) or 1)

    if near(answer):
        return "ask_right"
    for meant in (near, lambda value: _rounds(given, value) and not _rounds(given, answer)):
        for wrong, name in mistakes:
            if meant(wrong):
                return f"why_{name}"
    if question.choices is not None:
        return "ask_wrong"
    if answer and abs(-given - answer) <= question.tolerance * abs(answer):
        return "why_sign"
    return "ask_large" if given > answer else "ask_small"


def _rounds(given: Any, value: Any) -> bool:
    """Whether a number is another one, rounded to two figures or more."""
    if isinstance(given, str) or not np.isfinite(value):
        return False
    figures = len(Decimal(repr(float(given))).normalize().as_tuple().digits)
    return figures > 1 and words.format_number(given, figures=figures) == words.format_number(value, figures=figures)


def aim(question: ask) -> str:
    """What a figure is to be brought to, in signs."""
    strings = words.strings(question.language)
    low, high = (None if end is None else _written(end, strings) for end in question.goal)
    name = strings["fact_" + question.answer]
    return f"{name} ≥ {low}" if high is None else f"{name} ≤ {high}" if low is None else f"{low} ≤ {name} ≤ {high}"


def fingerprint(state: Any) -> str:
    """Tells one figure from another by its settings.

    >>> fingerprint({"lr": 0.1})
    'c924a5f4'
    """
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:8]


def _written(value: float | str, strings: dict[str, str], figures: int = 3) -> str:
    """A choice by its label, a number as the reader writes it."""
    if isinstance(value, str):
        return strings.get(f"choice_{value}") or strings[f"rule_{value}"]
    return words.format_number(value, strings["decimal"], figures)


def _choices(given: Any, language: str) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Sequence) or not 2 <= len(given) <= 12:
        raise ValueError(f"choices must be a list of 2 to 12 names, got {shown(given)}")
    keys = words.strings(language)
    known = [key.partition("_")[2] for key in keys if key.startswith(("choice_", "rule_"))]
    for name in given:
        choice("choices", name, known)
    if len(set(given)) < len(given):
        raise ValueError(f"choices must be different, got {shown(given)}")
    return list(given)

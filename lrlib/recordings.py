"""What one figure shows of recordings: one, or several by the name of their model or schedule, and what they share.

`figure/recording.js` and `figure/scatter.js` read what `Recordings.traits` writes; `stills.py` draws the same.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from lrlib.recording import PANELS, Recording, sentence
from lrlib.schedules import SCHEDULES
from lrlib.settings import choice, nearest, number, shown
from lrlib.words import strings

#: Panels with a mark for each run or each model; like the gauge they need the sharpness.
SCATTERS = ("crossings", "limits")

#: Panels that show several schedules beside each other.
BESIDE = ("loss", "norm", "schedule")

#: As many as there are shapes of marks.
MOST_MODELS = 12

#: As many as there are lines that can be told apart.
MOST_SCHEDULES = 5

#: Before the name of a schedule, where recordings are of schedules.
SCHEDULE = "schedule_"

#: Of several recordings, in a page that may hold many.
MOST_BYTES = 400_000

#: Below this share of the first loss the last one must be where a rate trains.
SHARE = 0.5


class Recordings:
    """What is recorded of one model or of several.

    Arguments
        given: a `Recording`, or a dict of recordings by the name of their model, 1 to 12. A name is that of a string
            `model_<name>` of the locale files. Or, to see up to 5 schedules beside each other, a dict of recordings of
            the same number of steps by "schedule_" and the name of their schedule.
        share: of the first loss; for the panel "limits", as for `Recording.trains`.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib.recording import Recording
    >>> from lrlib.recordings import Recordings
    >>> one = Recording([0.5, 1], [[4, 1], [4, 2]])
    >>> Recordings({"cnn": one, "rnn": one}).names
    ['cnn', 'rnn']
    """

    def __init__(self, given: Any, share: float = SHARE):
        self.share = number("trains", share, 0, 1, open_low=True)
        self.single, self.beside = isinstance(given, Recording), False
        if self.single:
            self._all = {None: given}
            return
        if not given or len(given) > MOST_MODELS:
            raise ValueError(f"a figure shows 1 to {MOST_MODELS} models, got {len(given)}: {shown(list(given))}")
        for name, recording in given.items():
            _check_name(name)
            if not isinstance(recording, Recording):
                raise TypeError(f"what is shown of {name!r} must be a Recording, got {shown(recording)}")
        self._all = dict(given)
        self.beside = any(name.startswith(SCHEDULE) for name in given)
        if self.beside:
            _check_schedules(self._all)

    @property
    def names(self) -> list[str | None]:
        """Of the models, in their order; of a single recording None."""
        return list(self._all)

    def __getitem__(self, model: str | None) -> Recording:
        return self._all[model]

    @cached_property
    def panels(self) -> list[str]:
        """The panels that there are numbers for, in every recording."""
        usual = [name for name in PANELS if all(name in each.panels for each in self._all.values())]
        if self.beside:
            return [name for name in usual if name in BESIDE]
        known = all(each.predicts for each in self._all.values())
        return usual + (["crossings"] if "gauge" in usual else []) + (["limits"] if known else [])

    def label(self, model: str | None, language: str) -> str:
        """The name of a model in a language; nothing for a single recording."""
        return "" if model is None else strings(language)[_string(model)]

    def sentence(self, model: str | None, lr: float, language: str) -> str:
        """What the figure shows of a model at a rate, in words."""
        words, said = strings(language), sentence(self[model].facts(lr), language)
        if model is None:
            return said
        return words["join"].join((words["says_focus"].format(rule=self.label(model, language)), said))

    def traits(self, model: Any = None, lr: float | None = None, panels: Any = None) -> dict[str, Any]:
        """The traits of a figure that shows them; all others are as in any figure.

        Arguments
            model: the one in focus; by default the first.
            lr: the rate at first, from which the nearest stop is taken; by default the lowest.
            panels: some of those that there are numbers for; by default the loss and, if it can be, the gauge.

        Raises TypeError or ValueError for an unknown model, or a panel that nothing was recorded for.
        """
        model = self._known(model)
        names = [name for name in ("loss", "gauge") if name in self.panels] if panels is None else list(panels)
        if not names:
            raise ValueError(f"panels must name at least one of {', '.join(self.panels)}, got {shown(panels)}")
        for name in names:
            self._check_panel(name)
        recording = self.pack(names)
        rates = self[model].rates
        return {
            "surface": "parabola",  # a figure must have one; nothing of it is shown
            "optimizers": ["gd"],
            "optimizer": "gd",
            "lr": float(rates[0] if lr is None else rates[self[model].nearest(lr)]),
            "rates": {},
            "panels": names,
            "controls": ["range"] if "range" in names else [],
            "model": model,
            "recording": recording,
            **fixed(recording, model),
        }

    def pack(self, panels: list[str]) -> dict[str, Any]:
        """What a page needs of them for some panels, as JSON can hold it.

        A single recording is packed as it is; several are in "models", by name. "scatter" has what the panels of
        that kind show: for each model the `firsts` at each rate, and its limits: of the predicted rates lowest, median
        and highest (null for ∞), and the rates that train and fail.
        """
        if self.single:
            packed = self[None].pack()
        else:
            packed = {"models": {name: one.pack() for name, one in self._all.items()}}
            size = sum(one.size for one in self._all.values())
            if size > MOST_BYTES:
                raise ValueError(
                    f"recordings must take at most {MOST_BYTES} bytes in a page, these take {size}: "
                    "show fewer models, record fewer rates or steps, or leave the norms out"
                )
        found = {"crossings": ("firsts", lambda: self.firsts), "limits": ("limits", lambda: self.limits)}
        scatter = {name: find() for panel, (name, find) in found.items() if panel in panels}
        return packed | {"scatter": scatter | {"share": self.share}} if scatter else packed

    @property
    def firsts(self) -> list[list[list[list[int | None]]]]:
        """By model, rate and run: crosses, rises, below."""
        return [
            [[[one.crosses, one.rises, one.below] for one in each.firsts(lr)] for lr in each.rates]
            for each in self._all.values()
        ]

    @property
    def limits(self) -> list[list[float | None]]:
        """By model: lowest, median and highest predicted rate, the largest that trains, the next that does not."""
        return [_plain_limits(each, self.share) for each in self._all.values()]

    def still(
        self,
        model: str | None,
        lr: float,
        panels: list[str],
        language: str,
        cursor: int | None = None,
        smoothing: float = 0.0,
    ) -> bytes:
        """The panels of a model at a rate as a PNG; the smoothing is that of the range test."""
        from lrlib import stills  # matplotlib takes longer to import than all the rest

        return stills.still(self, model, lr, panels, language, cursor, smoothing)

    def _known(self, model: Any) -> str | None:
        if self.single:
            if model is not None:
                raise ValueError(f"model must be None where one recording is shown, got {shown(model)}")
            return None
        return self.names[0] if model is None else choice("model", model, self.names)

    def _check_panel(self, name: Any) -> None:
        needed = (PANELS | dict.fromkeys(SCATTERS, "sharpness"))[choice("panels", name, [*PANELS, *SCATTERS])]
        if name in self.panels:
            return
        if self.beside and name not in BESIDE:
            raise ValueError(f"panels {name!r} shows no schedules beside each other. Known: {', '.join(self.panels)}")
        lacking = [model for model, each in self._all.items() if name not in Recordings(each).panels]
        of = "" if self.single else f" for {', '.join(lacking)}"
        raise ValueError(
            f"panels {name!r} needs {needed}, of which nothing was recorded{of}. Known: {', '.join(self.panels)}"
        )


def packed_of(recording: dict[str, Any], model: str | None) -> dict[str, Any]:
    """The packed recording of one model."""
    return recording["models"][model] if "models" in recording else recording


def fixed(recording: dict[str, Any], model: str | None) -> dict[str, Any]:
    """The traits that follow the model in focus."""
    packed = packed_of(recording, model)
    rates = packed["rates"]
    return {"steps": packed["steps"], "lr_range": [rates[0], rates[-1] if len(rates) > 1 else 2 * rates[0]]}


def _string(name: str) -> str:
    """Which string of the locale files says the name of a model, or of a schedule."""
    return name if name.startswith(SCHEDULE) else "model_" + name


def _check_schedules(recordings: dict[str, Recording]) -> None:
    """That recordings can be shown beside each other."""
    if not all(name.startswith(SCHEDULE) for name in recordings) or len(recordings) > MOST_SCHEDULES:
        raise ValueError(
            f"a figure shows either models or up to {MOST_SCHEDULES} schedules, got {len(recordings)} recordings: "
            f"{shown(list(recordings))}"
        )
    steps = {each.steps for each in recordings.values()}
    if len(steps) > 1:
        raise ValueError(f"recordings of schedules must have the same number of steps, got {shown(sorted(steps))}")


def _check_name(name: Any) -> None:
    """That a model has a name in the locale files."""
    if isinstance(name, str) and name.startswith(SCHEDULE):
        choice("schedule", name.removeprefix(SCHEDULE), SCHEDULES)
        return
    known = [key.removeprefix("model_") for key in strings("en") if key.startswith("model_")]
    if not isinstance(name, str):
        raise TypeError(f"a model must be a name, got {shown(name)}. {nearest('', known)}")
    if name not in known:
        raise ValueError(f"model {name!r} is unknown, the locale files have no model_{name}: {nearest(name, known)}")


def _plain_limits(recording: Recording, share: float) -> list[float | None]:
    limits = recording.limits(share)
    ends = [limits.predicted.min(), np.median(limits.predicted), limits.predicted.max()]
    return [*(float(each) if np.isfinite(each) else None for each in ends), limits.trains, limits.fails]


def is_shown(given: Any) -> bool:
    """Whether a figure of this shows recordings."""
    return isinstance(given, (Recording, Mapping))

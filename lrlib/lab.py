"""The figure: one object that is a widget, a page element, a picture and a sentence."""

import base64
import contextlib
import html
from collections.abc import Iterator
from inspect import signature
from typing import Any

import anywidget
import numpy as np
import traitlets

from lrlib import curvature, listing, page, words
from lrlib.descend import descend, outcome
from lrlib.optimizers import OPTIMIZERS
from lrlib.path import Path
from lrlib.recording import Recording
from lrlib.recordings import SHARE, Recordings, is_shown
from lrlib.search import momentum_map, nearest_minimum, ramp, range_places, smoothed
from lrlib.settings import number, shown
from lrlib.state import (
    AT_FIRST,
    CHECKS,
    CONSTANT,
    FORMATS,
    PANELS,
    State,
    arguments,
    changed,
    equal,
    is_resumed,
    rate,
    rate_of,
    rates_given,
    settings_given,
)
from lrlib.surfaces import SURFACES, find_surface

#: Rates of the picture's sensitivity panel.
_SWEEP = 97

#: Rates and memories of the picture's map, and the steps over which the page measures it, too.
_MAP = 97, 61
MAP_STEPS = 150

#: Losses whose curvature is the same everywhere: where the best rate and memory are known.
BOWLS = ("parabola", "quadratic", "regression")


class _Part(traitlets.Any):
    """A trait that is checked together with all others, so that the figure is never half changed."""

    def set(self, obj: "lab", value: Any) -> None:
        if obj._cross_validation_lock:  # several are being set: `hold_trait_notifications` checks at the end
            super().set(obj, value)
        else:
            obj._take({self.name: value})


class lab(anywidget.AnyWidget):
    r"""A figure in which a reader sets the learning rate and sees what it does.

    Arguments
        surface: one of `surfaces`, or its name; or a `Recording` of what no page can compute, or several of them
            in a dict by the name of their model, of which the reader picks one. A model's name is a string
            `model_<name>` of the locale files. Recordings by "schedule_" and the name of a schedule, such as
            "schedule_cosine", are drawn beside each other, each at the stop nearest to lr. Of recordings only model, lr (the nearest stop is taken), panels,
            smoothing, trains, cursor and language can be chosen.
        optimizer: one of `optimizers`, or its name; or a list of up to five of them, a race, with the
            first in focus.
        lr: the learning rate η > 0 at first; or one of `schedules` with its rate and plain numbers, also
            after a `warmup`; or, for a race, a dict of rates by rule: a rule that is not in it runs at
            the rate of the first.
        start: where it starts; a number, or two on a surface over a plane.
        steps: how many steps are drawn, 1 to 20,000.
        noise, seed, dtype: of the gradient, of its noise, and the number format, as for `descend`.
        clip, resume, lost: of the gradient, and of a run that is stopped and resumed, as for `descend`; a step
            to resume at that comes after the end does nothing.
        ramp: how many steps the range test of the panel "range" takes, 2 to 2000.
        smoothing: of its curve, 0 to 0.99, as for `search.smoothed`.
        cursor: the step at which the figure stands, 0 to steps; None is the end.
        lr_range: ends of the slider; by default around the critical rate, or around the rate itself
            where no rate is critical.
        view: the window of the landscape, (low, high) for each coordinate.
        panels: which panels, of "landscape", "loss", "gauge", "norm", "rates", "state", "schedule",
            "sensitivity", "microscope", "taylor" (one gradient step from the cursor, predicted and
            measured), "map" (the factor of the error per step over rate and memory β), "range" (a range
            test from one end of the slider to the other: the loss of a run of its own against its
            rising rate, and what is read off it).
            Of recordings those that there are numbers for, of "loss", "gauge", "norm", "schedule", "crossings",
            "limits", "range". "crossings": for each run of every model at every rate, the step at which its
            loss first rises over the step at which its gauge is first above the threshold; a run is one seed whose
            sharpness was measured, at the steps where it was measured (`Recording.firsts`). "limits": for each model the largest
            recorded rate that trains over threshold/λ at the initial point (`Recording.limits`).
        controls: what gets a control of its own: settings of the surface and the rules, "optimizer",
            "schedule", "noise", "dtype", "clip", "resume" (the step, and what is lost there), "range" (its
            steps and its smoothing), "steps", "race" (to add rules).
        predict: what the reader is to foretell first: "regime", "loss", "overflow" or "end".
        hidden: the panels that stay hidden until then; and "border", what slider, sentence and range test say of the
            rate at which the run begins to diverge, which stays hidden where nothing is to be foretold.
        model: of several recordings the one in focus at first; by default the first.
        trains: the share of the first loss below which the last one of every run must be where a rate trains; for
            "limits".
        language: of the labels; by default what `use` set.
        settings: of the surface and the optimizers. A hyperparameter is that of every rule that has it.

    Every argument is a trait of the same name, synced both ways with the page, and there are more:
    `optimizers` is the whole race and `optimizer` the one in focus, `rates` the rates of their own,
    `schedule` the schedule and its warm-up, `settings` all settings together, `guess` what the reader
    has foretold, `recording` what the page has recorded. Whatever is assigned is checked like an
    argument. Another `model` takes, of its own rates, the one nearest to the last. A rule that is not in
    the race takes the place of the one in focus; a cursor beyond the end goes to the end. Only the surface
    is fixed once the figure is made.

    Raises TypeError or ValueError for anything that is not allowed, naming the argument; a figure of
    which something has been refused stays as it was.

    >>> from lrlib import lab
    >>> figure = lab("parabola", "gd", lr=2.1, start=1, steps=20)
    >>> figure
    η = 2.1, ηλ = 2.1, threshold 2. Each step lands farther away than the last. The path leaves the picture at step 17, at x = −5.05. The loss rises from 0.5 to 22.6 in 20 steps.
    >>> figure.lr = 0.5
    >>> figure.path.points[:3, 0].tolist()
    [1.0, 0.5, 0.25]
    >>> print(figure.python)
    from lrlib import descend
    path = descend("parabola", "gd", start=1, lr=0.5, steps=20)
    """

    _esm = page.widget_script("lab")
    _css = page.style()

    language = _Part().tag(sync=True)
    surface = _Part().tag(sync=True)
    optimizers = _Part().tag(sync=True)
    optimizer = _Part().tag(sync=True)
    lr = _Part().tag(sync=True)
    rates = _Part().tag(sync=True)
    lr_range = _Part().tag(sync=True)
    start = _Part().tag(sync=True)
    steps = _Part().tag(sync=True)
    settings = _Part().tag(sync=True)
    schedule = _Part().tag(sync=True)
    noise = _Part().tag(sync=True)
    seed = _Part().tag(sync=True)
    dtype = _Part().tag(sync=True)
    clip = _Part().tag(sync=True)
    resume = _Part().tag(sync=True)
    lost = _Part().tag(sync=True)
    ramp = _Part().tag(sync=True)
    smoothing = _Part().tag(sync=True)
    cursor = _Part().tag(sync=True)
    view = _Part().tag(sync=True)
    panels = _Part().tag(sync=True)
    controls = _Part().tag(sync=True)
    predict = _Part().tag(sync=True)
    hidden = _Part().tag(sync=True)
    guess = _Part().tag(sync=True)
    recording = _Part().tag(sync=True)
    model = _Part().tag(sync=True)

    #: The rate once more, by the name that `ipywidgets.interactive_output` looks for.
    value = traitlets.Any()

    @traitlets.validate("value")
    def _check_value(self, proposal: dict) -> float:
        return number("value", proposal["value"], 0, open_low=True)

    @traitlets.observe("lr")
    def _lr_changed(self, change: dict) -> None:
        self.value = change["new"]

    @traitlets.observe("value")
    def _value_changed(self, change: dict) -> None:
        self.lr = change["new"]

    def __init__(
        self,
        surface: Any = "parabola",
        optimizer: Any = "gd",
        lr: Any = 0.1,
        start: Any = None,
        steps: int = 50,
        *,
        noise: float = 0.0,
        seed: int = 0,
        dtype: Any = "float64",
        clip: float | None = None,
        resume: int | None = None,
        lost: str = "nothing",
        ramp: int = 100,
        smoothing: float = 0.0,
        cursor: int | None = None,
        lr_range: tuple[float, float] | None = None,
        view: Any = None,
        panels: tuple[str, ...] = PANELS[:3],
        controls: tuple[str, ...] = (),
        predict: str | None = None,
        hidden: tuple[str, ...] = (),
        model: str | None = None,
        trains: float = SHARE,
        language: str | None = None,
        **settings: Any,
    ):
        self._recordings = Recordings(surface, trains) if is_shown(surface) else None
        if self._recordings:
            super().__init__(**_recorded_state(self._recordings, locals()))
            return
        for name, given, standing in (("model", model, None), ("trains", trains, SHARE)):
            if not equal(given, standing):
                raise TypeError(f"{name} can only be set where recordings are shown, got {shown(given)}")
        known = find_surface(surface)
        race = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
        given = {
            "language": words.current() if language is None else language,
            "surface": known.name,
            "optimizers": race,
            "rates": {},
            "schedule": CONSTANT,
            **rates_given(lr, race),
            "start": [0.8 * low for low, _ in known.view] if start is None else start,
            "steps": steps,
            "settings": settings_given(known, race, settings),
            "noise": noise,
            "seed": seed,
            "dtype": dtype,
            "clip": clip,
            "resume": resume,
            "lost": lost,
            "ramp": ramp,
            "smoothing": smoothing,
            "view": known.view if view is None else view,
            "panels": panels,
            "controls": controls,
            "predict": predict,
            "hidden": hidden,
        }
        state = changed({"surface": known.name} | AT_FIRST, given)
        state = changed(state, {"cursor": cursor})  # once there are steps that it could be beyond
        super().__init__(**changed(state, {"lr_range": _default_range(state) if lr_range is None else lr_range}))

    @property
    def path(self) -> Path:
        """The run in focus, as arrays."""
        return descend(**arguments(self._computed, self.optimizer))

    @property
    def paths(self) -> dict[str, Path]:
        """The runs of all rules in the race, by name."""
        state = self._computed
        return {name: descend(**arguments(state, name)) for name in self.optimizers}

    @property
    def python(self) -> str:
        """The lines of Python that give `path`, or in a race `paths`, with the same bits."""
        return listing.listing(self._computed)

    @property
    def sentence(self) -> str:
        """What the figure shows, in words."""
        if self._recordings:
            return self._recordings.sentence(self.model, self.lr, self.language)
        return self._said(self.paths)

    def _facts(self, paths: dict[str, Path]) -> dict[str, Any]:
        state, path = self._state, paths[self.optimizer]
        resumed = (self.resume, self.lost) if is_resumed(state) else None
        told = words.facts(path, self.view, self.panels, rate_of(state, self.optimizer), _floor(state, path), resumed)
        return told | {"threshold": np.nan, "crosses": None} if _is_border_hidden(state) else told

    def _said(self, paths: dict[str, Path]) -> str:
        race = [(name, float(path.losses[-1])) for name, path in paths.items()] if len(paths) > 1 else None
        return words.sentence(self._facts(paths), self.language, race)

    @property
    def _state(self) -> State:
        return {name: getattr(self, name) for name in CHECKS}

    @property
    def _recorded(self) -> Recording | None:
        """The recording in focus, if what it shows is recorded and not computed."""
        return self._recordings and self._recordings[self.model]

    @property
    def _computed(self) -> State:
        """The state, if what it shows is computed and not recorded."""
        if self._recorded:
            raise ValueError(f"this figure shows a recording, which has no path of points: use {self._recorded!r}")
        return self._state

    def _take(self, changes: State) -> None:
        """Some traits at once, or, if anything is wrong with them, none."""
        state = changed(self._state, changes)
        with super().hold_trait_notifications():
            self._store(state)

    def _store(self, state: State) -> None:
        for name, value in state.items():
            self.set_trait(name, value)

    @contextlib.contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """Several changes as one, as when the page sends them: checked together at the end, in any order."""
        if self._cross_validation_lock:  # an inner one: the outermost checks
            yield
            return
        before = self._state
        with super().hold_trait_notifications():
            try:
                yield
                after = self._state
                self._store(changed(before, {n: after[n] for n in before if not equal(after[n], before[n])}))
            except BaseException:
                self._store(before)
                raise

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
        panels, paths = self._told_panels(), {} if self._recorded else self.paths
        said = self._said(paths) if paths else self.sentence
        if self._untold:  # the sentence would give away what the reader is to foretell
            titles = words.strings(self.language)
            said = titles["comma"].join(titles[name] for name in panels)
        encoded = base64.b64encode(self._picture(panels, paths)).decode()
        asked = page.paragraphs(self._asked(paths)) if self._untold else ""
        data |= {
            "text/plain": said,
            "text/html": page.element(
                "lr-lab", self._state, f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(said)}">{asked}'
            ),
            "image/png": encoded,
        }
        return (data, *metadata) if metadata else data

    @property
    def _untold(self) -> bool:
        return self.predict is not None and self.guess is None

    def _asked(self, paths: dict[str, Path]) -> list[str]:
        """What is to be foretold, and what can be answered, where no script asks it."""
        strings, lr = words.strings(self.language), rate_of(self._state, self.optimizer)
        rate = words.format_number(lr, decimal=strings["decimal"])
        asked = strings[f"guess_{self.predict}"].format(lr=rate, steps=self.steps, format=self.dtype)
        if self.predict == "end":
            return [asked]
        if self.predict != "regime":
            return [asked, words.blank(strings["answer"])]
        zones = ("zone_glide", words.middle_zone(paths[self.optimizer].threshold[0]), "zone_explode")
        return [asked, *words.choices(strings[zone] for zone in zones)]

    def _told_panels(self) -> list[str]:
        """The panels of the picture: while something is to be foretold, the landscape at the least."""
        hidden = self.hidden if self._untold else ()
        return [name for name in self.panels if name not in hidden] or ["landscape"]

    def _picture(self, panels: list[str], paths: dict[str, Path]) -> bytes:
        if self._recordings:
            return self._recordings.still(self.model, self.lr, panels, self.language, self.cursor, self.smoothing)
        from lrlib import figures  # matplotlib takes longer to import than all the rest

        scene = figures.Scene(
            paths=paths,
            focus=self.optimizer,
            view=self.view,
            told=self._facts(paths),
            language=self.language,
            cursor=self.cursor,
            untold=self._untold,
            sweep=_sweep(self._state) if "sensitivity" in panels else None,
            formats=_formats(self._state) if "microscope" in panels else None,
            floor=_floor(self._state, paths[self.optimizer]) if "loss" in panels else None,
            map=_map(self._state) if "map" in panels else None,
            test=_test(self._state, paths[self.optimizer]) if "range" in panels else None,
        )
        return figures.still(scene, panels)

    def __repr__(self) -> str:
        return self.sentence


def _recorded_state(recordings: Recordings, given: State) -> State:
    """The state of a figure that shows recordings: only model, rate, panels, cursor and language can be chosen."""
    standing = {name: one.default for name, one in signature(lab).parameters.items() if name in given}
    chosen = ("surface", "lr", "panels", "cursor", "language", "model", "trains", "smoothing")
    for name, default in standing.items():
        if name not in (*chosen, "settings") and not equal(given[name], default):
            raise TypeError(f"{name} cannot be set where a recording is shown, got {shown(given[name])}")
    if given["settings"]:
        raise TypeError(f"a recording has no settings, got {shown(given['settings'])}")
    panels = None if equal(given["panels"], standing["panels"]) else given["panels"]
    traits = recordings.traits(given["model"], given["lr"], panels)
    known = find_surface(traits["surface"])
    filled = {name: default for name, default in standing.items() if name in CHECKS}
    filled |= {
        "start": [0.0],
        "schedule": CONSTANT,
        "settings": {},
        "view": known.view,
        "smoothing": given["smoothing"],
    }
    state = changed(
        {"surface": known.name} | AT_FIRST, filled | {"language": given["language"] or words.current()} | traits
    )
    return changed(state, {"cursor": given["cursor"]})


def _default_range(state: State) -> tuple[float, float]:
    """Whole decades around the critical rate of the rule in focus and around all rates of a race."""
    focus = state["optimizer"]
    low, high = _around(state, focus)
    if len(state["optimizers"]) > 1:
        rates = [rate_of(state, name) for name in state["optimizers"]]
        low, high = min(low, *rates), max(high, *rates)
    # Beyond these exponents there are no powers of ten among doubles, or none that are normal.
    decades = np.clip([np.floor(np.log10(low)), np.ceil(np.log10(high))], -307, 308)
    return tuple((10.0**decades).tolist())


def _around(state: State, name: str) -> tuple[float, float]:
    known = OPTIMIZERS[name]
    if known.threshold and not known.scale:  # where a rule rescales, the curvature at the start tells little
        path = descend(**arguments(state, name, steps=1))
        with np.errstate(all="ignore"):
            sharpest = float(np.abs(path.preconditioned_eigenvalues[0]).max()) or 1.0
        if np.isfinite(sharpest):
            given = {key: state["settings"][key] for key in known.settings if key in state["settings"]}
            critical = curvature.critical_rate(name, sharpest, **given)
            if 1e-300 < critical < 1e300:
                return critical / 100, critical * 2
    lr = rate_of(state, name)
    return max(lr / 100, 1e-307), min(lr, 1e300) * 10


def _sweep(state: State) -> dict[str, Any]:
    """The final losses over the rate, of each rule by name, for the rates that their schedule allows."""
    rates = np.geomspace(*state["lr_range"], _SWEEP)
    rates = np.array([lr for lr in rates if _allows(state, lr)])
    ends = {}
    for name in state["optimizers"]:
        ends[name] = outcome(**arguments(state, name, lr=rate(state, rates))).losses if rates.size else rates
    return {"span": state["lr_range"], "rates": rates, "losses": ends, "now": {n: rate_of(state, n) for n in ends}}


def _allows(state: State, lr: float) -> bool:
    try:
        rate(state, lr)
    except ValueError:
        return False
    return True


def _is_border_hidden(state: State) -> bool:
    """Whether nothing may tell at which rate the run begins to diverge."""
    return state["guess"] is None and "border" in state["hidden"]


def _test(state: State, path: Path) -> dict[str, Any]:
    """The range test of the rule in focus, what is read off its curve, and the critical rate at the start."""
    rates, name = ramp(*state["lr_range"], state["ramp"]), state["optimizer"]
    whole = state | {"resume": None}
    tested = descend(**arguments(whole, name, lr=lambda t: rates[t], steps=state["ramp"]))
    curve = smoothed(tested.losses[1:], state["smoothing"])
    critical = None
    is_told = path.optimizer.threshold and not path.optimizer.scale and not _is_border_hidden(state)
    if is_told and path.rates[0] > 0:
        with np.errstate(all="ignore"):
            critical = float(rate_of(state, name) * path.threshold[0] / (path.rates[0] * path.eigenvalues[0, 0]))
    return {
        "rates": rates,
        "first": float(tested.losses[0]),
        "losses": tested.losses[1:],
        "curve": curve,
        "places": range_places(curve),
        "critical": critical,
        "now": rate_of(state, name),
    }


def _map(state: State) -> dict[str, Any] | None:
    """Factors of the error per step over rate and memory, of the rule in focus; None where there are none."""
    name, surface = state["optimizer"], SURFACES[state["surface"]]
    if "beta" not in OPTIMIZERS[name].settings:
        return None
    given = {key: state["settings"][key] for key in surface.settings}
    rates, betas = np.geomspace(*state["lr_range"], _MAP[0]), (np.arange(_MAP[1]) + 0.5) / _MAP[1]
    try:
        factors = momentum_map(surface, name, state["start"], rates, betas, MAP_STEPS, **given)
    except ValueError:  # no minimum, or no error at the start
        return None
    curvatures = curvature.eigenvalues(surface, nearest_minimum(surface, state["start"], **given), **given)
    curvatures = [each for each in curvatures.tolist() if each > 0]
    known = name == "momentum" and surface.name in BOWLS and curvatures
    return {
        "rates": rates,
        "betas": betas,
        "factors": factors,
        "now": (rate_of(state, name), state["settings"].get("beta", OPTIMIZERS[name].settings["beta"].default)),
        "curvatures": curvatures,
        "best": curvature.best_momentum(curvatures[0], curvatures[-1])[:2] if known else None,
    }


def _floor(state: State, path: Path) -> np.ndarray | None:
    """The loss about which a run would hover at the rate of each step; None where no formula says it."""
    if path.optimizer.name != "gd" or not state["noise"] or path.surface.name not in BOWLS or path.clip is not None:
        return None
    settings = {name: float(value) for name, value in path.surface_settings.items()}
    least, rates = path.surface.minima(**settings), path.rates.astype(float)
    with np.errstate(all="ignore"):
        parts = (curvature.floor_along(rates, curve, state["noise"]) for curve in path.eigenvalues[0])
        return path.surface.value(*least, **settings) + sum(parts)


def _formats(state: State) -> dict[str, Path]:
    """The run in focus in every number format."""
    return {name: descend(**arguments(state, state["optimizer"], dtype=name)) for name in reversed(FORMATS)}

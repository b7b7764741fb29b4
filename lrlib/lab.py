"""The figure: one object that is a widget, a page element, a picture and a sentence."""

import base64
import html
from typing import Any

import anywidget
import numpy as np
import traitlets

from lrlib import curvature, page, words
from lrlib.descend import descend
from lrlib.optimizers import OPTIMIZERS, find_optimizer
from lrlib.path import Path
from lrlib.run import split_settings, start_points
from lrlib.settings import choice, count, nearest, number, numbers, shown
from lrlib.surfaces import find_surface

#: The rules that step along the gradient as it is, or its sum: one threshold for all coordinates.
SHOWN = tuple(known.name for known in OPTIMIZERS.values() if known.threshold and not known.scale)

PANELS = ("landscape", "loss", "gauge")

#: Longer runs would make the page wait.
MOST_STEPS_SHOWN = 20_000


class lab(anywidget.AnyWidget):
    r"""A figure in which a reader sets the learning rate and sees what it does.

    Arguments
        surface: one of `surfaces`, or its name.
        optimizer: gd, momentum or nesterov, from `optimizers` or by name.
        lr: the learning rate η > 0 at first.
        start: where it starts; a number, or two on a surface over a plane.
        steps: how many steps are drawn, 1 to 20,000.
        lr_range: ends of the slider; by default around the critical rate.
        view: the window of the landscape, (low, high) for each coordinate.
        panels: which panels, of "landscape", "loss", "gauge".
        controls: settings that get a slider of their own.
        language: of the labels; by default what `use` set.
        settings: of the surface and the optimizer.

    Every argument is a trait of the same name, synced both ways with the page; the settings are
    together in `settings`. Surface and optimizer are fixed once the figure is made.

    Raises TypeError or ValueError for anything that is not allowed, naming the argument.

    >>> from lrlib import lab
    >>> figure = lab("parabola", "gd", lr=2.1, start=1, steps=20)
    >>> figure
    η = 2.1, ηλ = 2.1, threshold 2. Each step lands farther away than the last. The path leaves the picture at step 17, at x = −5.05. The loss rises from 0.5 to 22.6 in 20 steps.
    >>> figure.lr = 0.5
    >>> figure.path.points[:3, 0].tolist()
    [1.0, 0.5, 0.25]
    """

    _esm = page.widget_script("lab")
    _css = page.style()

    language = traitlets.Unicode().tag(sync=True)
    surface = traitlets.Unicode().tag(sync=True)
    optimizer = traitlets.Unicode().tag(sync=True)
    lr = traitlets.Any().tag(sync=True)
    lr_range = traitlets.Any().tag(sync=True)
    start = traitlets.Any().tag(sync=True)
    steps = traitlets.Any().tag(sync=True)
    settings = traitlets.Any().tag(sync=True)
    view = traitlets.Any().tag(sync=True)
    panels = traitlets.Any().tag(sync=True)
    controls = traitlets.Any().tag(sync=True)

    def __init__(
        self,
        surface: Any = "parabola",
        optimizer: Any = "gd",
        lr: float = 0.1,
        start: Any = None,
        steps: int = 50,
        *,
        lr_range: tuple[float, float] | None = None,
        view: Any = None,
        panels: tuple[str, ...] = PANELS,
        controls: tuple[str, ...] = (),
        language: str | None = None,
        **settings: Any,
    ):
        self._surface, self._optimizer = find_surface(surface), find_optimizer(optimizer)
        if self._optimizer.name not in SHOWN:
            raise ValueError(
                f"optimizer {self._optimizer.name!r} has no figure: its gauge is not the product of rate and "
                f"curvature; use `descend`. {nearest('', SHOWN)}"
            )
        super().__init__(
            surface=self._surface.name,
            optimizer=self._optimizer.name,
            settings=settings,
            view=self._surface.view if view is None else view,
            start=[0.8 * low for low, _ in self._surface.view] if start is None else start,
            steps=steps,
            lr=lr,
            panels=panels,
            controls=controls,
            language=words.current() if language is None else language,
        )
        self.lr_range = self._default_range() if lr_range is None else lr_range

    @property
    def path(self) -> Path:
        """The run on screen, as arrays."""
        return descend(self._surface, self._optimizer, self.start, self.lr, self.steps, **self.settings)

    @property
    def sentence(self) -> str:
        """What the figure shows, in words."""
        return words.sentence(self._facts(self.path), self.language)

    def _facts(self, path: Path) -> dict[str, Any]:
        return words.facts(path, self.view, self._glide, self.panels)

    @property
    def _glide(self) -> float:
        return float(self._optimizer.glide(self.lr, **self._rule_settings))

    @property
    def _rule_settings(self) -> dict[str, float]:
        return {name: self.settings[name] for name in self._optimizer.settings}

    def _default_range(self) -> tuple[float, float]:
        sharpest = np.abs(self.path.eigenvalues[0]).max() or 1.0
        critical = curvature.critical_rate(self.optimizer, sharpest, **self._rule_settings)
        return 10.0 ** np.floor(np.log10(critical / 100)), 10.0 ** np.ceil(np.log10(2 * critical))

    @traitlets.validate("surface", "optimizer")
    def _check_fixed(self, proposal: dict) -> str:
        name = proposal["trait"].name
        fixed = getattr(self, "_" + name).name
        if proposal["value"] != fixed:
            raise ValueError(f"{name} is fixed at {fixed!r} in this figure, got {proposal['value']!r}; make a new lab")
        return fixed

    @traitlets.validate("language")
    def _check_language(self, proposal: dict) -> str:
        return choice("language", proposal["value"], words.LANGUAGES)

    @traitlets.validate("lr")
    def _check_lr(self, proposal: dict) -> float:
        return number("lr", proposal["value"], 0, open_low=True)

    @traitlets.validate("lr_range")
    def _check_lr_range(self, proposal: dict) -> list[float]:
        return _interval("lr_range", proposal["value"], 0)

    @traitlets.validate("start")
    def _check_start(self, proposal: dict) -> list[float]:
        point = start_points(self._surface, proposal["value"])
        if point.ndim != 1:
            raise ValueError(f"start must be one point in a figure, got shape {point.shape}")
        return point.tolist()

    @traitlets.validate("steps")
    def _check_steps(self, proposal: dict) -> int:
        return count("steps", proposal["value"], 1, MOST_STEPS_SHOWN)

    @traitlets.validate("settings")
    def _check_settings(self, proposal: dict) -> dict[str, float]:
        if not isinstance(proposal["value"], dict):
            raise TypeError(f"settings must be a dict of names and numbers, got {proposal['value']!r}")
        for name, value in proposal["value"].items():
            if name in (known := self._surface.settings | self._optimizer.settings):
                number(name, value, *known[name].allowed)
            elif name in self.trait_names():
                raise TypeError(f"{name!r} is an argument of its own, not one of the settings")
        ours, rules = split_settings(self._surface, self._optimizer, proposal["value"])
        return ours | rules

    @traitlets.validate("view")
    def _check_view(self, proposal: dict) -> list[list[float]]:
        sides = proposal["value"]
        if not isinstance(sides, (list, tuple)) or len(sides) != self._surface.dimension:
            raise ValueError(
                f"view must hold a (low, high) for each of the {self._surface.dimension} coordinates, got {shown(sides)}"
            )
        return [_interval("view", side) for side in sides]

    @traitlets.validate("panels")
    def _check_panels(self, proposal: dict) -> list[str]:
        names = _names("panels", proposal["value"], PANELS)
        if not names:
            raise ValueError(f"panels must name at least one panel. {nearest('', PANELS)}")
        return names

    @traitlets.validate("controls")
    def _check_controls(self, proposal: dict) -> list[str]:
        return _names("controls", proposal["value"], [*self._surface.settings, *self._optimizer.settings])

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
        path = self.path
        told = self._facts(path)
        said = words.sentence(told, self.language)
        from lrlib import figures  # matplotlib takes longer to import than all the rest

        picture = figures.still(path, self.view, tuple(self.panels), self._glide, told, self.language)
        encoded = base64.b64encode(picture).decode()
        state = {name: getattr(self, name) for name in _TRAITS}
        data |= {
            "text/plain": said,
            "text/html": page.element(
                "lr-lab", state, f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(said)}">'
            ),
            "image/png": encoded,
        }
        return (data, *metadata) if metadata else data

    def __repr__(self) -> str:
        return self.sentence


_TRAITS = (
    "language",
    "surface",
    "optimizer",
    "lr",
    "lr_range",
    "start",
    "steps",
    "settings",
    "view",
    "panels",
    "controls",
)


def _interval(argument: str, given: Any, low: float = -np.inf) -> list[float]:
    ends = numbers(argument, given, low, open_low=low == 0)
    if np.shape(ends) != (2,) or not ends[0] < ends[1]:
        raise ValueError(f"{argument} must be (low, high) with low < high, got {shown(given)}")
    return ends.tolist()


def _names(argument: str, given: Any, known: Any) -> list[str]:
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise TypeError(f"{argument} must be a list of names, got {shown(given)}. {nearest('', known)}")
    return [choice(argument, name, known) for name in given]

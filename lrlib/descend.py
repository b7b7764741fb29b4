"""The only loop: a surface, an optimizer, a start and a rate give a path."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lrlib import curvature
from lrlib.optimizers import OPTIMIZERS, Optimizer
from lrlib.settings import choice, count, nearest, numbers
from lrlib.surfaces import SURFACES, Surface, fill

MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class Path:
    """Where a descent went. Leading axes (…) are those of the sweep; there are none for one run.

    points            (…, steps + 1, n)  the start first
    gradients         (…, steps + 1, n)
    losses            (…, steps + 1)
    rates             (…)                the learning rate η
    effective_rates   (…, steps, n)      what multiplies each coordinate's step; η for these rules
    sharpness         (…, steps + 1)     largest eigenvalue of the Hessian at each point
    threshold         (…)                value of η · sharpness above which a quadratic explodes
    diverged_at                          first step whose point or loss is not finite; for one run
                                         an int or None, for a sweep an int array with -1 for never
    """

    points: np.ndarray
    gradients: np.ndarray
    rates: np.ndarray
    threshold: np.ndarray
    surface: Surface
    surface_settings: dict[str, Any]

    @cached_property
    def losses(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return self.surface.value(*np.moveaxis(self.points, -1, 0), **self.surface_settings)

    @cached_property
    def effective_rates(self) -> np.ndarray:
        steps = np.shape(self.points[..., 1:, :])
        return np.broadcast_to(np.asarray(self.rates)[..., None, None], steps)

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of the Hessian along the path, the largest first: (…, steps + 1, n)."""
        with np.errstate(all="ignore"):
            return curvature.eigenvalues(self.surface, self.points, **self.surface_settings)

    @property
    def sharpness(self) -> np.ndarray:
        return self.eigenvalues[..., 0]

    @cached_property
    def diverged_at(self) -> int | None | np.ndarray:
        finite = np.isfinite(self.losses) & np.isfinite(self.points).all(axis=-1)
        first = np.where(finite.all(axis=-1), -1, np.argmin(finite, axis=-1))
        if first.ndim:
            return first
        return None if first < 0 else int(first)


def descend(
    surface: Surface | str,
    optimizer: str | Any,
    start: Any,
    lr: Any,
    steps: int,
    *,
    dtype: Any = np.float64,
    **settings: Any,
) -> Path:
    r"""Follow an optimizer down a surface.

    $$x_{t+1}, s_{t+1} = \text{rule}(x_t, \nabla f(x_t), s_t, t, \eta)$$

    Arguments
        surface: one of `surfaces`, or its name.
        optimizer: one of `optimizers`, or its name.
        start: shape (…, n), n the surface's dimension; a plain number in one dimension.
        lr: learning rate η > 0; a number or an array that broadcasts with (…).
        steps: how many, 1 to 1,000,000.
        dtype: number format, float64, float32 or float16.
        settings: of the surface and of the optimizer, numbers or arrays that broadcast with (…).

    A whole sweep is one pass: give an array of rates. Divergence is a result, not an error: points
    become inf and then nan, without a warning, and `diverged_at` tells when.

    Raises TypeError or ValueError for anything else, naming the argument and what is allowed.

    >>> from lrlib import descend
    >>> descend("parabola", "gd", 4.0, lr=1.5, steps=3).points[:, 0].tolist()
    [4.0, -2.0, 1.0, -0.5]
    >>> descend("parabola", "gd", 4.0, lr=[0.5, 1.0, 2.5], steps=2000).diverged_at.tolist()
    [-1, -1, 872]
    """
    surface = find_surface(surface)
    known = find_optimizer(optimizer)
    surface_settings, rule_settings = split_settings(surface, known, settings)
    steps = count("steps", steps, 1, MOST_STEPS)
    kind = _format(dtype)
    lr = np.asarray(numbers("lr", lr, 0, open_low=True))
    point = start_points(surface, start)

    shape = _batch(point, lr, settings)
    point = np.broadcast_to(point, (*shape, surface.dimension)).astype(kind)
    lr = np.broadcast_to(lr, shape)
    rate = lr[..., None].astype(kind)
    surface_settings = {name: _cast(value, kind) for name, value in surface_settings.items()}
    columns = {name: _cast(value, kind)[..., None] for name, value in rule_settings.items()}

    points = np.empty((steps + 1, *point.shape), kind)
    gradients = np.empty_like(points)
    state = [np.zeros_like(point) for _ in known.state]
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            points[t] = point
            for i, slope in enumerate(surface.gradient(*np.moveaxis(point, -1, 0), **surface_settings)):
                gradients[t, ..., i] = slope
            if t < steps:
                point, *state = known.rule(point, gradients[t], *state, t, rate, **columns)

    return Path(
        points=np.moveaxis(points, 0, -2),
        gradients=np.moveaxis(gradients, 0, -2),
        rates=lr,
        threshold=np.asarray(known.threshold(**rule_settings)),
        surface=surface,
        surface_settings={name: value[..., None] for name, value in surface_settings.items()},
    )


def find_surface(surface: Surface | str) -> Surface:
    """The surface itself, from itself or its name."""
    if isinstance(surface, Surface):
        return surface
    return SURFACES[choice("surface", surface, SURFACES)]


def find_optimizer(optimizer: Any) -> Optimizer:
    """The optimizer's entry, from its rule or its name."""
    for known in OPTIMIZERS.values():
        if optimizer is known.rule or optimizer is known:
            return known
    return OPTIMIZERS[choice("optimizer", optimizer, OPTIMIZERS)]


def split_settings(surface: Surface, optimizer: Optimizer, given: dict[str, Any]) -> tuple[dict, dict]:
    """Given settings, checked and told apart into the surface's and the optimizer's."""
    for name in given:
        if name not in surface.settings and name not in optimizer.settings:
            hint = nearest(name, [*surface.settings, *optimizer.settings])
            raise TypeError(f"{surface.name!r} with {optimizer.name!r} has no setting {name!r}: {hint}")
    return (
        surface.filled({n: v for n, v in given.items() if n in surface.settings}),
        fill(
            f"optimizer {optimizer.name!r}",
            optimizer.settings,
            {n: v for n, v in given.items() if n in optimizer.settings},
        ),
    )


def start_points(surface: Surface, start: Any) -> np.ndarray:
    """The start as an array of shape (…, n)."""
    point = np.asarray(numbers("start", start))
    if point.ndim == 0 and surface.dimension == 1:
        point = point[None]
    if point.ndim == 0 or point.shape[-1] != surface.dimension:
        coordinates = "number" if surface.dimension == 1 else "numbers"
        raise ValueError(
            f"start must end in an axis of {surface.dimension} {coordinates} for surface {surface.name!r}, "
            f"got shape {point.shape}"
        )
    return point


def _batch(point: np.ndarray, lr: np.ndarray, settings: dict[str, Any]) -> tuple[int, ...]:
    shapes = {"start": point.shape[:-1], "lr": lr.shape} | {name: np.shape(value) for name, value in settings.items()}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"these shapes do not broadcast to one sweep: {told}") from None


def _format(dtype: Any) -> np.dtype:
    known = ("float64", "float32", "float16")
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be one of {', '.join(known)}, got {dtype!r}") from None
    if kind.name not in known:
        raise ValueError(f"dtype must be one of {', '.join(known)}, got {kind.name!r}")
    return kind


def _cast(value: Any, kind: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(value).astype(kind)

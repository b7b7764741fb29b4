"""What a descent leaves behind: its points, and everything that can be computed from them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from lrlib import curvature
from lrlib.optimizers import Optimizer
from lrlib.surfaces import Surface


@dataclass(frozen=True, repr=False)
class Path:
    """Where a descent went. Leading axes (…) are those of the sweep; there are none for one run.

    points                   (…, steps + 1, n)  the start first
    rates                    (…, steps)         the learning rate η of each step
    losses                   (…, steps + 1)
    gradients                (…, steps + 1, n)  as the rule was given them, noise included
    norms                    (…, steps + 1)     lengths of the gradients
    state                    (…, steps + 1, n)  each array that the rule keeps, by name; 0 at first
    effective_rates          (…, steps, n)      η times what the rule multiplies the (averaged) gradient by;
                                                nan for `lion`, which takes only its sign
    eigenvalues              (…, steps + 1, n)  of the Hessian, the largest first
    sharpness                (…, steps + 1)     the largest of them
    preconditioned_sharpness (…, steps)         the same of the Hessian as the rule rescales it
    gauge                    (…, steps)         η · preconditioned sharpness
    threshold                (…, steps)         the gauge above which a quadratic explodes; nan for `lion`
    diverged_at                                 first step whose point or loss is not finite; for one run
                                                an int or None, for a sweep an int array with -1 for never

    Whatever is not asked for is not computed. Eigenvalues, and what is made of them, are float64.

    >>> from lrlib import descend
    >>> path = descend("parabola", "momentum", start=1.0, lr=0.5, steps=2, beta=0.5)
    >>> path
    <Path: 2 steps of momentum on parabola>
    >>> path.points.tolist(), path.state["v"].tolist()
    ([[1.0], [0.5], [0.0]], [[0.0], [1.0], [1.0]])
    >>> path.gauge.tolist(), path.threshold.tolist()
    ([0.5, 0.5], [3.0, 3.0])
    """

    points: np.ndarray
    rates: np.ndarray
    surface: Surface
    optimizer: Optimizer
    surface_settings: dict[str, Any]
    optimizer_settings: dict[str, Any]
    noise: np.ndarray | None = None

    def __repr__(self) -> str:
        *sweep, steps = self.rates.shape
        runs = f"{' × '.join(map(str, sweep))} runs of " if sweep else ""
        return f"<Path: {runs}{steps} steps of {self.optimizer.name} on {self.surface.name}>"

    @cached_property
    def losses(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return self._on_surface(self.surface.value)

    @cached_property
    def gradients(self) -> np.ndarray:
        gradients = np.empty_like(self.points)
        with np.errstate(all="ignore"):
            for i, along in enumerate(self._on_surface(self.surface.gradient)):
                gradients[..., i] = along
            return gradients if self.noise is None else gradients + self.noise

    @cached_property
    def norms(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.hypot.reduce(np.abs(self.gradients), axis=-1)

    @cached_property
    def state(self) -> dict[str, np.ndarray]:
        names = self.optimizer.state
        kept = {name: np.zeros_like(self.points) for name in names}
        rule = partial(self.optimizer.rule, **self._beside(self.optimizer_settings, 1))
        now = [np.zeros_like(self.points[..., 0, :]) for _ in names]
        with np.errstate(all="ignore"):
            for t in range(self.rates.shape[-1]):
                rate = self.rates[..., t, None]
                _, *now = rule(self.points[..., t, :], self.gradients[..., t, :], *now, t, rate)
                for name, values in zip(names, now, strict=True):
                    kept[name][..., t + 1, :] = values
        return kept

    @cached_property
    def effective_rates(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return self.rates[..., None] * self._scale

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return curvature.eigenvalues(self.surface, self.points, **self._beside(self.surface_settings, 1))

    @property
    def sharpness(self) -> np.ndarray:
        return self.eigenvalues[..., 0]

    @cached_property
    def preconditioned_sharpness(self) -> np.ndarray:
        if self.optimizer.scale is None and self.optimizer.threshold:
            return self.sharpness[..., :-1]
        with np.errstate(all="ignore"):
            hessian = self._on_surface(self.surface.hessian)
            entries = tuple(np.broadcast_to(entry, self.losses.shape)[..., :-1] for entry in hessian)
            return curvature.preconditioned_sharpness(entries, tuple(np.moveaxis(self._scale, -1, 0)))

    @cached_property
    def gauge(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return self.rates * self.preconditioned_sharpness

    @cached_property
    def threshold(self) -> np.ndarray:
        if self.optimizer.threshold is None:
            return np.full_like(self.rates, np.nan)
        limit = self.optimizer.threshold(self.rates, **self._beside(self.optimizer_settings, 1))
        return np.broadcast_to(limit, self.rates.shape)

    @cached_property
    def diverged_at(self) -> int | None | np.ndarray:
        finite = np.isfinite(self.losses) & np.isfinite(self.points).all(axis=-1)
        first = np.where(finite.all(axis=-1), -1, np.argmin(finite, axis=-1))
        if first.ndim:
            return first
        return None if first < 0 else int(first)

    @cached_property
    def _scale(self) -> np.ndarray:
        """What the rule multiplies the gradient by at each step, (…, steps, n)."""
        before = self.gradients[..., :-1, :]
        if self.optimizer.scale is None:
            return np.full_like(before, 1.0 if self.optimizer.threshold else np.nan)
        state = (values[..., :-1, :] for values in self.state.values())
        t = np.arange(before.shape[-2])[:, None]
        return self.optimizer.scale(before, *state, t, **self._beside(self.optimizer_settings, 2)).astype(before.dtype)

    def _on_surface(self, function: Callable) -> Any:
        return function(*np.moveaxis(self.points, -1, 0), **self._beside(self.surface_settings, 1))

    def _beside(self, settings: dict[str, Any], axes: int) -> dict[str, Any]:
        """Settings of shape (…), ready to meet arrays with so many axes more."""
        return {name: np.reshape(v, (*np.shape(v), *[1] * axes)) if np.ndim(v) else v for name, v in settings.items()}

"""What a descent leaves behind: its points, and everything that can be computed from them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from lrlib import curvature
from lrlib.clipping import clipping, length_1d, length_2d
from lrlib.optimizers import Optimizer
from lrlib.surfaces import Surface


@dataclass(frozen=True, repr=False)
class Path:
    """Where a descent went. Leading axes (…) are those of the sweep; there are none for one run.

    points                   (…, steps + 1, n)  the start first
    rates                    (…, steps)         the learning rate η of each step
    losses                   (…, steps + 1)
    gradients                (…, steps + 1, n)  noise included, not clipped
    norms                    (…, steps + 1)     lengths of the gradients
    clipped                  (…, steps + 1)     what clipping multiplies them by, at most 1, for the rule to get
    state                    (…, steps + 1, n)  each array that the rule keeps, by name; 0 at first
    corrected                (…, steps + 1, n)  the same, each divided by its bias correction after the step;
                                                empty for a rule that corrects nothing
    effective_rates          (…, steps, n)      η times what clipping and the rule multiply the (averaged)
                                                gradient by; nan for `lion`, which takes only its sign
    eigenvalues              (…, steps + 1, n)  of the Hessian, the largest first
    sharpness                (…, steps + 1)     the largest of them
    preconditioned_eigenvalues (…, steps, n)    of the Hessian as clipping and the rule rescale it, the largest
                                                first; nan for `lion`
    preconditioned_sharpness (…, steps)         the largest of them
    gauge                    (…, steps)         η · preconditioned sharpness
    threshold                (…, steps)         the gauge above which a quadratic explodes; nan for `lion`
    diverged_at                                 first step whose point or loss is not finite; for one run
                                                an int or None, for a sweep an int array with -1 for never

    Whatever is not asked for is not computed. Points, rates, losses, gradients, norms and state are in
    the run's number format; the rest is float64, computed from these and from the settings as rounded.

    >>> from lrlib import descend
    >>> path = descend("parabola", "momentum", start=1.0, lr=0.5, steps=2, beta=0.5)
    >>> path
    <Path: 2 steps of momentum on parabola>
    >>> path.points.tolist(), path.state["v"].tolist()
    ([[1.0], [0.5], [0.0]], [[0.0], [1.0], [1.0]])
    >>> path.gauge.tolist(), path.threshold.tolist()
    ([0.5, 0.5], [3.0, 3.0])
    >>> path = descend("parabola", "adam", start=1.0, lr=0.5, steps=1)
    >>> path.state["m"].round(3).tolist(), path.corrected["m"].round(3).tolist()
    ([[0.0], [0.1]], [[0.0], [1.0]])
    """

    points: np.ndarray
    rates: np.ndarray
    surface: Surface
    optimizer: Optimizer
    surface_settings: dict[str, Any]
    optimizer_settings: dict[str, Any]
    noise: np.ndarray | None = None
    clip: Any = None
    restart: int | None = None

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
    def clipped(self) -> np.ndarray:
        if self.clip is None:
            return np.ones_like(self.norms)
        length = length_1d if self.surface.dimension == 1 else length_2d
        clip = np.reshape(self.clip, (*np.shape(self.clip), 1)) if np.ndim(self.clip) else self.clip
        with np.errstate(all="ignore"):
            return clipping(length(*np.moveaxis(self.gradients, -1, 0)), clip)

    @cached_property
    def state(self) -> dict[str, np.ndarray]:
        names = self.optimizer.state
        kept = {name: np.zeros_like(self.points) for name in names}
        rule = partial(self.optimizer.rule, **self._beside(self.optimizer_settings, 1))
        with np.errstate(all="ignore"):
            for t, counted in enumerate(self._t[:, 0].astype(int).tolist()):
                now = [kept[name][..., t, :] for name in names]
                rate = self.rates[..., t, None]
                _, *now = rule(self.points[..., t, :], self._given[..., t, :], *now, counted, rate)
                for name, values in zip(names, now, strict=True):
                    kept[name][..., t + 1, :] = 0 if t + 1 == self.restart else values
        return kept

    @cached_property
    def corrected(self) -> dict[str, np.ndarray]:
        if self.optimizer.correction is None:
            return {}
        free = {name: np.zeros(self.points.shape) for name in self.state}
        with np.errstate(all="ignore"):
            # What is 0 where a rule restarts is 0 with any correction.
            each = self.optimizer.correction(self._t, **_doubles(self._beside(self.optimizer_settings, 2)))
            for (name, values), correction in zip(self.state.items(), each, strict=True):
                free[name][..., 1:, :] = values[..., 1:, :] / correction
        return free

    @cached_property
    def effective_rates(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return self.rates[..., None] * self._scale

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            hessian = self._hessian()
            return np.stack(hessian if len(hessian) == 1 else curvature.eigenvalues_2d(*hessian), axis=-1)

    @property
    def sharpness(self) -> np.ndarray:
        return self.eigenvalues[..., 0]

    @cached_property
    def preconditioned_eigenvalues(self) -> np.ndarray:
        if self.optimizer.scale is None:
            plain = self.eigenvalues[..., :-1, :]
            if self.clip is not None:
                with np.errstate(all="ignore"):
                    plain = plain * self._scale
            return plain if self.optimizer.threshold else np.full_like(plain, np.nan)
        with np.errstate(all="ignore"):
            entries = [entry[..., :-1] for entry in self._hessian()]
            if len(entries) == 1:
                return entries[0][..., None] * self._scale
            return np.stack(curvature.preconditioned_2d(*entries, *np.moveaxis(self._scale, -1, 0)), axis=-1)

    @property
    def preconditioned_sharpness(self) -> np.ndarray:
        return self.preconditioned_eigenvalues[..., 0]

    @cached_property
    def gauge(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            return self.rates * self.preconditioned_sharpness

    @cached_property
    def threshold(self) -> np.ndarray:
        if self.optimizer.threshold is None:
            return np.full(self.rates.shape, np.nan)
        settings = _doubles(self._beside(self.optimizer_settings, 1))
        limit = self.optimizer.threshold(self.rates.astype(float, copy=False), **settings)
        return np.broadcast_to(limit, self.rates.shape)

    @cached_property
    def diverged_at(self) -> int | None | np.ndarray:
        finite = np.isfinite(self.losses) & np.isfinite(self.points).all(axis=-1)
        first = np.where(finite.all(axis=-1), -1, np.argmin(finite, axis=-1))
        if first.ndim:
            return first
        return None if first < 0 else int(first)

    @property
    def _t(self) -> np.ndarray:
        """The steps as the rule counts them, shape (steps, 1), to stand beside points of shape (…, steps, n)."""
        t = np.arange(float(self.rates.shape[-1]))[:, None]
        return t if self.restart is None else np.where(t < self.restart, t, t - self.restart)

    @property
    def _given(self) -> np.ndarray:
        """The gradients as the rule was given them."""
        if self.clip is None:
            return self.gradients
        with np.errstate(all="ignore"):
            return self.gradients * self.clipped[..., None]

    @cached_property
    def _scale(self) -> np.ndarray:
        """What clipping and the rule multiply the gradient by at each step, (…, steps, n), in float64."""
        clipped = 1.0 if self.clip is None else self.clipped[..., :-1, None].astype(float, copy=False)
        if self.optimizer.scale is None:
            return np.full(self.points[..., :-1, :].shape, 1.0 if self.optimizer.threshold else np.nan) * clipped
        before = [values[..., :-1, :].astype(float, copy=False) for values in (self._given, *self.state.values())]
        return self.optimizer.scale(*before, self._t, **_doubles(self._beside(self.optimizer_settings, 2))) * clipped

    def _hessian(self) -> list[np.ndarray]:
        """Its entries at each point, (…, steps + 1), in float64."""
        # Not by `curvature.eigenvalues`: rounded to a short format, a setting may leave its range.
        points = np.moveaxis(self.points.astype(float, copy=False), -1, 0)
        entries = self.surface.hessian(*points, **_doubles(self._beside(self.surface_settings, 1)))
        return [np.broadcast_to(entry, points.shape[1:]) for entry in entries]

    def _on_surface(self, function: Callable) -> Any:
        return function(*np.moveaxis(self.points, -1, 0), **self._beside(self.surface_settings, 1))

    def _beside(self, settings: dict[str, Any], axes: int) -> dict[str, Any]:
        """Settings of shape (…), ready to meet arrays with so many axes more."""
        return {name: np.reshape(v, (*np.shape(v), *[1] * axes)) if np.ndim(v) else v for name, v in settings.items()}


def _doubles(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of any number format as float64."""
    return {name: np.asarray(value, float)[()] for name, value in settings.items()}

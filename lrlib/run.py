"""A descent before it starts: everything checked, broadcast and in its number format."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from lrlib import loops, schedules
from lrlib.noise import check_seed, normals
from lrlib.optimizers import Optimizer, find_optimizer
from lrlib.settings import MOST_STEPS, broadcast, choice, count, nearest, numbers, shown
from lrlib.surfaces import Surface, fill, find_surface

#: What `descend` takes besides settings: a misspelt one lands among these.
ARGUMENTS = ("start", "lr", "steps", "noise", "seed", "dtype", "clip", "resume", "lost")

#: What can be lost where a run is stopped and resumed.
LOST = ("nothing", "memory", "schedule", "both")


@dataclass(frozen=True)
class Run:
    """A descent, checked and ready: arrays in their format, sweeps as trailing axes (…).

    point (n, …), rates (steps, …), noise (steps + 1, n, …) or None, clip () or (…) or None, settings () or (…);
    restart, the step before which the rule forgets its state and counts from 0 again, or None.
    """

    surface: Surface
    optimizer: Optimizer
    surface_settings: dict[str, Any]
    optimizer_settings: dict[str, Any]
    shape: tuple[int, ...]
    point: np.ndarray
    rates: np.ndarray
    noise: np.ndarray | None
    clip: Any = None
    restart: int | None = None

    @property
    def steps(self) -> int:
        return len(self.rates)

    @property
    def kind(self) -> np.dtype:
        return self.point.dtype

    def walk(self) -> Iterator[np.ndarray]:
        """The points after each step, the start first, each of shape (n, …)."""
        return loops.walk(
            partial(loops.on_arrays(self.surface.gradient), **self.surface_settings),
            partial(self.optimizer.rule, **self.optimizer_settings),
            len(self.optimizer.state),
            self.point,
            self.rates,
            self.noise,
            self.clip,
            self.restart,
        )

    def alone(self) -> np.ndarray | None:
        """The points of a single run by plain floats; None where these have no answer, as at 1/0."""
        try:
            points = loops.walk_alone(
                self.surface.gradient,
                tuple(self.surface_settings.values()),
                self.optimizer.rule,
                tuple(self.optimizer_settings.values()),
                len(self.optimizer.state),
                self.point.tolist(),
                self.rates.tolist(),
                None if self.noise is None else self.noise.tolist(),
                self.clip,
                self.restart,
            )
        except (ArithmeticError, ValueError):
            return None
        return np.array(points).reshape(self.steps + 1, -1)

    def flat(self) -> "Run":
        """The same with one trailing axis, of all runs of the sweep."""
        size = math.prod(self.shape)

        def flatten(setting: Any) -> Any:
            return np.broadcast_to(setting, self.shape).reshape(-1) if np.ndim(setting) else setting

        return self._changed(
            flatten,
            shape=(size,),
            point=self.point.reshape(-1, size),
            rates=_per_step(self.rates, lambda rates: rates.reshape(-1, size)),
            noise=None if self.noise is None else self.noise.reshape(self.steps + 1, -1, size),
        )

    def part(self, chosen: slice) -> "Run":
        """Some of the runs of a flat sweep."""
        point = self.point[:, chosen]
        return self._changed(
            lambda setting: setting[chosen] if np.ndim(setting) else setting,
            shape=point.shape[1:],
            point=point,
            rates=self.rates[:, chosen],
            noise=None if self.noise is None else self.noise[..., chosen],
        )

    def _changed(self, change: Callable, **arrays: Any) -> "Run":
        return replace(
            self,
            clip=None if self.clip is None else change(self.clip),
            surface_settings={name: change(value) for name, value in self.surface_settings.items()},
            optimizer_settings={name: change(value) for name, value in self.optimizer_settings.items()},
            **arrays,
        )


def prepare(
    surface: Any,
    optimizer: Any,
    start: Any,
    lr: Any,
    steps: Any,
    noise: Any,
    seed: Any,
    dtype: Any,
    settings: dict,
    clip: Any = None,
    resume: Any = None,
    lost: Any = "nothing",
) -> Run:
    """Everything that `descend` was given, checked, broadcast and cast."""
    surface, known = find_surface(surface), find_optimizer(optimizer)
    surface_settings, rule_settings = split_settings(surface, known, settings)
    steps = count("steps", steps, 1, MOST_STEPS)
    kind = _format(dtype)
    noise, seed = numbers("noise", noise, 0), check_seed(seed)
    clip = None if clip is None else numbers("clip", clip, 0, open_low=True)
    resume, lost = _resumed(resume, lost, steps)
    rates = schedules.rates(lr, steps)
    if lost in ("schedule", "both") and not _is_constant(rates):
        rates = np.concatenate([rates[:resume], rates[: steps - resume]])
    start = start_points(surface, start)

    shapes = {"start": start.shape[:-1], "lr": rates.shape[1:], "noise": np.shape(noise), "seed": np.shape(seed)}
    shapes["clip"] = np.shape(clip)
    shape = broadcast(**shapes, **{name: np.shape(value) for name, value in settings.items()})
    point = np.moveaxis(np.broadcast_to(start, (*shape, surface.dimension)), -1, 0)
    disturbed = _noise(noise, seed, steps, surface.dimension, shape) if np.any(noise) else None
    return Run(
        surface=surface,
        optimizer=known,
        surface_settings={name: _cast(value, kind) for name, value in surface_settings.items()},
        optimizer_settings={name: _cast(value, kind) for name, value in rule_settings.items()},
        shape=shape,
        point=_cast_array(point, kind),
        rates=_per_step(rates, lambda rates: _spread(rates, shape, kind)),
        noise=None if disturbed is None else _cast_array(disturbed, kind),
        clip=None if clip is None else _cast(clip, kind),
        restart=resume if lost in ("memory", "both") else None,
    )


def _resumed(resume: Any, lost: Any, steps: int) -> tuple[int | None, str]:
    lost = choice("lost", lost, LOST)
    if resume is not None:
        return count("resume", resume, 1, steps - 1), lost
    if lost != "nothing":
        raise ValueError(f"lost must be 'nothing' where no step to resume at is given, got {lost!r}")
    return None, lost


def _noise(deviation: Any, seed: Any, steps: int, n: int, shape: tuple[int, ...]) -> np.ndarray:
    drawn = normals(seed, steps + 1, n)
    drawn = drawn.reshape(*drawn.shape[:2], *[1] * (len(shape) - np.ndim(seed)), *np.shape(seed))
    return np.broadcast_to(deviation * drawn, (steps + 1, n, *shape))


def split_settings(surface: Surface, optimizer: Optimizer, given: dict[str, Any]) -> tuple[dict, dict]:
    """Given settings, checked and told apart into the surface's and the optimizer's."""
    for name in given:
        if name not in surface.settings and name not in optimizer.settings:
            hint = nearest(name, [*surface.settings, *optimizer.settings, *ARGUMENTS])
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


def _format(dtype: Any) -> np.dtype:
    known = ("float64", "float32", "float16")
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be one of {', '.join(known)}, got {shown(dtype)}") from None
    if kind.name not in known:
        raise ValueError(f"dtype must be one of {', '.join(known)}, got {kind.name!r}")
    return kind


def _cast(value: Any, kind: np.dtype) -> Any:
    """A setting in the run's format; one number in float64 stays a Python float, which is faster."""
    return value if kind == np.float64 else _cast_array(np.asarray(value), kind)[()]


def _cast_array(array: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Contiguous, in the run's format; too large becomes inf, as in the run itself."""
    with np.errstate(over="ignore"):
        return array.astype(kind, order="C")


def _spread(rates: np.ndarray, shape: tuple[int, ...], kind: np.dtype) -> np.ndarray:
    lifted = rates.reshape(len(rates), *[1] * (len(shape) + 1 - rates.ndim), *rates.shape[1:])
    with np.errstate(over="ignore"):
        return np.broadcast_to(lifted.astype(kind, copy=False), (len(rates), *shape))


def _is_constant(rates: np.ndarray) -> bool:
    return len(rates) > 1 and rates.strides[0] == 0


def _per_step(rates: np.ndarray, change: Callable) -> np.ndarray:
    """`change` made to rates of shape (steps, …); a rate that never changes is stored once."""
    changed = change(rates[:1] if _is_constant(rates) else rates)
    return np.broadcast_to(changed, (len(rates), *changed.shape[1:]))

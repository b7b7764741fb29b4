"""Descending: a surface, an optimizer, a start and a rate give a path, or how it ends."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrlib.path import Path
from lrlib.run import prepare
from lrlib.settings import shown
from lrlib.surfaces import Surface

#: Runs of an outcome that are walked together: their arrays stay in the processor's cache.
BLOCK = 5000


@dataclass(frozen=True)
class Outcome:
    """How a descent ended, without the way there: of a large sweep one can keep that much.

    points  (…, n)  the last
    losses  (…)     there; inf or nan where it has diverged
    """

    points: np.ndarray
    losses: np.ndarray


def descend(
    surface: Surface | str,
    optimizer: str | Any,
    start: Any,
    lr: Any,
    steps: int,
    *,
    noise: Any = 0.0,
    seed: Any = 0,
    dtype: Any = np.float64,
    clip: Any = None,
    resume: int | None = None,
    lost: str = "nothing",
    **settings: Any,
) -> Path:
    r"""Follow an optimizer down a surface.

    $$x_{t+1}, s_{t+1} = \text{rule}(x_t, c_t\, g_t, s_t, t, \eta_t), \qquad g_t = \nabla f(x_t) + \sigma \xi_t$$

    where $c_t = 1$, or what `clip` makes of it.

    Arguments
        surface: one of `surfaces`, or its name.
        optimizer: one of `optimizers`, or its name.
        start: shape (…, n), n the surface's dimension; a plain number in one dimension.
        lr: learning rate η > 0, a number or an array that broadcasts with (…); or a schedule: one of
            `schedules`, or any function that gives the rate at step t.
        steps: how many, 1 to 1,000,000.
        noise: standard deviation σ ≥ 0 of what is added to each coordinate of the gradient at each
            step, as if it came from a minibatch.
        seed: of the noise, a whole number from 0 to 999,999. Runs with the same seed meet the same noise.
        dtype: number format, float64, float32 or float16. Everything is rounded to it: in float16 an
            eps of 1e-8 is 0, so that a gradient of 0 gives nan in the rules that divide by it.
        clip: length C > 0 to which longer gradients are shortened before the rule gets them, noise included, a
            number or an array that broadcasts with (…): c_t = min(1, C/(‖g_t‖ + 10⁻⁶)), as PyTorch's
            `clip_grad_norm_` has it. None clips nothing.
        resume: the step, 1 to steps − 1, before which the run is stopped and resumed from what had been saved.
        lost: what had not been saved: "nothing", and then resuming changes nothing; "memory", the state of the rule
            with its own count of steps, so that both begin at 0 again; "schedule", the place in the schedule, which
            starts anew; or "both". The noise goes on in any case.
        settings: of the surface and of the optimizer, numbers or arrays that broadcast with (…).

    A whole sweep is one pass: give an array of rates. Divergence is a result, not an error: points
    become inf and then nan, without a warning, and `diverged_at` tells when.

    Raises TypeError or ValueError for anything else, naming the argument and what is allowed.

    >>> from lrlib import descend, schedules
    >>> descend("parabola", "gd", 4.0, lr=1.5, steps=3).points[:, 0].tolist()
    [4.0, -2.0, 1.0, -0.5]
    >>> descend("parabola", "gd", 4.0, lr=[0.5, 1.0, 2.5], steps=2000).diverged_at.tolist()
    [-1, -1, 872]
    >>> path = descend("quadratic", "adam", (-4.0, 2.0), lr=schedules.cosine(0.5, steps=100), steps=100)
    >>> print(path.rates[50], path.losses[-1].round(6))
    0.25 0.000443
    >>> descend("parabola", "gd", 4.0, lr=1.0, steps=3, clip=1.0).points[:, 0].round(5).tolist()
    [4.0, 3.0, 2.0, 1.0]
    >>> path = descend("parabola", "momentum", 4.0, lr=0.1, steps=3, resume=2, lost="memory")
    >>> path.state["v"][:, 0].round(3).tolist()  # the last is the gradient alone
    [0.0, 4.0, 0.0, 2.88]
    """
    run = prepare(surface, optimizer, start, lr, steps, noise, seed, dtype, settings, clip, resume, lost)
    points = run.alone() if run.shape == () and run.kind == np.float64 else None
    if points is None:
        points = np.empty((run.steps + 1, *run.point.shape), run.kind)
        with np.errstate(all="ignore"):
            for t, point in enumerate(run.walk()):
                points[t] = point
    return Path(
        points=np.moveaxis(points, (0, 1), (-2, -1)),
        rates=np.moveaxis(run.rates, 0, -1),
        surface=run.surface,
        optimizer=run.optimizer,
        surface_settings=run.surface_settings,
        optimizer_settings=run.optimizer_settings,
        noise=None if run.noise is None else np.moveaxis(run.noise, (0, 1), (-2, -1)),
        clip=run.clip,
        restart=run.restart,
    )


def outcome(
    surface: Surface | str,
    optimizer: str | Any,
    start: Any,
    lr: Any,
    steps: int,
    *,
    noise: Any = 0.0,
    seed: Any = 0,
    dtype: Any = np.float64,
    clip: Any = None,
    resume: int | None = None,
    lost: str = "nothing",
    compiled: bool = False,
    **settings: Any,
) -> Outcome:
    """How the same descent ends, for sweeps whose paths would not fit into memory.

    Arguments
        compiled: whether Numba compiles rule and surface first (the extra `fast`): several times faster
            with the same bits, after some seconds of compiling, once for each pair in a session.
            Float64 only, without noise, and only lr and start may vary.

    All other arguments are those of `descend`, and so are the errors.

    >>> from lrlib import outcome
    >>> sweep = outcome("quadratic", "gd", (-4.0, 2.0), lr=[0.01, 0.1, 0.19, 0.21], steps=200)
    >>> [f"{loss:.0e}" for loss in sweep.losses]
    ['1e-01', '4e-18', '1e-17', '7e+17']
    """
    if not isinstance(compiled, bool):
        raise TypeError(f"compiled must be True or False, got {shown(compiled)}")
    run = prepare(surface, optimizer, start, lr, steps, noise, seed, dtype, settings, clip, resume, lost)
    flat = run.flat()
    if compiled:
        try:
            from lrlib.compiled import last_points
        except ImportError as error:
            raise ImportError("compiled=True needs Numba: pip install 'lrlib[fast]'") from error
        last = last_points(flat)
    else:
        last = np.empty_like(flat.point)
        for first in range(0, *flat.shape, BLOCK):
            part = slice(first, first + BLOCK)
            with np.errstate(all="ignore"):
                (point,) = deque(flat.part(part).walk(), maxlen=1)
            last[:, part] = point
    with np.errstate(all="ignore"):
        losses = flat.surface.value(*last, **flat.surface_settings)
    return Outcome(last.T.reshape(*run.shape, run.surface.dimension), losses.reshape(run.shape))

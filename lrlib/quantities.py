"""Numbers that a reader can find with a figure: what questions ask for. The twin of QUANTITIES in `figure/ask.js`.

Those of the curvature are of the Hessian at the cursor, or at the start where the cursor rests at the end, as are the
marks on the slider; `product` and `multiplier` are of the first step. What does not exist is nan.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lrlib import curvature

if TYPE_CHECKING:
    from lrlib.lab import lab

#: Of an eigenvalue beside the largest: below it there are only rounding errors.
_FLAT = 4 * np.finfo(float).eps


def quantity(name: str, figure: "lab") -> float:
    """One number of `QUANTITIES`, as the figure stands.

    >>> from lrlib import lab
    >>> quantity("critical_rate", lab("parabola", lr=0.5)), quantity("multiplier", lab("parabola", lr=0.5))
    (2.0, 0.5)
    """
    recorded, lr = figure._recorded, figure.rates.get(figure.optimizer, figure.lr)
    if recorded and name not in OF_RECORDINGS:
        raise ValueError(f"a recording has no {name!r}; it has {', '.join(OF_RECORDINGS)}")
    with np.errstate(all="ignore"):
        return float(QUANTITIES[name](recorded.at(lr) if recorded else figure.path, lr, figure.cursor or 0))


def _critical_rate(run: Any, lr: float, t: int) -> float:
    t = min(t, len(run.rates) - 1)
    return lr * run.threshold[t] / run.gauge[t] if _gauge(run)[t] > 0 else np.nan


def _extremes(run: Any, t: int) -> tuple[float, float]:
    """The largest and the smallest eigenvalue of the Hessian; nan where one of them is 0 or negative."""
    values = run.eigenvalues[t]
    return (values[0], values[-1]) if values[-1] > _FLAT * values[0] else (np.nan, np.nan)


def _best_rate(run: Any, lr: float, t: int) -> float:
    largest, smallest = _extremes(run, t)
    return 2 / (largest + smallest)


def _condition(run: Any, lr: float, t: int) -> float:
    largest, smallest = _extremes(run, t)
    return largest / smallest


def _contraction(run: Any, lr: float, t: int) -> float:
    largest, smallest = _extremes(run, t)
    return (largest - smallest) / (largest + smallest)


def _product(run: Any, lr: float, t: int) -> float:
    return _gauge(run)[0]


def _multiplier(run: Any, lr: float, t: int) -> float:
    multiplier = 1 - _gauge(run)[0]
    return 0.0 if abs(multiplier) < 1e-12 else multiplier  # what rounding has left of it


def _loss(run: Any, lr: float, t: int) -> float:
    return run.losses[-1]


def _fall(run: Any, lr: float, t: int) -> float:
    return np.divide(run.losses[-1], run.losses[0], dtype=float)


def _diverged_at(run: Any, lr: float, t: int) -> float:
    finite = np.isfinite(run.losses)
    if hasattr(run, "points"):
        finite = finite & np.isfinite(run.points).all(axis=-1)
    return np.nan if finite.all() else np.argmin(finite)


def _turning_rate(run: Any, lr: float, t: int) -> float:
    settings = {name: float(value) for name, value in run.surface_settings.items()}
    return curvature.turning_rate(run.surface, run.points[t].astype(float), **settings)


def _gauge(run: Any) -> np.ndarray:
    return np.full(len(run.rates), np.nan) if run.gauge is None else run.gauge


QUANTITIES: dict[str, Callable[[Any, float, int], float]] = {
    "critical_rate": _critical_rate,
    "best_rate": _best_rate,
    "condition": _condition,
    "contraction": _contraction,
    "multiplier": _multiplier,
    "product": _product,
    "loss": _loss,
    "fall": _fall,
    "diverged_at": _diverged_at,
    "turning_rate": _turning_rate,
}

#: What is read at the end of a run: not to be had where it has left the numbers.
OF_THE_END = ("loss", "fall")

#: What can be told without the points of a run.
OF_RECORDINGS = ("critical_rate", "multiplier", "product", "loss", "fall", "diverged_at")

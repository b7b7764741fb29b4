"""Losses to descend on, each with value, gradient and Hessian, in the restricted language.

A function takes one argument per coordinate, then the surface's settings with their defaults.
Gradients and Hessians return tuples; a Hessian lists its upper triangle row by row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrlib.arithmetic import cos, cube, sin, sq, sqrt
from lrlib.settings import Setting, nearest, numbers

Box = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Surface:
    """A loss in one or two dimensions, its derivatives, its minima and the window it is drawn in.

    >>> parabola.value(3.0, curvature=2.0)
    9.0
    """

    name: str
    value: Callable
    gradient: Callable
    hessian: Callable
    minima: Callable
    view: Box
    settings: dict[str, Setting] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        return len(self.view)

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All settings: the given ones, checked, and the defaults of the rest.

        >>> parabola.filled({})
        {'curvature': 1.0}
        """
        return fill(f"surface {self.name!r}", self.settings, given)


def fill(owner: str, settings: Mapping[str, Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """Given values checked against their ranges, in the order of `settings`, defaults for the rest.

    Raises TypeError for a name that `settings` does not hold, ValueError outside a range.
    """
    for name in given:
        if name not in settings:
            raise TypeError(f"{owner} has no setting {name!r}: {nearest(name, settings)}")
    return {
        name: numbers(name, given[name], *setting.allowed) if name in given else setting.default
        for name, setting in settings.items()
    }


def _parabola(x, curvature=1.0):
    return curvature * sq(x) / 2


def _parabola_gradient(x, curvature=1.0):
    return (curvature * x,)


def _parabola_hessian(x, curvature=1.0):
    return (curvature,)


def _parabola_minima(curvature=1.0):
    return (0.0,)


#: ½λx²: the loss on which everything about the rate can be read off one number, ηλ.
parabola = Surface(
    "parabola",
    _parabola,
    _parabola_gradient,
    _parabola_hessian,
    _parabola_minima,
    view=((-5, 5),),
    settings={"curvature": Setting(1.0, (1e-6, 1e6), (0.1, 10), log=True)},
)


def _quadratic(x, y, condition=10.0, rotation=0.0):
    c = cos(rotation * 0.017453292519943295)
    s = sin(rotation * 0.017453292519943295)
    u = c * x + s * y
    v = c * y - s * x
    return (sq(u) + condition * sq(v)) / 2


def _quadratic_gradient(x, y, condition=10.0, rotation=0.0):
    c = cos(rotation * 0.017453292519943295)
    s = sin(rotation * 0.017453292519943295)
    u = c * x + s * y
    v = condition * (c * y - s * x)
    return c * u - s * v, s * u + c * v


def _quadratic_hessian(x, y, condition=10.0, rotation=0.0):
    c = cos(rotation * 0.017453292519943295)
    s = sin(rotation * 0.017453292519943295)
    return sq(c) + condition * sq(s), c * s - condition * c * s, sq(s) + condition * sq(c)


def _quadratic_minima(condition=10.0, rotation=0.0):
    return 0.0, 0.0


#: ½(u² + κv²), with (u, v) the axes turned by `rotation` degrees: eigenvalues 1 and κ.
quadratic = Surface(
    "quadratic",
    _quadratic,
    _quadratic_gradient,
    _quadratic_hessian,
    _quadratic_minima,
    view=((-5, 5), (-5, 5)),
    settings={
        "condition": Setting(10.0, (1, 1e6), (1, 1000), log=True),
        "rotation": Setting(0.0, (-360, 360), (-90, 90)),
    },
)


def _double_well(x):
    return sq(sq(x) - 1) / 4


def _double_well_gradient(x):
    return (cube(x) - x,)


def _double_well_hessian(x):
    return (3 * sq(x) - 1,)


def _double_well_minima():
    return -1.0, 1.0


#: ¼(x² − 1)²: two minima of curvature 2; steeper than any parabola far out, chaotic at large rates.
double_well = Surface(
    "double_well",
    _double_well,
    _double_well_gradient,
    _double_well_hessian,
    _double_well_minima,
    view=((-2, 2),),
)


def _pseudo_huber(x):
    return sqrt(1 + sq(x)) - 1


def _pseudo_huber_gradient(x):
    return (x / sqrt(1 + sq(x)),)


def _pseudo_huber_hessian(x):
    return (1 / cube(sqrt(1 + sq(x))),)


def _pseudo_huber_minima():
    return (0.0,)


#: √(1 + x²) − 1: curvature 1 at the minimum, almost straight far out, so no rate explodes.
pseudo_huber = Surface(
    "pseudo_huber",
    _pseudo_huber,
    _pseudo_huber_gradient,
    _pseudo_huber_hessian,
    _pseudo_huber_minima,
    view=((-5, 5),),
)


def _regression(w, b, mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    return (sq(w * mean_x + b - mean_y) + variance_x * sq(w - slope) + residual) / 2


def _regression_gradient(w, b, mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    error = w * mean_x + b - mean_y
    return mean_x * error + variance_x * (w - slope), error


def _regression_hessian(w, b, mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    return variance_x + sq(mean_x), mean_x, 1.0


def _regression_minima(mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    return slope, mean_y - slope * mean_x


#: Half the mean squared error of the line w·x + b on data given by `moments`.
#: Its Hessian is that of the data: [[mean x², mean x], [mean x, 1]].
regression = Surface(
    "regression",
    _regression,
    _regression_gradient,
    _regression_hessian,
    _regression_minima,
    view=((-5, 5), (-5, 5)),
    settings={
        "mean_x": Setting(0.0, (-1e6, 1e6), (-10, 10)),
        "mean_y": Setting(0.0, (-1e6, 1e6), (-10, 10)),
        "variance_x": Setting(1.0, (1e-12, 1e12), (0.01, 100), log=True),
        "slope": Setting(1.0, (-1e12, 1e12), (-10, 10)),
        "residual": Setting(0.0, (0, 1e12), (0, 10)),
    },
)


def moments(x: Any, y: Any) -> dict[str, float]:
    r"""What the squared error of a line needs to know of the data, as settings of `regression`.

    $$\overline{(wx + b - y)^2} = (w\bar x + b - \bar y)^2 + s_x^2 (w - \hat w)^2 + r$$

    with the slope $\hat w = s_{xy} / s_x^2$ and the residual $r = s_y^2 - s_{xy}^2 / s_x^2$; the
    variances divide by the number of points. Written as a sum of squares it loses no digits.

    Arguments
        x, y: the data, two lists of the same length, at least two different x.

    >>> moments([0, 2], [1, 5])
    {'mean_x': 1.0, 'mean_y': 3.0, 'variance_x': 1.0, 'slope': 2.0, 'residual': 0.0}
    """
    x = np.atleast_1d(numbers("x", x))
    y = np.atleast_1d(numbers("y", y))
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"x and y must be lists of the same length, got shapes {x.shape} and {y.shape}")
    variance = np.mean((x - x.mean()) ** 2)
    if variance == 0:
        raise ValueError(f"x must hold at least two different values, got {x.tolist()!r}")
    covariance = np.mean((x - x.mean()) * (y - y.mean()))
    residual = np.mean((y - y.mean()) ** 2) - covariance**2 / variance
    return {
        "mean_x": float(x.mean()),
        "mean_y": float(y.mean()),
        "variance_x": float(variance),
        "slope": float(covariance / variance),
        "residual": max(float(residual), 0.0),
    }


SURFACES = {surface.name: surface for surface in (parabola, quadratic, regression, double_well, pseudo_huber)}

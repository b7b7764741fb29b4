"""Losses to descend on, each with value, gradient and Hessian, in the restricted language.

A function takes one argument per coordinate, then the surface's settings with their defaults.
Gradients and Hessians return tuples; a Hessian lists its upper triangle row by row. Minima are the
known global ones, one coordinate after the other; an empty tuple where the loss has none.

What there is to know of a surface stands in the docstring of its value function. The surface has the
same docstring: `help(surfaces.rosenbrock.value)` or `print(surfaces.rosenbrock.__doc__)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrlib.arithmetic import cos, cube, exp, relu, relu_slope, sin, sq, sqrt
from lrlib.settings import Setting, choice, nearest, numbers

__all__ = [
    "Surface",
    "beale",
    "cliff",
    "double_well",
    "himmelblau",
    "moments",
    "monkey_saddle",
    "parabola",
    "pseudo_huber",
    "quadratic",
    "rastrigin",
    "regression",
    "relu_unit",
    "rosenbrock",
    "saddle",
    "valley",
]

Box = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Surface:
    """A loss in one or two dimensions, its derivatives, its minima and the window it is drawn in.

    >>> from lrlib import surfaces
    >>> surfaces.parabola.gradient(3.0, curvature=2.0), surfaces.parabola.dimension
    ((6.0,), 1)
    """

    name: str
    value: Callable
    gradient: Callable
    hessian: Callable
    minima: Callable
    view: Box
    settings: dict[str, Setting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The dataclass is frozen, and a docstring for all surfaces alike would say little about any.
        object.__setattr__(self, "__doc__", self.value.__doc__)

    @property
    def dimension(self) -> int:
        """How many coordinates it has, 1 or 2."""
        return len(self.view)

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All settings: the given ones, checked, and the defaults of the rest.

        >>> from lrlib import surfaces
        >>> surfaces.parabola.filled({})
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
    r"""A parabola: everything about the rate can be read off one number, ηλ.

    $$f(x) = \tfrac12 \lambda x^2$$

    Arguments
        x: the point.
        curvature: λ, from 1e-6 to 1e6, default 1.

    Minimum: 0 at x = 0. The curvature is λ everywhere: a step of gradient descent multiplies x by
    1 − ηλ, so the path explodes where η > 2/λ.

    >>> from lrlib import surfaces
    >>> surfaces.parabola.value(3.0, curvature=2.0)
    9.0
    """
    return curvature * sq(x) / 2


def _parabola_gradient(x, curvature=1.0):
    return (curvature * x,)


def _parabola_hessian(x, curvature=1.0):
    return (curvature,)


def _parabola_minima(curvature=1.0):
    return (0.0,)


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
    r"""An elliptic bowl with axes at any angle: one rate for two curvatures.

    $$f(x, y) = \tfrac12 (u^2 + \kappa v^2), \qquad
      u = x \cos\alpha + y \sin\alpha, \quad v = y \cos\alpha - x \sin\alpha$$

    Arguments
        x, y: the point.
        condition: κ, from 1 to 1e6, default 10.
        rotation: α in degrees, from -360 to 360, default 0.

    Minimum: 0 at (0, 0). The eigenvalues of the Hessian are κ, across the bowl, and 1, along it,
    everywhere and at every angle; their ratio κ is the condition number.

    >>> from lrlib import surfaces
    >>> float(surfaces.quadratic.value(2.0, 1.0, condition=10.0))
    7.0
    """
    angle = rotation * 0.017453292519943295
    c = cos(angle)
    s = sin(angle)
    u = c * x + s * y
    v = c * y - s * x
    return (sq(u) + condition * sq(v)) / 2


def _quadratic_gradient(x, y, condition=10.0, rotation=0.0):
    angle = rotation * 0.017453292519943295
    c = cos(angle)
    s = sin(angle)
    a = sq(c) + condition * sq(s)
    b = c * s - condition * c * s
    d = sq(s) + condition * sq(c)
    return a * x + b * y, b * x + d * y


def _quadratic_hessian(x, y, condition=10.0, rotation=0.0):
    angle = rotation * 0.017453292519943295
    c = cos(angle)
    s = sin(angle)
    return sq(c) + condition * sq(s), c * s - condition * c * s, sq(s) + condition * sq(c)


def _quadratic_minima(condition=10.0, rotation=0.0):
    return 0.0, 0.0


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
    r"""Two wells side by side, with a hill between them and walls steeper than any parabola.

    $$f(x) = \tfrac14 (x^2 - 1)^2$$

    Arguments
        x: the point.

    Minima: 0 at x = −1 and x = 1, both of curvature 2; in between a maximum of curvature −1 at 0.
    The walls steepen without end: gradient descent explodes from every |x| > √(1 + 2/η), however
    small η is. Above η = 1 it finds no rest in the wells and, with growing η, swings ever more wildly
    until it is chaotic.

    >>> from lrlib import surfaces
    >>> surfaces.double_well.value(3.0)
    16.0
    """
    return sq(sq(x) - 1) / 4


def _double_well_gradient(x):
    return (cube(x) - x,)


def _double_well_hessian(x):
    return (3 * sq(x) - 1,)


def _double_well_minima():
    return -1.0, 1.0


double_well = Surface(
    "double_well",
    _double_well,
    _double_well_gradient,
    _double_well_hessian,
    _double_well_minima,
    view=((-2, 2),),
)


def _pseudo_huber(x):
    r"""A parabola near the minimum that becomes a straight line far out, so no rate explodes.

    $$f(x) = \sqrt{1 + x^2} - 1$$

    Arguments
        x: the point.

    Minimum: 0 at x = 0, of curvature 1. The curvature falls towards 0 far out and the gradient stays
    between −1 and 1: no step of gradient descent is longer than η. This is the pseudo-Huber loss with δ = 1.

    >>> from lrlib import surfaces
    >>> round(float(surfaces.pseudo_huber.value(1.0)), 6)
    0.414214

    Source: P. Charbonnier et al., "Deterministic edge-preserving regularization in computed imaging",
    IEEE Transactions on Image Processing 6(2) (1997), 298–311.
    """
    return sqrt(1 + sq(x)) - 1


def _pseudo_huber_gradient(x):
    return (x / sqrt(1 + sq(x)),)


def _pseudo_huber_hessian(x):
    return (1 / cube(sqrt(1 + sq(x))),)


def _pseudo_huber_minima():
    return (0.0,)


pseudo_huber = Surface(
    "pseudo_huber",
    _pseudo_huber,
    _pseudo_huber_gradient,
    _pseudo_huber_hessian,
    _pseudo_huber_minima,
    view=((-5, 5),),
)


def _regression(w, b, mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    r"""Half the mean squared error of the line w·x + b on data given by `moments`.

    $$f(w, b) = \tfrac12 \left( (w\bar x + b - \bar y)^2 + s_x^2 (w - \hat w)^2 + r \right)$$

    Arguments
        w, b: slope and intercept of the line.
        mean_x: x̄, from -1e6 to 1e6, default 0.
        mean_y: ȳ, from -1e6 to 1e6, default 0.
        variance_x: the variance of x, from 1e-12 to 1e12, default 1.
        slope: ŵ of the best line, from -1e12 to 1e12, default 1.
        residual: r, the mean squared error of the best line, from 0 to 1e12, default 0.

    Minimum: r/2 at w = ŵ, b = ȳ − ŵx̄. The Hessian is that of the data, the same everywhere:
    [[mean of x², x̄], [x̄, 1]]. Its eigenvalues multiply to the variance of x and add up to
    1 + mean of x²: data far from 0 are badly conditioned.

    >>> from lrlib import surfaces
    >>> surfaces.regression.value(3.0, 1.0, **surfaces.moments([0, 2], [1, 5]))
    1.0
    """
    return (sq(w * mean_x + b - mean_y) + variance_x * sq(w - slope) + residual) / 2


def _regression_gradient(w, b, mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    error = w * mean_x + b - mean_y
    return mean_x * error + variance_x * (w - slope), error


def _regression_hessian(w, b, mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    return variance_x + sq(mean_x), mean_x, 1.0


def _regression_minima(mean_x=0.0, mean_y=0.0, variance_x=1.0, slope=1.0, residual=0.0):
    return slope, mean_y - slope * mean_x


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


def _valley(x, y, steepness=20.0, bend=1.0):
    r"""A narrow bent valley, steep across and gentle along its floor.

    $$f(x, y) = \tfrac12 \left( x^2 + \kappa\, (y - b \sin x)^2 \right)$$

    Arguments
        x, y: the point.
        steepness: κ, from 0.01 to 1e6, default 20.
        bend: b, from -100 to 100, default 1; 0 makes the valley straight.

    Minimum: 0 at (0, 0), with no other flat place. There the eigenvalues of the Hessian multiply to κ
    and add up to 1 + κ(1 + b²): 40.51 and 0.494 for the defaults. On the floor y = b sin x the loss
    is x²/2 and the sharpness close to κ(1 + b² cos² x): largest at the minimum, so a rate that is
    calm where the floor turns, at x = ±π/2, can still explode at the end.

    >>> from lrlib import surfaces
    >>> float(surfaces.valley.value(0.0, 0.5))
    2.5
    """
    return (sq(x) + steepness * sq(y - bend * sin(x))) / 2


def _valley_gradient(x, y, steepness=20.0, bend=1.0):
    pull = steepness * (y - bend * sin(x))
    return x - bend * cos(x) * pull, pull


def _valley_hessian(x, y, steepness=20.0, bend=1.0):
    height = bend * sin(x)
    slope = bend * cos(x)
    return 1 + steepness * (sq(slope) + height * (y - height)), -steepness * slope, steepness


def _valley_minima(steepness=20.0, bend=1.0):
    return 0.0, 0.0


valley = Surface(
    "valley",
    _valley,
    _valley_gradient,
    _valley_hessian,
    _valley_minima,
    view=((-5, 5), (-3, 3)),
    settings={
        "steepness": Setting(20.0, (0.01, 1e6), (1, 1000), log=True),
        "bend": Setting(1.0, (-100, 100), (0, 3)),
    },
)


def _rosenbrock(x, y, steepness=100.0):
    r"""Rosenbrock's banana: down into a bent valley at once, then along its floor for ages.

    $$f(x, y) = (1 - x)^2 + b\,(y - x^2)^2$$

    Arguments
        x, y: the point.
        steepness: b, from 0.01 to 1e6, default 100, as in the paper.

    Minimum: 0 at (1, 1), with no other flat place. There the eigenvalues of the Hessian multiply to 4b
    and add up to 2 + 10b: 1001.6 and 0.399 for b = 100, a condition number of 2508. The usual start
    is (−1.2, 1).

    >>> from lrlib import surfaces
    >>> surfaces.rosenbrock.value(1.0, 1.0)
    0.0
    >>> round(surfaces.rosenbrock.value(-1.2, 1.0), 6)
    24.2

    Source: H. H. Rosenbrock, "An automatic method for finding the greatest or least value of a
    function", The Computer Journal 3(3) (1960), 175–184.
    """
    return sq(1 - x) + steepness * sq(y - sq(x))


def _rosenbrock_gradient(x, y, steepness=100.0):
    pull = 2 * steepness * (y - sq(x))
    return 2 * (x - 1) - 2 * x * pull, pull


def _rosenbrock_hessian(x, y, steepness=100.0):
    return 2 + 4 * steepness * (3 * sq(x) - y), -4 * steepness * x, 2 * steepness


def _rosenbrock_minima(steepness=100.0):
    return 1.0, 1.0


rosenbrock = Surface(
    "rosenbrock",
    _rosenbrock,
    _rosenbrock_gradient,
    _rosenbrock_hessian,
    _rosenbrock_minima,
    view=((-2, 2), (-1, 3)),
    settings={"steepness": Setting(100.0, (0.01, 1e6), (1, 1000), log=True)},
)


def _beale(x, y):
    r"""Beale's function: a plain between steep walls, with the minimum at the end of a narrow trough.

    $$f(x, y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2$$

    Arguments
        x, y: the point.

    Minimum: 0 at (3, 0.5), where the eigenvalues of the Hessian are 48.98 and 0.301. Two saddle
    points, at (0, 1) and near (0.1005, −2.6445). To the left of them there is no minimum: along
    y ≈ 1 − 0.99/x the loss sinks towards 0.452 as x goes to −∞, so a path that strays there never
    comes to rest.

    >>> from lrlib import surfaces
    >>> surfaces.beale.value(3.0, 0.5)
    0.0

    Source: E. M. L. Beale, "On an iterative method for finding a local minimum of a function of more
    than one variable", Technical Report 25, Statistical Techniques Research Group, Princeton
    University, 1958.
    """
    return sq(1.5 - x + x * y) + sq(2.25 - x + x * sq(y)) + sq(2.625 - x + x * cube(y))


def _beale_gradient(x, y):
    a = 1.5 - x + x * y
    b = 2.25 - x + x * sq(y)
    c = 2.625 - x + x * cube(y)
    along = a * (y - 1) + b * (sq(y) - 1) + c * (cube(y) - 1)
    return 2 * along, 2 * x * (a + 2 * y * b + 3 * sq(y) * c)


def _beale_hessian(x, y):
    a = 1.5 - x + x * y
    b = 2.25 - x + x * sq(y)
    c = 2.625 - x + x * cube(y)
    xx = sq(y - 1) + sq(sq(y) - 1) + sq(cube(y) - 1)
    # a, b, c grow by y − 1, y² − 1, y³ − 1 for each unit of x.
    xy = a + 2 * y * b + 3 * sq(y) * c + x * (y - 1 + 2 * y * (sq(y) - 1) + 3 * sq(y) * (cube(y) - 1))
    yy = x * (x * (1 + 4 * sq(y) + 9 * sq(sq(y))) + 2 * b + 6 * y * c)
    return 2 * xx, 2 * xy, 2 * yy


def _beale_minima():
    return 3.0, 0.5


beale = Surface(
    "beale",
    _beale,
    _beale_gradient,
    _beale_hessian,
    _beale_minima,
    view=((-1, 4.5), (-1, 1.5)),
)


def _himmelblau(x, y):
    r"""Himmelblau's function: four minima of the same depth, each with a critical rate of its own.

    $$f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2$$

    Arguments
        x, y: the point.

    Minima, all 0, and the eigenvalues of the Hessian there:

        (3, 2)                    82.28 and 25.72
        (−2.805118, 3.131313)     80.55 and 64.84
        (−3.779310, −3.283186)   133.79 and 70.71
        (3.584428, −1.848127)    105.42 and 28.69

    For 0.0190 < η < 0.0243 gradient descent can rest in the two upper ones but in neither of the
    lower ones. In the middle there is a maximum of 181.6 at (−0.2708, −0.9230).

    >>> from lrlib import surfaces
    >>> surfaces.himmelblau.value(3.0, 2.0), surfaces.himmelblau.value(0.0, 0.0)
    (0.0, 170.0)

    Source: D. M. Himmelblau, Applied Nonlinear Programming, McGraw-Hill, 1972.
    """
    return sq(sq(x) + y - 11) + sq(x + sq(y) - 7)


def _himmelblau_gradient(x, y):
    u = sq(x) + y - 11
    v = x + sq(y) - 7
    return 4 * x * u + 2 * v, 2 * u + 4 * y * v


def _himmelblau_hessian(x, y):
    u = sq(x) + y - 11
    v = x + sq(y) - 7
    return 4 * u + 8 * sq(x) + 2, 4 * (x + y), 4 * v + 8 * sq(y) + 2


def _himmelblau_minima():
    # All but the first are roots of polynomials: found with 60 digits, rounded to the nearest double.
    return (
        3.0,
        2.0,
        -2.805118086952745,
        3.131312518250573,
        -3.779310253377747,
        -3.2831859912861696,
        3.5844283403304917,
        -1.8481265269644036,
    )


himmelblau = Surface(
    "himmelblau",
    _himmelblau,
    _himmelblau_gradient,
    _himmelblau_hessian,
    _himmelblau_minima,
    view=((-5, 5), (-5, 5)),
)


def _saddle(x, y):
    r"""A saddle: a valley along x that falls away to both sides along y.

    $$f(x, y) = \tfrac12 (x^2 - y^2)$$

    Arguments
        x, y: the point.

    No minimum: the loss falls without end. At (0, 0) the gradient is 0, but the eigenvalues of the
    Hessian are 1 and −1, there as everywhere. A step of gradient descent multiplies x by 1 − η and
    y by 1 + η: only from y = 0 can it end in the saddle; from next to it, it lingers and leaves.

    >>> from lrlib import surfaces
    >>> surfaces.saddle.value(3.0, 1.0)
    4.0
    """
    return (sq(x) - sq(y)) / 2


def _saddle_gradient(x, y):
    return x, -y


def _saddle_hessian(x, y):
    return 1.0, 0.0, -1.0


def _saddle_minima():
    return ()


saddle = Surface(
    "saddle",
    _saddle,
    _saddle_gradient,
    _saddle_hessian,
    _saddle_minima,
    view=((-3, 3), (-2, 2)),
)


def _monkey_saddle(x, y):
    r"""A saddle for a monkey: three ways down, for two legs and a tail, and no curvature in the middle.

    $$f(x, y) = x^3 - 3xy^2$$

    Arguments
        x, y: the point.

    No minimum: the loss falls without end. At (0, 0) gradient and Hessian are both 0, so the
    curvature cannot tell what kind of point it is. At a distance r from it the gradient has length
    3r² and the eigenvalues of the Hessian are 6r and −6r.

    >>> from lrlib import surfaces
    >>> surfaces.monkey_saddle.value(2.0, 1.0)
    2.0
    """
    return x * (sq(x) - 3 * sq(y))


def _monkey_saddle_gradient(x, y):
    return 3 * (sq(x) - sq(y)), -6 * x * y


def _monkey_saddle_hessian(x, y):
    return 6 * x, -6 * y, -6 * x


def _monkey_saddle_minima():
    return ()


monkey_saddle = Surface(
    "monkey_saddle",
    _monkey_saddle,
    _monkey_saddle_gradient,
    _monkey_saddle_hessian,
    _monkey_saddle_minima,
    view=((-2, 2), (-2, 2)),
)


def _cliff(x, y, width=0.5, tilt=0.02):
    r"""A nearly flat plateau that falls off a cliff into a narrow hole.

    $$f(x, y) = 1 - e^{-r^2 / 2w^2} + \tfrac12 \tau r^2, \qquad r^2 = x^2 + y^2$$

    Arguments
        x, y: the point.
        width: w of the hole, from 0.01 to 100, default 0.5.
        tilt: τ of the plateau, from 0 to 1000, default 0.02; 0 makes it level far out.

    Minimum: 0 at (0, 0), where both eigenvalues of the Hessian are 1/w² + τ. On the plateau both are
    τ and the gradient has length τr. The cliff is steepest near r = w, with a gradient of 0.61/w. No
    rate suits both: at one that crosses the plateau in a few steps, near 1/τ, the cliff throws the
    path far out again, and one that is stable in the hole, below 2w², hardly moves on the plateau.

    >>> from lrlib import surfaces
    >>> round(float(surfaces.cliff.value(3.0, 4.0)), 6)
    1.25
    """
    return 1 - exp(-(sq(x) + sq(y)) / (2 * sq(width))) + tilt * (sq(x) + sq(y)) / 2


def _cliff_gradient(x, y, width=0.5, tilt=0.02):
    steepness = exp(-(sq(x) + sq(y)) / (2 * sq(width))) / sq(width) + tilt
    return x * steepness, y * steepness


def _cliff_hessian(x, y, width=0.5, tilt=0.02):
    depth = exp(-(sq(x) + sq(y)) / (2 * sq(width))) / sq(width)
    u = x / width
    v = y / width
    return depth * (1 - sq(u)) + tilt, -depth * u * v, depth * (1 - sq(v)) + tilt


def _cliff_minima(width=0.5, tilt=0.02):
    return 0.0, 0.0


cliff = Surface(
    "cliff",
    _cliff,
    _cliff_gradient,
    _cliff_hessian,
    _cliff_minima,
    view=((-5, 5), (-5, 5)),
    settings={
        "width": Setting(0.5, (0.01, 100), (0.1, 2), log=True),
        "tilt": Setting(0.02, (0, 1000), (0, 0.1)),
    },
)


def _rastrigin(x, y, height=10.0):
    r"""Rastrigin's egg carton: a shallow bowl full of dents, each with a minimum of its own.

    $$f(x, y) = x^2 + y^2 + A\,(2 - \cos 2\pi x - \cos 2\pi y)$$

    Arguments
        x, y: the point.
        height: A of the dents, from 0 to 1000, default 10; 0 leaves the bowl.

    Minimum: 0 at (0, 0), the only global one. There are many local ones, close to whole x and y:
    121 for A = 10 in the customary square from −5.12 to 5.12, the lowest of them 0.995 at
    (±0.99496, 0) and (0, ±0.99496). At (0, 0) both eigenvalues of the Hessian are 2 + 4π²A, 396.8
    for A = 10, although the bowl as a whole has curvature 2.

    >>> from lrlib import surfaces
    >>> round(float(surfaces.rastrigin.value(0.5, 1.0)), 6)
    21.25

    Source: L. A. Rastrigin, Extremal Control Systems (in Russian), Nauka, Moscow, 1974.
    """
    turn = 6.283185307179586
    return sq(x) + sq(y) + height * (2 - cos(turn * x) - cos(turn * y))


def _rastrigin_gradient(x, y, height=10.0):
    turn = 6.283185307179586
    return 2 * x + turn * height * sin(turn * x), 2 * y + turn * height * sin(turn * y)


def _rastrigin_hessian(x, y, height=10.0):
    turn = 6.283185307179586
    return 2 + sq(turn) * height * cos(turn * x), 0.0, 2 + sq(turn) * height * cos(turn * y)


def _rastrigin_minima(height=10.0):
    return 0.0, 0.0


rastrigin = Surface(
    "rastrigin",
    _rastrigin,
    _rastrigin_gradient,
    _rastrigin_hessian,
    _rastrigin_minima,
    view=((-3.2, 3.2), (-3.2, 3.2)),
    settings={"height": Setting(10.0, (0, 1000), (0, 20))},
)


def _relu_unit(w, b, leak=0.0):
    r"""One unit with a ReLU, fitted to four points: where it is off for all of them, nothing pulls any more.

    $$f(w, b) = \tfrac18 \sum_{x \in \{-1, 0, 1, 2\}} \left( \varphi(wx + b) - \varphi(x + \tfrac12) \right)^2,
      \qquad \varphi(z) = \max(z, \alpha z)$$

    Arguments
        w, b: weight and bias of the unit.
        leak: α, from 0 to 1, default 0; with α > 0 the unit is a leaky ReLU, and with 1 a straight line.

    Minimum: 0 at w = 1, b = ½, with eigenvalues of the Hessian of 1.791 and 0.209 for α = 0. Where wx + b < 0 for all
    four x, below b = min(w, −2w), the loss is 1.09375 and both slopes are exactly 0 as long as α is: there the unit is
    dead. At wx + b = 0, where φ has a kink, its slope counts as α, as in every library; the second derivatives leave
    out the kinks.

    >>> from lrlib import surfaces
    >>> float(surfaces.relu_unit.value(0.0, -2.0)), [bool(slope == 0) for slope in surfaces.relu_unit.gradient(0.0, -2.0)]
    (1.09375, [True, True])

    Source: A. L. Maas, A. Y. Hannun, A. Y. Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models" (ICML
    2013 workshop), on units that never turn on and on the leak.
    """
    p = relu(b - w, leak) - relu(-0.5, leak)
    q = relu(b, leak) - relu(0.5, leak)
    r = relu(b + w, leak) - relu(1.5, leak)
    s = relu(b + 2 * w, leak) - relu(2.5, leak)
    return (sq(p) + sq(q) + sq(r) + sq(s)) / 8


def _relu_unit_gradient(w, b, leak=0.0):
    # Of each point the error times the slope of the unit.
    p = (relu(b - w, leak) - relu(-0.5, leak)) * relu_slope(b - w, leak)
    q = (relu(b, leak) - relu(0.5, leak)) * relu_slope(b, leak)
    r = (relu(b + w, leak) - relu(1.5, leak)) * relu_slope(b + w, leak)
    s = (relu(b + 2 * w, leak) - relu(2.5, leak)) * relu_slope(b + 2 * w, leak)
    return (r + 2 * s - p) / 4, (p + q + r + s) / 4


def _relu_unit_hessian(w, b, leak=0.0):
    p = sq(relu_slope(b - w, leak))
    q = sq(relu_slope(b, leak))
    r = sq(relu_slope(b + w, leak))
    s = sq(relu_slope(b + 2 * w, leak))
    return (p + r + 4 * s) / 4, (r + 2 * s - p) / 4, (p + q + r + s) / 4


def _relu_unit_minima(leak=0.0):
    return 1.0, 0.5


relu_unit = Surface(
    "relu_unit",
    _relu_unit,
    _relu_unit_gradient,
    _relu_unit_hessian,
    _relu_unit_minima,
    view=((-3, 3), (-3, 3)),
    settings={"leak": Setting(0.0, (0, 1), (0, 1))},
)


def moments(x: Any, y: Any) -> dict[str, float]:
    r"""What the squared error of a line needs to know of the data, as settings of `regression`.

    $$\overline{(wx + b - y)^2} = (w\bar x + b - \bar y)^2 + s_x^2 (w - \hat w)^2 + r$$

    with the slope $\hat w = s_{xy} / s_x^2$ and the residual $r = s_y^2 - s_{xy}^2 / s_x^2$; the
    variances divide by the number of points. Written as a sum of squares it loses no digits.

    Arguments
        x, y: the data, two lists of the same length, at least two different x.

    >>> from lrlib import surfaces
    >>> surfaces.moments([0, 2], [1, 5])
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


SURFACES = {
    surface.name: surface
    for surface in (
        parabola,
        quadratic,
        regression,
        double_well,
        pseudo_huber,
        valley,
        rosenbrock,
        beale,
        himmelblau,
        saddle,
        monkey_saddle,
        cliff,
        rastrigin,
        relu_unit,
    )
}


def find_surface(surface: Surface | str) -> Surface:
    """The surface itself, from itself or its name.

    Raises TypeError or ValueError for anything else, with the nearest known name.
    """
    if isinstance(surface, Surface):
        return surface
    return SURFACES[choice("surface", surface, SURFACES)]

"""What the Hessian says about the rate."""

import warnings
from collections.abc import Callable
from decimal import Decimal, localcontext
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from lrlib.arithmetic import inf, sq, sqrt, where
from lrlib.optimizers import find_optimizer
from lrlib.settings import broadcast, number, numbers, shown
from lrlib.settings import count as whole
from lrlib.surfaces import Surface, fill

__all__ = [
    "best_momentum",
    "best_rate",
    "condition_number",
    "critical_rate",
    "eigenvalues",
    "hessian_vector_product",
    "largest_eigenvalues",
    "noise_floor",
    "overflow_step",
    "preconditioned_sharpness",
    "taylor",
    "threshold",
    "turning_rate",
]

#: How `turning_rate` looks: rates that it tries, halvings, and the share of a loss that may be rounding alone.
TRIED_RATES, HALVINGS, ROUNDING = 1400, 50, 2.0**-50


def eigenvalues_2d(a, b, d):
    r"""Both eigenvalues of the symmetric matrix [[a, b], [b, d]], the larger one first.

    $$\lambda = \frac{a + d}{2} \pm \sqrt{\left(\frac{a - d}{2}\right)^2 + b^2}$$

    In the restricted language, so that the page marks its slider with the same numbers.

    >>> [float(v) for v in eigenvalues_2d(2.0, 0.0, 5.0)]
    [5.0, 2.0]
    """
    mean = (a + d) / 2
    radius = sqrt(sq((a - d) / 2) + sq(b))
    return mean + radius, mean - radius


def eigenvalues(surface: Surface, points: Any, **settings: Any) -> np.ndarray:
    """Eigenvalues of the Hessian at every point, the largest first.

    Arguments
        surface: one of `surfaces`.
        points: shape (…, n), n the surface's dimension.
        settings: the surface's settings; arrays must broadcast with (…).

    Returns an array of shape (…, n).

    >>> from lrlib import curvature, surfaces
    >>> curvature.eigenvalues(surfaces.quadratic, [0.0, 0.0], condition=25).tolist()
    [25.0, 1.0]
    """
    points = _points(surface, points)
    with np.errstate(all="ignore"):
        hessian = surface.hessian(*np.moveaxis(points, -1, 0), **surface.filled(settings))
        values = hessian if surface.dimension == 1 else eigenvalues_2d(*hessian)
    shape = np.broadcast_shapes(points.shape[:-1], *(np.shape(v) for v in values))
    return np.stack([np.broadcast_to(v, shape) for v in values], axis=-1)


def condition_number(surface: Surface, point: Any, **settings: Any) -> np.ndarray:
    r"""How many times the steepest direction curves more than the flattest one.

    $$\kappa = \lambda_{\max} / \lambda_{\min}$$

    Arguments
        surface: one of `surfaces`.
        point: shape (…, n), n the surface's dimension; a plain number in one dimension.
        settings: the surface's settings; arrays must broadcast with (…).

    Returns an array of shape (…): inf where the smallest eigenvalue is 0 to rounding, nan where it
    is negative. There the quotient says nothing about the rate: along that direction every rate,
    small or large, leads further away.

    >>> from lrlib import curvature, surfaces
    >>> float(curvature.condition_number(surfaces.quadratic, [0.0, 0.0], condition=25))
    25.0
    >>> curvature.condition_number(surfaces.double_well, [[0.0], [1.0]]).tolist()
    [nan, 1.0]
    """
    with np.errstate(all="ignore"):
        values = eigenvalues(surface, _points(surface, point), **settings)
        largest, smallest = values[..., 0], values[..., -1]
        flat = np.abs(smallest) <= 4 * np.finfo(float).eps * largest
        return np.where(flat, np.inf, np.where(smallest > 0, largest / smallest, np.nan))[()]


class Prediction(NamedTuple):
    """What one step does to the loss: by the slope, by the curvature, and both together."""

    first: np.ndarray
    second: np.ndarray
    change: np.ndarray


def taylor(surface: Surface, point: Any, lr: Any, **settings: Any) -> Prediction:
    r"""How much one gradient step of rate ε changes the loss, predicted to second order.

    $$f(x - \varepsilon g) - f(x) \approx
    \underbrace{-\varepsilon\, g^\top g}_{\text{first}}
    + \underbrace{\tfrac{1}{2} \varepsilon^2\, g^\top H g}_{\text{second}}$$

    Arguments
        surface: one of `surfaces`.
        point: shape (…, n), n the surface's dimension; a plain number in one dimension.
        lr: learning rate ε > 0; a number or an array that broadcasts with (…).
        settings: the surface's settings; arrays must broadcast with (…).

    Returns first, second and change = first + second, each of shape (…). Exact on quadratics; on
    other smooth surfaces the error falls eightfold when ε is halved.

    >>> from lrlib import curvature, surfaces
    >>> step = curvature.taylor(surfaces.parabola, 4.0, 0.5)
    >>> float(step.first), float(step.second), float(step.change)
    (-8.0, 2.0, -6.0)

    Source: I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning" (MIT Press, 2016), eq. (8.10).
    """
    point = _points(surface, point)
    lr = numbers("lr", lr, 0, open_low=True)
    given = surface.filled(settings)
    shape = _broadcast(point=point[..., 0], lr=lr, **given)
    coordinates = np.moveaxis(point, -1, 0)
    with np.errstate(all="ignore"):
        g = surface.gradient(*coordinates, **given)
        h = surface.hessian(*coordinates, **given)
        if surface.dimension == 1:
            curved = h[0] * sq(g[0])
        else:
            curved = h[0] * sq(g[0]) + 2 * h[1] * g[0] * g[1] + h[2] * sq(g[1])
        first = np.zeros(shape) - lr * sum(sq(slope) for slope in g)
        second = np.zeros(shape) + sq(lr) / 2 * curved
        return Prediction(first, second, first + second)


def turning_rate(surface: Surface, point: Any, **settings: Any) -> np.ndarray:
    r"""The smallest rate at which one gradient step no longer lowers the loss, measured by taking the step.

    $$\min \{\, \varepsilon > 0 : f(x - \varepsilon g) > f(x) \,\}$$

    Arguments
        surface: one of `surfaces`.
        point: shape (…, n), n the surface's dimension; a plain number in one dimension.
        settings: the surface's settings; arrays must broadcast with (…).

    Returns an array of shape (…): inf where no rate raises the loss, nan where the gradient is 0 or
    point, loss or gradient is not finite. Rates are tried from a millionth of 2/|λ| to a million times
    that, λ the eigenvalue of largest size at the point, each 2 % above the last; then halving finds the
    place between two of them to the last bit. A hill narrower than 2 % of the rate can be stepped over.
    On a quadratic it is 2gᵀg/gᵀHg, where the prediction of `taylor` turns positive.

    >>> from lrlib import curvature, surfaces
    >>> round(float(curvature.turning_rate(surfaces.parabola, 4.0, curvature=8.0)), 12)
    0.25
    >>> curvature.turning_rate(surfaces.double_well, [[2.0], [1.0]]).round(3).tolist()
    [0.667, nan]
    """
    point = _points(surface, point)
    given = surface.filled(settings)
    shape = _broadcast(point=point[..., 0], **given)
    coordinates = np.moveaxis(np.broadcast_to(point, (*shape, surface.dimension)), -1, 0)
    with np.errstate(all="ignore"):
        value = surface.value(*coordinates, **given) + np.zeros(shape)
        g = [along + np.zeros(shape) for along in surface.gradient(*coordinates, **given)]
        size = np.abs(eigenvalues(surface, point, **settings)).max(axis=-1)
        rounding = ROUNDING * np.abs(value)

        def rises(rate: np.ndarray) -> np.ndarray:
            change = surface.value(*(x - rate * along for x, along in zip(coordinates, g)), **given) - value
            return ~(change <= rounding)

        # Each 1.02 times the last, multiplied one after the other: with the same bits as on the page.
        rates = np.full((TRIED_RATES, *shape), 1.02)
        rates[0] = np.where(size > 0, 2 / size, 1.0) / 1e6
        rates = np.multiply.accumulate(rates)
        above = rises(rates)
        first = above.argmax(axis=0)[None]
        high = np.take_along_axis(rates, first, axis=0)[0]
        low = np.where(first[0] > 0, np.take_along_axis(rates, np.maximum(first - 1, 0), axis=0)[0], 0.0)
        for _ in range(HALVINGS):
            middle = low + (high - low) / 2
            too_large = rises(middle)
            low, high = np.where(too_large, low, middle), np.where(too_large, middle, high)
        steep = sum(sq(slope) for slope in g)
        known = np.isfinite(value) & np.isfinite(steep) & (steep > 0)
        return np.where(known, np.where(above.any(axis=0), high, np.inf), np.nan)[()]


def preconditioned_2d(a, b, d, s, r):
    r"""Both eigenvalues of [[a, b], [b, d]] after its coordinates are scaled by √s and √r, the larger one first.

    $$\lambda = \frac{as + dr}{2} \pm \sqrt{\left(\frac{as - dr}{2}\right)^2 + b^2 s r}$$

    In the restricted language, so that the page shows the same numbers.

    >>> [float(v) for v in preconditioned_2d(100.0, 0.0, 1.0, 0.02, 1.0)]
    [2.0, 1.0]
    """
    mean = (a * s + d * r) / 2
    radius = sqrt(sq((a * s - d * r) / 2) + sq(b) * (s * r))
    return mean + radius, mean - radius


def preconditioned_sharpness(hessian: tuple, scale: tuple) -> np.ndarray:
    r"""The sharpness that an adaptive method feels, which scales each coordinate's step on its own.

    $$\lambda_{\max}\!\left(D^{1/2} H D^{1/2}\right), \qquad D = \operatorname{diag}(\text{scale})$$

    Arguments
        hessian: upper triangle row by row as a surface gives it, (h,) or (a, b, d); numbers or arrays.
        scale: what multiplies each coordinate's step besides η, at least 0, (s,) or (s, r).

    These are the eigenvalues of DH too. With D held fixed, the step x − ηDg is gradient descent in
    the coordinates D^(−1/2) x, so it explodes on a quadratic where η times this value is above 2;
    momentum raises the 2, see `threshold`.

    >>> from lrlib import curvature, surfaces
    >>> hessian = surfaces.quadratic.hessian(0.0, 0.0, condition=100.0)
    >>> float(curvature.preconditioned_sharpness(hessian, (1.0, 1.0)))
    100.0
    >>> float(curvature.preconditioned_sharpness(hessian, (1.0, 0.01)))
    1.0

    Source: J. M. Cohen et al., "Adaptive Gradient Methods at the Edge of Stability" (2022,
    arXiv:2207.14484), where D is the inverse of the preconditioner.
    """
    hessian = _entries("hessian", hessian, {1: "(h,)", 3: "(a, b, d)"})
    scale = _entries("scale", scale, {1: "(s,)"} if len(hessian) == 1 else {2: "(s, r)"})
    for given in scale:
        if (given < 0).any():
            raise ValueError(f"scale must be at least 0, got {float(given[given < 0].flat[0])!r}")
    _broadcast(**{f"hessian[{i}]": v for i, v in enumerate(hessian)}, **{f"scale[{i}]": v for i, v in enumerate(scale)})
    with np.errstate(all="ignore"):
        return hessian[0] * scale[0] if len(hessian) == 1 else preconditioned_2d(*hessian, *scale)[0]


def threshold(optimizer: str, *, lr: Any = 0.0, **settings: Any) -> Any:
    """The value of ηλ above which the optimizer explodes on a quadratic of curvature λ.

    Arguments
        optimizer: one of `optimizers`, or its name; not `lion`, which has no threshold.
        lr: learning rate η ≥ 0; only the threshold of `adamw` depends on it.
        settings: of the optimizer, numbers or arrays.

    For an adaptive method λ is the largest eigenvalue of the rescaled Hessian, see
    `preconditioned_sharpness`, and the threshold holds while the scale stands still.

    >>> from lrlib import curvature
    >>> curvature.threshold("gd"), curvature.threshold("momentum", beta=0.9)
    (2.0, 3.8)
    >>> round(curvature.threshold("adam"), 12)
    38.0

    Source: Cohen et al., "Gradient Descent on Neural Networks Typically Occurs at the Edge of
    Stability" (ICLR 2021, arXiv:2103.00065), on gradient descent and momentum; the same, "Adaptive
    Gradient Methods at the Edge of Stability" (2022, arXiv:2207.14484), on Adam.
    """
    known = find_optimizer(optimizer)
    settings = fill(f"optimizer {known.name!r}", known.settings, settings)
    if known.threshold is None:
        raise ValueError(f"optimizer {known.name!r} has no threshold: its steps do not grow with the gradient")
    return known.threshold(numbers("lr", lr, 0), **settings)


def critical_rate(optimizer: str, sharpness: Any, **settings: Any) -> Any:
    r"""The largest stable rate, threshold / λ, for the largest eigenvalue λ.

    Arguments
        optimizer: one of `optimizers`, or its name; not `lion`, which has no threshold.
        sharpness: λ > 0; for an adaptive method, of the rescaled Hessian.
        settings: of the optimizer, numbers or arrays.

    >>> from lrlib import curvature
    >>> curvature.critical_rate("gd", 8.0)
    0.25
    """
    if "lr" in settings:
        raise TypeError("lr is what critical_rate finds, so it cannot be given")
    still = threshold(optimizer, **settings)
    # AdamW's threshold falls with the rate, along a line: ηλ = still − η·fall.
    fall = still - threshold(optimizer, lr=1.0, **settings)
    return still / (numbers("sharpness", sharpness, 0, open_low=True) + fall)


def overflow_step(multiplier: float, start: float, largest: float) -> int:
    r"""The first step t at which |start · multiplierᵗ| passes the largest number of a format.

    $$t = \left\lfloor \frac{\log(\text{largest} / |\text{start}|)}{\log |\text{multiplier}|} \right\rfloor + 1$$

    Arguments
        multiplier: 1 − ηλ for a point on a parabola, its square for the loss; above 1 in size.
        start: the value at step 0, not 0.
        largest: `np.finfo(np.float64).max` is 1.8e308, float32 3.4e38, float16 65504.

    Raises ValueError where nothing grows.

    >>> import numpy as np
    >>> from lrlib import curvature
    >>> curvature.overflow_step(-2.0, 1.0, 1000.0)
    10
    >>> curvature.overflow_step(-2.0, 1.0, float(np.finfo(np.float64).max))
    1024
    """
    multiplier = number("multiplier", multiplier)
    start = number("start", start)
    largest = number("largest", largest, 0, open_low=True)
    if abs(multiplier) <= 1:
        raise ValueError(f"multiplier must be larger than 1 in size, or nothing overflows; got {multiplier!r}")
    if start == 0:
        raise ValueError("start must not be 0: zero stays zero")
    # The largest float64 is a hair below 2¹⁰²⁴: doubles cannot tell its logarithm from 1024·log 2.
    with localcontext(prec=50):
        steps = (Decimal(largest) / Decimal(abs(start))).ln() / Decimal(abs(multiplier)).ln()
    return int(steps) + 1 if steps >= 0 else 0


class BestRate(NamedTuple):
    """The best fixed rate of gradient descent and what it multiplies the error by per step."""

    rate: Any
    factor: Any


class BestMomentum(NamedTuple):
    """The best fixed rate and memory of heavy-ball momentum and the error's factor per step."""

    rate: Any
    beta: Any
    factor: Any


def best_rate(largest: Any, smallest: Any) -> BestRate:
    r"""The rate at which gradient descent is fastest on a quadratic with curvatures from μ to L.

    $$\eta = \frac{2}{L + \mu}, \qquad \max_i |1 - \eta\lambda_i| = \frac{\kappa - 1}{\kappa + 1},
    \qquad \kappa = \frac{L}{\mu}$$

    Arguments
        largest: L, the largest eigenvalue of the Hessian.
        smallest: μ, the smallest one, 0 < μ ≤ L; numbers or arrays that broadcast.

    >>> from lrlib import curvature
    >>> curvature.best_rate(9.0, 1.0)
    BestRate(rate=0.2, factor=0.8)

    Source: G. Goh, "Why Momentum Really Works", Distill (2017), section "Choosing A Step-size".
    """
    largest, smallest = _spectrum(largest, smallest)
    return BestRate(2 / (largest + smallest), (largest - smallest) / (largest + smallest))


def best_momentum(largest: Any, smallest: Any) -> BestMomentum:
    r"""The rate and memory at which momentum is fastest on a quadratic with curvatures from μ to L.

    $$\eta = \left(\frac{2}{\sqrt L + \sqrt\mu}\right)^2, \qquad
    \beta = \left(\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}\right)^2, \qquad
    \text{factor} = \sqrt\beta$$

    Arguments
        largest: L, the largest eigenvalue of the Hessian.
        smallest: μ, the smallest one, 0 < μ ≤ L; numbers or arrays that broadcast.

    The factor is that of many steps: after t of them the error is about t · factorᵗ, because the
    roots coincide along the steepest and along the flattest direction.

    >>> from lrlib import curvature
    >>> curvature.best_momentum(9.0, 1.0)
    BestMomentum(rate=0.25, beta=0.25, factor=0.5)

    Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods",
    USSR Computational Mathematics and Mathematical Physics 4(5) (1964), 1–17; the formulas as in
    G. Goh, "Why Momentum Really Works", Distill (2017), section "Optimal parameters".
    """
    largest, smallest = _spectrum(largest, smallest)
    total = largest**0.5 + smallest**0.5
    factor = (largest**0.5 - smallest**0.5) / total
    return BestMomentum(sq(2 / total), sq(factor), factor)


def floor_along(lr, curve, noise):
    r"""The part of the noise floor that one eigenvector of the Hessian adds; inf where no floor exists.

    $$\frac{\eta\,\sigma^2}{2\,(2 - \eta\lambda)}$$

    In the restricted language, so that the page draws the same numbers.

    >>> [float(floor_along(1.0, curve, 2.0)) for curve in (1.0, 2.5)]
    [2.0, inf]
    """
    room = 2 - lr * curve
    return where(room > 0, lr * sq(noise) / (2 * room), inf)


def noise_floor(lr: Any, eigenvalues: Any, noise: Any) -> np.ndarray:
    r"""How far above its minimum the loss of a quadratic hovers on average, where the gradient is noisy.

    $$\sum_i \frac{\eta\,\sigma^2}{2\,(2 - \eta\lambda_i)}$$

    Arguments
        lr: learning rate η ≥ 0 of gradient descent; a number or an array of shape (…).
        eigenvalues: λᵢ > 0 of the Hessian, all n of them along the last axis: shape (n,) or (…, n).
        noise: standard deviation σ ≥ 0 of each coordinate of the gradient, as in `descend`; like lr.

    Returns an array of shape (…): the mean loss of a run that keeps this rate for ever; inf where ηλ is 2 or
    more along some direction, since the loss then grows without end. With steps of η times the gradient plus
    noise, E x² = (1 − ηλ)² E x² + η²σ² along an eigenvector once the mean stands still, and ½λ E x² is its
    part of the loss. Runs come near their floor after about 1/(ηλ) steps, λ the smallest eigenvalue.

    >>> from lrlib import curvature
    >>> float(curvature.noise_floor(0.5, [1.0], noise=1.0).round(4))
    0.1667
    >>> curvature.noise_floor([0.1, 0.2, 0.4], [4.0, 1.0], noise=2.0).round(3).tolist()
    [0.23, 0.556, 2.5]

    Source: the chapter "stuck" derives it; L. Bottou, F. E. Curtis and J. Nocedal, "Optimization Methods for
    Large-Scale Machine Learning", SIAM Review 60(2) (2018), theorem 4.6, bound the floor of a much wider class.
    """
    lr, noise = (np.asarray(numbers(name, given, 0)) for name, given in (("lr", lr), ("noise", noise)))
    eigenvalues = np.asarray(numbers("eigenvalues", eigenvalues, 0, open_low=True))
    if eigenvalues.ndim == 0:
        raise ValueError("eigenvalues must have an axis of all eigenvalues of the Hessian, got one number")
    _broadcast(lr=lr, eigenvalues=eigenvalues[..., 0], noise=noise)
    with np.errstate(all="ignore"):
        return floor_along(lr[..., None], eigenvalues, noise[..., None]).sum(axis=-1)


def hessian_vector_product(function: Callable, x: Any, v: Any) -> np.ndarray:
    r"""The Hessian of a function times a vector, exact and without ever forming the Hessian.

    $$H(x)\, v = \nabla_x \left( \nabla f(x) \cdot v \right)$$

    Arguments
        function: takes one array and returns one number, written with `autograd.numpy`.
        x: where; a number or an array of any shape.
        v: the vector, of the shape of x.

    Returns an array of the shape of x. Costs a few evaluations of the function, whatever the size
    of x. At a kink, as that of |x|, there is no Hessian, but autograd gives a number all the same.

    Raises TypeError for a function that returns no number or that autograd cannot follow, which
    happens where it calls plain NumPy; ValueError where a value or a derivative is not finite.

    >>> import autograd.numpy as np
    >>> from lrlib import curvature
    >>> curvature.hessian_vector_product(lambda x: np.sum(x**4) / 12, [1.0, 2.0, 3.0], [1.0, 1.0, 0.0]).tolist()
    [1.0, 4.0, 0.0]

    Source: B. A. Pearlmutter, "Fast Exact Multiplication by the Hessian", Neural Computation 6(1)
    (1994), 147–160.
    """
    x = np.asarray(numbers("x", x))
    v = np.asarray(numbers("v", v))
    if v.shape != x.shape:
        raise ValueError(f"v must have the shape of x, {x.shape}, got {v.shape}")
    return _hessian(function, x)(v)


def largest_eigenvalues(function: Callable, x: Any, count: int = 1) -> np.ndarray:
    r"""The largest eigenvalues of the Hessian of a function; the first one is the sharpness.

    $$\lambda_1 \ge \lambda_2 \ge \dots, \qquad H(x)\, u_i = \lambda_i u_i$$

    Arguments
        function: takes one array and returns one number, written with `autograd.numpy`.
        x: where; a number or an array of any shape with n entries.
        count: how many, 1 to n.

    Returns an array of shape (count,), largest first: by value, not by size. Where the function
    curves downwards as well, a negative eigenvalue of larger size does not count, because the rate
    is limited by the positive ones; a negative sharpness means that all directions curve downwards.

    Uses SciPy's Lanczos method on Hessian-vector products, and all n products where n is so small
    that Lanczos would need as many. The same call gives the same numbers. The first is the largest
    in any case, but of an eigenvalue that occurs several times Lanczos may miss all copies but one.

    Raises what `hessian_vector_product` raises, and RuntimeError where Lanczos does not converge.

    >>> import autograd.numpy as np
    >>> from lrlib import curvature
    >>> curvature.largest_eigenvalues(lambda x: 3 * x[0] ** 2 + x[1] ** 2 - 8 * x[2] ** 2, [1.0, 1.0, 1.0], 2).tolist()
    [6.0, 2.0]
    """
    x = np.asarray(numbers("x", x))
    count = whole("count", count, 1, x.size)
    product = _hessian(function, x)

    def multiply(v: np.ndarray) -> np.ndarray:
        return product(v.reshape(x.shape)).ravel()

    if x.size <= max(2 * count + 1, 20):  # the size of SciPy's Lanczos basis
        return np.linalg.eigvalsh([multiply(unit) for unit in np.eye(x.size)])[::-1][:count]
    return _lanczos(multiply, x.size, count)


def _hessian(function: Callable, x: np.ndarray) -> Callable:
    """v ↦ H(x)v. The function is followed once, every product is then one pass backwards."""
    from autograd import make_hvp, make_vjp

    if not callable(function):
        raise TypeError(f"function must be a function of one array, got {shown(function)}")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        number("function(x)", function(x))
        # Linear functions: their gradient does not depend on x, and their Hessian is 0.
        warnings.filterwarnings("ignore", "Output seems independent of input")
        try:
            # An array of plain NumPy may hide x from autograd, whose derivatives are then wrong without
            # an error. It gives itself away by a value that is no number.
            number("its value", make_vjp(function)(x)[1])
            multiply, _ = make_hvp(function)(x)
        except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
            raise TypeError(
                "function must use autograd's NumPy, `import autograd.numpy as np`, and what it knows to "
                f"differentiate; autograd could not follow it: {error}"
            ) from error

    def product(v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            result = np.asarray(multiply(v), dtype=float)
        if not np.isfinite(result).all():
            raise ValueError("function must have finite second derivatives at x, got a product with inf or nan")
        return result

    return product


def _lanczos(multiply: Callable, size: int, count: int) -> np.ndarray:
    """The largest eigenvalues of a symmetric matrix known by its products."""
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    start = np.random.default_rng(0).standard_normal(size)
    if not multiply(start).any():  # only the zero matrix does that, and SciPy refuses it
        return np.zeros(count)
    # From SciPy 1.17 on, restarts are random unless they are told not to be.
    fixed = {"rng": 0} if "rng" in signature(eigsh).parameters else {}
    matrix = LinearOperator((size, size), matvec=multiply, dtype=float)
    try:
        values = eigsh(matrix, k=count, which="LA", v0=start, return_eigenvectors=False, **fixed)
    except ArpackNoConvergence as error:
        found = len(error.eigenvalues)
        raise RuntimeError(f"Lanczos did not converge: {found} of {count} eigenvalues found") from error
    return np.sort(values)[::-1]


def _spectrum(largest: Any, smallest: Any) -> tuple[Any, Any]:
    """Both ends of a positive spectrum, checked."""
    largest = numbers("largest", largest, 0, open_low=True)
    smallest = numbers("smallest", smallest, 0, open_low=True)
    _broadcast(largest=largest, smallest=smallest)
    if np.any(largest < smallest):
        raise ValueError(f"largest must be at least smallest, got largest {largest!r} and smallest {smallest!r}")
    return largest, smallest


def _points(surface: Surface, point: Any) -> np.ndarray:
    """The point as an array of shape (…, n). It may have diverged, so inf and nan are allowed."""
    if not isinstance(surface, Surface):
        raise TypeError(f"surface must be one of lrlib.surfaces, got {shown(surface)}")
    point = _floats("point", point)
    if point.ndim == 0 and surface.dimension == 1:
        point = point[None]
    if point.ndim == 0 or point.shape[-1] != surface.dimension:
        raise ValueError(
            f"point must end in an axis of {surface.dimension} for surface {surface.name!r}, got shape {point.shape}"
        )
    return point


def _entries(argument: str, given: Any, forms: dict[int, str]) -> list[np.ndarray]:
    """The entries of a tuple as arrays, as many as one of the forms has."""
    if not isinstance(given, (tuple, list)) or len(given) not in forms:
        raise TypeError(f"{argument} must be a tuple {' or '.join(forms.values())}, got {shown(given)}")
    return [_floats(f"{argument}[{i}]", entry) for i, entry in enumerate(given)]


def _floats(argument: str, given: Any) -> np.ndarray:
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{argument} must be a number or an array of numbers, got {shown(given)}") from None


def _broadcast(**given: Any) -> tuple[int, ...]:
    return broadcast(**{name: np.shape(value) for name, value in given.items()})

"""What the Hessian says about the rate."""

from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from lrlib.arithmetic import sq, sqrt
from lrlib.optimizers import OPTIMIZERS
from lrlib.settings import choice, number, numbers
from lrlib.surfaces import Surface, fill


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
        points: shape (…, n), n the surface's dimension.
        settings: the surface's settings; arrays must broadcast with (…).

    Returns an array of shape (…, n).

    >>> from lrlib import surfaces
    >>> eigenvalues(surfaces.quadratic, [0.0, 0.0], condition=25).tolist()
    [25.0, 1.0]
    """
    points = np.asarray(points, dtype=float)
    hessian = surface.hessian(*np.moveaxis(points, -1, 0), **surface.filled(settings))
    values = hessian if surface.dimension == 1 else eigenvalues_2d(*hessian)
    shape = np.broadcast_shapes(points.shape[:-1], *(np.shape(v) for v in values))
    return np.stack([np.broadcast_to(v, shape) for v in values], axis=-1)


def threshold(optimizer: str, **settings: Any) -> Any:
    """The value of ηλ above which the optimizer explodes on a quadratic of curvature λ.

    >>> threshold("gd"), threshold("momentum", beta=0.9)
    (2.0, 3.8)

    Source: Cohen et al., "Gradient Descent on Neural Networks Typically Occurs at the Edge of
    Stability" (ICLR 2021, arXiv:2103.00065), section 2 and the appendix on momentum.
    """
    known = OPTIMIZERS[choice("optimizer", optimizer, OPTIMIZERS)]
    return known.threshold(**fill(f"optimizer {known.name!r}", known.settings, settings))


def critical_rate(optimizer: str, sharpness: Any, **settings: Any) -> Any:
    r"""The largest stable rate, threshold / λ, for the largest eigenvalue λ.

    Arguments
        sharpness: λ > 0.

    >>> critical_rate("gd", 8.0)
    0.25
    """
    return threshold(optimizer, **settings) / numbers("sharpness", sharpness, 0, open_low=True)


def overflow_step(multiplier: float, start: float, largest: float) -> int:
    r"""The first step t at which |start · multiplierᵗ| passes the largest number of a format.

    $$t = \left\lfloor \frac{\log(\text{largest} / |\text{start}|)}{\log |\text{multiplier}|} \right\rfloor + 1$$

    Arguments
        multiplier: 1 − ηλ for a point on a parabola, its square for the loss; above 1 in size.
        start: the value at step 0, not 0.
        largest: `np.finfo(np.float64).max` is 1.8e308, float32 3.4e38, float16 65504.

    Raises ValueError where nothing grows.

    >>> overflow_step(-2.0, 1.0, 1000.0)
    10
    >>> overflow_step(-2.0, 1.0, float(np.finfo(np.float64).max))
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

"""The vocabulary of the restricted language: arithmetic with the same bits in Python and in a browser.

Sums, products, quotients and square roots are rounded the same way everywhere (IEEE 754).
Powers, exponentials, logarithms and angles are not: libraries differ in the last bit, and on a
chaotic path that bit is visible after a hundred steps. So they are built here from what is exact.

`floor`, `sqrt`, `where`, `exponent` and `power` exist once in Python and once in JavaScript
(`translate.PRIMITIVES`). Everything else is written in the restricted language and translated.
All of it stays in the number format of its arguments: float16 gives float16, as NumPy's own arithmetic does.
The polynomials and their coefficients are those of Sun's fdlibm (e_exp.c, e_log.c, k_sin.c, k_cos.c).
"""

from functools import lru_cache

import numpy as np

inf = np.inf
nan = np.nan
floor = np.floor
sqrt = np.sqrt
where = np.where


def exponent(x):
    """The whole number k with 2ᵏ ≤ x < 2ᵏ⁺¹, for positive finite x.

    >>> float(exponent(10.0))
    3.0
    """
    mantissa, k = np.frexp(x)
    return (k - 1.0).astype(mantissa.dtype)  # of the format of x


def power(base, n):
    """baseⁿ for whole n, by repeated squaring, in the number format of its arguments.

    >>> float(power(0.5, 3)), float(power(2.0, -2))
    (0.125, 0.25)
    >>> power(np.float16(0.9), 3).dtype, power(2.0, np.float32(3)).dtype
    (dtype('float16'), dtype('float32'))
    """
    if isinstance(base, float) and isinstance(n, int) and base > 0 and n >= 0:
        return power_of_numbers(float(base), n)
    size = floor(maximum(n, -n))
    # A literal base, as the 2.0 in `exp`, is of the format of n; whole numbers alone are of none.
    kind = np.result_type(base, n)
    factor = np.asarray(base, kind if np.issubdtype(kind, np.floating) else float)
    result = np.ones_like(factor)
    for _ in range(64):
        odd = size - 2 * floor(size / 2)
        result = where(odd >= 1, result * factor, result)
        size = floor(size / 2)
        if not np.any(size >= 1):  # before a square that nobody needs overflows
            break
        factor = factor * factor
    return where(n < 0, 1 / result, result)


@lru_cache(maxsize=1 << 16)
def power_of_numbers(base: float, n: int) -> float:
    """`power` for a single number, remembered. ZeroDivisionError for 0 to a negative power."""
    # A run asks for the same βᵗ in every coordinate, a sweep in every block of runs.
    size, factor, result = abs(n), base, 1.0
    while size >= 1:
        if size % 2:
            result = result * factor
        factor = factor * factor
        size //= 2
    return 1 / result if n < 0 else result


def sq(x):
    """x².

    >>> sq(3.0)
    9.0
    """
    return x * x


def cube(x):
    """x³.

    >>> cube(-2.0)
    -8.0
    """
    return x * x * x


def minimum(a, b):
    """The smaller of a and b; nan where either is nan.

    >>> float(minimum(1.0, 2.0)), float(minimum(1.0, float("nan")))
    (1.0, nan)
    """
    return where(a < b, a, where(a != a, a, b))


def maximum(a, b):
    """The larger of a and b; nan where either is nan.

    >>> float(maximum(1.0, 2.0)), float(maximum(float("nan"), 1.0))
    (2.0, nan)
    """
    return where(a > b, a, where(a != a, a, b))


def sign(x):
    """1 above 0, −1 below; 0 and nan as they are.

    >>> float(sign(-3.0)), float(sign(0.0))
    (-1.0, 0.0)
    """
    return where(x > 0, 1.0, where(x < 0, -1.0, x))


def relu(x, leak):
    """The larger of x and leak · x, for a leak from 0 to 1.

    >>> float(relu(-2.0, 0.0)), float(relu(-2.0, 0.1)), float(relu(3.0, 0.1))
    (-0.0, -0.2, 3.0)
    """
    return where(x > 0, x, leak * x)


def relu_slope(x, leak):
    """The slope of `relu`, which is the leak at its kink.

    >>> float(relu_slope(-2.0, 0.1)), float(relu_slope(0.0, 0.1)), float(relu_slope(3.0, 0.1))
    (0.1, 0.1, 1.0)
    """
    return where(x > 0, 1.0, leak)


def _sin_kernel(r):
    z = r * r
    tail = 8.33333333332248946124e-03 + z * (
        -1.98412698298579493134e-04
        + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10))
    )
    return r + z * r * (-1.66666666666666324348e-01 + z * tail)


def _cos_kernel(r):
    z = r * r
    tail = 4.16666666666666019037e-02 + z * (
        -1.38888888888741095749e-03
        + z
        * (
            2.48015872894767294178e-05
            + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11))
        )
    )
    return 1 - (z / 2 - z * z * tail)


def sin(x):
    """sin x, within 2 units in the last place for |x| < 10⁵ (π/2 is carried to 86 bits).

    >>> float(sin(0.5))
    0.479425538604203
    """
    k = floor(x * 6.36619772367581382433e-01 + 0.5)
    r = x - k * 1.57079632673412561417e00 - k * 6.07710050650619224932e-11
    quadrant = k - 4 * floor(k / 4)
    s = _sin_kernel(r)
    c = _cos_kernel(r)
    return where(quadrant == 0, s, where(quadrant == 1, c, where(quadrant == 2, -s, -c)))


def cos(x):
    """cos x, within 2 units in the last place for |x| < 10⁵.

    >>> float(cos(0.0))
    1.0
    """
    k = floor(x * 6.36619772367581382433e-01 + 0.5)
    r = x - k * 1.57079632673412561417e00 - k * 6.07710050650619224932e-11
    quadrant = k - 4 * floor(k / 4)
    s = _sin_kernel(r)
    c = _cos_kernel(r)
    return where(quadrant == 0, c, where(quadrant == 1, -s, where(quadrant == 2, -c, s)))


def exp(x):
    """eˣ, within 1 unit in the last place; inf above 709.78, 0 below −745.

    >>> round(float(exp(1.0)), 12)
    2.718281828459
    """
    inside = minimum(maximum(x, -745.2), 709.8)
    k = floor(inside * 1.44269504088896338700e00 + 0.5)
    high = inside - k * 6.93147180369123816490e-01
    low = k * 1.90821492927058770002e-10
    r = high - low
    z = r * r
    c = r - z * (
        1.66666666666666019037e-01
        + z
        * (
            -2.77777777770155933842e-03
            + z * (6.61375632143793436117e-05 + z * (-1.65339022054652515390e-06 + z * 4.13813679705723846039e-08))
        )
    )
    y = 1 - ((low - r * c / (2 - c)) - high)
    half = floor(k / 2)
    return y * power(2.0, half) * power(2.0, k - half)


def log(x):
    """The natural logarithm, within 1 unit in the last place; −inf at 0, nan below.

    >>> float(log(2.0))
    0.6931471805599453
    """
    inside = where((x > 0) * (x < inf), x, 1.0)
    # x = m·2ᵏ with m in [√½, √2)
    k = exponent(inside)
    half = floor(k / 2)
    m = inside * power(2.0, -half) * power(2.0, half - k)
    k = where(m > 1.4142135623730951, k + 1, k)
    m = where(m > 1.4142135623730951, m / 2, m)
    f = m - 1
    s = f / (2 + f)
    z = s * s
    tail = z * (
        6.666666666666735130e-01
        + z
        * (
            3.999999999940941908e-01
            + z
            * (
                2.857142874366239149e-01
                + z
                * (
                    2.222219843214978396e-01
                    + z * (1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))
                )
            )
        )
    )
    h = f * f / 2
    y = k * 6.93147180369123816490e-01 - ((h - (s * (h + tail) + k * 1.90821492927058770002e-10)) - f)
    return where(x > 0, where(x < inf, y, x), where(x == 0, -inf, x - x + nan))

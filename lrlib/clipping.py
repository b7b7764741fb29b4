"""Clipping: a gradient that is too long is shortened before the rule gets it; in the restricted language."""

from lrlib.arithmetic import inf, maximum, minimum, sq, sqrt, where


def clipping(length, clip):
    r"""What a gradient of this length is multiplied by, so that it is no longer than `clip`.

    $$c = \min\left(1, \frac{C}{\lVert g \rVert + 10^{-6}}\right)$$

    Arguments
        length: ‖g‖ of the whole gradient, over all coordinates.
        clip: C > 0.

    Returns c, which all coordinates share, so that the direction stays. The 10⁻⁶ makes a clipped gradient a trifle
    shorter than C. PyTorch has it as `clip_grad_norm_`. optax' `clip_by_global_norm` and Keras' `global_clipnorm`
    do without the 10⁻⁶.

    A length of ∞ gives 0, which turns an infinite coordinate into nan and all others into 0; nan gives nan.

    >>> from lrlib.clipping import clipping
    >>> print(clipping(0.5, 1.0), clipping(4.0, 1.0).round(6))
    1.0 0.25

    Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks" (ICML 2013),
    arXiv:1211.5063, algorithm 1.
    """
    return minimum(clip / (length + 1e-6), 1.0)


def length_1d(g):
    """The length of a gradient of one coordinate.

    >>> from lrlib.clipping import length_1d
    >>> print(length_1d(-3.0))
    3.0
    """
    return where(g < 0, -g, g)


def length_2d(g, h):
    """The length of a gradient of two coordinates; no square overflows before the length does.

    >>> from lrlib.clipping import length_2d
    >>> print(length_2d(3.0, -4.0), length_2d(0.0, 0.0), round(length_2d(3e200, 4e200) / 1e200))
    5.0 0.0 5
    """
    longer = maximum(length_1d(g), length_1d(h))
    unit = where((longer > 0) * (longer < inf), longer, 1.0)
    return unit * sqrt(sq(g / unit) + sq(h / unit))

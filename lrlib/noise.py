"""Noise in the gradient, as a minibatch makes it: the same numbers in Python and in the page.

Libraries differ in their random numbers, so the generator is written in the restricted language: two
multiplicative congruential generators whose products stay below 2⁵³, so that doubles hold them
exactly, combined as L'Ecuyer does, and Box and Muller's way from there to the normal distribution.
How a seed sets the two going is this package's own; a test looks for what neighbouring seeds share.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from lrlib.arithmetic import cos, floor, log, sin, sqrt, where
from lrlib.loops import in_floats
from lrlib.settings import count as whole
from lrlib.settings import numbers, shown

#: Seeds that stay apart after the multiplications in `seeded_first` and `seeded_second`.
MOST_SEEDS = 1_000_000

#: Numbers thrown away at first, so that neighbouring seeds have nothing in common.
DISCARDED = 8

#: The moduli in `next_first` and `next_second`, which hold no names because they are translated.
_MODULI = (2147483563, 2147483399)

#: So many steps of all seeds are made at once: enough to be fast, few enough to need little room.
_BLOCK = 256


def seeded_first(seed):
    return 1 + remainder(seed * 1812433253 + 12345, 2147483562)


def seeded_second(seed):
    return 1 + remainder(seed * 1664525 + 1013904223, 2147483398)


def next_first(a):
    return remainder(40014 * a, 2147483563)


def next_second(b):
    return remainder(40692 * b, 2147483399)


def remainder(product, modulus):
    return product - modulus * floor(product / modulus)


def uniform(a, b):
    """A number between 0 and 1, never 0 or 1, from the two generators."""
    difference = a - b
    return where(difference < 1, difference + 2147483562, difference) / 2147483563


def normal_cos(u, v):
    """Normal with mean 0 and variance 1, from two uniform numbers; independent of `normal_sin`."""
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v)


def normal_sin(u, v):
    return sqrt(-2 * log(u)) * sin(6.283185307179586 * v)


def normals(seed: Any, count: int, coordinates: int) -> np.ndarray:
    r"""Independent normal numbers with mean 0 and variance 1, for one or many seeds.

    $$\sqrt{-2 \ln u}\, \cos 2\pi v, \qquad \sqrt{-2 \ln u}\, \sin 2\pi v$$

    Arguments
        seed: whole numbers from 0 to 999,999, of any shape (…).
        count: how many for each coordinate.
        coordinates: 1 or 2.

    Returns an array of shape (count, coordinates, …).

    >>> from lrlib.noise import normals
    >>> normals(seed=7, count=3, coordinates=1).round(3).ravel().tolist()
    [0.465, 1.157, -0.352]

    Source: P. L'Ecuyer, "Efficient and portable combined random number generators", Communications of
    the ACM 31(6) (1988), 742–751; G. E. P. Box, M. E. Muller, "A Note on the Generation of Random
    Normal Deviates", Annals of Mathematical Statistics 29(2) (1958), 610–611.
    """
    seed = check_seed(seed)
    coordinates = whole("coordinates", coordinates, 1, 2)
    starts = [np.asarray(seeded(seed), dtype=np.int64) for seeded in (seeded_first, seeded_second)]
    powers = [_powers(step, DISCARDED + 2 * count)[DISCARDED:] for step in (next_first, next_second)]
    drawn = np.empty((2 * count, *np.shape(seed)))
    for i in range(0, 2 * count, _BLOCK):
        some = [np.multiply.outer(power[i : i + _BLOCK], start) for power, start in zip(powers, starts)]
        drawn[i : i + _BLOCK] = uniform(*(products % modulus for products, modulus in zip(some, _MODULI)))
    u, v = drawn[::2], drawn[1::2]
    return np.stack([normal(u, v) for normal in (normal_cos, normal_sin)[:coordinates]], axis=1)


@lru_cache(8)
def _powers(step: Callable, count: int) -> np.ndarray:
    """Of the factor that `step` multiplies by: what it makes of 1 after 1, 2, … steps. Products of two fit 63 bits."""
    step, power, found = in_floats(step), 1.0, []
    for _ in range(count):
        power = step(power)
        found.append(power)
    return np.array(found, dtype=np.int64)


def check_seed(seed: Any) -> Any:
    """The seed, if it is a whole number from 0 to 999,999, or an array of them."""
    checked = numbers("seed", seed, 0, MOST_SEEDS - 1)
    if (np.floor(checked) != checked).any():
        raise ValueError(f"seed must be a whole number from 0 to {MOST_SEEDS - 1}, got {shown(seed)}")
    return checked

"""The shared arithmetic against the C library's."""

import math

import numpy as np
import pytest

from lrlib import arithmetic

RANDOM = np.random.default_rng(0)
ARGUMENTS = {
    "sin": RANDOM.uniform(-1e4, 1e4, 20_000),
    "cos": RANDOM.uniform(-1e4, 1e4, 20_000),
    "exp": RANDOM.uniform(-700, 709, 20_000),
    "log": np.exp(RANDOM.uniform(-700, 709, 20_000)),
}


def units_in_the_last_place(computed, exact):
    return np.max(np.abs(computed - exact) / np.spacing(np.maximum(np.abs(exact), 1e-12)))


@pytest.mark.parametrize(("name", "allowed"), [("sin", 2), ("cos", 2), ("exp", 1), ("log", 1)])
def test_function_is_as_exact_as_its_docstring_says(name, allowed):
    x = ARGUMENTS[name]
    exact = np.array([getattr(math, name)(value) for value in x])
    assert units_in_the_last_place(getattr(arithmetic, name)(x), exact) <= allowed


def test_exp_and_log_give_the_limits_at_the_ends_of_the_range():
    with np.errstate(all="ignore"):
        assert arithmetic.exp(np.array([800.0, -800.0, np.inf, -np.inf])).tolist() == [np.inf, 0, np.inf, 0]
        assert arithmetic.log(np.array([0.0, np.inf])).tolist() == [-np.inf, np.inf]
        assert np.isnan(arithmetic.log(np.array([-1.0, np.nan]))).all() and np.isnan(arithmetic.exp(np.nan))
        assert float(arithmetic.log(5e-324)) == pytest.approx(math.log(5e-324), rel=1e-15)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 64, 1000, -3])
def test_power_agrees_with_the_library_to_rounding(n):
    assert float(arithmetic.power(1.0009765625, n)) == pytest.approx(1.0009765625**n, rel=1e-13)


def test_power_takes_an_exponent_for_each_element():
    assert arithmetic.power(np.array([2.0, 3.0, 0.5]), np.array([10, 0, -1])).tolist() == [1024, 1, 2]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_everything_stays_in_the_number_format_of_its_arguments(kind):
    x = np.array([0.3, 1.7, 5.0], kind)
    for given in (x, x[1]):
        for name in ("sin", "cos", "exp", "log", "sq", "cube", "sign", "exponent"):
            assert getattr(arithmetic, name)(given).dtype == kind, name
        for n in (0, 3, -2, np.asarray(given // 1)):
            assert np.asarray(arithmetic.power(given, n)).dtype == kind, n
        assert arithmetic.power(2.0, given // 1).dtype == kind
        assert arithmetic.minimum(given, 1.1).dtype == arithmetic.maximum(-0.1, given).dtype == kind


def test_whole_numbers_alone_give_float64():
    assert arithmetic.power(np.array([2, 3]), 2).dtype == arithmetic.power(2, np.array([1, 2])).dtype == np.float64
    assert float(arithmetic.exponent(8)) == 3.0


def test_minimum_and_maximum_pass_on_nan_from_either_side():
    for function in (arithmetic.minimum, arithmetic.maximum):
        assert np.isnan(function(np.nan, 1.0)) and np.isnan(function(1.0, np.nan))
    assert (float(arithmetic.minimum(2.0, 1.0)), float(arithmetic.maximum(2.0, 1.0))) == (1, 2)

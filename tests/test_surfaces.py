"""Values, gradients and Hessians of the surfaces against each other and against finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlib import surfaces
from lrlib.surfaces import SURFACES

SETTINGS = {
    "parabola": {"curvature": 3.0},
    "quadratic": {"condition": 40.0, "rotation": 25.0},
    "regression": {"mean_x": 2.0, "mean_y": -1.0, "variance_x": 0.5, "slope": 3.0, "residual": 0.2},
}
coordinate = st.floats(-3, 3)


def difference(function, point, i, step=1e-5):
    """Central difference along coordinate i."""
    forward, backward = list(point), list(point)
    forward[i] += step
    backward[i] -= step
    return (np.array(function(*forward)) - np.array(function(*backward))) / (2 * step)


@pytest.mark.parametrize("name", SURFACES)
@given(point=st.tuples(coordinate, coordinate))
def test_gradient_is_the_slope_of_the_value(name, point):
    surface, settings = SURFACES[name], SETTINGS.get(name, {})
    point = point[: surface.dimension]
    for i, slope in enumerate(surface.gradient(*point, **settings)):
        measured = difference(lambda *x: surface.value(*x, **settings), point, i)
        assert slope == pytest.approx(measured, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", SURFACES)
@given(point=st.tuples(coordinate, coordinate))
def test_hessian_is_the_slope_of_the_gradient(name, point):
    surface, settings = SURFACES[name], SETTINGS.get(name, {})
    point = point[: surface.dimension]
    rows, columns = np.triu_indices(surface.dimension)
    for value, i, j in zip(surface.hessian(*point, **settings), rows, columns, strict=True):
        measured = difference(lambda *x: surface.gradient(*x, **settings), point, j)[i]
        assert value == pytest.approx(measured, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", SURFACES)
def test_the_loss_is_flat_and_lowest_at_each_minimum(name):
    surface, settings = SURFACES[name], SETTINGS.get(name, {})
    minima = np.reshape(surface.minima(**settings), (-1, surface.dimension))
    for minimum in minima:
        assert np.allclose(surface.gradient(*minimum, **settings), 0, atol=1e-12)
        for direction in np.random.default_rng(1).normal(size=(20, surface.dimension)):
            assert surface.value(*(minimum + 0.1 * direction), **settings) > surface.value(*minimum, **settings)


def test_the_condition_number_of_the_quadratic_is_its_setting_whatever_the_rotation():
    for rotation in (0, 17, -80, 200):
        a, b, d = surfaces.quadratic.hessian(0.3, 0.2, condition=50.0, rotation=rotation)
        eigenvalues = np.linalg.eigvalsh([[a, b], [b, d]])
        assert eigenvalues == pytest.approx([1, 50], rel=1e-12)


def test_regression_is_half_the_mean_squared_error_of_a_line():
    random = np.random.default_rng(2)
    x, y = random.normal(5, 2, 30), random.normal(-1, 3, 30)
    settings = surfaces.moments(x, y)
    for w, b in random.normal(size=(10, 2)):
        assert surfaces.regression.value(w, b, **settings) == pytest.approx(np.mean((w * x + b - y) ** 2) / 2)
    assert surfaces.regression.minima(**settings) == pytest.approx(np.polyfit(x, y, 1))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2], [1, 2, 3], "same length"),
        ([1, 1], [1, 2], "at least two different"),
        ([1, "a"], [1, 2], "x must be a finite number"),
        ([1, np.nan], [1, 2], "x must be a finite number"),
        ([], [], "x must be a finite number"),
    ],
)
def test_moments_of_unusable_data_are_refused(x, y, message):
    with pytest.raises((TypeError, ValueError), match=message):
        surfaces.moments(x, y)

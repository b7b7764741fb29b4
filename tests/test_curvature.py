"""Eigenvalues, thresholds and the step of overflow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlib import curvature, descend, surfaces

entry = st.floats(-100, 100)


@given(a=entry, b=entry, d=entry)
def test_eigenvalues_of_a_symmetric_matrix_agree_with_lapack(a, b, d):
    expected = np.linalg.eigvalsh([[a, b], [b, d]])[::-1]
    assert curvature.eigenvalues_2d(a, b, d) == pytest.approx(expected, abs=1e-11, rel=1e-11)


def test_eigenvalues_come_for_many_points_and_settings_at_once():
    points = np.zeros((3, 4, 2))
    values = curvature.eigenvalues(surfaces.quadratic, points, condition=np.array([[2.0], [5.0], [9.0]]))
    assert values.shape == (3, 4, 2)
    assert np.allclose(values[..., 0], [[2] * 4, [5] * 4, [9] * 4]) and np.allclose(values[..., 1], 1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_the_predicted_step_of_overflow_is_the_one_observed(dtype):
    x = descend("parabola", "gd", 1.0, 3.0, 1100, dtype=dtype).points[:, 0]
    predicted = curvature.overflow_step(-2.0, 1.0, float(np.finfo(dtype).max))
    assert np.flatnonzero(np.isinf(x))[0] == predicted
    assert np.flatnonzero(np.isnan(x))[0] == predicted + 1


def test_a_start_that_has_overflowed_already_is_step_zero():
    assert curvature.overflow_step(2.0, 1e6, 65504.0) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: curvature.threshold("sgd"), "optimizer 'sgd' is unknown: did you mean 'gd'"),
        (lambda: curvature.threshold(None), "optimizer must be a name, got None"),
        (lambda: curvature.threshold("gd", beta=0.9), "optimizer 'gd' has no setting 'beta'"),
        (lambda: curvature.threshold("momentum", beta=1.0), "beta must be a number from 0 to 0.999, got 1.0"),
        (lambda: curvature.critical_rate("gd", -1.0), "sharpness must be a finite number above 0, got -1.0"),
        (lambda: curvature.critical_rate("gd", 0), "sharpness must be a finite number above 0, got 0.0"),
        (lambda: curvature.overflow_step(0.9, 1.0, 1e10), "multiplier must be larger than 1 in size"),
        (lambda: curvature.overflow_step(2.0, 0.0, 1e10), "start must not be 0"),
        (lambda: curvature.overflow_step(2.0, 1.0, -1), "largest must be a finite number above 0, got -1.0"),
        (lambda: curvature.eigenvalues(surfaces.quadratic, [0, 0], conditon=3), "did you mean 'condition'"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert message in str(error.value)

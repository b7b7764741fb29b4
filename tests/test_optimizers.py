"""Each rule against its closed form on a quadratic, and each threshold from both sides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlib import curvature, descend
from lrlib.optimizers import OPTIMIZERS

BETAS = (0.0, 0.5, 0.9, 0.99)
RULES = [("gd", {}), *(("momentum", {"beta": beta}) for beta in BETAS)]


@given(curvature=st.floats(0.1, 10), product=st.floats(0.01, 3), start=st.floats(0.1, 5))
def test_gd_multiplies_the_error_by_one_minus_rate_times_curvature(curvature, product, start):
    path = descend("parabola", "gd", start, product / curvature, 20, curvature=curvature)
    expected = start * (1 - product) ** np.arange(21)
    assert np.allclose(path.points[:, 0], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@given(product=st.floats(0.01, 5), beta=st.floats(0, 0.99))
def test_momentum_is_the_linear_recurrence_of_its_equation(product, beta):
    path = descend("parabola", "momentum", 1.0, product, 30, beta=beta)
    # (x, v) at t + 1 from (x, v) at t: v' = βv + λx, x' = x − ηv'
    matrix = np.array([[1 - product, -product * beta], [1, beta]])
    expected = [(np.linalg.matrix_power(matrix, t) @ [1, 0])[0] for t in range(31)]
    assert np.allclose(path.points[:, 0], expected, rtol=1e-8, atol=1e-8 * np.max(np.abs(expected)))


def test_momentum_without_memory_is_gd():
    settings = {"start": (-3.0, 2.0), "lr": 0.07, "steps": 50, "condition": 20}
    plain, heavy = descend("quadratic", "gd", **settings), descend("quadratic", "momentum", beta=0, **settings)
    assert plain.points.tobytes() == heavy.points.tobytes()


@pytest.mark.parametrize(("rule", "settings"), RULES)
@pytest.mark.parametrize("sharpness", [0.5, 1.0, 30.0])
def test_the_threshold_separates_settling_from_exploding(rule, settings, sharpness):
    critical = curvature.critical_rate(rule, sharpness, **settings)
    below, above = descend(
        "parabola", rule, 1.0, [0.99 * critical, 1.01 * critical], 20_000, curvature=sharpness, **settings
    ).losses
    assert below[-1] < 1e-6 * below[0]
    assert not above[-1] < 1e6 * above[0]


@pytest.mark.parametrize(("rule", "settings"), RULES)
def test_up_to_the_glide_limit_the_path_never_changes_sides(rule, settings):
    glide = float(OPTIMIZERS[rule].glide(**settings))
    below, above = descend("parabola", rule, 1.0, [0.99 * glide, min(1.5 * glide, 1.9)], 5000, **settings).points[
        ..., 0
    ]
    assert (below[below != 0] > 0).all()
    assert (above < 0).any()

"""Eigenvalues, thresholds and the step of overflow."""

import dataclasses
import functools
import math
import subprocess
import sys

import autograd.numpy as anp
import numpy as np
import pytest
import scipy.optimize
import scipy.sparse.linalg
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from lrlib import curvature, descend, surfaces, translate

entry = st.floats(-100, 100)
scale = st.floats(1e-3, 1e3) | st.just(0.0)


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


def parameters_of(surface):
    return [0.7, -0.4][: surface.dimension]


@given(a=entry, b=entry, d=entry, s=scale, r=scale)
def test_preconditioned_sharpness_is_the_largest_eigenvalue_of_the_scaled_hessian(a, b, d, s, r):
    hessian, root = np.array([[a, b], [b, d]]), np.diag(np.sqrt([s, r]))
    dense = np.linalg.eigvalsh(root @ hessian @ root)
    similar = np.linalg.eigvals(np.diag([s, r]) @ hessian)
    felt = curvature.preconditioned_sharpness((a, b, d), (s, r))
    close = 1e-12 * np.abs(dense).max() + 1e-100
    assert felt == pytest.approx(dense[-1], abs=close)
    assert felt == pytest.approx(similar.real.max(), abs=1e4 * close)
    larger, smaller = curvature.preconditioned_2d(a, b, d, s, r)
    assert felt == larger and smaller == pytest.approx(dense[0], abs=close)


@given(a=entry, b=entry, d=entry)
def test_an_equal_scale_multiplies_the_sharpness(a, b, d):
    expected = 0.25 * curvature.eigenvalues_2d(a, b, d)[0]
    assert curvature.preconditioned_sharpness((a, b, d), (0.25, 0.25)) == pytest.approx(expected, abs=1e-12)


def test_preconditioned_sharpness_broadcasts_and_works_in_one_dimension():
    felt = curvature.preconditioned_sharpness((np.ones((3, 1)), 0.0, 2.0), ([1.0, 2.0, 4.0, 8.0], 1))
    assert felt.tolist() == [[2.0, 2.0, 4.0, 8.0]] * 3
    assert curvature.preconditioned_sharpness((3.0,), ([0.0, 2.0],)).tolist() == [0.0, 6.0]


@pytest.mark.parametrize(("factor", "explodes"), [(0.99, False), (1.01, True)])
def test_scaled_steps_explode_where_the_rate_times_preconditioned_sharpness_passes_two(factor, explodes):
    a, b, d = surfaces.quadratic.hessian(0.0, 0.0, condition=50.0, rotation=25.0)
    hessian, scale = np.array([[a, b], [b, d]]), np.array([0.1, 3.0])
    rate = factor * 2 / curvature.preconditioned_sharpness((a, b, d), tuple(scale))
    point = np.array([1.0, 1.0])
    for _ in range(3000):
        point = point - rate * scale * (hessian @ point)
    assert (np.abs(point).max() > 1e6) == explodes


def test_the_scaled_eigenvalue_can_be_said_in_javascript():
    assert translate.function(curvature.preconditioned_2d).startswith("function preconditioned_2d(a, b, d, s, r) {")


@given(condition=st.floats(1, 1e6), rotation=st.floats(-360, 360))
def test_the_condition_number_of_the_quadratic_is_its_setting(condition, rotation):
    kappa = curvature.condition_number(surfaces.quadratic, [3.0, -1.0], condition=condition, rotation=rotation)
    assert kappa == pytest.approx(condition, rel=1e-9)


def test_condition_numbers_come_for_many_points_and_settings_at_once():
    conditions = np.array([[2.0], [5.0], [9.0]])
    kappa = curvature.condition_number(surfaces.quadratic, np.zeros((3, 4, 2)), condition=conditions)
    assert kappa.shape == (3, 4) and np.allclose(kappa, conditions)
    assert curvature.condition_number(surfaces.parabola, 2.0, curvature=[0.5, 7.0]).tolist() == [1.0, 1.0]


def valley_along(angle):
    """A loss that curves in one direction only, and by 0 in all where the angle is nan."""
    c, s = (0.0, 0.0) if np.isnan(angle) else (np.cos(angle), np.sin(angle))
    return dataclasses.replace(
        surfaces.quadratic,
        value=lambda x, y: (c * x + s * y) ** 2 / 2,
        gradient=lambda x, y: (c * (c * x + s * y), s * (c * x + s * y)),
        hessian=lambda x, y: (c * c, c * s, s * s),
        settings={},
    )


@pytest.mark.parametrize("angle", [*np.linspace(0, 3.2, 33), np.nan])
def test_a_flat_direction_makes_the_condition_number_infinite_in_spite_of_rounding(angle):
    assert curvature.condition_number(valley_along(angle), [1.0, 2.0]) == np.inf


def test_the_condition_number_is_nan_at_a_saddle_on_a_hilltop_and_where_a_path_diverged():
    saddle = dataclasses.replace(valley_along(0.0), hessian=lambda x, y: (2.0, 0.0, -1.0))
    hilltop = dataclasses.replace(valley_along(0.0), hessian=lambda x, y: (-2.0, 0.0, -1.0))
    assert np.isnan(curvature.condition_number(saddle, [0.0, 0.0]))
    assert np.isnan(curvature.condition_number(hilltop, [0.0, 0.0]))
    path = descend("double_well", "gd", 1.5, 10.0, 30)
    kappa = curvature.condition_number(path.surface, path.points)
    assert kappa[0] == 1 and np.isnan(kappa[-1])


@given(
    point=st.tuples(st.floats(-10, 10), st.floats(-10, 10)),
    lr=st.floats(1e-6, 10),
    condition=st.floats(1, 1000),
    rotation=st.floats(-90, 90),
)
def test_the_second_order_prediction_is_exact_on_a_quadratic(point, lr, condition, rotation):
    given_ = {"condition": condition, "rotation": rotation}
    step = curvature.taylor(surfaces.quadratic, point, lr, **given_)
    before = surfaces.quadratic.value(*point, **given_)
    slope = surfaces.quadratic.gradient(*point, **given_)
    after = surfaces.quadratic.value(*(x - lr * g for x, g in zip(point, slope, strict=True)), **given_)
    # Below the smallest normal number there are fewer digits.
    tolerance = 1e-9 * (before + step.second) + np.finfo(float).tiny
    assert step.change == pytest.approx(after - before, rel=1e-9, abs=tolerance)
    assert step.change == step.first + step.second
    assert step.first <= 0 <= step.second


@pytest.mark.parametrize("name", ["double_well", "pseudo_huber", "rosenbrock", "himmelblau", "beale"])
def test_the_error_of_the_prediction_falls_eightfold_when_the_rate_is_halved(name):
    surface = surfaces.SURFACES[name]
    point = np.array(parameters_of(surface))
    slope = np.array(surface.gradient(*point, **surface.filled({})))
    rates = np.array([2, 1]) * 1e-3 / np.linalg.norm(slope)
    actual = surface.value(*np.moveaxis(point - rates[:, None] * slope, -1, 0), **surface.filled({}))
    actual = actual - surface.value(*point, **surface.filled({}))
    error = np.abs(curvature.taylor(surface, point, rates).change - actual)
    assert error[0] / error[1] == pytest.approx(8, rel=0.05)


def test_predictions_broadcast_over_points_rates_and_settings():
    points = np.random.default_rng(0).normal(size=(3, 1, 2))
    rates, conditions = np.array([0.1, 0.2, 0.3, 0.4]), np.array([[[2.0]], [[30.0]]])
    steps = curvature.taylor(surfaces.quadratic, points, rates, condition=conditions)
    for part in range(3):
        assert steps[part].shape == (2, 3, 4)
        one = curvature.taylor(surfaces.quadratic, points[1, 0], 0.3, condition=30.0)[part]
        assert steps[part][1, 1, 2] == one and np.ndim(one) == 0
    level = curvature.taylor(surfaces.regression, [1.0, 2.0], 0.1, residual=[0.0, 5.0])
    assert level.first.shape == level.second.shape == level.change.shape == (2,)
    assert level.change[0] == level.change[1]


def test_predictions_along_a_path_that_diverged_are_not_finite_and_warn_of_nothing():
    path = descend("double_well", "gd", 1.5, 10.0, 30)
    step = curvature.taylor(path.surface, path.points, 10.0)
    assert np.isfinite(step.change[0]) and not np.isfinite(step.change[-1])


def error_factor(path, steps):
    """What a step multiplies the distance from the minimum 0 by, over the last `steps` steps.

    The largest of forty distances, because momentum swings through the minimum.
    """
    distance = np.abs(path.points).max(axis=-1)
    start = distance.shape[-1] - steps
    early, late = distance[..., start - 40 : start].max(axis=-1), distance[..., -40:].max(axis=-1)
    return (late / early) ** (1 / steps)


NEARBY = np.array([0.95, 1.0, 1.05])


@given(condition=st.floats(4, 100), rotation=st.floats(-90, 90))
@settings(max_examples=25, deadline=None)
def test_the_best_rate_is_as_fast_as_promised_and_rates_nearby_are_slower(condition, rotation):
    best = curvature.best_rate(condition, 1.0)
    path = descend("quadratic", "gd", (1.0, 0.3), best.rate * NEARBY, 300, condition=condition, rotation=rotation)
    smaller, measured, larger = error_factor(path, 200)
    assert measured == pytest.approx(best.factor, rel=1e-2 / 200)
    assert measured < smaller and measured < larger


@given(condition=st.floats(4, 100))
@settings(max_examples=25, deadline=None)
def test_the_best_momentum_is_as_fast_as_promised_and_rates_and_memories_nearby_are_slower(condition):
    best = curvature.best_momentum(condition, 1.0)
    rates, betas = best.rate * NEARBY[:, None], best.beta * NEARBY
    path = descend("quadratic", "momentum", (1.0, 1.0), rates, 400, beta=betas, condition=condition)
    measured = error_factor(path, 200)
    assert measured[1, 1] == pytest.approx(best.factor * 2 ** (1 / 200), rel=2e-3)  # t · factorᵗ
    assert (np.delete(measured.ravel(), 4) > measured[1, 1]).all()


def test_momentum_takes_the_root_of_the_condition_number():
    kappa = np.array([1.0, 4.0, 100.0, 1e6])
    assert curvature.best_rate(kappa, 1).factor == pytest.approx((kappa - 1) / (kappa + 1))
    assert curvature.best_momentum(kappa, 1).factor == pytest.approx((kappa**0.5 - 1) / (kappa**0.5 + 1))
    assert curvature.best_momentum(kappa, 1).beta == pytest.approx(curvature.best_momentum(kappa, 1).factor ** 2)


@given(largest=st.floats(1, 1e3), smallest=st.floats(1e-3, 1), scale=st.floats(1e-3, 1e3))
def test_a_steeper_loss_needs_a_smaller_rate_in_proportion(largest, smallest, scale):
    for best in (curvature.best_rate, curvature.best_momentum):
        one, other = best(largest, smallest), best(scale * largest, scale * smallest)
        assert other.rate * scale == pytest.approx(one.rate)
        assert other.factor == pytest.approx(one.factor, abs=1e-12)


def test_equal_curvatures_need_a_single_step():
    best = curvature.best_momentum(4.0, 4.0)
    assert best == (0.25, 0.0, 0.0) and curvature.best_rate(4.0, 4.0) == (0.25, 0.0)
    path = descend("parabola", "momentum", 3.0, best.rate, 1, beta=best.beta, curvature=4.0)
    assert path.points[-1, 0] == 0


def test_best_rates_broadcast():
    best = curvature.best_momentum(np.array([[4.0], [9.0]]), [1.0, 2.0, 4.0])
    assert best.rate.shape == best.beta.shape == best.factor.shape == (2, 3)
    assert curvature.best_rate(np.array([[4.0], [9.0]]), [1.0, 2.0, 4.0]).rate[1].tolist() == [2 / 10, 2 / 11, 2 / 13]


def rosenbrock(x):
    return anp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.fixture(scope="module")
def rosenbrock_hessian():
    """Of five variables, by SymPy."""
    x = sympy.symbols("x:5")
    value = sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(4))
    return sympy.lambdify([x], sympy.hessian(value, x))


LABELS = np.random.default_rng(3).integers(0, 2, 40)
DATA = np.random.default_rng(4).normal(size=(40, 6))


def logistic(w):
    margins = anp.dot(DATA, w) * (2 * LABELS - 1)
    return anp.mean(anp.log(1 + anp.exp(-margins))) + 0.01 * anp.dot(w, w)


def logistic_hessian(w):
    p = 1 / (1 + np.exp(-DATA @ w))
    return DATA.T @ (DATA * (p * (1 - p))[:, None]) / len(DATA) + 0.02 * np.eye(6)


@pytest.mark.parametrize("seed", range(5))
def test_hessian_vector_products_agree_with_hessians_written_out(rosenbrock_hessian, seed):
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=(2, 5))
    expected = np.array(rosenbrock_hessian(x)) @ v
    assert curvature.hessian_vector_product(rosenbrock, x, v) == pytest.approx(expected, rel=1e-11, abs=1e-10)
    w, u = rng.normal(size=(2, 6))
    assert curvature.hessian_vector_product(logistic, w, u) == pytest.approx(logistic_hessian(w) @ u, rel=1e-11)


def test_points_of_any_shape_and_numbers_and_lists_have_hessian_vector_products():
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(2, 3, 2))
    assert curvature.hessian_vector_product(lambda w: anp.sum(w**3), x, v) == pytest.approx(6 * x * v)
    scalar = curvature.hessian_vector_product(lambda x: x**3, 2, 1)
    assert scalar == 12 and scalar.shape == ()
    assert curvature.hessian_vector_product(lambda x: x[0] * x[1], [5, 7], [1, 0]).tolist() == [0, 1]


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_the_hessian_is_linear_and_symmetric(seed):
    x, u, v = np.random.default_rng(seed).normal(size=(3, 6))
    products = [curvature.hessian_vector_product(rosenbrock, x, w) for w in (u, v, 2 * u - v)]
    size = np.abs(products).max()
    assert products[2] == pytest.approx(2 * products[0] - products[1], abs=1e-12 * size)
    assert v @ products[0] == pytest.approx(u @ products[1], abs=1e-12 * size)


def test_functions_without_curvature_have_the_product_zero():
    for flat in (lambda x: anp.sum(3 * x), lambda x: 1.5, lambda x: anp.sum(anp.abs(x))):
        assert curvature.hessian_vector_product(flat, [1.0, 2.0], [1.0, 1.0]).tolist() == [0, 0]


def test_plain_numpy_is_right_where_autograd_follows_it_and_refused_where_it_would_be_wrong():
    x, v = np.random.default_rng(0).normal(size=(2, 4))
    followed = curvature.hessian_vector_product(lambda x: np.sum(np.exp(x)), x, v)
    assert followed == pytest.approx(np.exp(x) * v)
    neighbours = [(f, lambda x, f=f: f.sum(f.roll(x, 1) * x)) for f in (anp, np)]
    right = curvature.hessian_vector_product(neighbours[0][1], x, v)
    assert right == pytest.approx(np.roll(v, 1) + np.roll(v, -1))
    with pytest.raises(TypeError, match="import autograd.numpy as np"):
        curvature.hessian_vector_product(neighbours[1][1], x, v)  # autograd itself says 0, without a word


def test_an_error_of_the_function_itself_comes_through():
    with pytest.raises(ZeroDivisionError):
        curvature.hessian_vector_product(lambda x: 1 / 0, [1.0], [1.0])


def curved(matrix):
    return lambda x: anp.dot(x.flatten(), anp.dot(matrix, x.flatten())) / 2


@pytest.fixture(scope="module")
def random_matrix():
    matrix = np.random.default_rng(1).normal(size=(200, 200))
    return matrix + matrix.T


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("shape", [(200,), (10, 20)])
def test_the_largest_eigenvalues_in_200_dimensions_agree_with_lapack(random_matrix, count, shape):
    values = curvature.largest_eigenvalues(curved(random_matrix), np.zeros(shape), count)
    assert values.shape == (count,)
    assert values == pytest.approx(np.linalg.eigvalsh(random_matrix)[::-1][:count], rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 20, 21, 22])
def test_the_largest_eigenvalues_agree_with_lapack_in_few_dimensions(n, random_matrix):
    matrix = random_matrix[:n, :n]
    expected = np.linalg.eigvalsh(matrix)[::-1]
    for count in {1, (n + 1) // 2, n}:
        values = curvature.largest_eigenvalues(curved(matrix), np.ones(n), count)
        assert values == pytest.approx(expected[:count], abs=1e-12)


@pytest.mark.parametrize("name", ["quadratic", "regression", "double_well", "pseudo_huber", "rosenbrock", "himmelblau"])
def test_a_function_has_the_sharpness_of_the_surface_it_comes_from(name):
    surface = surfaces.SURFACES[name]
    point = parameters_of(surface)
    values = curvature.largest_eigenvalues(lambda x: surface.value(*x), point, surface.dimension)
    assert values == pytest.approx(curvature.eigenvalues(surface, point))


def test_a_network_has_the_sharpness_of_its_dense_hessian():
    def loss(w):
        hidden = anp.tanh(anp.dot(DATA, w[:24].reshape(6, 4)))
        return anp.mean((anp.dot(hidden, w[24:]) - LABELS) ** 2)

    w = np.random.default_rng(5).normal(size=28)
    dense = [curvature.hessian_vector_product(loss, w, unit) for unit in np.eye(28)]
    expected = np.linalg.eigvalsh(dense)[::-1][:3]
    assert curvature.largest_eigenvalues(loss, w, 3) == pytest.approx(expected, rel=1e-10)


def test_sharpness_is_the_largest_value_and_not_the_largest_size():
    for n in (3, 60):
        spectrum = np.r_[2.0, -np.arange(1.0, n) * 9]
        assert curvature.largest_eigenvalues(curved(np.diag(spectrum)), np.zeros(n)) == pytest.approx([2])
        assert curvature.largest_eigenvalues(curved(-np.eye(n)), np.zeros(n), 2) == pytest.approx([-1, -1])


def test_of_an_eigenvalue_that_occurs_several_times_lanczos_may_miss_copies_but_never_all():
    axes = np.linalg.qr(np.random.default_rng(2).normal(size=(60, 60)))[0]
    several = np.r_[5.0, 5.0, 5.0, np.linspace(-1, 1, 57)]
    values = curvature.largest_eigenvalues(curved(axes * several @ axes.T), np.zeros(60), 4)
    assert values[0] == pytest.approx(5)
    assert np.abs(values[:, None] - several).min(axis=1).max() < 1e-12
    few = curvature.largest_eigenvalues(curved(np.diag(several[:5])), np.zeros(5), 4)
    assert few == pytest.approx([5, 5, 5, several[4]])


def test_a_function_without_curvature_has_eigenvalues_zero_in_any_dimension():
    for n in (2, 100):
        assert curvature.largest_eigenvalues(lambda x: anp.sum(x), np.ones(n), 2).tolist() == [0, 0]


def test_the_same_call_gives_the_same_bits(random_matrix):
    rank_one = np.zeros((60, 60))
    rank_one[7, 7] = 3
    for matrix in (random_matrix, rank_one):
        calls = [curvature.largest_eigenvalues(curved(matrix), np.zeros(len(matrix)), 4) for _ in range(3)]
        assert calls[0].tobytes() == calls[1].tobytes() == calls[2].tobytes()


def test_the_function_is_evaluated_a_few_times_and_not_once_per_dimension(random_matrix):
    calls = []

    def counted(x):
        calls.append(None)
        return curved(random_matrix)(x)

    curvature.largest_eigenvalues(counted, np.zeros(200))
    assert len(calls) <= 3


def test_lanczos_that_does_not_converge_says_how_far_it_came(random_matrix, monkeypatch):
    monkeypatch.setattr(scipy.sparse.linalg, "eigsh", functools.partial(scipy.sparse.linalg.eigsh, maxiter=1))
    with pytest.raises(RuntimeError, match="Lanczos did not converge: [012] of 3 eigenvalues found"):
        curvature.largest_eigenvalues(curved(random_matrix), np.zeros(200), 3)


def test_scipy_and_autograd_are_imported_when_they_are_needed():
    code = "import sys, lrlib.curvature; print([name for name in sys.modules if name in ('scipy.sparse', 'autograd')])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def product(function, x=(1.0, 2.0), v=(1.0, 0.0)):
    return curvature.hessian_vector_product(function, x, v)


def square(x):
    return anp.sum(x**2)


def filled_in(x):
    y = np.zeros(2)
    y[0] = x[0]
    return y[0] ** 2


FINITE_HESSIAN = "function must have finite second derivatives at x"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: product(3.0), "function must be a function of one array, got 3.0"),
        (lambda: product("quadratic"), "function must be a function of one array, got 'quadratic'"),
        (lambda: product(lambda x: x**2), "function(x) must be one number, got array([1., 4.])"),
        (lambda: product(lambda x: None), "function(x) must be a finite number, got None"),
        (lambda: product(lambda x: (x[0], x[1])), "function(x) must be one number, got ("),
        (lambda: product(lambda x: 1j * anp.sum(x)), "function(x) must be a finite number, got"),
        (lambda: product(lambda x: anp.sum(x) / 0.0), "function(x) must be a finite number, got inf"),
        (lambda: product(lambda x: anp.log(-x[0])), "function(x) must be a finite number, got nan"),
        (lambda: product(lambda x: anp.sum(anp.sqrt(x)), (0.0, 1.0)), FINITE_HESSIAN),
        (lambda: product(lambda x: anp.linalg.norm(x), (0.0, 0.0)), FINITE_HESSIAN),
        (lambda: product(lambda x: math.exp(x[0])), "autograd could not follow it: must be real number, not ArrayBox"),
        (lambda: product(filled_in), "function must use autograd's NumPy, `import autograd.numpy as np`"),
        (lambda: product(lambda x: np.linalg.inv(x[:, None] * x + np.eye(2))[0, 0]), "`import autograd.numpy as np`"),
        (lambda: product(lambda x: anp.interp(x[0], [0, 2], [0, 1])), "VJP of interp wrt argnums (0,) not defined"),
        (lambda: product(square, (np.nan, 1.0)), "x must be a finite number, got nan"),
        (lambda: product(square, v=(1.0, -np.inf)), "v must be a finite number, got -inf"),
        (lambda: product(square, "ab"), "x must be a finite number, got 'ab'"),
        (lambda: product(square, [], []), "x must be a finite number, got []"),
        (lambda: product(square, v=(1.0, 2.0, 3.0)), "v must have the shape of x, (2,), got (3,)"),
        (lambda: product(square, v=1.0), "v must have the shape of x, (2,), got ()"),
        (lambda: curvature.largest_eigenvalues(square, [1, 2], 3), "count must be a whole number from 1 to 2, got 3"),
        (lambda: curvature.largest_eigenvalues(square, [1, 2], 0), "count must be a whole number from 1 to 2, got 0"),
        (
            lambda: curvature.largest_eigenvalues(square, [1, 2], 1.0),
            "count must be a whole number from 1 to 2, got 1.0",
        ),
        (lambda: curvature.largest_eigenvalues(None, [1, 2]), "function must be a function of one array, got None"),
        (lambda: curvature.largest_eigenvalues(square, [1, np.inf]), "x must be a finite number, got inf"),
        (lambda: curvature.largest_eigenvalues(lambda x: anp.sum(x**1.5), np.zeros(50)), FINITE_HESSIAN),
        (
            lambda: curvature.condition_number("quadratic", [0, 0]),
            "surface must be one of lrlib.surfaces, got 'quadratic'",
        ),
        (
            lambda: curvature.condition_number(surfaces.quadratic, [0, 0, 0]),
            "point must end in an axis of 2 for surface 'quadratic', got shape (3,)",
        ),
        (lambda: curvature.condition_number(surfaces.quadratic, 1.0), "got shape ()"),
        (lambda: curvature.condition_number(surfaces.quadratic, ["a", "b"]), "point must be a number or an array of"),
        (lambda: curvature.condition_number(surfaces.quadratic, [0, 0], conditoin=3), "did you mean 'condition'"),
        (lambda: curvature.best_rate(1.0, 2.0), "largest must be at least smallest, got largest 1.0 and smallest 2.0"),
        (lambda: curvature.best_rate([3.0, 1.0], 2.0), "largest must be at least smallest"),
        (lambda: curvature.best_rate(1.0, 0.0), "smallest must be a finite number above 0, got 0.0"),
        (lambda: curvature.best_rate(np.inf, 1.0), "largest must be a finite number above 0, got inf"),
        (lambda: curvature.best_rate([1.0, 2.0], [1.0] * 3), "do not broadcast: largest (2,), smallest (3,)"),
        (lambda: curvature.best_momentum(1.0, 2.0), "largest must be at least smallest"),
        (lambda: curvature.best_momentum(1.0, "a"), "smallest must be a finite number above 0, got 'a'"),
        (lambda: curvature.noise_floor(-0.1, [1.0], 1.0), "lr must be a finite number of at least 0, got -0.1"),
        (lambda: curvature.noise_floor(0.1, [1.0, 0.0], 1.0), "eigenvalues must be a finite number above 0, got 0.0"),
        (lambda: curvature.noise_floor(0.1, 1.0, 1.0), "eigenvalues must have an axis of all eigenvalues"),
        (lambda: curvature.noise_floor(0.1, [1.0], np.nan), "noise must be a finite number of at least 0, got nan"),
        (
            lambda: curvature.noise_floor([0.1] * 3, np.ones((2, 1)), 1.0),
            "do not broadcast: lr (3,), eigenvalues (2,)",
        ),
        (lambda: curvature.taylor("quadratic", [0, 0], 0.1), "surface must be one of lrlib.surfaces, got 'quadratic'"),
        (lambda: curvature.taylor(surfaces.quadratic, [1, 2, 3], 0.1), "point must end in an axis of 2"),
        (lambda: curvature.taylor(surfaces.quadratic, [1, 2], 0), "lr must be a finite number above 0, got 0.0"),
        (
            lambda: curvature.taylor(surfaces.quadratic, [1, 2], [0.1, np.nan]),
            "lr must be a finite number above 0, got nan",
        ),
        (
            lambda: curvature.taylor(surfaces.quadratic, [1, 2], 0.1, beta=0.9),
            "surface 'quadratic' has no setting 'beta'",
        ),
        (
            lambda: curvature.taylor(surfaces.quadratic, np.zeros((3, 2)), [0.1, 0.2]),
            "these shapes do not broadcast: point (3,), lr (2,)",
        ),
        (lambda: curvature.preconditioned_sharpness(3.0, (1,)), "hessian must be a tuple (h,) or (a, b, d), got 3.0"),
        (
            lambda: curvature.preconditioned_sharpness(([1, 2], [2, 3]), (1, 1)),
            "hessian must be a tuple (h,) or (a, b, d), got ([1, 2], [2, 3])",
        ),
        (lambda: curvature.preconditioned_sharpness((1, 0, 1), (1,)), "scale must be a tuple (s, r), got (1,)"),
        (lambda: curvature.preconditioned_sharpness((1,), (1, 1)), "scale must be a tuple (s,), got (1, 1)"),
        (lambda: curvature.preconditioned_sharpness((1, 0, 1), (1, [2, -3])), "scale must be at least 0, got -3.0"),
        (lambda: curvature.preconditioned_sharpness((1, "b", 1), (1, 1)), "hessian[1] must be a number or an array of"),
        (
            lambda: curvature.preconditioned_sharpness((1, [0, 0], 1), (1, [1, 1, 1])),
            "do not broadcast: hessian[1] (2,), scale[1] (3,)",
        ),
    ],
)
def test_what_the_hessian_cannot_say_is_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert message in str(error.value)


@settings(deadline=None)
@given(condition=st.floats(1, 1e4), rotation=st.floats(-90, 90), x=st.floats(-5, 5), y=st.floats(0.001, 5))
def test_on_a_quadratic_a_step_turns_where_the_prediction_does(condition, rotation, x, y):
    given_ = {"condition": condition, "rotation": rotation}
    step = curvature.taylor(surfaces.quadratic, [x, y], 1.0, **given_)
    turns = curvature.turning_rate(surfaces.quadratic, [x, y], **given_)
    assert turns == pytest.approx(-step.first / step.second, rel=1e-9)


@pytest.mark.parametrize("surface", surfaces.SURFACES.values(), ids=list(surfaces.SURFACES))
def test_the_turning_rate_is_the_first_root_of_the_change(surface):
    random = np.random.default_rng(5)
    for point in random.uniform(*np.transpose(surface.view), (20, surface.dimension)):
        g = np.array(surface.gradient(*point))

        def change(rate, point=point, g=g):
            return surface.value(*(point - rate * g)) - surface.value(*point)

        turns = curvature.turning_rate(surface, point)
        if not g.any():  # as where a unit is dead
            assert np.isnan(turns)
            continue
        last = min(turns, 1e4)
        fine = np.linspace(last / 3000, last * (1 - 1e-6), 3000)
        steps = point[:, None] - fine * g[:, None]
        assert (surface.value(*steps) < surface.value(*point)).all()  # up to there every step lowers the loss
        if np.isfinite(turns):
            assert turns == pytest.approx(scipy.optimize.brentq(change, turns * 0.99, turns * 1.01), rel=1e-9)


def test_where_no_step_raises_the_loss_the_turning_rate_is_infinite_and_where_there_is_none_nan():
    turns = curvature.turning_rate(surfaces.saddle, [[1.0, 2.0], [2.0, 1.0], [0.0, 0.0], [1e200, 1.0], [np.nan, 1.0]])
    assert turns[0] == np.inf and turns[1] == pytest.approx(2 * 5 / 3) and np.isnan(turns[2:]).all()


def test_turning_rates_come_for_many_points_and_settings_at_once():
    points, curvatures = np.array([[1.0], [-3.0], [0.0]]), np.array([[0.5], [8.0]])
    turns = curvature.turning_rate(surfaces.parabola, points, curvature=curvatures)
    assert turns.shape == (2, 3)
    assert np.allclose(turns[:, :2], 2 / curvatures) and np.isnan(turns[:, 2]).all()
    alone = curvature.turning_rate(surfaces.cliff, [2.0, 1.0], width=0.7)
    many = curvature.turning_rate(surfaces.cliff, [[[0.1, 0.2]], [[2.0, 1.0]]], width=[0.3, 0.7])
    assert many.shape == (2, 2) and many[1, 1] == alone


def test_a_loss_that_only_rounding_raises_has_not_turned():
    # Beside a residual of a million the fall of the loss is lost; what rounding makes of it is no turn.
    turns = curvature.turning_rate(surfaces.regression, [1.001, 0.001], residual=1e6)
    assert turns == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: curvature.turning_rate("parabola", 1.0), "surface must be one of lrlib.surfaces, got 'parabola'"),
        (lambda: curvature.turning_rate(surfaces.quadratic, [1, 2, 3]), "point must end in an axis of 2"),
        (lambda: curvature.turning_rate(surfaces.parabola, 1.0, curvture=2), "did you mean 'curvature'"),
        (lambda: curvature.turning_rate(surfaces.parabola, [[1], [2]], curvature=[1, 2, 3]), "do not broadcast"),
    ],
)
def test_bad_input_to_the_turning_rate_is_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert message in str(error.value)


#: Bowls with their settings and the loss at their minimum.
BOWLS = [
    ("parabola", {"curvature": 1.7}, 0.0),
    ("quadratic", {"condition": 4.0, "rotation": 30.0}, 0.0),
    ("regression", {"mean_x": 0.6, "variance_x": 0.5, "residual": 0.8}, 0.4),
]


@pytest.mark.parametrize(("name", "given", "least"), BOWLS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_mean_loss_of_many_noisy_runs_is_the_noise_floor(name, given, least, share):
    surface, noise = getattr(surfaces, name), 1.3
    minimum = np.array(surface.minima(**given))
    assert surface.value(*minimum, **given) == pytest.approx(least)
    values = curvature.eigenvalues(surface, minimum, **given)
    lr = share * 2 / values[0]
    runs = descend(surface, "gd", minimum, lr, 2000, noise=noise, seed=np.arange(200), **given)
    assert runs.losses[:, 1000:].mean() - least == pytest.approx(curvature.noise_floor(lr, values, noise), rel=0.03)


def test_there_is_no_noise_floor_from_the_threshold_on():
    floors = curvature.noise_floor([0.0, 0.49, 0.5, 3.0], [4.0, 1.0], noise=1.0)
    assert floors[0] == 0 and 0 < floors[1] < np.inf and (floors[2:] == np.inf).all()


def test_noise_floors_come_for_many_rates_noises_and_spectra_at_once():
    rates, noises, spectra = np.array([[0.1], [0.2]]), np.array([1.0, 2.0, 0.0]), np.array([4.0, 1.0])
    floors = curvature.noise_floor(rates, spectra, noises)
    assert floors.shape == (2, 3) and (floors[:, 2] == 0).all()
    assert floors[:, 1] == pytest.approx(4 * floors[:, 0])
    assert curvature.noise_floor(0.1, np.ones((5, 3)), 1.0).shape == (5,)

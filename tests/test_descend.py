"""The loop: one run and sweeps, divergence, number formats, schedules. Bad input: test_bad_input.py."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlib import curvature, descend, optimizers, outcome, schedules, surfaces
from lrlib.optimizers import OPTIMIZERS
from lrlib.run import prepare
from lrlib.surfaces import SURFACES


def start_of(surface):
    return [0.7, -0.4][: SURFACES[surface].dimension]


def bits(array):
    """The bits of an array; every nan counts as the same one."""
    return np.where(np.isnan(array), np.nan, array).tobytes()


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_sweep_equals_its_runs_one_by_one_bit_for_bit(surface, optimizer):
    rates = np.geomspace(1e-3, 5, 5)
    usual = {"noise": 0.1, "seed": 5} if optimizer in ("gd", "adam") else {}
    sweep = descend(surface, optimizer, start_of(surface), rates, 80, **usual)
    ends = outcome(surface, optimizer, start_of(surface), rates, 80, **usual)
    for i, rate in enumerate(rates):
        single = descend(surface, optimizer, start_of(surface), float(rate), 80, **usual)
        for name in ("points", "losses", "gradients", "norms", "effective_rates", "sharpness", "gauge", "threshold"):
            assert bits(getattr(sweep, name)[i]) == bits(getattr(single, name)), name
        for name, values in single.state.items():
            assert bits(sweep.state[name][i]) == bits(values), name
        assert bits(ends.points[i]) == bits(single.points[-1]) and bits(ends.losses[i]) == bits(single.losses[-1])
        assert sweep.diverged_at[i] == (-1 if single.diverged_at is None else single.diverged_at)


def test_starts_rates_and_settings_broadcast_to_one_sweep():
    starts = np.random.default_rng(0).normal(size=(5, 1, 1, 2))
    path = descend("quadratic", "momentum", starts, [[0.01], [0.02]], 30, beta=[0.0, 0.5, 0.9], condition=12)
    assert path.points.shape == (5, 2, 3, 31, 2) and path.losses.shape == (5, 2, 3, 31)
    assert path.rates.shape == (5, 2, 3, 30) and path.effective_rates.shape == (5, 2, 3, 30, 2)
    one = descend("quadratic", "momentum", starts[3, 0, 0], 0.02, 30, beta=0.5, condition=12)
    assert path.points[3, 1, 1].tobytes() == one.points.tobytes()


def test_surface_and_optimizer_go_by_name_or_by_themselves():
    named = descend("quadratic", "momentum", (1, 1), 0.1, 5)
    given_ = descend(surfaces.quadratic, optimizers.momentum, (1, 1), 0.1, 5)
    assert named.points.tobytes() == given_.points.tobytes()


COMPUTED = ("losses", "gradients", "norms", "state", "effective_rates", "eigenvalues", "sharpness")
COMPUTED += ("corrected", "preconditioned_eigenvalues", "preconditioned_sharpness", "gauge", "threshold", "diverged_at")


@given(rate=st.floats(1e-6, 1e6), start=st.floats(-1e6, 1e6), optimizer=st.sampled_from(list(OPTIMIZERS)))
def test_divergence_is_a_result_and_never_a_warning(rate, start, optimizer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = descend("double_well", optimizer, start, rate, 60)
        for name in COMPUTED:
            getattr(path, name)
    finite = np.isfinite(path.losses) & np.isfinite(path.points[:, 0])
    if path.diverged_at is None:
        assert finite.all()
    else:
        assert finite[: path.diverged_at].all() and not finite[path.diverged_at]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_every_array_is_in_the_number_format_asked_for(dtype):
    for rule in OPTIMIZERS:
        path = descend("quadratic", rule, (-4, 2), 0.01, 40, condition=9, rotation=20, dtype=dtype, noise=0.1)
        arrays = [path.points, path.losses, path.gradients, path.norms, path.rates]
        assert {array.dtype.name for array in [*arrays, *path.state.values()]} == {np.dtype(dtype).name}, rule
        doubles = [path.effective_rates, path.eigenvalues, path.preconditioned_eigenvalues, path.gauge, path.threshold]
        assert {array.dtype.name for array in [*doubles, *path.corrected.values()]} == {"float64"}, rule


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_no_operation_of_a_rule_or_a_surface_leaves_the_number_format(dtype):
    for x in (np.array([0.3, 1.7], dtype), dtype(0.3)):
        for known in OPTIMIZERS.values():
            settings = {name: dtype(setting.default) for name, setting in known.settings.items()}
            with np.errstate(all="ignore"):
                after = known.rule(x, x, *[x] * len(known.state), 7, dtype(0.1), **settings)
            assert {np.asarray(part).dtype for part in after} == {np.dtype(dtype)}, known.name
        for surface in SURFACES.values():
            settings = {name: dtype(setting.default) for name, setting in surface.settings.items()}
            place = [x] * surface.dimension
            given_back = [surface.value(*place, **settings), *surface.gradient(*place, **settings)]
            assert {np.asarray(part).dtype for part in given_back} == {np.dtype(dtype)}, surface.name


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_in_a_shorter_format_too_a_sweep_equals_its_runs(dtype, optimizer):
    usual = {"noise": 0.1, "seed": 5, "dtype": dtype}
    for surface in ("rosenbrock", "cliff", "double_well"):
        sweep = descend(surface, optimizer, start_of(surface), [0.003, 0.1, 2.0], 30, **usual)
        for i, rate in enumerate((0.003, 0.1, 2.0)):
            single = descend(surface, optimizer, start_of(surface), rate, 30, **usual)
            for name in ("points", "losses", "gradients", "effective_rates", "gauge"):
                assert bits(getattr(sweep, name)[i]) == bits(getattr(single, name)), (surface, name)


def test_what_is_computed_of_a_short_run_is_float64_from_what_was_rounded():
    path = descend("quadratic", "adam", (-3.0, 1.0), 0.1, 20, dtype=np.float16, condition=30.3)
    g, v = path.gradients[4].astype(float), path.state["v"][4].astype(float)
    beta2 = float(np.float16(0.999))
    mean_square = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**5)
    assert path.effective_rates[4] == pytest.approx(float(np.float16(0.1)) / np.sqrt(mean_square), rel=1e-12)
    assert path.eigenvalues[0].tolist() == [float(np.float16(30.3)), 1.0]


def test_a_setting_that_rounding_takes_out_of_its_range_is_no_error():
    assert descend("parabola", "gd", 1.0, 0.1, 3, dtype=np.float16, curvature=1e6).sharpness.tolist() == [np.inf] * 4


def test_what_is_too_large_for_the_format_is_inf_from_the_start():
    path = descend("parabola", "gd", 1e6, 0.1, 3, dtype=np.float16, noise=1e6)
    assert path.points[0, 0] == np.inf and path.diverged_at == 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_plain_floats_and_arrays_give_the_same_bits(optimizer):
    """A single run goes by plain floats; where these have no answer, as at 1/0, arrays take over."""
    for surface in SURFACES:
        for lr in (0.003, 0.4, 30.0):
            run = prepare(surface, optimizer, start_of(surface), lr, 60, 0.0, 0, np.float64, {})
            with np.errstate(all="ignore"):
                by_arrays = np.array(list(run.walk()))
            by_floats = run.alone()
            assert by_floats is None or bits(by_floats) == bits(by_arrays), (surface, lr)
            assert bits(descend(surface, optimizer, start_of(surface), lr, 60).points) == bits(by_arrays)
    assert prepare("parabola", optimizer, 1.0, 0.1, 60, 0.0, 0, np.float64, {}).alone() is not None


def test_without_eps_a_start_at_the_minimum_is_nan_as_in_every_library():
    path = descend("parabola", "adam", 0.0, 0.1, 5, eps=0.0)
    assert path.diverged_at == 1 and np.isnan(path.points[1])


def test_a_rate_may_be_a_number_a_schedule_or_any_function_of_the_step():
    rates = [0.3 / (1 + 0.1 * t) for t in range(40)]
    named = descend("quadratic", "momentum", (1, 1), schedules.inverse_time_decay(0.3), 40)
    for lr in (lambda t: 0.3 / (1 + 0.1 * t), rates.__getitem__):
        assert bits(descend("quadratic", "momentum", (1, 1), lr, 40).points) == bits(named.points)
    assert named.rates == pytest.approx(rates) and named.effective_rates[:, 1] == pytest.approx(rates)


def test_peak_rates_of_a_schedule_are_a_sweep():
    peaks = [0.01, 0.1]
    sweep = descend("rosenbrock", "adam", (-1.2, 1), schedules.warmup(schedules.cosine(peaks, steps=50), 10), 60)
    for i, peak in enumerate(peaks):
        one = descend("rosenbrock", "adam", (-1.2, 1), schedules.warmup(schedules.cosine(peak, steps=50), 10), 60)
        assert bits(sweep.points[i]) == bits(one.points) and bits(sweep.rates[i]) == bits(one.rates)


def test_the_state_is_what_the_rule_carries_from_step_to_step():
    path = descend("rosenbrock", "adam", (-1.2, 1.0), 0.01, 30)
    m = v = np.zeros(2)
    for t in range(30):
        assert path.state["m"][t] == pytest.approx(m) and path.state["v"][t] == pytest.approx(v)
        m = 0.9 * m + 0.1 * path.gradients[t]
        v = 0.999 * v + 0.001 * path.gradients[t] ** 2
    assert set(path.state) == {"m", "v"} and descend("parabola", "gd", 1, 0.1, 3).state == {}


@pytest.mark.parametrize("rule", ["adam", "adamw", "amsgrad", "radam", "nadam"])
def test_corrected_averages_of_a_gradient_that_never_changes_are_that_gradient(rule):
    """On a plain slope every average without bias is the gradient, or its square, from the first step on."""
    path = descend("regression", rule, (0.0, 0.0), 1e-12, 20, mean_y=3.0, beta1=[0.9, 0.3], beta2=0.99)
    assert list(path.corrected) == list(path.state) and path.corrected["m"].shape == (2, 21, 2)
    for name, values in path.corrected.items():
        expected = path.gradients[:, :1] if name == "m" else path.gradients[:, :1] ** 2
        assert values[:, 1:] == pytest.approx(np.broadcast_to(expected, (2, 20, 2)), rel=1e-9)
        assert (values[:, 0] == 0).all()


def test_rules_that_correct_nothing_have_nothing_corrected():
    for rule, known in OPTIMIZERS.items():
        path = descend("quadratic", rule, (1.0, 1.0), 0.1, 3)
        assert list(path.corrected) == (known.state if known.correction else []), rule


def test_gradients_and_norms_are_those_at_the_points():
    path = descend("himmelblau", "rmsprop", (0.3, -1.0), 0.05, 25)
    expected = np.array([surfaces.himmelblau.gradient(*point) for point in path.points])
    assert path.gradients == pytest.approx(expected)
    assert path.norms == pytest.approx(np.linalg.norm(expected, axis=1))


def test_the_gauge_is_the_rate_times_the_largest_eigenvalue_of_the_rescaled_hessian():
    path = descend("quadratic", "adam", (-3.0, 1.0), 0.05, 20, condition=30, rotation=25)
    hessian = np.array(surfaces.quadratic.hessian(0.0, 0.0, condition=30, rotation=25))[[[0, 1], [1, 2]]]
    for t in range(20):
        rescaled = np.diag(path.effective_rates[t]) @ hessian
        assert path.gauge[t] == pytest.approx(np.linalg.eigvals(rescaled).real.max())
    plain = descend("quadratic", "gd", (-3.0, 1.0), 0.05, 20, condition=30, rotation=25)
    both = np.array([np.sort(np.linalg.eigvals(np.diag(e) @ hessian).real)[::-1] for e in path.effective_rates / 0.05])
    assert path.preconditioned_eigenvalues == pytest.approx(both)
    assert np.array_equal(path.preconditioned_sharpness, path.preconditioned_eigenvalues[..., 0])
    assert np.array_equal(plain.preconditioned_eigenvalues, plain.eigenvalues[:-1])
    assert plain.gauge == pytest.approx(0.05 * 30) and np.array_equal(
        plain.preconditioned_sharpness, plain.sharpness[:-1]
    )


def test_lion_has_neither_effective_rates_nor_a_threshold():
    path = descend("quadratic", "lion", (1.0, 1.0), 0.1, 5)
    assert np.isnan(path.preconditioned_eigenvalues).all() and path.preconditioned_eigenvalues.shape == (5, 2)
    assert np.isnan(path.effective_rates).all() and np.isnan(path.threshold).all() and np.isnan(path.gauge).all()
    with pytest.raises(ValueError, match="optimizer 'lion' has no threshold"):
        curvature.threshold("lion")


def test_a_large_sweep_is_walked_in_blocks_and_ends_like_a_small_one():
    rates = np.geomspace(1e-3, 1, 9001)
    ends = outcome("valley", "momentum", (1.0, 1.0), rates, 20)
    path = descend("valley", "momentum", (1.0, 1.0), rates, 20)
    assert bits(ends.points) == bits(path.points[:, -1]) and bits(ends.losses) == bits(path.losses[:, -1])


def test_an_outcome_has_the_shape_of_its_sweep():
    starts = np.random.default_rng(0).normal(size=(5, 1, 2))
    ends = outcome("quadratic", "adam", starts, [0.01, 0.1, 0.2], 30, beta1=[0.5, 0.9, 0.0], seed=[[1]] * 5, noise=0.1)
    path = descend("quadratic", "adam", starts, [0.01, 0.1, 0.2], 30, beta1=[0.5, 0.9, 0.0], seed=[[1]] * 5, noise=0.1)
    assert ends.points.shape == (5, 3, 2) and bits(ends.points) == bits(path.points[..., -1, :])


def test_a_path_says_what_it_is():
    assert repr(descend("beale", "lion", [[1, 1], [2, 2]], 0.1, 7)) == "<Path: 2 runs of 7 steps of lion on beale>"


def test_the_effective_rate_of_gd_is_the_rate():
    path = descend("quadratic", "gd", (1, 2), 0.25, 3)
    assert path.effective_rates.shape == (3, 2) and (path.effective_rates == 0.25).all()

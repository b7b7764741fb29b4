"""Each rule against closed forms and invariances, and each threshold from both sides."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrlib import curvature, descend
from lrlib.optimizers import OPTIMIZERS, rectification

ADAPTIVE = [name for name, known in OPTIMIZERS.items() if known.scale]
WITH_THRESHOLD = [name for name, known in OPTIMIZERS.items() if known.threshold]
#: Memories for which each threshold is tried; a rule without β is tried once.
MEMORIES = [{}, {"beta": 0.0}, {"beta": 0.5}, {"beta": 0.99}, {"beta1": 0.0}, {"beta1": 0.5}, {"beta1": 0.99}]
LIMITS = [
    (name, given) for name in WITH_THRESHOLD for given in MEMORIES if set(given) <= set(OPTIMIZERS[name].settings)
]
#: A start so near the minimum that its gradients do not change a second moment of 1, and a step so
#: late that no correction is left: the scale stands still, as the thresholds demand.
TINY = 1e-20
LATE = 2**46
NO_FORGETTING = {"beta2": 1 - 2.0**-40, "rho": 1.0}


def frozen(name, **given):
    """A rule whose scale stands still: its entry, hyperparameters, state at first, step and scale."""
    known = OPTIMIZERS[name]
    hyper = {n: s.default for n, s in known.settings.items()} | given
    if known.scale is None:
        return known, hyper, [0.0 for _ in known.state], 0, 1.0
    hyper |= {n: value for n, value in NO_FORGETTING.items() if n in hyper}
    state = [0.0 if n == "m" else 1.0 for n in known.state]
    return known, hyper, state, LATE, float(known.scale(TINY, *state, LATE, **hyper))


def run_frozen(name, rates, steps, curvature=1.0, **given):
    """The points on ½λx², in units of the start."""
    known, hyper, state, t, _ = frozen(name, **given)
    x, lr = np.full(len(rates), TINY), np.asarray(rates)
    state = [np.full_like(x, value) for value in state]
    points = [x]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            x, *state = known.rule(x, curvature * x, *state, t, lr, **hyper)
            points.append(x)
        return np.array(points) / TINY


@given(curvature=st.floats(0.1, 10), product=st.floats(0.01, 3), start=st.floats(0.1, 5))
def test_gd_multiplies_the_error_by_one_minus_rate_times_curvature(curvature, product, start):
    path = descend("parabola", "gd", start, product / curvature, 20, curvature=curvature)
    expected = start * (1 - product) ** np.arange(21)
    assert np.allclose(path.points[:, 0], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@given(product=st.floats(0.01, 5), beta=st.floats(0, 0.99))
def test_momentum_and_nesterov_are_the_linear_recurrences_of_their_equations(product, beta):
    heavy = np.array([[1 - product, -product * beta], [1, beta]])
    ahead = np.array([[1 - product * (1 + beta), -product * beta * beta], [1, beta]])
    for rule, matrix in (("momentum", heavy), ("nesterov", ahead)):
        path = descend("parabola", rule, 1.0, product, 30, beta=beta)
        # (x, v) at t + 1 from (x, v) at t: v' = βv + λx, x' = x − ηv' or x − η(λx + βv')
        expected = [(np.linalg.matrix_power(matrix, t) @ [1, 0])[0] for t in range(31)]
        assert np.allclose(path.points[:, 0], expected, rtol=1e-8, atol=1e-8 * np.max(np.abs(expected))), rule


@pytest.mark.parametrize("rule", ["momentum", "nesterov"])
def test_momentum_without_memory_is_gd(rule):
    usual = {"start": (-3.0, 2.0), "lr": 0.07, "steps": 50, "condition": 20}
    plain, heavy = descend("quadratic", "gd", **usual), descend("quadratic", rule, beta=0, **usual)
    assert np.array_equal(plain.points, heavy.points)


@pytest.mark.parametrize(
    ("rule", "given", "plain", "theirs"),
    [
        ("adamw", {"weight_decay": 0}, "adam", {}),
        ("adam", {"beta1": 0}, "nadam", {"beta1": 0}),
        ("adam_uncorrected", {"beta1": 0, "beta2": 0.9}, "rmsprop", {"rho": 0.9}),
    ],
    ids=str,
)
def test_rules_that_differ_by_one_term_agree_without_it(rule, given, plain, theirs):
    usual = {"start": (-1.2, 1.0), "lr": 0.01, "steps": 100}
    ours, other = descend("rosenbrock", rule, **usual, **given), descend("rosenbrock", plain, **usual, **theirs)
    assert np.allclose(ours.points, other.points, rtol=1e-13, atol=0)


def test_adagrad_mean_is_adagrad_at_a_rate_that_grows_like_the_root_of_the_step():
    usual = {"surface": "quadratic", "start": (-10.0, 1.0), "steps": 200, "condition": 100.0, "eps": 0.0}
    mean = descend(optimizer="adagrad_mean", lr=0.1, **usual)
    total = descend(optimizer="adagrad", lr=lambda t: 0.1 * np.sqrt(t + 1), **usual)
    assert np.allclose(mean.points[:15], total.points[:15], rtol=1e-12)


def test_the_first_step_of_adam_and_adagrad_is_as_long_as_the_rate():
    for rule in ("adam", "adagrad", "adagrad_mean", "amsgrad", "adam_uncorrected"):
        path = descend("quadratic", rule, (3.0, -0.2), 0.1, 1, condition=50, eps=0)
        long = 0.1 * (np.sqrt(10) if rule == "adam_uncorrected" else 1)
        assert np.abs(np.diff(path.points, axis=0)) == pytest.approx(long), rule


def test_every_step_of_lion_is_as_long_as_the_rate():
    path = descend("rosenbrock", "lion", (-1.2, 1.0), 0.01, 500)
    assert np.abs(np.diff(path.points, axis=0)) == pytest.approx(0.01, abs=1e-12)


def test_no_effective_rate_of_amsgrad_rises_once_the_corrections_are_over():
    path = descend("rosenbrock", "amsgrad", (-1.2, 1.0), 0.05, 5000, beta2=0.9)
    late = path.effective_rates[400:]
    assert (np.diff(late, axis=0) <= 1e-12 * late[:-1]).all()
    assert (np.diff(descend("rosenbrock", "adam", (-1.2, 1.0), 0.05, 5000, beta2=0.9).effective_rates[400:]) > 0).any()


def test_radam_starts_as_gradient_descent_and_ends_as_adam():
    path = descend("parabola", "radam", 1.0, 0.01, 3)
    first = path.points[1, 0]
    assert first == pytest.approx(1 - 0.01)
    assert [float(rectification(t, 0.999)) for t in range(5)] == [0.0] * 5
    assert 0 < rectification(5, 0.999) < 0.05 and rectification(10**6, 0.999) == pytest.approx(1)
    assert float(rectification(10**6, 0.5)) == 0, "an average over so few gradients is never trusted"


@pytest.mark.parametrize("rule", [name for name in ADAPTIVE if name != "radam"])
@given(factor=st.floats(1e-3, 1e3))
@settings(max_examples=20)
def test_without_eps_adaptive_rules_do_not_see_the_scale_of_the_loss(rule, factor):
    if rule == "adadelta":  # without ε its first step is 0, so it has no path
        return
    usual = {"start": 2.0, "lr": 0.05, "steps": 60, "eps": 0.0}
    one, other = (descend("parabola", rule, curvature=c, **usual).points for c in (1.0, factor))
    assert np.allclose(one, other, rtol=1e-9, atol=1e-9)


@given(angle=st.floats(5, 85), condition=st.floats(2, 100))
@settings(max_examples=25)
def test_a_rotation_changes_diagonal_methods_and_nothing_else(angle, condition):
    radians = np.radians(angle)
    turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    start = np.array([-3.0, 1.0])
    for rule in ("gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "lion"):
        straight = descend("quadratic", rule, start, 0.01, 60, condition=condition)
        turned = descend("quadratic", rule, turn @ start, 0.01, 60, condition=condition, rotation=angle)
        same = np.allclose(turned.points, straight.points @ turn.T, atol=1e-9)
        assert same == (rule in ("gd", "momentum", "nesterov")), rule


@pytest.mark.parametrize(("rule", "given"), [*LIMITS, ("adamw", {"weight_decay": 1.0})], ids=str)
def test_the_threshold_separates_settling_from_exploding(rule, given):
    *_, scale = frozen(rule, **given)
    critical = curvature.critical_rate(rule, scale, **given)
    steps = 6000 if 0.99 in given.values() else 1500  # a long memory settles slowly
    sizes = np.abs(run_frozen(rule, [0.99 * critical, 1.01 * critical], steps, **given))
    assert sizes[-50:, 0].max() < 1e-6, "just below its threshold it should settle"
    assert not sizes[:, 1].max() < 1e4, "just above its threshold it should explode"
    assert curvature.threshold(rule, lr=critical, **given) == pytest.approx(critical * scale)


@given(
    rule=st.sampled_from(WITH_THRESHOLD),
    sharpness=st.floats(1e-3, 1e3),
    part=st.floats(0.2, 0.97),
    more=st.floats(1.03, 3),
)
@settings(max_examples=100)
def test_on_every_quadratic_a_rule_settles_below_its_threshold_and_explodes_above(rule, sharpness, part, more):
    *_, scale = frozen(rule)
    critical = curvature.critical_rate(rule, sharpness * scale)
    sizes = np.abs(run_frozen(rule, [part * critical, more * critical], 1500, curvature=sharpness))
    assert sizes[-50:, 0].max() < 1e-6 and not sizes[:, 1].max() < 1e4


@pytest.mark.parametrize(("rule", "given"), LIMITS, ids=str)
def test_up_to_the_glide_limit_the_path_never_changes_sides(rule, given):
    if rule == "adamw":
        given = given | {"weight_decay": 1e-9}  # otherwise the limit depends on the rate itself
    known, hyper, *_, scale = frozen(rule, **given)
    glide = float(known.glide(0.0, **hyper)) / scale
    below, above = run_frozen(rule, [0.99 * glide, min(1.5 * glide, 1.9 / scale)], 1500, **given).T
    assert (below[np.abs(below) > 1e-200] > 0).all()
    assert (above < 0).any()


@pytest.mark.parametrize("rule", ADAPTIVE)
def test_rate_times_scale_times_direction_is_the_step(rule):
    known = OPTIMIZERS[rule]
    path = descend("rosenbrock", rule, (-1.2, 1.0), 1e-4, 60)
    g, t = path.gradients[:-1], np.arange(60)[:, None]
    state = {name: values[1:] for name, values in path.state.items()}
    beta1 = known.settings["beta1"].default if "beta1" in known.settings else 0
    direction = g
    if "m" in state:
        direction = state["m"] / (1 if rule == "adam_uncorrected" else 1 - beta1 ** (t + 1))
    if rule == "nadam":
        direction = beta1 * state["m"] / (1 - beta1 ** (t + 2)) + (1 - beta1) * g / (1 - beta1 ** (t + 1))
    decay = 1e-4 * known.settings["weight_decay"].default * path.points[:-1] if rule == "adamw" else 0
    assert np.diff(path.points, axis=0) == pytest.approx(-path.effective_rates * direction - decay, rel=1e-9)


def test_every_rule_keeps_to_its_signature():
    for name, known in OPTIMIZERS.items():
        parameters = inspect.signature(known.rule).parameters
        assert list(parameters) == ["x", "g", *known.state, "t", "lr", *known.settings], name
        defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
        assert defaults == {n: s.default for n, s in known.settings.items()}, name
        first = {"threshold": ["lr"], "glide": ["lr"], "scale": ["g", *known.state, "t"], "correction": ["t"]}
        for role, more in first.items():
            companion = getattr(known, role)
            if companion:
                assert list(inspect.signature(companion).parameters) == [*more, *known.settings], companion.__name__

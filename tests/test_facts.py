"""Facts that the book tells, each found again by running it."""

import numpy as np
import pytest

from lrlib import curvature, descend, schedules

#: The valley of the course: H = diag(0.01, 1), here times 100, which AdaGrad does not see.
VALLEY = {"surface": "quadratic", "condition": 100.0, "start": (-10.0, 1.0), "steps": 1000}


def bursts(path):
    """Steps at which the gauge crosses its threshold from below."""
    above = path.gauge > path.threshold
    return np.flatnonzero(above & ~np.concatenate([[False], above[:-1]])).tolist()


def test_adagrad_with_the_mean_bursts_again_and_again():
    path = descend(optimizer="adagrad_mean", lr=0.5, **VALLEY)
    assert bursts(path)[:6] == [20, 107, 231, 385, 565, 768]
    y = np.abs(path.points[:, 1])
    for start in bursts(path)[:6]:
        # The gauge crosses first, then the steep coordinate grows by orders of magnitude.
        assert y[start : start + 100].max() > 100 * y[start]


def test_adagrad_with_the_sum_never_bursts():
    assert bursts(descend(optimizer="adagrad", lr=0.5, **(VALLEY | {"steps": 20_000}))) == []


@pytest.mark.parametrize(
    "schedule",
    [
        lambda t: 0.5 / np.sqrt(t + 1),
        schedules.transformer(0.5, warmup=1),
        schedules.inverse_time_decay(0.5, k=0.05),
        lambda t: 0.5 * 0.99**t,
    ],
    ids=["1/√t", "1/√t, from schedules", "1/(1 + 0.05t)", "0.99ᵗ"],
)
def test_a_decaying_rate_removes_every_burst(schedule):
    assert bursts(descend(optimizer="adagrad_mean", lr=schedule, **(VALLEY | {"steps": 5000}))) == []


@pytest.mark.parametrize("lr", [0.001, 0.01, 0.1])
def test_rmsprop_at_a_constant_rate_ends_by_stepping_to_and_fro_by_the_rate(lr):
    path = descend("parabola", "rmsprop", start=1.0, lr=lr, steps=5000)
    x = path.points[-1000:, 0]
    assert np.abs(x) == pytest.approx(lr / 2, rel=1e-4) and (x[1:] * x[:-1] < 0).all()
    assert path.gauge[-1000:] == pytest.approx(2, rel=1e-4)


def test_a_decaying_rate_lets_rmsprop_settle():
    path = descend("parabola", "rmsprop", start=1.0, lr=schedules.cosine(0.1, steps=5000), steps=5000)
    assert abs(path.points[-1, 0]) < 1e-4


@pytest.mark.parametrize("lr", [0.01, 0.1])
def test_adam_bursts_where_its_gauge_crosses_38(lr):
    path = descend("parabola", "adam", start=1.0, lr=lr, steps=20_000)
    assert path.threshold == pytest.approx(38)
    starts = bursts(path)
    assert len(starts) >= 4
    x = np.abs(path.points[:, 0])
    for step in starts[1:4]:
        assert x[step : step + 400].max() > 1e6 * x[step - 50 : step].max()


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.99])
def test_heavy_ball_carries_a_rate_1_plus_beta_times_as_large_as_gradient_descent(beta):
    critical = 2 * (1 + beta) / 4.0
    assert curvature.critical_rate("momentum", 4.0, beta=beta) == pytest.approx(critical)
    rates = [0.99 * critical, 1.01 * critical]
    below, above = descend("parabola", "momentum", 1.0, rates, 8000, curvature=4, beta=beta).losses
    assert below[-1] < 1e-12 and not above[-1] < 1e12
    assert descend("parabola", "gd", 1.0, rates[0], 8000, curvature=4).diverged_at is not None


def test_the_sum_form_of_adagrad_slows_down_where_the_mean_form_does_not():
    slow, steady = (descend(optimizer=rule, lr=0.5, **VALLEY) for rule in ("adagrad", "adagrad_mean"))
    assert (np.diff(slow.effective_rates, axis=0) <= 0).all()
    assert steady.effective_rates[-1, 0] > 10 * slow.effective_rates[-1, 0]

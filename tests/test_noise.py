"""Noise: it is normal, it is independent, and it is what a minibatch does to a descent."""

import numpy as np
import pytest
from scipy import stats

from lrlib import descend
from lrlib.noise import (
    DISCARDED,
    next_first,
    next_second,
    normal_cos,
    normal_sin,
    normals,
    seeded_first,
    seeded_second,
    uniform,
)


def test_the_numbers_are_normal():
    drawn = normals(seed=3, count=20_000, coordinates=2)
    for column in drawn.T:
        assert stats.kstest(column, "norm").pvalue > 0.01
    assert stats.pearsonr(*drawn.T).pvalue > 0.01


def test_numbers_of_neighbouring_seeds_and_steps_have_nothing_in_common():
    drawn = normals(seed=np.arange(2000), count=30, coordinates=1)[:, 0]
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    for one, other in ((drawn[:, :-1], drawn[:, 1:]), (drawn[:-1], drawn[1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)


def test_many_seeds_give_what_each_gives_alone():
    together = normals(seed=[[0, 7], [8, 999_999]], count=50, coordinates=2)
    assert together.shape == (50, 2, 2, 2)
    assert np.array_equal(together[:, :, 1, 1], normals(seed=999_999, count=50, coordinates=2))
    assert np.array_equal(together[:, :, 0, 1], normals(seed=7, count=50, coordinates=2))


@pytest.mark.parametrize("seed", [0, 7, 999_999])
def test_numbers_made_many_at_once_are_those_that_the_page_makes_one_after_the_other(seed):
    a, b, drawn = seeded_first(float(seed)), seeded_second(float(seed)), []
    for _ in range(DISCARDED + 2 * 300):
        a, b = next_first(a), next_second(b)
        drawn.append(uniform(a, b))
    u, v = (np.array(drawn[DISCARDED + i :: 2]) for i in (0, 1))
    expected = np.stack([normal_cos(u, v), normal_sin(u, v)], axis=1)
    assert np.array_equal(normals(seed, count=300, coordinates=2), expected)


def test_the_rule_sees_the_gradient_with_its_noise_and_the_path_keeps_both():
    path = descend("quadratic", "gd", (3.0, -1.0), 0.1, 40, noise=0.5, seed=11)
    exact = descend("quadratic", "gd", (3.0, -1.0), 0.1, 40)
    assert path.gradients - path.noise == pytest.approx(path.points * [1.0, 10.0])
    assert np.diff(path.points, axis=0) == pytest.approx(-0.1 * path.gradients[:-1])
    assert exact.noise is None and not np.array_equal(exact.points, path.points)


def test_the_same_seed_gives_the_same_path_and_another_another():
    runs = descend("parabola", "adam", 1.0, 0.05, 60, noise=0.3, seed=[1, 1, 2])
    assert np.array_equal(runs.points[0], runs.points[1]) and not np.array_equal(runs.points[0], runs.points[2])


def test_noise_leaves_gradient_descent_at_a_distance_that_the_rate_sets():
    """On ½λx² with noise σ the variance settles at ησ²/(λ(2 − ηλ)); measured over many seeds."""
    for lr in (0.05, 0.2, 1.0):
        runs = descend("parabola", "gd", 0.0, lr, 400, noise=0.7, seed=np.arange(4000))
        assert runs.points[:, -1, 0].var() == pytest.approx(lr * 0.7**2 / (2 - lr), rel=0.1)


def test_noise_of_zero_changes_no_bit():
    quiet, plain = (descend("rosenbrock", "adam", (-1.2, 1.0), 0.01, 50, **more) for more in ({"noise": 0.0}, {}))
    assert quiet.points.tobytes() == plain.points.tobytes()

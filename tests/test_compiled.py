"""Compiled sweeps: the same bits, and a clear word about what is not compiled."""

from itertools import cycle

import numpy as np
import pytest

from lrlib import outcome, schedules
from lrlib.optimizers import OPTIMIZERS
from lrlib.surfaces import SURFACES

START = (1.3, -0.4)
RATES = np.geomspace(1e-3, 4, 1300)  # more than one block, and not a whole number of them


#: To compile takes seconds, for each pair anew: every rule and every surface is in one.
PAIRS = [*zip(OPTIMIZERS, cycle(SURFACES), strict=False)] + [*zip(cycle(OPTIMIZERS), SURFACES, strict=False)][
    len(OPTIMIZERS) :
]


@pytest.mark.parametrize(("rule", "surface"), PAIRS)
def test_compiled_runs_have_the_same_bits_clipped_and_resumed_too(rule, surface):
    usual = {
        "surface": surface,
        "optimizer": rule,
        "start": START[: SURFACES[surface].dimension],
        "lr": RATES,
        "steps": 70,
    }
    usual |= {"condition": 30.0, "rotation": 20.0} if surface == "quadratic" else {}
    falling = schedules.cosine(RATES, steps=50)
    for more in ({}, {"clip": 0.7}, {"lr": falling, "clip": 0.7, "resume": 30, "lost": "both"}):
        plain, compiled = outcome(**usual | more), outcome(compiled=True, **usual | more)
        assert np.array_equal(plain.points, compiled.points, equal_nan=True), more
        assert np.array_equal(plain.losses, compiled.losses, equal_nan=True), more


def test_starts_and_schedules_may_differ_between_compiled_runs():
    starts = np.random.default_rng(0).normal(size=(40, 1, 2))
    lr = schedules.cosine(np.geomspace(0.001, 0.1, 30), steps=50)
    plain, compiled = (outcome("beale", "adam", starts, lr, 60, compiled=c) for c in (False, True))
    assert compiled.points.shape == (40, 30, 2) and np.array_equal(plain.points, compiled.points)


def test_a_single_compiled_run_is_one_number():
    plain, compiled = (outcome("parabola", "gd", 1.0, 0.3, 9, compiled=c) for c in (False, True))
    assert compiled.losses.shape == () and plain.losses == compiled.losses


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"dtype": "float32"}, "dtype must be float64 where compiled=True, got 'float32'"),
        ({"noise": 0.1}, "noise must be 0 where compiled=True"),
        ({"beta": [0.5, 0.9]}, "beta must be one number where compiled=True, got 2"),
        ({"clip": [1.0, 2.0]}, "clip must be one number where compiled=True, got 2"),
    ],
)
def test_what_is_not_compiled_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        outcome("parabola", "momentum", 1.0, 0.1, 5, compiled=True, **more)


def test_without_numba_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lrlib.compiled", None)
    with pytest.raises(ImportError, match=r"compiled=True needs Numba: pip install 'lrlib\[fast\]'"):
        outcome("parabola", "gd", 1.0, 0.1, 5, compiled=True)

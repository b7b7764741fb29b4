"""The loop: one run and sweeps, divergence, number formats, bad input."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlib import descend, optimizers, surfaces
from lrlib.surfaces import SURFACES


def start_of(surface):
    return [0.7, -0.4][: SURFACES[surface].dimension]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
def test_a_sweep_equals_its_runs_one_by_one_bit_for_bit(surface, optimizer):
    rates = np.geomspace(1e-3, 5, 7)
    sweep = descend(surface, optimizer, start_of(surface), rates, 120)
    for i, rate in enumerate(rates):
        single = descend(surface, optimizer, start_of(surface), float(rate), 120)
        for name in ("points", "losses", "gradients", "effective_rates", "sharpness"):
            assert getattr(sweep, name)[i].tobytes() == getattr(single, name).tobytes(), name
        assert sweep.diverged_at[i] == (-1 if single.diverged_at is None else single.diverged_at)


def test_starts_rates_and_settings_broadcast_to_one_sweep():
    starts = np.random.default_rng(0).normal(size=(5, 1, 1, 2))
    path = descend("quadratic", "momentum", starts, [[0.01], [0.02]], 30, beta=[0.0, 0.5, 0.9], condition=12)
    assert path.points.shape == (5, 2, 3, 31, 2) and path.losses.shape == (5, 2, 3, 31)
    assert path.rates.shape == (5, 2, 3) and path.effective_rates.shape == (5, 2, 3, 30, 2)
    one = descend("quadratic", "momentum", starts[3, 0, 0], 0.02, 30, beta=0.5, condition=12)
    assert path.points[3, 1, 1].tobytes() == one.points.tobytes()


def test_surface_and_optimizer_go_by_name_or_by_themselves():
    named = descend("quadratic", "momentum", (1, 1), 0.1, 5)
    given_ = descend(surfaces.quadratic, optimizers.momentum, (1, 1), 0.1, 5)
    assert named.points.tobytes() == given_.points.tobytes()


@given(rate=st.floats(1e-6, 1e6), start=st.floats(-1e6, 1e6))
def test_divergence_is_a_result_and_never_a_warning(rate, start):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = descend("double_well", "momentum", start, rate, 60)
        path.losses, path.sharpness, path.effective_rates  # noqa: B018 - computed on demand
    finite = np.isfinite(path.losses) & np.isfinite(path.points[:, 0])
    if path.diverged_at is None:
        assert finite.all()
    else:
        assert finite[: path.diverged_at].all() and not finite[path.diverged_at]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_every_array_is_in_the_number_format_asked_for(dtype):
    path = descend("quadratic", "momentum", (-4, 2), 0.01, 40, condition=9, rotation=20, dtype=dtype)
    assert path.points.dtype == path.losses.dtype == path.gradients.dtype == dtype


def test_the_effective_rate_of_gd_is_the_rate():
    path = descend("quadratic", "gd", (1, 2), 0.25, 3)
    assert path.effective_rates.shape == (3, 2) and (path.effective_rates == 0.25).all()


BAD = [
    ({"surface": "parabol"}, ValueError, "surface 'parabol' is unknown: did you mean 'parabola'?"),
    ({"surface": 3}, TypeError, "surface must be a name, got 3"),
    ({"optimizer": "momentun"}, ValueError, "optimizer 'momentun' is unknown: did you mean 'momentum'?"),
    ({"optimizer": None}, TypeError, "optimizer must be a name, got None"),
    ({"lr": -0.1}, ValueError, "lr must be a finite number above 0, got -0.1"),
    ({"lr": 0}, ValueError, "lr must be a finite number above 0, got 0.0"),
    ({"lr": float("nan")}, ValueError, "lr must be a finite number above 0, got nan"),
    ({"lr": float("inf")}, ValueError, "lr must be a finite number above 0, got inf"),
    ({"lr": "0.1"}, TypeError, "lr must be a finite number above 0, got '0.1'"),
    ({"lr": None}, TypeError, "lr must be a finite number above 0, got None"),
    ({"lr": True}, TypeError, "lr must be a finite number above 0, got True"),
    ({"lr": [0.1, -2.0]}, ValueError, "lr must be a finite number above 0, got -2.0"),
    ({"lr": []}, TypeError, "lr must be a finite number above 0, got []"),
    ({"lr": 1j}, TypeError, "lr must be a finite number above 0, got 1j"),
    ({"start": (1, 2)}, ValueError, "start must end in an axis of 1 number for surface 'parabola', got shape (2,)"),
    ({"surface": "quadratic", "start": 1}, ValueError, "start must end in an axis of 2 numbers"),
    ({"surface": "quadratic", "start": (1, 2, 3)}, ValueError, "got shape (3,)"),
    ({"start": "left"}, TypeError, "start must be a finite number, got 'left'"),
    ({"start": float("nan")}, ValueError, "start must be a finite number, got nan"),
    ({"steps": 0}, ValueError, "steps must be a whole number from 1 to 1000000, got 0"),
    ({"steps": 2.5}, TypeError, "steps must be a whole number from 1 to 1000000, got 2.5"),
    ({"steps": 10**9}, ValueError, "steps must be a whole number from 1 to 1000000, got 1000000000"),
    ({"beta": 0.9}, TypeError, "'parabola' with 'gd' has no setting 'beta'"),
    ({"curvatur": 2}, TypeError, "did you mean 'curvature'?"),
    ({"curvature": -1}, ValueError, "curvature must be a number from 1e-06 to 1e+06, got -1.0"),
    ({"curvature": "steep"}, TypeError, "curvature must be a number from 1e-06 to 1e+06, got 'steep'"),
    ({"optimizer": "momentum", "beta": 1.5}, ValueError, "beta must be a number from 0 to 0.999, got 1.5"),
    ({"dtype": "float8"}, TypeError, "dtype must be one of float64, float32, float16, got 'float8'"),
    ({"dtype": int}, ValueError, "dtype must be one of float64, float32, float16, got 'int64'"),
    (
        {"lr": [0.1, 0.2], "curvature": [1, 2, 3]},
        ValueError,
        "do not broadcast to one sweep: start (), lr (2,), curvature (3,)",
    ),
]


@pytest.mark.parametrize(("changed", "kind", "message"), BAD, ids=[str(changed) for changed, _, _ in BAD])
def test_bad_input_is_refused_by_name(changed, kind, message):
    usual = {"surface": "parabola", "optimizer": "gd", "start": 1.0, "lr": 0.1, "steps": 5}
    with pytest.raises(kind) as error:
        descend(**(usual | changed))
    assert message in str(error.value)

"""The range test: its ramp, its smoothing, what is read off it, and the panel that shows it."""

import numpy as np
import pytest

from lrlib import Recording, lab, search
from lrlib.lab import _test
from lrlib.search import ramp, range_places, range_test, read_range_test, smoothed


def read(steps, curvature=1.0, low=1e-6, high=100.0, smoothing=0.0, **more):
    table = range_test("parabola", "gd", 1.0, low, high, steps, curvature=curvature, **more)
    return read_range_test(table.column("lr"), table.column("loss"), smoothing)


def test_a_ramp_grows_by_one_factor_from_end_to_end():
    rates = ramp(1e-4, 10.0, 60)
    assert rates[0] == 1e-4 and rates[-1] == 10
    assert np.allclose(rates, np.geomspace(1e-4, 10, 60), rtol=1e-13)
    assert (np.diff(rates) > 0).all()


def test_smoothing_is_the_weighted_mean_that_it_says():
    losses, beta = np.random.default_rng(0).random(30), 0.8
    for t in (0, 1, 7, 29):
        weights = beta ** np.arange(t, -1, -1)
        assert smoothed(losses, beta)[t] == pytest.approx(weights @ losses[: t + 1] / weights.sum(), rel=1e-12)
    assert (smoothed(losses, 0) == losses).all()


def test_after_what_is_no_number_a_smoothed_curve_has_none():
    curve = smoothed([1.0, 2.0, np.inf, 1.0, np.nan], 0.5)
    assert np.isfinite(curve[:2]).all() and not np.isfinite(curve[2:]).any()
    assert not np.isfinite(smoothed([1.0, np.inf, 1.0], 0)[1:]).any()


@pytest.mark.parametrize("curvature", [0.3, 1.0, 7.0])
def test_on_a_parabola_the_readings_are_those_of_the_formulas(curvature):
    """Steepest at log r / 2λ, falling from a tenth of that, lowest below 2/λ, back at the first loss at 12.595/λ."""
    for steps in (400, 1600):
        found, log_r = read(steps, curvature), np.log(1e8) / (steps - 1)
        factor = np.exp(1.01 * log_r)
        assert found["steepest"] == pytest.approx(log_r / 2 / curvature, rel=0.06)
        assert found["falls"] == pytest.approx(-np.log(0.9) * log_r / 2 / curvature, rel=0.06)
        assert found["lowest"] < 2 / curvature < found["lowest"] * factor
        if steps < 1000:  # of a slower one the loss underflows
            assert found["explodes"] == pytest.approx(12.595 / curvature, rel=0.05)


def test_the_loss_is_steepest_between_falling_and_lowest():
    rng = np.random.default_rng(1)
    for _ in range(50):
        curve = np.concatenate([np.sort(rng.random(20))[::-1] + 1, np.sort(rng.random(5)) * 4])
        places = range_places(curve + 0.05 * rng.random(25))
        assert 0 < places["falls"] <= places["steepest"] <= places["lowest"]
        assert places["explodes"] is None or places["explodes"] > places["lowest"]


def test_a_jump_at_the_start_is_not_yet_the_fall():
    curve = np.array([1.0, 0.8, 1.0, 0.99, 0.7, 0.4, 0.1, 0.2, 1.5])
    assert range_places(curve) == {"falls": 4, "steepest": 5, "lowest": 6, "explodes": 8}


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, 1.0, 1.0], {"falls": None, "steepest": None, "lowest": None, "explodes": None}),
        ([1.0, 2.0, 3.0], {"falls": None, "steepest": None, "lowest": None, "explodes": 1}),
        ([1.0, 0.5, np.inf], {"falls": 1, "steepest": 1, "lowest": 1, "explodes": 2}),
        ([1.0, 0.5, np.nan], {"falls": 1, "steepest": 1, "lowest": 1, "explodes": 2}),
        ([1.0, 0.5, 0.1], {"falls": 1, "steepest": 1, "lowest": 2, "explodes": None}),
        ([np.nan, 0.5, 0.1], {"falls": None, "steepest": None, "lowest": None, "explodes": 1}),
        ([0.0, -1.0, -5.0, 1.0], {"falls": 1, "steepest": 1, "lowest": 2, "explodes": 3}),
    ],
)
def test_what_does_not_happen_is_not_read(losses, expected):
    assert range_places(np.array(losses)) == expected


def test_smoothing_reads_later():
    rough, smooth = read(200), read(200, smoothing=0.9)
    assert all(smooth[name] > rough[name] for name in rough)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([1, 2], [1, 2, 3]), "rates must increase and be as many as the losses, at least 2, got [1.0, 2.0]"),
        (([2, 1], [1, 2]), "rates must increase"),
        (([1], [1]), "rates must increase"),
        (([0, 1], [1, 2]), "rates must be a finite number above 0"),
        (([1, 2], "ab"), "losses must be a list of numbers, got 'ab'"),
        (([1, 2], [[1, 2]]), "losses must be a list of numbers"),
        (([1, 2], []), "losses must be a list of numbers, got []"),
        (([1, 2], [1, 2], 1), "smoothing must be a number from 0 to 0.99, got 1"),
        (([1, 2], [1, 2], -0.1), "smoothing must be a number from 0 to 0.99"),
    ],
)
def test_bad_curves_are_refused_by_name(given, message):
    with pytest.raises((TypeError, ValueError)) as error:
        read_range_test(*given)
    assert message in str(error.value)


# ---------------------------------------------------------------- the figure


def figure(**more):
    return lab("quadratic", "gd", lr=0.05, start=(-4, 2.5), lr_range=(1e-3, 3), panels=["range"], condition=10, **more)


def test_the_figure_shows_the_range_test_of_its_rule_whatever_its_own_run_is():
    shown = figure(ramp=40, noise=2, seed=3, steps=7)
    told = _test(shown._state, shown.path)
    table = range_test("quadratic", "gd", (-4, 2.5), 1e-3, 3, 40, condition=10, noise=2, seed=3)
    assert told["rates"].tolist() == table.column("lr").tolist()
    assert told["losses"].tolist() == table.column("loss").tolist()
    assert told["critical"] == pytest.approx(0.2, rel=1e-12) and told["now"] == 0.05
    again = _test(figure(ramp=40, noise=2, seed=3, steps=7, resume=5, lost="both")._state, shown.path)
    assert again["losses"].tolist() == told["losses"].tolist()


def test_only_where_the_start_tells_it_there_is_a_critical_rate():
    shown = lab("quadratic", "adam", lr=0.05, panels=["range"])
    assert _test(shown._state, shown.path)["critical"] is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ramp": 1}, "ramp must be a whole number from 2 to 2000, got 1"),
        ({"ramp": 2001}, "ramp must be"),
        ({"ramp": 2.5}, "ramp must be"),
        ({"smoothing": 1.0}, "smoothing must be a number from 0 to 0.99"),
        ({"smoothing": "much"}, "smoothing must be a number"),
    ],
)
def test_a_test_of_what_cannot_be_is_refused_by_name(given, message):
    with pytest.raises((TypeError, ValueError)) as error:
        figure(**given)
    assert message in str(error.value)
    shown = figure()
    name, value = next(iter(given.items()))
    with pytest.raises((TypeError, ValueError)):
        setattr(shown, name, value)
    assert shown.ramp == 100 and shown.smoothing == 0


def test_the_still_picture_changes_with_ramp_and_smoothing():
    pictures = {bytes(figure(**given)._repr_mimebundle_()[0]["image/png"], "ascii") for given in (
        {}, {"ramp": 300}, {"noise": 3.0}, {"noise": 3.0, "smoothing": 0.9})}  # fmt: skip
    assert len(pictures) == 4


# ---------------------------------------------------------------- recordings


RATES, LOSSES = ramp(1e-3, 10.0, 30), np.r_[np.linspace(2.3, 1, 25), 2, 4, 8, np.inf, np.nan]


def recorded():
    return Recording([0.1, 1], [[2.3, 1.5], [2.3, 1]], sharpness=[[3.0], [3.0]]).with_test(RATES, LOSSES)


def test_a_recording_may_have_a_range_test_beside_it():
    bare = Recording([0.1, 1], [[2.3, 1.5], [2.3, 1]])
    assert "range" not in bare.panels and bare.pack()["test"] is None
    tested = bare.with_test(RATES, LOSSES)
    assert "range" in tested.panels and bare.test is None and tested.size > bare.size
    with pytest.raises(ValueError, match="panels 'range' needs a range test"):
        lab(bare, panels=["range"])


def test_of_a_recorded_range_test_the_smoothing_can_be_chosen():
    shown = lab(recorded(), lr=0.1, panels=["range", "loss"], smoothing=0.5)
    assert shown.smoothing == 0.5 and shown.controls == ["range"]
    before = shown._picture(shown.panels, {})
    shown.smoothing = 0.0
    assert shown._picture(shown.panels, {}) != before
    with pytest.raises(ValueError, match="ramp is fixed"):
        shown.ramp = 50


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([1, 2], [1, 2, 3]), "losses must be 2, one for each of 2 to 2000 rates, numbers, got 3"),
        (([2, 1], [1, 2]), "rates must be a list of increasing numbers"),
        (([1], [1]), "losses must be 1, one for each of 2 to 2000 rates"),
        (([1, 2], ["a", "b"]), "losses must be numbers"),
    ],
)
def test_a_recorded_test_of_what_cannot_be_is_refused(given, message):
    with pytest.raises((TypeError, ValueError)) as error:
        Recording([1.0], [[2.0, 1.0]]).with_test(*given)
    assert message in str(error.value)


def test_the_search_module_tells_of_all_of_it():
    assert all(getattr(search, name).__doc__ for name in ("ramp", "smoothed", "read_range_test", "range_test"))

"""The still picture, read from what matplotlib is told to draw."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrlib import curvature, figures, lab, schedules
from lrlib.words import LANGUAGES, strings


def drawn(figure: lab, panel: str, monkeypatch: pytest.MonkeyPatch):
    """The axes of one panel as the still picture has them."""
    scenes = []
    monkeypatch.setattr(figures, "still", lambda scene, panels: scenes.append(scene) or b"")
    figure._repr_mimebundle_()
    axes = Figure().subplots()
    figures.draw(axes, scenes[0], panel)
    return axes


def line(axes, label: str):
    found = [one for one in axes.lines if one.get_label() == label]
    return np.asarray(found[0].get_ydata()) if found else None


def noisy(surface="quadratic", optimizer="gd", lr=0.1, steps=60, noise=2.0, **more) -> lab:
    return lab(surface, optimizer, lr=lr, steps=steps, noise=noise, **more)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_loss_has_its_noise_floor_which_follows_the_rate(language, monkeypatch):
    rate = schedules.step_decay(0.1, every=20)
    axes = drawn(noisy(lr=rate, condition=4.0, language=language), "loss", monkeypatch)
    floor = curvature.noise_floor(schedules.rates(rate, 60), [4.0, 1.0], 2.0)
    label = strings(language)["noise_floor"]
    assert 10 ** line(axes, label)[:-1] == pytest.approx(floor)
    assert [text.get_text() for text in axes.get_legend().texts] == [label]


def test_a_path_that_goes_far_away_and_comes_back_is_drawn_to_its_end(monkeypatch):
    figure = lab("parabola", "nesterov", lr=schedules.inverse_time_decay(1.9), start=-4, steps=30)
    axes = drawn(figure, "landscape", monkeypatch)
    x = figure.path.points[:, 0]
    (trail,) = [one.get_xdata() for one in axes.lines if len(one.get_xdata()) == len(x)]
    assert np.isnan(trail).any() and trail[-1] == x[-1]
    gone, back = np.flatnonzero(np.isnan(trail))[[0, -1]]
    assert np.isnan(trail[gone : back + 1]).all()
    assert np.array_equal(trail[:gone], x[:gone]) and np.array_equal(trail[back + 1 :], x[back + 1 :])


def test_the_noise_floor_is_above_the_loss_at_the_minimum(monkeypatch):
    figure = noisy("regression", residual=2.0, noise=0.01)
    assert 10 ** line(drawn(figure, "loss", monkeypatch), "noise floor") == pytest.approx(1.0, rel=1e-4)
    assert "the noise floor lies at 1." in figure.sentence


@pytest.mark.parametrize(
    "figure",
    [
        noisy(noise=0.0),
        noisy(optimizer="momentum"),
        noisy(optimizer=["adam", "gd"]),
        noisy("himmelblau", lr=0.01),
        noisy("quadratic", condition=100.0, predict="regime"),
    ],
    ids=repr,
)
def test_where_no_formula_says_it_or_it_is_to_be_foretold_there_is_no_noise_floor(figure, monkeypatch):
    assert line(drawn(figure, "loss", monkeypatch), "noise floor") is None


def test_from_the_threshold_on_there_is_no_noise_floor(monkeypatch):
    figure = noisy("parabola", lr=schedules.linear(4.0, steps=40, end=0.04), steps=40)
    floor = line(drawn(figure, "loss", monkeypatch), "noise floor")
    over = np.append(figure.path.gauge, figure.path.gauge[-1]) >= 2
    assert (np.isnan(floor) == over).all() and 0 < over.sum() < 40
    assert "noise floor" not in noisy("parabola", lr=2.0).sentence


def test_a_noise_floor_far_from_every_loss_does_not_stretch_the_axis(monkeypatch):
    near, far = (drawn(noisy(lr=schedules.linear(0.1, steps=60, end=end)), "loss", monkeypatch) for end in (0.01, 0.0))
    assert far.get_ylim()[0] >= near.get_ylim()[0] - 2


def test_the_gauge_marks_where_it_comes_to_pass_the_threshold(monkeypatch):
    figure = lab("quadratic", "adagrad_mean", lr=0.5, start=(-10, 1), steps=800, condition=100.0)
    marks = [one for one in drawn(figure, "gauge", monkeypatch).lines if one.get_marker() == "^"]
    assert marks[0].get_xdata().tolist() == [20, 107, 231, 385, 565, 768]


def test_a_gauge_at_the_edge_of_stability_marks_the_first_crossing_alone(monkeypatch):
    figure = lab("valley", lr=0.09, start=(3, 2.5), steps=200)
    marks = [one for one in drawn(figure, "gauge", monkeypatch).lines if one.get_marker() == "^"]
    crossed = figure.path.gauge > 2
    assert (np.diff(crossed.astype(int)) == 1).sum() > 20
    assert marks[0].get_xdata().tolist() == [int(np.argmax(crossed[1:] & ~crossed[:-1])) + 1]


def test_one_peak_of_the_gauge_does_not_flatten_all_the_rest(monkeypatch):
    figure = lab("quadratic", "rmsprop", lr=0.5, start=(-10, 1), steps=2000, condition=100.0)
    assert figure.path.gauge.max() > 8
    assert drawn(figure, "gauge", monkeypatch).get_ylim()[1] == 4

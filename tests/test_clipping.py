"""Clipping, and runs that are resumed: against PyTorch, against loops written once more, and at the edges."""

import importlib.util
import math

import numpy as np
import pytest

from lrlib import descend, lab, outcome, schedules
from lrlib.clipping import clipping, length_1d, length_2d
from lrlib.optimizers import OPTIMIZERS

#: What PyTorch 2.13 makes of Rosenbrock's function from (−1.2, 1) in float64, clipped to 0.5: the points after 1, 10,
#: 20, 21 and 40 steps of SGD(lr=0.003, momentum=0.9) and of Adam(lr=0.05), whole and with a new optimizer at step 20.
AFTER = (1, 10, 20, 21, 40)
TORCH = {
    ("momentum", None): [
        [-1.198611228540421, 1.0005668454937058],
        [-1.1425995139012848, 1.023622697452297],
        [-1.032554037595639, 1.069786501224136],
        [-1.0201494928797572, 1.073900212553645],
        [-1.0307864059696203, 1.0332326891660029],
    ],
    ("momentum", 20): [
        [-1.198611228540421, 1.0005668454937058],
        [-1.1425995139012848, 1.023622697452297],
        [-1.032554037595639, 1.069786501224136],
        [-1.0311101748802494, 1.069379980899911],
        [-0.9602540660577638, 0.9287280818096394],
    ],
    ("adam", None): [
        [-1.1500000010800913, 1.0499999973537764],
        [-1.0718598695241632, 1.0748695143756943],
        [-1.0089033034600339, 1.0161682299947234],
        [-0.992831879048216, 1.012650322332127],
        [-0.6836515016761664, 0.472464280598215],
    ],
    ("adam", 20): [
        [-1.1500000010800913, 1.0499999973537764],
        [-1.0718598695241632, 1.0748695143756943],
        [-1.0089033034600339, 1.0161682299947234],
        [-0.9589033044626892, 1.0661682162448267],
        [-0.8929950513761281, 0.836934497407584],
    ],
}
RATES = {"momentum": 0.003, "adam": 0.05}


def in_torch(rule, cut):
    import torch

    made = {
        "momentum": lambda p: torch.optim.SGD([p], lr=RATES[rule], momentum=0.9),
        "adam": lambda p: torch.optim.Adam([p], lr=RATES[rule]),
    }[rule]
    point = torch.nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))
    optimizer, points = made(point), []
    for t in range(max(AFTER)):
        if t == cut:
            optimizer = made(point)
        optimizer.zero_grad()
        x, y = point
        ((1 - x) ** 2 + 100 * (y - x**2) ** 2).backward()
        torch.nn.utils.clip_grad_norm_([point], 0.5)
        optimizer.step()
        points.append(point.detach().tolist())
    return [points[t - 1] for t in AFTER]


@pytest.mark.parametrize("way", ["stored", "live"] if importlib.util.find_spec("torch") else ["stored"])
@pytest.mark.parametrize(("rule", "cut"), TORCH)
def test_a_clipped_run_and_one_resumed_with_a_new_optimizer_are_those_of_pytorch(rule, cut, way):
    more = {} if cut is None else {"resume": cut, "lost": "memory"}
    ours = descend("rosenbrock", rule, (-1.2, 1.0), RATES[rule], 40, clip=0.5, **more).points[list(AFTER)]
    theirs = TORCH[rule, cut] if way == "stored" else in_torch(rule, cut)
    assert ours == pytest.approx(np.array(theirs), rel=1e-11)


def test_a_gradient_that_is_not_too_long_is_left_as_it_is_to_the_bit():
    with np.errstate(all="ignore"):
        for length in (0.0, 1e-300, 0.3, 0.999998):
            assert clipping(length, 1.0) == 1
        for length in (1.0, 7.0, 1e200):
            assert clipping(length, 1.0) * length == pytest.approx(length / (length + 1e-6), rel=1e-15)
        assert clipping(np.inf, 1.0) == 0 and np.isnan(clipping(np.nan, 1.0))


def test_lengths_are_those_of_hypot_without_overflow_or_underflow():
    random = np.random.default_rng(0)
    g, h = random.normal(size=(2, 1000)) * 10.0 ** random.integers(-200, 200, (2, 1000))
    assert length_2d(g, h) == pytest.approx(np.hypot(g, h), rel=1e-15)
    assert length_1d(np.array([-2.0, 0.0, 3.0, -np.inf])).tolist() == [2, 0, 3, np.inf]
    with np.errstate(all="ignore"):
        assert float(length_2d(0.0, -0.0)) == 0 and float(length_2d(np.inf, 1.0)) == np.inf
        assert np.isnan(length_2d(np.nan, 1.0)) and np.isnan(length_2d(1.0, np.nan))
    long = np.float16(300)  # its square is too large for the format
    assert length_2d(long, long).dtype == np.float16 and float(length_2d(long, long)) == pytest.approx(424.26, rel=1e-3)


def by_hand(steps, clip, noise):
    """Gradient descent on Rosenbrock's function in plain Python, the noise of each step given."""
    x, y, points = -1.2, 1.0, []
    for shake in noise[:steps]:
        g = (-2 * (1 - x) - 400 * x * (y - x * x) + shake[0], 200 * (y - x * x) + shake[1])
        factor = min(1.0, clip / (math.hypot(*g) + 1e-6))
        x, y = x - 0.01 * factor * g[0], y - 0.01 * factor * g[1]
        points.append((x, y))
    return points


def test_clipping_takes_the_whole_gradient_noise_included_and_keeps_its_direction():
    path = descend("rosenbrock", "gd", (-1.2, 1.0), 0.01, 30, noise=2.0, seed=3, clip=5.0)
    assert path.points[1:] == pytest.approx(np.array(by_hand(30, 5.0, path.noise)), rel=1e-9)
    lengths = np.linalg.norm(np.diff(path.points, axis=0), axis=1) / 0.01
    assert lengths.max() < 5 and ((path.clipped[:-1] < 1) == (path.norms[:-1] + 1e-6 > 5)).all()
    assert 5 < (path.clipped[:-1] < 1).sum() <= 30 and path.norms.max() > 100


def test_many_clips_are_a_sweep():
    clips = [0.1, 1.0, 1e6]
    sweep = descend("beale", "momentum", (1.0, 1.0), [[0.01], [0.02]], 40, clip=clips)
    assert sweep.points.shape == (2, 3, 41, 2) and sweep.clipped.shape == (2, 3, 41)
    for i, clip in enumerate(clips):
        one = descend("beale", "momentum", (1.0, 1.0), 0.02, 40, clip=clip)
        for name in ("points", "clipped", "gauge", "effective_rates"):
            assert np.array_equal(getattr(sweep, name)[1, i], getattr(one, name)), name
    far = descend("beale", "momentum", (1.0, 1.0), 0.02, 40)
    assert np.array_equal(sweep.points[1, 2], far.points) and (sweep.clipped[1, 2] == 1).all()


def test_the_gauge_of_a_clipped_run_is_that_of_the_rate_which_is_left():
    path = descend("parabola", "gd", -9.0, 3.0, 40, clip=2.0, curvature=1.5)
    factors = path.points[1:, 0] / path.points[:-1, 0]
    assert 1 - path.gauge == pytest.approx(factors) and path.effective_rates[:, 0] == pytest.approx((1 - factors) / 1.5)
    assert (path.gauge <= 3 * 1.5).all() and path.gauge[0] == pytest.approx(3 * 2 / 9, rel=1e-6)
    adam = descend("rosenbrock", "adam", (-1.2, 1.0), 0.01, 20, clip=1.0)
    plain = adam.effective_rates / (0.01 * adam.clipped[:-1, None])
    v = adam.state["v"][1:] / (1 - 0.999 ** np.arange(1, 21))[:, None]
    given = adam.gradients[:-1] * adam.clipped[:-1, None]
    assert adam.state["v"][1] == pytest.approx(0.001 * given[0] ** 2)
    assert plain == pytest.approx(1 / (np.sqrt(v) + 1e-8), rel=1e-6)


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_resumed_with_everything_a_run_goes_on_and_without_memory_it_is_another_run(rule):
    usual = {"surface": "rosenbrock", "optimizer": rule, "lr": 0.02 if rule == "lion" else 0.0005}
    whole = descend(start=(-1.2, 1.0), steps=60, **usual)
    assert np.array_equal(descend(start=(-1.2, 1.0), steps=60, resume=25, **usual).points, whole.points)
    lost = descend(start=(-1.2, 1.0), steps=60, resume=25, lost="memory", **usual)
    anew = descend(start=whole.points[25], steps=35, **usual)
    assert np.array_equal(lost.points[:26], whole.points[:26]) and np.array_equal(lost.points[25:], anew.points)
    for name in ("gauge", "effective_rates", "threshold"):
        assert np.array_equal(getattr(lost, name)[25:], getattr(anew, name), equal_nan=True), name
    for name in lost.state:
        assert np.array_equal(lost.state[name][25:], anew.state[name])
    for name in lost.corrected:
        assert np.array_equal(lost.corrected[name][25:], anew.corrected[name])
    assert bool(OPTIMIZERS[rule].state) == (not np.array_equal(lost.points, whole.points))


@pytest.mark.parametrize("lost", ["schedule", "both"])
def test_a_schedule_that_is_lost_begins_anew_and_the_noise_goes_on(lost):
    rate = schedules.warmup(schedules.cosine(0.1, steps=40), steps=10)
    path = descend("quadratic", "adam", (-4.0, 2.0), rate, 60, noise=0.5, seed=4, resume=35, lost=lost)
    assert np.array_equal(path.rates, np.concatenate([rate(np.arange(35)), rate(np.arange(25))]))
    assert np.array_equal(path.noise, descend("quadratic", "adam", (-4.0, 2.0), rate, 60, noise=0.5, seed=4).noise)
    assert (path.state["m"][35] == 0).all() == (lost == "both")
    sweep = descend("quadratic", "adam", (-4.0, 2.0), [0.1, 0.2], 60, resume=35, lost=lost)
    assert sweep.rates.strides[-1] == 0  # a constant rate is stored once, and begins anew as it was


def test_the_first_step_of_adam_after_a_loss_of_memory_is_as_long_as_the_rate():
    path = descend("quadratic", "adam", (-4.0, 2.0), 0.05, 400, resume=300, lost="memory")
    steps = np.abs(np.diff(path.points, axis=0))
    assert steps[300] == pytest.approx([0.05, 0.05], rel=0.01) and steps[299].max() < 0.01


def test_what_ends_a_run_is_told_to_outcome_too():
    more = {"clip": 0.5, "resume": 20, "lost": "both", "noise": 0.1}
    rate = schedules.cosine([0.01, 0.1], steps=30)
    ends = outcome("valley", "nadam", (1.0, 1.0), rate, 50, **more)
    assert np.array_equal(ends.points, descend("valley", "nadam", (1.0, 1.0), rate, 50, **more).points[:, -1])


BAD = [
    ({"clip": 0}, ValueError, "clip must be a finite number above 0, got 0.0"),
    ({"clip": "1"}, TypeError, "clip must be a finite number above 0, got '1'"),
    ({"clip": [1.0, 2.0], "lr": [0.1, 0.2, 0.3]}, ValueError, r"do not broadcast: lr \(3,\), clip \(2,\)"),
    ({"resume": 0}, ValueError, "resume must be a whole number from 1 to 9, got 0"),
    ({"resume": 10}, ValueError, "resume must be a whole number from 1 to 9, got 10"),
    ({"resume": 2.5}, TypeError, "resume must be a whole number from 1 to 9, got 2.5"),
    ({"lost": "memory"}, ValueError, "lost must be 'nothing' where no step to resume at is given, got 'memory'"),
    ({"resume": 3, "lost": "memroy"}, ValueError, "lost 'memroy' is unknown: did you mean 'memory'?"),
    ({"clipp": 3}, TypeError, "did you mean 'clip'"),
]


@pytest.mark.parametrize(("more", "error", "message"), BAD)
def test_what_cannot_be_is_refused(more, error, message):
    with pytest.raises(error, match=message):
        descend(**({"surface": "parabola", "optimizer": "adam", "start": 1.0, "lr": 0.1, "steps": 10} | more))


# In the figure


def test_the_figure_takes_them_says_them_and_writes_them_down():
    figure = lab("parabola", "momentum", lr=3, start=-4, steps=40, clip=1, resume=20, lost="memory")
    assert "31 of 40 gradients are clipped." in figure.sentence and "ηλ̃ = 0.75" in figure.sentence
    assert "At step 20 the run is resumed without the rule's memory." in figure.sentence
    assert figure.python.endswith('start=-4, lr=3, steps=40, clip=1, resume=20, lost="memory")')
    space = {}
    exec(figure.python, space)  # noqa: S102 - our own text
    assert np.array_equal(space["path"].points, figure.path.points)
    figure.clip = None
    assert "clipped" not in figure.sentence and "clip" not in figure.python
    figure.lost = "nothing"
    assert "nothing is lost" in figure.sentence and figure.python.endswith("resume=20)")


def test_a_figure_may_be_resumed_after_its_end_and_then_is_not():
    figure = lab("parabola", "adam", steps=40, resume=30, lost="both")
    figure.steps = 30
    assert "resume" not in figure.python and figure.path.restart is None and "resumed" not in figure.sentence
    figure.steps = 31
    assert figure.path.restart == 30


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("clip", -1, "clip must be a finite number above 0, got -1.0"),
        ("resume", 0, "resume must be a whole number from 1 to 20000, got 0"),
        ("lost", "all", "lost 'all' is unknown"),
    ],
)
def test_a_figure_refuses_what_cannot_be(name, value, message):
    figure = lab("parabola")
    with pytest.raises(ValueError, match=message):
        setattr(figure, name, value)
    assert getattr(figure, name) == {"clip": None, "resume": None, "lost": "nothing"}[name]

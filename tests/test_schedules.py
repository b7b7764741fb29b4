"""Schedules: their formulas, bounds and jumps, the warm-up before them, and what is refused."""

import inspect
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlib import schedules, translate
from lrlib.schedules import SCHEDULES, rates, warmup

#: Away from the defaults, with both pieces of every formula within the first hundred steps.
SETTINGS = {
    "constant": {},
    "step_decay": {"factor": 0.7, "every": 7},
    "exponential_decay": {"k": 0.03},
    "inverse_time_decay": {"k": 0.3},
    "linear": {"steps": 60, "end": 0.02},
    "polynomial": {"steps": 60, "degree": 2.5, "end": 0.02},
    "cosine": {"steps": 60, "end": 0.02},
    "cosine_restarts": {"period": 9, "mult": 1.5, "end": 0.02},
    "one_cycle": {"steps": 60, "peak_at": 0.4, "div": 10, "final_div": 50},
    "cyclic": {"half": 9, "base": 0.02},
    "transformer": {"warmup": 20},
    "warmup_stable_decay": {"steps": 70, "warmup": 15, "decay": 25, "end": 0.02},
}


def example(name, lr=0.1, **changed):
    return SCHEDULES[name](lr, **(SETTINGS[name] | changed))


def test_every_schedule_has_an_example():
    assert list(SETTINGS) == list(SCHEDULES)


# The formulas


def test_the_decays_of_the_tutorial_come_out_as_in_its_own_code():
    """The code of the tutorial that this part of the book began with, as it stands there."""
    initial_learning_rate = 0.1
    decay_factor = 0.5
    decay_steps = 10
    decay_rate = 0.1
    num_epochs = 50

    def step_decay(initial_lr, decay_factor, decay_steps, num_epochs):
        lr_step_decay = []
        for epoch in range(num_epochs):
            lr_step_decay.append(initial_lr * (decay_factor ** (epoch // decay_steps)))
        return lr_step_decay

    def exponential_decay(initial_lr, decay_rate, num_epochs):
        lr_exponential_decay = []
        for epoch in range(num_epochs):
            lr_exponential_decay.append(initial_lr * np.exp(-decay_rate * epoch))
        return lr_exponential_decay

    def inverse_time_decay(initial_lr, decay_rate, num_epochs):
        lr_inverse_time_decay = []
        for epoch in range(num_epochs):
            lr_inverse_time_decay.append(initial_lr / (1 + decay_rate * epoch))
        return lr_inverse_time_decay

    ours = rates(schedules.step_decay(initial_learning_rate, factor=decay_factor, every=decay_steps), num_epochs)
    assert ours.tolist() == step_decay(initial_learning_rate, decay_factor, decay_steps, num_epochs)
    ours = rates(schedules.exponential_decay(initial_learning_rate, k=decay_rate), num_epochs)
    theirs = exponential_decay(initial_learning_rate, decay_rate, num_epochs)
    assert np.allclose(ours, theirs, rtol=1e-15, atol=0)
    ours = rates(schedules.inverse_time_decay(initial_learning_rate, k=decay_rate), num_epochs)
    assert ours.tolist() == inverse_time_decay(initial_learning_rate, decay_rate, num_epochs)


def halfway(first, last, share):
    """From first to last along half a wave."""
    return last + (first - last) * math.cos(math.pi / 2 * min(max(share, 0), 1)) ** 2


def restarts(t, lr, period, mult, end):
    t, period = Fraction(t), Fraction(period)
    while t >= period:
        t, period = t - period, period * Fraction(mult)
    return halfway(lr, end, float(t / period))


def one_cycle(t, lr, steps, peak_at, div, final_div):
    peak = peak_at * steps - 1
    if t < peak:
        return halfway(lr / div, lr, t / peak)
    return halfway(lr, lr / (div * final_div), (t - peak) / (steps - 1 - peak))


def warmup_stable_decay(t, lr, steps, warmup, decay, end):
    return np.interp(t, [0, warmup, steps - decay, steps], [0, lr, lr, end])


#: Written once more, in Python's own mathematics and one step at a time.
FORMULAS = {
    "constant": lambda t, lr: lr,
    "step_decay": lambda t, lr, factor, every: lr * factor ** (t // every),
    "exponential_decay": lambda t, lr, k: lr * math.exp(-k * t),
    "inverse_time_decay": lambda t, lr, k: lr / (1 + k * t),
    "linear": lambda t, lr, steps, end: np.interp(t, [0, steps], [lr, end]),
    "polynomial": lambda t, lr, steps, degree, end: end + (lr - end) * max(1 - t / steps, 0) ** degree,
    "cosine": lambda t, lr, steps, end: halfway(lr, end, t / steps),
    "cosine_restarts": restarts,
    "one_cycle": one_cycle,
    "cyclic": lambda t, lr, half, base: np.interp(t % (2 * half), [0, half, 2 * half], [base, lr, base]),
    "transformer": lambda t, lr, warmup: lr * warmup**0.5 * min((t + 1) ** -0.5, (t + 1) * warmup**-1.5),
    "warmup_stable_decay": warmup_stable_decay,
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_follows_its_formula(name):
    expected = [FORMULAS[name](t, 0.1, **SETTINGS[name]) for t in range(150)]
    assert np.allclose(rates(example(name), 150), expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_defaults_are_those_of_the_rule_and_of_the_ranges(name):
    known = SCHEDULES[name]
    parameters = list(inspect.signature(known.rule).parameters.values())
    assert [p.name for p in parameters] == ["t", "lr", *known.settings]
    for parameter, setting in zip(parameters[2:], known.settings.values(), strict=True):
        assert parameter.default == setting.default
        (lowest, highest), (left, right) = setting.allowed, setting.slider
        assert lowest <= left <= setting.default <= right <= highest
    assert known(0.1).settings == {n: s.default for n, s in known.settings.items()}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_explains_itself_and_all_its_settings(name):
    assert SCHEDULES[name].__doc__ == SCHEDULES[name].rule.__doc__
    text = inspect.cleandoc(SCHEDULES[name].__doc__)
    for part in ("$$", "Arguments", ">>>", "PyTorch", "Keras", "optax", *(f"\n    {n}: " for n in SETTINGS[name])):
        assert part in text, part


@pytest.mark.parametrize("rule", [*(s.rule for s in SCHEDULES.values()), schedules._warmup], ids=lambda r: r.__name__)
def test_every_rule_can_be_said_in_javascript(rule):
    arguments = ", ".join(inspect.signature(rule).parameters)
    assert translate.function(rule).startswith(f"function {rule.__name__}({arguments}) {{")


# Where a schedule begins, turns and ends


@pytest.mark.parametrize("name", ["linear", "polynomial", "cosine"])
def test_a_fall_begins_at_the_rate_ends_at_its_end_and_stays_there(name):
    for end in (0.0, 0.03, 0.7):
        values = rates(SCHEDULES[name](0.1, steps=37, end=end), 100)
        assert values[0] == 0.1 and (values[37:] == end).all() and values[36] != end


def test_degree_0_of_a_polynomial_stays_at_the_rate_and_degree_1_is_linear():
    assert (rates(schedules.polynomial(0.1, degree=0, steps=10, end=0.03), 30) == 0.1).all()
    line, power = schedules.linear(0.1, steps=70, end=0.03), schedules.polynomial(0.1, steps=70, degree=1, end=0.03)
    assert np.allclose(rates(power, 100), rates(line, 100), rtol=1e-15, atol=0)


def test_one_cycle_is_highest_at_its_peak_and_lowest_from_its_last_step_on():
    values = rates(schedules.one_cycle(0.1, steps=100, peak_at=0.3, div=25, final_div=1e4), 120)
    assert (values[0], values[29]) == (0.1 / 25, 0.1) and np.argmax(values) == 29
    assert (values[99:] == 0.1 / 25 / 1e4).all() and (values[:99] > values[99]).all()


def test_the_transformer_schedule_is_the_one_of_the_paper():
    width, steps = 512, 4000
    peak = width**-0.5 * steps**-0.5
    n = np.arange(1, 20_001)
    paper = width**-0.5 * np.minimum(n**-0.5, n * steps**-1.5)
    ours = rates(schedules.transformer(peak, warmup=steps), 20_000)
    assert np.allclose(ours, paper, rtol=1e-14, atol=0)
    assert np.argmax(ours) == steps - 1 and ours[steps - 1] == peak


def test_without_warmup_and_decay_a_stable_rate_is_constant_up_to_its_last_step():
    values = rates(schedules.warmup_stable_decay(0.1, steps=50, warmup=0, decay=0, end=0.02), 80)
    assert (values[:50] == 0.1).all() and (values[50:] == 0.02).all()


def test_rise_and_fall_may_take_all_steps_there_are():
    values = rates(schedules.warmup_stable_decay(0.1, steps=50, warmup=30, decay=20), 60)
    assert (np.diff(values[:31]) > 0).all() and values[30] == 0.1 and (np.diff(values[30:51]) < 0).all()


@pytest.mark.parametrize("mult", [1, 1.5, 2, 3])
@pytest.mark.parametrize("period", [1, 3, 7, 10, 64, 1000])
def test_warm_restarts_come_at_the_very_step_and_not_one_number_earlier(period, mult):
    begins, length = [], Fraction(period)
    begin = length
    while begin < 100_000 and len(begins) < 5000:
        begins.append(begin)
        length *= Fraction(mult)
        begin += length
    exact = np.array([float(b) for b in begins if Fraction(float(b)) == b])
    assert len(exact) > 3
    rate = schedules.cosine_restarts(0.1, period=period, mult=mult, end=0.02)
    assert (rate(exact) == 0.1).all()
    assert np.allclose(rate(np.nextafter(exact, 0)), 0.02, rtol=1e-12)


@pytest.mark.parametrize("mult", [1, 1.5, 2, 3, 1.1, 7.3])
def test_every_step_of_warm_restarts_lies_in_the_period_that_adding_up_gives(mult):
    period, steps = Fraction(7), 20_000
    step, begin, expected = 0, Fraction(0), []
    while step < steps:
        while step < begin + period and step < steps:
            expected.append(halfway(0.1, 0, float((step - begin) / period)))
            step += 1
        begin, period = begin + period, period * Fraction(mult)
    ours = rates(schedules.cosine_restarts(0.1, period=7, mult=mult), steps)
    assert np.allclose(ours, expected, rtol=0, atol=1e-13)


# Bounds and continuity


@st.composite
def made(draw, names=tuple(SCHEDULES)):
    """A schedule with its rate, anywhere in its ranges as far as a slider goes."""
    name = draw(st.sampled_from(names))
    lr = 10 ** draw(st.floats(-6, 3))
    settings = {n: draw(st.floats(*s.slider)) for n, s in SCHEDULES[name].settings.items()}
    if "base" in settings:
        settings["base"] *= lr
    if "peak_at" in settings:
        settings["steps"] += 2 / settings["peak_at"]
    if "decay" in settings:
        settings["decay"] += 1
        settings["steps"] += settings["warmup"] + settings["decay"]
    return SCHEDULES[name](lr, **settings)


TIMES = st.floats(0, 3000)

#: The lowest and the highest rate that a schedule can give.
BOUNDS = {
    "constant": lambda lr: (lr, lr),
    "step_decay": lambda lr, factor, every: (0, lr),
    "exponential_decay": lambda lr, k: (0, lr),
    "inverse_time_decay": lambda lr, k: (0, lr),
    "linear": lambda lr, steps, end: (min(lr, end), max(lr, end)),
    "polynomial": lambda lr, steps, degree, end: (min(lr, end), max(lr, end)),
    "cosine": lambda lr, steps, end: (min(lr, end), max(lr, end)),
    "cosine_restarts": lambda lr, period, mult, end: (min(lr, end), max(lr, end)),
    "one_cycle": lambda lr, steps, peak_at, div, final_div: (lr / div / final_div, lr),
    "cyclic": lambda lr, half, base: (base, lr),
    "transformer": lambda lr, warmup: (0, lr),
    "warmup_stable_decay": lambda lr, steps, warmup, decay, end: (0, max(lr, end)),
}


@given(rate=made(), t=TIMES)
def test_a_schedule_stays_within_its_bounds(rate, t):
    low, high = BOUNDS[rate.schedule.name](rate.lr, **rate.settings)
    assert low * (1 - 1e-12) <= rate(t) <= high * (1 + 1e-12)


@given(rate=made(), t=TIMES, steps=st.floats(0, 1000), start=st.floats(0, 1))
def test_a_warmup_stays_within_the_bounds_of_what_follows_and_its_own_start(rate, t, steps, start):
    low, high = BOUNDS[rate.schedule.name](rate.lr, **rate.settings)
    assert min(low, rate(0) * start) * (1 - 1e-12) <= warmup(rate, steps, start)(t) <= high * (1 + 1e-12)


def one_cycle_change(lr, steps, peak_at, div, final_div):
    peak, last = peak_at * steps - 1, steps - 1
    return lambda h: math.pi / 2 * lr * h / min(peak, last - peak)


#: How far a schedule can move in a time h, for those that have no jump.
CHANGES = {
    "constant": lambda lr: lambda h: 0,
    "exponential_decay": lambda lr, k: lambda h: lr * k * h,
    "inverse_time_decay": lambda lr, k: lambda h: lr * k * h,
    "linear": lambda lr, steps, end: lambda h: abs(lr - end) * h / steps,
    "polynomial": lambda lr, steps, degree, end: (
        lambda h: abs(lr - end) * max(degree, 1) * (h / steps) ** min(degree, 1) * (degree > 0)
    ),
    "cosine": lambda lr, steps, end: lambda h: abs(lr - end) * math.pi / 2 * h / steps,
    "one_cycle": one_cycle_change,
    "cyclic": lambda lr, half, base: lambda h: (lr - base) * h / half,
    "transformer": lambda lr, warmup: lambda h: lr * h / warmup,
    "warmup_stable_decay": lambda lr, steps, warmup, decay, end: (
        lambda h: max(lr * min(h / warmup, 1) if warmup else 0, abs(lr - end) * h / decay)
    ),
}
#: And those that jump, with the time between one jump and the next.
JUMPS = {
    "step_decay": lambda every, **_: np.arange(1, 20) * every,
    "cosine_restarts": lambda period, mult, **_: period * np.cumsum(mult ** np.arange(8)),
}


def test_every_schedule_either_jumps_or_does_not():
    assert {*CHANGES, *JUMPS} == {*SCHEDULES} and not {*CHANGES} & {*JUMPS}


@given(rate=made(tuple(CHANGES)), t=TIMES, h=st.floats(1e-9, 0.1))
def test_a_continuous_schedule_moves_little_in_little_time(rate, t, h):
    moved = abs(rate(t + h) - rate(t))
    rounding = 1e-12 * max(rate.lr, rate.settings.get("end", 0))
    assert moved <= CHANGES[rate.schedule.name](rate.lr, **rate.settings)(t + h - t) * (1 + 1e-9) + rounding


@pytest.mark.parametrize("name", JUMPS)
def test_a_schedule_that_jumps_does_so_at_its_boundaries_only(name):
    rate = example(name)
    jumps = JUMPS[name](**SETTINGS[name])
    assert (np.abs(rate(jumps * (1 - 1e-9)) - rate(jumps * (1 + 1e-9))) > 1e-5).all()
    between = np.concatenate([[0], jumps])
    for low, high in itertools.pairwise(between):
        inside = rate(np.linspace(low, high, 1000)[1:-1])
        assert np.abs(np.diff(inside)).max() < 2e-4


@given(rate=made(), steps=st.floats(1, 1000), start=st.floats(0, 1), h=st.floats(1e-9, 1e-3))
def test_a_warmup_leads_to_what_follows_without_a_jump(rate, steps, start, h):
    warm = warmup(rate, steps, start)
    assert warm(steps) == rate(0)
    assert abs(warm(steps - h) - rate(0)) <= rate(0) * h / steps * (1 + 1e-9) + 1e-12 * rate(0)


# Warm-up


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_warmup_before_a_schedule_is_a_line_and_then_the_schedule_from_its_own_start(name):
    rate = example(name)
    warm = rates(warmup(rate, 12, start=0.25), 100)
    assert warm[12:].tobytes() == rates(rate, 88).tobytes()
    assert np.allclose(warm[:12], rate(0) * np.linspace(0.25, 1, 12, endpoint=False), rtol=1e-14, atol=0)


def test_a_warmup_goes_before_a_number_and_before_a_function_of_ones_own():
    line = [0.0, 0.05, 0.1, 0.15]
    assert np.allclose(rates(warmup(0.2, 4), 7), [*line, 0.2, 0.2, 0.2])
    asked = []

    def own(t):
        asked.append(t)
        return [0.2, 0.3, 0.4][t]

    assert np.allclose(rates(warmup(own, 4), 7), [*line, 0.2, 0.3, 0.4])
    assert {type(t) for t in asked} == {int} and {*asked} == {0, 1, 2}


def test_a_warmup_of_no_steps_changes_nothing():
    rate = schedules.cosine(0.1, steps=30)
    assert rates(warmup(rate, 0), 50).tobytes() == rates(rate, 50).tobytes()


def test_steps_and_starts_of_a_warmup_may_be_swept():
    warm = warmup(schedules.linear([0.1, 0.2, 0.3], steps=20), steps=[[5], [9]], start=0.5)
    assert warm.shape == (2, 3)
    values = rates(warm, 30)
    assert values.shape == (30, 2, 3)
    one = rates(warmup(schedules.linear(0.3, steps=20), steps=9, start=0.5), 30)
    assert values[:, 1, 2].tobytes() == one.tobytes()


# One step, many steps, many rates


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_single_step_gives_the_same_bits_as_all_at_once(name):
    for rate in (example(name), warmup(example(name), 10)):
        single = [rate(t) for t in range(130)]
        assert all(type(value) is float for value in single)
        assert np.array(single).tobytes() == rate(np.arange(130)).tobytes() == rates(rate, 130).tobytes()


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_sweep_of_peak_rates_gives_the_same_bits_as_one_by_one(name):
    peaks = np.geomspace(0.02, 5, 7)
    for put in (lambda rate: rate, lambda rate: warmup(rate, 10, 0.1)):
        sweep = put(example(name, peaks))
        assert sweep.shape == (7,) and sweep(3).shape == (7,) and sweep(np.arange(5)[:, None]).shape == (5, 7)
        values = rates(sweep, 130)
        assert values.shape == (130, 7)
        for i, peak in enumerate(peaks):
            assert values[:, i].tobytes() == rates(put(example(name, float(peak))), 130).tobytes()


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "constant"])
def test_a_setting_may_be_swept_like_a_rate(name):
    for setting, value in SETTINGS[name].items():
        several = np.array([[value], [value * 1.01]])
        values = rates(example(name, [0.1, 0.2, 0.3], **{setting: several}), 130)
        assert values.shape == (130, 2, 3)
        one = rates(example(name, 0.3, **{setting: float(several[1, 0])}), 130)
        assert values[:, 1, 2].tobytes() == one.tobytes()


def test_a_number_is_the_rate_of_every_step():
    assert rates(0.1, 4).tolist() == rates(schedules.constant(0.1), 4).tolist() == [0.1] * 4
    assert rates([[0.1, 0.2]], 3).shape == (3, 1, 2)


def test_any_function_of_the_step_is_a_schedule():
    asked = []

    def own(t):
        asked.append(t)
        return np.array([0.1, 0.2]) / (1 + t)

    assert np.allclose(rates(own, 4), np.array([0.1, 0.2]) / np.array([[1], [2], [3], [4]]))
    assert asked == [0, 1, 2, 3] and {type(t) for t in asked} == {int}
    assert rates(lambda t: np.float32(0), 3).tolist() == [0, 0, 0]


def test_a_schedule_shows_itself_as_it_is_written():
    rate = warmup(schedules.cosine(0.1, steps=200), steps=10)
    assert repr(schedules.cosine) == "schedules.cosine"
    assert repr(rate) == "schedules.warmup(schedules.cosine(0.1, steps=200.0, end=0.0), steps=10.0, start=0.0)"


# What is refused

WANTED = "lr must be a schedule that gives a finite rate of at least 0: "


def raising(t):
    return [0.3, 0.2][t]


BAD = [
    (lambda: schedules.cosine(0), ValueError, "lr must be a finite number above 0, got 0.0"),
    (lambda: schedules.cosine("0.1"), TypeError, "lr must be a finite number above 0, got '0.1'"),
    (lambda: schedules.cosine([0.1, -1]), ValueError, "lr must be a finite number above 0, got -1.0"),
    (lambda: schedules.cosine(math.inf), ValueError, "lr must be a finite number above 0, got inf"),
    (lambda: schedules.cosine(schedules.linear(0.1)), TypeError, "above 0, got schedules.linear(0.1, steps=100.0"),
    (
        lambda: schedules.cosine(0.1, step=9),
        TypeError,
        "schedule 'cosine' has no setting 'step': did you mean 'steps'?",
    ),
    (lambda: schedules.constant(0.1, steps=9), TypeError, "schedule 'constant' has no setting 'steps': known: none"),
    (lambda: schedules.cosine(0.1, steps=0), ValueError, "steps must be a number from 1 to 1e+06, got 0.0"),
    (lambda: schedules.cosine(0.1, steps=math.nan), ValueError, "steps must be a number from 1 to 1e+06, got nan"),
    (lambda: schedules.cosine(0.1, steps=True), TypeError, "steps must be a number from 1 to 1e+06, got True"),
    (lambda: schedules.linear(0.1, end=-0.1), ValueError, "end must be a number from 0 to 1e+06, got -0.1"),
    (lambda: schedules.step_decay(0.1, factor=1.5), ValueError, "factor must be a number from 1e-06 to 1, got 1.5"),
    (lambda: schedules.step_decay(0.1, every=0), ValueError, "every must be a number from 1 to 1e+06, got 0.0"),
    (lambda: schedules.exponential_decay(0.1, k=-1), ValueError, "k must be a number from 0 to 1000, got -1.0"),
    (lambda: schedules.polynomial(0.1, degree=-1), ValueError, "degree must be a number from 0 to 100, got -1.0"),
    (lambda: schedules.cosine_restarts(0.1, mult=0.5), ValueError, "mult must be a number from 1 to 10, got 0.5"),
    (lambda: schedules.one_cycle(0.1, peak_at=1), ValueError, "peak_at must be a number from 0.01 to 0.99, got 1.0"),
    (
        lambda: schedules.one_cycle(0.1, steps=10, peak_at=0.1),
        ValueError,
        "peak_at * steps must be above 1, or there is no rise, got peak_at 0.1, steps 10.0",
    ),
    (lambda: schedules.cyclic(0.1, base=0.2), ValueError, "base must not be above lr, got base 0.2, lr 0.1"),
    (lambda: schedules.cyclic([0.3, 0.1], base=0.2), ValueError, "base must not be above lr, got base 0.2, lr 0.1"),
    (
        lambda: schedules.warmup_stable_decay(0.1, steps=100, warmup=60, decay=50),
        ValueError,
        "warmup + decay must fit into steps, got warmup 60.0, decay 50.0, steps 100.0",
    ),
    (
        lambda: schedules.cosine([0.1, 0.2], steps=[1, 2, 3]),
        ValueError,
        "these shapes do not broadcast: lr (2,), steps (3,)",
    ),
    (lambda: schedules.cosine(0.1)(-1), ValueError, "t must be a finite number of at least 0, got -1.0"),
    (lambda: schedules.cosine(0.1)(None), TypeError, "t must be a finite number of at least 0, got None"),
    (lambda: schedules.cosine([0.1, 0.2])([1, 2, 3]), ValueError, "do not broadcast: t (3,), rate (2,)"),
    (lambda: warmup(0.1, -1), ValueError, "steps must be a number from 0 to 1e+06, got -1.0"),
    (lambda: warmup(0.1, 10, start=2), ValueError, "start must be a number from 0 to 1, got 2.0"),
    (lambda: warmup(None, 10), TypeError, "lr must be a number or a schedule, got None"),
    (lambda: warmup([0.1, 0.2], [1, 2, 3]), ValueError, "do not broadcast: lr (2,), steps (3,)"),
    (
        lambda: warmup(schedules.cosine, 10),
        TypeError,
        "write schedules.cosine(0.1, steps=…), not schedules.cosine alone",
    ),
    (lambda: warmup(lambda t: -1, 10), ValueError, WANTED + "at step 0 it gave -1"),
    (lambda: rates(schedules.cosine, 5), TypeError, "write schedules.cosine(0.1, steps=…), not schedules.cosine alone"),
    (lambda: rates(schedules.constant, 5), TypeError, "write schedules.constant(0.1), not schedules.constant alone"),
    (lambda: rates("cosine", 5), TypeError, "lr must be a number or a schedule, got 'cosine'"),
    (lambda: rates(1j, 5), TypeError, "lr must be a number or a schedule, got 1j"),
    (lambda: rates(True, 5), TypeError, "lr must be a number or a schedule, got True"),
    (lambda: rates(0, 5), ValueError, "lr must be a finite number above 0, got 0.0"),
    (lambda: rates(0.1, 0), ValueError, "steps must be a whole number from 1 to 1000000, got 0"),
    (lambda: rates(lambda t: math.nan if t == 17 else 0.1, 20), ValueError, WANTED + "at step 17 it gave nan"),
    (lambda: rates(lambda t: np.float64(np.inf), 20), ValueError, WANTED + "at step 0 it gave inf"),
    (lambda: rates(lambda t: 0.1 - 0.05 * t, 20), ValueError, WANTED + "at step 3 it gave -0.05"),
    (lambda: rates(lambda t: None, 20), ValueError, WANTED + "at step 0 it gave None"),
    (lambda: rates(lambda t: "0.1", 20), ValueError, WANTED + "at step 0 it gave '0.1'"),
    (lambda: rates(lambda t: True, 20), ValueError, WANTED + "at step 0 it gave True"),
    (lambda: rates(lambda t: 1j, 20), ValueError, WANTED + "at step 0 it gave 1j"),
    (lambda: rates(lambda t: [], 20), ValueError, WANTED + "at step 0 it gave []"),
    (lambda: rates(lambda t: [[0.1], [0.1, 0.2]], 20), ValueError, WANTED + "at step 0 it gave [[0.1], [0.1, 0.2]]"),
    (
        lambda: rates(lambda t: [0.1] * (t // 2 + 1), 20),
        ValueError,
        "lr must be a schedule that gives rates of one shape: at step 2 it gave shape (2,), before that (1,)",
    ),
    (lambda: rates(raising, 20), ValueError, WANTED + "at step 2 it raised IndexError: list index out of range"),
    (lambda: rates(warmup(raising, 5), 20), ValueError, WANTED + "at step 2 it raised IndexError"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused_by_name(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)


def test_a_warm_up_before_a_function_of_ones_own_takes_many_steps_at_once():
    rate = warmup(lambda t: 0.1 if t < 50 else 0.01, 5)
    assert rate([1, 2, 60]).tolist() == [rate(1), rate(2), rate(60)] == pytest.approx([0.02, 0.04, 0.01])


def test_an_error_in_a_function_of_ones_own_is_kept_as_the_cause():
    with pytest.raises(ValueError) as error:
        rates(raising, 3)
    assert isinstance(error.value.__cause__, IndexError)

"""PyTorch 2.13 and optax 0.2.8 walk the same paths and fall along the same schedules.

Their values are stored in reference/values.json, and where a library is installed (`pip install -e
".[reference]"`) it also runs here, all of its steps. reference/cases.py says what is compared.

How near. A coordinate of a path must agree to 1e-12 of its largest value along that path. It is not
asked of each point: where a path crosses or nears 0, its last digits are the rounding errors of the
larger numbers before it, on both sides. Rates are asked one by one: to 1e-12 of each, and where one side
is exactly 0, to 1e-15 of the largest rate.

What they do otherwise by design, each with a test that shows the exact difference:

    PyTorch  SGD with `dampening` averages the gradients
             RAdam adds ε to √v before the bias correction
             NAdam lets β₁ grow from its half; keeps a product of these in torch's default number format
             CosineAnnealingLR rises again after T_max; OneCycleLR turns up after its last step
    optax    adagrad begins its sum at 0.1 and has ε inside the root; rmsprop has ε inside, by default
             amsgrad takes the maximum after the correction
             radam rescales from its threshold on, not only beyond it
             cosine_onecycle_schedule ends one step later
    both     other defaults, listed in reference/cases.py: AdamW and lion decay by 0.01, 0.0001 and 0.001
"""

import importlib.util
import json
import math
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lrlib import descend, optimizers, schedules
from lrlib.optimizers import OPTIMIZERS
from lrlib.surfaces import SURFACES

sys.path.append(str(Path(__file__).parent / "reference"))

import make
from cases import (
    CASES,
    DEFAULTS,
    LIBRARIES,
    RATES,
    SCHEDULES,
    STEPS,
    STORED,
    STORED_RATES,
    UNLIKE,
    UNLIKE_RATES,
    Rates,
)

NEAR = 1e-12
RENEW = f'renew it with `pip install -e ".[reference]"` and `{make.COMMAND}`'

#: How their values are had: as stored, and as computed here where the library is installed.
WAYS = {name: ["stored", "live"] if importlib.util.find_spec(name) else ["stored"] for name in LIBRARIES}
PATHS = [(case, theirs, way) for case in CASES for theirs in case.theirs for way in WAYS[theirs.library]]
FALLS = [(ours, theirs, way) for ours, said in SCHEDULES for theirs in said for way in WAYS[theirs.library]]


def name(compared):
    ours, theirs, way = compared
    return f"{ours!r}, {theirs.library} {way}"


@cache
def values():
    assert make.VALUES.exists(), f"{make.VALUES} is missing: {RENEW}"
    return json.loads(make.VALUES.read_text(encoding="utf-8"))


def stored(part, theirs):
    found = values()[part].get(repr(theirs))
    assert found is not None, f"{make.VALUES.name} has no {theirs!r}: {RENEW}"
    return np.array(found)


def steps_of(way):
    return [0, *STORED] if way == "stored" else list(range(STEPS + 1))


def their_path(theirs, way):
    """Their points at the steps of that way, the start first."""
    return np.array([theirs.place.start, *stored("paths", theirs)] if way == "stored" else make.path(theirs))


def their_rates(theirs, way):
    """The steps and their rates at these."""
    if way == "stored":
        return np.array(make.stored(range(theirs.until), STORED_RATES)), stored("rates", theirs)
    return np.arange(theirs.until), np.array(make.rates(theirs))


def our_rate(ours):
    if not isinstance(ours, Rates):
        return ours
    rate = schedules.SCHEDULES[ours.name](ours.lr, **ours.settings)
    return schedules.warmup(rate, **ours.warmup) if ours.warmup else rate


def our_path(place, rule, lr, **given):
    return descend(place.surface, rule, place.start, our_rate(lr), STEPS, **place.settings, **given).points


def apart(ours, theirs):
    """The largest distance of a coordinate, in shares of its largest value along the path."""
    assert np.isfinite(ours).all() and np.isfinite(theirs).all()
    return float((np.abs(ours - theirs).max(axis=0) / np.abs(theirs).max(axis=0)).max())


def whose(theirs, way):
    """Who computed it, for messages."""
    made = values()["made"]
    return f"{theirs!r} ({way}; {make.VALUES.name} was made with torch {made['torch']} and optax {made['optax']})"


# What is compared


def test_the_stored_values_are_of_the_cases_in_cases_py():
    said = {"paths": make.all_theirs(), "rates": make.all_their_rates()}
    for part, all_theirs in said.items():
        known, wanted = set(values()[part]), {repr(theirs) for theirs in all_theirs}
        assert known == wanted, (
            f"{make.VALUES.name} is out of step with cases.py: of the {part} it lacks {sorted(wanted - known)[:3]} "
            f"and has {sorted(known - wanted)[:3]} too many; {RENEW}"
        )
    assert values()["steps"] == {"paths": list(STORED), "rates": list(STORED_RATES)}, f"other steps are stored: {RENEW}"


def test_every_case_is_compared_as_stored_and_where_the_library_is_installed_as_it_runs_here():
    compared = Counter((theirs.library, way) for _, theirs, way in PATHS + FALLS)
    cases = Counter(theirs.library for _, theirs, way in PATHS + FALLS if way == "stored")
    for library in LIBRARIES:
        installed = importlib.util.find_spec(library) is not None
        assert compared[library, "stored"] == cases[library] > 100
        assert compared[library, "live"] == (cases[library] if installed else 0)


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_every_rule_a_library_has_is_compared_on_five_surfaces_in_three_settings(rule):
    for library in LIBRARIES:
        settings = Counter()
        for case in CASES:
            if case.rule == rule and library in [theirs.library for theirs in case.theirs]:
                settings[case.place.surface] += 1
        nobody_has_it = rule in ("adagrad_mean", "adam_uncorrected") or (rule, library) == ("lion", "torch")
        enough = [surface for surface, count in settings.items() if count >= 3]
        assert len(enough) >= 5 or (nobody_has_it and not settings), f"{library}: add cases of {rule} to cases.py"


def test_every_schedule_a_library_has_is_compared():
    compared = {(ours.name, theirs.library) for ours, theirs, _ in FALLS}
    for schedule in schedules.SCHEDULES:
        for library in LIBRARIES:
            lacking = schedule in ("inverse_time_decay", "transformer") or (schedule, library) == ("cyclic", "optax")
            assert ((schedule, library) in compared) != lacking, f"{library}: add cases of {schedule} to cases.py"


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_no_path_compared_is_chaotic(case):
    nudge = 1e-8 * np.array([1, -1, 1, -1])[:, None] * np.array([[1, 1], [1, 1], [1, -1], [1, -1]])
    starts = np.array(case.place.start) * (1 + nudge[:, : len(case.place.start)])
    place, still = case.place, our_path(case.place, case.rule, case.lr, **case.given)
    paths = descend(place.surface, case.rule, starts, our_rate(case.lr), STEPS, **place.settings, **case.given).points
    grown = max(apart(path, still) for path in paths) / 1e-8
    assert grown < 30, f"a nudge grows {grown:.0f}-fold, and so do rounding errors: choose a calmer rate in cases.py"


# What is the same


@pytest.mark.parametrize("compared", PATHS, ids=name)
def test_a_path_is_theirs(compared):
    case, theirs, way = compared
    ours = our_path(case.place, case.rule, case.lr, **case.given)[steps_of(way)]
    far = apart(ours, their_path(theirs, way))
    assert far <= NEAR, (
        f"{case!r} is {far:.1e} away from {whose(theirs, way)}, more than {NEAR}: the rule in optimizers.py, the "
        "surface or the library has changed; if the library, say it in the docstring of the rule and in cases.py"
    )


@pytest.mark.parametrize("compared", FALLS, ids=name)
def test_a_schedule_is_theirs(compared):
    said, theirs, way = compared
    steps, expected = their_rates(theirs, way)
    ours = schedules.rates(our_rate(said), RATES)[steps]
    wrong = np.abs(ours - expected) > NEAR * np.abs(expected) + 1e-15 * expected.max()
    assert not wrong.any(), (
        f"at step {steps[wrong][0]} {said!r} gives {ours[wrong][0]!r}, not {expected[wrong][0]!r} as {whose(theirs, way)}"
    )


@pytest.mark.parametrize(
    ("module", "way"), [(module, way) for module in DEFAULTS for way in WAYS[module.partition(".")[0]]]
)
def test_their_defaults_are_those_our_docstrings_tell(module, way):
    told = values()["defaults"][module] if way == "stored" else make.defaults(module)
    for owner, arguments in DEFAULTS[module].items():
        assert told.get(owner) == arguments, f"{module}.{owner}: correct cases.py and our docstrings, then {RENEW}"


# What is not, and how


def follow(theirs, step):
    """The path of a rule written out here: step(x, g, t, kept) is the next point, `kept` begins with zeros."""
    gradient = SURFACES[theirs.place.surface].gradient
    points, kept = [np.array(theirs.place.start)], Counter()
    for t in range(STEPS):
        g = np.array(gradient(*points[-1], **theirs.place.settings))
        points.append(step(points[-1], g, t, kept))
    return np.array(points)


def shows(key, way, plain, exact, least=1e-4):
    """That they are this far from our plain path at least, and follow the exact one."""
    theirs = UNLIKE[key]
    expected = their_path(theirs, way)
    same = f"{key} has become the same as ours: take it out of UNLIKE in cases.py, and of our docstrings"
    assert apart(plain[steps_of(way)], expected) > least, same
    far = apart(exact[steps_of(way)], expected)
    assert far <= NEAR, f"{key} differs otherwise than said, by {far:.1e}: correct this test, and our docstrings"


@pytest.mark.parametrize("way", WAYS["torch"])
def test_dampening_averages_the_gradients_instead_of_adding_them_up(way):
    theirs = UNLIKE["torch SGD, dampening"]

    def averaging(x, g, t, kept):
        kept["v"] = 0.9 * kept["v"] + 0.1 * g if t else g
        return x - 0.1 * kept["v"]

    plain = our_path(theirs.place, "momentum", 0.1, beta=0.9)
    shows("torch SGD, dampening", way, plain, follow(theirs, averaging))


@pytest.mark.parametrize("way", WAYS["torch"])
def test_radam_of_pytorch_adds_eps_before_the_correction(way):
    theirs = UNLIKE["torch RAdam, eps"]

    def before(x, g, t, kept):
        eps = 0.1 / math.sqrt(1 - 0.999 ** (t + 1))
        x, kept["m"], kept["v"] = optimizers.radam(x, g, kept["m"], kept["v"], t, 0.02, eps=eps)
        return x

    shows("torch RAdam, eps", way, our_path(theirs.place, "radam", 0.02, eps=0.1), follow(theirs, before))


def nadam_of_pytorch(grows, number):
    """With β₁(1 − 0.96^(0.004 n)/2) at step n, if it grows, and their product in a number format."""

    def step(x, g, t, kept):
        now, following = (0.9 * (1 - 0.96 ** (0.004 * n) / 2 * grows) for n in (t + 1, t + 2))
        kept["product"] = number(kept["product"] * number(now)) if t else number(now)
        kept["m"] = 0.9 * kept["m"] + 0.1 * g
        kept["v"] = 0.999 * kept["v"] + 0.001 * g**2
        product = float(kept["product"])
        ahead = following * kept["m"] / (1 - product * following) + (1 - now) * g / (1 - product)
        return x - 0.02 * ahead / (np.sqrt(kept["v"] / (1 - 0.999 ** (t + 1))) + 1e-8)

    return step


@pytest.mark.parametrize("way", WAYS["torch"])
def test_nadam_of_pytorch_lets_beta1_grow_from_its_half(way):
    theirs = UNLIKE["torch NAdam, momentum_decay"]
    exact = follow(theirs, nadam_of_pytorch(True, float))
    shows("torch NAdam, momentum_decay", way, our_path(theirs.place, "nadam", 0.02), exact)


@pytest.mark.parametrize("way", WAYS["torch"])
def test_nadam_of_pytorch_multiplies_in_the_default_number_format_whatever_the_points_are_in(way):
    theirs = UNLIKE["torch NAdam, float32"]
    plain = our_path(theirs.place, "nadam", 0.02)
    exact = follow(theirs, nadam_of_pytorch(False, np.float32))
    shows("torch NAdam, float32", way, plain, exact, least=1e-10)
    assert apart(plain[steps_of(way)], their_path(theirs, way)) < 1e-6


@pytest.mark.parametrize("way", WAYS["optax"])
def test_adagrad_of_optax_begins_at_a_tenth_and_has_eps_inside_the_root(way):
    theirs = UNLIKE["optax adagrad"]

    def inside(x, g, t, kept):
        kept["s"] = kept["s"] + g**2
        return x - 0.2 * g / np.sqrt(0.1 + kept["s"] + 0.01)

    shows("optax adagrad", way, our_path(theirs.place, "adagrad", 0.2, eps=0.01), follow(theirs, inside))


@pytest.mark.parametrize("way", WAYS["optax"])
def test_rmsprop_of_optax_has_eps_inside_the_root(way):
    theirs = UNLIKE["optax rmsprop, eps"]

    def inside(x, g, t, kept):
        kept["v"] = 0.9 * kept["v"] + 0.1 * g**2
        return x - 0.01 * g / np.sqrt(kept["v"] + 0.01)

    shows("optax rmsprop, eps", way, our_path(theirs.place, "rmsprop", 0.01, eps=0.01), follow(theirs, inside))


@pytest.mark.parametrize("way", WAYS["optax"])
def test_amsgrad_of_optax_takes_the_maximum_after_the_correction(way):
    theirs = UNLIKE["optax amsgrad"]

    def after(x, g, t, kept):
        kept["m"] = 0.9 * kept["m"] + 0.1 * g
        kept["v"] = 0.99 * kept["v"] + 0.01 * g**2
        kept["w"] = np.maximum(kept["w"], kept["v"] / (1 - 0.99 ** (t + 1)))
        return x - 0.02 * kept["m"] / (1 - 0.9 ** (t + 1)) / (np.sqrt(kept["w"]) + 1e-8)

    shows("optax amsgrad", way, our_path(theirs.place, "amsgrad", 0.02, beta2=0.99), follow(theirs, after))


@pytest.mark.parametrize("way", WAYS["optax"])
def test_radam_of_optax_rescales_from_its_threshold_on_and_not_only_beyond_it(way):
    """With β₂ = ½ the length 3 − 2n/(2ⁿ − 1) is 3 to the last bit from n = 59 on, and their threshold is 3."""
    theirs = UNLIKE["optax radam, threshold"]
    assert [3 - 2 * n * 0.5**n / (1 - 0.5**n) < 3 for n in (58, 59)] == [True, False]

    def rescaled_from(first):
        def step(x, g, t, kept):
            rule = optimizers.adam if t + 1 >= first else optimizers.radam  # at length 3 the factor is 1
            x, kept["m"], kept["v"] = rule(x, g, kept["m"], kept["v"], t, 0.02, beta2=0.5)
            return x

        return follow(theirs, step)

    assert (rescaled_from(math.inf) == our_path(theirs.place, "radam", 0.02, beta2=0.5)).all()
    shows("optax radam, threshold", way, rescaled_from(math.inf), rescaled_from(59))


@pytest.mark.parametrize("way", WAYS["torch"])
def test_adamw_of_pytorch_decays_by_our_default(way):
    theirs = UNLIKE["torch AdamW"]
    without = our_path(theirs.place, "adamw", 0.02, weight_decay=0.0)
    shows("torch AdamW", way, without, our_path(theirs.place, "adamw", 0.02))


@pytest.mark.parametrize("way", WAYS["optax"])
@pytest.mark.parametrize(("rule", "lr", "decay"), [("adamw", 0.02, 1e-4), ("lion", 0.01, 1e-3)])
def test_optax_decays_by_a_default_of_its_own(rule, lr, decay, way):
    place = UNLIKE[f"optax {rule}"].place
    exact = our_path(place, rule, lr, weight_decay=decay)
    shows(f"optax {rule}", way, our_path(place, rule, lr), exact)


def shows_rates(key, way, plain, exact):
    """That their rates are not the plain ones and are the exact ones, both functions of the step."""
    steps, theirs = their_rates(UNLIKE_RATES[key], way)
    same = f"{key} has become the same as ours: take it out of UNLIKE_RATES in cases.py, and of our docstrings"
    assert np.abs([plain(int(t)) for t in steps] - theirs).max() > 1e-5, same
    wrong = f"{key} differs otherwise than said: correct this test, and our docstrings"
    assert np.allclose([exact(int(t)) for t in steps], theirs, rtol=NEAR, atol=1e-16), wrong


@pytest.mark.parametrize("way", WAYS["torch"])
def test_cosine_of_pytorch_rises_again_after_its_end(way):
    ours = schedules.cosine(0.1, steps=60, end=0.02)
    shows_rates("torch CosineAnnealingLR", way, ours, lambda t: ours(60 - abs(60 - t % 120)))


@pytest.mark.parametrize("way", WAYS["torch"])
def test_one_cycle_of_pytorch_turns_up_after_its_last_step(way):
    ours = schedules.one_cycle(0.1, steps=60)
    end = ours(59)

    def turned(t):
        return ours(t) if t <= 59 else end + (0.1 - end) * (1 + math.cos(math.pi * (t - 17) / (59 - 17))) / 2

    assert turned(60) > 10 * end
    shows_rates("torch OneCycleLR", way, ours, turned)


@pytest.mark.parametrize("way", WAYS["optax"])
def test_one_cycle_of_optax_ends_one_step_later(way):
    later = schedules.one_cycle(0.1, steps=61, peak_at=19 / 61)
    assert later(18) == 0.1
    shows_rates("optax cosine_onecycle_schedule", way, schedules.one_cycle(0.1, steps=60), later)

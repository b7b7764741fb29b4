"""Python and the browser compute the same bits."""

import base64
import itertools

import numpy as np
import pytest

from lrlib import arithmetic, descend, noise, schedules, translate
from lrlib.optimizers import OPTIMIZERS
from lrlib.schedules import SCHEDULES
from lrlib.surfaces import SURFACES

STEPS = 300
RATES = (1e-3, 0.037, 0.11, 0.5, 1.0, 1.8, 1.9, 1.95, 2.0, 3.7)
SURFACE_SETTINGS = {
    "parabola": [{"curvature": 0.3}, {"curvature": 1.7}],
    "quadratic": [{"condition": 10.0, "rotation": 0.0}, {"condition": 137.0, "rotation": 33.3}],
    "regression": [{"mean_x": 1.3, "mean_y": -0.7, "variance_x": 0.2, "slope": 2.1, "residual": 0.4}],
    "valley": [{"steepness": 31.0, "bend": 1.3}],
    "rosenbrock": [{"steepness": 100.0}],
    "cliff": [{"width": 0.7, "tilt": 0.03}],
    "rastrigin": [{"height": 7.3}],
}
BETAS = [{"beta": 0.0}, {"beta": 0.9}, {"beta": 0.37}]
RULE_SETTINGS = {
    "momentum": BETAS,
    "nesterov": BETAS,
    "adagrad": [{"eps": 1e-10}],
    "adagrad_mean": [{"eps": 0.0}],
    "adadelta": [{"rho": 0.95, "eps": 1e-6}],
    "rmsprop": [{"rho": 0.9, "eps": 1e-8}],
    "adamw": [{"beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.1}],
    "lion": [{"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.01}],
} | {
    rule: [{"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}, {"beta1": 0.37, "beta2": 0.6, "eps": 0.0}]
    for rule in ("adam", "adam_uncorrected", "amsgrad", "radam", "nadam")
}
STARTS = ((0.731, -1.234), (1.1, 0.3))

#: All runs of a case at once: points, then loss and eigenvalues at each of them.
RUN = """([surface, surfaceSettings, rule, ruleSettings, starts, rates, steps]) => {
  const bound = M.surfaces[surface].at(...surfaceSettings), n = M.surfaces[surface].dimension, numbers = [];
  for (const start of starts) for (const rate of rates) {
    const points = M.optimizers[rule].descend(bound.gradient, start, new Float64Array(steps).fill(rate), ...ruleSettings);
    for (let t = 0; t <= steps; t++) {
      const [x, y] = [points[t * n], points[t * n + 1]], hessian = bound.hessian(x, y);
      for (let i = 0; i < n; i++) numbers.push(points[t * n + i]);
      numbers.push(bound.value(x, y), ...(n === 1 ? hessian : M.eigenvalues_2d(...hessian)));
    }
  }
  const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""


@pytest.fixture(scope="module")
def mathematics(browser):
    page = browser.new_page()
    page.evaluate(f"window.M = {translate.mathematics()}; undefined")
    yield page
    page.close()


def bits(numbers) -> np.ndarray:
    """The bits of an array of doubles; every nan counts as the same one."""
    array = np.array(numbers, dtype=np.float64)
    return np.where(np.isnan(array), np.float64("nan"), array).view(np.int64)


def from_page(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=np.float64)


CASES = [
    (surface, ours, rule, theirs)
    for surface, rule in itertools.product(SURFACES, OPTIMIZERS)
    for ours in SURFACE_SETTINGS.get(surface, [{}])
    for theirs in RULE_SETTINGS.get(rule, [{}])
]


@pytest.mark.parametrize(("surface", "ours", "rule", "theirs"), CASES, ids=str)
def test_a_run_has_the_same_bits_in_python_and_in_the_browser(mathematics, surface, ours, rule, theirs):
    n = SURFACES[surface].dimension
    starts = [start[:n] for start in STARTS]
    given = [surface, list(ours.values()), rule, list(theirs.values()), starts, RATES, STEPS]
    measured = from_page(mathematics.evaluate(RUN, given)).reshape(len(starts), len(RATES), STEPS + 1, -1)
    path = descend(surface, rule, np.array(starts)[:, None], RATES, STEPS, **ours, **theirs)
    for name, columns in (("points", slice(n)), ("losses", n), ("eigenvalues", slice(n + 1, None))):
        same = bits(measured[..., columns]) == bits(getattr(path, name))
        differ = np.argwhere(~same.reshape(len(starts), len(RATES), -1).all(axis=-1))
        assert same.all(), f"{name} differ at " + ", ".join(f"start {starts[i]}, rate {RATES[j]}" for i, j in differ)


def test_the_runs_of_the_sweep_are_those_one_by_one():
    """The parity test descends in one pass; a single run goes another way, in plain floats."""
    for surface, rule in itertools.product(("rosenbrock", "rastrigin", "quadratic"), OPTIMIZERS):
        sweep = descend(surface, rule, STARTS[0], RATES, STEPS)
        for i, rate in enumerate(RATES):
            assert (bits(sweep.points[i]) == bits(descend(surface, rule, STARTS[0], rate, STEPS).points)).all()


def test_the_parity_runs_include_chaos_where_one_bit_would_show():
    """Neighbouring starts part: what makes equality of bits a sharp test."""
    start = STARTS[0][0]
    a, b = (descend("double_well", "gd", x, 1.9, STEPS).points for x in (start, np.nextafter(start, 1)))
    assert np.abs(a - b).max() > 0.1 and np.isfinite(a).all()


@pytest.mark.parametrize("name", ["sin", "cos", "exp", "log", "sq", "cube", "sign", "exponent"])
def test_a_function_has_the_same_bits_in_python_and_in_the_browser(mathematics, name):
    random = np.random.default_rng(3)
    x = np.concatenate(
        [random.normal(0, 1e3, 4000), random.normal(0, 1, 4000), [0.0, 1.0, -1.0, 1e-310, 709.7, -744.9]]
    )
    if name == "exponent":
        x = np.abs(x[x != 0])
    with np.errstate(all="ignore"):
        expected = getattr(arithmetic, name)(x)
    measured = np.array(mathematics.evaluate(f"x => x.map(v => String(M.{name}(v)))", x.tolist()), dtype=object)
    measured = np.array([float(v.replace("Infinity", "inf").replace("NaN", "nan")) for v in measured])
    assert (bits(measured) == bits(expected)).all()


@pytest.mark.parametrize("name", ["minimum", "maximum", "power"])
def test_a_function_of_two_numbers_has_the_same_bits(mathematics, name):
    random = np.random.default_rng(4)
    a, b = random.normal(0, 2, 3000), np.floor(random.normal(0, 20, 3000))
    with np.errstate(all="ignore"):
        expected = getattr(arithmetic, name)(a, b)
    measured = mathematics.evaluate(f"([a, b]) => a.map((v, i) => String(M.{name}(v, b[i])))", [a.tolist(), b.tolist()])
    assert (bits([float(v.replace("Infinity", "inf")) for v in measured]) == bits(expected)).all()


def test_settings_are_given_in_the_order_of_the_signature():
    for known, given in ((SURFACES, SURFACE_SETTINGS), (OPTIMIZERS, RULE_SETTINGS)):
        for name, choices in given.items():
            assert all(list(choice) == list(known[name].settings) for choice in choices), name


SCHEDULE = """([name, t, lr, settings]) => t.map((step) => String(M.schedules[name].rate(step, lr, ...settings)))"""
WARMUP = """([t, steps, start, lr, k]) => {
  const rate = (step) => M.schedules.exponential_decay.rate(step, lr, k);
  return t.map((step) => String(M.warmup(step, rate(0), rate(step - steps), steps, start)));
}"""


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("chosen", ["default", "high"])
def test_a_schedule_has_the_same_bits(mathematics, name, chosen):
    known = SCHEDULES[name]
    settings = {n: s.default if chosen == "default" else s.slider[1] for n, s in known.settings.items()}
    if chosen == "high":  # settings that agree with each other
        agree = {"warmup_stable_decay": {"warmup": 300.0, "decay": 450.0}, "cyclic": {"base": 0.2}}
        settings |= agree.get(name, {})
    rate = known(0.37, **settings)
    t = np.arange(2500)
    measured = mathematics.evaluate(SCHEDULE, [name, t.tolist(), 0.37, list(rate.settings.values())])
    assert (bits([float(v) for v in measured]) == bits(rate(t))).all()


def test_a_warm_up_has_the_same_bits(mathematics):
    t = np.arange(300)
    expected = schedules.warmup(schedules.exponential_decay(0.37, k=0.013), steps=70, start=0.1)(t)
    measured = mathematics.evaluate(WARMUP, [t.tolist(), 70, 0.1, 0.37, 0.013])
    assert (bits([float(v) for v in measured]) == bits(expected)).all()


def test_a_run_with_a_schedule_has_the_same_bits(mathematics):
    rate = schedules.one_cycle(0.02, steps=STEPS)
    path = descend("rosenbrock", "adam", STARTS[0], rate, STEPS)
    script = """([start, rates]) => {
      const bound = M.surfaces.rosenbrock.at(100);
      return [...M.optimizers.adam.descend(bound.gradient, start, rates, 0.9, 0.999, 1e-8)].map(String);
    }"""
    measured = mathematics.evaluate(script, [STARTS[0], path.rates.tolist()])
    assert (bits([float(v) for v in measured]) == bits(path.points).ravel()).all()


def defaults(known):
    return [setting.default for setting in known.settings.values()]


@pytest.mark.parametrize("rule", [name for name, known in OPTIMIZERS.items() if known.threshold])
def test_limits_have_the_same_bits(mathematics, rule):
    known = OPTIMIZERS[rule]
    for settings in (defaults(known), *(list(given.values()) for given in RULE_SETTINGS.get(rule, []))):
        for role in ("threshold", "glide"):
            measured = mathematics.evaluate(f"given => M.optimizers.{rule}.{role}(...given)", [0.1, *settings])
            assert measured == float(getattr(known, role)(0.1, *settings)), (role, settings)


def test_lion_has_no_limits(mathematics):
    assert mathematics.evaluate("() => Object.keys(M.optimizers.lion)") == ["settings", "descend"]


@pytest.mark.parametrize("rule", [name for name, known in OPTIMIZERS.items() if known.scale])
def test_what_the_rule_multiplies_the_gradient_by_can_be_translated_with_the_same_bits(mathematics, rule):
    known = OPTIMIZERS[rule]
    random = np.random.default_rng(5)
    script = f"(() => {{ const {{ sq, maximum, power, sqrt = Math.sqrt, rectification }} = M; return {translate.function(known.scale)}; }})()"
    mathematics.evaluate(f"window.scale = {script}; undefined")
    for t in (0, 3, 4, 5, 6, 250):
        given = [*np.abs(random.normal(size=1 + len(known.state))).tolist(), t, *defaults(known)]
        assert mathematics.evaluate("given => scale(...given)", given) == float(known.scale(*given)), t


def test_noise_can_be_translated_with_the_same_bits(mathematics):
    parts = (noise.remainder, noise.seeded_first, noise.seeded_second, noise.next_first, noise.next_second)
    parts += (noise.uniform, noise.normal_cos, noise.normal_sin)
    written = "\n".join(translate.function(part) for part in parts)
    script = f"""([seed, count]) => {{
      const {{ sin, cos, log }} = M, {{ sqrt, floor }} = Math;
      {written}
      let a = seeded_first(seed), b = seeded_second(seed);
      const numbers = [], draw = () => {{ a = next_first(a); b = next_second(b); return uniform(a, b); }};
      for (let i = 0; i < {noise.DISCARDED}; i++) draw();
      for (let i = 0; i < count; i++) {{ const u = draw(), v = draw(); numbers.push(normal_cos(u, v), normal_sin(u, v)); }}
      return numbers.map(String);
    }}"""
    for seed in (0, 1, 77, 999_999):
        measured = mathematics.evaluate(script, [seed, 200])
        assert (bits([float(v) for v in measured]) == bits(noise.normals(seed, 200, 2)).ravel()).all()

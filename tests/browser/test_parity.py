"""Python and the browser compute the same bits."""

import base64
import itertools

import numpy as np
import pytest

from lrlib import arithmetic, curvature, descend, noise, schedules, translate
from lrlib.optimizers import OPTIMIZERS
from lrlib.schedules import SCHEDULES
from lrlib.surfaces import SURFACES

STEPS = 200
SHORT_RATES = (1e-3, 0.037, 0.11, 0.5, 1.9, 3.7)
RATES = (1e-3, 0.037, 0.11, 0.5, 1.0, 1.8, 1.9, 1.95, 2.0, 3.7)
SURFACE_SETTINGS = {
    "parabola": [{"curvature": 0.3}, {"curvature": 1.7}],
    "quadratic": [{"condition": 10.0, "rotation": 0.0}, {"condition": 137.0, "rotation": 33.3}],
    "regression": [{"mean_x": 1.3, "mean_y": -0.7, "variance_x": 0.2, "slope": 2.1, "residual": 0.4}],
    "valley": [{"steepness": 31.0, "bend": 1.3}],
    "rosenbrock": [{"steepness": 100.0}],
    "cliff": [{"width": 0.7, "tilt": 0.03}],
    "rastrigin": [{"height": 7.3}],
    "relu_unit": [{"leak": 0.0}, {"leak": 0.07}],
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

FORMATS = ("float64", "float32", "float16")
SEED = 7

#: All runs of a case at once. At each step stand the point, the loss, the gradient, the state and the
#: eigenvalues; where the rule has them, the eigenvalues of the rescaled Hessian and the corrected state.
RUN = """([format, surface, surfaceSettings, rule, ruleSettings, starts, rates, steps, deviations, clips, restart]) => {
  const M = mathematicsIn(format), exact = mathematicsIn("float64"), rounded = (v) => Float64Array.from(v, M.round);
  const n = M.surfaces[surface].dimension, hyper = rounded(ruleSettings), known = exact.optimizers[rule];
  const bound = M.surfaces[surface].at(...rounded(surfaceSettings));
  const { hessian } = exact.surfaces[surface].at(...rounded(surfaceSettings));
  const { state, scale, correction } = known, two = n === 2;
  const width = n * (3 + state.length * (correction ? 2 : 1) + (scale ? 1 : 0)) + 2;
  const numbers = new Float64Array(starts.length * rates.length * (steps + 1) * width);
  let end = 0;
  starts.forEach((start, j) => rates.forEach((rate) => {
    const noise = deviations && rounded(M.normals(SEED, steps + 1, n).map((v) => deviations[j] * v));
    const constant = rounded(new Float64Array(steps).fill(rate));
    const run = M.optimizers[rule].descend(bound.gradient, rounded(start), constant, noise, clips && M.round(clips[j]), restart ?? Infinity, ...hyper);
    const { points, gradients, clipped } = run, kept = state.map((name) => run.state[name]);
    const put = (values, k) => { for (let i = k; i < k + n; i++) numbers[end++] = values[i]; };
    for (let t = 0, k = 0; t <= steps; t++, k += n) {
      const x = points[k], y = points[k + 1], curved = hessian(x, y);
      put(points, k);
      numbers[end++] = bound.value(x, y);
      put(gradients, k);
      numbers[end++] = clipped[t];
      for (const values of kept) put(values, k);
      put(two ? exact.eigenvalues_2d(...curved) : curved, 0);
      if (scale) {
        const given = (i) => M.round(gradients[i] * clipped[t]), counted = t < (restart ?? Infinity) ? t : t - restart;
        const [s, r] = [k, k + n - 1].map((i) => scale(given(i), ...kept.map((values) => values[i]), counted, ...hyper) * clipped[t]);
        put(two ? exact.preconditioned_2d(...curved, s, r) : [curved[0] * s], 0);
      }
      if (correction) {
        const by = correction(t - 1 - (t > restart ? restart : 0), ...hyper);
        kept.forEach((values, s) => { for (let i = k; i < k + n; i++) numbers[end++] = t ? values[i] / by[s] : 0; });
      }
    }
  }));
  const bytes = new Uint8Array(numbers.buffer), parts = [];
  for (let i = 0; i < bytes.length; i += 30000) parts.push(String.fromCharCode(...bytes.subarray(i, i + 30000)));
  return btoa(parts.join(""));
}""".replace("SEED", str(SEED))


@pytest.fixture(scope="module")
def mathematics(browser):
    page = browser.new_page()
    page.evaluate(f"window.mathematicsIn = {translate.mathematics()}; window.M = mathematicsIn('float64'); undefined")
    yield page
    page.close()


def bits(numbers) -> np.ndarray:
    """The bits of an array, of its numbers as doubles; every nan counts as the same one."""
    array = np.array(numbers, dtype=np.float64)
    return np.where(np.isnan(array), np.float64("nan"), array).view(np.int64)


def from_page(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=np.float64)


def columns(path) -> dict[str, np.ndarray]:
    """What the page computes at each step, in its order; a step that has no rescaled Hessian has nan."""
    named = {"points": path.points, "losses": path.losses[..., None], "gradients": path.gradients}
    named |= {"clipped": path.clipped[..., None]}
    named |= {f"state {name}": values for name, values in path.state.items()} | {"eigenvalues": path.eigenvalues}
    if path.optimizer.scale:
        last = np.full_like(path.eigenvalues[..., :1, :], np.nan)
        named["preconditioned eigenvalues"] = np.concatenate([path.preconditioned_eigenvalues, last], axis=-2)
    return named | {f"corrected {name}": values for name, values in path.corrected.items()}


def compare(
    mathematics, form, surface, ours, rule, theirs, rates, steps, deviations=None, clips=None, restart=None
) -> None:
    """One run for each start and rate, in Python and in the page; deviations of the noise and clips for each start."""
    starts = [start[: SURFACES[surface].dimension] for start in STARTS]
    noise = np.array(deviations or [0.0, 0.0])[:, None]
    usual = {"noise": noise, "seed": SEED, "dtype": form, "clip": None if clips is None else np.array(clips)[:, None]}
    usual |= {} if restart is None else {"resume": restart, "lost": "memory"}
    path = descend(surface, rule, np.array(starts)[:, None], rates, steps, **usual, **ours, **theirs)
    expected = columns(path)
    given = [form, surface, settings_of(SURFACES[surface], ours), rule, settings_of(OPTIMIZERS[rule], theirs)]
    measured = from_page(mathematics.evaluate(RUN, [*given, starts, rates, steps, deviations, clips, restart]))
    measured, first = measured.reshape(len(starts), len(rates), steps + 1, -1), 0
    assert measured.shape[-1] == sum(values.shape[-1] for values in expected.values())
    for name, values in expected.items():
        there = measured[..., first : first + values.shape[-1]]
        first += values.shape[-1]
        if name == "preconditioned eigenvalues":
            values, there = values[..., :-1, :], there[..., :-1, :]
        same = (bits(there) == bits(values)).reshape(len(starts), len(rates), -1).all(axis=-1)
        differ = ", ".join(f"start {starts[i]}, rate {rates[j]}" for i, j in np.argwhere(~same))
        assert same.all(), f"{name} on {surface} differ at {differ}"


def settings_of(known, given) -> list[float]:
    return [given.get(name, setting.default) for name, setting in known.settings.items()]


CASES = [
    (surface, ours, rule, theirs)
    for surface, rule in itertools.product(SURFACES, OPTIMIZERS)
    for ours in SURFACE_SETTINGS.get(surface, [{}])
    for theirs in RULE_SETTINGS.get(rule, [{}])
]


@pytest.mark.parametrize(("surface", "ours", "rule", "theirs"), CASES, ids=str)
def test_a_run_has_the_same_bits_in_python_and_in_the_browser(mathematics, surface, ours, rule, theirs):
    compare(mathematics, "float64", surface, ours, rule, theirs, RATES, STEPS)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_run_with_noise_has_the_same_bits_in_every_number_format(mathematics, form, rule):
    for surface in SURFACES:
        ours, theirs = SURFACE_SETTINGS.get(surface, [{}])[-1], RULE_SETTINGS.get(rule, [{}])[0]
        compare(mathematics, form, surface, ours, rule, theirs, SHORT_RATES, 60, deviations=[0.0, 0.3])


@pytest.mark.parametrize("form", ["float32", "float16"])
def test_a_run_without_noise_has_the_same_bits_in_a_shorter_format(mathematics, form):
    for surface, rule in itertools.product(("rosenbrock", "cliff"), OPTIMIZERS):
        compare(mathematics, form, surface, {}, rule, {}, SHORT_RATES[2:4], 60)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_run_that_is_clipped_and_resumed_without_memory_has_the_same_bits(mathematics, form, rule):
    theirs = RULE_SETTINGS.get(rule, [{}])[0]
    for surface in ("rosenbrock", "double_well", "relu_unit"):
        more = {"deviations": [0.0, 0.3], "clips": [0.37, 5.0], "restart": 23}
        compare(mathematics, form, surface, {}, rule, theirs, SHORT_RATES, 60, **more)


def test_formats_are_remembered_and_float64_is_not_rounded(mathematics):
    script = "(form) => [mathematicsIn(form) === mathematicsIn(form), mathematicsIn(form).round(0.1)]"
    for form in FORMATS:
        assert mathematics.evaluate(script, form) == [True, float(np.dtype(form).type(0.1))]


def test_what_is_computed_of_a_run_afterwards_is_float64_in_every_format(mathematics):
    script = """(form) => {
      const M = mathematicsIn(form), { scale, correction, threshold } = M.optimizers.adam;
      const bound = M.surfaces.cliff.at(0.5, 0.02), hyper = [0.9, 0.999, 1e-8];
      return [scale(0.3, 0.1, 0.2, 3, ...hyper), ...correction(3, ...hyper), threshold(0.1, ...hyper),
        ...bound.hessian(0.3, 0.7), ...M.normals(3, 2, 2), M.schedules.cosine.rate(3, 0.1, 10, 0)];
    }"""
    one, *others = (mathematics.evaluate(script, form) for form in FORMATS)
    assert others == [one, one]


def test_our_own_half_precision_is_that_of_the_browser_and_of_numpy(mathematics):
    every = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(float)
    every = np.sort(every[np.isfinite(every)])
    between = (every[1:] + every[:-1]) / 2
    random = np.random.default_rng(6)
    numbers = [every, between, np.nextafter(between, np.inf), np.nextafter(between, -np.inf)]
    numbers += [random.normal(0, 1, 9999) * 10.0 ** random.integers(-9, 6, 9999)]
    numbers += [[65519.999, 65520, -65520, 1e300, -np.inf, np.inf, np.nan, 0.0, -0.0, 5e-324, -5e-324, 1e-310]]
    x = np.concatenate(numbers)
    script = f"""(text) => {{
      const x = new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer), half = {translate.HALF};
      const native = Math.f16round ?? half, wrong = x.filter((v) => !Object.is(half(v), native(v)));
      return [[...wrong], btoa(Array.from(new Uint8Array(x.map(half).buffer), (c) => String.fromCharCode(c)).join(""))];
    }}"""
    wrong, ours = mathematics.evaluate(script, base64.b64encode(x.tobytes()).decode())
    assert wrong == []
    with np.errstate(over="ignore"):
        expected = x.astype(np.float16)
    assert (bits(from_page(ours)) == bits(expected)).all()


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
      const { gradient } = M.surfaces.rosenbrock.at(100);
      return [...M.optimizers.adam.descend(gradient, start, rates, null, null, Infinity, 0.9, 0.999, 1e-8).points].map(String);
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
    assert mathematics.evaluate("() => Object.keys(M.optimizers.lion)") == ["settings", "state", "descend"]


def test_the_page_knows_which_rules_have_which_companions(mathematics):
    for name, known in OPTIMIZERS.items():
        roles = [role for role in ("threshold", "glide", "scale", "correction") if getattr(known, role)]
        keys, state = mathematics.evaluate(f"() => [Object.keys(M.optimizers.{name}), M.optimizers.{name}.state]")
        assert (keys, state) == (["settings", "state", *roles, "descend"], known.state)


def test_a_noise_floor_has_the_same_bits(mathematics):
    given = [(lr, curve, noise) for lr in (*RATES, 0.0) for curve in (0.3, 1.0, 1.7, 137.0) for noise in (0.5, 2.0)]
    measured = mathematics.evaluate("all => all.map(given => String(M.floor_along(...given)))", given)
    with np.errstate(all="ignore"):
        expected = curvature.floor_along(*np.array(given).T)
    assert (bits([float(v) for v in measured]) == bits(expected)).all() and np.isinf(expected).any()


@pytest.mark.parametrize("coordinates", [1, 2])
def test_noise_has_the_same_bits(mathematics, coordinates):
    for seed in (0, 1, 77, 999_999):
        measured = mathematics.evaluate("given => [...M.normals(...given)].map(String)", [seed, 200, coordinates])
        assert (bits([float(v) for v in measured]) == bits(noise.normals(seed, 200, coordinates)).ravel()).all()

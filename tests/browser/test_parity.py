"""Python and the browser compute the same bits."""

import base64
import itertools

import numpy as np
import pytest

from lrlib import arithmetic, curvature, descend, translate
from lrlib.optimizers import OPTIMIZERS
from lrlib.surfaces import SURFACES

STEPS = 300
RATES = (1e-3, 0.037, 0.11, 0.5, 1.0, 1.8, 1.9, 1.95, 2.0, 3.7)
SURFACE_SETTINGS = {
    "parabola": [{"curvature": 0.3}, {"curvature": 1.7}],
    "quadratic": [{"condition": 10.0, "rotation": 0.0}, {"condition": 137.0, "rotation": 33.3}],
    "regression": [{"mean_x": 1.3, "mean_y": -0.7, "variance_x": 0.2, "slope": 2.1, "residual": 0.4}],
    "double_well": [{}],
    "pseudo_huber": [{}],
}
RULE_SETTINGS = {"gd": [{}], "momentum": [{"beta": 0.0}, {"beta": 0.9}, {"beta": 0.37}]}
STARTS = ((0.731, -1.234), (1.1, 0.3))

RUN = """([surface, surfaceSettings, rule, ruleSettings, start, rate, steps]) => {
  const bound = M.surfaces[surface].at(...surfaceSettings), n = M.surfaces[surface].dimension;
  const points = M.optimizers[rule].descend(bound.gradient, start, steps, rate, ...ruleSettings);
  const numbers = [...points];
  for (let t = 0; t <= steps; t++) {
    const [x, y] = [points[t * n], points[t * n + 1]], hessian = bound.hessian(x, y);
    numbers.push(bound.value(x, y), ...(n === 1 ? hessian : M.eigenvalues_2d(...hessian)));
  }
  const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""


@pytest.fixture
def mathematics(page):
    page.goto("about:blank")
    page.evaluate(f"window.M = {translate.mathematics()}; undefined")
    return page


def bits(numbers) -> np.ndarray:
    """The bits of an array of doubles; every nan counts as the same one."""
    array = np.array(numbers, dtype=np.float64)
    return np.where(np.isnan(array), np.float64("nan"), array).view(np.int64)


def from_page(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=np.float64)


CASES = [
    (surface, ours, rule, theirs)
    for surface, rule in itertools.product(SURFACES, OPTIMIZERS)
    for ours in SURFACE_SETTINGS[surface]
    for theirs in RULE_SETTINGS[rule]
]


@pytest.mark.parametrize(("surface", "ours", "rule", "theirs"), CASES, ids=str)
def test_a_run_has_the_same_bits_in_python_and_in_the_browser(mathematics, surface, ours, rule, theirs):
    n = SURFACES[surface].dimension
    for start, rate in itertools.product(STARTS, RATES):
        given = [surface, list(ours.values()), rule, list(theirs.values()), start[:n], rate, STEPS]
        measured = from_page(mathematics.evaluate(RUN, given))
        path = descend(surface, rule, start[:n], rate, STEPS, **ours, **theirs)
        points, rest = measured[: path.points.size], measured[path.points.size :].reshape(STEPS + 1, -1)
        told = f"start {start[:n]}, rate {rate}"
        assert (bits(points) == bits(path.points).ravel()).all(), f"points differ at {told}"
        assert (bits(rest[:, 0]) == bits(path.losses)).all(), f"losses differ at {told}"
        assert (bits(rest[:, 1:]) == bits(path.eigenvalues)).all(), f"eigenvalues differ at {told}"


def test_the_parity_runs_include_chaos_where_one_bit_would_show():
    """Neighbouring starts part: what makes equality of bits a sharp test."""
    start = STARTS[0][0]
    a, b = (descend("double_well", "gd", x, 1.9, STEPS).points for x in (start, np.nextafter(start, 1)))
    assert np.abs(a - b).max() > 0.1 and np.isfinite(a).all()


@pytest.mark.parametrize("name", ["sin", "cos", "exp", "log", "sq", "cube", "exponent"])
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


def test_thresholds_have_the_same_bits(mathematics):
    for beta in (0.0, 0.1, 0.5, 0.9, 0.99, 0.999):
        for role in ("threshold", "glide"):
            measured = mathematics.evaluate(f"beta => M.optimizers.momentum.{role}(beta)", beta)
            assert measured == float(getattr(OPTIMIZERS["momentum"], role)(beta))
    assert mathematics.evaluate("() => M.optimizers.gd.threshold()") == curvature.threshold("gd")

"""Surfaces against their formulas, their derivatives against SymPy and against finite differences."""

import inspect
import re

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.spatial
import scipy.special
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from lrlib import surfaces, translate
from lrlib.rebind import rebind
from lrlib.surfaces import SURFACES

SETTINGS = {
    "parabola": {"curvature": 3.0},
    "quadratic": {"condition": 40.0, "rotation": 25.0},
    "regression": {"mean_x": 2.0, "mean_y": -1.0, "variance_x": 0.5, "slope": 3.0, "residual": 0.2},
    "valley": {"steepness": 70.0, "bend": 1.7},
    "rosenbrock": {"steepness": 30.0},
    "cliff": {"width": 0.3, "tilt": 0.05},
    "rastrigin": {"height": 4.0},
    "relu_unit": {"leak": 0.3},
}


def turned(x, y, degrees):
    point = complex(x, y) * np.exp(1j * np.radians(degrees))
    return point.real, point.imag


#: The inputs of `relu_unit`, and its activation.
INPUTS = np.array([-1, 0, 1, 2])


def leaky(z, leak):
    return np.maximum(z, 0) + leak * np.minimum(z, 0)


#: Written once more, in Python's own mathematics; `regression` has a test of its own.
FORMULAS = {
    "parabola": lambda x, curvature: curvature * x**2 / 2,
    "quadratic": lambda x, y, condition, rotation: np.dot([1, condition], np.square(turned(x, y, -rotation))) / 2,
    "double_well": lambda x: (x**2 - 1) ** 2 / 4,
    "pseudo_huber": lambda x: scipy.special.pseudo_huber(1, x),
    "valley": lambda x, y, steepness, bend: (x**2 + steepness * (y - bend * np.sin(x)) ** 2) / 2,
    "rosenbrock": lambda x, y, steepness: scipy.optimize.rosen([x, y]) + (steepness - 100) * (y - x**2) ** 2,
    "beale": lambda x, y: sum((c - x * (1 - y**k)) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))),
    "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "saddle": lambda x, y: (x + y) * (x - y) / 2,
    "monkey_saddle": lambda x, y: (complex(x, y) ** 3).real,
    "cliff": lambda x, y, width, tilt: -np.expm1(-((np.hypot(x, y) / width) ** 2) / 2) + tilt * np.hypot(x, y) ** 2 / 2,
    "rastrigin": lambda x, y, height: sum(v**2 - height * np.cos(2 * np.pi * v) + height for v in (x, y)),
    "relu_unit": lambda w, b, leak: np.mean((leaky(w * INPUTS + b, leak) - leaky(INPUTS + 0.5, leak)) ** 2) / 2,
}
#: Eigenvalues of the Hessian at minima, worked out by hand or as the docstrings tell them.
CURVATURES = [
    ("parabola", {"curvature": 3.0}, (0,), [3]),
    ("quadratic", {}, (0, 0), [1, 10]),
    ("double_well", {}, (1,), [2]),
    ("pseudo_huber", {}, (0,), [1]),
    ("valley", {}, (0, 0), [0.494, 40.51]),
    ("valley", {"steepness": 7.0, "bend": 0.0}, (0, 0), [1, 7]),
    ("rosenbrock", {}, (1, 1), [0.3994, 1001.6]),
    ("beale", {}, (3, 0.5), [0.3015, 48.98]),
    ("himmelblau", {}, (3, 2), [25.72, 82.28]),
    ("himmelblau", {}, (-2.805118, 3.131313), [64.84, 80.55]),
    ("himmelblau", {}, (-3.779310, -3.283186), [70.71, 133.79]),
    ("himmelblau", {}, (3.584428, -1.848127), [28.69, 105.42]),
    ("cliff", {}, (0, 0), [4.02, 4.02]),
    ("cliff", {"width": 0.1, "tilt": 0.0}, (0, 0), [100, 100]),
    ("rastrigin", {}, (0, 0), [2 + 40 * np.pi**2] * 2),
    ("relu_unit", {}, (1, 0.5), [0.2094, 1.7906]),
    ("relu_unit", {"leak": 1.0}, (1, 0.5), [0.6910, 1.8090]),
]
WITH_MINIMA = [name for name in SURFACES if name not in ("saddle", "monkey_saddle")]
WITH_SETTINGS = [(name, setting) for name in SURFACES for setting in SURFACES[name].settings]
share = st.floats(0, 1)


def inside(surface, shares):
    """A point of the view: 0 is the low end of a coordinate, 1 the high end."""
    return [low + s * (high - low) for (low, high), s in zip(surface.view, shares, strict=False)]


def drawn(setting, share):
    """A value on the setting's slider."""
    low, high = setting.slider
    return low * (high / low) ** share if setting.log else low + share * (high - low)


def draws(surface, number):
    """Random points of the view, each with random settings."""
    random = np.random.default_rng(4)
    for _ in range(number):
        yield inside(surface, random.random(2)), {n: drawn(s, random.random()) for n, s in surface.settings.items()}


def grid(surface):
    """Coordinates of a grid all over the view, edges included."""
    return np.meshgrid(*(np.linspace(low, high, 201) for low, high in surface.view))


def minima(surface, **settings):
    return np.reshape(surface.minima(**settings), (-1, surface.dimension))


def matrix(surface, point, **settings):
    """The Hessian at one point as a symmetric matrix."""
    full = np.empty((surface.dimension, surface.dimension))
    rows, columns = np.triu_indices(surface.dimension)
    full[rows, columns] = full[columns, rows] = surface.hessian(*point, **settings)
    return full


def is_smooth(surface, point):
    """Whether differences can be taken there: not beside a kink of `relu_unit`."""
    w, b = point if surface.name == "relu_unit" else (0, 1)
    return np.abs(w * INPUTS + b).min() > 1e-4


def difference(function, point, i, step=1e-5):
    """Central difference along coordinate i."""
    forward, backward = list(point), list(point)
    forward[i] += step
    backward[i] -= step
    return (np.array(function(*forward)) - np.array(function(*backward))) / (2 * step)


def rounding(size):
    """What a difference of numbers of this size may be off: rounding is divided by the step."""
    return 1e-6 * max(1, np.abs(size).max())


@pytest.mark.parametrize("name", FORMULAS)
def test_the_value_is_that_of_the_formula(name):
    for point, settings in draws(SURFACES[name], 100):
        expected = FORMULAS[name](*point, **settings)
        assert SURFACES[name].value(*point, **settings) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", SURFACES)
def test_gradient_and_hessian_are_the_derivatives_that_sympy_finds(name):
    surface = SURFACES[name]
    words = {word: getattr(sympy, word) for word in ("sqrt", "exp", "log", "sin", "cos")}
    words["where"] = lambda test, yes, no: sympy.Piecewise((yes, test), (no, True))
    coordinates = sympy.symbols("x y")[: surface.dimension]
    settings = sympy.symbols(list(surface.settings))
    value = rebind(surface.value, words)(*coordinates, **dict(zip(surface.settings, settings, strict=True)))
    slopes = [sympy.diff(value, x) for x in coordinates]
    curvatures = [sympy.diff(slope, x) for i, slope in enumerate(slopes) for x in coordinates[i:]]
    for ours, derivatives in ((surface.gradient, slopes), (surface.hessian, curvatures)):
        exact = sympy.lambdify([*coordinates, *settings], derivatives, "mpmath")
        for point, chosen in draws(surface, 100):
            with mpmath.workdps(30):
                expected = [float(v) for v in exact(*map(mpmath.mpf, [*point, *chosen.values()]))]
            measured = ours(*point, **chosen)
            assert len(measured) == len(expected)
            assert measured == pytest.approx(expected, rel=1e-10, abs=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("name", SURFACES)
@given(shares=st.tuples(share, share))
def test_gradient_is_the_slope_of_the_value(name, shares):
    surface, settings = SURFACES[name], SETTINGS.get(name, {})
    point = inside(surface, shares)
    assume(is_smooth(surface, point))
    noise = rounding(surface.value(*point, **settings))
    for i, slope in enumerate(surface.gradient(*point, **settings)):
        measured = difference(lambda *x: surface.value(*x, **settings), point, i)
        assert slope == pytest.approx(measured, rel=1e-6, abs=noise)


@pytest.mark.parametrize("name", SURFACES)
@given(shares=st.tuples(share, share))
def test_hessian_is_the_slope_of_the_gradient(name, shares):
    surface, settings = SURFACES[name], SETTINGS.get(name, {})
    point = inside(surface, shares)
    assume(is_smooth(surface, point))
    noise = rounding(surface.gradient(*point, **settings))
    rows, columns = np.triu_indices(surface.dimension)
    for value, i, j in zip(surface.hessian(*point, **settings), rows, columns, strict=True):
        measured = difference(lambda *x: surface.gradient(*x, **settings), point, j)[i]
        assert value == pytest.approx(measured, rel=1e-6, abs=noise)


@pytest.mark.parametrize("name", WITH_MINIMA)
def test_the_loss_is_flat_and_lowest_at_each_minimum(name):
    surface, settings = SURFACES[name], SETTINGS.get(name, {})
    assert len(minima(surface, **settings)) > 0
    for minimum in minima(surface, **settings):
        lowest = surface.value(*minimum, **settings)
        assert np.allclose(surface.gradient(*minimum, **settings), 0, atol=1e-12)
        assert np.linalg.eigvalsh(matrix(surface, minimum, **settings)).min() > 0
        for direction in np.random.default_rng(1).normal(size=(20, surface.dimension)):
            assert surface.value(*(minimum + 0.1 * direction), **settings) > lowest
        # Rounded coordinates leave a loss of 1e-30 where another minimum has none.
        assert (surface.value(*grid(surface), **settings) >= lowest - 1e-24).all()


def test_himmelblau_has_four_different_minima():
    distances = scipy.spatial.distance.pdist(minima(surfaces.himmelblau))
    assert len(distances) == 6 and distances.min() > 3


@pytest.mark.parametrize(("name", "settings", "minimum", "expected"), CURVATURES)
def test_the_curvature_at_a_minimum_is_as_told(name, settings, minimum, expected):
    surface = SURFACES[name]
    assert np.abs(minima(surface, **settings) - minimum).max(axis=1).min() < 1e-6
    assert np.linalg.eigvalsh(matrix(surface, minimum, **settings)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("name", "eigenvalues"), [("saddle", [-1, 1]), ("monkey_saddle", [0, 0])])
def test_a_saddle_is_flat_in_the_middle_but_has_no_minimum(name, eigenvalues):
    surface = SURFACES[name]
    assert surface.minima() == ()
    assert surface.gradient(0.0, 0.0) == (0, 0)
    assert np.linalg.eigvalsh(matrix(surface, (0.0, 0.0))).tolist() == eigenvalues
    ring = surface.value(np.cos(np.linspace(0, 2 * np.pi, 100)), np.sin(np.linspace(0, 2 * np.pi, 100)))
    assert ring.min() < -0.49 and ring.max() > 0.49


@pytest.mark.parametrize("name", SURFACES)
def test_the_view_holds_all_minima(name):
    surface = SURFACES[name]
    low, high = np.transpose(surface.view)
    assert ((low < minima(surface)) & (minima(surface) < high)).all()


@pytest.mark.parametrize("name", SURFACES)
def test_the_value_is_finite_all_over_the_view(name):
    surface = SURFACES[name]
    for end in (None, 0, 1):
        chosen = {n: s.default if end is None else s.slider[end] for n, s in surface.settings.items()}
        assert np.isfinite(surface.value(*grid(surface), **chosen)).all()


@pytest.mark.parametrize(("name", "setting"), WITH_SETTINGS)
def test_every_setting_changes_the_value(name, setting):
    surface = SURFACES[name]
    point = inside(surface, (0.57, 0.46))
    values = [surface.value(*point, **{setting: drawn(surface.settings[setting], share)}) for share in (0.3, 0.8)]
    assert abs(values[0] - values[1]) > 1e-3


@pytest.mark.parametrize(("name", "setting"), WITH_SETTINGS)
def test_default_and_slider_of_a_setting_are_allowed(name, setting):
    known = SURFACES[name].settings[setting]
    low, high = known.allowed
    assert low <= known.slider[0] <= known.default <= known.slider[1] <= high
    assert known.slider[0] < known.slider[1]
    assert not known.log or known.slider[0] > 0


@pytest.mark.parametrize("name", SURFACES)
def test_all_functions_of_a_surface_take_the_same_arguments_with_the_same_defaults(name):
    surface = SURFACES[name]
    defaults = {n: s.default for n, s in surface.settings.items()}
    assert surface.name == name
    for role in ("value", "gradient", "hessian", "minima"):
        arguments = list(inspect.signature(getattr(surface, role)).parameters.values())
        coordinates = 0 if role == "minima" else surface.dimension
        assert len(arguments) == coordinates + len(defaults)
        assert {a.name: a.default for a in arguments[coordinates:]} == defaults


@pytest.mark.parametrize("name", SURFACES)
def test_every_surface_can_be_translated(name):
    script = translate.surface(SURFACES[name])
    assert isinstance(script, str) and f"dimension: {SURFACES[name].dimension}" in script
    assert ("minima: () => { return []; }" in script) == (name not in WITH_MINIMA)


@pytest.mark.parametrize("name", SURFACES)
def test_the_docstring_of_a_surface_holds_formula_arguments_and_an_example(name):
    surface = SURFACES[name]
    assert surface.__doc__ is surface.value.__doc__
    assert re.search(r"\$\$.+\$\$\n\nArguments\n", inspect.cleandoc(surface.__doc__), re.DOTALL)
    assert ("No minimum" in surface.__doc__) == (name not in WITH_MINIMA)
    assert f">>> surfaces.{name}.value(" in surface.__doc__ or f"(surfaces.{name}.value(" in surface.__doc__


@pytest.mark.parametrize(("name", "setting"), WITH_SETTINGS)
def test_the_docstring_tells_range_and_default_of_every_setting(name, setting):
    known = SURFACES[name].settings[setting]
    pattern = rf"^ +{setting}: .*from (\S+) to (\S+), default (\S+?)[.,;]?(\s|$)"
    told = re.search(pattern, SURFACES[name].__doc__, re.MULTILINE)
    assert told, f"{setting} is not described"
    assert [float(told[i]) for i in (1, 2, 3)] == [*known.allowed, known.default]


def test_the_condition_number_of_the_quadratic_is_its_setting_whatever_the_rotation():
    for rotation in (0, 17, -80, 200):
        a, b, d = surfaces.quadratic.hessian(0.3, 0.2, condition=50.0, rotation=rotation)
        eigenvalues = np.linalg.eigvalsh([[a, b], [b, d]])
        assert eigenvalues == pytest.approx([1, 50], rel=1e-12)


def test_regression_is_half_the_mean_squared_error_of_a_line():
    random = np.random.default_rng(2)
    x, y = random.normal(5, 2, 30), random.normal(-1, 3, 30)
    settings = surfaces.moments(x, y)
    for w, b in random.normal(size=(10, 2)):
        assert surfaces.regression.value(w, b, **settings) == pytest.approx(np.mean((w * x + b - y) ** 2) / 2)
    assert surfaces.regression.minima(**settings) == pytest.approx(np.polyfit(x, y, 1))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2], [1, 2, 3], "same length"),
        ([1, 1], [1, 2], "at least two different"),
        ([1, "a"], [1, 2], "x must be a finite number"),
        ([1, np.nan], [1, 2], "x must be a finite number"),
        ([], [], "x must be a finite number"),
    ],
)
def test_moments_of_unusable_data_are_refused(x, y, message):
    with pytest.raises((TypeError, ValueError), match=message):
        surfaces.moments(x, y)


def test_a_dead_relu_unit_has_no_slope_at_all_and_a_leak_brings_it_back():
    w, b = grid(surfaces.relu_unit)
    dead = b < np.minimum(w, -2 * w) - 1e-9
    for leak in (0.0, 0.01):
        slopes = np.array(surfaces.relu_unit.gradient(w[dead], b[dead], leak=leak))
        assert np.abs(slopes).max(axis=0).min() > 1e-4 if leak else (slopes == 0).all()
    assert (surfaces.relu_unit.value(w[dead], b[dead]) == 1.09375).all() and 0.1 < dead.mean() < 0.3
    alive = np.array(surfaces.relu_unit.gradient(w, b))[:, b > np.minimum(w, -2 * w) + 1e-9]
    assert (np.abs(alive).max(axis=0) > 0).mean() > 0.99

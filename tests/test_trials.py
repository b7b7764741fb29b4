"""Runs on a grid and at random, drawn."""

import re

import numpy as np
import pytest

import lrlib
from lrlib import outcome, search, trials
from lrlib.words import LANGUAGES, strings

RANGES = {"lr": (1e-3, 10.0), "eps": (1e-10, 1e-4)}
NARROW = {"condition": 20, "rotation": 30}
ADAM = search.Descent("quadratic", "adam", (-4, 2.5), 60, **NARROW)


@pytest.fixture(autouse=True)
def english():
    yield
    lrlib.use("en")


def test_both_kinds_spend_the_same_number_of_runs():
    drawn = trials(ADAM, RANGES, 25)
    assert len(drawn.grid) == len(drawn.random) == 25
    assert len(set(drawn.grid.column("lr").tolist())) == 5 and len(set(drawn.random.column("lr").tolist())) == 25
    assert drawn.random == search.random(ADAM, RANGES, 25)


def test_without_a_seed_the_grid_lies_in_the_middle_of_its_cells():
    grid = trials(ADAM, RANGES, 16).grid
    assert np.allclose(np.unique(grid.column("lr")), 1e-3 * 1e4 ** (np.array([1, 3, 5, 7]) / 8))
    shifted = [np.unique(trials(ADAM, RANGES, 16, seed).grid.column("lr")) for seed in (0, 1)]
    for rates in shifted:
        assert np.allclose(np.diff(np.log(rates)), np.log(1e4) / 4) and rates[0] < 1e-2 and rates[-1] > 1
    assert not np.allclose(*shifted)


def test_the_curves_are_the_lowest_losses():
    drawn = trials(ADAM, RANGES, 4)
    rates, settings = np.geomspace(*RANGES["lr"], 41), np.geomspace(*RANGES["eps"], 41)
    losses = outcome("quadratic", "adam", (-4, 2.5), rates[:, None], 60, eps=settings, **NARROW).losses
    across, up = drawn._profiles
    most = np.quantile(losses, 0.8)
    assert np.allclose(across, np.minimum(losses.min(axis=1), most), rtol=1e-9)
    assert np.allclose(up, losses.min(axis=0), rtol=1e-9)


def test_every_run_is_a_dot_and_the_best_has_a_ring():
    drawn = trials(ADAM, RANGES, 16)
    for svg, table in zip(
        re.findall(r"<svg.*?</svg>", drawn._repr_mimebundle_()["text/html"]), (drawn.grid, drawn.random)
    ):
        dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="2.6"', svg)
        (ring,) = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="6"', svg)
        assert len(dots) == 16 and dots.index(ring) == int(np.argmin(table.column("loss")))
        x = np.array(dots, dtype=float)[:, 0]
        share = np.log(table.column("lr") / 1e-3) / np.log(1e4)
        assert np.allclose(np.diff(x), np.diff(share) * 118, atol=0.11)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_it_draws_in_every_language(language):
    lrlib.use(language)
    drawn, told = trials(ADAM, RANGES, 9), strings(language)
    bundle = drawn._repr_mimebundle_()
    best = min(drawn.grid.column("loss"))
    for kind in ("grid", "random"):
        assert re.sub(r"\{.*?\}", ".*", told[f"trials_{kind}"]) and "9" in told[f"trials_{kind}"].format(
            count=9, name="η", distinct=3, loss=best)  # fmt: skip
    assert bundle["text/plain"] == repr(drawn) == drawn.sentence
    assert bundle["text/html"].count('role="img"') == 2 and bundle["text/html"].count(" aria-label=") == 2


def test_both_ends_of_an_axis_are_written_alike():
    def texts(ranges):
        return re.findall(r"<text[^>]*>([^<]*)</text>", trials(ADAM, ranges, 4)._repr_mimebundle_()["text/html"])[:6]

    lrlib.use("de")
    assert texts(RANGES) == ["10⁻³", "10¹", "η", "10⁻¹⁰", "10⁻⁴", "ε"]
    assert texts({"lr": (0.1, 3), "beta1": (0.1, 0.99)}) == ["0,1", "3", "η", "0,1", "0,99", "β₁"]


def test_runs_that_explode_are_tries_too():
    drawn = trials(
        search.Descent("quadratic", "momentum", (-4, 2.5), 400, **NARROW), {"lr": (1e-3, 1e3), "beta": (0.1, 0.99)}, 9
    )
    assert np.isfinite(drawn._profiles[0]).all() and "inf" not in drawn._drawn() and "nan" not in drawn._drawn()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": 15}, "count must be a square, such as 16 or 25, got 15"),
        ({"count": 1}, "count must be a whole number from 4 to 400, got 1"),
        ({"count": 441}, "count must be a whole number from 4 to 400"),
        ({"ranges": {"lr": (1, 2)}}, "ranges must be a dict of two settings"),
        ({"ranges": [1, 2]}, "ranges must be a dict of two settings"),
        ({"ranges": {"lr": (2, 1), "eps": (1e-9, 1)}}, "ranges['lr'] must be (low, high)"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"objective": lambda lr, eps: np.nan}, "objective must give a loss"),
    ],
)
def test_bad_calls_are_refused_by_name(given, message):
    with pytest.raises((TypeError, ValueError)) as error:
        trials(**{"objective": ADAM, "ranges": RANGES, "count": 16} | given)
    assert message in str(error.value)

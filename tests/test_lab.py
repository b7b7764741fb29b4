"""The figure's Python side: traits, checks, and the forms in which it offers itself."""

import base64
import html
import io
import itertools
import json
import re
import warnings

import ipywidgets
import numpy as np
import pytest
from PIL import Image

import lrlib
from lrlib import curvature, descend, lab, optimizers, schedules
from lrlib.listing import plain
from lrlib.state import CONTROLS, PANELS
from lrlib.optimizers import OPTIMIZERS
from lrlib.surfaces import SURFACES
from lrlib.words import LANGUAGES


@pytest.fixture(autouse=True)
def english():
    yield
    lrlib.use("en")


def forms(figure):
    bundle = figure._repr_mimebundle_()
    return bundle[0] if isinstance(bundle, tuple) else bundle


def test_path_is_what_descend_gives_bit_for_bit():
    figure = lab("quadratic", "momentum", 0.03, (-4, 2), 70, condition=25, beta=0.8)
    expected = descend("quadratic", "momentum", (-4, 2), 0.03, 70, condition=25, beta=0.8)
    assert figure.path.points.tobytes() == expected.points.tobytes()
    figure.lr = 0.05
    assert figure.path.points.tobytes() != expected.points.tobytes()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_rule_has_a_figure_whose_path_is_that_of_descend(name):
    figure = lab("rosenbrock", name, 0.01, (-1.2, 1), 30)
    expected = descend("rosenbrock", name, (-1.2, 1), 0.01, 30)
    assert figure.path.points.tobytes() == expected.points.tobytes()
    assert figure.path.losses[0] == pytest.approx(24.2)


def test_noise_seed_and_format_reach_the_path():
    figure = lab("valley", "adam", 0.1, (1, 1), 20, noise=0.5, seed=3, dtype=np.float32)
    expected = descend("valley", "adam", (1, 1), 0.1, 20, noise=0.5, seed=3, dtype=np.float32)
    assert figure.dtype == "float32" and figure.path.points.dtype == np.float32
    assert figure.path.points.tobytes() == expected.points.tobytes()


RATES = [
    schedules.constant(0.1), schedules.cosine(0.1, steps=40), schedules.one_cycle(0.1, steps=30, div=10),
    schedules.warmup(0.1, steps=5), schedules.warmup(schedules.linear(0.1, steps=20, end=0.01), steps=5, start=0.25),
    schedules.warmup(schedules.constant(0.1), steps=0),
]  # fmt: skip


@pytest.mark.parametrize("rate", RATES, ids=repr)
def test_a_schedule_given_as_the_rate_becomes_traits_that_give_the_same_path(rate):
    figure = lab("quadratic", "momentum", rate, (-4, 2), 50)
    assert figure.lr == 0.1
    assert set(figure.schedule) == {"name", "settings", "warmup", "start"}
    assert figure.path.rates.tobytes() == descend("quadratic", "momentum", (-4, 2), rate, 50).rates.tobytes()
    assert figure.path.points.tobytes() == descend("quadratic", "momentum", (-4, 2), rate, 50).points.tobytes()
    json.dumps(figure.schedule)


def test_a_schedule_can_be_assigned_as_the_rate_and_a_number_keeps_it():
    figure = lab("parabola")
    figure.lr = schedules.warmup(schedules.cosine(0.5, steps=30), steps=5)
    assert figure.lr == 0.5 and figure.schedule["name"] == "cosine" and figure.schedule["warmup"] == 5
    figure.lr = 0.25
    assert figure.schedule["name"] == "cosine" and figure.path.rates[5] == 0.25
    figure.schedule = {"name": "constant"}
    assert figure.path.rates.tolist() == [0.25] * 50


def test_a_schedule_without_some_of_its_settings_gets_their_defaults():
    figure = lab()
    figure.schedule = {"name": "cosine", "settings": {"steps": 20}}
    assert figure.schedule == {"name": "cosine", "settings": {"steps": 20.0, "end": 0.0}, "warmup": 0, "start": 0.0}


# ---------------------------------------------------------------- races


def test_a_race_runs_every_rule_at_its_own_rate_and_with_the_settings_it_has():
    figure = lab(
        "quadratic", ["gd", optimizers.adam, "lion"], {"gd": 0.02, "adam": 0.3}, (-4, 2), 40, condition=25, beta1=0.8
    )
    assert figure.optimizers == ["gd", "adam", "lion"] and figure.optimizer == "gd" and figure.lr == 0.02
    expected = {
        "gd": descend("quadratic", "gd", (-4, 2), 0.02, 40, condition=25),
        "adam": descend("quadratic", "adam", (-4, 2), 0.3, 40, condition=25, beta1=0.8),
        "lion": descend("quadratic", "lion", (-4, 2), 0.02, 40, condition=25, beta1=0.8),
    }
    assert {name: path.points.tobytes() for name, path in figure.paths.items()} == {
        name: path.points.tobytes() for name, path in expected.items()
    }
    assert figure.path.points.tobytes() == expected["gd"].points.tobytes()


def test_the_rate_of_a_race_is_that_of_its_first_rule_whatever_the_order_of_the_dict():
    assert lab(optimizer=["gd", "adam"], lr={"adam": 0.3, "gd": 0.02}).lr == 0.02
    assert lab(optimizer=["gd", "adam"], lr={"adam": 0.3}).paths["gd"].rates[0] == 0.3


def test_a_rule_from_outside_takes_the_place_of_the_one_in_focus():
    figure = lab(optimizer=["gd", "adam", "lion"], lr={"gd": 0.1, "adam": 0.2})
    figure.optimizer = "adam"
    assert figure.optimizers == ["gd", "adam", "lion"] and figure.path.optimizer.name == "adam"
    figure.optimizer = optimizers.momentum
    assert figure.optimizers == ["gd", "momentum", "lion"] and figure.optimizer == "momentum"
    assert figure.rates == {"gd": 0.1}, "the rate of a rule that does not run any more is forgotten"


def test_the_focus_follows_the_race():
    figure = lab(optimizer=["gd", "adam"])
    figure.optimizers = ["adam", "gd", "lion"]
    assert figure.optimizer == "gd"
    figure.optimizers = ["lion", "adam"]
    assert figure.optimizer == "lion"


def test_the_sentence_of_a_race_names_every_rule():
    said = lab("quadratic", ["gd", "adam"], 0.05).sentence
    assert "Gradient descent" in said and "Adam" in said


# ---------------------------------------------------------------- several changes at once

TOGETHER = [
    ({"steps": 10, "cursor": 30}, {"steps": 10, "cursor": None}),
    ({"steps": 100, "cursor": 80}, {"steps": 100, "cursor": 80}),
    ({"optimizers": ["lion", "adam"], "optimizer": "adam"}, {"optimizers": ["lion", "adam"], "optimizer": "adam"}),
    ({"optimizers": ["lion"], "rates": {"lion": 1}}, {"optimizer": "lion", "rates": {"lion": 1.0}}),
    ({"optimizers": ["momentum", "adam"], "optimizer": "momentum", "rates": {"adam": 2}}, {"rates": {"adam": 2.0}}),
    ({"predict": "end", "guess": [1, 2]}, {"predict": "end", "guess": [1.0, 2.0]}),
    ({"lr": 2, "schedule": {"name": "cyclic", "settings": {"base": 0.4}}}, {"lr": 2.0}),
    ({"lr": 1, "start": [0, 1], "settings": {"condition": 3}}, {"start": [0.0, 1.0], "lr": 1.0}),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), TOGETHER, ids=str)
def test_the_page_can_send_several_changes_at_once_in_any_order(sent, expected):
    for order in itertools.permutations(sent):
        figure = lab("quadratic", ["gd", "adam"], {"adam": 0.5}, cursor=40)
        figure.set_state({name: sent[name] for name in order})
        assert {name: getattr(figure, name) for name in expected} == expected, order
        assert figure.path.points.shape == (figure.steps + 1, 2)


def test_of_several_changes_with_a_wrong_one_none_is_made():
    figure = lab("quadratic", ["gd", "adam"], cursor=40)
    before = figure._state
    for wrong in ({"lr": -1}, {"optimizer": "lion", "optimizers": ["gd"]}, {"start": [1]}, {"guess": 3}):
        for sent in ({"steps": 10} | wrong, wrong | {"steps": 10}):
            with pytest.raises((TypeError, ValueError)):
                figure.set_state(sent)
            assert figure._state == before
    with pytest.raises(ValueError, match="cursor"), figure.hold_trait_notifications():
        figure.lr = 0.3
        figure.cursor = 60
    assert figure._state == before


def test_whoever_watches_sees_a_figure_that_fits_together():
    figure = lab(optimizer=["gd", "adam"], lr={"gd": 0.1}, cursor=40)
    seen = []
    figure.observe(
        lambda change: seen.append((change["name"], figure.cursor, figure.optimizers)), ["steps", "optimizer"]
    )
    figure.steps = 10
    figure.optimizer = "lion"
    assert seen == [("steps", None, ["gd", "adam"]), ("optimizer", None, ["lion", "adam"])]
    figure.steps = 10
    assert len(seen) == 2, "nothing changed"


def test_fewer_steps_send_a_cursor_beyond_them_to_the_end():
    figure = lab(steps=50, cursor=30)
    figure.steps = 40
    assert figure.cursor == 30
    figure.steps = 20
    assert figure.cursor is None


def test_a_new_prediction_forgets_the_guess():
    figure = lab("quadratic", predict="regime")
    figure.guess = "explode"
    figure.predict = "end"
    assert figure.guess is None
    figure.guess = [1, 2]
    assert figure.guess == [1.0, 2.0]


def test_the_reader_may_set_hyperparameters_of_rules_to_come():
    figure = lab("quadratic", "gd")
    figure.settings = {"condition": 5, "beta": 0.5}
    assert figure.settings == {"condition": 5.0, "rotation": 0.0, "beta": 0.5}
    figure.optimizer = "momentum"
    assert figure.path.optimizer_settings == {"beta": 0.5}


# ---------------------------------------------------------------- the lines of Python

CODE = [
    {}, {"surface": "quadratic", "optimizer": "momentum", "start": (-4, 2), "lr": 0.05, "condition": 25, "beta": 0.9},
    {"surface": "quadratic", "optimizer": "adam", "beta1": 0.5, "eps": 1e-7, "lr": 1 / 3, "noise": 0.1, "seed": 7},
    {"surface": "valley", "optimizer": ["gd", "adamw"], "lr": {"adamw": 1e-7, "gd": 0.01}, "weight_decay": 0.1, "dtype": "float16"},
    {"surface": "regression", "lr": schedules.cosine(1e-3, steps=40), "mean_x": -0.0, "slope": 1e12, "start": (1e21, -1e-9)},
    {"optimizer": ["gd", "lion"], "lr": schedules.warmup(schedules.cyclic(0.3, base=0.1), 7, start=0.5), "curvature": 2},
    {"optimizer": "rmsprop", "lr": schedules.warmup(0.3, 7), "start": -0.0, "noise": 1, "dtype": "float32"},
    {"surface": "cliff", "optimizer": tuple(list(OPTIMIZERS)[3:8]), "lr": schedules.polynomial(2.0), "steps": 7},
]  # fmt: skip


@pytest.mark.parametrize("settings", CODE, ids=str)
def test_the_lines_of_python_give_the_same_bits(settings):
    figure, made = lab(**settings), {}
    exec(figure.python, made)  # noqa: S102 - this is what a reader does with it
    paths = made.get("paths", {figure.optimizer: made.get("path")})
    assert list(paths) == figure.optimizers
    for name, path in figure.paths.items():
        assert paths[name].points.tobytes() == path.points.tobytes()
        assert paths[name].rates.tobytes() == path.rates.tobytes()
        assert paths[name].gradients.tobytes() == path.gradients.tobytes()


def test_the_lines_of_python_say_no_more_than_is_needed():
    assert lab("quadratic", "momentum", 0.05, (-4, 2), condition=25, rotation=0, beta=0.9, seed=3).python == (
        "from lrlib import descend\n"
        'path = descend("quadratic", "momentum", start=[-4, 2], lr=0.05, steps=50, condition=25)'
    )
    assert lab(
        "parabola", ["gd", "adam"], schedules.warmup(schedules.step_decay(0.1, every=20), 5), 1.5, 30,
        curvature=2, noise=0.5, seed=4, dtype="float32", beta2=0.9,
    ).python == (
        "from lrlib import descend, schedules\n"
        "paths = {\n"
        '    "gd": descend("parabola", "gd", start=1.5, lr=schedules.warmup(schedules.step_decay(0.1, every=20), steps=5), '
        'steps=30, noise=0.5, seed=4, dtype="float32", curvature=2),\n'
        '    "adam": descend("parabola", "adam", start=1.5, lr=schedules.warmup(schedules.step_decay(0.1, every=20), steps=5), '
        'steps=30, noise=0.5, seed=4, dtype="float32", curvature=2, beta2=0.9),\n'
        "}"
    )  # fmt: skip


def test_numbers_in_python_are_written_as_javascript_writes_them():
    written = {
        1e-6: "0.000001", 1.25e-6: "0.00000125", 1e-7: "1e-7", 123456789.125: "123456789.125", 1e20: "100000000000000000000",
        1e21: "1e+21", 1.5e300: "1.5e+300", 5e-324: "5e-324", 0.1 + 0.2: "0.30000000000000004", -2.5e-8: "-2.5e-8",
        2.0**60: "1152921504606847000", 100.0: "100", -0.5: "-0.5",
    }  # fmt: skip
    assert [plain(value) for value in written] == list(written.values())
    dice = np.random.default_rng(0)
    for value in (dice.normal(size=3000) * 10 ** dice.uniform(-320, 308, 3000)).tolist():
        assert float(eval(plain(value))) == value


# ---------------------------------------------------------------- what it offers


def test_it_is_a_widget_that_links_and_composes():
    figure = lab("parabola", lr=0.1)
    slider = ipywidgets.FloatSlider(min=0, max=3, value=0.5)
    ipywidgets.link((slider, "value"), (figure, "lr"))
    assert figure.lr == 0.5
    figure.lr = 1.5
    assert slider.value == 1.5
    seen = []
    figure.observe(lambda change: seen.append(change["new"]), "lr")
    slider.value = 2.5
    assert seen == [2.5]
    ipywidgets.HBox([figure, slider])


def test_it_offers_a_widget_a_page_element_a_picture_and_a_sentence():
    offered = forms(lab("parabola", lr=2.1, start=1, steps=20))
    assert set(offered) == {"application/vnd.jupyter.widget-view+json", "text/html", "image/png", "text/plain"}
    assert offered["text/plain"].startswith("η = 2.1, ηλ = 2.1, threshold 2. Each step lands farther away")


def test_the_page_element_holds_the_settings_and_a_picture_with_its_sentence():
    figure = lab("quadratic", "momentum", 0.03, (-4, 2), 70, condition=25, controls=["beta"])
    page = forms(figure)["text/html"]
    settings = json.loads(html.unescape(re.search('data-settings="([^"]*)"', page)[1]))
    assert set(settings) >= {"optimizers", "rates", "schedule", "noise", "seed", "dtype", "cursor", "predict", "guess"}
    for name, value in settings.items():
        assert getattr(figure, name) == value
    alt = html.unescape(re.search('alt="([^"]*)"', page)[1])
    assert alt == figure.sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_is_that_of_use_or_its_own(language):
    lrlib.use(language)
    assert lab().language == language
    assert lab(language="ko").language == "ko"


EXTREMES = [
    {"lr": 1e-9}, {"lr": 3.0, "steps": 1200}, {"lr": 1e9, "steps": 3}, {"lr": 1.0, "start": 0}, {"lr": 1.0},
    {"surface": "double_well", "lr": 1.7, "start": 1.5}, {"surface": "double_well", "lr": 0.5, "start": 0},
    {"surface": "pseudo_huber", "lr": 50, "start": 4}, {"surface": "quadratic", "lr": 3, "steps": 900},
    {"surface": "quadratic", "optimizer": "momentum", "lr": 0.001, "condition": 1e6, "rotation": 30},
    {"surface": "regression", "lr": 1e-3, "start": (0, 0), "mean_x": 1e6, "variance_x": 1e12},
    {"start": 1e308, "lr": 1e308},
    {"surface": "quadratic", "optimizer": ["adam", "lion", "adadelta", "nadam", "gd"], "lr": 1e300, "steps": 80},
]  # fmt: skip


@pytest.mark.parametrize("settings", EXTREMES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_picture_is_drawn_without_a_warning_whatever_happens(settings, language):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        offered = forms(lab(**{"lr": 0.1, "language": language} | settings))
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(offered["image/png"]))).convert("L"))
    thirds = np.array_split(picture, 3, axis=1)
    assert all((third < 128).mean() > 0.004 for third in thirds), "a panel of the picture is empty"


@pytest.mark.parametrize("panel", PANELS)
def test_each_panel_can_stand_alone(panel):
    assert opened(lab(panels=[panel])).width > 300


def opened(figure):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Image.open(io.BytesIO(base64.b64decode(forms(figure)["image/png"])))


ODD = [
    {"optimizer": "lion"}, {"surface": "rosenbrock", "optimizer": "adadelta", "dtype": "float16", "lr": 1e9},
    {"optimizer": "gd", "lr": 3.0, "steps": 1200, "dtype": "float32"}, {"start": 0, "optimizer": "adam", "eps": 0},
    {"surface": "quadratic", "optimizer": ["radam", "lion"], "lr": 1e300, "lr_range": (1e-300, 1e300), "cursor": 3},
    {"surface": "valley", "optimizer": "adamw", "lr": schedules.linear(30, steps=20), "weight_decay": 10},
    {"lr": schedules.cyclic(0.5, base=0.4), "noise": 1e300}, {"lr": 1e-320, "steps": 1},
    {"surface": "saddle", "optimizer": ["momentum", "gd"], "lr": 1.0, "steps": 400, "cursor": 399, "start": (1, 1e-9)},
    {"surface": "rosenbrock", "optimizer": "adamw", "lr": 1.7e308, "lr_range": (0.1, 50), "start": (0, 1e-300), "steps": 3},
    {"surface": "rosenbrock", "optimizer": "adam_uncorrected", "lr": 1.7e308, "lr_range": (0.5, 3000), "steps": 60,
     "start": (-2.3533369917422533, -2.7610079934820533), "steepness": 2.63, "beta2": 0.9425, "eps": 4.7e-11, "noise": 10},
]  # fmt: skip


@pytest.mark.parametrize("settings", ODD, ids=str)
def test_all_panels_are_drawn_in_rows_of_three_without_a_warning(settings):
    picture = opened(lab(panels=PANELS, language="zh", **settings))
    assert 1050 < picture.width < 1150 and 1200 < picture.height < 1300


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_race_is_drawn_in_every_language(language):
    figure = lab("himmelblau", ["gd", "adam", "lion", "momentum", "radam"], 0.01, panels=PANELS, language=language)
    assert opened(figure).height > 900


def test_each_racer_has_a_colour_of_its_own_in_the_picture():
    picture = np.asarray(opened(lab("quadratic", list(OPTIMIZERS)[:5], 0.01, panels=["loss"])).convert("RGB")).reshape(
        -1, 3
    )
    for color in ((0x0B, 0x62, 0xA8), (0xA3, 0x29, 0x7F), (0x00, 0x77, 0x6B), (0x8A, 0x5A, 0x00), (0x5B, 0x5B, 0x66)):
        assert (np.abs(picture.astype(int) - color).max(axis=-1) < 8).sum() > 10, color


def test_what_is_to_be_foretold_is_not_given_away():
    figure = lab("quadratic", "gd", 0.15, predict="regime", hidden=["loss", "gauge"])
    waiting, titles = opened(figure), forms(figure)["text/plain"]
    assert waiting.width < 400 and titles == "Path on the loss"
    assert 'alt="Path on the loss"' in forms(figure)["text/html"]
    blue = (np.asarray(waiting.convert("RGB")).astype(int) == (0x0B, 0x62, 0xA8)).all(axis=-1).sum()
    figure.guess = "zigzag"
    told = opened(figure)
    assert told.width > 1000 and forms(figure)["text/plain"] == figure.sentence
    alone = opened(lab("quadratic", "gd", 0.15, panels=["landscape"]))
    assert (np.asarray(alone.convert("RGB")).astype(int) == (0x0B, 0x62, 0xA8)).all(axis=-1).sum() > blue + 50


def test_a_hidden_border_is_not_told_until_something_has_been_foretold():
    told, silent = (lab("quadratic", "gd", 0.3, hidden=hidden) for hidden in ([], ["border"]))
    assert told.sentence.startswith("η = 0.3, ηλ = ") and "threshold" in told.sentence
    assert silent.sentence.startswith("η = 0.3. ") and "threshold" not in silent.sentence
    assert "each step lands farther out" in silent.sentence and "each step lands farther out" in told.sentence
    late = lab("double_well", "gd", 0.6, start=0.01, steps=60, hidden=["border"])
    assert "step" in late.sentence and "threshold" not in late.sentence
    foretold = lab("quadratic", "gd", 0.3, predict="regime", hidden=["border"])
    foretold.guess = "explode"
    assert foretold.sentence == told.sentence


def test_where_all_panels_are_hidden_the_landscape_without_its_path_remains():
    figure = lab(predict="loss", panels=["loss"], hidden=["loss"])
    assert forms(figure)["text/plain"] == "Path on the loss" and opened(figure).width < 400


def test_by_default_the_slider_reaches_both_sides_of_the_critical_rate():
    for surface in ("parabola", "quadratic", "regression", "double_well", "pseudo_huber"):
        low, high = lab(surface, start=[0.1] * len(lab(surface).start)).lr_range
        assert 0 < low < high


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_slider_of_every_rule_spans_whole_decades_around_its_critical_rate_or_around_its_own(name):
    figure = lab("quadratic", name, 0.1, (-4, 2))
    decades = np.log10(figure.lr_range)
    assert np.abs(decades - decades.round()).max() < 1e-9
    if OPTIMIZERS[name].scale or name == "lion":  # the curvature at the start says little of what is to come
        assert figure.lr_range == [0.001, 1.0]
    else:
        sharpest = figure.path.preconditioned_eigenvalues[0, 0]
        assert figure.lr_range[0] < curvature.critical_rate(name, sharpest) < figure.lr_range[1]


def test_the_slider_of_a_race_reaches_every_rate():
    low, high = lab(optimizer=["gd", "adam", "lion"], lr={"gd": 0.1, "adam": 1e-7, "lion": 3e4}).lr_range
    assert low <= 1e-7 and high >= 3e4


def test_every_setting_there_is_can_get_a_control():
    known = {name for one in [*SURFACES.values(), *OPTIMIZERS.values()] for name in one.settings}
    assert set(CONTROLS) == known | {"optimizer", "schedule", "noise", "dtype", "clip", "resume", "range", "steps", "race"}
    assert len(set(CONTROLS)) == len(CONTROLS)
    lab("quadratic", ["momentum", "adam"], controls=["beta", "beta2", "condition", "optimizer", "schedule", "noise"])


BAD = [
    ({"surface": "parabol"}, "surface 'parabol' is unknown: did you mean 'parabola'?"),
    ({"optimizer": "adm"}, "optimizer 'adm' is unknown: did you mean 'adam'?"),
    ({"lr": -1}, "lr must be a finite number above 0, got -1"),
    ({"lr": float("nan")}, "lr must be a finite number above 0, got nan"),
    ({"lr": "fast"}, "lr must be a finite number above 0, got 'fast'"),
    ({"lr": [0.1, 0.2]}, "lr must be one number, got [0.1, 0.2]"),
    ({"start": (1, 2)}, "start must end in an axis of 1 number for surface 'parabola', got shape (2,)"),
    ({"start": [[1], [2]]}, "start must be one point in a figure, got shape (2, 1)"),
    ({"start": "here"}, "start must be a finite number, got 'here'"),
    ({"steps": 0}, "steps must be a whole number from 1 to 20000, got 0"),
    ({"steps": 1.5}, "steps must be a whole number from 1 to 20000, got 1.5"),
    ({"lr_range": (1, 0.1)}, "lr_range must be (low, high) with low < high, got (1, 0.1)"),
    ({"lr_range": (0, 1)}, "lr_range must be a finite number above 0, got 0.0"),
    ({"lr_range": 3}, "lr_range must be (low, high) with low < high, got 3"),
    ({"view": ((0, 1), (0, 1))}, "view must hold a (low, high) for each of the 1 coordinates"),
    ({"view": [(2, 1)]}, "view must be (low, high) with low < high, got (2, 1)"),
    ({"panels": ["los"]}, "panels 'los' is unknown: did you mean 'loss'?"),
    ({"panels": "loss"}, "panels must be a list of names, got 'loss'"),
    ({"panels": []}, "panels must name at least one panel"),
    ({"controls": ["beta"]}, "controls 'beta' is unknown"),
    ({"language": "fr"}, "language 'fr' is unknown"),
    ({"conditon": 3, "surface": "quadratic"}, "has no setting 'conditon': did you mean 'condition'?"),
    ({"curvature": 0}, "curvature must be a number from 1e-06 to 1e+06, got 0.0"),
    ({"curvature": [1, 2]}, "curvature must be one number, got [1, 2]"),
]


@pytest.mark.parametrize(("changed", "message"), BAD, ids=[str(changed) for changed, _ in BAD])
def test_bad_input_is_refused_by_name(changed, message):
    with pytest.raises((TypeError, ValueError)) as error:
        lab(**changed)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lr", 0, "lr must be a finite number above 0"),
        ("start", [1, 2, 3], "start must end in an axis of 1 number"),
        ("settings", {"curvature": -1}, "curvature must be a number from"),
        ("settings", {"slope": 1}, "has no setting 'slope'"),
        ("settings", {"lr": 1}, "'lr' is an argument of its own"),
        ("settings", {"beta": 2}, "beta must be a number from 0 to 0.999, got 2.0"),
        ("settings", [1], "settings must be a dict"),
        ("surface", "quadratic", "surface is fixed at 'parabola' in this figure"),
        ("optimizer", "momentun", "optimizer 'momentun' is unknown: did you mean 'momentum'?"),
        ("optimizers", [], "optimizers must be a list of 1 to 5 rules, got []"),
        ("optimizers", "gd", "optimizers must be a list of 1 to 5 rules, got 'gd'"),
        ("rates", {"adam": 0.1}, "rates['adam'] is the rate of a rule that does not run: known: gd"),
        ("rates", {"gd": 0}, "rates['gd'] must be a finite number above 0, got 0.0"),
        ("rates", [0.1], "rates must be a dict of rates by rule, got [0.1]"),
        ("schedule", {"name": "cosin"}, "schedule 'cosin' is unknown: did you mean 'cosine'?"),
        ("schedule", {"nam": "cosine"}, "schedule has no part 'nam': did you mean 'name'?"),
        (
            "schedule",
            {"name": "cosine", "settings": {"step": 3}},
            "schedule 'cosine' has no setting 'step': did you mean 'steps'",
        ),
        (
            "schedule",
            {"name": "cosine", "settings": {"steps": 0}},
            "schedule's steps must be a number from 1 to 1e+06, got 0.0",
        ),
        ("schedule", {"name": "cosine", "settings": {"steps": [1, 2]}}, "schedule's steps must be one number"),
        ("schedule", {"warmup": -1}, "schedule's warmup must be a whole number from 0 to 1000000, got -1"),
        ("schedule", {"warmup": 1.5}, "schedule's warmup must be a whole number from 0 to 1000000, got 1.5"),
        ("schedule", {"start": 2}, "schedule's start must be a number from 0 to 1, got 2.0"),
        ("schedule", "cosine", "schedule must be a dict with name, settings, warmup, start, got 'cosine'"),
        ("schedule", {"name": "cyclic", "settings": {"base": 0.5}}, "base must not be above lr, got base 0.5, lr 0.3"),
        ("noise", -1, "noise must be a finite number of at least 0, got -1.0"),
        ("seed", 1.5, "seed must be a whole number from 0 to 999999, got 1.5"),
        ("dtype", "float8", "dtype 'float8' is unknown: did you mean 'float64'?"),
        ("cursor", 51, "cursor must be a whole number from 0 to steps, 50, got 51"),
        ("cursor", 1.5, "cursor must be a whole number from 0 to 20000, got 1.5"),
        ("predict", "los", "predict 'los' is unknown: did you mean 'loss'?"),
        ("hidden", ["los"], "hidden 'los' is unknown: did you mean 'loss'?"),
        ("guess", 3, "guess must be None where nothing is to be foretold, got 3"),
        ("recording", 3, "recording must be None or a dict, got 3"),
        ("model", "rnn", "model must be None where no recordings of several are shown, got 'rnn'"),
        ("panels", ["limits"], "panels 'limits' needs recordings. Known: landscape, loss"),
    ],
)
def test_a_bad_change_is_refused_and_the_figure_keeps_its_state(name, value, message):
    figure = lab("parabola", lr=0.3)
    before = getattr(figure, name)
    with pytest.raises((TypeError, ValueError)) as error:
        setattr(figure, name, value)
    assert message in str(error.value)
    assert getattr(figure, name) == before


@pytest.mark.parametrize(
    ("kind", "guess", "message"),
    [
        ("regime", "explodes", "guess 'explodes' is unknown: did you mean 'explode'?"),
        ("regime", 3, "guess must be a name, got 3"),
        ("loss", "small", "guess must be a finite number, got 'small'"),
        ("loss", float("inf"), "guess must be a finite number, got inf"),
        ("overflow", [3], "guess must be one number, got [3]"),
        ("end", 3, "guess must be a point of 2 coordinates, got "),
        ("end", [1, 2, 3], "guess must be a point of 2 coordinates, got "),
        ("end", "there", "guess must be a finite number, got 'there'"),
    ],
)
def test_a_guess_of_the_wrong_kind_is_refused(kind, guess, message):
    figure = lab("quadratic", predict=kind)
    with pytest.raises((TypeError, ValueError)) as error:
        figure.guess = guess
    assert message in str(error.value)
    assert figure.guess is None


def test_a_hyperparameter_must_be_allowed_for_every_rule_that_has_it():
    figure = lab(optimizer="adam", beta2=0.99995)
    with pytest.raises(ValueError, match="beta2 must be a number from 0 to 0.9999, got 0.99995"):
        figure.optimizer = "lion"
    assert figure.optimizers == ["adam"]


def test_two_figures_share_nothing():
    one, other = lab(), lab()
    one.schedule["name"] = one.settings["curvature"] = one.panels[0] = one.rates["gd"] = "changed"
    assert "changed" not in str(other._state) and "changed" not in str(lab()._state)


def test_value_is_the_rate_by_another_name_and_as_strict():
    figure = lab(lr=0.5)
    figure.value = 0.25
    assert figure.lr == 0.25
    figure.lr = 0.75
    assert figure.value == 0.75
    with pytest.raises(ValueError, match="value must be a finite number above 0, got -1"):
        figure.value = -1
    assert (figure.value, figure.lr) == (0.75, 0.75)

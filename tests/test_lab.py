"""The figure's Python side: traits, checks, and the forms in which it offers itself."""

import base64
import html
import io
import json
import re
import warnings

import ipywidgets
import numpy as np
import pytest
from PIL import Image

import lrlib
from lrlib import descend, lab
from lrlib.figures import PANELS
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
    assert Image.open(io.BytesIO(base64.b64decode(forms(lab(panels=[panel]))["image/png"]))).width > 300


def test_by_default_the_slider_reaches_both_sides_of_the_critical_rate():
    for surface in ("parabola", "quadratic", "regression", "double_well", "pseudo_huber"):
        low, high = lab(surface, start=[0.1] * len(lab(surface).start)).lr_range
        assert 0 < low < high


BAD = [
    ({"surface": "parabol"}, "surface 'parabol' is unknown: did you mean 'parabola'?"),
    ({"optimizer": "adam"}, "optimizer 'adam' has no figure"),
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
    ({"controls": ["beta"]}, "controls 'beta' is unknown: known: curvature"),
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
        ("settings", [1], "settings must be a dict"),
        ("surface", "quadratic", "surface is fixed at 'parabola' in this figure"),
        ("optimizer", "momentum", "optimizer is fixed at 'gd' in this figure"),
    ],
)
def test_a_bad_change_is_refused_and_the_figure_keeps_its_state(name, value, message):
    figure = lab("parabola", lr=0.3)
    before = getattr(figure, name)
    with pytest.raises((TypeError, ValueError)) as error:
        setattr(figure, name, value)
    assert message in str(error.value)
    assert getattr(figure, name) == before

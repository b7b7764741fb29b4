"""What a reader has of the still picture: every text whole, and none over another."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.text import Text

from lrlib import figures, lab, layout, schedules
from lrlib.recording import Recording
from lrlib.state import PANELS
from lrlib.words import LANGUAGES, strings


def texts_of(figure: lab) -> tuple[list[tuple[str, object, np.ndarray]], np.ndarray]:
    """Every text that is drawn, the axes it belongs to and its corners; and the size of the picture."""
    pictures, texts, draw = [], [], Text.draw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "packed", lambda picture: pictures.append(picture) or b"")
        figure._repr_mimebundle_()
        patch.setattr(Text, "draw", lambda text, renderer: texts.append(text) or draw(text, renderer))
        pictures[0].draw_without_rendering()
    drawn = [text for text in texts if text.get_text().strip() and text.get_visible()]
    size = pictures[0].get_size_inches() * pictures[0].dpi
    return [(text.get_text(), text.axes, text.get_window_extent().get_points()) for text in drawn], size


def faults(figure: lab) -> list[str]:
    """The texts that leave the picture, and those of different panels, or of an axis, that overlap; to half a pixel."""
    texts, size = texts_of(figure)
    found = [text for text, _, (low, high) in texts if (low < -0.5).any() or (high > size + 0.5).any()]
    for (a, panel, (low, high)), (b, other, (under, over)) in combinations(texts, 2):
        if (panel is None or panel is not other) and (np.minimum(high, over) - np.maximum(low, under) > 0.5).all():
            found.append(f"{a} / {b}")
    return found


def recorded(count: int) -> dict[str, Recording]:
    """Models with long names, at rates of many decades, with losses of as many; the last never crosses."""
    names = sorted((key for key in strings("en") if key.startswith("model_")), key=lambda key: -len(strings("de")[key]))
    rates = np.geomspace(1e-6, 1e4, 9)
    falls = np.exp(-np.outer(np.linspace(0.1, 3, 9), np.arange(101)))
    sharpness = np.linspace(1e-3, 50, 101)[:-1] * np.ones((9, 1))
    return {name.removeprefix("model_"): Recording(rates, falls, sharpness=sharpness) for name in names[:count]}


ALL = list(PANELS)
FIGURES = {
    "one": {"panels": ["gauge"]},
    "many": {"optimizer": "momentum", "lr": 0.2, "panels": ["landscape", "state", "taylor", "map", "range"]},
    "explodes": {"optimizer": "momentum", "lr": 30.0, "steps": 400, "panels": ["loss", "norm", "rates", "microscope"]},
    "huge": {"surface": "parabola", "start": 1e30, "steps": 1000, "panels": ["landscape", "norm", "taylor", "loss"]},
    "tiny": {"surface": "parabola", "lr": 0.9, "start": 1e-120, "steps": 100, "panels": ["norm", "loss", "landscape"]},
    "race": {"optimizer": ["adam", "amsgrad", "adam_uncorrected", "rmsprop", "adagrad_mean"], "panels": ALL},
    "two": {"optimizer": ["amsgrad", "adagrad_mean"], "steps": 1000, "panels": ["gauge", "state"]},
    "three": {"optimizer": ["nesterov", "gd"], "panels": ["map", "sensitivity", "range"], "lr": 1e-3},
    "foretold": {"lr": schedules.warmup(schedules.cosine(0.1, steps=50), 5), "predict": "regime"},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_text_is_whole_and_none_is_over_another(name, language):
    assert not faults(lab(**{"surface": "quadratic", "steps": 50} | FIGURES[name], language=language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panels", [["loss", "gauge", "crossings", "limits"], ["limits", "loss", "crossings"]])
def test_so_it_is_with_many_models_and_their_legend(panels, language):
    assert not faults(lab(recorded(12), panels=panels, language=language))


def test_the_panels_of_a_picture_are_of_one_size_and_in_line():
    pictures = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "packed", lambda picture: pictures.append(picture) or b"")
        lab("quadratic", ["adam", "gd"], steps=50, panels=ALL[:8])._repr_mimebundle_()
    boxes = np.array([axes.get_position().bounds for axes in pictures[0].axes if axes.get_subplotspec()])
    x, y, *size = boxes.T
    assert np.ptp(size, axis=1) == pytest.approx(0, abs=1e-12)
    assert len(boxes) == 8 and len(set(x.round(9))) == len(set(y.round(9))) == 3


@pytest.mark.parametrize("margin", ["_PAD", "_AWAY"])
def test_without_a_margin_there_are_faults(margin, monkeypatch):
    monkeypatch.setattr(layout, margin, -0.1 if margin == "_PAD" else -7)
    assert faults(lab("quadratic", steps=50, panels=["loss", "gauge"]))


def test_few_colours_are_those_of_the_picture():
    colours = np.random.default_rng(0).integers(0, 256, (100, 4), dtype=np.uint8)
    pixels = colours[np.arange(40_000) % 100].reshape(200, 200, 4)
    drawn = figures._few_colours(pixels)
    np.testing.assert_array_equal(np.asarray(drawn.convert("RGB")), pixels[..., :3])


def test_of_many_colours_those_of_the_lines_stay_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 4), dtype=np.uint8)
    pixels[0, 0, :3] = np.array([0xB3, 0x41, 0x0E])
    drawn = np.asarray(figures._few_colours(pixels).convert("RGB")).astype(int)
    assert figures.DANGER == "#b3410e" and drawn[0, 0].tolist() == [0xB3, 0x41, 0x0E]
    assert np.abs(drawn - pixels[..., :3]).mean() < 20

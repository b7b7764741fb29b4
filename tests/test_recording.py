"""Recordings: what is kept of runs that a page cannot compute, and what is said of them."""

import base64
import gzip
import io
import json
from collections import Counter

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import states
from lrlib import figures, lab, stills
from lrlib.recording import MOST_MARKS, MOST_POINTS, Firsts, Recording
from lrlib.recordings import Recordings
from lrlib.words import LANGUAGES, strings
from recorded import network

INF, NAN = np.inf, np.nan


def numbers_in(text, size):
    """What `figure/recording.js` makes of the bytes."""
    planes = np.frombuffer(base64.b64decode(text), np.uint8).reshape(size, -1).astype(np.int64)
    counted = (planes << (8 * np.arange(size)[:, None])).sum(axis=0)
    whole = np.cumsum(np.where(counted % 2, -(counted + 1) // 2, counted // 2)) % (1 << 8 * size)
    return (whole << (32 - 8 * size)).astype(np.uint32).view(np.float32)


def unpacked(packed):
    """Each line of a packed quantity as its steps and values."""
    narrow, wide = (
        numbers_in(packed["values"], packed["size"]),
        np.frombuffer(base64.b64decode(packed["wide_values"]), "<f8"),
    )
    steps = np.frombuffer(base64.b64decode(packed["steps"]), "<u2")
    narrow, wide = iter(narrow), iter(wide)
    lines, begin, own_steps = [], 0, len(steps) == sum(packed["counts"])
    for i, count in enumerate(packed["counts"]):
        own = steps[begin : begin + count] if own_steps else steps[:count]
        values = np.array([next(wide if i in packed["wide"] else narrow) for _ in range(count)], dtype=float)
        lines.append((own if len(steps) else np.arange(count), values))
        begin += count
    assert next(narrow, None) is next(wide, None) is None
    return lines


def test_a_network_shows_the_edge_of_stability():
    recording = network()
    slow, sharp = recording.at(0.02), recording.at(0.2)
    assert sharp.gauge[np.isfinite(sharp.gauge)][5:] == pytest.approx(2, abs=0.6)
    assert np.nanmax(slow.gauge) < 1
    assert (slow.bands["losses"][0] <= slow.losses).all() and (slow.losses <= slow.bands["losses"][1]).all()


def test_any_rate_finds_the_stop_nearest_by_quotient():
    recording = Recording([0.1, 1, 10], np.ones((3, 2)))
    assert [recording.at(lr).lr for lr in (1e-9, 0.3, 0.33, 4, 1e9)] == [0.1, 0.1, 1, 10, 10]


def test_of_several_seeds_the_line_is_the_median_and_the_band_the_range():
    stop = Recording([0.1], [[[1, 5], [3, NAN], [2, 4]]]).at(0.1)
    assert stop.losses.tolist() == [2, 5]
    low, high = stop.bands["losses"]
    assert low.tolist() == [1, 4]
    assert high[0] == 3 and np.isnan(high[1])


def test_of_the_sharpness_only_what_was_measured_counts():
    sharpness = [[[4, NAN, NAN], [6, 8, NAN]]]
    stop = Recording([0.5], np.ones((1, 2, 4)), sharpness=sharpness).at(0.5)
    assert stop.gauge[:2].tolist() == [2.5, 4] and np.isnan(stop.gauge[2])


def test_the_gauge_follows_the_schedule_and_loses_the_last_step():
    stop = Recording([1], np.ones((1, 3)), sharpness=[[2, 2, 2]], schedule=[[1, 0.5]]).at(1)
    assert stop.gauge.tolist() == [2, 1]
    assert stop.rates.tolist() == [1, 0.5]


def test_after_nan_nothing_more_is_kept_but_from_infinity_a_run_may_come_back():
    stop = Recording([1], [[1, INF, 3, NAN, 5]]).at(1)
    assert stop.losses.tolist()[:3] == [1, INF, 3] and np.isnan(stop.losses[3:]).all()


def test_a_run_whose_loss_comes_back_from_infinity_is_not_told_as_lost():
    back = Recording([1], [[4, INF, 3, INF, 1]])
    told = back.facts(1)
    assert (told["overflows"], told["infinite"], told["nan"], told["before"]) == (1, None, None, None)
    assert back.trains().tolist() == [True]
    assert back.sentence(1, "en").endswith("later it is a number again. The loss falls from 4 to 1 in 4 steps.")
    lost = Recording([1], [[4, INF, 3, INF, NAN]])
    told = lost.facts(1)
    assert (told["overflows"], told["infinite"], told["nan"], told["before"]) == (1, 3, 4, 3)


def test_the_step_before_is_told_beside_the_step_it_precedes():
    words = strings("en")
    for losses, told in (([4, 3, INF, NAN], ["infinite", "before", "loss_nan"]), ([4, 3, NAN], ["loss_nan", "before"])):
        said = Recording([1], [losses]).sentence(1, "en")
        ends = [words[f"says_{key}"].format(before=3, step=2 if key == told[0] else 3) for key in told]
        assert said.endswith(words["join"].join(ends))


@pytest.mark.parametrize("steps", [40, 3000])
def test_a_thinned_line_keeps_where_it_is_infinite(steps):
    losses = np.linspace(9, 1, steps + 1)
    losses[[7, 25, 26]], losses[-5:-2], losses[-2:] = INF, INF, NAN
    at, _ = unpacked(Recording([1], [losses]).pack()["losses"])[0]
    kept = set(np.asarray(at).tolist())
    assert {7, 25, steps - 4, steps - 1} <= kept and len(kept) <= 400


@pytest.mark.parametrize("value", [1e-60, 1e60])
def test_numbers_beyond_single_precision_are_kept_in_double(value):
    recording = Recording([1], [[1, value]])
    assert recording.at(1).losses[1] == value
    assert unpacked(recording.pack()["losses"])[0][1].tolist() == [1, value]


def test_a_line_beyond_single_precision_costs_the_others_nothing():
    lines = np.random.default_rng(0).lognormal(size=(4, 3, 301))
    plain = Recording([1, 2, 3, 4], lines)
    lines[3, 0, 200] = 1e200
    wild = Recording([1, 2, 3, 4], lines)
    assert wild.at(4).bands["losses"][1][200] == 1e200
    for i in range(3):
        np.testing.assert_array_equal(unpacked(wild.pack()["losses"])[i][1], plain.at(i + 1).losses)
    assert plain.size < wild.size < plain.size + 301 * 8 * 4 / 3


def test_single_precision_is_kept_to_the_bit_and_of_the_band_what_can_be_seen():
    rng = np.random.default_rng(1)
    lines = rng.lognormal(sigma=8, size=(5, 3, 101)) * rng.choice([1, 1, -1, 0], size=(5, 3, 101))
    lines[2, :, 60:], lines[3, 2, 60:], lines[4, :, 40:] = NAN, INF, INF
    recording = Recording([1, 2, 3, 4, 5], lines)
    packed = recording.pack()["losses"]
    for lr, (steps, values) in zip(recording.rates, unpacked(packed), strict=True):
        np.testing.assert_array_equal(values, recording.at(lr).losses[steps])
    bands = [band for lr in recording.rates for band in recording.at(lr).bands["losses"]]
    for band, (steps, values) in zip(bands, unpacked(packed["band"]), strict=True):
        np.testing.assert_allclose(values, band[steps], rtol=2**-8)


def test_thinning_keeps_every_spike_and_where_the_numbers_end():
    losses = np.exp(-np.arange(10_001) / 2000) + 0.01 * np.random.default_rng(0).normal(size=10_001)
    losses[[1234, 5678]] = 50, 1e-3
    losses[9000:] = INF
    losses[9500:] = NAN
    recording = Recording([1], losses[None])
    [(steps, values)] = unpacked(recording.pack()["losses"])
    assert len(steps) <= MOST_POINTS
    assert {0, 1234, 5678, 8999, 9000, 9500} <= set(steps.tolist())
    np.testing.assert_array_equal(values, recording.at(1).losses[steps])


def test_short_runs_are_kept_whole_and_need_no_step_numbers():
    recording = network()
    assert recording.pack()["norms"]["steps"] == ""
    for (steps, values), line in zip(unpacked(recording.pack()["losses"]), recording.rates, strict=True):
        np.testing.assert_array_equal(values, recording.at(line).losses[steps])


def test_what_goes_into_the_page_is_json_and_as_large_as_it_says():
    recording = network()
    text = json.dumps(recording.pack(), allow_nan=False)
    assert recording.size == pytest.approx(len(text), rel=0.02)
    assert recording.size < 52_000


def test_a_line_of_all_400_numbers_takes_what_the_documentation_says():
    rng = np.random.default_rng(0)
    data = rng.random((1, 3, 5001)).astype(np.float32)
    recording = Recording([1], data, norms=data, sharpness=data)
    assert 19_000 < recording.size < 22_500


def test_a_recording_too_large_for_a_page_is_refused():
    data = np.random.default_rng(0).random((40, 3, 2001))
    recording = Recording(np.arange(1, 41), data, norms=data)
    with pytest.raises(ValueError, match=r"at most 300000 bytes .* takes \d{6}: record fewer"):
        recording.pack()


def models(count: int, rates=9, seeds=3, steps=150) -> dict[str, Recording]:
    """Runs as restless as any: every number of every seed at every step is another."""
    rng, shape = np.random.default_rng(0), (rates, seeds, steps + 1)
    names = [key.removeprefix("model_") for key in strings("en") if key.startswith("model_")]
    made = {}
    for name in (names * count)[:count]:
        losses = np.exp(-np.cumsum(rng.uniform(0, 0.03, shape), axis=-1)) * (1 + 0.02 * rng.normal(size=shape))
        sharpness = 5 + np.cumsum(rng.normal(0, 0.03, shape), axis=-1)
        made[name] = Recording(np.geomspace(0.01, 1, rates), losses, sharpness=sharpness)
    return made


def test_ten_models_at_nine_rates_take_less_than_120_kilobytes_on_their_way():
    figure = lab(models(9), panels=["loss", "gauge", "crossings", "limits"])
    text = json.dumps(figure._state, allow_nan=False, separators=(",", ":"))
    assert len(gzip.compress(text.encode())) * 10 / 9 < 120_000
    assert len(figure._repr_mimebundle_()[0]["image/png"]) * 3 / 4 < 60_000


def test_recordings_too_large_for_a_page_are_refused_together():
    with pytest.raises(ValueError, match=r"recordings must take at most 400000 bytes .* take \d{6}: show fewer models"):
        lab(models(9, steps=300))


def test_facts_tell_when_the_gauge_crosses_and_when_the_loss_ends():
    recording = Recording([0.5, 1], [[1, 2, INF, NAN]] * 2, sharpness=[[1, NAN, 9], [1, 3, 9]])
    told = recording.facts(0.5)
    assert (told["infinite"], told["nan"], told["before"]) == (2, 3, 2)
    assert told["crosses"] is None  # what was measured after the loss had ended does not count
    assert recording.facts(1)["crosses"] == 1


def test_the_threshold_may_be_one_number_or_one_for_each_rate_or_step():
    losses, sharpness = np.ones((2, 3)), np.full((2, 2), 3.0)
    for threshold, expected in ((3.8, [3.8, 3.8]), ([2, 4], [4, 4]), ([[2, 2], [4, 5]], [4, 5])):
        recording = Recording([1, 2], losses, sharpness=sharpness, threshold=threshold)
        assert recording.at(2).threshold.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_is_in_the_readers_language(language):
    told = {lr: network().sentence(lr, language) for lr in (0.1, 0.8)}
    assert "∞" in told[0.8] and "∞" not in told[0.1]
    assert told[0.1].count("0,1" if language == "de" else "0.1") >= 1
    ends = Recording([0.1], [[1, NAN]], schedule=[[0.05]]).sentence(0.1, language)
    assert "nan" in ends


def test_panels_are_those_that_there_are_numbers_for():
    assert network().panels == ["loss", "gauge", "norm", "schedule"]
    assert Recording([1], [[1, 1]]).panels == ["loss", "schedule"]
    assert Recordings(Recording([1], [[1, 1]])).traits(lr=5)["panels"] == ["loss"]
    assert Recordings(network()).panels == ["loss", "gauge", "norm", "schedule", "crossings", "limits"]


def test_the_picture_has_all_panels_and_stands_every_recording():
    hard = Recording([1], [[NAN, NAN]], norms=[[0, INF]], sharpness=[[NAN]])
    for recording, lr in ((network(), 0.2), (network(), 0.8), (hard, 1)):
        shown = Recordings(recording)
        picture = Image.open(io.BytesIO(shown.still(None, lr, recording.panels, "ko", cursor=1)))
        assert picture.width > 500 and picture.height > 500


# ---------------------------------------------------------------- first crossing, first rise, largest rate


@pytest.mark.parametrize(
    ("losses", "sharpness", "found"),
    [
        ([4, 3, 2, 1], [1, 1, 1], Firsts(None, None)),
        ([4, 3, 2, 1], [1, 3, 3], Firsts(1, None, 0)),
        ([4, 5, 6, 7], [1, 1, 1], Firsts(None, 1)),
        ([4, 3, 2, 3], [3, 1, 3], Firsts(0, 3)),
        ([4, 3, 2, 3], [2, 2, 2.1], Firsts(2, 3, 1)),  # on the threshold is not above it
        ([4, 3, 2, 3], [1, NAN, 3], Firsts(2, 3, 0)),
        ([4, 3, 3 + 1e-12, 3.1], [1, 1, 1], Firsts(None, 3)),  # rounding is no rise
        ([4, 3, INF, INF], [1, 1, 3], Firsts(None, 2)),  # nothing counts as measured after the end
        ([4, NAN, NAN, NAN], [3, 3, 3], Firsts(0, 1)),
        ([-4, -5, -4.5, -6], [-9, 1, 1], Firsts(None, 2)),
    ],
)
def test_of_each_run_the_first_crossing_and_the_first_rise_are_found(losses, sharpness, found):
    assert Recording([1], [losses], sharpness=[sharpness]).firsts(1) == [found]


def test_crossings_follow_the_rate_and_the_threshold_of_each_step():
    losses, sharpness = np.ones((2, 4)), np.full((2, 3), 2.5)
    risen = Recording([1, 2], losses, sharpness=sharpness, schedule=[[0.1, 0.5, 1], [0.2, 1, 2]])
    assert [risen.firsts(lr)[0].crosses for lr in (1, 2)] == [2, 1]
    assert Recording([1, 2], losses, sharpness=sharpness, threshold=[3, 4]).firsts(2)[0].crosses == 0
    moved = Recording([1, 2], losses, sharpness=sharpness, threshold=[[3, 3, 2], [6, 6, 6]])
    assert [moved.firsts(lr)[0].crosses for lr in (1, 2)] == [2, None]


def test_only_runs_whose_sharpness_was_measured_are_counted():
    losses = np.array([[[4, 5, 6], [4, 3, 2], [4, 3, 5]]], dtype=float)
    sharpness = [[[3, 3], [NAN, NAN], [1, 3]]]
    assert Recording([1], losses, sharpness=sharpness).firsts(1) == [Firsts(0, 1), Firsts(1, 2, 0)]
    assert Recording([1], losses, sharpness=[[1, 3]]).firsts(1) == [Firsts(1, 1, 0)]  # that of the first seed
    assert Recording([1], losses).firsts(1) == []


def test_a_rate_trains_if_every_run_of_it_does():
    losses = np.full((5, 2, 3), 4.0)
    losses[0, :, 2], losses[1, :, 2], losses[2, :, 2] = [1, 1], [1, 2], [1, NAN]
    losses[3, :, 2], losses[4] = [1.9, 0], [[4, NAN, 1], [4, 3, 1]]
    recording = Recording([1, 2, 3, 4, 5], losses, sharpness=[[0.25, 9]] * 5)
    assert recording.trains().tolist() == [True, False, False, True, False]
    assert recording.trains(0.6).tolist() == [True, True, False, True, False]
    limits = recording.limits()
    assert (limits.predicted.tolist(), limits.trains, limits.fails) == ([8], 4, 5)
    assert Recording([1, 2], losses[[1, 0]], sharpness=[[1, 1]] * 2).limits().fails is None
    none = Recording([1, 2], losses[[1, 2]], sharpness=[[0, 0]] * 2).limits()
    assert (none.predicted.tolist(), none.trains, none.fails) == ([INF], None, 1)


def test_the_predicted_rate_is_that_of_each_seed_at_its_initial_point():
    losses = np.ones((2, 3, 2))
    assert Recording([1, 2], losses, sharpness=[[5]] * 2).limits().predicted.tolist() == [0.4]
    assert Recording([1, 2], losses, sharpness=[[5]] * 2, initial=[4, 5, 8]).limits().predicted.tolist() == [
        0.5,
        0.4,
        0.25,
    ]
    late = Recording([1, 2], losses, sharpness=[[[5], [NAN], [2]], [[NAN], [4], [2]]])
    assert late.limits().predicted.tolist() == [0.4, 0.5, 1]
    # Where the threshold depends on the rate, that of the nearest stop holds.
    assert Recording([1, 2], losses, sharpness=[[5]] * 2, threshold=[4, 9]).limits().predicted.tolist() == [1.8]


def test_marks_stand_where_the_gauge_comes_to_pass_the_threshold():
    sharpness = np.ones((2, 100))
    sharpness[0, [0, 1, 7, 30, 31]], sharpness[0, 8:12], sharpness[1, 1::2] = 3, NAN, 3
    recording = Recording([1, 2], np.ones((2, 101)), sharpness=sharpness, threshold=[2, 4])
    assert recording.marks(1) == [7, 30]
    assert len(sharpness[1, 1::2]) > MOST_MARKS and recording.marks(2) == [1]
    assert recording.pack()["marks"] == [[7, 30], [1]]
    axes = drawn(recording, 1, "gauge")
    marks = [line for line in axes.lines if line.get_marker() == "^"]
    assert marks[0].get_xdata().tolist() == [7, 30]


# ---------------------------------------------------------------- several models


def family() -> dict[str, Recording]:
    """Three models whose marks are told by hand: by rate, one run each but for the first model."""
    fall, late, never = [8, 4, 2, 1, 0.5], [8, 4, 2, 1, 3], [8, 7, 6, 5, 4.5]
    two = [[[1, 1, 1, 1], [1, 3, 3, 3]], [[3, 3, 3, 3], [3, 3, 3, 3]]]
    return {
        "mlp": Recording(
            [0.5, 1], [[fall, fall], [[8, 9, 99, 999, 9999]] * 2], sharpness=np.array(two) / [[[0.5]], [[1]]]
        ),
        "cnn": Recording([0.1, 1, 2], [fall, late, never], sharpness=[[1] * 4] * 3),
        "rnn": Recording([5.0, 50.0], [[9, 3, 1]] * 2, sharpness=[[0, 0]] * 2),
    }


def drawn(recordings, lr: float, panel: str, model: str | None = None):
    """The axes of one panel as the still picture has them."""
    recordings = Recordings(recordings)
    axes = Figure().subplots()
    scene = figures.Scene({"gd": recordings[model].at(lr)}, "gd", None, recordings[model].facts(lr), "en")
    stills._draw(axes, scene, panel, recordings, model)
    return axes


def test_one_figure_shows_the_model_in_focus():
    shown = family()
    figure = lab(shown, model="cnn", lr=0.9, panels=["loss", "gauge"])
    assert (figure.model, figure.lr, figure.steps) == ("cnn", 1, 4)
    assert figure.sentence == "Convolutional network: " + shown["cnn"].sentence(1, "en")
    assert lab(shown).model == "mlp"
    assert lab(shown, model="rnn", language="zh").sentence.startswith("循环网络：η = 5")
    figure.cursor = 4
    figure.model = "rnn"  # of its own rates the nearest, its own steps, and no cursor beyond them
    assert (figure.lr, figure.steps, figure.cursor, figure.lr_range) == (5, 2, None, [5, 50])
    figure.model = "cnn"
    assert (figure.lr, figure.steps) == (2, 4)
    with figure.hold_trait_notifications():  # as the page sends it
        figure.model, figure.lr = "mlp", 0.5
    assert (figure.lr, figure.sentence) == (0.5, "Fully connected network: " + shown["mlp"].sentence(0.5, "en"))
    assert lab(shown["mlp"]).model is None


def test_a_refused_model_leaves_the_figure_as_it_was():
    figure = lab(family(), model="cnn", lr=1)
    for name, wrong, message in (
        ("model", "cn", "model 'cn' is unknown: did you mean 'cnn'"),
        ("model", None, "model must be a name"),
        ("steps", 2, "steps is fixed in a figure that shows a recording, got 2"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            setattr(figure, name, wrong)
    with pytest.raises(ValueError, match="steps is fixed"), figure.hold_trait_notifications():
        figure.model, figure.steps = "rnn", 3
    assert (figure.model, figure.lr, figure.steps) == ("cnn", 1, 4)


def decays() -> dict[str, Recording]:
    """Two schedules of two rates each, three steps, two seeds."""
    falls = {"schedule_cosine": [1, 0.5, 0], "schedule_step_decay": [1, 1, 0.1]}
    losses = [[[8, 4, 2, 1], [8, 6, 4, 2]], [[8, 2, 1, 0.5], [8, 3, 2, 1]]]
    made = (Recording([0.1, 0.2], losses, schedule=np.outer([0.1, 0.2], fall)) for fall in falls.values())
    return dict(zip(falls, made, strict=True))


def test_schedules_stand_beside_each_other():
    shown = decays()
    figure = lab(shown, lr=0.2, panels=["schedule", "loss"], model="schedule_step_decay", language="de")
    assert figure.sentence == "Stufen: " + shown["schedule_step_decay"].sentence(0.2, "de")
    assert Recordings(shown).beside and not Recordings(family()).beside and not Recordings(family()["mlp"]).beside
    with_gauge = {"schedule_cosine": Recording([1], [[2, 1]], sharpness=[[1]])}
    assert Recordings(shown).panels == Recordings(with_gauge).panels == ["loss", "schedule"]


@pytest.mark.parametrize(("panel", "low"), [("schedule", 0.02), ("loss", 1)])
def test_the_picture_has_a_line_and_a_band_for_each_schedule(monkeypatch, panel, low):
    pictures = []
    monkeypatch.setattr(figures, "packed", lambda figure: pictures.append(figure) or b"")
    Recordings(decays()).still("schedule_cosine", 0.2, [panel], "en")
    (figure,) = pictures
    (axes,), (legend,) = figure.axes, figure.legends
    lines = [line for line in axes.lines if len(line.get_ydata()) >= 3]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(lines) == 2
    assert len(axes.collections) == (2 if panel == "loss" else 0)
    assert len({tuple(band.get_facecolor()[0]) for band in axes.collections}) == len(axes.collections)
    assert [text.get_text() for text in legend.get_texts()] == ["Cosine", "Step decay"]
    assert [text.get_fontweight() for text in legend.get_texts()] == ["bold", "normal"]
    drawn = [(line.get_color(), line.get_linestyle()) for line in legend.get_lines()]
    assert drawn == [(line.get_color(), line.get_linestyle()) for line in lines]


def test_a_link_of_the_book_sets_model_and_rate():
    figure = lab(family(), model="mlp", lr=0.5)
    assert states.link(2, figure._state, {"model": "cnn", "lr": 2}) == "#figure=2&lr=2.0&model=%22cnn%22"
    assert states.link(2, figure._state, {"model": "rnn"}) == "#figure=2&lr=5.0&model=%22rnn%22"
    with pytest.raises(ValueError, match="model 'lstm' is unknown: known: mlp, cnn, rnn"):
        states.link(2, figure._state, {"model": "lstm"})
    with pytest.raises(ValueError, match="model must be None"):
        states.link(1, lab("parabola")._state, {"model": "cnn"})


def test_the_page_gets_the_firsts_and_the_limits_of_every_model():
    figure = lab(family(), panels=["crossings", "limits"], trains=0.4)
    scatter = figure.recording["scatter"]
    assert scatter["firsts"] == [
        [[[None, None, -1], [1, None, 0]], [[0, 1, -1], [0, 1, -1]]],
        [[[None, None, -1]], [[None, 4, -1]], [[None, None, -1]]],
        [[[None, None, -1]], [[None, None, -1]]],
    ]
    # The first rate of the first model has another sharpness in each seed, but both begin alike.
    assert scatter["limits"] == [[1, 1, 1, 0.5, 1], [2, 2, 2, 1, 2], [None, None, None, 50, None]]
    assert scatter["share"] == 0.4
    assert "scatter" not in lab(family()).recording
    json.dumps(figure._state, allow_nan=False)


def test_the_picture_has_a_mark_for_each_run_that_crosses_or_rises():
    axes = drawn(family(), 1, "crossings", "mlp")
    marks = [line for line in axes.lines if line.get_marker() in stills.SHAPES[:3] and line.get_markersize() < 10]
    assert len(marks) == 4  # one that only crosses, one that only rises, two that do both
    hollow = [mark for mark in marks if mark.get_markerfacecolor() == "white"]
    assert sorted(mark.get_marker() for mark in hollow) == ["o", "s"]
    never = axes.get_xticks()[-1]
    assert axes.get_xticklabels()[-1].get_text() == axes.get_yticklabels()[-1].get_text() == "never"
    assert [float(mark.get_ydata()[0]) for mark in hollow if mark.get_marker() == "o"] == [never]
    assert [float(mark.get_xdata()[0]) for mark in hollow if mark.get_marker() == "s"] == [never]
    rings = [line for line in axes.lines if line.get_markersize() > 10]
    assert len(rings) == 2  # both seeds of the stop in focus


def test_marks_at_one_place_are_spread_and_many_are_counted():
    axes = drawn(models(9), 0.01, "crossings", "cnn")
    recordings = models(9)
    firsts = [one for each in recordings.values() for lr in each.rates for one in each.firsts(lr)]
    seen = [one for one in firsts if (one.crosses, one.rises) != (None, None)]
    marks = [line for line in axes.lines if line.get_marker() in stills.SHAPES and line.get_markersize() < 10]
    places = {(float(mark.get_xdata()[0]), float(mark.get_ydata()[0])) for mark in marks}
    assert len(marks) == len(places) == len(seen)
    counts = Counter((one.crosses, one.rises) for one in seen)
    told = [text.get_text() for text in axes.texts]
    heaps = sorted((count for count in counts.values() if count >= stills.HEAP), reverse=True)
    assert told[0] == f"×{heaps[0]}" and set(told) <= {f"×{count}" for count in heaps}


def test_the_picture_of_the_limits_has_a_bar_to_the_rate_that_fails():
    axes = drawn(family(), 1, "limits", "cnn")
    marks = {
        line.get_marker(): line
        for line in axes.lines
        if line.get_marker() in stills.SHAPES[:3] and line.get_markersize() < 10
    }
    assert 10 ** float(marks["o"].get_ydata()[0]) == pytest.approx(0.5)
    assert 10 ** np.array([marks["s"].get_xdata()[0], marks["s"].get_ydata()[0]]) == pytest.approx([2, 1])
    bars = [
        10 ** np.asarray(line.get_ydata())
        for line in axes.lines
        if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"
    ]
    assert any(bar == pytest.approx([1, 2]) for bar in bars)
    assert axes.get_xticklabels()[-1].get_text() == "∞"
    assert not axes.texts  # a name would lie over marks: the legend has it


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_and_legend_of_the_picture_have_room(language):
    shown, wide = lab(models(9, 2, 1, 20), panels=["loss", "gauge", "crossings", "limits"], language=language), []
    draw = FigureCanvasAgg.draw

    def measured(canvas):
        draw(canvas)
        legend = canvas.figure.legends[0].get_window_extent()
        assert 0 <= legend.x0 and legend.x1 <= 2 * 3.3 * 110
        for axes in canvas.figure.axes:
            box = axes._left_title.get_window_extent()
            wide.append((round(axes.get_subplotspec().rowspan.start), box.x0, box.x1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FigureCanvasAgg, "draw", measured)
        shown._repr_mimebundle_()
    for row in (0, 1):
        (_, _, end), (_, begin, last) = [one for one in wide if one[0] == row]
        assert end < begin and last < 2 * 3.3 * 110


ONE = [[1.0, 1.0]]


def test_a_figure_of_a_recording_shows_its_stops_and_has_no_path():
    recording = Recording(
        [0.1, 0.2, 0.4], np.exp(-np.outer([0.1, 0.2, 0.4], np.arange(11))), sharpness=np.full((3, 10), 6)
    )
    assert lab(recording, lr=0.1).lr == 0.1  # also where that is the default of another figure
    figure = lab(recording, lr=0.21, panels=["loss", "gauge"])
    assert (figure.lr, figure.panels, figure.sentence) == (0.2, ["loss", "gauge"], recording.sentence(0.2, "en"))
    figure.lr = 0.4
    assert figure.sentence == recording.sentence(0.4, "en") and "ηλ = 2.4" in figure.sentence
    assert "lr-lab" in figure._repr_mimebundle_()[0]["text/html"]
    for refused in (lambda: figure.path, lambda: figure.python):
        with pytest.raises(ValueError, match="shows a recording, which has no path"):
            refused()
    with pytest.raises(ValueError, match="steps is fixed in a figure that shows a recording, got 3"):
        figure.steps = 3
    with pytest.raises(TypeError, match="noise cannot be set where a recording is shown, got 1"):
        lab(recording, noise=1)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Recording([], ONE), TypeError, "rates must be"),
        (lambda: Recording([2, 1], ONE * 2), ValueError, r"rates must be a list of increasing numbers, got \[2, 1\]"),
        (lambda: Recording([0, 1], ONE * 2), ValueError, "rates must be a finite number above 0, got 0"),
        (lambda: Recording([1], ONE * 2), ValueError, r"losses must be 1 × \(steps \+ 1\) .*, got 2 × 2"),
        (lambda: Recording([1], [[1]]), ValueError, "losses must be of 1 to 20000 steps, got 0"),
        (lambda: Recording([1], np.ones((1, 20_002))), ValueError, "got 20001"),
        (lambda: Recording([1], [["a", 1]]), TypeError, "losses must be numbers, ∞ or nan"),
        (lambda: Recording([1], [[1, -INF]]), TypeError, "losses must be numbers, ∞ or nan"),
        (lambda: Recording([1, 2], [[1, 2], [1]]), ValueError, "losses must be lists of the same length"),
        (lambda: Recording([1], ONE, norms=[[1]]), ValueError, r"norms must be 1 × \(2\) numbers, got 1 × 1"),
        (lambda: Recording([1], ONE, norms=[[1, -1]]), ValueError, "norms must be at least 0, ∞ or nan, got -1.0"),
        (lambda: Recording([1], ONE, sharpness=[[1, 1, 1]]), ValueError, r"sharpness must be 1 × \(1 or 2\) numbers"),
        (lambda: Recording([1], ONE, sharpness=[[NAN]]), ValueError, "measured at the start, got nan there .* 1"),
        (lambda: Recording([1], ONE, threshold=0), ValueError, "threshold must be"),
        (lambda: Recording([1], ONE, threshold=[1, 2]), ValueError, "threshold must be one number, 1 or 1 × 1"),
        (lambda: Recording([1], ONE, schedule=[1]), ValueError, "schedule must be 1 × 1 numbers, got 1"),
        (lambda: Recording([1], ONE, rescaled=1), TypeError, "rescaled must be True or False, got 1"),
        (lambda: Recording([1], ONE).at(-1), ValueError, "lr must be"),
        (lambda: Recording([1], ONE, initial=[1, 2]), ValueError, "initial must be 1 numbers, got 2"),
        (lambda: Recording([1], ONE, initial=["a"]), TypeError, "initial must be a finite number"),
        (lambda: Recording([1], ONE).trains(0), ValueError, "share must be"),
        (
            lambda: Recording([1], ONE).limits(),
            ValueError,
            "limits needs sharpness, of which nothing was recorded at the start",
        ),
        (lambda: lab({}), ValueError, "a figure shows 1 to 12 models, got 0"),
        (lambda: lab({3: Recording([1], ONE)}), TypeError, "a model must be a name, got 3. Known: "),
        (
            lambda: lab({"rn": Recording([1], ONE)}),
            ValueError,
            "model 'rn' is unknown, .* no model_rn: did you mean 'rnn'",
        ),
        (
            lambda: lab({"schedule_cosin": Recording([1], ONE)}),
            ValueError,
            "schedule 'cosin' is unknown: did you mean 'cosine'",
        ),
        (
            lambda: lab(decays() | family()),
            ValueError,
            "a figure shows either models or up to 5 schedules, got 5 recordings",
        ),
        (
            lambda: lab(decays() | {"schedule_linear": Recording([1], ONE)}),
            ValueError,
            r"recordings of schedules must have the same number of steps, got \[1, 3\]",
        ),
        (
            lambda: lab(decays(), panels=["gauge"]),
            ValueError,
            "panels 'gauge' shows no schedules beside each other. Known: loss, schedule",
        ),
        (lambda: lab({"rnn": ONE}), TypeError, "what is shown of 'rnn' must be a Recording, got"),
        (lambda: lab(family(), model="rn"), ValueError, "model 'rn' is unknown: did you mean 'rnn'"),
        (lambda: lab(family(), trains=2), ValueError, "trains must be a number from 0 to 1, got 2"),
        (lambda: lab(family(), noise=1), TypeError, "noise cannot be set where a recording is shown, got 1"),
        (lambda: lab(Recording([1], ONE), model="rnn"), ValueError, "model must be None where one recording is shown"),
        (lambda: lab(Recording([1], ONE), panels=["limits"]), ValueError, "'limits' needs sharpness, of which nothing"),
        (
            lambda: lab(family() | {"svm": Recording([1], ONE)}, panels=["crossings"]),
            ValueError,
            "'crossings' needs sharpness, of which nothing was recorded for svm. Known: loss, schedule",
        ),
        (
            lambda: lab("parabola", panels=["crossings"]),
            ValueError,
            "panels 'crossings' needs recordings. Known: landscape",
        ),
        (
            lambda: lab("parabola", model="rnn"),
            TypeError,
            "model can only be set where recordings are shown, got 'rnn'",
        ),
        (lambda: lab("parabola", trains=0.1), TypeError, "trains can only be set where recordings are shown, got 0.1"),
        (lambda: lab(Recording([1], ONE), panels=["gauge"]), ValueError, "'gauge' needs sharpness, of which nothing"),
        (lambda: lab(Recording([1], ONE), panels=["los"]), ValueError, "did you mean 'loss'"),
        (lambda: lab(Recording([1], ONE), panels=[]), ValueError, "panels must name at least one of loss, schedule"),
    ],
)
def test_bad_input_is_refused_by_name(call, kind, message):
    with pytest.raises(kind, match=message):
        call()

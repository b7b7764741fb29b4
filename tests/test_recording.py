"""Recordings: what is kept of runs that a page cannot compute, and what is said of them."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from lrlib import lab
from lrlib.recording import MOST_POINTS, Recording
from lrlib.words import LANGUAGES
from recorded import network

INF, NAN = np.inf, np.nan


def unpacked(packed):
    """Each line of a packed quantity as its steps and values."""
    values = np.frombuffer(base64.b64decode(packed["values"]), f"<f{packed['bits'] // 8}")
    steps = np.frombuffer(base64.b64decode(packed["steps"]), "<u2")
    lines, begin = [], 0
    for count in packed["counts"]:
        own = steps[begin : begin + count] if len(steps) == len(values) else steps[:count]
        lines.append((own if len(steps) else np.arange(count), values[begin : begin + count]))
        begin += count
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


def test_after_infinity_or_nan_nothing_more_is_kept():
    stop = Recording([1], [[1, INF, 3, NAN, 5]]).at(1)
    assert stop.losses.tolist()[:3] == [1, INF, INF] and np.isnan(stop.losses[3:]).all()


@pytest.mark.parametrize("value", [1e-60, 1e60])
def test_numbers_beyond_single_precision_are_kept_in_double(value):
    recording = Recording([1], [[1, value]])
    assert recording.at(1).losses[1] == value
    assert recording.pack()["losses"]["bits"] == 64
    assert Recording([1], [[1, 0.1]]).pack()["losses"]["bits"] == 32


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
    for (steps, values), line in zip(unpacked(recording.pack()["losses"])[::3], recording.rates, strict=True):
        np.testing.assert_array_equal(values, recording.at(line).losses[steps])


def test_what_goes_into_the_page_is_json_and_as_large_as_it_says():
    recording = network()
    text = json.dumps(recording.pack(), allow_nan=False)
    assert recording.size == pytest.approx(len(text), rel=0.02)
    assert recording.size < 90_000


def test_a_line_of_all_400_numbers_takes_what_the_documentation_says():
    rng = np.random.default_rng(0)
    data = rng.random((1, 3, 5001)).astype(np.float32)
    recording = Recording([1], data, norms=data, sharpness=data)
    assert 25_000 < recording.size < 29_500


def test_a_recording_too_large_for_a_page_is_refused():
    data = np.random.default_rng(0).random((40, 3, 2001))
    recording = Recording(np.arange(1, 41), data, norms=data)
    with pytest.raises(ValueError, match=r"at most 300000 bytes .* takes \d{6}: record fewer"):
        recording.pack()


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
    assert Recording([1], [[1, 1]]).traits(5)["panels"] == ["loss"]


def test_the_picture_has_all_panels_and_stands_every_recording():
    hard = Recording([1], [[NAN, NAN]], norms=[[0, INF]], sharpness=[[NAN]])
    for recording, lr in ((network(), 0.2), (network(), 0.8), (hard, 1)):
        picture = Image.open(io.BytesIO(recording.still(lr, recording.panels, "ko", cursor=1)))
        assert picture.width > 500 and picture.height > 500


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
        (lambda: Recording([1], ONE).traits(1, ["gauge"]), ValueError, "'gauge' needs sharpness, of which nothing"),
        (lambda: Recording([1], ONE).traits(1, ["los"]), ValueError, "did you mean 'loss'"),
        (lambda: Recording([1], ONE).traits(1, []), ValueError, "panels must name at least one of loss, schedule"),
    ],
)
def test_bad_input_is_refused_by_name(call, kind, message):
    with pytest.raises(kind, match=message):
        call()

"""Still pictures of recordings: what their figures show where no script runs."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator

from lrlib import figures, layout
from lrlib.recording import Recording, Stop
from lrlib.recordings import SCATTERS, Recordings
from lrlib.search import range_places, smoothed

#: A shape for each model, the same as `SHAPES` of `figure/scatter.js`, and its colour.
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "p", "h")
_COLOURS = [color for color, _, _ in figures.RACERS]
_STEPS_NAMED = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


#: Of so many marks at one place the number is told.
HEAP = 8


def still(
    recordings: Recordings,
    model: str | None,
    lr: float,
    panels: list[str],
    language: str,
    cursor: Any,
    smoothing: float = 0.0,
) -> bytes:
    """The panels of one model at a rate as a PNG, at most three in a row; models have a legend under them.

    Arguments
        recordings: what is shown.
        model: the one in focus.
        lr: any rate above 0.
        panels: some of `Recordings.panels`.
        language: of the labels.
        cursor: the step to mark, None for none.
        smoothing: of the range test, as for `search.smoothed`.
    """
    recording = recordings[model]
    stop = recording.at(lr)
    test = _tested(recording, stop, smoothing) if "range" in panels else None
    stops = {name: recordings[name].at(lr) for name in recordings.names} if recordings.beside else {model: stop}
    scene = figures.Scene(stops, model, None, recording.facts(lr), language, cursor, test=test)
    columns = 2 if len(panels) == 4 else min(3, len(panels))
    with matplotlib.rc_context({"font.family": figures.fonts(language), "axes.unicode_minus": False}):
        named = len(recordings.names) > 1 and (recordings.beside or bool(set(panels) & set(SCATTERS)))
        names = [recordings.label(name, language) for name in recordings.names] if named else []
        beside = _columns_of(names, columns)
        below = 0.17 * -(-len(names) // beside)  # for the legend
        figure, every = layout.panels(len(panels), columns, below)
        for axes, name in zip(every, panels, strict=True):
            _draw(axes, scene, name, recordings, model)
        if named:
            _legend(figure, recordings, model, names, beside)
        layout.arrange(figure, every, columns)
        return figures.packed(figure)


def _tested(recording: Recording, stop: Stop, smoothing: float) -> dict[str, Any]:
    """The recorded range test, as the panel draws it."""
    rates, losses = recording.test
    curve, critical = smoothed(losses, smoothing), None
    if stop.gauge is not None and not recording.rescaled and stop.gauge[0] > 0:
        critical = stop.lr * float(stop.threshold[0] / stop.gauge[0])
    told = {"rates": rates, "losses": losses, "first": float(losses[0]), "curve": curve, "places": range_places(curve)}
    return told | {"critical": critical, "now": stop.lr}


def _draw(axes: Axes, scene: figures.Scene, name: str, recordings: Recordings, model: str | None) -> None:
    if name == "gauge":
        _draw_gauge(
            axes, scene, "ηλ̃" if recordings[model].rescaled else "ηλ", recordings[model].marks(scene.told["lr"])
        )
    elif name in SCATTERS:
        figures.dress(axes, scene, name)
        {"crossings": _draw_crossings, "limits": _draw_limits}[name](axes, scene, recordings, model)
    else:
        figures.draw(axes, scene, name)
        for at, stop in enumerate(scene.paths.values()):
            _draw_band(axes, stop, name, figures.RACERS[at][0])


def _draw_band(axes: Axes, stop: Stop, panel: str, color: str) -> None:
    """The range of the seeds, on an axis of exponents; the axis grows where it must."""
    band = stop.bands.get({"loss": "losses", "norm": "norms"}.get(panel))
    if band is None:
        return
    bottom, top = axes.get_ylim()
    with np.errstate(all="ignore"):
        low, high = (np.log10(values) for values in band)
    seen, least = high[np.isfinite(high)], low[np.isfinite(low)]
    top = max(top, np.ceil(seen.max() + 0.1)) if seen.size else top
    # As far down as the page shows it: ten powers of ten.
    bottom = min(bottom, np.floor(max(least.min() - 0.1, top - 10))) if least.size else bottom
    _fill(axes, np.where(low == -np.inf, bottom, low), np.where(high == -np.inf, bottom, high), top, color)
    axes.set_ylim(bottom, top)


def _fill(axes: Axes, low: np.ndarray, high: np.ndarray, top: float, color: str) -> None:
    """Between lowest and highest, where the lowest is a number; a highest that is none is beyond the top."""
    there = np.flatnonzero(np.isfinite(low))
    high = np.where(np.isfinite(high), high, top + 1)
    axes.fill_between(there, low[there], high[there], color=color, alpha=0.2, lw=0)


def _draw_gauge(axes: Axes, scene: figures.Scene, product: str, marks: list[int]) -> None:
    """Rate × sharpness where it was measured, joined by straight lines, against the threshold."""
    stop = scene.path
    figures.dress(axes, scene, "gauge")
    limits = np.append(stop.threshold, stop.threshold[-1])
    measured = np.flatnonzero(np.isfinite(stop.gauge))
    seen = stop.gauge[measured]
    most = max([0.0, *seen, *(high for high in stop.bands.get("gauge", ((), ()))[1] if np.isfinite(high))])
    top = np.clip(1.15 * most, 1.5 * limits.max(), 4 * limits.max())
    steps = np.arange(scene.steps + 1)
    axes.fill_between(steps, 0, limits, color=figures.CALM, lw=0)
    axes.fill_between(steps, limits, top, **figures._HATCHED)
    axes.plot(steps, limits, color=figures.DANGER, lw=1.2)
    if "gauge" in stop.bands:
        low, high = stop.bands["gauge"]
        axes.fill_between(measured, low[measured], high[measured], color=figures.RACERS[0][0], alpha=0.25, lw=0)
    axes.plot(measured, seen, color=figures.RACERS[0][0], lw=1.8)
    axes.plot(marks, limits[marks] - 0.035 * top, "^", color=figures.DANGER, ms=6, mec="white", mew=0.7)
    axes.set_ylim(max(min(0, seen.min(initial=0)), -top), top)
    if seen.size and seen[0] > top:
        figures._note(axes, f"▲ {product} = {scene.number(seen[0])}")


# ---------------------------------------------------------------- a mark for each run, or each model


def _legend(figure: Figure, recordings: Recordings, model: str | None, names: list[str], columns: int) -> None:
    """Which shape is which model's, or which line which schedule's."""
    handles = [
        Line2D([], [], **_look(recordings, name), ms=5, label=label)
        for name, label in zip(recordings.names, names, strict=True)
    ]
    long = 3.0 if recordings.beside else 1.2
    look = {"fontsize": 8, "frameon": False, "columnspacing": 1.0, "handletextpad": 0.2 * long, "handlelength": long}
    legend = figure.legend(handles=handles, loc="lower center", ncols=columns, **look)
    legend.get_texts()[recordings.names.index(model)].set_fontweight("bold")


def _columns_of(names: list[str], panels: int) -> int:
    """In how many columns names fit below panels beside each other."""

    def width(count: int) -> int:
        rows = -(-len(names) // count)
        return sum(5 + max(figures._width(name) for name in names[at : at + rows]) for at in range(0, len(names), rows))

    return next((count for count in range(len(names), 1, -1) if width(count) <= 43 * panels), 1)


def _look(recordings: Recordings, model: str | None) -> dict[str, Any]:
    at = recordings.names.index(model)
    if recordings.beside:
        color, line, _ = figures.RACERS[at]
        return {"color": color, "ls": line, "lw": 1.4}
    return {"ls": "", "marker": SHAPES[at], "color": _COLOURS[at % len(_COLOURS)], "mew": 0.7}


def _draw_crossings(axes: Axes, scene: figures.Scene, recordings: Recordings, model: str | None) -> None:
    """The first rise over the first crossing; beyond the borders what never happened."""
    stops = [(k, name, lr) for name in recordings.names for k, lr in enumerate(recordings[name].rates)]
    runs = [
        (name, lr, first)
        for _, name, lr in sorted(stops, key=lambda stop: stop[0])  # in a heap the models are mixed
        for first in recordings[name].firsts(lr)
        if (first.crosses, first.rises) != (None, None)
    ]
    seen = [step for _, _, first in runs for step in (first.crosses, first.rises) if step is not None]
    most = np.log1p(max(10, *seen, 10))
    border, never, edge = 1.07 * most, 1.155 * most, 1.24 * most  # room for the ring of a mark in a heap
    places = np.array(
        [[never if at is None else np.log1p(at) for at in (one.crosses, one.rises)] for _, _, one in runs]
    )
    told = []
    for place, count in _heaps(places):  # of two numbers that would meet the larger
        if all(abs(place - other)[0] > 0.15 * most or abs(place - other)[1] > 0.09 * most for other in told):
            told.append(place)
            axes.annotate(f"×{count}", place, (17, -3), textcoords="offset points", fontsize=8, color=figures.INK)
    for (name, lr, first), (x, y) in zip(runs, _spread(places, most), strict=True):
        look, whole = _look(recordings, name), None not in (first.crosses, first.rises)
        if first.crosses is not None and first.below < first.crosses - 1:
            axes.plot([x - np.log1p(first.crosses) + np.log1p(first.below + 1), x], [y, y], color=look["color"], lw=0.9)
        face = {"mec": "white"} if whole else {"mfc": "white", "mec": look["color"], "mew": 1.3}
        axes.plot(x, y, ms=5.5, **look | face)
        if name == model and lr == scene.told["lr"]:
            _ring(axes, x, y)
    axes.plot([0, most], [0, most], color=figures.INK, ls="--", lw=0.8, alpha=0.6, zorder=0)
    for line in (axes.axvline, axes.axhline):
        line(border, color=figures.INK, ls=":", lw=0.6)
    steps = [step for step in _STEPS_NAMED if np.log1p(step) <= most]
    ticks, names = [*np.log1p(steps), never], [*(scene.number(step) for step in steps), scene.words["never"]]
    axes.set(xlim=(-0.14 * most, edge), ylim=(-0.08 * most, edge))
    _name_ticks(axes.xaxis, ticks, names)
    _name_ticks(axes.yaxis, ticks, names)
    _name_axes(axes, scene, "axis_crosses", "axis_rises")


def _heaps(places: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Places with many marks, and how many they are, the most first."""
    if not len(places):
        return []
    there, counts = np.unique(places, axis=0, return_counts=True)
    return [(there[i], int(counts[i])) for i in np.argsort(-counts, kind="stable") if counts[i] >= HEAP]


def _spread(places: np.ndarray, most: float) -> np.ndarray:
    """Marks at one place are spread around it, as `spreadMarks` of `figure/scatter.js` does."""
    spread = places.copy()
    for place in np.unique(places, axis=0) if len(places) else ():
        heap = np.flatnonzero((places == place).all(axis=1))
        turn, away = 2.4 * np.arange(len(heap)), np.sqrt(np.arange(len(heap)))
        reach = np.array([0.03, 0.085] if place[0] > most else [0.085, 0.03]) / np.sqrt(max(len(heap) - 1, 1))
        spread[heap] += most * np.minimum(0.03, reach) * away[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    return spread


def _draw_limits(axes: Axes, scene: figures.Scene, recordings: Recordings, model: str | None) -> None:
    """The largest rate that trains over the predicted one; a bar up to the next rate, which does not train."""
    limits = {name: recordings[name].limits(recordings.share) for name in recordings.names}
    seen = [rate for one in limits.values() for rate in (*one.predicted, one.trains, one.fails) if rate is not None]
    seen = np.array([rate for rate in seen if np.isfinite(rate)])
    low, high = np.log10(seen.min() / 1.4), np.log10(seen.max() * 1.4)
    endless = any(np.isinf(np.median(one.predicted)) for one in limits.values())
    right = high + 0.12 * (high - low) * endless
    for name, one in limits.items():
        look, predicted = _look(recordings, name), np.log10(one.predicted)
        x = np.median(predicted) if np.isfinite(np.median(predicted)) else (high + right) / 2
        y = low + 0.03 * (high - low) if one.trains is None else np.log10(one.trains)
        top = high if one.fails is None else np.log10(one.fails)
        axes.plot([x, x], [y, top], color=look["color"], lw=1.2)
        if one.fails is not None:
            axes.plot(x, top, "_", color=look["color"], ms=7)
        if np.isfinite(predicted).all():
            axes.plot([predicted.min(), predicted.max()], [y, y], color=look["color"], lw=1.2)
        face = {"mec": "white"} if one.trains is not None else {"mfc": "white", "mec": look["color"], "mew": 1.3}
        axes.plot(x, y, ms=6.5, **look | face)
        if name == model:
            _ring(axes, x, y)
    axes.plot([low, high], [low, high], color=figures.INK, ls="--", lw=0.8, alpha=0.6, zorder=0)
    if endless:
        axes.axvline(high, color=figures.INK, ls=":", lw=0.6)
    axes.set(xlim=(low, right), ylim=(low, high))
    ticks = _round_rates(10**low, 10**high)
    names = [scene.number(rate) for rate in ticks]
    _name_ticks(axes.xaxis, [*np.log10(ticks), *[(high + right) / 2] * endless], names + ["∞"] * endless)
    _name_ticks(axes.yaxis, np.log10(ticks), names)
    _name_axes(axes, scene, "axis_predicted", "axis_trains")


def _round_rates(low: float, high: float) -> list[float]:
    """1, 2 and 5 times every power of ten between two numbers; of many decades the powers alone."""
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    tens = [float(f"1e{int(power)}") for power in powers]
    factors = (1, 2, 5) if len(tens) < 5 else (1,)
    return [factor * ten for ten in tens for factor in factors if low <= factor * ten <= high]


def _ring(axes: Axes, x: float, y: float) -> None:
    axes.plot(x, y, "o", ms=11, mfc="none", mec=figures.INK, mew=1.4)


def _name_ticks(axis: Axis, places: Any, names: list[str]) -> None:
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(names))
    axis.set_tick_params(labelsize=7)


def _name_axes(axes: Axes, scene: figures.Scene, across: str, up: str) -> None:
    axes.set_xlabel(scene.words[across], fontsize=7.5)
    axes.set_ylabel(scene.words[up], fontsize=7.5)

"""Runs that a page cannot compute, such as those of trained networks: recorded, one for each stop of the rate's slider.

`figure/recording.js` reads what `Recording.pack` writes and says the same; a test in a browser holds the two together.
"""

import base64
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from lrlib.settings import choice, numbers, shown
from lrlib.words import strings, written

#: What can be shown of a recording, by the name of the panel: what must have been recorded for it.
PANELS = {"loss": None, "gauge": "sharpness", "norm": "norms", "schedule": None}

#: As long as any figure's run.
MOST_STEPS = 20_000

#: A line of more numbers is thinned; a page cannot show more.
MOST_POINTS = 400

#: Of one figure, in a page that may hold many.
MOST_BYTES = 300_000

_BUCKETS = MOST_POINTS // 2 - 4  # two points of each, and room for the ends and for where the numbers end

Band = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Stop:
    """What was recorded at one learning rate; of several seeds the median.

    lr         the learning rate
    losses     (steps + 1,)
    norms      (steps + 1,), or None
    rates      (steps,), the learning rate of each step
    gauge      (steps,), rate × sharpness, nan where it was not measured; or None
    threshold  (steps,)
    bands      by the name of a quantity the lowest and the highest of the seeds, where there are several
    seeds      how many there are
    """

    lr: float
    losses: np.ndarray
    norms: np.ndarray | None
    rates: np.ndarray
    gauge: np.ndarray | None
    threshold: np.ndarray
    bands: dict[str, Band] = field(default_factory=dict)
    seeds: int = 1


class Recording:
    r"""One recorded run, or one for each of several seeds, at each of k learning rates.

    $$\text{gauge}_t = \eta_t \, \lambda_t$$

    Arguments
        rates: the k learning rates, increasing: the stops of the slider.
        losses: k × (steps + 1), or k × seeds × (steps + 1); 1 to 20,000 steps.
        norms: lengths of the gradient, in the shape of the losses; the seeds may be left out.
        sharpness: the largest eigenvalue of the Hessian, or of the Hessian as the rule rescales it; in the
            shape of the losses, or without the last step; nan where it was not measured, though it must
            have been at the start. The seeds may be left out.
        threshold: the gauge above which a quadratic would explode; a number, or one for each rate, or
            k × steps.
        schedule: the learning rate of each step, k × steps; by default it stays.
        rescaled: whether the sharpness is that of the Hessian as the rule rescales it (λ̃ instead of λ).

    ∞ and nan are data. Of several seeds the figure shows the median as a line and the range as a band:
    nan counts as larger than any loss; of the sharpness only what was measured counts. A line ends where
    its numbers do: after the first ∞ or nan nothing more is shown. All numbers but the rates are kept in
    single precision, or in double where single precision does not hold them.

    Raises TypeError or ValueError for anything else, naming the argument.

    >>> from lrlib.recording import Recording
    >>> recording = Recording([0.5, 2.5], [[1.0, 0.25, 0.0625], [1.0, 2.25, 5.0625]], sharpness=[[1, 1], [1, 1]])
    >>> recording
    <Recording: 2 rates, 2 steps>
    >>> recording.at(0.6).losses.tolist(), recording.at(2).gauge.tolist()
    ([1.0, 0.25, 0.0625], [2.5, 2.5])
    >>> recording.sentence(2.5, "en")
    'η = 2.5, at the start ηλ = 2.5, threshold 2. The loss rises from 1 to 5.06 in 2 steps.'
    """

    def __init__(
        self,
        rates: Any,
        losses: Any,
        *,
        norms: Any = None,
        sharpness: Any = None,
        threshold: Any = 2.0,
        schedule: Any = None,
        rescaled: bool = False,
    ):
        self.rates = _increasing(rates)
        count = len(self.rates)
        losses = _data("losses", losses)
        if losses.ndim not in (2, 3) or losses.shape[0] != count or 0 in losses.shape:
            _refuse_shape("losses", losses, f"{count} × (steps + 1) or {count} × seeds × (steps + 1)")
        self.steps = losses.shape[-1] - 1
        if not 1 <= self.steps <= MOST_STEPS:
            raise ValueError(f"losses must be of 1 to {MOST_STEPS} steps, got {self.steps}")
        self.seeds = losses.shape[1] if losses.ndim == 3 else 1
        self.rescaled = _flag("rescaled", rescaled)
        self._schedule = None if schedule is None else self._scheduled(schedule)
        self._threshold = self._limits(threshold)
        self._lines = {"losses": _ended(_over_seeds(losses))}
        if norms is not None:
            self._lines["norms"] = _ended(_over_seeds(self._lengths(norms)))
        if sharpness is not None:
            self._lines["gauge"] = self._gauge(self._sharpness(sharpness))
        self._lines = {name: _kept(lines) for name, lines in self._lines.items()}

    def __repr__(self) -> str:
        seeds = f" × {self.seeds} seeds" if self.seeds > 1 else ""
        return f"<Recording: {len(self.rates)} rates{seeds}, {self.steps} steps>"

    @property
    def panels(self) -> list[str]:
        """The panels that there are numbers for."""
        there = {
            None,
            *(needed for needed, name in (("norms", "norms"), ("sharpness", "gauge")) if name in self._lines),
        }
        return [name for name, needed in PANELS.items() if needed in there]

    def nearest(self, lr: float) -> int:
        """Which stop is nearest to a rate, by the quotient of the two; of two equally near ones the lower."""
        return int(np.argmin(np.abs(np.log(self.rates) - np.log(numbers("lr", lr, 0, open_low=True)))))

    def at(self, lr: float) -> Stop:
        """The stop nearest to a rate.

        Arguments
            lr: any rate above 0.
        """
        i = self.nearest(lr)
        middle = {name: lines[i, 0] for name, lines in self._lines.items()}
        return Stop(
            lr=float(self.rates[i]),
            losses=middle["losses"],
            norms=middle.get("norms"),
            rates=np.full(self.steps, self.rates[i]) if self._schedule is None else self._schedule[i, 0],
            gauge=middle.get("gauge"),
            threshold=np.broadcast_to(self._threshold[i, 0], self.steps),
            bands={name: (lines[i, 1], lines[i, 2]) for name, lines in self._lines.items() if lines.shape[1] == 3},
            seeds=self.seeds,
        )

    def pack(self) -> dict[str, Any]:
        """What a page needs of it, as JSON can hold it.

        Numbers are little-endian floats as base64: 5⅓ characters each in single precision, 10⅔ in double.
        Of several seeds only median, lowest and highest are left. A line of more than 400 numbers is thinned:
        of each of 196 spans of steps it keeps the lowest and the highest number, besides both ends and the first
        ∞ and nan; the numbers of the steps kept are 16-bit integers, 2⅔ characters each. So a run with every quantity
        of several seeds takes at most 29 kB, and without seeds 10 kB.

        Raises ValueError if it takes more than 300 kB.
        """
        if self.size > MOST_BYTES:
            raise ValueError(
                f"a recording must take at most {MOST_BYTES} bytes in a page, {self!r} takes {self.size}: "
                "record fewer rates, fewer steps, or leave the norms out"
            )
        return self._packed

    @cached_property
    def size(self) -> int:
        """Bytes that it takes in a page."""
        return sum(_bytes(value) for value in self._packed.values())

    @cached_property
    def _packed(self) -> dict[str, Any]:
        return {
            "rates": self.rates.tolist(),
            "steps": self.steps,
            "seeds": self.seeds,
            "rescaled": self.rescaled,
            "crosses": [_crossing(self.at(lr)) for lr in self.rates],
            "thresholds": _pack_lines(self._threshold),
            "schedule": None if self._schedule is None else _pack_lines(self._schedule),
            **{name: _pack_lines(self._lines[name]) if name in self._lines else None for name in _QUANTITIES},
        }

    def facts(self, lr: float) -> dict[str, Any]:
        """What happened at a rate, as the sentence tells it; keys and meanings as in `words.facts`.

        `infinite` is the first step whose loss is ∞, `nan` the first whose loss is nan, `before` the loss
        before both; `product` is nan and `crosses` None where no sharpness was recorded. There are also
        `seeds`, how many, and `gauge`, the name of the product.
        """
        stop = self.at(lr)
        infinite, nan = _first(np.isinf(stop.losses)), _first(np.isnan(stop.losses))
        ended = _first(~np.isfinite(stop.losses))
        return {
            "lr": stop.lr,
            "ends": float(stop.rates[-1]),
            "gauge": "ηλ̃" if self.rescaled else "ηλ",
            "product": np.nan if stop.gauge is None else float(stop.gauge[0]),
            "threshold": float(stop.threshold[0]),
            "seeds": stop.seeds,
            "steps": self.steps,
            "first": float(stop.losses[0]),
            "last": float(stop.losses[-1]),
            "crosses": _crossing(stop),
            "below": None,
            "infinite": infinite,
            "nan": nan,
            "before": float(stop.losses[ended - 1]) if ended else None,
        }

    def sentence(self, lr: float, language: str) -> str:
        """What the figure shows at a rate, in words.

        Arguments
            lr: any rate above 0.
            language: en, de, zh or ko.
        """
        return sentence(self.facts(lr), language)

    def still(self, lr: float, panels: list[str], language: str, cursor: int | None = None) -> bytes:
        """The panels at a rate as a PNG, at most three in a row.

        Arguments
            lr: any rate above 0.
            panels: some of `panels`.
            language: of the labels.
            cursor: the step to mark, None for none.
        """
        return _still(self, lr, panels, language, cursor)

    def traits(self, lr: float | None = None, panels: Any = None) -> dict[str, Any]:
        """The traits of a figure that shows the recording; all others are as in any figure.

        Arguments
            lr: the rate at first, from which the nearest stop is taken; by default the lowest.
            panels: some of those that there are numbers for; by default the loss and, if it can be, the gauge.

        Raises TypeError or ValueError for a panel that nothing was recorded for.
        """
        lr = self.rates[0] if lr is None else self.rates[self.nearest(lr)]
        names = [name for name in ("loss", "gauge") if name in self.panels] if panels is None else list(panels)
        if not names:
            raise ValueError(f"panels must name at least one of {', '.join(self.panels)}, got {shown(panels)}")
        for name in names:
            needed = PANELS.get(choice("panels", name, PANELS))
            if name not in self.panels:
                raise ValueError(
                    f"panels {name!r} needs {needed}, of which nothing was recorded. Known: {', '.join(self.panels)}"
                )
        return {
            "surface": "parabola",  # a figure must have one; nothing of it is shown
            "optimizers": ["gd"],
            "optimizer": "gd",
            "lr": float(lr),
            "rates": {},
            "lr_range": [float(self.rates[0]), float(self.rates[-1] if len(self.rates) > 1 else 2 * self.rates[0])],
            "steps": self.steps,
            "panels": names,
            "controls": [],
            "recording": self.pack(),
        }

    def _scheduled(self, schedule: Any) -> np.ndarray:
        wanted = (len(self.rates), self.steps)
        rates = np.asarray(numbers("schedule", schedule, 0))
        if rates.shape != wanted:
            _refuse_shape("schedule", rates, _shape_text(wanted))
        return _kept(rates[:, None])

    def _limits(self, threshold: Any) -> np.ndarray:
        """The thresholds as lines, of one number where they stay."""
        count = len(self.rates)
        limits = np.asarray(numbers("threshold", threshold, 0, open_low=True))
        if limits.shape not in ((), (count,), (count, self.steps)):
            _refuse_shape("threshold", limits, f"one number, {count} or {count} × {self.steps}")
        return _kept(limits[:, None, :]) if limits.ndim == 2 else np.broadcast_to(limits, (count,))[:, None, None]

    def _lengths(self, norms: Any) -> np.ndarray:
        lengths = self._like_losses("norms", norms, 0)
        if (lengths < 0).any():
            raise ValueError(f"norms must be at least 0, ∞ or nan, got {float(lengths[lengths < 0][0])!r}")
        return lengths

    def _sharpness(self, sharpness: Any) -> np.ndarray:
        """By rate, seed and step; the last step is not gone from."""
        measured = self._like_losses("sharpness", sharpness, 1)[..., : self.steps]
        unknown = np.isnan(measured[..., 0]).reshape(len(self.rates), -1).all(axis=-1)
        unknown &= np.isfinite(self._lines["losses"][:, 0, 0])
        if unknown.any():
            rate = self.rates[unknown][0]
            raise ValueError(f"sharpness must have been measured at the start, got nan there at the rate {rate:g}")
        return measured

    def _like_losses(self, argument: str, given: Any, short: int) -> np.ndarray:
        """Data in the shape of the losses, without seeds or the last step if that is allowed."""
        data, count, seeds = _data(argument, given), len(self.rates), self.seeds
        lengths = range(self.steps + 1 - short, self.steps + 2)
        if data.shape not in [shape for n in lengths for shape in ((count, n), (count, seeds, n))]:
            length = f"{lengths[0]} or {lengths[-1]}" if short else f"{lengths[0]}"
            allowed = f"{count} × ({length})" + (f" or {count} × {seeds} × ({length})" if seeds > 1 else "")
            _refuse_shape(argument, data, allowed)
        return data

    def _gauge(self, sharpness: np.ndarray) -> np.ndarray:
        rates = self.rates[:, None, None] if self._schedule is None else self._schedule
        with np.errstate(all="ignore"):
            gauge = rates * _over_seeds(sharpness, only_measured=True)
        # Nothing was measured any more once the loss has ended, whatever stands there.
        over = ~np.isfinite(self._lines["losses"][:, :1, : self.steps])
        return np.where(over, np.nan, gauge)


_QUANTITIES = ("losses", "norms", "gauge")


# ---------------------------------------------------------------- what is given


def _increasing(rates: Any) -> np.ndarray:
    checked = np.atleast_1d(numbers("rates", rates, 0, open_low=True))
    if checked.ndim != 1 or not (np.diff(checked) > 0).all():
        raise ValueError(f"rates must be a list of increasing numbers, got {shown(rates)}")
    return checked


def _data(argument: str, given: Any) -> np.ndarray:
    """Numbers, ∞ and nan among them."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise ValueError(f"{argument} must be lists of the same length, got {shown(given)}") from None
    if array.dtype.kind not in "fiu" or np.isneginf(array).any():
        raise TypeError(f"{argument} must be numbers, ∞ or nan, got {shown(given)}")
    return array.astype(float)


def _flag(argument: str, given: Any) -> bool:
    if not isinstance(given, (bool, np.bool_)):
        raise TypeError(f"{argument} must be True or False, got {shown(given)}")
    return bool(given)


def _refuse_shape(argument: str, given: np.ndarray, allowed: str) -> None:
    raise ValueError(f"{argument} must be {allowed} numbers, got {_shape_text(given.shape)}")


def _shape_text(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


# ---------------------------------------------------------------- what is kept


def _over_seeds(data: np.ndarray, only_measured: bool = False) -> np.ndarray:
    """By rate and step: the line; or, of several seeds, median, lowest and highest."""
    if only_measured:
        data = np.where(np.isfinite(data), data, np.nan)
    if data.ndim == 2 or data.shape[1] == 1:
        return data.reshape(len(data), 1, -1)
    ordered = np.sort(data, axis=1)  # nan last: larger than any number
    known = np.isfinite(ordered).sum(axis=1) if only_measured else np.full(ordered[:, 0].shape, data.shape[1])
    last = np.maximum(known - 1, 0)
    low, high, lower, upper = (_pick(ordered, at) for at in (0 * last, last, last // 2, (last + 1) // 2))
    with np.errstate(invalid="ignore"):
        middle = np.where(lower == upper, lower, lower / 2 + upper / 2)
    return np.stack([middle, low, high], axis=1)


def _pick(ordered: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.take_along_axis(ordered, at[:, None], axis=1)[:, 0]


def _ended(lines: np.ndarray) -> np.ndarray:
    """After the first ∞ only ∞, after the first nan only nan."""
    infinite, nan = (np.logical_or.accumulate(happened(lines), axis=-1) for happened in (np.isinf, np.isnan))
    return np.where(nan, np.nan, np.where(infinite, np.inf, lines))


def _kept(lines: np.ndarray) -> np.ndarray:
    """In single precision, unless numbers would become 0 or ∞ there."""
    with np.errstate(all="ignore"):
        single = lines.astype(np.float32).astype(float)
    lost = np.isfinite(lines) & ((single == 0) != (lines == 0) | ~np.isfinite(single))
    return lines if lost.any() else single


def _thinned(line: np.ndarray) -> np.ndarray:
    """The steps of a line that are kept: up to where its numbers end, without losing spikes."""
    told, finite, infinite = (np.flatnonzero(there) for there in (~np.isnan(line), np.isfinite(line), np.isinf(line)))
    nan_from = told[-1] + 1 if len(told) else 0
    if len(told) > MOST_POINTS - 2:
        spans = [span for span in np.array_split(finite, _BUCKETS) if len(span)]
        told = [span[pick(line[span])] for span in spans for pick in (np.argmin, np.argmax)]
        told += [*finite[:1], *finite[-1:], *infinite[:1]]
    kept = np.unique([*told, nan_from]).astype(int)
    return kept[kept < len(line)]


# ---------------------------------------------------------------- what goes into the page


def _pack_lines(lines: np.ndarray) -> dict[str, Any]:
    """Lines (rate, kind, step) one after the other: numbers, how many each line has, and of which steps."""
    every = [line for of_rate in lines for line in of_rate]
    steps = [_thinned(line) for line in every]
    values = np.concatenate([line[at] for line, at in zip(every, steps, strict=True)])
    with np.errstate(over="ignore"):
        bits = 32 if np.array_equal(values.astype(np.float32), values, equal_nan=True) else 64
    complete = all(np.array_equal(at, np.arange(len(at))) for at in steps)
    shared = all(np.array_equal(at, steps[0]) for at in steps)
    told = [] if complete else steps[0] if shared else np.concatenate(steps)
    return {
        "bits": bits,
        "values": _base64(values, f"<f{bits // 8}"),
        "counts": [len(at) for at in steps],
        "steps": _base64(told, "<u2"),
    }


def _base64(values: Any, kind: str) -> str:
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode()


def _bytes(value: Any) -> int:
    """Characters of a packed value, and of numbers what JSON writes."""
    if isinstance(value, dict):
        return sum(_bytes(part) for part in value.values())
    return len(value) if isinstance(value, str) else len(str(value))


# ---------------------------------------------------------------- what is said


def _first(happened: np.ndarray) -> int | None:
    return int(np.argmax(happened)) if happened.any() else None


def _crossing(stop: Stop) -> int | None:
    """The first step after the start at which the gauge was measured above the threshold."""
    return None if stop.gauge is None else _first(stop.gauge > stop.threshold) or None


def sentence(told: dict[str, Any], language: str) -> str:
    """A few plain sentences from the `facts` of a recording. The twin of recordedSentence in recording.js."""
    words = strings(language)
    names = ("lr", "ends", "product", "threshold", "first", "last", "before")
    plain = written(told, names, words["decimal"])

    def say(key: str, step: int | None = None) -> str:
        return words["says_" + key].format(**told | plain, step=step)

    said = [say("rate_alone" if np.isnan(told["product"]) else "rate_start")]
    if plain["ends"] != plain["lr"]:
        said.append(say("ends"))
    if told["seeds"] > 1:
        said.append(say("seeds"))
    if told["crosses"] is not None:
        said.append(say("crosses", told["crosses"]))
    if told["infinite"] is not None:
        said.append(say("infinite", told["infinite"]))
    if told["nan"] is not None:
        said.append(say("loss_nan", told["nan"]))
    if told["infinite"] is None and told["nan"] is None:
        same = plain["last"] == plain["first"]
        how = "same" if same else "falls" if told["last"] < told["first"] else "rises"
        said.append(say(how + "_one" if told["steps"] == 1 else how))
    elif told["before"] is not None:
        said.append(say("before"))
    return words["join"].join(said)


# ---------------------------------------------------------------- the picture


def _still(recording: Recording, lr: float, panels: list[str], language: str, cursor: int | None) -> bytes:
    import matplotlib
    from matplotlib.figure import Figure

    from lrlib import figures  # matplotlib takes longer to import than all the rest

    stop = recording.at(lr)
    scene = figures.Scene({"gd": stop}, "gd", None, recording.facts(lr), language, cursor)
    columns = 2 if len(panels) == 4 else min(3, len(panels))
    rows = -(-len(panels) // columns)
    with matplotlib.rc_context({"font.family": figures.fonts(language), "axes.unicode_minus": False}):
        figure = Figure(figsize=(3.3 * columns, 2.9 * rows), layout="constrained", facecolor="white")
        every = np.ravel(figure.subplots(rows, columns))
        for axes, name in zip(every, panels, strict=False):
            if name == "gauge":
                _draw_gauge(axes, figures, scene, "ηλ̃" if recording.rescaled else "ηλ")
            else:
                figures.draw(axes, scene, name)
                _draw_band(axes, stop, name)
        for axes in every[len(panels) :]:
            axes.set_axis_off()
        return figures.packed(figure)


def _draw_band(axes: Any, stop: Stop, panel: str) -> None:
    """The range of the seeds, on an axis of exponents; the axis grows where it must."""
    band = stop.bands.get({"loss": "losses", "norm": "norms"}.get(panel))
    if band is None:
        return
    bottom, top = axes.get_ylim()
    with np.errstate(all="ignore"):
        low, high = (np.log10(values) for values in band)
    seen = high[np.isfinite(high)]
    top = max(top, np.ceil(seen.max() + 0.1)) if seen.size else top
    _fill(axes, np.where(low == -np.inf, bottom, low), np.where(high == -np.inf, bottom, high), top)
    axes.set_ylim(bottom, top)


def _fill(axes: Any, low: np.ndarray, high: np.ndarray, top: float) -> None:
    """Between lowest and highest, where the lowest is a number; a highest that is none is beyond the top."""
    there = np.flatnonzero(np.isfinite(low))
    high = np.where(np.isfinite(high), high, top + 1)
    axes.fill_between(there, low[there], high[there], color="#0b62a8", alpha=0.2, lw=0)


def _draw_gauge(axes: Any, figures: Any, scene: Any, product: str) -> None:
    """Rate × sharpness where it was measured, joined by straight lines, against the threshold."""
    stop = scene.path
    figures.dress(axes, scene, "gauge")
    limits = np.append(stop.threshold, stop.threshold[-1])
    measured = np.flatnonzero(np.isfinite(stop.gauge))
    seen = stop.gauge[measured]
    top = np.clip(1.15 * seen.max(initial=0), 1.5 * limits.max(), 4 * limits.max())
    steps = np.arange(scene.steps + 1)
    axes.fill_between(steps, 0, limits, color=figures.CALM, lw=0)
    axes.fill_between(steps, limits, top, **figures._HATCHED)
    axes.plot(steps, limits, color=figures.DANGER, lw=1.2)
    if "gauge" in stop.bands:
        low, high = stop.bands["gauge"]
        axes.fill_between(measured, low[measured], high[measured], color=figures.RACERS[0][0], alpha=0.25, lw=0)
    axes.plot(measured, seen, color=figures.RACERS[0][0], lw=1.8)
    axes.set_ylim(max(min(0, seen.min(initial=0)), -top), top)
    if seen.size and seen[0] > top:
        figures._note(axes, f"▲ {product} = {scene.number(seen[0])}")

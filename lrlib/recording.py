"""Runs that a page cannot compute, such as those of trained networks: recorded, one for each stop of the rate's slider.

`figure/recording.js` reads what `Recording.pack` writes and says the same; a test in a browser holds the two together.
"""

import base64
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from lrlib.settings import number, numbers, shown
from lrlib.words import lost, strings, written

#: What can be shown of a recording, by the name of the panel: what must have been recorded for it.
PANELS = {"loss": None, "gauge": "sharpness", "norm": "norms", "schedule": None, "range": "a range test"}

#: As long as any figure's run.
MOST_STEPS = 20_000

#: Steps of a range test, which is not thinned: what is read off it would be other steps.
MOST_TEST = 2000

#: A line of more numbers is thinned; a page cannot show more.
MOST_POINTS = 400

#: Of one figure, in a page that may hold many.
MOST_BYTES = 300_000

#: Of a gauge that often passes its threshold, as at the edge of stability, only the first crossing is marked.
MOST_MARKS = 20

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


@dataclass(frozen=True)
class Firsts:
    """Where in one run the gauge was first above the threshold, and where its loss first rose.

    crosses  the first step whose gauge was measured above the threshold; None for never
    rises    the first step whose loss is higher than that of the step before, or no number; None for never
    below    the last step before `crosses` whose gauge was measured, and was not above; -1 where there is none
    """

    crosses: int | None
    rises: int | None
    below: int = -1


@dataclass(frozen=True)
class Limits:
    """Up to which learning rate training should work, and up to which it did.

    predicted  (seeds,), threshold / λ at the initial point of each run; ∞ where the curvature is not above 0
    trains     the largest recorded rate that trains; None where none does
    fails      the next rate above it that was recorded; of rates none of which trains the lowest; None where all do
    """

    predicted: np.ndarray
    trains: float | None
    fails: float | None


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
        initial: the sharpness at the initial point of each seed; by default what `sharpness` begins with. Sharpness
            without the seeds counts as that of the first one.

    ∞ and nan are data. Of several seeds the figure shows the median as a line and the range as a band:
    nan counts as larger than any loss; of the sharpness only what was measured counts. A line ends where
    its numbers do: after the first nan nothing more is shown. All numbers but the rates are kept in single
    precision, or in double those of a line that single precision does not hold.

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
        initial: Any = None,
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
        self._firsts, self._initial = [[] for _ in self.rates], np.full(self.seeds, np.nan)
        if sharpness is not None:
            measured = self._sharpness(sharpness)
            self._lines["gauge"] = self._gauge(measured)
            self._firsts, self._initial = self._found(losses, measured), _at_the_start(measured, self.seeds)
        if initial is not None:
            self._initial = self._given_initial(initial)
        self._ends = _ended(losses).reshape(count, self.seeds, -1)[..., [0, -1]]
        self._lines = {name: _kept(lines) for name, lines in self._lines.items()}
        self.test: tuple[np.ndarray, np.ndarray] | None = None

    def __repr__(self) -> str:
        seeds = f" × {self.seeds} seeds" if self.seeds > 1 else ""
        return f"<Recording: {len(self.rates)} rates{seeds}, {self.steps} steps>"

    def with_test(self, rates: Any, losses: Any) -> "Recording":
        """The same recording and beside it a range test of the same model, for the panel "range".

        Arguments
            rates: the learning rate of each step of that run, 2 to 2,000 of them, increasing.
            losses: after the step with each of these rates; ∞ and nan are data.

        >>> from lrlib.recording import Recording
        >>> Recording([0.5], [[4, 1]]).with_test([0.1, 1.0, 10.0], [4, 1, 9]).panels
        ['loss', 'schedule', 'range']
        """
        tested, losses = _increasing(rates), _data("losses", losses)
        if losses.shape != tested.shape or not 2 <= len(tested) <= MOST_TEST:
            _refuse_shape("losses", losses, f"{len(tested)}, one for each of 2 to {MOST_TEST} rates,")
        other = copy(self)
        for cached in ("_packed", "size"):
            other.__dict__.pop(cached, None)
        other.test = tested, _ended(losses)
        return other

    @property
    def panels(self) -> list[str]:
        """The panels that there are numbers for."""
        there = {
            None,
            *(needed for needed, name in (("norms", "norms"), ("sharpness", "gauge")) if name in self._lines),
            *(["a range test"] if self.test else []),
        }
        return [name for name, needed in PANELS.items() if needed in there]

    @property
    def predicts(self) -> bool:
        """Whether the sharpness at an initial point is known."""
        return bool(np.isfinite(self._initial).any())

    def nearest(self, lr: float) -> int:
        """Which stop is nearest to a rate, by the quotient of the two; of two equally near ones the lower."""
        return nearest_stop(self.rates, numbers("lr", lr, 0, open_low=True))

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

    def firsts(self, lr: float) -> list[Firsts]:
        r"""Of each run at the stop nearest to a rate, when it first crossed the threshold and when its loss first rose.

        $$\text{crosses} = \min\{t: \eta_t \lambda_t > \text{threshold}_t\}, \qquad
        \text{rises} = \min\{t: \text{loss}_t > \text{loss}_{t-1}\}$$

        Arguments
            lr: any rate above 0.

        One for each seed whose sharpness was measured, seed by seed: a median has steps that no run took. A rise is
        one by more than a billionth, which rounding can make; ∞ and nan are rises. What never happened is None;
        `below` is the last step before the crossing at which the gauge was measured, −1 for none, so that where it
        is measured at some steps only the crossing lies between the two.

        >>> from lrlib.recording import Recording
        >>> recording = Recording([1], [[4, 2, 1, 3]], sharpness=[[1, 3, 3]])
        >>> recording.firsts(1)
        [Firsts(crosses=1, rises=3, below=0)]
        """
        return self._firsts[self.nearest(lr)]

    def marks(self, lr: float) -> list[int]:
        """The steps at which the gauge is measured above the threshold and was not before; of more than 20 the first.

        Arguments
            lr: any rate above 0.
        """
        stop = self.at(lr)
        if stop.gauge is None:
            return []
        measured = np.flatnonzero(np.isfinite(stop.gauge))
        over = stop.gauge[measured] > stop.threshold[measured]
        marks = measured[1:][over[1:] & ~over[:-1]].tolist()
        return marks if len(marks) <= MOST_MARKS else marks[:1]

    def trains(self, share: float = 0.5) -> np.ndarray:
        """Which of the rates train: in every run the last loss is a number below a share of the first.

        Arguments
            share: 0 to 1.

        >>> from lrlib.recording import Recording
        >>> Recording([0.5, 1, 2], [[[4, 1], [4, 1]], [[4, 3], [4, 1]], [[4, 1], [4, float("inf")]]]).trains()
        array([ True, False, False])
        """
        first, last = np.moveaxis(self._ends, -1, 0)
        return (np.isfinite(last) & (last < number("share", share, 0, 1, open_low=True) * first)).all(axis=1)

    def limits(self, share: float = 0.5) -> Limits:
        r"""The largest rate that the curvature at the start allows, and the largest recorded one that trains.

        $$\eta_{\max} = \text{threshold} / \lambda_0$$

        Arguments
            share: as for `trains`.

        `predicted` has that rate for each seed whose sharpness was measured at the start, ∞ where it is not above 0;
        `trains` is the largest recorded rate that trains and `fails` the next one above it, None where there is none.

        Raises ValueError where no sharpness was recorded at the start.

        >>> from lrlib.recording import Recording
        >>> Recording([0.5, 1, 2], [[4, 1], [4, 2], [4, 9]], sharpness=[[2]] * 3).limits(share=0.6)
        Limits(predicted=array([1.]), trains=1.0, fails=2.0)
        """
        if not self.predicts:
            raise ValueError("limits needs sharpness, of which nothing was recorded at the start")
        known = self._initial[np.isfinite(self._initial)]
        best = np.flatnonzero(self.trains(share)).max(initial=-1)
        rates = self.rates.tolist()
        return Limits(
            predicted=np.array([self._predicted(sharpness) for sharpness in known]),
            trains=rates[best] if best >= 0 else None,
            fails=rates[best + 1] if best + 1 < len(rates) else None,
        )

    def pack(self) -> dict[str, Any]:
        """What a page needs of it, as JSON can hold it.

        Numbers are base64: 5⅓ characters each in single precision, 10⅔ in double; in an order in which a server
        compresses them to about half. Of several seeds only median, lowest and highest are left, the latter two with
        8 bits of mantissa, 2⅔ characters each, which a picture cannot tell from more. A line of more than 400 numbers
        is thinned: of each of 196 spans of steps it keeps the lowest and the highest number, besides both ends and the
        first ∞ and nan; the numbers of the steps kept are 16-bit integers, 2⅔ characters each. So a run with every
        quantity of several seeds takes at most 22 kB, and without seeds 10 kB.

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
            "marks": [self.marks(lr) for lr in self.rates],
            "thresholds": _pack_lines(self._threshold),
            "schedule": None if self._schedule is None else _pack_lines(self._schedule),
            "test": self.test and [_base64(numbers, "<f8") for numbers in self.test],
            **{name: _pack_quantity(self._lines[name]) if name in self._lines else None for name in _QUANTITIES},
        }

    def facts(self, lr: float) -> dict[str, Any]:
        """What happened at a rate, as the sentence tells it; keys and meanings as in `words.facts`.

        `infinite` is the step from which on the loss is ∞, `nan` the first whose loss is nan, `before` the loss
        before both, `overflows` the first step whose loss is ∞ though a later one is a number; `product` is nan and
        `crosses` None where no sharpness was recorded. There are also `seeds`, how many, and `gauge`, the name of the
        product.
        """
        stop = self.at(lr)
        overflows, ended = lost(stop.losses)
        nan = _first(np.isnan(stop.losses))
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
            "overflows": overflows,
            "infinite": None if ended == nan else ended,
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

    def _given_initial(self, initial: Any) -> np.ndarray:
        checked = np.atleast_1d(numbers("initial", initial))
        if checked.shape != (self.seeds,):
            _refuse_shape("initial", checked, f"{self.seeds}")
        return checked

    def _found(self, losses: np.ndarray, sharpness: np.ndarray) -> list[list[Firsts]]:
        """The firsts of the runs whose sharpness was measured, by rate."""
        count = len(self.rates)
        losses, sharpness = (each.reshape(count, -1, each.shape[-1]) for each in (losses, sharpness))
        rates = np.broadcast_to(
            self.rates[:, None, None] if self._schedule is None else self._schedule, (count, 1, self.steps)
        )
        limits = np.broadcast_to(self._threshold, (count, 1, self.steps))
        with np.errstate(all="ignore"):
            gauges = rates * sharpness
        return [
            [
                _firsts(losses[i, seed], gauge, limits[i, 0])
                for seed, gauge in enumerate(gauges[i])
                if np.isfinite(gauge).any()
            ]
            for i in range(count)
        ]

    def _predicted(self, sharpness: float) -> float:
        """The rate at which the gauge of this sharpness would begin at its threshold, where that depends on the rate
        taken from the nearest stop."""
        if sharpness <= 0:
            return np.inf
        rates = self._threshold[:, 0, 0] / sharpness
        return float(rates[np.argmin(np.abs(np.log(rates / self.rates)))])

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


def nearest_stop(rates: Any, lr: float) -> int:
    """Which rate is nearest to another by their quotient; of two equally near ones the lower."""
    return int(np.argmin(np.abs(np.log(rates) - np.log(lr))))


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
    """After the first nan only nan."""
    return np.where(np.logical_or.accumulate(np.isnan(lines), axis=-1), np.nan, lines)


def _kept(lines: np.ndarray) -> np.ndarray:
    """Each line in single precision, unless numbers of it would become 0 or ∞ there."""
    with np.errstate(all="ignore"):
        single = lines.astype(np.float32).astype(float)
    lost = np.isfinite(lines) & ((single == 0) != (lines == 0) | ~np.isfinite(single))
    return np.where(lost.any(axis=-1, keepdims=True), lines, single)


def _thinned(line: np.ndarray) -> np.ndarray:
    """The steps of a line that are kept: up to where its numbers end, without losing spikes, of which ∞ is one."""
    told, finite = np.flatnonzero(~np.isnan(line)), np.flatnonzero(np.isfinite(line))
    nan_from = told[-1] + 1 if len(told) else 0
    if len(told) > MOST_POINTS - 2:
        alive = int(np.sum(told <= finite[-1])) if len(finite) else 0
        spans = [span for span in np.array_split(told[:alive], _BUCKETS) if len(span)]
        ends = [*told[:1], *finite[-1:], *told[alive : alive + 1]]
        told = [span[pick(line[span])] for span in spans for pick in (np.argmin, np.argmax)] + ends
    kept = np.unique([*told, nan_from]).astype(int)
    return kept[kept < len(line)]


# ---------------------------------------------------------------- what is found in each run

_ROUNDING = 1e-9  # of a loss


def _firsts(losses: np.ndarray, gauge: np.ndarray, threshold: np.ndarray) -> Firsts:
    """After the loss has ended nothing counts as measured."""
    with np.errstate(all="ignore"):
        rises = losses[1:] - losses[:-1] > _ROUNDING * np.abs(losses[:-1])
        over = (gauge > threshold) & np.isfinite(gauge) & np.isfinite(losses[:-1])
    rise, crossing = _first(rises | ~np.isfinite(losses[1:])), _first(over)
    before = np.flatnonzero(np.isfinite(gauge[:crossing])) if crossing is not None else []
    return Firsts(crossing, None if rise is None else rise + 1, int(before[-1]) if len(before) else -1)


def _at_the_start(sharpness: np.ndarray, seeds: int) -> np.ndarray:
    """Of each seed the sharpness at the initial point, where it was measured at any rate; runs of a seed begin alike."""
    first = sharpness.reshape(len(sharpness), -1, sharpness.shape[-1])[..., 0]
    measured = [column[np.isfinite(column)][:1] for column in first.T]
    told = [each[0] if each.size else np.nan for each in measured]
    return np.array(told + [np.nan] * (seeds - len(told)))


# ---------------------------------------------------------------- what goes into the page


def _pack_quantity(lines: np.ndarray) -> dict[str, Any]:
    """The lines, and of several seeds the band: no number is read off it, so that 16 bits will do."""
    band = {"band": _pack_lines(lines[:, 1:], coarse=True)} if lines.shape[1] == 3 else {}
    return _pack_lines(lines[:, :1]) | band


def _pack_lines(lines: np.ndarray, coarse: bool = False) -> dict[str, Any]:
    """Lines (rate, kind, step) one after the other: numbers, how many each line has, and of which steps; apart from
    the others, and by their places in "wide", those that single precision does not hold."""
    every = [line for of_rate in lines for line in of_rate]
    steps = [_thinned(line) for line in every]
    values = [line[at] for line, at in zip(every, steps, strict=True)]
    with np.errstate(over="ignore"):
        single = [each.astype(np.float32) for each in values]
    wide = [i for i, each in enumerate(values) if not np.array_equal(single[i], each, equal_nan=True)]
    narrow, size = [each for i, each in enumerate(single) if i not in wide], 2 if coarse else 4
    complete = all(np.array_equal(at, np.arange(len(at))) for at in steps)
    shared = all(np.array_equal(at, steps[0]) for at in steps)
    told = [] if complete else steps[0] if shared else np.concatenate(steps)
    return {
        "size": size,
        "values": _base64(_planes(np.concatenate([np.array([], np.float32), *narrow]), size), "u1"),
        "wide": wide,
        "wide_values": _base64(np.concatenate([[], *(values[i] for i in wide)]), "<f8"),
        "counts": [len(at) for at in steps],
        "steps": _base64(told, "<u2"),
    }


def _planes(values: np.ndarray, size: int) -> np.ndarray:
    """The bytes of single-precision numbers, of which `size` are kept, so that they compress well: as whole numbers,
    each less the one before, 0, −1, 1, −2 … counted as 0, 1, 2, 3 …; first all low bytes, last all high ones."""
    whole = values.view(np.uint32).astype(np.int64)
    if size == 2:
        whole = np.where(np.isnan(values), 0x7FC0, (whole + 0x8000) >> 16)
    bits = 8 * size
    steps = (np.diff(whole, prepend=0) + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
    counted = np.where(steps < 0, -2 * steps - 1, 2 * steps)
    return np.concatenate([(counted >> (8 * i)) & 0xFF for i in range(size)])


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
    if told["overflows"] is not None:
        said.append(say("overflows", told["overflows"]))
    before = [] if told["before"] is None else [say("before")]
    if told["infinite"] is not None:
        said += [say("infinite", told["infinite"]), *before]
    if told["nan"] is not None:
        said += [say("loss_nan", told["nan"]), *(before if told["infinite"] is None else [])]
    if told["infinite"] is None and told["nan"] is None:
        same = plain["last"] == plain["first"]
        how = "same" if same else "falls" if told["last"] < told["first"] else "rises"
        said.append(say(how + "_one" if told["steps"] == 1 else how))
    return words["join"].join(said)

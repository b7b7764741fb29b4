"""Search for settings: a grid, random draws, the loss over the rate, a map of rate and memory, the range test.

An objective is any function of settings by keyword that returns a number, the loss, or a dict of
numbers. It is called for one candidate at a time; only a `Descent` takes whole blocks of them.
Nothing that has been computed is lost: a search that ends early returns what it has.
"""

import pickle
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from math import isfinite, prod
from numbers import Integral, Real
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from lrlib import arithmetic
from lrlib.descend import descend
from lrlib.optimizers import find_optimizer
from lrlib.path import Path
from lrlib.run import prepare, start_points
from lrlib.settings import choice, number, numbers, shown
from lrlib.settings import count as whole_number
from lrlib.surfaces import find_surface

MOST = 1_000_000  # candidates, and steps
BLOCK = 2_000  # candidates of a Descent that make one task …
ARRIVED = 1e-28  # share of the loss below which there is no error left that could shrink
BLOCK_STEPS = 4_000_000  # … unless they take more steps together; their paths have to fit into memory
FALLEN = 0.1  # of its whole fall: by so much the loss of a range test has to be down before it counts as falling
MOST_SMOOTHING = 0.99

Candidate = dict[str, float]
Objective = Callable[..., float | Mapping[str, float]]


class Table(list):
    """A list of records: plain dicts, each with a candidate's settings and what the objective gave.

    failures   records of the candidates that failed: their settings and the text of the "error"
    missing    the candidates that were not computed
    stopped    why some are missing; None if none is

    `pandas.DataFrame(table)` and `np.asarray(table)["lr"]` work.

    >>> from lrlib import search
    >>> search.Table([{"lr": 0.1, "loss": 2.0}, {"lr": 1.0, "loss": 0.5}])
     lr  loss
    0.1     2
      1   0.5
    best: lr 1, loss 0.5
    2 records, 0 failures, 0 missing
    """

    def __init__(
        self, records: Iterable = (), failures: Iterable = (), missing: Iterable = (), stopped: str | None = None
    ) -> None:
        super().__init__(records)
        self.failures, self.missing, self.stopped = list(failures), list(missing), stopped

    def column(self, name: str) -> np.ndarray:
        """The values of one name, in the order of the records."""
        choice("column", name, self[0] if self else ())
        return np.array([record[name] for record in self])

    def best(self, by: str = "loss") -> dict[str, float]:
        """The record with the lowest finite value, the first of equals; ValueError if none is finite."""
        finite = [record for record, value in zip(self, self.column(by)) if isfinite(value)] if self else []
        if not finite:
            raise ValueError(f"no record has a finite {by}: {self._counts()}")
        return min(finite, key=lambda record: record[by])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("a Table becomes an array only as a copy")
        columns = {name: self.column(name) for name in (self[0] if self else ())}
        array = np.empty(len(self), [(name, column.dtype) for name, column in columns.items()])
        for name, column in columns.items():
            array[name] = column
        return array if dtype is None else array.astype(dtype)

    def __repr__(self) -> str:
        rows = [list(self[0])] if self else []
        rows += [[f"{value:.6g}" for value in record.values()] for record in self[:5]]
        widths = [max(map(len, cells)) for cells in zip(*rows)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]
        lines += ["…"] if len(self) > 5 else []
        if any(isfinite(record.get("loss", np.nan)) for record in self):
            lines += ["best: " + ", ".join(f"{name} {value:.6g}" for name, value in self.best().items())]
        return "\n".join([*lines, self._counts()])

    def _counts(self) -> str:
        told = f"{len(self)} records, {len(self.failures)} failures, {len(self.missing)} missing"
        return f"{told}, stopped by {self.stopped}" if self.stopped else told


@dataclass(frozen=True, init=False)
class Descent:
    """The objective that descends and tells how that ended. It can be pickled.

    Arguments
        surface, optimizer, steps: as for `descend`.
        start: one point.
        fixed: what all candidates share, as for `descend` but no arrays; it may hold `lr`.

    Call it with what varies, numbers or lists of the same length. It returns "loss", the loss after
    the last step, inf or nan as it is, and "diverged_at", the first step that is not finite or -1.

    Raises TypeError or ValueError when it is made for what `descend` would not take.

    >>> from lrlib import search
    >>> search.Descent("parabola", "gd", 4.0, 3)(lr=1.5)
    {'loss': 0.125, 'diverged_at': -1}
    """

    surface: Any
    optimizer: Any
    start: tuple[float, ...]
    steps: int
    fixed: dict[str, Any]

    def __init__(self, surface: Any, optimizer: Any, start: Any, steps: int, **fixed: Any) -> None:
        steps = whole_number("steps", steps, 1, MOST)
        _single(descend(surface, optimizer, start, steps=1, **{"lr": 1.0, **fixed}))
        start = tuple(np.ravel(start).tolist())
        self.__dict__.update(surface=surface, optimizer=optimizer, start=start, steps=steps, fixed=fixed)

    def __call__(self, **varied: Any) -> dict[str, Any]:
        for name in varied.keys() & {"surface", "optimizer", "start", "steps", *self.fixed}:
            raise TypeError(f"{name} is fixed in this Descent, so it cannot vary")
        if "lr" not in {**self.fixed, **varied}:
            raise TypeError(
                f"lr is missing: fix it in the Descent or let it vary, got {', '.join(varied) or 'nothing'}"
            )
        path = descend(self.surface, self.optimizer, self.start, steps=self.steps, **self.fixed, **varied)
        if path.losses.ndim > 1:
            return {"loss": path.losses[..., -1], "diverged_at": path.diverged_at}
        return {"loss": float(path.losses[-1]), "diverged_at": -1 if path.diverged_at is None else path.diverged_at}


def grid(
    objective: Objective,
    choices: Mapping[str, Sequence[float]],
    *,
    executor: Executor | None = None,
    progress: bool = False,
) -> Table:
    """Every combination of the choices, in the order of nested loops, the last name the innermost.

    Arguments
        objective: a function of settings that returns a number or a dict of numbers.
        choices: for each setting a list of finite numbers, together at most 1,000,000 combinations.
        executor: a `concurrent.futures.Executor` that computes, such as a ProcessPoolExecutor or, for
            a Dask cluster, `client.get_executor()`; other processes have to be able to import the
            objective. None computes here.
        progress: whether to show a bar.

    A candidate for which the objective raises or returns no number is told in `failures`. If the user
    interrupts or the executor breaks, all results there are so far are returned.

    Raises TypeError or ValueError for bad arguments, also for settings that a `Descent` does not
    take; RuntimeError for an executor that computes nothing; if all candidates fail, the first error.

    >>> from lrlib import search
    >>> search.grid(search.Descent("parabola", "gd", 4.0, 3), {"lr": [0.5, 1.5], "curvature": [1, 2]}).best()
    {'lr': 0.5, 'curvature': 2, 'loss': 0.0, 'diverged_at': -1}
    """
    choices = _lists("choices", choices)
    if prod(map(len, choices.values())) > MOST:
        sizes = " · ".join(str(len(values)) for values in choices.values())
        raise ValueError(f"choices must make at most {MOST} combinations, got {sizes}")
    return _search(objective, [dict(zip(choices, row)) for row in product(*choices.values())], executor, progress)


def random(
    objective: Objective,
    ranges: Mapping[str, tuple[float, float]],
    count: int,
    *,
    seed: int = 0,
    executor: Executor | None = None,
    progress: bool = False,
) -> Table:
    r"""Candidates drawn at random on a log scale, each setting by itself.

    $$\log \eta \sim \text{uniform}(\log \text{low}, \log \text{high})$$

    Arguments
        objective, executor, progress: as for `grid`; the errors, too.
        ranges: for each setting (low, high), 0 < low < high.
        count: how many candidates, 1 to 1,000,000; a larger count continues a smaller one.
        seed: 0 to 4,294,967,295; the same seed and the same names in the same order draw the same
            candidates.

    >>> from lrlib import search
    >>> search.random(search.Descent("parabola", "gd", 4.0, 100), {"lr": (1e-3, 10)}, 50).best()["loss"] < 1e-9
    True

    Source: J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", Journal of
    Machine Learning Research 13 (2012), 281–305; they call such draws exponential.
    """
    ranges = _lists("ranges", ranges)
    for name, pair in ranges.items():
        if len(pair) != 2 or not 0 < pair[0] < pair[1]:
            raise ValueError(f"ranges[{name!r}] must be (low, high) with 0 < low < high, got {pair}")
    count = whole_number("count", count, 1, MOST)
    low, high = np.array(list(ranges.values()), dtype=float).T
    draws = np.random.default_rng(whole_number("seed", seed, 0, 2**32 - 1)).random((count, len(ranges)))
    values = np.exp(np.log(low) + draws * (np.log(high) - np.log(low))).clip(low, high)
    return _search(objective, [dict(zip(ranges, row)) for row in values.tolist()], executor, progress)


def sensitivity(surface: Any, optimizer: Any, start: Any, lr: Sequence[float], steps: int, **settings: Any) -> Table:
    """The final loss over the rate: how much depends on choosing it well.

    Arguments
        surface, optimizer, start, steps, settings: as for `Descent`; the records, too.
        lr: a list of learning rates > 0, at most 1,000,000; as a sweep, ten thousand take no time.

    >>> from lrlib import search
    >>> search.sensitivity("parabola", "gd", 4.0, [0.5, 1.0, 2.5], 2000).column("diverged_at").tolist()
    [-1, -1, 872]
    """
    numbers("lr", lr, 0, open_low=True)
    return grid(Descent(surface, optimizer, start, steps, **settings), {"lr": lr})


def nearest_minimum(surface: Any, start: Any, **settings: Any) -> np.ndarray | None:
    """Of the known minima of a surface the one nearest to a point; None where it has none.

    Arguments
        surface: one of `surfaces`, or its name.
        start: one point.
        settings: of the surface, numbers.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import search
    >>> search.nearest_minimum("double_well", 0.3).tolist()
    [1.0]
    """
    known = find_surface(surface)
    start = start_points(known, start)
    if start.ndim != 1:
        raise ValueError(f"start must be one point, got shape {start.shape}")
    minima = np.reshape(known.minima(**known.filled(settings)), (-1, known.dimension))
    with np.errstate(all="ignore"):
        return minima[np.argmin(np.hypot.reduce(np.abs(minima - start), axis=1))] if len(minima) else None


def momentum_map(
    surface: Any, optimizer: Any, start: Any, lr: Sequence[float], beta: Sequence[float], steps: int, **settings: Any
) -> np.ndarray:
    r"""By what factor the error shrinks per step, for every memory β and every rate η.

    $$\max_{0.8\, T \le t \le T} \left( \frac{f(x_t) - f^*}{f(x_0) - f^*} \right)^{1 / 2t}$$

    Arguments
        surface: one of `surfaces` that has a minimum, or its name; f* is the loss at the minimum
            nearest to the start.
        optimizer: "momentum", "nesterov" or its object: a rule with a memory `beta`.
        start: one point, not a minimum.
        lr: a list of learning rates > 0.
        beta: a list of memories from 0 to 0.999.
        steps: T, 1 to 1,000,000.
        settings: of the surface, numbers.

    Returns an array with a row for each β and a column for each η. The loss counts with its root, for
    it goes with the square of the error, and the last fifth of the steps counts together, so that a
    path that just swings through the minimum is not taken for one that has arrived. Where the loss has
    fallen below 1e-28 of its first value before, and rounding is all that is left, the last step above
    that counts; 0 where there is none. On a quadratic the factor approaches the spectral radius of the
    recursion as T grows. Above 1 the error has grown; inf where the loss is no number any more.

    Raises TypeError or ValueError for what `descend` would not take, for a rule without `beta`, for a
    surface without a minimum and for a start on it.

    >>> from lrlib import search
    >>> search.momentum_map("parabola", "momentum", 1.0, [0.5, 1.5, 2.5], [0.0, 0.25], 100).round(2).tolist()
    [[0.5, 0.5, 1.5], [0.5, 0.5, 1.01]]

    Source: the plane of rate and memory as in G. Goh, "Why Momentum Really Works", Distill (2017),
    section "The Dynamics of Momentum".
    """
    known, rule = find_surface(surface), find_optimizer(optimizer)
    if "beta" not in rule.settings:
        raise ValueError(f"optimizer {rule.name!r} has no memory beta")
    start = start_points(known, start)
    if start.ndim != 1:
        raise ValueError(f"start must be one point, got shape {start.shape}")
    lists = _lists("lr and beta", {"lr": lr, "beta": beta})
    given = known.filled(settings)
    minimum = nearest_minimum(known, start, **given)
    if minimum is None:
        raise ValueError(f"surface {known.name!r} has no minimum, so there is no error to measure")
    with np.errstate(all="ignore"):
        least = known.value(*minimum, **given)
        first = known.value(*start, **given) - least
    if not 0 < first < np.inf:
        raise ValueError(f"start must lie above the minimum by a finite loss, got {start.tolist()!r}")
    plane = settings | {"beta": np.array(lists["beta"])[:, None]}
    run = prepare(known, rule, start, lists["lr"], steps, 0.0, 0, np.float64, plane)
    arrived, slowest = np.zeros(run.shape), np.zeros(run.shape)
    with np.errstate(all="ignore"):
        for t, point in enumerate(run.walk()):
            left = (known.value(*point, **given) - least) / first
            left[np.isnan(left)] = np.inf
            factor = np.where(left > ARRIVED, np.abs(left) ** (1 / (2 * max(t, 1))), 0.0)
            if t >= max(steps - steps // 5, 1):
                slowest = np.maximum(slowest, factor)
            elif t > 0:
                arrived = np.where(factor > 0, factor, arrived)
    return np.where(slowest > 0, slowest, arrived)


def range_test(surface: Any, optimizer: Any, start: Any, low: float, high: float, steps: int, **settings: Any) -> Table:
    r"""The learning rate range test: one run during which the rate grows from low to high.

    $$\eta_t = \text{low} \cdot (\text{high} / \text{low})^{t / (\text{steps} - 1)}$$

    Arguments
        surface, optimizer, start, settings: as for `descend`, for one run.
        low, high: 0 < low < high.
        steps: how many, 2 to 1,000,000.

    The records hold "step", "lr" and "loss", the loss after the step with that rate. The loss falls
    where rates begin to work, and rises where they get too large: `read_range_test` finds the places.

    >>> from lrlib import search
    >>> table = search.range_test("parabola", "gd", 4.0, 0.01, 100, 5)
    >>> [f"{lr:.2f}" for lr in table.column("lr")], table.best()["step"]
    (['0.01', '0.10', '1.00', '10.00', '100.00'], 2)

    Source: L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section
    3.3. There the rate grows linearly; here by a constant factor, as it may span many sizes.
    """
    low = number("low", low, 0, open_low=True)
    high = number("high", high, low, open_low=True)
    rates = ramp(low, high, whole_number("steps", steps, 2, MOST)).tolist()
    losses = _single(descend(surface, optimizer, start, lambda t: rates[t], steps, **settings)).losses
    return Table({"step": t, "lr": lr, "loss": loss} for t, (lr, loss) in enumerate(zip(rates, losses[1:].tolist())))


def ramp(low: float, high: float, steps: int) -> np.ndarray:
    r"""The rates of a range test, from low to high, each by the same factor above the one before.

    Arguments
        low, high: 0 < low < high.
        steps: how many, from 2.

    They have the bits of those on a page.

    >>> from lrlib import search
    >>> search.ramp(0.01, 1, 3).round(12).tolist()
    [0.01, 0.1, 1.0]
    """
    first, last = (arithmetic.log(np.float64(end)) for end in (low, high))
    rates = arithmetic.exp(first + (last - first) * (np.arange(steps) / (steps - 1))).clip(low, high)
    rates[0], rates[-1] = low, high
    return rates


def smoothed(losses: Any, smoothing: float) -> np.ndarray:
    r"""A curve smoothed by its past: an average in which each value counts β times as much as the one after it.

    $$m_t = \beta m_{t-1} + (1 - \beta) f_t, \qquad s_t = \frac{m_t}{1 - \beta^{t+1}}$$

    Arguments
        losses: a list of numbers, ∞ and nan among them; after the first of these nothing is a number.
        smoothing: β, from 0, no smoothing, to 0.99. An average over about 1/(1 − β) values, so late by about
            β/(1 − β) of them.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import search
    >>> search.smoothed([1.0, 0.0, 0.0], 0.5).round(3).tolist()
    [1.0, 0.333, 0.143]

    Source: the average of Adam with its correction, D. P. Kingma and J. Ba, "Adam", ICLR 2015, section 3.
    """
    beta = number("smoothing", smoothing, 0, MOST_SMOOTHING)
    mean, share, curve = 0.0, 1.0, []
    for loss in _curve("losses", losses).tolist():
        mean = beta * mean + (1 - beta) * loss
        share = share * beta
        curve.append(mean / (1 - share))
    return np.array(curve)


def read_range_test(rates: Any, losses: Any, smoothing: float = 0.0) -> dict[str, float | None]:
    r"""What can be read off the curve of a range test: four rates.

    falls     from here on, up to the lowest point, the loss is below its first value by more than a tenth of its
              whole fall
    steepest  between these two the loss falls most for the same factor of the rate
    lowest    the loss is lowest
    explodes  after that the loss is above its first value, or no number, for the first time

    Arguments
        rates: those of the steps, increasing, at least two.
        losses: as many, each the loss after the step with that rate, as from `range_test`.
        smoothing: of the losses before anything is read, as for `smoothed`.

    None stands for what does not happen: where the loss is never below its first value, for the first three.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import search
    >>> table = search.range_test("parabola", "gd", 4.0, 1e-4, 100, 200)
    >>> read = search.read_range_test(table.column("lr"), table.column("loss"))
    >>> {name: round(rate, 3) for name, rate in read.items()}
    {'falls': 0.004, 'steepest': 0.034, 'lowest': 1.912, 'explodes': 12.459}

    Source: to look for the rates at which the curve begins to get better and at which it gets worse is the advice of
    L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.
    """
    rates, losses = np.asarray(numbers("rates", rates, 0, open_low=True)), _curve("losses", losses)
    if rates.shape != losses.shape or len(rates) < 2 or not (np.diff(rates) > 0).all():
        raise ValueError(f"rates must increase and be as many as the losses, at least 2, got {shown(rates.tolist())}")
    places = range_places(smoothed(losses, smoothing))
    return {name: None if at is None else float(rates[at]) for name, at in places.items()}


def range_places(curve: np.ndarray) -> dict[str, int | None]:
    """The steps at which `read_range_test` reads its rates off a smoothed curve.

    Arguments
        curve: an array of losses, ∞ and nan among them.

    `rangePlaces` in `figure/range.js` finds the same.

    >>> from lrlib import search
    >>> import numpy as np
    >>> search.range_places(np.array([4.0, 3.9, 2.0, 1.0, 1.5, 9.0]))
    {'falls': 2, 'steepest': 2, 'lowest': 3, 'explodes': 5}
    """
    there = np.isfinite(curve)
    end = len(curve) if there.all() else int(np.argmin(there))
    lowest = int(np.argmin(curve[:end])) if end else 0
    worse = np.flatnonzero(~(curve[lowest + 1 :] <= curve[0]))
    explodes = lowest + 1 + int(worse[0]) if worse.size else None
    if not lowest:
        return {"falls": None, "steepest": None, "lowest": None, "explodes": explodes}
    level = curve[0] - FALLEN * (curve[0] - curve[lowest])
    falls = int(np.flatnonzero(curve[: lowest + 1] > level)[-1]) + 1
    # Between steps by the same factor: the slope over log η.
    slopes = [curve[min(t + 1, end - 1)] - curve[t - 1] for t in range(falls, lowest + 1)]
    return {"falls": falls, "steepest": falls + int(np.argmin(slopes)), "lowest": lowest, "explodes": explodes}


def _curve(argument: str, given: Any) -> np.ndarray:
    """Numbers, ∞ and nan among them."""
    array = np.asarray(given)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "fiu":
        raise TypeError(f"{argument} must be a list of numbers, got {shown(given)}")
    return array.astype(float)


def _next(done: SimpleQueue[Future]) -> Future:
    """The next that is done. Python does not hear an interrupt that comes just before a wait until that has ended."""
    while True:
        with suppress(Empty):
            return done.get(timeout=1)


def _search(objective: Objective, candidates: list[Candidate], executor: Executor | None, progress: bool) -> Table:
    """The answers to all candidates, wherever they are computed, in the order of the candidates."""
    from tqdm.auto import tqdm  # only now, so that `import lrlib` stays fast

    if not callable(objective):
        raise TypeError(f"objective must be a function of settings, got {shown(objective)}")
    if executor is not None and (isinstance(executor, type) or not hasattr(executor, "submit")):
        raise TypeError(f"executor must be an instance of a concurrent.futures.Executor or None, got {shown(executor)}")
    size = 1
    if isinstance(objective, Descent):
        size = max(1, min(BLOCK, BLOCK_STEPS // objective.steps))
        one_step = Descent(objective.surface, objective.optimizer, objective.start, 1, **objective.fixed)
        one_step(**_columns(candidates))  # raises for what is not allowed before anything is computed
    answers: dict[int, dict | tuple[str, Exception]] = {}
    futures: dict[Future, int] = {}
    done: SimpleQueue[Future] = SimpleQueue()  # as_completed() waits for ever when a pool is shut down
    ended: BaseException | None = None
    with tqdm(total=len(candidates), disable=not progress) as bar:
        try:
            for first in range(0, len(candidates), size):
                block = candidates[first : first + size]
                if executor is None:
                    answers.update(enumerate(_attempt(objective, block), first))
                    bar.update(len(block))
                else:
                    futures[_submit(executor, objective, block)] = first
            for future in futures:
                future.add_done_callback(done.put)
            for _ in futures:
                try:
                    bar.update(len(_next(done).result()))
                except Exception as error:  # noqa: BLE001 - of the executor, which may yet do the rest
                    ended = ended or error
        except KeyboardInterrupt as interrupt:
            ended = interrupt
    for future, first in futures.items():
        if future.done() and not future.cancelled() and future.exception() is None:
            answers.update(enumerate(future.result(), first))
    with suppress(KeyboardInterrupt):  # of a user in a hurry: Dask takes a second for a thousand
        for future in futures:
            future.cancel()
    if isinstance(ended, Exception) and not answers:
        raise RuntimeError(f"executor {executor!r} computed nothing: {_told(ended)}") from ended

    table = Table(missing=(c for i, c in enumerate(candidates) if i not in answers), stopped=ended and _told(ended))
    names: list[str] = []
    for i, answer in answers.items():
        if isinstance(answer, tuple):
            table.failures.append(candidates[i] | {"error": answer[0]})
        elif answer.keys() == set(names := names or list(answer)):
            table.append(candidates[i] | answer)
        else:
            changed = f"objective must always return the same names, got {list(answer)} after {names}"
            table.failures.append(candidates[i] | {"error": changed})
    if not table and not ended:
        raise answers[0][1]
    return table


def _submit(executor: Executor, objective: Objective, block: list[Candidate]) -> Future:
    """The future of a block; if the executor refuses it, one that holds the error."""
    try:
        future = executor.submit(_attempt, objective, block)
        if not isinstance(future, Future):
            hint = "for a Dask client, executor is client.get_executor()"
            raise TypeError(f"submit must return a concurrent.futures.Future ({hint}), got {shown(future)}")
    except Exception as error:  # noqa: BLE001 - nobody knows what an executor may raise
        future = Future()
        future.set_exception(error)
    return future


def _attempt(objective: Objective, block: list[Candidate]) -> list[dict | tuple[str, Exception]]:
    """What the objective gives for each candidate: a dict of numbers, or an error and its text."""
    try:
        if not isinstance(objective, Descent):
            return [_result(objective(**candidate), candidate) for candidate in block]
        columns = objective(**_columns(block))
        return [dict(zip(columns, row)) for row in zip(*(column.tolist() for column in columns.values()))]
    except (Exception, SystemExit) as error:  # noqa: BLE001 - nobody knows what an objective may raise
        return [(_told(error), _portable(error))] * len(block)


def _columns(block: list[Candidate]) -> dict[str, list[float]]:
    return {name: [candidate[name] for candidate in block] for name in block[0]}


def _result(given: Any, candidate: Candidate) -> dict[str, float]:
    named = given if isinstance(given, Mapping) else {"loss": given}
    named = {name: value.item() if hasattr(value, "item") else value for name, value in named.items()}
    kinds = {(isinstance(name, str), isinstance(v, Real) and not isinstance(v, bool)) for name, v in named.items()}
    if kinds != {(True, True)}:
        raise TypeError(f"objective must return a number or a dict of numbers, got {given!r:.200}")
    for name in named.keys() & candidate:
        raise ValueError(f"objective returned {name!r}, which is the name of a setting")
    return {name: _plain(value) for name, value in named.items()}


def _portable(error: BaseException) -> Exception:
    """The error as it can travel between processes: with the text of its frames instead of these."""
    try:
        plain = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - nor what pickling it may
        plain = None
    if not isinstance(plain, Exception):
        plain = RuntimeError(_told(error))
    plain.add_note("".join(traceback.format_exception(error)))
    return plain


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _lists(argument: str, given: Any) -> dict[str, list[float]]:
    if not isinstance(given, Mapping) or not given or not all(isinstance(name, str) for name in given):
        raise TypeError(f"{argument} must be a dict of lists of numbers, by name of the setting, got {shown(given)}")
    for name, values in given.items():
        if np.asarray(values, dtype=object).ndim != 1:
            raise TypeError(f"{argument}[{name!r}] must be a list of numbers, got {shown(values)}")
        numbers(f"{argument}[{name!r}]", values)
    return {name: [_plain(value) for value in values] for name, values in given.items()}


def _plain(value: Any) -> float:
    return int(value) if isinstance(value, Integral) else float(value)


def _single(path: Path) -> Path:
    if path.losses.ndim > 1:
        raise ValueError(f"start and settings must be those of one run, got arrays for {path.losses.shape[:-1]}")
    return path

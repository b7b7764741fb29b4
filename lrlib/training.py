"""How a network is trained, what is measured on the way, and that no run is trained twice.

A network takes all its weights as one flat array, so its loss is a function of one array, as `curvature` wants it.
Gradients are autograd's. What has been trained is kept in a folder, and the same run is read from there next time.
"""

import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from lrlib import arithmetic, curvature, kept, optimizers, schedules
from lrlib.data import Data, pair
from lrlib.optimizers import Optimizer, find_optimizer
from lrlib.recording import MOST_STEPS, Recording
from lrlib.settings import choice, nearest, number, numbers, shown
from lrlib.settings import count as whole
from lrlib.surfaces import fill

#: What can be measured at each step: of all data, or of the minibatch.
MEASURED = ("full", "batch")

#: What `train` and `record` take besides settings of the rule: a misspelt one lands among these.
ARGUMENTS = (
    *("batch", "gradient", "loss", "optimizer", "progress", "schedule"),
    *("seed", "seeds", "sharpness_error", "sharpness_every", "sharpness_of", "sharpness_seeds", "start"),
)

_MOST_SEEDS = 1_000_000

#: Products with the Hessian for one value of a sharpness that may have an error: at least, for the very first value
#: at least, at most.
_LEAST_PRODUCTS, _FIRST_PRODUCTS, _MOST_PRODUCTS = 5, 20, 200

#: How many eigenvectors the search for the next value begins with, and how much noise is added to them.
_LEADING, _NOISE = 3, 0.1

#: How many numbers are large for the allocator, nearly 32 MB: more would teach it nothing.
_LARGE = 4_000_000

#: Nobody needs a bar for what takes fewer seconds.
_SOON = 1.0


@dataclass(frozen=True, repr=False)
class Network:
    r"""A classifier whose weights are one flat array.

    name       the call that makes it
    shapes     of the arrays that the weights are cut into, in their order
    forward    a function of these arrays and the inputs that gives the scores z, (n, classes), written with
               `autograd.numpy`
    criterion  the loss: cross_entropy or squared_error
    gain       the first weights have the standard deviation gain / √(number of inputs of the unit); one number, or
               one for each array

    >>> from lrlib import networks
    >>> network, (inputs, labels) = networks.mlp((64, 32, 10)), networks.digits(600)
    >>> weights = network.initial(seed=0)
    >>> network, network.size, weights.shape
    (mlp((64, 32, 10), 'tanh', 'cross_entropy'), 2410, (2410,))
    >>> round(float(network.loss(weights, inputs, labels)), 3)
    2.409
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    forward: Callable
    criterion: str = "cross_entropy"
    gain: float | tuple[float, ...] = 1.0

    def __repr__(self) -> str:
        return self.name

    @property
    def size(self) -> int:
        """How many weights there are, biases included."""
        return sum(math.prod(shape) for shape in self.shapes)

    def initial(self, seed: int = 0) -> np.ndarray:
        """Weights to start from: normal numbers with mean 0 for the arrays with two and more axes, 0 for all others."""
        rng = np.random.default_rng(whole("seed", seed, 0, _MOST_SEEDS - 1))
        gains = self.gain if isinstance(self.gain, tuple) else (self.gain,) * len(self.shapes)
        drawn = [_drawn(rng, shape, gain) for shape, gain in zip(self.shapes, gains, strict=True)]
        return np.concatenate([array.ravel() for array in drawn])

    def _arrays(self, weights: Any) -> list:
        """What the weights are cut into."""
        from lrlib import layers

        return layers.cut(weights, self.shapes)

    def scores(self, weights: Any, inputs: np.ndarray) -> Any:
        """The scores z of each class, before the softmax; of shape (n, classes)."""
        return self.forward(self._arrays(weights), inputs)

    def loss(self, weights: Any, inputs: np.ndarray, labels: np.ndarray) -> Any:
        """The mean over the data of −log softmax(z)ᵧ or ½‖z − e(y)‖², where e(y) is 1 for the label and 0 elsewhere."""
        return self._of_scores(self.scores(weights, inputs), labels)

    def _of_scores(self, z: Any, labels: np.ndarray) -> Any:
        """The loss of these scores."""
        from lrlib import layers

        wanted = np.eye(z.shape[1])[labels]
        if self.criterion == "squared_error":
            return layers.squared_error(z, wanted)
        return layers.cross_entropy(z, layers.log_sum_exp(z), wanted)

    def _loss_and_gradient(self, weights: Any, inputs: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
        """The loss, and its gradient by all weights."""
        from autograd import value_and_grad

        from lrlib import layers

        if type(self).loss is not Network.loss or type(self).scores is not Network.scores:
            return value_and_grad(self.loss)(weights, inputs, labels)

        def loss(arrays: list) -> Any:
            return self._of_scores(self.forward(arrays, inputs), labels)

        return layers.value_and_gradient(loss, self._arrays(weights))

    def accuracy(self, weights: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> float:
        """The share of inputs whose label has the highest score."""
        return float(np.mean(np.argmax(self.scores(weights, inputs), axis=1) == labels))


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], gain: float) -> np.ndarray:
    return rng.normal(0, gain / math.prod(shape[:-1]) ** 0.5, shape) if len(shape) > 1 else np.zeros(shape)


@dataclass(frozen=True, repr=False)
class Run:
    """What a training leaves behind.

    rates        (steps,)      the learning rate of each step
    losses       (steps + 1,)  on all data; or, if that was asked for, on the minibatch of the step
    norms        (steps + 1,)  lengths of the gradient of that loss
    batch_norms  (steps + 1,)  lengths of the gradient of the minibatch; without minibatches the same as norms
    sharpness    (steps + 1,)  largest eigenvalue λ̃ of the Hessian as the rule rescales it at that step, on all data
                               or, if that was asked for, on the first ones; what the threshold of the rule is for;
                               nan where it was not measured, and for `lion`
    curvature    (steps + 1,)  largest eigenvalue λ of the Hessian itself, at the same steps; for a rule that does
                               not rescale the gradient the same as sharpness
    threshold    (steps,)      of rate × sharpness, above which a quadratic would explode; nan for `lion`
    weights      (size,)       after the last step

    After a loss of ∞ or nan everything is nan.

    >>> from lrlib import networks
    >>> run = networks.train(networks.mlp((64, 10)), networks.digits(100), 0.1, 4, sharpness_every=2)
    >>> run.losses.shape, run.sharpness.round(2).tolist()
    ((5,), [1.07, nan, 1.13, nan, 1.17])
    >>> run = networks.train(networks.mlp((64, 8, 10), "relu"), networks.digits(100), 2.0, 60, sharpness_every=1)
    >>> run.gauge[:3].round(2).tolist(), run.crossing, run.rise, run.trains()
    ([4.76, 9.33, 5.66], 0, 7, True)
    """

    rates: np.ndarray
    losses: np.ndarray
    norms: np.ndarray
    batch_norms: np.ndarray
    sharpness: np.ndarray
    curvature: np.ndarray
    threshold: np.ndarray
    weights: np.ndarray

    def __repr__(self) -> str:
        return f"<Run: {len(self.rates)} steps, loss {self.losses[0]:.3g} → {self.losses[-1]:.3g}>"

    @property
    def gauge(self) -> np.ndarray:
        """Rate × sharpness of each step, (steps,); nan where the sharpness was not measured."""
        return self.rates * self.sharpness[:-1]

    @property
    def crossing(self) -> int | None:
        """The first step from a point where the gauge was measured above the threshold; None if there is none.

        It is 0 where the gauge is above already at the start. With a sharpness measured at every k-th step it may be
        up to k − 1 steps late.
        """
        return _first(self.gauge > self.threshold)

    @property
    def rise(self) -> int | None:
        """The first t at which the loss is higher than at t − 1 or not a finite number; None if it never rises.

        So t = crossing + 1 says that the very step that was too long made the loss rise. Less than a billionth of the
        loss is rounding and does not count. It tells of the rate only if the loss is that of all data.
        """
        falls = self.losses[1:] <= self.losses[:-1] * (1 + 1e-9)
        before = _first(~falls)
        return None if before is None else before + 1

    def trains(self, share: float = 0.5, last: int = 1) -> bool:
        """Whether all losses are finite, and the last ones at most this share of the first loss.

        Arguments
            share: of the loss at the start, above 0; by default one half.
            last: how many of the last losses must be as low, by default only the very last.
        """
        share = number("share", share, 0, open_low=True)
        last = whole("last", last, 1, len(self.rates))
        return bool(np.isfinite(self.losses).all() and (self.losses[-last:] <= share * self.losses[0]).all())


def train(
    network: Network,
    data: Data,
    lr: Any,
    steps: int,
    *,
    optimizer: Any = "gd",
    batch: int | None = None,
    seed: int = 0,
    start: np.ndarray | None = None,
    loss: str = "full",
    sharpness_every: int | None = None,
    sharpness_of: int | None = None,
    sharpness_error: float | None = None,
    **settings: float,
) -> Run:
    r"""Train a network, on all data or on minibatches.

    $$w_{t+1}, s_{t+1} = \text{rule}(w_t, \nabla f_{B_t}(w_t), s_t, t, \eta_t)$$

    Arguments
        network: one of this module, or a `Network` of one's own.
        data: inputs and labels, as from `digits`.
        lr: learning rate η > 0, a number or a schedule, as for `descend`.
        steps: how many, 1 to 20,000.
        optimizer: one of `optimizers`, or its name.
        batch: how many of the data make the gradient of a step; None for all. Each epoch takes them in a new
            order, and leaves out what does not fill a batch.
        seed: of the first weights and of the order of the data, a whole number from 0 to 999,999.
        start: the first weights themselves, (network.size,), such as those of another run; the rule remembers nothing
            of it.
        loss: which loss is measured at each step: full, that of all data, which needs a pass over them; or batch,
            that of the minibatch before the step, which training loops print: it costs nothing and is noisy.
        sharpness_every: at every how many steps the largest eigenvalue of the Hessian is measured; None for never.
            For a rule that rescales the gradient that of the Hessian as it is rescaled is measured as well.
        sharpness_of: on how many of the data that is measured, the first ones; None for all. Each value needs some 20
            to 40 passes over them and back, twice; in wide networks up to 200.
        sharpness_error: how much of its value an eigenvalue may be off, from 0.0001 to 0.5; None for rounding alone.
            Then each search begins at the eigenvectors that the last one has found, and ends as soon as one of them
            is good enough, mostly after 5 to 8 products. Of two that are near each other it may take the lower one.
        settings: of the optimizer, each one number. A weight decay is that of all weights, biases among them.

    A run is trained once: its numbers are kept in the folder that the environment variable LRLIB_CACHE names, by
    default the system's folder for such files, under a name made from all arguments, the code that it runs through
    and the versions of NumPy, SciPy and autograd. Of several processes that want the same run one trains it, and
    the others wait. A network of one's own is trained each time.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import networks
    >>> network, data = networks.mlp((64, 10)), networks.digits(100)
    >>> run = networks.train(network, data, lr=0.1, steps=50)
    >>> run, bool(run.norms[-1] < run.norms[0])
    (<Run: 50 steps, loss 2.6 → 0.185>, True)
    >>> networks.train(network, data, lr=0.01, steps=50, optimizer="adam", batch=20, beta1=0.8)
    <Run: 50 steps, loss 2.6 → 0.0977>
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be one of lrlib.networks, got {shown(network)}")
    known, settings = _rule(optimizer, settings)
    inputs, labels = _checked(data, network)
    steps = whole("steps", steps, 1, MOST_STEPS)
    rates = schedules.rates(lr, steps)
    if rates.shape != (steps,):
        raise ValueError(f"lr must be one rate or one schedule, got rates of shape {rates.shape[1:]}")
    batch = None if batch is None else whole("batch", batch, 1, len(labels))
    seed = whole("seed", seed, 0, _MOST_SEEDS - 1)
    start = network.initial(seed) if start is None else np.atleast_1d(numbers("start", start))
    if start.shape != (network.size,):
        raise ValueError(f"start must be {network.size} weights, got an array of shape {start.shape}")
    loss = choice("loss", loss, MEASURED)
    every = None if sharpness_every is None else whole("sharpness_every", sharpness_every, 1, MOST_STEPS)
    few = len(labels) if sharpness_of is None else whole("sharpness_of", sharpness_of, 1, len(labels))
    error = None if sharpness_error is None else number("sharpness_error", sharpness_error, 1e-4, 0.5)
    limit = np.nan if known.threshold is None else known.threshold(rates, **settings)
    finished = partial(Run, rates, threshold=np.broadcast_to(limit, rates.shape))
    arguments = (inputs, labels, rates, batch, seed, start, loss, every, few, error)
    job = partial(_train, network, known, settings, *arguments)
    forward = getattr(network.forward, "func", None)
    if type(network) is not Network or not getattr(forward, "__module__", "").startswith("lrlib."):
        return finished(**job())
    made = (network.name, network.shapes, network.forward.keywords, network.criterion)
    key = kept.key(_code(forward), made, known.name, settings, *arguments)
    return finished(**kept.kept(key, job))


def record(
    network: Network,
    data: Data,
    rates: Sequence[float],
    steps: int,
    *,
    optimizer: Any = "gd",
    batch: int | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    loss: str = "full",
    sharpness_every: int | None = None,
    sharpness_of: int | None = None,
    sharpness_error: float | None = None,
    sharpness_seeds: int = 1,
    schedule: Callable | None = None,
    gradient: str = "full",
    progress: bool = True,
    **settings: float,
) -> Recording:
    """Train a network at several rates from several seeds, for a figure.

    Arguments
        network, data, steps, optimizer, batch, loss, sharpness_of, sharpness_error, settings: as for `train`; so are
            the errors, and what is kept.
        rates: the learning rates, increasing: the stops of the slider.
        seeds: one run each, at every rate; runs with the same seed start alike.
        sharpness_every: as for `train`. The gauge is the rate times the sharpness that the rule feels, against the
            rule's threshold. For `lion`, which has neither, there is no gauge.
        sharpness_seeds: for how many of the seeds it is measured, the first ones; by default for one, as it costs
            most.
        schedule: a function that makes a rate a schedule, such as `lambda lr: schedules.cosine(lr, steps=300)`.
        gradient: whose length is recorded: full, of all data; or batch, of the minibatch. With the loss of the
            minibatch it is that of the minibatch in any case.
        progress: whether to show a bar where it takes more than a second; the environment variable TQDM_DISABLE=1
            does without any.

    >>> from lrlib import networks
    >>> networks.record(networks.mlp((64, 10)), networks.digits(100), [0.1, 0.2], 20, seeds=[0, 1])
    <Recording: 2 rates × 2 seeds, 20 steps>
    """
    from tqdm.auto import tqdm

    checked = np.atleast_1d(numbers("rates", rates, 0, open_low=True))
    if checked.ndim != 1 or not (np.diff(checked) > 0).all():
        raise ValueError(f"rates must be a list of increasing numbers, got {shown(rates)}")
    rates, seeds = checked.tolist(), list(seeds)
    if not seeds:
        raise ValueError("seeds must be at least one whole number")
    known, settings = _rule(optimizer, settings)
    kind = {"full": "norms", "batch": "batch_norms"}[choice("gradient", gradient, MEASURED)]
    usual = {"steps": steps, "optimizer": known, "batch": batch, "loss": loss}
    usual |= {"sharpness_of": sharpness_of, "sharpness_error": sharpness_error}
    trained = partial(train, network, data, **usual, **settings)
    measured = seeds[: whole("sharpness_seeds", sharpness_seeds, 1, len(seeds))]
    jobs = [(rate, seed) for rate in rates for seed in seeds]
    runs = {}
    # In any order: processes that need the same runs at the same time begin elsewhere each, and share the work.
    shuffled = random.Random(os.getpid()).sample(jobs, len(jobs))
    is_quiet = not progress or os.environ.get("TQDM_DISABLE") == "1"  # which tqdm itself heeds outside notebooks only
    for rate, seed in tqdm(shuffled, delay=_SOON, leave=False, file=sys.stdout, disable=is_quiet):
        every = sharpness_every if seed in measured else None
        lr = rate if schedule is None else schedule(rate)
        runs[rate, seed] = trained(lr, seed=seed, sharpness_every=every)

    def gathered(name: str) -> np.ndarray:
        return np.reshape([getattr(runs[job], name) for job in jobs], (len(rates), len(seeds), -1))

    varying = None if schedule is None else gathered("rates")[:, 0]
    has_gauge = sharpness_every is not None and known.threshold is not None
    return Recording(
        rates,
        gathered("losses"),
        norms=gathered(kind),
        sharpness=gathered("sharpness") if has_gauge else None,
        threshold=known.threshold(checked if varying is None else varying, **settings) if has_gauge else 2.0,
        schedule=varying,
        rescaled=has_gauge and known.scale is not None,
    )


def _train(
    network: Network,
    optimizer: Optimizer,
    settings: dict[str, float],
    inputs: np.ndarray,
    labels: np.ndarray,
    rates: np.ndarray,
    batch: int | None,
    seed: int,
    weights: np.ndarray,
    loss: str,
    every: int | None,
    few: int,
    error: float | None,
) -> dict[str, np.ndarray]:
    from threadpoolctl import threadpool_limits

    valued = network._loss_and_gradient
    steps = len(rates)
    losses, norms, batch_norms, sharpness, curved = np.full((5, steps + 1), np.nan)
    state = [np.zeros_like(weights) for _ in optimizer.state]
    batches = _batches(len(labels), batch, seed)
    largest = partial(_sharpness, network, inputs[:few], labels[:few], error)
    plain_start = start = None
    # The C library of Linux gives what is freed back to the system, a page at a time, and asks for it again at each
    # step, until something large has been freed once.
    np.empty(_LARGE)
    # Matrices this small gain nothing from threads, and sums in another order would be other numbers.
    with np.errstate(all="ignore"), threadpool_limits(1):
        for t in range(steps + 1):
            chosen = next(batches, None)
            if not batch or loss == "full":
                losses[t], gradient = valued(weights, inputs, labels)
                norms[t] = np.linalg.norm(gradient)
            if batch:
                of_batch, gradient = valued(weights, inputs[chosen], labels[chosen])
            batch_norms[t] = np.linalg.norm(gradient)
            if batch and loss == "batch":
                losses[t], norms[t] = of_batch, batch_norms[t]
            if not np.isfinite(losses[t]):
                break
            if every and t % every == 0:
                curved[t], plain_start = largest(weights, 1.0, plain_start)
                sharpness[t] = curved[t]
                if optimizer.scale:
                    scale = optimizer.scale(gradient, *state, t, **settings)
                    sharpness[t], start = largest(weights, scale, start)
                elif optimizer.threshold is None:
                    sharpness[t] = np.nan
            if t < steps:
                weights, *state = optimizer.rule(weights, gradient, *state, t, rates[t], **settings)
    measured = {"losses": losses, "norms": norms, "batch_norms": batch_norms, "sharpness": sharpness}
    return measured | {"curvature": curved, "weights": weights}


def _batches(size: int, batch: int | None, seed: int) -> Iterable[np.ndarray]:
    """The places of each minibatch, without end; the stream is another than that of the first weights."""
    rng = np.random.default_rng([seed, 1])
    while batch:
        order = rng.permutation(size)
        yield from (order[at : at + batch] for at in range(0, size - batch + 1, batch))


def _sharpness(
    network: Network,
    inputs: np.ndarray,
    labels: np.ndarray,
    error: float | None,
    weights: np.ndarray,
    scale: Any,
    start: np.ndarray | None,
) -> tuple[float, np.ndarray | None]:
    """The largest eigenvalue of D^½ H D^½, D the diagonal of `scale`: the Hessian of u ↦ loss(w + D^½ u) at 0.

    Besides, where the next search had better begin.
    """
    from autograd import make_vjp

    root = np.sqrt(scale)

    def function(u: Any) -> Any:
        return network.loss(weights + root * u, inputs, labels)

    def gradient(u: Any) -> Any:
        # Of the rescaled loss it is D^½ times as long.
        return root * network._loss_and_gradient(weights + root * u, inputs, labels)[1]

    at = np.zeros(weights.shape)
    try:
        if error is None:
            return float(curvature.largest_eigenvalues(function, at)[0]), None
        product, _ = make_vjp(gradient)(at)
        return _largest(product, at.size, error, start)
    except (ValueError, RuntimeError):
        # The loss is finite, but so large that its second derivatives are not; or Lanczos does not converge.
        return np.nan, start


def _largest(product: Callable, size: int, error: float, start: np.ndarray | None) -> tuple[float, np.ndarray]:
    """The largest eigenvalue of a symmetric matrix that is known by its products, by Lanczos, up to an error.

    It begins near the eigenvectors found for a matrix that was much the same. Some noise keeps a direction from being
    missed that has not been there before.
    """
    noise = np.random.default_rng(0).standard_normal(size)
    v = noise / np.linalg.norm(noise)
    v, least = (v, _FIRST_PRODUCTS) if start is None else (start + _NOISE * v, _LEAST_PRODUCTS)
    most = min(size, _MOST_PRODUCTS)
    basis, tridiagonal = np.empty((0, size)), np.zeros((most + 1, most + 1))
    for k in range(1, most + 1):
        basis = np.vstack([basis, v / np.linalg.norm(v)])
        v = product(basis[-1])
        if not np.isfinite(v).all():
            raise ValueError("the Hessian is not finite")
        tridiagonal[k - 1, k - 1] = v @ basis[-1]
        for _ in range(2):  # once leaves too much of the others in it
            v = v - (basis @ v) @ basis
        matrix, beside = tridiagonal[:k, :k], np.linalg.norm(v)
        tridiagonal[k, k - 1] = tridiagonal[k - 1, k] = beside
        # No eigenvalue of a matrix with three diagonals is larger than three times its largest entry.
        if k < min(least, size) and beside > 3e-12 * np.abs(matrix).max():
            continue
        values, vectors = np.linalg.eigh(matrix)
        # The distance of Hu from λu, u the vector found: so near to λ there is an eigenvalue.
        residual = beside * abs(vectors[-1, -1])
        # No direction is left that any product would lead to, but for rounding.
        exhausted = k == size or beside <= 1e-12 * np.abs(values).max()
        if exhausted or (k >= least and residual <= error * abs(values[-1])):
            together = vectors[:, -_LEADING:].sum(axis=1) @ basis
            return float(values[-1]), together / np.linalg.norm(together)
    raise RuntimeError("Lanczos did not converge")


def _rule(optimizer: Any, given: dict[str, Any]) -> tuple[Optimizer, dict[str, float]]:
    """The optimizer and all its settings, each one number."""
    known = find_optimizer(optimizer)
    for name in given:
        if name not in known.settings:
            hint = nearest(name, [*known.settings, *ARGUMENTS])
            raise TypeError(f"training with {known.name!r} has no setting {name!r}: {hint}")
    settings = fill(f"optimizer {known.name!r}", known.settings, given)
    return known, {name: number(name, value) for name, value in settings.items()}


def _checked(data: Any, network: Network) -> Data:
    """Inputs and labels that belong together, and to the network."""
    inputs, labels = pair(data)
    if inputs.ndim < 2 or labels.shape != inputs.shape[:1] or labels.dtype.kind not in "iu" or labels.min() < 0:
        told = f"inputs of shape {inputs.shape} and labels {labels.dtype} of shape {labels.shape}"
        raise ValueError(f"data must be inputs (n, …) and n labels from 0, got {told}")
    try:
        classes = network.scores(np.zeros(network.size), inputs[:1]).shape[1]
    except ValueError as error:
        raise ValueError(f"{network!r} does not take inputs of shape {inputs.shape}: {error}") from None
    if labels.max() >= classes:
        raise ValueError(f"labels up to {labels.max()} need {labels.max() + 1} scores, {network!r} gives {classes}")
    return inputs, labels


@cache
def _code(forward: Callable) -> str:
    """What a training's numbers depend on besides its arguments."""
    from lrlib import layers

    modules = (sys.modules[__name__], sys.modules[forward.__module__], layers, arithmetic, curvature, optimizers)
    return kept.code(modules, ["_train", "OPTIMIZERS", forward.__name__], packages=("numpy", "scipy", "autograd"))


def _first(happened: np.ndarray) -> int | None:
    return int(np.argmax(happened)) if happened.any() else None

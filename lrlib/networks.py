"""Networks of a size that a reader's machine trains in seconds, on data that comes with scikit-learn.

A network takes all its weights as one flat array, so its loss is a function of one array, as `curvature` wants it.
Gradients are autograd's. What has been trained is kept in a folder, and the same run is read from there next time.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lrlib import curvature, schedules
from lrlib.recording import MOST_STEPS, Recording
from lrlib.settings import choice, numbers, shown
from lrlib.settings import count as whole

#: What `mlp` can put between its layers, each with the gain that keeps the size of what passes through it.
ACTIVATIONS = {"tanh": 1.0, "relu": 2**0.5}

LOSSES = ("cross_entropy", "squared_error")

_MOST_SEEDS = 1_000_000

Data = tuple[np.ndarray, np.ndarray]


def digits(count: int | None = None) -> Data:
    r"""Images of handwritten digits, 8 × 8 pixels each, and which digits they are.

    $$x \leftarrow \frac{x - \text{mean}}{\text{standard deviation}}$$

    Arguments
        count: how many, 10 to 1797, the first ones of the collection; by default all.

    Returns inputs of shape (count, 64) and labels of shape (count,), whole numbers from 0 to 9. Each pixel is
    standardised over the images returned; one that is the same in all of them becomes 0. Of all images between
    174 and 183 show each digit.

    >>> from lrlib import networks
    >>> inputs, labels = networks.digits(600)
    >>> inputs.shape, labels[:5].tolist(), round(float(inputs[:, 20].std()), 9)
    ((600, 64), [0, 1, 2, 3, 4], 1.0)

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository
    (1998), the test part, as scikit-learn's `load_digits` gives it.
    """
    from sklearn.datasets import load_digits

    inputs, labels = load_digits(return_X_y=True)
    count = len(labels) if count is None else whole("count", count, 10, len(labels))
    inputs, labels = inputs[:count], labels[:count]
    deviation = inputs.std(axis=0)
    return (inputs - inputs.mean(axis=0)) / np.where(deviation > 0, deviation, 1), labels


@dataclass(frozen=True, repr=False)
class Network:
    r"""A classifier whose weights are one flat array.

    name       the call that makes it
    shapes     of the arrays that the weights are cut into, in their order
    forward    a function of these arrays and the inputs that gives the scores z, (n, classes), written with
               `autograd.numpy`
    criterion  the loss: cross_entropy or squared_error
    gain       the first weights have the standard deviation gain / √(number of inputs of the unit)

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
    gain: float = 1.0

    def __repr__(self) -> str:
        return self.name

    @property
    def size(self) -> int:
        """How many weights there are, biases included."""
        return sum(int(np.prod(shape)) for shape in self.shapes)

    def initial(self, seed: int = 0) -> np.ndarray:
        """Weights to start from: normal numbers with mean 0 for the arrays with two and more axes, 0 for the biases."""
        rng = np.random.default_rng(whole("seed", seed, 0, _MOST_SEEDS - 1))
        return np.concatenate([self._drawn(rng, shape).ravel() for shape in self.shapes])

    def scores(self, weights: Any, inputs: np.ndarray) -> Any:
        """The scores z of each class, before the softmax; of shape (n, classes)."""
        arrays, at = [], 0
        for shape in self.shapes:
            size = int(np.prod(shape))
            arrays.append(weights[at : at + size].reshape(shape))
            at += size
        return self.forward(arrays, inputs)

    def loss(self, weights: Any, inputs: np.ndarray, labels: np.ndarray) -> Any:
        """The mean over the data of −log softmax(z)ᵧ or ½‖z − e(y)‖², where e(y) is 1 for the label and 0 elsewhere."""
        import autograd.numpy as anp
        from autograd.scipy.special import logsumexp

        z = self.scores(weights, inputs)
        wanted = np.eye(z.shape[1])[labels]
        if self.criterion == "squared_error":
            return anp.mean(anp.sum((z - wanted) ** 2, axis=1)) / 2
        # log softmax(z)ᵧ = zᵧ − log Σ exp z stays finite, as logsumexp takes the largest z out of the sum.
        return anp.mean(logsumexp(z, axis=1) - anp.sum(z * wanted, axis=1))

    def accuracy(self, weights: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> float:
        """The share of inputs whose label has the highest score."""
        return float(np.mean(np.argmax(self.scores(weights, inputs), axis=1) == labels))

    def _drawn(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.normal(0, self.gain / np.prod(shape[:-1]) ** 0.5, shape) if len(shape) > 1 else np.zeros(shape)


def mlp(widths: Sequence[int] = (64, 32, 10), activation: str = "tanh", loss: str = "cross_entropy") -> Network:
    r"""A network of fully connected layers.

    $$h_{k+1} = \phi(h_k W_k + b_k), \qquad z = h_{K} W_{K} + b_{K}$$

    Arguments
        widths: of the input, the hidden layers and the scores; without hidden layers it is softmax regression.
        activation: φ, tanh or relu.
        loss: cross_entropy, or squared_error, whose sharpness does not vanish where all labels are right.

    The first weights are normal with variance 1/width of the layer before, for relu 2/width.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import networks
    >>> networks.mlp((64, 10)).size, networks.mlp((64, 100, 100, 10), "relu").size
    (650, 17610)

    Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", in Neural Networks: Tricks of the Trade
    (1998), section 4.6; K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", ICCV 2015.
    """
    if isinstance(widths, str) or not isinstance(widths, Iterable):
        raise TypeError(f"widths must be a list of whole numbers, got {shown(widths)}")
    widths = tuple(whole("widths", width, 1, 10_000) for width in widths)
    if len(widths) < 2:
        raise ValueError(f"widths must name at least the inputs and the scores, got {widths}")
    activation, loss = choice("activation", activation, ACTIVATIONS), choice("loss", loss, LOSSES)
    shapes = [shape for before, after in pairwise(widths) for shape in ((before, after), (after,))]
    forward = partial(_fully_connected, activation=activation)
    name = f"mlp({widths}, {activation!r}, {loss!r})"
    return Network(name, tuple(shapes), forward, loss, ACTIVATIONS[activation])


def _fully_connected(arrays: list, h: Any, activation: str) -> Any:
    import autograd.numpy as anp

    for i in range(0, len(arrays), 2):
        if i > 0:
            h = anp.tanh(h) if activation == "tanh" else anp.maximum(h, 0)
        h = h @ arrays[i] + arrays[i + 1]
    return h


@dataclass(frozen=True, repr=False)
class Run:
    """What a training leaves behind.

    rates        (steps,)      the learning rate of each step
    losses       (steps + 1,)  on all data
    norms        (steps + 1,)  lengths of the gradient of that loss
    batch_norms  (steps + 1,)  lengths of the gradient of the minibatch; without minibatches the same as norms
    sharpness    (steps + 1,)  largest eigenvalue of the Hessian on all data; nan where it was not measured
    weights      (size,)       after the last step

    After a loss of ∞ or nan everything is nan.

    >>> from lrlib import networks
    >>> run = networks.train(networks.mlp((64, 10)), networks.digits(100), 0.1, 4, sharpness_every=2)
    >>> run.losses.shape, run.sharpness.round(2).tolist()
    ((5,), [1.07, nan, 1.13, nan, 1.17])
    """

    rates: np.ndarray
    losses: np.ndarray
    norms: np.ndarray
    batch_norms: np.ndarray
    sharpness: np.ndarray
    weights: np.ndarray

    def __repr__(self) -> str:
        return f"<Run: {len(self.rates)} steps, loss {self.losses[0]:.3g} → {self.losses[-1]:.3g}>"


def train(
    network: Network,
    data: Data,
    lr: Any,
    steps: int,
    *,
    batch: int | None = None,
    seed: int = 0,
    sharpness_every: int | None = None,
) -> Run:
    r"""Train a network by gradient descent, on all data or on minibatches.

    $$w_{t+1} = w_t - \eta_t \nabla f_{B_t}(w_t)$$

    Arguments
        network: one of this module, or a `Network` of one's own.
        data: inputs and labels, as from `digits`.
        lr: learning rate η > 0, a number or a schedule, as for `descend`.
        steps: how many, 1 to 20,000.
        batch: how many of the data make the gradient of a step; None for all. Each epoch takes them in a new
            order, and leaves out what does not fill a batch.
        seed: of the first weights and of the order of the data, a whole number from 0 to 999,999.
        sharpness_every: at every how many steps the largest eigenvalue of the Hessian is measured; None for never.

    A run is trained once: its numbers are kept in the folder that the environment variable LRLIB_CACHE names, by
    default the system's folder for such files, under a name made from all arguments, this package's code and the
    versions of NumPy, SciPy and autograd. A network of one's own is trained each time.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import networks
    >>> run = networks.train(networks.mlp((64, 10)), networks.digits(100), lr=0.1, steps=50)
    >>> run, bool(run.norms[-1] < run.norms[0])
    (<Run: 50 steps, loss 2.6 → 0.185>, True)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be one of lrlib.networks, got {shown(network)}")
    inputs, labels = _checked(data, network)
    steps = whole("steps", steps, 1, MOST_STEPS)
    rates = schedules.rates(lr, steps)
    if rates.shape != (steps,):
        raise ValueError(f"lr must be one rate or one schedule, got rates of shape {rates.shape[1:]}")
    batch = None if batch is None else whole("batch", batch, 1, len(labels))
    seed = whole("seed", seed, 0, _MOST_SEEDS - 1)
    every = None if sharpness_every is None else whole("sharpness_every", sharpness_every, 1, MOST_STEPS)
    arguments = (inputs, labels, rates, batch, seed, every)
    job = partial(_train, network, *arguments)
    if type(network) is not Network or getattr(network.forward, "func", None) is not _fully_connected:
        return Run(rates, **job())
    made = (network.name, network.shapes, network.forward.keywords, network.criterion, network.gain)
    return Run(rates, **_kept(_key(made, *arguments), job))


def record(
    network: Network,
    data: Data,
    rates: Sequence[float],
    steps: int,
    *,
    batch: int | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    sharpness_every: int | None = None,
    schedule: Callable | None = None,
    gradient: str = "full",
    progress: bool = False,
) -> Recording:
    """Train a network at several rates from several seeds, for a figure.

    Arguments
        network, data, steps, batch: as for `train`; so are the errors, and what is kept.
        rates: the learning rates, increasing: the stops of the slider.
        seeds: one run each, at every rate; runs with the same seed start alike.
        sharpness_every: as for `train`, but measured for the first seed only, as it costs most.
        schedule: a function that makes a rate a schedule, such as `lambda lr: schedules.cosine(lr, steps=300)`.
        gradient: whose length is recorded: full, of all data; or batch, of the minibatch.
        progress: whether to show a bar.

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
    kind = {"full": "norms", "batch": "batch_norms"}[choice("gradient", gradient, ["full", "batch"])]
    jobs = [(rate, seed) for rate in rates for seed in seeds]
    runs = []
    for rate, seed in tqdm(jobs, disable=not progress):
        every = sharpness_every if seed == seeds[0] else None
        lr = rate if schedule is None else schedule(rate)
        runs.append(train(network, data, lr, steps, batch=batch, seed=seed, sharpness_every=every))

    def gathered(name: str) -> np.ndarray:
        return np.reshape([getattr(run, name) for run in runs], (len(rates), len(seeds), -1))

    return Recording(
        rates,
        gathered("losses"),
        norms=gathered(kind),
        sharpness=None if sharpness_every is None else gathered("sharpness")[:, 0],
        schedule=None if schedule is None else gathered("rates")[:, 0],
    )


def _train(
    network: Network,
    inputs: np.ndarray,
    labels: np.ndarray,
    rates: np.ndarray,
    batch: int | None,
    seed: int,
    every: int | None,
) -> dict[str, np.ndarray]:
    from autograd import grad, value_and_grad
    from threadpoolctl import threadpool_limits

    full, slope = value_and_grad(network.loss), grad(network.loss)
    steps = len(rates)
    losses, norms, batch_norms, sharpness = np.full((4, steps + 1), np.nan)
    weights = network.initial(seed)
    batches = _batches(len(labels), batch, seed)
    # Matrices this small gain nothing from threads, and sums in another order would be other numbers.
    with np.errstate(all="ignore"), threadpool_limits(1):
        for t in range(steps + 1):
            losses[t], gradient = full(weights, inputs, labels)
            norms[t] = batch_norms[t] = np.linalg.norm(gradient)
            if not np.isfinite(losses[t]):
                break
            if every and t % every == 0:
                sharpness[t] = _sharpness(network, weights, inputs, labels)
            if batch:
                chosen = next(batches)
                gradient = slope(weights, inputs[chosen], labels[chosen])
                batch_norms[t] = np.linalg.norm(gradient)
            if t < steps:
                weights = weights - rates[t] * gradient
    return {"losses": losses, "norms": norms, "batch_norms": batch_norms, "sharpness": sharpness, "weights": weights}


def _batches(size: int, batch: int | None, seed: int) -> Iterable[np.ndarray]:
    """The places of each minibatch, without end; the stream is another than that of the first weights."""
    rng = np.random.default_rng([seed, 1])
    while batch:
        order = rng.permutation(size)
        yield from (order[at : at + batch] for at in range(0, size - batch + 1, batch))


def _sharpness(network: Network, weights: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> float:
    try:
        return float(curvature.largest_eigenvalues(lambda w: network.loss(w, inputs, labels), weights)[0])
    except ValueError:  # the loss is finite, but so large that its second derivatives are not
        return np.nan


def _checked(data: Any, network: Network) -> Data:
    """Inputs and labels that belong together, and to the network."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(f"data must be a tuple (inputs, labels), got {shown(data)}")
    inputs, labels = np.asarray(data[0], dtype=float), np.asarray(data[1])
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


# What is kept


def _folder() -> Path:
    import platformdirs

    return Path(os.environ.get("LRLIB_CACHE") or platformdirs.user_cache_dir("lrlib", appauthor=False))


@cache
def _code() -> str:
    """What the numbers depend on besides the arguments."""
    files = [Path(__file__), Path(curvature.__file__)]
    versions = [metadata.version(name) for name in ("numpy", "scipy", "autograd")]
    return hashlib.sha256(
        b"\0".join([file.read_bytes() for file in files] + [v.encode() for v in versions])
    ).hexdigest()


def _key(*arguments: Any) -> str:
    made = hashlib.sha256(_code().encode())
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            made.update(f"{argument.dtype.str}{argument.shape}".encode() + np.ascontiguousarray(argument).tobytes())
        else:
            made.update(repr(argument).encode())
        made.update(b"\0")
    return made.hexdigest()[:32]


def _kept(key: str, job: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What the job gives, read from its file if there is a whole one.

    Several processes may ask at once: each computes what it does not find. A file gets its name when it is
    complete, so nobody reads half of one. A folder that cannot be written only means to compute again.
    """
    file = _folder() / f"{key}.npz"
    # Whatever a broken file may raise: it is as good as none.
    with suppress(Exception), open(file, "rb") as handle, np.load(handle, allow_pickle=False) as stored:
        return dict(stored)
    made = job()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished, name = tempfile.mkstemp(suffix=".part", dir=file.parent)
        try:
            with os.fdopen(unfinished, "wb") as handle:
                np.savez(handle, **made)
            os.replace(name, file)
        finally:
            Path(name).unlink(missing_ok=True)
    return made

"""Networks of a size that a reader's machine trains in seconds, on data that comes with scikit-learn or with this package.

A network takes all its weights as one flat array, so its loss is a function of one array, as `curvature` wants it.
Gradients are autograd's. What has been trained is kept in a folder, and the same run is read from there next time.
"""

import math
import os
import random
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from lrlib import arithmetic, curvature, kept, optimizers, schedules, words
from lrlib.optimizers import Optimizer, find_optimizer
from lrlib.recording import MOST_STEPS, Recording
from lrlib.settings import choice, nearest, number, numbers, shown
from lrlib.settings import count as whole
from lrlib.surfaces import fill

#: What `mlp` can put between its layers, each with the gain that keeps the size of what passes through it.
ACTIVATIONS = {"tanh": 1.0, "relu": 2**0.5}

LOSSES = ("cross_entropy", "squared_error")

#: Where `attention` can have its layer norms.
NORMS = ("post", "pre")

#: How `attention` reads an image: its rows are the tokens.
_TOKENS, _PIXELS = 8, 8

#: What can be measured at each step: of all data, or of the minibatch.
MEASURED = ("full", "batch")

#: What `train` and `record` take besides settings of the rule: a misspelt one lands among these.
ARGUMENTS = (
    *("batch", "gradient", "loss", "optimizer", "progress", "schedule"),
    *("seed", "seeds", "sharpness_every", "sharpness_of"),
)

#: A text with fewer is no sentence.
_LETTERS = 3

_MOST_SEEDS = 1_000_000

#: Nobody needs a bar for what takes fewer seconds.
_SOON = 1.0

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


def languages(features: int = 2048) -> Data:
    r"""The sentences of the figures in four languages, and which language each of them is in.

    $$x_j = \text{how often a sequence of signs with the hash } j \text{ occurs}$$

    Arguments
        features: how many, 16 to 65,536. Counted are all sequences of one, two and three signs, in small letters, and
            those with the same hash together.

    Returns inputs of shape (n, features), whole numbers, of which about 96% are 0 at the default; and n labels:
    0 English, 1 German, 2 Chinese, 3 Korean. Each sentence stands there in all four, one after the other, without the
    places for numbers; short ones are left out, and those that occur twice or are the same in two languages. To hold
    out a third with all languages alike, take inputs[2::3] and labels[2::3].

    The sentences are those that `lab` and `ask` show, so the data change a little whenever one is added.

    >>> from lrlib import networks
    >>> inputs, labels = networks.languages(512)
    >>> inputs.shape[1], labels[:5].tolist(), bool((inputs > 0).mean() < 0.2)
    (512, [0, 1, 2, 3, 0], True)

    Source: hashing as in K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009),
    arXiv:0902.2206, without their signs; by scikit-learn's `HashingVectorizer`.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    features = whole("features", features, 16, 65_536)
    each = [words.strings(language) for language in words.LANGUAGES]
    sentences = []
    for key in each[0]:
        said = [" ".join(re.sub(r"\{.*?\}", " ", strings[key].lower()).split()) for strings in each]
        new = len({*said, *sentences}) == len(said) + len(sentences)
        if new and all(sum(map(str.isalpha, text)) >= _LETTERS for text in said):
            sentences += said
    counter = HashingVectorizer(
        analyzer="char", ngram_range=(1, 3), n_features=features, alternate_sign=False, norm=None
    )
    return counter.transform(sentences).toarray(), np.arange(len(sentences)) % len(each)


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
        return sum(math.prod(shape) for shape in self.shapes)

    def initial(self, seed: int = 0) -> np.ndarray:
        """Weights to start from: normal numbers with mean 0 for the arrays with two and more axes, 0 for all others."""
        rng = np.random.default_rng(whole("seed", seed, 0, _MOST_SEEDS - 1))
        return np.concatenate([self._drawn(rng, shape).ravel() for shape in self.shapes])

    def scores(self, weights: Any, inputs: np.ndarray) -> Any:
        """The scores z of each class, before the softmax; of shape (n, classes)."""
        from lrlib import layers

        arrays, at = [], 0
        for shape in self.shapes:
            arrays.append(layers.part(weights, at, shape))
            at += math.prod(shape)
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
        return rng.normal(0, self.gain / math.prod(shape[:-1]) ** 0.5, shape) if len(shape) > 1 else np.zeros(shape)


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


def attention(layers: int = 4, width: int = 16, norm: str = "post") -> Network:
    r"""A small Transformer encoder for `digits`: each image is read as 8 tokens, its rows.

    $$x = TE + P, \qquad a(x) = \operatorname{softmax}\!\left(\frac{qk^\top}{\sqrt{d}}\right) v\, W, \qquad
    m(x) = \max(0, x W_1) W_2$$

    $$\text{post:}\quad y = N(x + a(x)), \quad x' = N(y + m(y)) \qquad\qquad
    \text{pre:}\quad y = x + a(N(x)), \quad x' = y + m(N(y))$$

    Arguments
        layers: how many, 1 to 24.
        width: d, of the tokens, 1 to 1,000; the hidden layer of m is twice as wide.
        norm: where the layer norm N stands: post, behind each sum, as in the first Transformers; or pre, before a and
            m, as in most of those that came after, with one more N behind the last layer.

    q, k and v are x times a matrix each; a single head. Every product has a bias, which is not written above. The
    positions P are learned. The scores z come from the mean over the tokens. The first weights are normal with
    variance 1/inputs of the unit; N starts with gains of 1, stored as 0.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import networks
    >>> network, (inputs, labels) = networks.attention(layers=2, norm="pre"), networks.digits(100)
    >>> network, network.size, network.scores(network.initial(), inputs).shape
    (attention(2, 16, 'pre'), 4906, (100, 10))

    Source: A. Vaswani et al., "Attention Is All You Need" (NIPS 2017), arXiv:1706.03762, sections 3.1 to 3.3; R. Xiong
    et al., "On Layer Normalization in the Transformer Architecture" (ICML 2020), arXiv:2002.04745, on where to put N.
    """
    layers, width = whole("layers", layers, 1, 24), whole("width", width, 1, 1000)
    norm, vector = choice("norm", norm, NORMS), (width,)
    attend = [(width, 3 * width), (3 * width,), (width, width), vector, vector, vector]
    transform = [(width, 2 * width), (2 * width,), (2 * width, width), vector, vector, vector]
    last = [vector, vector] if norm == "pre" else []
    shapes = [(_PIXELS, width), (_TOKENS, width), *(attend + transform) * layers, *last, (width, 10), (10,)]
    return Network(f"attention({layers}, {width}, {norm!r})", tuple(shapes), partial(_transformed, norm=norm))


def _transformed(arrays: list, inputs: np.ndarray, norm: str) -> Any:
    import autograd.numpy as anp

    from lrlib.layers import affine, attended, normal, positive

    embedding, positions, *weights, last, bias = arrays
    n, width = len(inputs), embedding.shape[1]
    # A token is a row, so that all products are those of two matrices.
    x = anp.dot(inputs.reshape(n * _TOKENS, _PIXELS), embedding)
    x = anp.reshape(anp.reshape(x, (n, _TOKENS, width)) + positions, (n * _TOKENS, width))
    while len(weights) > 2:
        into, into_bias, out, out_bias, *norm_a, up, up_bias, down, down_bias, gain, shift = weights[:12]
        weights = weights[12:]
        y = x if norm == "post" else normal(x, *norm_a)
        x = x + affine(attended(affine(y, into, into_bias), _TOKENS), out, out_bias)
        x = normal(x, *norm_a) if norm == "post" else x
        y = x if norm == "post" else normal(x, gain, shift)
        x = x + affine(positive(affine(y, up, up_bias)), down, down_bias)
        x = normal(x, gain, shift) if norm == "post" else x
    if norm == "pre":
        x = normal(x, *weights)
    return affine(anp.mean(anp.reshape(x, (n, _TOKENS, width)), axis=1), last, bias)


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
    curvature: np.ndarray
    weights: np.ndarray

    def __repr__(self) -> str:
        return f"<Run: {len(self.rates)} steps, loss {self.losses[0]:.3g} → {self.losses[-1]:.3g}>"


def train(
    network: Network,
    data: Data,
    lr: Any,
    steps: int,
    *,
    optimizer: Any = "gd",
    batch: int | None = None,
    seed: int = 0,
    loss: str = "full",
    sharpness_every: int | None = None,
    sharpness_of: int | None = None,
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
        loss: which loss is measured at each step: full, that of all data, which needs a pass over them; or batch,
            that of the minibatch before the step, which training loops print: it costs nothing and is noisy.
        sharpness_every: at every how many steps the largest eigenvalue of the Hessian is measured; None for never.
            For a rule that rescales the gradient that of the Hessian as it is rescaled is measured as well.
        sharpness_of: on how many of the data that is measured, the first ones; None for all. Each value needs some 20
            to 40 passes over them and back, twice.
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
    loss = choice("loss", loss, MEASURED)
    every = None if sharpness_every is None else whole("sharpness_every", sharpness_every, 1, MOST_STEPS)
    few = len(labels) if sharpness_of is None else whole("sharpness_of", sharpness_of, 1, len(labels))
    arguments = (inputs, labels, rates, batch, seed, loss, every, few)
    job = partial(_train, network, known, settings, *arguments)
    forward = getattr(network.forward, "func", None)
    if type(network) is not Network or forward not in (_fully_connected, _transformed):
        return Run(rates, **job())
    made = (network.name, network.shapes, network.forward.keywords, network.criterion, network.gain)
    key = kept.key(_code(forward.__name__), made, known.name, settings, *arguments)
    return Run(rates, **kept.kept(key, job))


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
    schedule: Callable | None = None,
    gradient: str = "full",
    progress: bool = True,
    **settings: float,
) -> Recording:
    """Train a network at several rates from several seeds, for a figure.

    Arguments
        network, data, steps, optimizer, batch, loss, sharpness_of, settings: as for `train`; so are the errors, and
            what is kept.
        rates: the learning rates, increasing: the stops of the slider.
        seeds: one run each, at every rate; runs with the same seed start alike.
        sharpness_every: as for `train`, but measured for the first seed only, as it costs most. The gauge is the
            rate times the sharpness that the rule feels, against the rule's threshold. For `lion`, which has
            neither, there is no gauge.
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
    usual = {"steps": steps, "optimizer": known, "batch": batch, "loss": loss, "sharpness_of": sharpness_of}
    trained = partial(train, network, data, **usual, **settings)
    jobs = [(rate, seed) for rate in rates for seed in seeds]
    runs = {}
    # In any order: processes that need the same runs at the same time begin elsewhere each, and share the work.
    shuffled = random.Random(os.getpid()).sample(jobs, len(jobs))
    for rate, seed in tqdm(shuffled, delay=_SOON, leave=False, file=sys.stdout) if progress else shuffled:
        every = sharpness_every if seed == seeds[0] else None
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
        sharpness=gathered("sharpness")[:, 0] if has_gauge else None,
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
    loss: str,
    every: int | None,
    few: int,
) -> dict[str, np.ndarray]:
    from autograd import value_and_grad
    from threadpoolctl import threadpool_limits

    valued = value_and_grad(network.loss)
    steps = len(rates)
    losses, norms, batch_norms, sharpness, curved = np.full((5, steps + 1), np.nan)
    weights = network.initial(seed)
    state = [np.zeros_like(weights) for _ in optimizer.state]
    batches = _batches(len(labels), batch, seed)
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
                curved[t] = sharpness[t] = _sharpness(network, weights, inputs[:few], labels[:few])
                if optimizer.scale:
                    scale = optimizer.scale(gradient, *state, t, **settings)
                    sharpness[t] = _sharpness(network, weights, inputs[:few], labels[:few], scale)
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
    network: Network, weights: np.ndarray, inputs: np.ndarray, labels: np.ndarray, scale: Any = 1.0
) -> float:
    """The largest eigenvalue of D^½ H D^½, D the diagonal of `scale`: the Hessian of u ↦ loss(w + D^½ u) at 0."""
    root = np.sqrt(scale)
    try:
        found = curvature.largest_eigenvalues(
            lambda u: network.loss(weights + root * u, inputs, labels), np.zeros(weights.shape)
        )
    except (ValueError, RuntimeError):
        # The loss is finite, but so large that its second derivatives are not; or Lanczos does not converge.
        return np.nan
    return float(found[0])


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


@cache
def _code(forward: str) -> str:
    """What a training's numbers depend on besides its arguments."""
    from lrlib import layers

    modules = (sys.modules[__name__], layers, arithmetic, curvature, optimizers)
    return kept.code(modules, ["_train", "OPTIMIZERS", forward], packages=("numpy", "scipy", "autograd"))

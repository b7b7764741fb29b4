"""Networks of a size that a reader's machine trains in seconds, and all that is needed to train them.

Each is a `Network` with all its weights in one flat array; `train` trains it once, `record` at several rates for a
figure. The data come with scikit-learn or with this package.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from lrlib.data import digits, languages, scaled, standardised
from lrlib.settings import choice, number, shown
from lrlib.settings import count as whole
from lrlib.training import Network, Run, record, train

__all__ = [
    "Network",
    "Run",
    "attention",
    "cnn",
    "digits",
    "languages",
    "mlp",
    "record",
    "rnn",
    "scaled",
    "standardised",
    "train",
]

#: What can stand between two layers.
ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear")

LOSSES = ("cross_entropy", "squared_error")

#: How the first weights can be drawn: their variance, times the number of inputs of the unit, by inputs and units.
INITS = {
    "lecun": lambda inputs, units: 1.0,
    "he": lambda inputs, units: 2.0,
    "xavier": lambda inputs, units: 2 * inputs / (inputs + units),
}

#: What `mlp` can normalise: each example over the units, or each unit over the examples.
NORMALISATIONS = ("layer", "batch")

#: How the layers of `mlp` can be scaled with their width.
PARAMETRISATIONS = ("standard", "mup")

#: Where `attention` can have its layer norms.
NORMS = ("post", "pre")

#: How `attention` reads an image: its rows are the tokens.
_TOKENS, _PIXELS = 8, 8

#: Pixels of an image of `digits` along an edge, and how many digits there are.
_EDGE, _CLASSES = 8, 10

#: Of a kernel of `cnn`, along an edge.
_KERNEL = 3


def mlp(
    widths: Sequence[int] = (64, 32, 10),
    activation: str = "tanh",
    loss: str = "cross_entropy",
    *,
    norm: str | None = None,
    residual: bool = False,
    init: str | None = None,
    scale: float = 1.0,
    param: str = "standard",
    base_width: int = 32,
) -> Network:
    r"""A network of fully connected layers.

    $$h_{k+1} = \phi(h_k W_k + b_k), \qquad z = h_{K} W_{K} + b_{K}$$

    Arguments
        widths: of the input, the hidden layers and the scores; without hidden layers it is softmax regression.
        activation: φ: tanh, relu, sigmoid or linear.
        loss: cross_entropy, or squared_error, whose sharpness does not vanish where all labels are right.
        norm: what stands before each φ: layer for layer norm, batch for batch norm, None for nothing. Both take off a
            mean and divide by √(variance + 10⁻⁵), with a learned gain, stored as gain − 1, and a learned shift. Layer
            norm takes mean and variance of each example over the units. Batch norm takes those of each unit over the
            examples it is given, always: of the minibatch in training, of all data where the loss of all is measured;
            there are no running averages.
        residual: whether each layer between two hidden ones of the same width adds its input:
            h + φ(hW + b). All hidden layers must have the same width, and there must be two at least.
        init: the variance of the first weights times the number of inputs of a unit: lecun 1, he 2, xavier
            2·inputs/(inputs + units); by default lecun, for relu he.
        scale: what the first weights are multiplied by besides, above 0.
        param: standard, or mup, the maximal-update parametrisation.
        base_width: where mup is the same as standard, a whole number from 1.

    The first weights are normal with mean 0, biases are 0.

    With mup, of hidden layers of width n and base width m, the layer of the inputs is √(n/m)·(xW + b), and the variance
    of its first weights is m/n times as large; the biases of all other hidden layers, and gains and shifts of their
    norms, are multiplied by √(n/m); and the scores are √(m/n)·hW + b. All else is as in the standard. For gradient
    descent with or without momentum this is the standard with rates of its own for each layer: n/m times the common one
    for the weights from the inputs and the biases of hidden layers, m/n times for the weights to the scores, whose first
    variance is m/n times as large. It is not so for Adam, whose steps do not depend on the size of the gradient.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import networks
    >>> networks.mlp((64, 10)).size, networks.mlp((64, 100, 100, 10), "relu").size
    (650, 17610)
    >>> networks.mlp((64, 32, 32, 10), norm="layer", residual=True)
    mlp((64, 32, 32, 10), 'tanh', 'cross_entropy', norm='layer', residual=True)

    Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", in Neural Networks: Tricks of the Trade
    (1998), section 4.6; X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (AISTATS 2010); K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers" (ICCV 2015) and
    "Deep Residual Learning for Image Recognition" (CVPR 2016); S. Ioffe, C. Szegedy, "Batch Normalization" (ICML 2015);
    J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization" (2016), arXiv:1607.06450; for mup G. Yang, E. J. Hu,
    "Feature Learning in Infinite-Width Neural Networks" (ICML 2021), arXiv:2011.14522, and G. Yang et al., "Tensor
    Programs V" (2022), arXiv:2203.03466, table 3, here with one rate for all weights, as in table 9.
    """
    if isinstance(widths, str) or not isinstance(widths, Iterable):
        raise TypeError(f"widths must be a list of whole numbers, got {shown(widths)}")
    widths = tuple(whole("widths", width, 1, 10_000) for width in widths)
    if len(widths) < 2:
        raise ValueError(f"widths must name at least the inputs and the scores, got {widths}")
    activation, loss = choice("activation", activation, ACTIVATIONS), choice("loss", loss, LOSSES)
    norm = None if norm is None else choice("norm", norm, NORMALISATIONS)
    param, base_width = choice("param", param, PARAMETRISATIONS), whole("base_width", base_width, 1, 10_000)
    if _flag("residual", residual) and (len(widths) < 4 or len(set(widths[1:-1])) > 1):
        raise ValueError(f"residual needs two or more hidden layers of the same width, got widths {widths}")
    gain = _gain(activation, init, scale)
    shapes, gains = [], []
    for k, (before, after) in enumerate(pairwise(widths)):
        is_hidden = k < len(widths) - 2
        normed = [(after,), (after,)] if norm and is_hidden else []
        shapes += [(before, after), (after,), *normed]
        gains += [gain(before, after), 0.0, *[0.0 for _ in normed]]
    options = {"norm": norm, "residual": bool(residual), "init": init, "scale": scale, "param": param}
    forward = {"activation": activation, "norm": norm, "residual": bool(residual)}
    if param == "mup" and len(widths) > 2:
        options["base_width"] = base_width
        forward["multipliers"] = multipliers = tuple(_multipliers(widths, base_width, norm))
        gains[0] /= multipliers[0]
    name = _name("mlp", (widths, activation, loss), options, mlp)
    return Network(name, tuple(shapes), partial(_fully_connected, **forward), loss, tuple(gains))


def _multipliers(widths: tuple[int, ...], base_width: int, norm: str | None) -> Iterable[float]:
    """What each array is multiplied by in the maximal-update parametrisation."""
    for k, (before, after) in enumerate(pairwise(widths)):
        if k == len(widths) - 2:
            yield from ((base_width / before) ** 0.5, 1.0)
        else:
            wide = (after / base_width) ** 0.5
            yield from (wide if k == 0 else 1.0, wide, *[wide] * (2 if norm else 0))


def _fully_connected(
    arrays: list,
    h: Any,
    activation: str,
    norm: str | None = None,
    residual: bool = False,
    multipliers: tuple[float, ...] | None = None,
) -> Any:
    from lrlib import layers

    if multipliers:
        arrays = [factor * array for factor, array in zip(multipliers, arrays, strict=True)]
    *hidden, last, bias = arrays
    size = 4 if norm else 2
    for i in range(0, len(hidden), size):
        before, (w, b, *gain_and_shift) = h, hidden[i : i + size]
        h = layers.connected(h, w, b)
        if norm:
            h = layers.normal(h, *gain_and_shift) if norm == "layer" else layers.batch_normal(h, *gain_and_shift)
        h = _activated(h, activation)
        if residual and i > 0:
            h = before + h
    return layers.connected(h, last, bias)


def _activated(h: Any, activation: str) -> Any:
    from lrlib.layers import positive, tanh

    match activation:
        case "tanh":
            return tanh(h)
        case "relu":
            return positive(h)
        case "sigmoid":
            return (1 + tanh(h / 2)) / 2
    return h


def cnn(
    channels: Sequence[int] = (4, 8),
    activation: str = "relu",
    loss: str = "cross_entropy",
    *,
    init: str | None = None,
    scale: float = 1.0,
) -> Network:
    r"""A convolutional network for `digits`, which reads them as images of 8 × 8 pixels.

    $$h_{k+1} = \operatorname{pool}(\phi(h_k * W_k + b_k)), \qquad z = h_{K} W_{K} + b_{K}$$

    Arguments
        channels: of each convolution, one to three of them. Every kernel is 3 × 3, with zeros around the image, so that
            the image keeps its size; every pooling is the mean of 2 × 2 pixels, so that it loses half of it: 8 × 8,
            4 × 4, 2 × 2, 1 × 1. All that is left after the last one goes to the scores.
        activation, loss, init, scale: as for `mlp`; the inputs of a unit are the 9 pixels of its kernel in all channels.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import networks
    >>> network, (inputs, labels) = networks.cnn((4, 8)), networks.digits(100)
    >>> network, network.size, network.scores(network.initial(), inputs).shape
    (cnn((4, 8), 'relu', 'cross_entropy'), 666, (100, 10))

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document Recognition",
    Proceedings of the IEEE 86(11) (1998), section II; there each channel's pooling has a factor and a bias besides.
    """
    if isinstance(channels, str) or not isinstance(channels, Iterable):
        raise TypeError(f"channels must be a list of whole numbers, got {shown(channels)}")
    channels = tuple(whole("channels", number_of, 1, 1000) for number_of in channels)
    if not 1 <= len(channels) <= 3:
        raise ValueError(f"channels must be one to three numbers, one for each convolution, got {channels}")
    activation, loss = choice("activation", activation, ACTIVATIONS), choice("loss", loss, LOSSES)
    gain = _gain(activation, init, scale)
    shapes, gains = [], []
    for before, after in pairwise((1, *channels)):
        shapes += [(_KERNEL, _KERNEL, before, after), (after,)]
        gains += [gain(_KERNEL**2 * before, _KERNEL**2 * after), 0.0]
    left = channels[-1] * (_EDGE >> len(channels)) ** 2
    shapes += [(left, _CLASSES), (_CLASSES,)]
    gains += [gain(left, _CLASSES), 0.0]
    name = _name("cnn", (channels, activation, loss), {"init": init, "scale": scale}, cnn)
    return Network(name, tuple(shapes), partial(_convolutional, activation=activation), loss, tuple(gains))


def _convolutional(arrays: list, inputs: np.ndarray, activation: str) -> Any:
    import autograd.numpy as anp

    from lrlib.layers import connected, convolved, pooled, shifted

    *hidden, last, bias = arrays
    h = np.ascontiguousarray(inputs.T).reshape(1, _EDGE, _EDGE, -1)
    for i in range(0, len(hidden), 2):
        h = pooled(_activated(shifted(convolved(h, hidden[i]), hidden[i + 1]), activation))
    return connected(anp.reshape(h, (-1, len(inputs))).T, last, bias)


def rnn(
    width: int = 16, steps: int = 8, loss: str = "cross_entropy", *, init: str | None = None, scale: float = 1.0
) -> Network:
    r"""A recurrent network for `digits`, which reads the pixels of an image one after the other, a few at a time.

    $$h_t = \tanh(x_t W + h_{t-1} V + b), \qquad h_0 = 0, \qquad z = h_T W' + b'$$

    Arguments
        width: of the state h, 1 to 1,000.
        steps: T, in how many pieces the 64 pixels are read: 1, 2, 4, 8, 16, 32 or 64. At 8 each piece is a row of the
            image, at 64 a pixel; at 1 nothing is recurrent.
        loss, init, scale: as for `mlp`; V has as many inputs as units. W has 64/T inputs.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import networks
    >>> network, (inputs, labels) = networks.rnn(16, steps=32), networks.digits(100)
    >>> network, network.size, network.scores(network.initial(), inputs).shape
    (rnn(16, 32, 'cross_entropy'), 474, (100, 10))

    Source: J. L. Elman, "Finding Structure in Time", Cognitive Science 14(2) (1990), 179–211.
    """
    width, steps = whole("width", width, 1, 1000), whole("steps", steps, 1, _EDGE**2)
    if _EDGE**2 % steps:
        raise ValueError(f"steps must divide {_EDGE**2}, the number of pixels, got {steps}")
    loss, gain, pixels = choice("loss", loss, LOSSES), _gain("tanh", init, scale), _EDGE**2 // steps
    shapes = ((pixels, width), (width, width), (width,), (width, _CLASSES), (_CLASSES,))
    gains = (gain(pixels, width), gain(width, width), 0.0, gain(width, _CLASSES), 0.0)
    name = _name("rnn", (width, steps, loss), {"init": init, "scale": scale}, rnn)
    return Network(name, shapes, partial(_recurrent, steps=steps), loss, gains)


def _recurrent(arrays: list, inputs: np.ndarray, steps: int) -> Any:
    import autograd.numpy as anp

    from lrlib.layers import affine, connected, recurrent

    into, between, shift, last, bias = arrays
    # Time is the first axis, and the pieces of all images at all times one matrix.
    pieces = inputs.reshape(len(inputs), steps, -1).swapaxes(0, 1)
    x = affine(pieces.reshape(-1, pieces.shape[2]), into, shift)
    states = recurrent(anp.reshape(x, (steps, len(inputs), -1)), between)
    return connected(states[-1], last, bias)


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


def _gain(activation: str, init: str | None, scale: float) -> Callable:
    """Of the first weights, by the number of inputs and of units: √(variance · inputs)."""
    init = ("he" if activation == "relu" else "lecun") if init is None else choice("init", init, INITS)
    scale = number("scale", scale, 0, open_low=True)
    return lambda inputs, units: INITS[init](inputs, units) ** 0.5 * scale


def _flag(argument: str, given: Any) -> bool:
    if not isinstance(given, (bool, np.bool_)):
        raise TypeError(f"{argument} must be True or False, got {shown(given)}")
    return bool(given)


def _name(call: str, given: tuple, options: dict[str, Any], function: Callable) -> str:
    """The call that makes a network, without the options that are as usual."""
    usual = function.__kwdefaults__
    told = [repr(one) for one in given]
    told += [f"{option}={value!r}" for option, value in options.items() if value != usual[option]]
    return f"{call}({', '.join(told)})"

"""What the networks of this book learn from: inputs and labels that come with scikit-learn or with this package."""

from importlib.metadata import version
from importlib.resources import files

import numpy as np

from lrlib import kept
from lrlib.settings import count as whole
from lrlib.settings import number, shown

Data = tuple[np.ndarray, np.ndarray]


def digits(count: int | None = None, *, raw: bool = False) -> Data:
    r"""Images of handwritten digits, 8 × 8 pixels each, and which digits they are.

    $$x \leftarrow \frac{x - \text{mean}}{\text{standard deviation}}$$

    Arguments
        count: how many, 10 to 1797, the first ones of the collection; by default all.
        raw: whether the pixels stay as they are, whole numbers from 0 (white) to 16.

    Returns inputs of shape (count, 64) and labels of shape (count,), whole numbers from 0 to 9. The pixels are
    standardised over the images returned, as by `standardised`. Of all images between 174 and 183 show each digit.

    >>> from lrlib import networks
    >>> inputs, labels = networks.digits(600)
    >>> inputs.shape, labels[:5].tolist(), round(float(inputs[:, 20].std()), 9)
    ((600, 64), [0, 1, 2, 3, 4], 1.0)
    >>> float(networks.digits(600, raw=True)[0].max())
    16.0

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository
    (1998), the test part, as scikit-learn's `load_digits` gives it.
    """
    if not isinstance(raw, (bool, np.bool_)):
        raise TypeError(f"raw must be True or False, got {shown(raw)}")
    # To import scikit-learn takes ten times as long as to read what it gave the last time.
    inputs, labels = kept.kept(kept.key("digits", version("scikit-learn")), _digits).values()
    count = len(labels) if count is None else whole("count", count, 10, len(labels))
    images = inputs[:count], labels[:count]
    return images if raw else standardised(images)


def _digits() -> dict[str, np.ndarray]:
    from sklearn.datasets import load_digits

    return dict(zip(("inputs", "labels"), load_digits(return_X_y=True)))


def standardised(data: Data) -> Data:
    r"""The same data, with mean 0 and variance 1 of each input.

    $$x_{ij} \leftarrow \frac{x_{ij} - m_j}{s_j}, \qquad m_j = \frac{1}{n} \sum_i x_{ij}, \qquad
    s_j^2 = \frac{1}{n} \sum_i (x_{ij} - m_j)^2$$

    Arguments
        data: inputs of shape (n, …) and labels. An input that is the same in all of them becomes 0.

    >>> from lrlib import networks
    >>> inputs, _ = networks.standardised(networks.digits(600, raw=True))
    >>> round(abs(float(inputs[:, 20].mean())), 9), round(float(inputs[:, 20].std()), 9)
    (0.0, 1.0)

    Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", in Neural Networks: Tricks of the Trade
    (1998), section 4.3.
    """
    inputs, labels = pair(data)
    deviation = inputs.std(axis=0)
    return (inputs - inputs.mean(axis=0)) / np.where(deviation > 0, deviation, 1), labels


def scaled(data: Data, factor: float, shift: float = 0.0) -> Data:
    r"""The same data in another unit, counted from another zero.

    $$x \leftarrow a x + c$$

    Arguments
        data: inputs and labels.
        factor: a, any number but 0.
        shift: c, by default 0.

    >>> from lrlib import networks
    >>> inputs, _ = networks.scaled(networks.digits(600, raw=True), 1 / 16)
    >>> float(inputs.min()), float(inputs.max())
    (0.0, 1.0)
    """
    inputs, labels = pair(data)
    factor, shift = number("factor", factor), number("shift", shift)
    if factor == 0:
        raise ValueError("factor must be a number other than 0, got 0")
    return factor * inputs + shift, labels


def languages(features: int = 2048) -> Data:
    r"""The sentences of the figures in four languages, and which language each of them is in.

    $$x_j = \text{how often a sequence of signs with the hash } j \text{ occurs}$$

    Arguments
        features: how many, 16 to 65,536. Counted are all sequences of one, two and three signs, in small letters, and
            those with the same hash together.

    Returns inputs of shape (n, features), whole numbers, of which about 96% are 0 at the default; and n labels:
    0 English, 1 German, 2 Chinese, 3 Korean. Each sentence stands there in all four, one after the other. To hold out a
    third with all languages alike, take inputs[2::3] and labels[2::3].

    The sentences are those that `lab` and `ask` showed when the set was made (`sentences.tsv`), in small letters and
    without the places for numbers; short ones are left out, and those that occur twice or are the same in two languages.

    >>> from lrlib import networks
    >>> inputs, labels = networks.languages(512)
    >>> inputs.shape[1], labels[:5].tolist(), bool((inputs > 0).mean() < 0.2)
    (512, [0, 1, 2, 3, 0], True)

    Source: hashing as in K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009),
    arXiv:0902.2206, without their signs; by scikit-learn's `HashingVectorizer`.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    features = whole("features", features, 16, 65_536)
    table = files("lrlib").joinpath("sentences.tsv").read_text("utf-8").splitlines()
    sentences = [said for row in table for said in row.split("\t")]
    counter = HashingVectorizer(
        analyzer="char", ngram_range=(1, 3), n_features=features, alternate_sign=False, norm=None
    )
    return counter.transform(sentences).toarray(), np.arange(len(sentences)) % 4


def pair(data: Data) -> Data:
    """Inputs, as floats, and labels, as arrays."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise TypeError(f"data must be a tuple (inputs, labels), got {shown(data)}")
    return np.asarray(data[0], dtype=float), np.asarray(data[1])

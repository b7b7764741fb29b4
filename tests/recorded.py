"""A small network, trained by full-batch gradient descent: what a page cannot compute."""

from functools import cache

import autograd.numpy as anp
import numpy as np
from autograd import grad

from lrlib import curvature
from lrlib.recording import Recording

RATES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
SEEDS, STEPS, EVERY, HIDDEN = 3, 200, 10, 4

_X = np.linspace(-2, 2, 24)
_Y = np.sin(2 * _X) + 0.3 * _X


def loss(weights):
    """Mean squared error of a network with one hidden layer of tanh."""
    first, shift, last = weights[:-1].reshape(3, HIDDEN)
    guess = anp.tanh(_X[:, None] * first + shift) @ last + weights[-1]
    return anp.mean((guess - _Y) ** 2) * 2


def train(lr, seed):
    weights = np.random.default_rng(seed).normal(0, 0.8, 3 * HIDDEN + 1)
    slope = grad(loss)
    losses, norms, sharpness = np.empty(STEPS + 1), np.empty(STEPS + 1), np.full(STEPS + 1, np.nan)
    with np.errstate(all="ignore"):
        for t in range(STEPS + 1):
            gradient = slope(weights)
            losses[t], norms[t] = loss(weights), np.sqrt(np.sum(gradient**2))
            if t % EVERY == 0 and losses[t] < 1e6:
                sharpness[t] = curvature.largest_eigenvalues(loss, weights)[0]
            weights = weights - lr * gradient
    return losses, norms, sharpness


@cache
def network() -> Recording:
    """The network at seven rates from three starts each."""
    runs = np.array([[train(lr, seed) for seed in range(SEEDS)] for lr in RATES])
    losses, norms, sharpness = np.moveaxis(runs, 2, 0)
    return Recording(RATES, losses, norms=norms, sharpness=sharpness)

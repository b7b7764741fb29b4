"""Update rules, each as short as its equation, in the restricted language (see `translate`).

The signature is the contract: the point `x` and its gradient `g`, then the rule's state (zero at
first), then the step `t` (0, 1, 2 …) and the rate `lr`, then hyperparameters with their defaults.
A rule returns the new point, then the new state. It works on each coordinate alike, so `x` may be
an array of any shape.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

from lrlib.arithmetic import sq, sqrt
from lrlib.settings import Setting


def gd(x, g, t, lr):
    r"""Gradient descent: step against the gradient.

    $$x_{t+1} = x_t - \eta\, g_t$$

    Arguments
        x, g: point and gradient, same shape.
        t: the step, from 0; not used.
        lr: learning rate η > 0.

    Returns the tuple (x,). PyTorch: `SGD(lr)`, default 0.001; Keras: `SGD(learning_rate=0.01)`;
    optax: `sgd(learning_rate)`, no default.

    >>> gd(4.0, 4.0, 0, lr=0.5)
    (2.0,)

    Source: A. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées",
    Comptes rendus 25 (1847), 536–538.
    """
    x = x - lr * g
    return (x,)


def momentum(x, g, v, t, lr, beta=0.9):
    r"""Heavy-ball momentum: step along a decaying sum of all gradients so far.

    $$v_{t+1} = \beta v_t + g_t, \qquad x_{t+1} = x_t - \eta\, v_{t+1}$$

    Arguments
        x, g, v: point, gradient and velocity, same shape; v is 0 at first.
        t: the step, from 0; not used.
        lr: learning rate η > 0.
        beta: memory β, 0 ≤ β < 1; 0.9 is this book's default, PyTorch and Keras default to 0.

    Returns the tuple (x, v). PyTorch: `SGD(lr, momentum=beta)` with `dampening=0` is this rule;
    Keras puts η inside the velocity (v ← βv − ηg), which is the same path at a constant rate.

    >>> momentum(4.0, 4.0, 2.0, 0, lr=0.5, beta=0.5)
    (1.5, 5.0)

    Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods",
    USSR Computational Mathematics and Mathematical Physics 4(5) (1964), 1–17.
    """
    v = beta * v + g
    x = x - lr * v
    return x, v


# Both limits are for the product ηλ of rate and curvature, along one eigenvector of a quadratic.


def gd_threshold():
    """Gradient descent explodes where ηλ > 2: the error is multiplied by 1 − ηλ."""
    return 2.0


def gd_glide():
    """Gradient descent keeps to one side of the minimum where ηλ ≤ 1."""
    return 1.0


def momentum_threshold(beta=0.9):
    """Heavy ball explodes where ηλ > 2(1 + β): a root of z² − (1 + β − ηλ)z + β reaches −1.

    >>> momentum_threshold(0.9)
    3.8
    """
    return 2 * (1 + beta)


def momentum_glide(beta=0.9):
    """Heavy ball does not oscillate where ηλ ≤ (1 − √β)²: the roots are real and positive.

    >>> float(momentum_glide(0.25))
    0.25
    """
    return sq(1 - sqrt(beta))


@dataclass(frozen=True)
class Optimizer:
    """A rule and what is known about it: its limits for ηλ and the range of each hyperparameter."""

    rule: Callable
    threshold: Callable
    glide: Callable
    settings: dict[str, Setting] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.rule.__name__

    @property
    def state(self) -> list[str]:
        """Names of the rule's state, between the gradient and the step in its signature.

        >>> OPTIMIZERS["momentum"].state
        ['v']
        """
        names = list(inspect.signature(self.rule).parameters)
        return names[2 : names.index("t")]


OPTIMIZERS = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(gd, gd_threshold, gd_glide),
        Optimizer(momentum, momentum_threshold, momentum_glide, {"beta": Setting(0.9, (0, 0.999), (0, 0.99))}),
    )
}

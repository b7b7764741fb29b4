"""Update rules, each as short as its equation, in the restricted language (see `translate`).

The signature is the contract: the point `x` and its gradient `g`, then the rule's state (zero at
first), then the step `t` (0, 1, 2 …) and the rate `lr`, then hyperparameters with their defaults.
A rule returns the new point, then the new state. It works on each coordinate alike, so `x` may be
an array of any shape.

Beside a rule stand its companions: `_threshold` and `_glide`, its limits for the product of rate and
curvature on a quadratic, and, where the rule rescales the gradient, `_scale`: what it multiplies the
(averaged) gradient by, so that rate × scale is the effective rate of a coordinate. Where its averages
start too small, being 0 at first, `_correction` is what each of them is divided by after a step.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lrlib.arithmetic import maximum, power, sign, sq, sqrt, where
from lrlib.settings import Setting, choice

__all__ = [
    "Optimizer",
    "adadelta",
    "adagrad",
    "adagrad_mean",
    "adam",
    "adam_uncorrected",
    "adamw",
    "amsgrad",
    "gd",
    "lion",
    "momentum",
    "nadam",
    "nesterov",
    "radam",
    "rmsprop",
]


def gd(x, g, t, lr):
    r"""Gradient descent: step against the gradient.

    $$x_{t+1} = x_t - \eta\, g_t$$

    Arguments
        x, g: point and gradient, same shape.
        t: the step, from 0; not used.
        lr: learning rate η > 0.

    Returns the tuple (x,). PyTorch: `SGD(lr)`, default 0.001; Keras: `SGD(learning_rate=0.01)`;
    optax: `sgd(learning_rate)`, no default.

    >>> from lrlib import optimizers
    >>> optimizers.gd(4.0, 4.0, 0, lr=0.5)
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

    Returns the tuple (x, v). PyTorch: `SGD(lr, momentum=beta)` with its default `dampening=0` is this
    rule; `dampening=beta` would average the gradients instead of adding them up. optax:
    `sgd(lr, momentum=beta)`. Keras puts η inside the velocity (v ← βv − ηg), which is the same path
    at a constant rate and another one under a schedule.

    >>> from lrlib import optimizers
    >>> optimizers.momentum(4.0, 4.0, 2.0, 0, lr=0.5, beta=0.5)
    (1.5, 5.0)

    Source: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods",
    USSR Computational Mathematics and Mathematical Physics 4(5) (1964), 1–17.
    """
    v = beta * v + g
    x = x - lr * v
    return x, v


def nesterov(x, g, v, t, lr, beta=0.9):
    r"""Nesterov's momentum: the gradient counts once more, as if taken where the velocity leads.

    $$v_{t+1} = \beta v_t + g_t, \qquad x_{t+1} = x_t - \eta\, (g_t + \beta v_{t+1})$$

    Arguments
        x, g, v: point, gradient and velocity, same shape; v is 0 at first.
        t: the step, from 0; not used.
        lr: learning rate η > 0.
        beta: memory β, 0 ≤ β < 1; 0.9 is this book's default, the libraries default to 0.

    Returns the tuple (x, v). PyTorch: `SGD(lr, momentum=beta, nesterov=True)`; optax:
    `sgd(lr, momentum=beta, nesterov=True)`; Keras: the same path at a constant rate. x is the point
    ahead, at which the gradient is taken; Nesterov's own sequence lies ηβv behind it.

    >>> from lrlib import optimizers
    >>> optimizers.nesterov(4.0, 4.0, 2.0, 0, lr=0.5, beta=0.5)
    (0.75, 5.0)

    Source: Y. Nesterov, "A method for solving the convex programming problem with convergence rate
    O(1/k²)", Soviet Mathematics Doklady 27(2) (1983), 372–376; as momentum, I. Sutskever et al., "On
    the importance of initialization and momentum in deep learning" (ICML 2013), equations 3 and 4; in
    this form Y. Bengio et al., "Advances in Optimizing Recurrent Networks" (ICASSP 2013),
    arXiv:1212.0901, section 3.5.
    """
    v = beta * v + g
    x = x - lr * (g + beta * v)
    return x, v


def adagrad(x, g, s, t, lr, eps=1e-10):
    r"""AdaGrad: divide by the root of the sum of all squared gradients so far.

    $$s_{t+1} = s_t + g_t^2, \qquad x_{t+1} = x_t - \frac{\eta\, g_t}{\sqrt{s_{t+1}} + \varepsilon}$$

    Arguments
        x, g, s: point, gradient and sum of squares, same shape; s is 0 at first.
        t: the step, from 0; not used.
        lr: learning rate η > 0; PyTorch's default 0.01, Keras' 0.001.
        eps: ε ≥ 0 outside the root; PyTorch's default 1e-10.

    Returns the tuple (x, s). PyTorch: `Adagrad(lr, eps=eps)`. optax and Keras start the sum at 0.1
    and put ε = 1e-7 inside the root; with `initial_accumulator_value=0` and ε = 0 they agree.

    >>> from lrlib import optimizers
    >>> x, s = optimizers.adagrad(1.0, 4.0, 9.0, 0, lr=0.5, eps=0.0)
    >>> print(x, s)
    0.6 25.0

    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization", Journal of Machine Learning Research 12 (2011), 2121–2159, figure 1 with
    update (4), diagonal; ε is δ there.
    """
    s = s + sq(g)
    x = x - lr * g / (sqrt(s) + eps)
    return x, s


def adagrad_mean(x, g, s, t, lr, eps=1e-10):
    r"""AdaGrad as many courses teach it: divide by the root mean square of all gradients so far.

    $$s_{t+1} = s_t + g_t^2, \qquad x_{t+1} = x_t - \frac{\eta\, g_t}{\sqrt{s_{t+1} / (t + 1)} + \varepsilon}$$

    Arguments
        x, g, s: point, gradient and sum of squares, same shape; s is 0 at first.
        t: the step, from 0.
        lr: learning rate η > 0.
        eps: ε ≥ 0 outside the root; this book's default, as in `adagrad`.

    Returns the tuple (x, s). No library has it: it is `adagrad` at the rate η√(t+1), so its effective
    rate does not fall, and it rises wherever the gradient has been small for a while.

    >>> from lrlib import optimizers
    >>> x, s = optimizers.adagrad_mean(1.0, 1.0, 7.0, 1, lr=0.5, eps=0.0)
    >>> print(x, s)
    0.75 8.0

    Source: lectures on machine learning, for example Hung-yi Lee, National Taiwan University (2021).
    """
    s = s + sq(g)
    x = x - lr * g / (sqrt(s / (t + 1)) + eps)
    return x, s


def adadelta(x, g, v, u, t, lr, rho=0.9, eps=1e-6):
    r"""Adadelta: scale each step by the size of recent steps over that of recent gradients.

    $$v_{t+1} = \rho v_t + (1-\rho) g_t^2, \qquad
    \Delta_t = \frac{\sqrt{u_t + \varepsilon}}{\sqrt{v_{t+1} + \varepsilon}}\, g_t$$

    $$u_{t+1} = \rho u_t + (1-\rho) \Delta_t^2, \qquad x_{t+1} = x_t - \eta\, \Delta_t$$

    Arguments
        x, g: point and gradient, same shape.
        v, u: mean squares of gradients and of steps, same shape; 0 at first.
        t: the step, from 0; not used.
        lr: learning rate η > 0; PyTorch's default 1, Keras' 0.001. The paper has none.
        rho: memory ρ, 0 ≤ ρ < 1; PyTorch's and optax' default 0.9, Keras' 0.95.
        eps: ε ≥ 0 inside both roots, as in the paper: the first step is as long as √ε allows;
            PyTorch's and optax' default 1e-6, Keras' 1e-7.

    Returns the tuple (x, v, u). PyTorch: `Adadelta`; optax: `adadelta`; Keras: `Adadelta`.

    >>> from lrlib import optimizers
    >>> x, v, u = optimizers.adadelta(1.0, 2.0, 4.0, 1.0, 0, lr=0.5, rho=0.5, eps=0.0)
    >>> print(x, v, u)
    0.5 4.0 1.0

    Source: M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv:1212.5701 (2012), algorithm 1.
    """
    v = rho * v + (1 - rho) * sq(g)
    step = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * sq(step)
    x = x - lr * step
    return x, v, u


def rmsprop(x, g, v, t, lr, rho=0.9, eps=1e-8):
    r"""RMSProp: divide by the root of a decaying mean of the squared gradients.

    $$v_{t+1} = \rho v_t + (1-\rho) g_t^2, \qquad
    x_{t+1} = x_t - \frac{\eta\, g_t}{\sqrt{v_{t+1}} + \varepsilon}$$

    Arguments
        x, g, v: point, gradient and mean square, same shape; v is 0 at first.
        t: the step, from 0; not used.
        lr: learning rate η > 0; PyTorch's default 0.01, Keras' 0.001.
        rho: memory ρ, 0 ≤ ρ < 1, called α in PyTorch; 0.9 is Hinton's, Keras' and optax' default,
            PyTorch's is 0.99.
        eps: ε ≥ 0 outside the root; PyTorch's default 1e-8.

    Returns the tuple (x, v). PyTorch: `RMSprop(lr, alpha=rho, eps=eps)`. optax puts ε inside the root
    unless `eps_in_sqrt=False`; Keras always does, with ε = 1e-7. The first mean squares are too small
    by the factor 1 − ρᵗ⁺¹, so the first steps are long: `adam` corrects that.

    >>> from lrlib import optimizers
    >>> x, v = optimizers.rmsprop(1.0, 2.0, 4.0, 0, lr=0.5, rho=0.5, eps=0.0)
    >>> print(x, v)
    0.5 4.0

    Source: T. Tieleman, G. Hinton, "Lecture 6.5 – rmsprop: Divide the gradient by a running average of
    its recent magnitude", COURSERA: Neural Networks for Machine Learning (2012), slide 29.
    """
    v = rho * v + (1 - rho) * sq(g)
    x = x - lr * g / (sqrt(v) + eps)
    return x, v


def adam(x, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Adam: a decaying mean of gradients over the root of one of their squares, both unbiased.

    $$m_{t+1} = \beta_1 m_t + (1-\beta_1) g_t, \qquad v_{t+1} = \beta_2 v_t + (1-\beta_2) g_t^2$$

    $$\hat m = \frac{m_{t+1}}{1-\beta_1^{t+1}}, \qquad \hat v = \frac{v_{t+1}}{1-\beta_2^{t+1}}, \qquad
    x_{t+1} = x_t - \frac{\eta\, \hat m}{\sqrt{\hat v} + \varepsilon}$$

    Arguments
        x, g: point and gradient, same shape.
        m, v: mean and mean square of the gradients, same shape; 0 at first.
        t: the step, from 0.
        lr: learning rate η > 0; the default of the paper, PyTorch and Keras is 0.001.
        beta1, beta2: memories, 0 ≤ β < 1; everyone's defaults 0.9 and 0.999.
        eps: ε ≥ 0 outside the root; 1e-8 in the paper, PyTorch and optax.

    Returns the tuple (x, m, v). PyTorch: `Adam`; optax: `adam`. Keras adds its ε = 1e-7 to √v before
    the correction, the "ε̂" of the paper's remark just before its section 2.1: 1e-7 there is
    1e-7/√(1 − β₂ᵗ⁺¹) here, 3e-6 in the first step.

    >>> from lrlib import optimizers
    >>> x, m, v = optimizers.adam(1.0, 4.0, 0.0, 0.0, 0, lr=0.1, eps=0.0)
    >>> print(x.round(12))  # the first step is as long as the rate, whatever the gradient
    0.9

    Source: D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization" (ICLR 2015),
    arXiv:1412.6980, algorithm 1.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * sq(g)
    m_hat = m / (1 - power(beta1, t + 1))
    v_hat = v / (1 - power(beta2, t + 1))
    x = x - lr * m_hat / (sqrt(v_hat) + eps)
    return x, m, v


def adam_uncorrected(x, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Adam without bias correction: what the correction is for can be seen by leaving it out.

    $$m_{t+1} = \beta_1 m_t + (1-\beta_1) g_t, \qquad v_{t+1} = \beta_2 v_t + (1-\beta_2) g_t^2, \qquad
    x_{t+1} = x_t - \frac{\eta\, m_{t+1}}{\sqrt{v_{t+1}} + \varepsilon}$$

    Arguments
        x, g: point and gradient, same shape.
        m, v: mean and mean square of the gradients, same shape; 0 at first.
        t: the step, from 0; not used.
        lr: learning rate η > 0.
        beta1, beta2: memories, 0 ≤ β < 1; Adam's defaults.
        eps: ε ≥ 0 outside the root; Adam's default.

    Returns the tuple (x, m, v). The first step is (1 − β₁)/√(1 − β₂) = 3.16 times the rate at the
    defaults. No library has it by default; BERT's own code used it.

    >>> from lrlib import optimizers
    >>> x, m, v = optimizers.adam_uncorrected(1.0, 4.0, 0.0, 0.0, 0, lr=0.1, eps=0.0)
    >>> print((1 - x).round(6))
    0.316228

    Source: D. P. Kingma, J. Ba, arXiv:1412.6980, section 6.4 compares the two; T. Zhang et al.,
    "Revisiting Few-sample BERT Fine-tuning" (ICLR 2021), arXiv:2006.05987, section 4, on BERT.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * sq(g)
    x = x - lr * m / (sqrt(v) + eps)
    return x, m, v


def adamw(x, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    r"""AdamW: Adam, and every step shrinks the point itself a little.

    $$x_{t+1} = (1 - \eta w)\, x_t - \frac{\eta\, \hat m}{\sqrt{\hat v} + \varepsilon}$$

    with m̂ and v̂ as in `adam`.

    Arguments
        x, g: point and gradient, same shape.
        m, v: mean and mean square of the gradients, same shape; 0 at first.
        t: the step, from 0.
        lr: learning rate η > 0; PyTorch's and Keras' default 0.001.
        beta1, beta2: memories, 0 ≤ β < 1; everyone's defaults 0.9 and 0.999.
        eps: ε ≥ 0 outside the root; PyTorch's and optax' default 1e-8.
        weight_decay: w ≥ 0; PyTorch's default 0.01, Keras' 0.004, optax' 0.0001.

    Returns the tuple (x, m, v). PyTorch: `AdamW`; optax: `adamw`. In the paper the decay is multiplied
    by the schedule alone, in the libraries and here by the rate.

    >>> from lrlib import optimizers
    >>> x, m, v = optimizers.adamw(1.0, 0.0, 0.0, 0.0, 0, lr=0.1, weight_decay=0.5)
    >>> print(x)  # no gradient, only the decay
    0.95

    Source: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019),
    arXiv:1711.05101, algorithm 2.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * sq(g)
    m_hat = m / (1 - power(beta1, t + 1))
    v_hat = v / (1 - power(beta2, t + 1))
    x = (1 - lr * weight_decay) * x - lr * m_hat / (sqrt(v_hat) + eps)
    return x, m, v


def amsgrad(x, g, m, v, w, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""AMSGrad: Adam with the largest mean square so far, so that no effective rate rises.

    $$w_{t+1} = \max(w_t, v_{t+1}), \qquad
    x_{t+1} = x_t - \frac{\eta\, \hat m}{\sqrt{w_{t+1} / (1-\beta_2^{t+1})} + \varepsilon}$$

    with m, v and m̂ as in `adam`.

    Arguments
        x, g: point and gradient, same shape.
        m, v, w: mean, mean square and largest mean square, same shape; 0 at first.
        t: the step, from 0.
        lr: learning rate η > 0; PyTorch's default 0.001.
        beta1, beta2: memories, 0 ≤ β < 1; 0.9 and 0.999.
        eps: ε ≥ 0 outside the root; PyTorch's and optax' default 1e-8.

    Returns the tuple (x, m, v, w). PyTorch: `Adam(amsgrad=True)`. Keras' is the same with ε added
    before the correction. optax takes the maximum of the corrected v̂ instead, or with
    `bias_correction_nu=False` corrects no v at all; the paper corrects nothing.

    >>> from lrlib import optimizers
    >>> x, m, v, w = optimizers.amsgrad(1.0, 0.0, 0.0, 4.0, 9.0, 0, lr=0.1)
    >>> print(x, v, w)
    1.0 3.996 9.0

    Source: S. J. Reddi, S. Kale, S. Kumar, "On the Convergence of Adam and Beyond" (ICLR 2018),
    arXiv:1904.09237, algorithm 2.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * sq(g)
    w = maximum(w, v)
    m_hat = m / (1 - power(beta1, t + 1))
    w_hat = w / (1 - power(beta2, t + 1))
    x = x - lr * m_hat / (sqrt(w_hat) + eps)
    return x, m, v, w


def radam(x, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""RAdam: Adam that trusts its mean square only once it rests on enough gradients.

    $$\ell_\infty = \frac{2}{1-\beta_2} - 1, \qquad
    \ell = \ell_\infty - \frac{2 (t+1) \beta_2^{t+1}}{1-\beta_2^{t+1}}, \qquad
    r = \sqrt{\frac{(\ell-4)(\ell-2)\,\ell_\infty}{(\ell_\infty-4)(\ell_\infty-2)\,\ell}}$$

    $$x_{t+1} = x_t - \eta\, r\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon} \ \text{ if } \ell > 5,
    \qquad x_{t+1} = x_t - \eta\, \hat m \ \text{ otherwise}$$

    with m̂ and v̂ as in `adam`; ℓ is the length of the average, ρ in the paper.

    Arguments
        x, g: point and gradient, same shape.
        m, v: mean and mean square of the gradients, same shape; 0 at first.
        t: the step, from 0.
        lr: learning rate η > 0; PyTorch's default 0.001.
        beta1, beta2: memories, 0 ≤ β < 1; 0.9 and 0.999. Where β₂ ≤ 2/3 the length never passes 5
            and the rule stays momentum with bias correction.
        eps: ε ≥ 0 outside the root; PyTorch's and optax' default 1e-8.

    Returns the tuple (x, m, v). At β₂ = 0.999 the first five steps are not rescaled: they have the
    length of gradient descent, not of Adam. PyTorch's `RAdam` adds ε to √v before the correction;
    optax' `radam` as here, but from ℓ ≥ 5. The paper says ℓ > 4.

    >>> from lrlib import optimizers
    >>> x, m, v = optimizers.radam(1.0, 4.0, 0.0, 0.0, 0, lr=0.1)
    >>> print(x.round(12))  # a step of gradient descent
    0.6

    Source: L. Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond" (ICLR 2020),
    arXiv:1908.03265, algorithm 2.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * sq(g)
    m_hat = m / (1 - power(beta1, t + 1))
    v_hat = v / (1 - power(beta2, t + 1))
    r = rectification(t, beta2)
    x = x - lr * m_hat * where(r > 0, r / (sqrt(v_hat) + eps), 1.0)
    return x, m, v


def rectification(t, beta2):
    """The factor r of `radam` at step t, 0 while the average is too short to be trusted.

    >>> print(rectification(4, 0.999), rectification(5000, 0.999).round(3))
    0.0 0.983
    """
    decayed = power(beta2, t + 1)
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * (t + 1) * decayed / (1 - decayed)
    trusted = maximum(length, 5.0)
    limit = maximum(longest, 5.0)
    r = sqrt((trusted - 4) * (trusted - 2) * limit / ((limit - 4) * (limit - 2) * trusted))
    return where(length > 5, r, 0.0)


def nadam(x, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""NAdam: Adam with Nesterov's look ahead.

    $$\bar m = \frac{\beta_1 m_{t+1}}{1-\beta_1^{t+2}} + \frac{(1-\beta_1)\, g_t}{1-\beta_1^{t+1}}, \qquad
    x_{t+1} = x_t - \frac{\eta\, \bar m}{\sqrt{\hat v} + \varepsilon}$$

    with m, v and v̂ as in `adam`. The look ahead m̄ divides m by the correction of the next step, with t + 2;
    `adam_correction`, which holds for this rule too, is that of the step itself, with t + 1.

    Arguments
        x, g: point and gradient, same shape.
        m, v: mean and mean square of the gradients, same shape; 0 at first.
        t: the step, from 0.
        lr: learning rate η > 0; PyTorch's default 0.002, Keras' 0.001.
        beta1, beta2: memories, 0 ≤ β < 1; 0.9 and 0.999.
        eps: ε ≥ 0 outside the root; PyTorch's and optax' default 1e-8.

    Returns the tuple (x, m, v). optax: `nadam`. PyTorch and Keras let β₁ grow from its half to its full
    value, by the factor 1 − 0.96^(0.004(t+1))/2 in PyTorch and 1 − 0.96ᵗ⁺¹/2 in Keras; at the huge
    `momentum_decay=1e9` PyTorch is this rule, to single precision unless its default dtype is float64.

    >>> from lrlib import optimizers
    >>> x, m, v = optimizers.nadam(1.0, 4.0, 0.0, 0.0, 0, lr=0.1, eps=0.0)
    >>> print((1 - x).round(6))
    0.147368

    Source: T. Dozat, "Incorporating Nesterov Momentum into Adam" (ICLR 2016 workshop), algorithm 2 with
    a constant μ and without the factor ν in n̂, as in algorithm 8 of his report of 2015 at Stanford.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * sq(g)
    ahead = beta1 * m / (1 - power(beta1, t + 2)) + (1 - beta1) * g / (1 - power(beta1, t + 1))
    v_hat = v / (1 - power(beta2, t + 1))
    x = x - lr * ahead / (sqrt(v_hat) + eps)
    return x, m, v


def lion(x, g, m, t, lr, beta1=0.9, beta2=0.99, weight_decay=0.0):
    r"""Lion: every coordinate steps by exactly the rate, only the sign is learned.

    $$x_{t+1} = (1 - \eta w)\, x_t - \eta\, \operatorname{sign}(\beta_1 m_t + (1-\beta_1) g_t), \qquad
    m_{t+1} = \beta_2 m_t + (1-\beta_2) g_t$$

    Arguments
        x, g, m: point, gradient and mean of the gradients, same shape; m is 0 at first.
        t: the step, from 0; not used.
        lr: learning rate η > 0; the paper advises a rate 3 to 10 times smaller than AdamW's.
        beta1, beta2: memories, 0 ≤ β < 1; the paper's, Keras' and optax' defaults 0.9 and 0.99.
        weight_decay: w ≥ 0; 0 in Keras, optax' default is 0.001.

    Returns the tuple (x, m). optax: `lion`; Keras: `Lion`; PyTorch has none. It has no threshold: at a
    constant rate it always ends by stepping to and fro by about η.

    >>> from lrlib import optimizers
    >>> x, m = optimizers.lion(1.0, -4.0, 0.0, 0, lr=0.5, beta2=0.75)
    >>> print(x, m)
    1.5 -1.0

    Source: X. Chen et al., "Symbolic Discovery of Optimization Algorithms" (NeurIPS 2023),
    arXiv:2302.06675, algorithm 2.
    """
    x = (1 - lr * weight_decay) * x - lr * sign(beta1 * m + (1 - beta1) * g)
    m = beta2 * m + (1 - beta2) * g
    return x, m


# What a rule multiplies the gradient, or its average, by: from the gradient and the state before the step.


def adagrad_scale(g, s, t, eps=1e-10):
    """1 over the root of the sum of squares, the new gradient's included."""
    return 1 / (sqrt(s + sq(g)) + eps)


def adagrad_mean_scale(g, s, t, eps=1e-10):
    """1 over the root mean square, the new gradient's included."""
    return 1 / (sqrt((s + sq(g)) / (t + 1)) + eps)


def adadelta_scale(g, v, u, t, rho=0.9, eps=1e-6):
    """The size of recent steps over that of recent gradients."""
    return sqrt(u + eps) / sqrt(rho * v + (1 - rho) * sq(g) + eps)


def rmsprop_scale(g, v, t, rho=0.9, eps=1e-8):
    """1 over the root of the decaying mean square."""
    return 1 / (sqrt(rho * v + (1 - rho) * sq(g)) + eps)


def adam_scale(g, m, v, t, beta1=0.9, beta2=0.999, eps=1e-8):
    """1 over the root of the unbiased mean square; `nadam` has the same.

    Adam's other correction, 1 − β₁ᵗ⁺¹, is left to the averaged gradient; after some 1/(1 − β₁) steps
    it is 1.
    """
    v_hat = (beta2 * v + (1 - beta2) * sq(g)) / (1 - power(beta2, t + 1))
    return 1 / (sqrt(v_hat) + eps)


def adam_uncorrected_scale(g, m, v, t, beta1=0.9, beta2=0.999, eps=1e-8):
    """1 over the root of the decaying mean square."""
    return 1 / (sqrt(beta2 * v + (1 - beta2) * sq(g)) + eps)


def adamw_scale(g, m, v, t, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """As in Adam; the decay is not rescaled."""
    v_hat = (beta2 * v + (1 - beta2) * sq(g)) / (1 - power(beta2, t + 1))
    return 1 / (sqrt(v_hat) + eps)


def amsgrad_scale(g, m, v, w, t, beta1=0.9, beta2=0.999, eps=1e-8):
    """1 over the root of the largest mean square so far."""
    w_hat = maximum(w, beta2 * v + (1 - beta2) * sq(g)) / (1 - power(beta2, t + 1))
    return 1 / (sqrt(w_hat) + eps)


def radam_scale(g, m, v, t, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam's, rectified; 1 while the mean square is not trusted."""
    v_hat = (beta2 * v + (1 - beta2) * sq(g)) / (1 - power(beta2, t + 1))
    r = rectification(t, beta2)
    return where(r > 0, r / (sqrt(v_hat) + eps), 1.0)


# What each array of a rule's state is divided by after step t, so that it is an average without bias.


def adam_correction(t, beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Of m and v: averages that start at 0 have these weights in sum. `radam` and `nadam` have the same.

    $$1 - \beta_1^{t+1}, \qquad 1 - \beta_2^{t+1}$$

    Arguments
        t: the step just made, from 0.
        beta1, beta2: memories, 0 ≤ β < 1.
        eps: not used.

    Returns a tuple, one number for each array of the state.

    >>> [float(c) for c in adam_correction(1, beta1=0.5, beta2=0.75)]
    [0.75, 0.4375]
    """
    return 1 - power(beta1, t + 1), 1 - power(beta2, t + 1)


def adamw_correction(t, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """As in Adam, of m and v.

    >>> [float(c) for c in adamw_correction(1, beta1=0.5, beta2=0.75)]
    [0.75, 0.4375]
    """
    return 1 - power(beta1, t + 1), 1 - power(beta2, t + 1)


def amsgrad_correction(t, beta1=0.9, beta2=0.999, eps=1e-8):
    """As in Adam, of m, v and w: the largest mean square is corrected like the present one.

    >>> [float(c) for c in amsgrad_correction(1, beta1=0.5, beta2=0.75)]
    [0.75, 0.4375, 0.4375]
    """
    return 1 - power(beta1, t + 1), 1 - power(beta2, t + 1), 1 - power(beta2, t + 1)


# Limits for the product ηλ of rate and curvature, along one eigenvector of a quadratic. Where a rule
# rescales, λ is an eigenvalue of the rescaled Hessian, and the limits hold while the scale stands still.


def gd_threshold(lr):
    """Gradient descent explodes where ηλ > 2: the error is multiplied by 1 − ηλ."""
    return 2.0


def gd_glide(lr):
    """Gradient descent keeps to one side of the minimum where ηλ ≤ 1."""
    return 1.0


def momentum_threshold(lr, beta=0.9):
    """Heavy ball explodes where ηλ > 2(1 + β): a root of z² − (1 + β − ηλ)z + β reaches −1.

    >>> momentum_threshold(0.1, 0.9)
    3.8
    """
    return 2 * (1 + beta)


def momentum_glide(lr, beta=0.9):
    """Heavy ball does not oscillate where ηλ ≤ (1 − √β)²: the roots are real and positive.

    >>> float(momentum_glide(0.1, 0.25))
    0.25
    """
    return sq(1 - sqrt(beta))


def nesterov_threshold(lr, beta=0.9):
    """Nesterov explodes where ηλ > 2(1 + β)/(1 + 2β): a root of z² − (1 − ηλ)((1 + β)z − β) reaches −1.

    >>> round(nesterov_threshold(0.1, 0.9), 6)
    1.357143
    """
    return 2 * (1 + beta) / (1 + 2 * beta)


def nesterov_glide(lr, beta=0.9):
    """Nesterov does not oscillate where ηλ ≤ ((1 − β)/(1 + β))²."""
    return sq((1 - beta) / (1 + beta))


def adagrad_threshold(lr, eps=1e-10):
    """A rescaled gradient descent explodes where ηλ > 2."""
    return 2.0


def adagrad_glide(lr, eps=1e-10):
    """A rescaled gradient descent glides where ηλ ≤ 1."""
    return 1.0


def rmsprop_threshold(lr, rho=0.9, eps=1e-8):
    """A rescaled gradient descent explodes where ηλ > 2; so does `adadelta`."""
    return 2.0


def rmsprop_glide(lr, rho=0.9, eps=1e-8):
    """A rescaled gradient descent glides where ηλ ≤ 1."""
    return 1.0


def adam_threshold(lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam explodes where ηλ > 2(1 + β₁)/(1 − β₁): heavy ball, its velocity multiplied by 1 − β₁.

    >>> round(adam_threshold(0.1), 12)
    38.0
    """
    return 2 * (1 + beta1) / (1 - beta1)


def adam_glide(lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam does not oscillate where ηλ ≤ (1 − √β₁)²/(1 − β₁)."""
    return sq(1 - sqrt(beta1)) / (1 - beta1)


def adamw_threshold(lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """Adam's, times 1 − ηw/2: the decay pulls to the same side as the gradient."""
    return 2 * (1 + beta1) / (1 - beta1) * (1 - lr * weight_decay / 2)


def adamw_glide(lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """AdamW does not oscillate where ηλ ≤ (√(1 − ηw) − √β₁)²/(1 − β₁)."""
    return sq(sqrt(1 - lr * weight_decay) - sqrt(beta1)) / (1 - beta1)


def nadam_threshold(lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Nesterov's over 1 − β₁.

    >>> round(nadam_threshold(0.1), 6)
    13.571429
    """
    return 2 * (1 + beta1) / (1 + 2 * beta1) / (1 - beta1)


def nadam_glide(lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Nesterov's over 1 − β₁."""
    return sq((1 - beta1) / (1 + beta1)) / (1 - beta1)


@dataclass(frozen=True)
class Optimizer:
    """A rule and what is known about it: the ranges of its hyperparameters and its companions.

    `scale` is None where the rule takes the gradient as it is, `correction` where it corrects none of
    its averages, `threshold` where no quadratic can make it explode; then there is no `glide` either.
    """

    rule: Callable
    settings: dict[str, Setting] = field(default_factory=dict)
    threshold: Callable | None = None
    glide: Callable | None = None
    scale: Callable | None = None
    correction: Callable | None = None

    @property
    def name(self) -> str:
        """The rule's name.

        >>> OPTIMIZERS["adam"].name
        'adam'
        """
        return self.rule.__name__

    @cached_property
    def state(self) -> list[str]:
        """Names of the rule's state, between the gradient and the step in its signature.

        >>> OPTIMIZERS["adam"].state
        ['m', 'v']
        """
        names = list(inspect.signature(self.rule).parameters)
        return names[2 : names.index("t")]


_BETA = {"beta": Setting(0.9, (0, 0.999), (0, 0.99))}
_BETAS = {"beta1": Setting(0.9, (0, 0.999), (0, 0.99)), "beta2": Setting(0.999, (0, 0.999999), (0.9, 0.9999))}
_RHO = {"rho": Setting(0.9, (0, 0.9999), (0, 0.999))}


def _eps(default: float) -> dict[str, Setting]:
    return {"eps": Setting(default, (0, 1), (1e-12, 0.1), log=True)}


def _weight_decay(default: float) -> dict[str, Setting]:
    return {"weight_decay": Setting(default, (0, 10), (0, 0.5))}


_ADAM = _BETAS | _eps(1e-8)

OPTIMIZERS = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(gd, {}, gd_threshold, gd_glide),
        Optimizer(momentum, _BETA, momentum_threshold, momentum_glide),
        Optimizer(nesterov, _BETA, nesterov_threshold, nesterov_glide),
        Optimizer(adagrad, _eps(1e-10), adagrad_threshold, adagrad_glide, adagrad_scale),
        Optimizer(adagrad_mean, _eps(1e-10), adagrad_threshold, adagrad_glide, adagrad_mean_scale),
        Optimizer(adadelta, _RHO | _eps(1e-6), rmsprop_threshold, rmsprop_glide, adadelta_scale),
        Optimizer(rmsprop, _RHO | _eps(1e-8), rmsprop_threshold, rmsprop_glide, rmsprop_scale),
        Optimizer(adam, _ADAM, adam_threshold, adam_glide, adam_scale, adam_correction),
        Optimizer(adam_uncorrected, _ADAM, adam_threshold, adam_glide, adam_uncorrected_scale),
        Optimizer(adamw, _ADAM | _weight_decay(0.01), adamw_threshold, adamw_glide, adamw_scale, adamw_correction),
        Optimizer(amsgrad, _ADAM, adam_threshold, adam_glide, amsgrad_scale, amsgrad_correction),
        Optimizer(radam, _ADAM, adam_threshold, adam_glide, radam_scale, adam_correction),
        Optimizer(nadam, _ADAM, nadam_threshold, nadam_glide, adam_scale, adam_correction),
        Optimizer(
            lion,
            {"beta1": _BETAS["beta1"], "beta2": Setting(0.99, (0, 0.9999), (0, 0.999))} | _weight_decay(0.0),
        ),
    )
}


def find_optimizer(optimizer: Any) -> Optimizer:
    """The optimizer's entry, from its rule or its name.

    Raises TypeError or ValueError for anything else, with the nearest known name.
    """
    for known in OPTIMIZERS.values():
        if optimizer is known.rule or optimizer is known:
            return known
    return OPTIMIZERS[choice("optimizer", optimizer, OPTIMIZERS)]

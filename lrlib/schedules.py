"""Learning rates that change with the step, each as short as its equation, in the restricted language.

A rule takes the step `t` (0, 1, 2 …) and the rate `lr`, then its settings with their defaults, and
returns the rate at that step. A schedule is the rule with its ranges: `schedules.cosine(0.1, steps=200)`
checks what is given and returns a `Rate`, a function of the step. `warmup` puts a linear rise before
any of them, and `rates` lists what a whole run uses. Numbers may be arrays: a sweep is one pass.

What there is to know of a schedule stands in the docstring of its rule, which is also the schedule's:
`print(schedules.cosine.__doc__)`. Said of others there: PyTorch 2.13, optax 0.2.8, Keras 3.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from lrlib.arithmetic import cos, exp, floor, log, maximum, minimum, power, sqrt, where
from lrlib.settings import MOST_STEPS, Setting, broadcast, count, numbers, shown
from lrlib.surfaces import fill

#: A number of steps, the rate at which a schedule ends, and the span of both on a slider.
_STEPS = Setting(100.0, (1, MOST_STEPS), (1, 1000), log=True)
_PERIOD = Setting(10.0, (1, MOST_STEPS), (1, 1000), log=True)
_END = Setting(0.0, (0, 1e6), (0, 1))


class _Function:
    """A function of the step that knows the shape of its rates; `_at` does the work, unchecked."""

    def __call__(self, t: Any) -> Any:
        """The rate at step t ≥ 0: a float, or an array where t, the rate or a setting is one."""
        rate = self._at(np.asarray(numbers("t", t, 0)))
        return float(rate) if rate.ndim == 0 else rate


@dataclass(frozen=True, eq=False, repr=False)
class Rate(_Function):
    """A schedule with its numbers: a function of the step.

    >>> from lrlib import schedules
    >>> rate = schedules.linear(0.1, steps=10)
    >>> rate
    schedules.linear(0.1, steps=10.0, end=0.0)
    >>> rate(5), rate([0, 5, 20]).tolist()
    (0.05, [0.1, 0.05, 0.0])
    """

    # eq=False: two of them hold arrays, and those have no single answer to `==`.
    schedule: "Schedule"
    lr: Any
    settings: dict[str, Any]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return broadcast(lr=np.shape(self.lr), **{name: np.shape(value) for name, value in self.settings.items()})

    def _at(self, t: np.ndarray) -> np.ndarray:
        shape = broadcast(t=t.shape, rate=self.shape)
        # t is an array even for one step: 0/0 in the branch that is not taken is nan there, not an error.
        with np.errstate(all="ignore"):
            return np.broadcast_to(self.schedule.rule(t, self.lr, **self.settings), shape)

    def __repr__(self) -> str:
        given = ", ".join([repr(self.lr), *(f"{name}={value!r}" for name, value in self.settings.items())])
        return f"{self.schedule!r}({given})"


@dataclass(frozen=True, repr=False)
class Schedule:
    """A rule and what is known about it: the range of each setting, and which of them must agree.

    `together` says so in a sentence and decides it in a function of the numbers it names.
    """

    name: str
    rule: Callable
    settings: dict[str, Setting] = field(default_factory=dict)
    together: tuple[str, Callable] | None = None

    def __post_init__(self) -> None:
        # The dataclass is frozen, and a docstring for all schedules alike would say little about any.
        object.__setattr__(self, "__doc__", self.rule.__doc__)

    def __call__(self, lr: Any, **settings: Any) -> Rate:
        """The schedule for a rate lr > 0 and these settings; numbers, or arrays that broadcast.

        Raises TypeError or ValueError naming the argument, what was given and what is allowed.
        """
        lr = numbers("lr", lr, 0, open_low=True)
        rate = Rate(self, lr, fill(f"schedule {self.name!r}", self.settings, settings))
        rate.shape  # noqa: B018 - refuses what does not broadcast
        if self.together:
            _agree(*self.together, {"lr": lr} | rate.settings)
        return rate

    def __repr__(self) -> str:
        return f"schedules.{self.name}"


def _agree(sentence: str, holds: Callable, given: dict[str, Any]) -> None:
    names = list(inspect.signature(holds).parameters)
    values = np.broadcast_arrays(*(given[name] for name in names))
    wrong = ~np.asarray(holds(*values))
    if wrong.any():
        told = ", ".join(f"{name} {float(value[wrong][0])!r}" for name, value in zip(names, values, strict=True))
        raise ValueError(f"{sentence}, got {told}")


def _constant(t, lr):
    r"""The same rate at every step.

    $$\eta_t = \eta$$

    Arguments
        t: the step, from 0; not used.
        lr: learning rate η > 0.

    The same as the number itself. PyTorch: `ConstantLR(factor=1)`; Keras: the number; optax:
    `constant_schedule(lr)`.

    >>> from lrlib import schedules
    >>> schedules.constant(0.1)(50)
    0.1
    """
    return lr


constant = Schedule("constant", _constant)


def _step_decay(t, lr, factor=0.5, every=10.0):
    r"""Stairs: the rate is multiplied by a factor every so many steps.

    $$\eta_t = \eta\, q^{\lfloor t / m \rfloor}$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0, at first.
        factor: q, from 1e-6 to 1; 0.5 is this book's default, PyTorch's is 0.1.
        every: m, how many steps a stair is long, from 1 to 1e6; 10 is this book's default.

    PyTorch: `StepLR(step_size=every, gamma=factor)`, which multiplies anew at each stair and so differs
    in the last digits; Keras: `ExponentialDecay(lr, decay_steps=every, decay_rate=factor,
    staircase=True)`; optax: `exponential_decay(lr, every, factor, staircase=True)`.

    >>> from lrlib import schedules
    >>> schedules.step_decay(0.1, factor=0.5, every=10)([0, 9, 10, 20]).tolist()
    [0.1, 0.1, 0.05, 0.025]
    """
    return lr * power(factor, floor(t / every))


step_decay = Schedule("step_decay", _step_decay, {"factor": Setting(0.5, (1e-6, 1), (0.05, 1)), "every": _PERIOD})


def _exponential_decay(t, lr, k=0.1):
    r"""The rate falls by the same share at every step.

    $$\eta_t = \eta\, e^{-k t}$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0, at first.
        k: decay per step, from 0 to 1000; 0.1 is this book's default.

    The others take the factor q = e⁻ᵏ in place of k. PyTorch: `ExponentialLR(gamma=q)`; Keras:
    `ExponentialDecay(lr, decay_steps=1, decay_rate=q)`; optax: `exponential_decay(lr, 1, q)`.

    >>> from lrlib import schedules
    >>> round(schedules.exponential_decay(0.1, k=0.1)(10), 6)
    0.036788
    """
    return lr * exp(-k * t)


exponential_decay = Schedule(
    "exponential_decay", _exponential_decay, {"k": Setting(0.1, (0, 1000), (0.001, 1), log=True)}
)


def _inverse_time_decay(t, lr, k=0.1):
    r"""The rate falls like 1/t: fast at first, then ever more slowly, and the sum of all rates is infinite.

    $$\eta_t = \frac{\eta}{1 + k t}$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0, at first.
        k: decay per step, from 0 to 1000; 0.1 is this book's default.

    PyTorch: only by `LambdaLR`; Keras: `InverseTimeDecay(lr, decay_steps=1, decay_rate=k)`; optax: none.

    >>> from lrlib import schedules
    >>> schedules.inverse_time_decay(0.1, k=0.1)(10)
    0.05

    Source: L. Bottou, "Stochastic gradient descent tricks", Neural Networks: Tricks of the Trade,
    Springer (2012), 421–436, with k = ηλ for a regularization λ.
    """
    return lr / (1 + k * t)


inverse_time_decay = Schedule(
    "inverse_time_decay", _inverse_time_decay, {"k": Setting(0.1, (0, 1000), (0.001, 1), log=True)}
)


def _linear(t, lr, steps=100.0, end=0.0):
    r"""A straight line to the end rate, then constant.

    $$\eta_t = w\, \eta + (1 - w)\, \eta_{\text{end}}, \qquad w = \max(1 - t / T, 0)$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0, at first.
        steps: T, when the end is reached, from 1 to 1e6; 100 is this book's default.
        end: the rate from there on, from 0 to 1e6, default 0; above lr, the line rises.

    PyTorch: `LinearLR(start_factor=1, end_factor=end/lr, total_iters=steps)`, where the end is a share
    of lr, by default all of it, and never more; Keras: `PolynomialDecay(lr, steps, end)` with 0.0001 as the default end;
    optax: `linear_schedule(lr, end, steps)`.

    >>> from lrlib import schedules
    >>> schedules.linear(0.1, steps=100)([0, 50, 100, 150]).tolist()
    [0.1, 0.05, 0.0, 0.0]

    Source: I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", MIT Press (2016), equation 8.14.
    """
    left = maximum(1 - t / steps, 0)
    return left * lr + (1 - left) * end


linear = Schedule("linear", _linear, {"steps": _STEPS, "end": _END})


def _polynomial(t, lr, steps=100.0, degree=2.0, end=0.0):
    r"""A power of the steps that are left, down to the end rate, then constant.

    $$\eta_t = w\, \eta + (1 - w)\, \eta_{\text{end}}, \qquad w = \max(1 - t / T, 0)^p$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0, at first.
        steps: T, when the end is reached, from 1 to 1e6; 100 is this book's default.
        degree: p, any number from 0 to 100; 2 is this book's default, PyTorch's and Keras's is 1.
        end: the rate from there on, from 0 to 1e6, default 0.

    Degree 1 is `linear`; degree 0 stays at lr, since 0⁰ = 1 as in the others. PyTorch:
    `PolynomialLR(total_iters=steps, power=degree)`, always down to 0; Keras: `PolynomialDecay(lr, steps,
    end, power=degree)` with 0.0001 as the default end; optax: `polynomial_schedule(lr, end, degree, steps)`.

    >>> from lrlib import schedules
    >>> round(schedules.polynomial(0.1, steps=100, degree=2)(50), 12)
    0.025

    Source: L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy, A. L. Yuille, "DeepLab: Semantic image
    segmentation with deep convolutional nets, atrous convolution, and fully connected CRFs",
    arXiv:1606.00915 (2016), with p = 0.9.
    """
    left = where(degree == 0, 1, exp(degree * log(maximum(1 - t / steps, 0))))
    return left * lr + (1 - left) * end


polynomial = Schedule(
    "polynomial", _polynomial, {"steps": _STEPS, "degree": Setting(2.0, (0, 100), (0, 5)), "end": _END}
)


def _cosine(t, lr, steps=100.0, end=0.0):
    r"""Half a wave of the cosine, from lr down to the end rate, then constant.

    $$\eta_t = w\, \eta + (1 - w)\, \eta_{\text{end}}, \qquad w = \tfrac12 \left(1 + \cos(\pi \min(t / T, 1))\right)$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0, at first.
        steps: T, when the end is reached, from 1 to 1e6; 100 is this book's default.
        end: the rate from there on, from 0 to 1e6, default 0.

    PyTorch: `CosineAnnealingLR(T_max=steps, eta_min=end)`, which rises again after T_max; Keras:
    `CosineDecay(lr, steps, alpha=end/lr)`; optax: `cosine_decay_schedule(lr, steps, alpha=end/lr)`. In
    both of these the end is a share of lr.

    >>> from lrlib import schedules
    >>> schedules.cosine(0.1, steps=100)([0, 50, 100, 150]).tolist()
    [0.1, 0.05, 0.0, 0.0]

    Source: I. Loshchilov, F. Hutter, "SGDR: Stochastic gradient descent with warm restarts",
    ICLR (2017), arXiv:1608.03983, equation 5.
    """
    left = (1 + cos(3.141592653589793 * minimum(t / steps, 1))) / 2
    return left * lr + (1 - left) * end


cosine = Schedule("cosine", _cosine, {"steps": _STEPS, "end": _END})


def _cosine_restarts(t, lr, period=10.0, mult=2.0, end=0.0):
    r"""Half a wave of the cosine again and again, each period longer than the last: warm restarts.

    $$\eta_t = w\, \eta + (1 - w)\, \eta_{\text{end}}, \qquad
      w = \tfrac12 \left(1 + \cos \frac{\pi (t - t_i)}{T_i}\right), \qquad
      T_i = T_0 m^i, \quad t_i = T_0 + \dots + T_{i-1} \le t < t_{i+1}$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0, at the start of every period.
        period: T₀, steps in the first period, from 1 to 1e6; 10 is this book's default.
        mult: m, how much longer each period is than the last, any number from 1 to 10; 2 is this book's
            and Keras's default, PyTorch's is 1.
        end: the rate that every period falls towards, from 0 to 1e6, default 0.

    The rate jumps back to lr at the step tᵢ; the end itself is never reached. PyTorch:
    `CosineAnnealingWarmRestarts(T_0=period, T_mult=mult, eta_min=end)`, for whole mult only; Keras:
    `CosineDecayRestarts(lr, period, t_mul=mult, alpha=end/lr)`, which can also lower the peaks; optax:
    `sgdr_schedule`, from a list of all periods.

    >>> from lrlib import schedules
    >>> schedules.cosine_restarts(0.1, period=10)([0, 5, 10, 20, 30]).tolist()
    [0.1, 0.05, 0.1, 0.05, 0.1]

    Source: I. Loshchilov, F. Hutter, "SGDR: Stochastic gradient descent with warm restarts",
    ICLR (2017), arXiv:1608.03983, equation 5.
    """
    # How many periods are over, with a fraction. A logarithm is rounded, and where this is whole it may
    # say one too few; so the nearest whole number is taken, and one less if that period is yet to come.
    over = where(mult == 1, t / period, log(1 + t * (mult - 1) / period) / log(mult))
    near = floor(over + 0.5)
    begins = where(mult == 1, near * period, period * (power(mult, near) - 1) / (mult - 1))
    i = where(begins > t, near - 1, near)
    begin = where(mult == 1, i * period, period * (power(mult, i) - 1) / (mult - 1))
    left = (1 + cos(3.141592653589793 * (t - begin) / (period * power(mult, i)))) / 2
    return left * lr + (1 - left) * end


cosine_restarts = Schedule(
    "cosine_restarts", _cosine_restarts, {"period": _PERIOD, "mult": Setting(2.0, (1, 10), (1, 3)), "end": _END}
)


def _one_cycle(t, lr, steps=100.0, peak_at=0.3, div=25.0, final_div=10000.0):
    r"""Up to the peak and down to almost nothing, both along half a wave of the cosine.

    $$\eta_t = \begin{cases}
      w\, \eta / d + (1 - w)\, \eta, \quad w = c(t / a) & t \le a \\
      w\, \eta + (1 - w)\, \eta_{\text{end}}, \quad w = c\!\left(\tfrac{t - a}{b - a}\right) & a < t \le b
      \end{cases}$$

    with $c(u) = \tfrac12 (1 + \cos \pi u)$, the peak at $a = p T - 1$, the last step $b = T - 1$ and
    $\eta_{\text{end}} = \eta / (d f)$; after b the rate is constant.

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0 at the peak.
        steps: T, how many steps the cycle has, from 2 to 1e6; 100 is this book's default.
        peak_at: p, the share of them up to the peak, from 0.01 to 0.99, default 0.3; more than one step.
        div: d, how much lower than the peak the first rate is, from 1 to 1e6, default 25.
        final_div: f, how much lower than the first rate the last one is, from 1 to 1e12, default 1e4.

    The defaults are PyTorch's and optax's. PyTorch: `OneCycleLR(max_lr=lr, total_steps=steps,
    pct_start=peak_at, div_factor=div, final_div_factor=final_div)`, which cycles the momentum too unless
    told not to, and turns up again after its last step; Keras: none; optax: `cosine_onecycle_schedule(steps, lr, peak_at, div, final_div)`, with
    the peak at ⌊pT⌋ and the end at T, one step later.

    >>> from lrlib import schedules
    >>> schedules.one_cycle(0.1, steps=100)([0, 29, 99]).tolist()
    [0.004, 0.1, 4e-07]

    Source: L. N. Smith, N. Topin, "Super-convergence: Very fast training of neural networks using large
    learning rates", arXiv:1708.07120 (2017); two phases and the cosine are PyTorch's, after fastai.
    """
    peak = peak_at * steps - 1
    last = steps - 1
    first = lr / div
    end = first / final_div
    low = (1 + cos(3.141592653589793 * t / peak)) / 2
    left = (1 + cos(3.141592653589793 * minimum((t - peak) / (last - peak), 1))) / 2
    return where(t <= peak, low * first + (1 - low) * lr, left * lr + (1 - left) * end)


one_cycle = Schedule(
    "one_cycle",
    _one_cycle,
    {
        "steps": Setting(100.0, (2, MOST_STEPS), (2, 1000), log=True),
        "peak_at": Setting(0.3, (0.01, 0.99), (0.05, 0.95)),
        "div": Setting(25.0, (1, 1e6), (1, 100), log=True),
        "final_div": Setting(1e4, (1, 1e12), (1, 1e6), log=True),
    },
    together=("peak_at * steps must be above 1, or there is no rise", lambda peak_at, steps: peak_at * steps > 1),
)


def _cyclic(t, lr, half=10.0, base=0.0):
    r"""Up and down in straight lines between two rates, again and again.

    $$\eta_t = \eta_{\text{base}} + (\eta - \eta_{\text{base}}) \min(u, 2 - u), \qquad
      u = \frac{t}{h} - 2 \left\lfloor \frac{t}{2h} \right\rfloor$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0 at every peak.
        half: h, steps from the base to the peak, half a period, from 1 to 1e6; 10 is this book's
            default, PyTorch's is 2000.
        base: the rate at first and at every low, from 0 to lr, default 0.

    PyTorch: `CyclicLR(base_lr=base, max_lr=lr, step_size_up=half, mode="triangular")`, which cycles the
    momentum too unless told not to; Keras and optax: none.

    >>> from lrlib import schedules
    >>> schedules.cyclic(0.5, half=10, base=0.25)([0, 5, 10, 15, 20]).tolist()
    [0.25, 0.375, 0.5, 0.375, 0.25]

    Source: L. N. Smith, "Cyclical learning rates for training neural networks", IEEE Winter Conference on
    Applications of Computer Vision (2017), 464–472, arXiv:1506.01186.
    """
    u = t / half - 2 * floor(t / (2 * half))
    return base + (lr - base) * minimum(u, 2 - u)


cyclic = Schedule(
    "cyclic",
    _cyclic,
    {"half": _PERIOD, "base": _END},
    together=("base must not be above lr", lambda base, lr: base <= lr),
)


def _transformer(t, lr, warmup=10.0):
    r"""A straight rise to the peak, then a fall like one over the square root of the step.

    $$\eta_t = \eta \min\left(\frac{t + 1}{w}, \sqrt{\frac{w}{t + 1}}\right)$$

    Arguments
        t: the step, from 0; the paper counts from 1, hence t + 1.
        lr: learning rate η > 0 at the peak, which is at t = w − 1.
        warmup: w, steps of the rise, from 1 to 1e6; 10 is this book's default, the paper's is 4000.

    The paper's rate is d^-0.5 · min(n^-0.5, n · w^-1.5) at step n = t + 1 for a model of width d: this
    one with η = d^-0.5 · w^-0.5. PyTorch: only by `LambdaLR`; Keras and optax: none.

    >>> from lrlib import schedules
    >>> schedules.transformer(0.1, warmup=10)([4, 9, 39]).tolist()
    [0.05, 0.1, 0.05]

    Source: A. Vaswani et al., "Attention is all you need", NeurIPS (2017), arXiv:1706.03762, equation 3.
    """
    return lr * minimum((t + 1) / warmup, sqrt(warmup / (t + 1)))


transformer = Schedule("transformer", _transformer, {"warmup": _PERIOD})


def _warmup_stable_decay(t, lr, steps=100.0, warmup=10.0, decay=20.0, end=0.0):
    r"""A straight rise from 0, a long constant stretch, a straight fall to the end rate.

    $$\eta_t = \begin{cases}
      \eta\, t / w & t < w \\
      \eta & w \le t \le T - d \\
      v\, \eta + (1 - v)\, \eta_{\text{end}}, \quad v = (T - t) / d & T - d < t \le T \\
      \eta_{\text{end}} & t > T
      \end{cases}$$

    Arguments
        t: the step, from 0.
        lr: learning rate η > 0 of the constant stretch.
        steps: T, when the end is reached, from 1 to 1e6; 100 is this book's default.
        warmup: w, steps of the rise, from 0 to 1e6; 10 is this book's default.
        decay: d, steps of the fall, from 0 to 1e6; 20 is this book's default; warmup + decay ≤ steps.
        end: the rate from there on, from 0 to 1e6, default 0.

    PyTorch: from parts, by `SequentialLR`; Keras: none; optax: from parts, `join_schedules` of
    `linear_schedule(0, lr, warmup)`, `constant_schedule(lr)` and `linear_schedule(lr, end, decay)`
    at the steps `[warmup, steps - decay]`.

    >>> from lrlib import schedules
    >>> schedules.warmup_stable_decay(0.1, steps=100, warmup=10, decay=20)([0, 5, 50, 90, 100]).tolist()
    [0.0, 0.05, 0.1, 0.05, 0.0]

    Source: S. Hu et al., "MiniCPM: Unveiling the potential of small language models with scalable
    training strategies", arXiv:2404.06395 (2024), for the three stretches, there with an exponential
    fall; A. Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations",
    NeurIPS (2024), arXiv:2405.18392, for the straight one.
    """
    left = where(t < steps, minimum((steps - t) / decay, 1), 0)
    return where(t < warmup, lr * t / warmup, left * lr + (1 - left) * end)


warmup_stable_decay = Schedule(
    "warmup_stable_decay",
    _warmup_stable_decay,
    {
        "steps": _STEPS,
        "warmup": Setting(10.0, (0, MOST_STEPS), (0, 500)),
        "decay": Setting(20.0, (0, MOST_STEPS), (0, 500)),
        "end": _END,
    },
    together=("warmup + decay must fit into steps", lambda warmup, decay, steps: warmup + decay <= steps),
)


SCHEDULES = {
    schedule.name: schedule
    for schedule in (
        constant,
        step_decay,
        exponential_decay,
        inverse_time_decay,
        linear,
        polynomial,
        cosine,
        cosine_restarts,
        one_cycle,
        cyclic,
        transformer,
        warmup_stable_decay,
    )
}


def _warmup(t, first, later, steps, start):
    return where(t < steps, first * (start + (1 - start) * t / steps), later)


@dataclass(frozen=True, eq=False, repr=False)
class Warmup(_Function):
    """A linear rise, then a rate or a schedule that begins when the rise is over: a function of the step."""

    lr: Any
    steps: Any
    start: Any

    @cached_property
    def first(self) -> np.ndarray:
        """The rate that the rise leads to: the first one of what follows."""
        return self._later(np.zeros(()))

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return broadcast(lr=self.first.shape, steps=np.shape(self.steps), start=np.shape(self.start))

    def _later(self, t: np.ndarray) -> np.ndarray:
        if isinstance(self.lr, _Function):
            return self.lr._at(t)
        if not callable(self.lr):
            return np.asarray(self.lr)
        if t.ndim and not self.first.ndim:  # somebody's own function takes one step at a time
            return np.array([_asked(self.lr, one) for one in t.ravel()]).reshape(t.shape)
        return _asked(self.lr, t)

    def _at(self, t: np.ndarray) -> np.ndarray:
        shape = broadcast(t=t.shape, rate=self.shape)
        later = self._later(maximum(t - self.steps, 0))
        with np.errstate(all="ignore"):
            return np.broadcast_to(_warmup(t, self.first, later, self.steps, self.start), shape)

    def __repr__(self) -> str:
        return f"schedules.warmup({self.lr!r}, steps={self.steps!r}, start={self.start!r})"


def warmup(lr: Any, steps: Any, start: Any = 0.0) -> Warmup:
    r"""A linear warm-up before a rate or a schedule, which begins its own step 0 when the rise is over.

    $$\eta_t = \begin{cases}
      \hat\eta_0 \left(s + (1 - s)\, t / w\right) & t < w \\
      \hat\eta_{t - w} & t \ge w
      \end{cases}$$

    Arguments
        lr: what follows, $\hat\eta$: a number above 0, a schedule or any function of the step.
        steps: w, steps of the rise, from 0 to 1e6.
        start: s, the first rate as a share of the one the rise leads to, from 0 to 1, default 0.

    PyTorch: `LinearLR(start_factor=start, total_iters=steps)` before the schedule in `SequentialLR` with
    `milestones=[steps]`; it refuses start 0. Keras: only in `CosineDecay(start * lr, decay_steps,
    warmup_target=lr, warmup_steps=steps)`. optax: `join_schedules` of `linear_schedule(start * lr, lr,
    steps)` and the schedule at `[steps]`; in `warmup_cosine_decay_schedule` the `decay_steps` count the
    warm-up too.

    >>> from lrlib import schedules
    >>> rate = schedules.warmup(schedules.cosine(0.1, steps=100), steps=10)
    >>> rate([0, 5, 10, 60, 110]).tolist()
    [0.0, 0.05, 0.1, 0.05, 0.0]

    Source: P. Goyal et al., "Accurate, large minibatch SGD: Training ImageNet in 1 hour",
    arXiv:1706.02677 (2017), section 2.2.
    """
    rate = Warmup(_number_or_function(lr), numbers("steps", steps, 0, MOST_STEPS), numbers("start", start, 0, 1))
    rate.shape  # noqa: B018 - refuses what does not broadcast, and asks a function for its first rate
    return rate


def rates(lr: Any, steps: int) -> np.ndarray:
    """The rates of a whole run, shape (steps, …), with … the shape of one of them.

    Arguments
        lr: a number above 0, an array of them, a schedule with its rate, a warm-up, or any function of
            the step; a function is called once per step, with 0, 1, 2 …, and gives finite rates of at
            least 0, all of one shape.
        steps: how many, 1 to 1,000,000.

    Raises TypeError or ValueError for anything else; if it is a function's answer, with its step.

    >>> from lrlib import schedules
    >>> schedules.rates(schedules.linear([0.1, 0.2], steps=2), 3).tolist()
    [[0.1, 0.2], [0.05, 0.1], [0.0, 0.0]]
    >>> schedules.rates(lambda t: 1 / (1 + t), 3).round(3).tolist()
    [1.0, 0.5, 0.333]
    """
    steps = count("steps", steps, 1, MOST_STEPS)
    lr = _number_or_function(lr)
    if not callable(lr):
        return np.broadcast_to(lr, (steps, *np.shape(lr)))
    if _known_throughout(lr):
        return lr._at(np.arange(float(steps)).reshape(steps, *(1 for _ in lr.shape)))
    ask = lr._at if isinstance(lr, Warmup) else lambda t: _asked(lr, t)
    first = ask(np.zeros(()))
    every = np.empty((steps, *first.shape))
    every[0] = first
    for t in range(1, steps):
        rate = ask(np.asarray(float(t)))
        if rate.shape != first.shape:
            told = f"at step {t} it gave shape {rate.shape}, before that {first.shape}"
            raise ValueError(f"lr must be a schedule that gives rates of one shape: {told}")
        every[t] = rate
    return every


_WANTED = "lr must be a schedule that gives a finite rate of at least 0"


def _known_throughout(lr: Any) -> bool:
    """Whether there is nothing in it but this module's own, which take all steps at once."""
    while isinstance(lr, Warmup):
        lr = lr.lr
    return isinstance(lr, Rate) or not callable(lr)


def _number_or_function(lr: Any) -> Any:
    if isinstance(lr, Schedule):
        settings = "".join(f", {name}=…" for name in list(lr.settings)[:1])
        raise TypeError(f"lr must be a schedule with its rate: write {lr!r}(0.1{settings}), not {lr!r} alone")
    if callable(lr):
        return lr
    try:
        return numbers("lr", lr, 0, open_low=True)
    except TypeError:
        raise TypeError(f"lr must be a number or a schedule, got {shown(lr)}") from None


def _asked(function: Callable, t: np.ndarray) -> np.ndarray:
    """What somebody's own function gives, if it is a rate; a single whole step goes in as an int."""
    step = int(t) if t.ndim == 0 and t == floor(t) else t
    try:
        given = function(step)
    except Exception as error:
        raise ValueError(f"{_WANTED}: at step {step} it raised {type(error).__name__}: {error}") from error
    try:
        return np.asarray(numbers("lr", given, 0))
    except (TypeError, ValueError, OverflowError):
        plain = given.item() if isinstance(given, np.generic) else given
        raise ValueError(f"{_WANTED}: at step {step} it gave {shown(plain)}") from None

"""Your own PyTorch model: how sharp its loss is, and what that says about the learning rate in use.

It needs PyTorch: `pip install "lrlib[torch]"`. Without it this module can be imported and read, but not used.
"""

import base64
import html
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrlib import words
from lrlib.search import Table
from lrlib.settings import count as whole
from lrlib.settings import number, shown

__all__ = ["Cost", "Report", "probe"]

#: From this part of the threshold on, the rate is called close to it.
CLOSE = 0.8

#: Rounding may put the rate above the critical one by so much of it.
_ROUNDING = 1e-5

#: A backward pass through the graph of a gradient takes about as long as so many gradients (`make bench` measures it).
PASS = 1.25

#: Nobody needs a bar for what takes fewer seconds.
_SOON = 1.0

#: How far the calls of a scheduler are looked ahead.
_CALLS = 1000

_MOST = 1_000_000

Note = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Cost:
    """What a probe has computed, each time of one batch.

    losses     forward passes alone
    gradients  forward and backward passes
    products   backward passes through the graph of a gradient: with the gradient they make a product with the Hessian
    seconds    of the whole probe

    The same in gradient evaluations is `evaluations`.

    >>> from lrlib.probe import Cost
    >>> Cost(losses=3, gradients=40, products=20, seconds=1.0).evaluations
    66
    """

    losses: int
    gradients: int
    products: int
    seconds: float

    @property
    def evaluations(self) -> int:
        """About how many gradients of one batch take as long: a product counts 1.25, a loss a third."""
        return round(self.losses / 3 + self.gradients + PASS * self.products)


@dataclass(frozen=True, repr=False, eq=False)
class Report:
    """What `probe` has found; a notebook shows it with its picture, `print` says it in words.

    finding        what it comes to: "above", "edge" or "below" the threshold; "plain" without an optimizer; "flat"
                   where nothing curves upwards; "open" where `most` products show the curvature only from below,
                   at least as large as `told["least"]`, and that leaves it open: then sharpness, gauge and critical
                   rate are nan; "young" where an adaptive optimizer has made too few steps to be judged;
                   "no_threshold", "self_scaled" (Adadelta), "maximize" or "bad_rate" for optimizers that cannot be
                   judged; "nan_weight", "nan_data", "nan_layer", "nan_loss" or "nan_gradient" where something is
                   not finite; "stopped"
    loss           mean over the batches
    gradient_norm  length of its gradient
    eigenvalues    (k,)  the largest of the Hessian, the largest first
    residuals      (k,)  how far each may be from an eigenvalue, at most
    rule           the optimizer, by its name in `optimizers`; None where no threshold is known
    lr             the learning rate in use, the largest where groups differ; None without an optimizer, or
                   where its groups hold no "lr"
    sharpness      λ that the optimizer feels: with weight decay, for an adaptive one preconditioned
    gauge          learning rate × sharpness
    threshold      the value of the gauge above which steps grow
    critical_rate  the largest stable learning rate at these weights; inf where the curvature sets none
    critical_rates the same for each group, when all are raised by one factor
    turning_rate   where the loss of the range test is lowest; None where it only rises, or was not made
    range_test     a `search.Table` of "step", "lr", "loss" after the step with that rate, and its "change", which
                   compares it with the loss of the same batch before the test
    planned        (n,)  the largest rate after each of the scheduler's next calls, at most 1,000; None if unknown
    cost           a `Cost`
    stopped        True where it was interrupted: it tells what was known by then
    told           numbers of the finding, such as the "layer" in which nan begins
    notes          what else there is to know, as pairs (key, numbers) of the strings in `lrlib/locale/probe`

    What could not be found is nan.
    """

    finding: str
    loss: float = math.nan
    gradient_norm: float = math.nan
    eigenvalues: np.ndarray = field(default_factory=lambda: np.zeros(0))
    residuals: np.ndarray = field(default_factory=lambda: np.zeros(0))
    rule: str | None = None
    lr: float | None = None
    sharpness: float = math.nan
    gauge: float = math.nan
    threshold: float = math.nan
    critical_rate: float = math.nan
    critical_rates: tuple[float, ...] = ()
    turning_rate: float | None = None
    range_test: Table = field(default_factory=Table)
    planned: np.ndarray | None = None
    cost: Cost = Cost(0, 0, 0, 0.0)
    stopped: bool = False
    notes: tuple[Note, ...] = ()
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The finding in one paragraph, in the language of `use`."""
        return self.say()[0]

    def say(self, language: str | None = None) -> list[str]:
        """Everything in sentences: the verdict, then the evidence, then what limits it."""
        from lrlib import probe_words

        return probe_words.sentences(self, words.current() if language is None else language)

    def figure(self, language: str | None = None) -> Any:
        """The picture as a matplotlib figure: `report.figure().savefig("probe.png")`."""
        from lrlib import probe_figure

        return probe_figure.drawn(self, words.current() if language is None else language)

    def __str__(self) -> str:
        return "\n".join(self.say())

    def __repr__(self) -> str:
        from lrlib import probe_words

        return probe_words.line(self)

    def _repr_html_(self) -> str:
        from lrlib import probe_figure

        verdict, *evidence = (html.escape(sentence) for sentence in self.say())
        picture = probe_figure.png(self, words.current())
        tag, image = words.current(), ""
        if picture:
            source = "data:image/png;base64," + base64.b64encode(picture).decode()
            titles = html.escape(probe_figure.titles(self, tag))
            image = f'<img alt="{titles}" src="{source}" style="max-width:100%">'
        items = "".join(f"<li>{sentence}</li>" for sentence in evidence)
        return f'<div lang="{tag}"><p><strong>{verdict}</strong></p>{image}<ul>{items}</ul></div>'


def probe(
    model: Any,
    loss_fn: Callable,
    data: Any,
    optimizer: Any = None,
    *,
    scheduler: Any = None,
    count: int | None = None,
    batches: int = 4,
    tolerance: float = 0.01,
    most: int = 60,
    rates: tuple[float, float] | None = None,
    steps: int = 60,
    seed: int = 0,
    progress: bool = True,
) -> Report:
    r"""Is the learning rate too high for this model, here and now? Nothing of yours is changed by asking.

    $$\text{gauge} = \eta\,\lambda_{\max}\!\left(D^{1/2} H D^{1/2}\right), \qquad
    \eta_{\text{critical}} = \eta \cdot \frac{\text{threshold}}{\text{gauge}}$$

    H is the Hessian of the mean loss of the batches, plus the weight decay that the optimizer adds to the gradient.
    D is what the optimizer multiplies the gradient by: 1 for SGD, 1/(√v̂ + ε) for Adam, with the v̂ of its next step.

    Arguments
        model: a `torch.nn.Module`, in the mode in which it trains: `model.train()` first, if that is what fails.
        loss_fn: a function of the model's output and the targets that returns one number, as in the training loop. It
            may use the model, for a penalty on model.parameters() or further outputs.
        data: one batch or a DataLoader (any iterable of batches, but no iterator). Of a batch (inputs, …, targets)
            the model gets all but the last, and loss_fn(output, targets) the last, as it is. Of a mapping the model
            gets model(**batch), and the loss is loss_fn(output, batch); of a tensor model(batch) and
            loss_fn(output, batch). A list or tuple that holds tensors is one batch: batches that are single tensors
            go into a list as [(batch,), …].
        optimizer: the one in use, with its state, its groups and their rates of now. Without one, the report is about
            plain gradient descent.
        scheduler: its next 1,000 calls are looked ahead, on a copy.
        count: how many eigenvalues, 1 to 100; by default 3, or as many as there are weights.
        batches: how many of the data's batches at most.
        tolerance: how far an eigenvalue may be off, as a part of the largest; 1e-6 to 0.5.
        most: how many products with the Hessian at most for each spectrum.
        rates: (low, high) of the range test; by default from a thousandth of the critical rate to ten times it.
        steps: of the range test; 0 for none.
        seed: of the random numbers in the forward pass (dropout), and of the order in which a loader shuffles.
        progress: whether to show a bar, if it takes more than a second.

    Returns a `Report`. Weights, buffers, gradients, optimizer, scheduler, modes and random states are afterwards
    what they were, bit by bit: all is computed on copies. What it cannot undo is what your own hooks do, which run at
    each evaluation, and what a forward pass or a Dataset stores in attributes of its own.

    Thresholds are known for SGD, with momentum and Nesterov's, Adam, AdamW, NAdam, RAdam, RMSprop and Adagrad. That of
    NAdam rises with the momentum μ which PyTorch lets grow: 2(1 + β₁)/(1 + β₁ − 2β₁μ). Adadelta has no critical rate:
    at any rate its scale brings the gauge back to 2 by itself. With any other optimizer, too, the report holds
    eigenvalues and a range test made with that optimizer (none with Rprop, which heeds the rate at its first step
    alone). Mixed precision: weights of 16 bits are taken as float32 and
    autocast is switched off, so a gradient scaler plays no part; what only float16 does, such as an overflow, does not
    show. Dropout keeps one mask. Where an operation cannot be differentiated twice, products with the Hessian are
    differences of gradients; the report says so. Gradient clipping, and whatever else happens between gradient and
    step, is not seen.

    Cost, in gradients of one batch: with B batches, B for the gradient; 1.25 for each product where B is 1 and
    the graph is kept, else 2.25B; one for each step of the range test. Five to thirty products are usual; for
    the largest eigenvalue a third fewer than the power method of PyHessian takes (Z. Yao et al. 2020,
    arXiv:1912.07145), with about a tenth of its error, as `make bench` measures. An adaptive optimizer has a second
    spectrum. `report.cost` counts. Memory: the graph of one batch, three copies of the
    weights, and at least 20 vectors of their size for the eigenvalues.

    Ctrl-C (the stop button of a notebook) ends it with a report of what is known by then.

    Raises TypeError or ValueError for what it cannot probe and says what would help: sparse gradients, weights on
    several devices, sharded or scripted models, a loss that is not one number, does not depend on the weights, or holds
    weights that were taken from the model beforehand; and whatever model or loss_fn raise, except in the range test,
    which an error at a larger rate ends. A loss of inf or nan is no error but a finding: the report names the layer in
    which it begins. ImportError without PyTorch.

    >>> import torch
    >>> from lrlib.probe import probe
    >>> x = torch.tensor([[3.0, 0.0], [0.0, 1.0]])  # the Hessian of the mean squared error is xᵀx: 9 and 1
    >>> model = torch.nn.Linear(2, 1, bias=False)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    >>> report = probe(model, torch.nn.MSELoss(), (x, torch.ones(2, 1)), optimizer, count=2)
    >>> report.finding, report.eigenvalues.round(4).tolist(), round(report.critical_rate, 4)
    ('above', [9.0, 1.0], 0.2222)

    Source: the thresholds are those of `curvature.threshold`. Products with the Hessian: B. A. Pearlmutter, "Fast
    Exact Multiplication by the Hessian", Neural Computation 6(1) (1994). Eigenvalues: K. Wu, H. Simon, "Thick-Restart
    Lanczos Method for Large Symmetric Eigenvalue Problems", SIAM J. Matrix Anal. Appl. 22(2) (2000). The preconditioned
    sharpness: J. M. Cohen et al. (2022), arXiv:2207.14484.
    """
    probing = _probing()
    probing.refuse(model)
    if not callable(loss_fn):
        raise TypeError(f"loss_fn must be a function of output and targets, got {shown(loss_fn)}")
    if count is not None:
        count = whole("count", count, 1, 100)
    batches = whole("batches", batches, 1, _MOST)
    tolerance = number("tolerance", tolerance, 1e-6, 0.5)
    most = whole("most", most, 1, _MOST)
    steps = whole("steps", steps, 0, _MOST)
    seed = whole("seed", seed, 0, 2**31)
    if rates is not None:
        rates = _span(rates)
    optimizer = _optimizer(optimizer, scheduler)
    inquiry = _Inquiry(probing, probing.unwrapped(model), loss_fn, data, optimizer, scheduler)
    inquiry.settings = (count, batches, tolerance, most, rates, steps, seed)
    return inquiry.report(progress)


def _probing() -> Any:
    try:
        from lrlib import probing
    except ImportError as error:
        if error.name != "torch":
            raise
        raise ImportError('lrlib.probe needs PyTorch: pip install "lrlib[torch]"', name="torch") from None
    return probing


def _span(rates: Any) -> tuple[float, float]:
    if not isinstance(rates, (tuple, list)) or len(rates) != 2:
        raise TypeError(f"rates must be (low, high), got {shown(rates)}")
    low = number("rates[0]", rates[0], 0, open_low=True)
    return low, number("rates[1]", rates[1], low, open_low=True)


def _optimizer(optimizer: Any, scheduler: Any) -> Any:
    """The optimizer, if need be that of the scheduler."""
    from torch.optim import Optimizer

    if scheduler is not None:
        own = getattr(scheduler, "optimizer", None)
        if not isinstance(own, Optimizer) or not callable(getattr(scheduler, "step", None)):
            raise TypeError(f"scheduler must be one of torch.optim.lr_scheduler, got {shown(scheduler)}")
        if optimizer is not None and own is not optimizer:
            raise ValueError("scheduler belongs to another optimizer than the one given")
        optimizer = own
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {shown(optimizer)}")
    return optimizer


class _Inquiry:
    """One probe, part by part; what is known after each part is kept for a report."""

    def __init__(self, probing: Any, model: Any, loss_fn: Callable, data: Any, optimizer: Any, scheduler: Any) -> None:
        self.probing, self.model, self.loss_fn, self.data = probing, model, loss_fn, data
        self.optimizer, self.scheduler = optimizer, scheduler
        self.count = probing.Count()
        self.known: dict[str, Any] = {}  # fields of the report
        self.notes: list[Note] = []
        self.settings: tuple = ()

    def report(self, progress: bool) -> Report:
        """All parts in turn; less where one finds that there is no more to say, or where the user interrupts."""
        begun = time.perf_counter()
        torch = self.probing.torch
        with (
            self.probing.untouched(self.probing.Whole(self.model, self.loss_fn), self.data),
            torch.inference_mode(False),
            torch.enable_grad(),
            self._bar(progress) as tick,
        ):
            try:
                self._ask(tick)
            except KeyboardInterrupt:
                self.known["stopped"] = True
            except self.probing.Broken as broken:
                self.known |= {"finding": broken.kind, "told": broken.told}
        seconds = time.perf_counter() - begun
        cost = Cost(self.count.losses, self.count.gradients, self.count.products, seconds)
        found = self.known | {"cost": cost, "notes": tuple(self.notes)}
        return Report(**{"finding": "stopped", **found})

    @contextmanager
    def _bar(self, progress: bool) -> Iterator[Callable]:
        from tqdm.auto import tqdm

        look = "{desc}{percentage:3.0f}%|{bar}| {elapsed}"  # at most so long: products end when they are enough
        with tqdm(disable=not progress, delay=_SOON, leave=False, bar_format=look) as bar:

            def tick(more: float, part: str | None = None, total: float = 0) -> None:
                if part is not None:
                    bar.total = bar.n + total
                    bar.set_description(part, refresh=False)  # which would not wait
                bar.update(more)

            yield tick

    def _ask(self, tick: Callable) -> None:
        count, batches, tolerance, most, rates, steps, seed = self.settings
        held, total = self.probing.batches_of(self.data, batches, seed)
        trained = self._trained()
        subject = self.probing.Subject(self.model, self.loss_fn, held, trained, seed, self.count)
        if count is None:
            count = min(3, subject.size)
        elif count > subject.size:
            raise ValueError(f"count must be at most the number of weights, {subject.size}, got {count}")
        self._tell_limits(subject, len(held), total)
        with subject.prepared():
            tick(0, "gradient", len(held))
            self.base, gradient = subject.first(tick)
            self.known |= {"loss": math.fsum(self.base) / len(held), "gradient_norm": float(gradient.norm())}
            is_random, short = subject.peek()
            if is_random:
                self.notes.append(("random", {}))
            if short:
                self.notes.append(("short_inside", {"format": short}))
            rule = self._rule(subject, gradient)
            if not rule.plain:
                self._preconditioned(subject, rule, tolerance, most, tick)
            self._spectrum(subject, rule, count, tolerance, most, tick)
            subject.kept = None  # the graph, where it was kept
            self._plan()
            if steps and self.known["finding"] != "bad_rate":
                self._range(subject, rates, steps, tick)

    # ---- what is probed

    def _trained(self) -> list[str]:
        """Names of the weights that are trained: by the optimizer, where there is one."""
        names = {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}
        if self.optimizer is None:
            return list(names)
        held = {id(weight) for group in self.optimizer.param_groups for weight in group["params"]}
        own = {id(weight) for weight in self.model.parameters()}
        trained = [name for name, weight in names.items() if id(weight) in held]
        if not trained:
            raise ValueError(
                "the optimizer trains no weight of this model: it was made from another model, or before this one "
                "got its present weights; make it from model.parameters() again"
            )
        if foreign := len(held - own):
            self.notes.append(("foreign", {"count": foreign}))
        if outside := len(names) - len(trained):
            self.notes.append(("outside", {"count": outside}))
        return trained

    def _tell_limits(self, subject: Any, used: int, total: int | None) -> None:
        torch = self.probing.torch
        if total is None or total > used:
            self.notes.append(("batches_some" if total is None else "batches", {"count": used, "total": total}))
        short = sorted({str(it.dtype)[6:] for it in self.model.parameters() if it.dtype in self.probing._SHORT})
        if short:
            self.notes.append(("short", {"format": ", ".join(short)}))
        if torch.is_autocast_enabled(subject.device.type):
            self.notes.append(("autocast", {}))
        moody = (torch.nn.modules.dropout._DropoutNd, torch.nn.modules.batchnorm._BatchNorm)
        if any(isinstance(module, moody) and not module.training for module in self.model.modules()):
            self.notes.append(("eval", {}))

    # ---- curvature

    def _rule(self, subject: Any, gradient: Any) -> Any:
        """What the optimizer makes of the gradient; without one, gradient descent."""
        if self.optimizer is None:
            self.known["rule"] = "gd"
            return self.probing.Rule("gd", limits=2.0, thresholds=(2.0,))
        rule = self.probing.rule_of(self.optimizer, subject, gradient)
        self.known |= {
            "rule": rule.name,
            "lr": max(rule.rates, default=None),
            "told": {key: it for key, it in rule.reason.items() if key != "finding"},
        }
        if len(set(rule.rates)) > 1:
            self.notes.append(("groups", {"count": len(rule.rates)}))
        if self.known["lr"] == 0:
            self.notes.append(("zero", {}))
        if any(group.get("weight_decay") for group in self.optimizer.param_groups) and rule.name:
            self.notes.append(("decay", {}))
        return rule

    def _preconditioned(self, subject: Any, rule: Any, tolerance: float, most: int, tick: Callable) -> None:
        """The spectrum that the optimizer feels."""
        start = self.probing.start_vector(subject.size, subject.point[0], self.settings[-1])
        product = rule.product(subject.product)
        best = None
        try:
            for best in self._lanczos(subject, product, start, 1, tolerance, most, tick):
                pass
        finally:
            if best is not None:
                self._judge(rule, float(best.values[0]), float(best.residuals[0]), best.converged)
                if not best.converged:
                    self._note("unsettled", {"most": most})

    def _spectrum(self, subject: Any, rule: Any, count: int, tolerance: float, most: int, tick: Callable) -> None:
        """The Hessian's own eigenvalues, and for an optimizer that treats all weights alike its gauge."""
        start = self.probing.start_vector(subject.size, subject.point[0], self.settings[-1])
        best = None
        try:
            for best in self._lanczos(subject, subject.product, start, count, tolerance, most, tick):
                pass
        finally:
            if best is not None:
                self.known |= {"eigenvalues": best.values, "residuals": best.residuals}
                if rule.plain:
                    felt = (best.values[0] + rule.coupled) * rule.scale / rule.limits + rule.shift
                    residual = float(best.residuals[0] * rule.scale / rule.limits)
                    self._judge(rule, float(felt), residual, best.converged)
                elif self.known["finding"] == "flat" and best.values[0] > 0:
                    self._leave_open()  # what curves upwards does so for the optimizer, too
                if not best.converged:
                    self._note("unsettled", {"most": most})
                if subject.differences:
                    self._note("wrong" if subject.wrong else "differences", {})

    def _lanczos(
        self, subject: Any, product: Callable, start: Any, count: int, tolerance: float, most: int, tick: Callable
    ) -> Iterator[Any]:
        """Spectra, better and better; where the products turn out not to be symmetric, those of float64, and if they
        are not symmetric either, by differences of gradients."""
        each = PASS if len(subject.batches) == 1 else len(subject.batches) * (1 + PASS)
        lanczos = self.probing.lanczos
        while True:
            tick(0, "curvature", each * most)
            for spectrum in lanczos(product, start, count, most, tolerance, lambda n: tick(n * each)):
                if spectrum.asymmetry > self.probing.SYMMETRY and not subject.differences:
                    break
                yield spectrum
            else:
                return
            # Rounding, where the curvature is tiny; if not, an operation of the model has a wrong second derivative.
            if subject.widen():
                start = start.double()
            else:
                subject.wrong = True
                subject.begin_differences()

    def _note(self, key: str, told: dict[str, Any]) -> None:
        if key not in dict(self.notes):
            self.notes.append((key, told))

    def _judge(self, rule: Any, felt: float, residual: float, settled: bool) -> None:
        """From λ/threshold, as the optimizer feels it and never less than was found, to gauge and finding."""
        lr = self.known.get("lr")
        if rule.name is None:
            self.known["finding"] = rule.reason["finding"]
            return
        critical = 1 / felt if felt > 0 else math.inf
        largest = max(rule.rates, default=1.0)
        shares = [rate / largest if largest > 0 else 1.0 for rate in rule.rates]
        # Decay that shrinks the weights by itself lowers the threshold instead of adding to the curvature.
        shift = rule.shift if isinstance(rule.shift, float) else 0.0
        threshold = min(rule.thresholds)
        sharpness = (felt - shift) * threshold
        self.known |= {
            "sharpness": sharpness,
            "critical_rate": critical,
            "critical_rates": tuple(critical * share if share else 0.0 for share in shares) or (critical,),
            "threshold": threshold * (1 - (lr or 0.0) * shift),
        }
        if lr is not None:
            self.known["gauge"] = lr * sharpness
        part, more = (lr or 0.0) * felt, (lr or 0.0) * residual
        if rule.young:
            self.known |= {"finding": "young", "told": {"steps": rule.steps}}
        elif part > 1 + _ROUNDING:
            self.known["finding"] = "above"
        elif not settled and (part + more > 1 or felt <= 0 < felt + residual):
            self._leave_open()
        elif felt <= 0:
            self.known["finding"] = "flat"
        elif lr is None:
            self.known["finding"] = "plain"
        else:
            self.known["finding"] = "edge" if part + more > CLOSE else "below"

    def _leave_open(self) -> None:
        """The curvature is known from below alone, and that is too little for a verdict."""
        least = self.known.pop("sharpness") * (self.known.get("lr") or 1.0)
        for key in ("gauge", "critical_rate", "critical_rates"):
            self.known.pop(key, None)
        self.known |= {"finding": "open", "told": {"least": least}}

    # ---- rates

    def _plan(self) -> None:
        if self.scheduler is None:
            return
        rates = self.probing.planned_rates(self.scheduler, self.optimizer, _CALLS)
        if not rates:
            self.notes.append(("schedule_unknown" if rates is None else "schedule_over", {}))
            return
        self.known["planned"] = np.array(rates)
        peak = int(np.argmax(rates))
        above = np.flatnonzero(self.known["planned"] > self.known.get("critical_rate", math.inf))
        judged = self.known["finding"] in ("edge", "below")
        if judged and above.size:
            told = {"call": int(above[0]) + 1, "rate": rates[above[0]], "peak": rates[peak]}
            self.notes.append(("schedule_above", told))
        else:
            self.notes.append(("schedule", {"calls": len(rates), "peak": rates[peak], "last": rates[-1]}))

    def _range(self, subject: Any, rates: tuple[float, float] | None, steps: int, tick: Callable) -> None:
        if isinstance(self.optimizer, self.probing.torch.optim.Rprop):
            self.notes.append(("range_sizes", {}))
            return
        if rates is None:
            critical, lr = self.known.get("critical_rate", math.nan), self.known.get("lr")
            trusted = self.known["finding"] != "young" and 0 < critical < math.inf
            middle = critical if trusted else lr if lr else 0.1
            rates = (middle / 1000, middle * 10) if trusted else (middle / 1000, middle * 1000)
        tick(0, "range test", steps)
        rows: list[dict] = []
        note = None
        try:
            note = self.probing.range_test(subject, self.optimizer, *rates, steps, tick, rows)
        finally:
            for row in rows:
                row["change"] = row["loss"] - self.base[(row["step"] + 1) % len(self.base)]
            self.known["range_test"] = Table(rows)
            if rows:
                if self.known["finding"] in ("no_threshold", "self_scaled"):
                    self.notes.append(("range_own", {}))
                self._tell_range(rows)
            if note:
                self.notes.append(note)

    def _tell_range(self, rows: list[dict]) -> None:
        """Where the loss is lowest, each batch beside its own first loss and all batches taken together."""
        width = len(self.base)
        changes = np.array([row["change"] for row in rows])
        changes[~np.isfinite(changes)] = np.inf
        window = [changes[max(0, i + 1 - width) : i + 1].mean() for i in range(len(rows))]
        lowest = int(np.argmin(window))
        told = {"low": rows[0]["lr"], "turn": rows[lowest]["lr"], "last": rows[-1]["lr"]}
        if not window[lowest] < 0:
            self.notes.append(("range_rises", told))
            return
        self.known["turning_rate"] = rows[lowest]["lr"]
        turns = "range_swings" if self._remembers() else "range_turns"
        self.notes.append(("range_falls" if lowest == len(rows) - 1 else turns, told))

    def _remembers(self) -> bool:
        """Whether the steps of the optimizer go on in the direction of those before."""
        for group in self.optimizer.param_groups if self.optimizer else ():
            betas = group.get("betas")
            if group.get("momentum") or (isinstance(betas, (tuple, list)) and betas[0]):
                return True
        return False

"""What is compared with PyTorch and optax, and how each case is said there.

A case is one of our rules with its settings at a place: a surface, a start and a rate. `CASES` holds
those in which both sides follow the same equation, `SCHEDULES` the same for rates alone; `UNLIKE` and
`UNLIKE_RATES` are what a library does otherwise by design, and `DEFAULTS` what our docstrings say of its
defaults. `make.py` runs what is said here in PyTorch and optax and stores it,
`test_against_the_field.py` runs ours.

How a rule of ours is said there stands in `_torch` and `_optax`. Not all settings can be:

    adagrad   optax adds ε inside the root: only with ε = 0
    amsgrad   optax corrects v before its maximum or not at all; without, and at the rate
              η √(1 − β₂ᵗ⁺¹), it is ours: only with ε = 0
    radam     PyTorch adds ε before the correction: only with ε = 0
    lion      PyTorch has none

Nor all schedules:

    inverse_time_decay, transformer   nobody has them; a `LambdaLR` would only be our own formula again
    linear, warmup_stable_decay       PyTorch's `LinearLR` takes its ends as shares from 0 to 1 of the rate
                                      and refuses to begin at 0, but begins at 1e-300
    polynomial                        PyTorch's goes down to 0 only
    cosine, one_cycle                 PyTorch's do not stop at the end: compared up to there
    cosine_restarts                   PyTorch's periods grow by whole factors, optax' are a finite list
    one_cycle                         optax' has its peak at ⌊pT⌋ and its end at T, ours at pT − 1 and T − 1:
                                      compared with T − 1 and a share p that puts the peak where ours is
    cyclic                            optax has none

Rates and starts are such that the path is regular: it descends or rests, with no step that throws it
about. On a chaotic path the last bit of a sum, which depends on its order, grows a hundredfold in a few
steps, and neither side would be wrong. `test_against_the_field.py` shows that these paths are not so.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lrlib.optimizers import OPTIMIZERS

STEPS = 200
#: The steps of a path that are stored; a comparison with the libraries themselves takes all of them.
STORED = (1, 2, 3, 10, 30, 100, 200)
#: The same of a schedule: the turns are at 20, 40, 60 and 100.
RATES = 160
STORED_RATES = (0, 1, 2, 5, 10, 19, 20, 21, 25, 39, 40, 41, 50, 59, 60, 61, 80, 98, 99, 100, 101, 120, 159)

LIBRARIES = ("torch", "optax")

# How a case is said


@dataclass(frozen=True)
class Call:
    """One call of a library: `Call("Adam", {"lr": 0.1})` is torch.optim.Adam(…, lr=0.1)."""

    name: str
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


@dataclass(frozen=True)
class Corrected:
    """A function of the step: the rate times √(1 − β₂ᵗ⁺¹)."""

    lr: float
    beta2: float

    def __call__(self, t: Any) -> Any:
        return self.lr * (1 - self.beta2 ** (t + 1)) ** 0.5


@dataclass(frozen=True)
class Rates:
    """One of our schedules: `schedules.cosine(0.1, steps=60)`, perhaps with a warm-up before it."""

    name: str
    settings: dict[str, float] = field(default_factory=dict)
    lr: float = 0.1
    warmup: dict[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        said = repr(Call(self.name, {"lr": self.lr} | self.settings))
        return f"warmup({said}, {self.warmup})" if self.warmup else said


@dataclass(frozen=True)
class Place:
    """A surface and a start, with two rates: of rules that step by the gradient, and by its direction."""

    surface: str
    settings: dict[str, float]
    start: tuple[float, ...]
    by_gradient: float
    by_direction: float

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.surface}({settings}) from {self.start}"


PLACES = (
    Place("quadratic", {"condition": 12.0, "rotation": 30.0}, (-4.0, 2.0), 0.08, 0.02),
    Place("valley", {"steepness": 20.0, "bend": 1.0}, (2.5, 2.0), 0.02, 0.01),
    Place("rosenbrock", {"steepness": 10.0}, (-1.2, 1.0), 0.006, 0.005),
    Place("beale", {}, (1.0, 0.2), 0.01, 0.005),
    Place("himmelblau", {}, (4.5, 3.5), 0.005, 0.01),
    Place("cliff", {"width": 0.8, "tilt": 0.05}, (1.1, -0.6), 0.1, 0.01),
    Place("pseudo_huber", {}, (4.0,), 0.2, 0.02),
)


@dataclass(frozen=True)
class Theirs:
    """What a library is asked to do: an optimizer at a place, perhaps under one of its schedules."""

    library: str
    call: Call
    place: Place
    schedule: Call | None = None  # PyTorch's; optax takes it as the rate
    default_dtype: str = "float64"  # PyTorch's; the point is in float64 in any case

    def __repr__(self) -> str:
        under = f" under {self.schedule!r}" if self.schedule else ""
        numbers = "" if self.default_dtype == "float64" else f", default dtype {self.default_dtype}"
        return f"{self.library}: {self.call!r}{under} on {self.place!r}{numbers}"


@dataclass(frozen=True)
class Case:
    """Ours and theirs: a rule at a rate, and the same in every library that can say it."""

    rule: str
    given: dict[str, float]
    place: Place
    lr: float | Rates
    theirs: tuple[Theirs, ...] = field(repr=False)

    def __repr__(self) -> str:
        return f"{Call(self.rule, {'lr': self.lr} | self.given)!r} on {self.place.surface}"


# Paths

#: Rule, settings, and how many times the place's rate.
SETTINGS: tuple[tuple[str, dict[str, float], float], ...] = (
    ("gd", {}, 0.3),
    ("gd", {}, 1.0),
    ("gd", {}, 1.5),
    ("momentum", {}, 0.3),
    ("momentum", {"beta": 0.5}, 1.0),
    ("momentum", {"beta": 0.97}, 0.05),
    ("nesterov", {}, 0.3),
    ("nesterov", {"beta": 0.5}, 1.0),
    ("nesterov", {"beta": 0.97}, 0.05),
    ("adagrad", {"eps": 0.0}, 3.0),
    ("adagrad", {"eps": 0.0}, 10.0),
    ("adagrad", {"eps": 0.0}, 30.0),
    ("adagrad", {}, 10.0),
    ("adagrad", {"eps": 0.01}, 10.0),
    ("adadelta", {}, 100.0),
    ("adadelta", {"rho": 0.95, "eps": 1e-4}, 50.0),
    ("adadelta", {"rho": 0.5, "eps": 1e-3}, 5.0),
    ("rmsprop", {}, 0.3),
    ("rmsprop", {"rho": 0.99, "eps": 1e-3}, 0.5),
    ("rmsprop", {"rho": 0.5, "eps": 0.1}, 1.0),
    ("adam", {}, 1.0),
    ("adam", {"beta1": 0.8, "beta2": 0.99, "eps": 1e-3}, 1.0),
    ("adam", {"beta1": 0.5, "beta2": 0.9, "eps": 0.1}, 1.0),
    ("adamw", {}, 1.0),
    ("adamw", {"beta1": 0.8, "beta2": 0.99, "eps": 1e-3, "weight_decay": 0.1}, 1.0),
    ("adamw", {"beta1": 0.5, "beta2": 0.9, "eps": 0.1, "weight_decay": 1.0}, 1.0),
    ("amsgrad", {"eps": 0.0}, 1.0),
    ("amsgrad", {"beta1": 0.8, "beta2": 0.99, "eps": 0.0}, 1.0),
    ("amsgrad", {"beta1": 0.5, "beta2": 0.5, "eps": 0.0}, 1.0),
    ("amsgrad", {}, 1.0),
    ("amsgrad", {"beta1": 0.8, "beta2": 0.99, "eps": 0.1}, 1.0),
    ("radam", {"eps": 0.0}, 1.0),
    ("radam", {"beta1": 0.8, "beta2": 0.99, "eps": 0.0}, 1.0),
    ("radam", {"beta1": 0.5, "beta2": 0.6, "eps": 0.0}, 0.2),
    ("radam", {}, 1.0),
    ("radam", {"beta1": 0.8, "beta2": 0.99, "eps": 0.1}, 1.0),
    ("nadam", {}, 1.0),
    ("nadam", {"beta1": 0.8, "beta2": 0.99, "eps": 1e-3}, 1.0),
    ("nadam", {"beta1": 0.5, "beta2": 0.9, "eps": 0.1}, 1.0),
    ("lion", {}, 0.5),
    ("lion", {"beta1": 0.95, "beta2": 0.98}, 0.5),
    ("lion", {"beta1": 0.8, "beta2": 0.95, "weight_decay": 0.1}, 0.5),
)
BY_GRADIENT = ("gd", "momentum", "nesterov")


def _torch(rule: str, lr: float, s: dict[str, float]) -> Call | None:
    """The rule as a class of torch.optim; None where it cannot be said."""
    betas = {"betas": (s["beta1"], s["beta2"]), "eps": s.get("eps")} if "beta1" in s else {}
    match rule:
        case "gd":
            return Call("SGD", {"lr": lr})
        case "momentum":
            return Call("SGD", {"lr": lr, "momentum": s["beta"]})
        case "nesterov":
            return Call("SGD", {"lr": lr, "momentum": s["beta"], "nesterov": True})
        case "adagrad":
            return Call("Adagrad", {"lr": lr, "eps": s["eps"]})
        case "adadelta":
            return Call("Adadelta", {"lr": lr, "rho": s["rho"], "eps": s["eps"]})
        case "rmsprop":
            return Call("RMSprop", {"lr": lr, "alpha": s["rho"], "eps": s["eps"]})
        case "adam":
            return Call("Adam", {"lr": lr} | betas)
        case "adamw":
            return Call("AdamW", {"lr": lr} | betas | {"weight_decay": s["weight_decay"]})
        case "amsgrad":
            return Call("Adam", {"lr": lr} | betas | {"amsgrad": True})
        case "radam" if s["eps"] == 0:
            return Call("RAdam", {"lr": lr} | betas)
        case "nadam":
            return Call("NAdam", {"lr": lr} | betas | {"momentum_decay": 1e9})
    return None


def _optax(rule: str, lr: Any, s: dict[str, float]) -> Call | None:
    """The rule as a function of optax; None where it cannot be said."""
    rate = {"learning_rate": lr}
    betas = {"b1": s["beta1"], "b2": s["beta2"]} if "beta1" in s else {}
    match rule:
        case "gd":
            return Call("sgd", rate)
        case "momentum":
            return Call("sgd", rate | {"momentum": s["beta"]})
        case "nesterov":
            return Call("sgd", rate | {"momentum": s["beta"], "nesterov": True})
        case "adagrad" if s["eps"] == 0:
            return Call("adagrad", rate | {"initial_accumulator_value": 0.0, "eps": 0.0})
        case "adadelta":
            return Call("adadelta", rate | {"rho": s["rho"], "eps": s["eps"]})
        case "rmsprop":
            return Call("rmsprop", rate | {"decay": s["rho"], "eps": s["eps"], "eps_in_sqrt": False})
        case "adam" | "radam" | "nadam":
            return Call(rule, rate | betas | {"eps": s["eps"]})
        case "adamw":
            return Call("adamw", rate | betas | {"eps": s["eps"], "weight_decay": s["weight_decay"]})
        case "amsgrad" if s["eps"] == 0:
            rate = {"learning_rate": Corrected(lr, s["beta2"])}
            return Call("amsgrad", rate | betas | {"eps": 0.0, "bias_correction_nu": False})
        case "lion":
            return Call("lion", rate | betas | {"weight_decay": s["weight_decay"]})
    return None


def _cases() -> Iterator[Case]:
    for rule, given, factor in SETTINGS:
        settings = {name: known.default for name, known in OPTIMIZERS[rule].settings.items()} | given
        for place in PLACES:
            lr = float(f"{factor * (place.by_gradient if rule in BY_GRADIENT else place.by_direction):.6g}")
            said = {"torch": _torch(rule, lr, settings), "optax": _optax(rule, lr, settings)}
            theirs = (Theirs(library, call, place) for library, call in said.items() if call)
            yield Case(rule, given, place, lr, tuple(theirs))

    # That a schedule gives each step the rate it gives there.
    ours = Rates("cosine", {"steps": float(STEPS), "end": 0.002}, lr=0.02)
    falling = Call("CosineAnnealingLR", {"T_max": STEPS, "eta_min": 0.002})
    rate = Call("cosine_decay_schedule", {"init_value": 0.02, "decay_steps": STEPS, "alpha": 0.1})
    for rule in ("momentum", "adam"):
        settings = {name: known.default for name, known in OPTIMIZERS[rule].settings.items()}
        torch = Theirs("torch", _torch(rule, 0.02, settings), PLACES[0], falling)
        yield Case(rule, {}, PLACES[0], ours, (torch, Theirs("optax", _optax(rule, rate, settings), PLACES[0])))


CASES = tuple(_cases())

# Schedules


@dataclass(frozen=True)
class TheirRates:
    """A schedule of a library: its rates at the steps 0, 1, … before `until`."""

    library: str
    call: Call
    lr: float = 0.1  # what PyTorch's scheduler is given as the optimizer's own rate
    until: int = RATES

    def __repr__(self) -> str:
        return f"{self.library}: {self.call!r} at {self.lr!r}, {self.until} steps"


def _torch_rates(ours: Rates) -> TheirRates | None:
    """The schedule as a class of torch.optim.lr_scheduler; None where it cannot be said."""
    lr, s, until = ours.lr, ours.settings, RATES
    share = s.get("end", 0.0) / lr
    match ours.name:
        case "constant":
            call = Call("ConstantLR", {"factor": 1.0})
        case "step_decay":
            call = Call("StepLR", {"step_size": int(s["every"]), "gamma": s["factor"]})
        case "exponential_decay":
            call = Call("ExponentialLR", {"gamma": math.exp(-s["k"])})
        case "linear" if share <= 1:
            call = Call("LinearLR", {"start_factor": 1.0, "end_factor": share, "total_iters": int(s["steps"])})
        case "polynomial" if s["end"] == 0:
            call = Call("PolynomialLR", {"total_iters": int(s["steps"]), "power": s["degree"]})
        case "cosine":
            call = Call("CosineAnnealingLR", {"T_max": int(s["steps"]), "eta_min": s["end"]})
            until = int(s["steps"]) + 1
        case "cosine_restarts" if s["mult"] == int(s["mult"]):
            periods = {"T_0": int(s["period"]), "T_mult": int(s["mult"])}
            call = Call("CosineAnnealingWarmRestarts", periods | {"eta_min": s["end"]})
        case "one_cycle":
            until = int(s["steps"])
            factors = {"pct_start": s["peak_at"], "div_factor": s["div"], "final_div_factor": s["final_div"]}
            call = Call("OneCycleLR", {"max_lr": lr, "total_steps": until} | factors | {"cycle_momentum": False})
        case "cyclic":
            ends = {"base_lr": s["base"], "max_lr": lr}
            call = Call("CyclicLR", ends | {"step_size_up": int(s["half"]), "cycle_momentum": False})
        case "warmup_stable_decay":
            rise, fall = int(s["warmup"]), int(s["decay"])
            parts = [
                Call("LinearLR", {"start_factor": 1e-300, "total_iters": rise}),
                Call("ConstantLR", {"factor": 1.0}),
                Call("LinearLR", {"start_factor": 1.0, "end_factor": share, "total_iters": fall}),
            ]
            call = Call("SequentialLR", {"schedulers": parts, "milestones": [rise, int(s["steps"]) - fall]})
        case _:
            return None
    if ours.warmup:
        rise = int(ours.warmup["steps"])
        first = Call("LinearLR", {"start_factor": ours.warmup["start"] or 1e-300, "total_iters": rise})
        call = Call("SequentialLR", {"schedulers": [first, call], "milestones": [rise]})
        until = min(rise + until, RATES)
    return TheirRates("torch", call, lr, until)


def _optax_rates(ours: Rates) -> TheirRates | None:
    """The schedule as a function of optax; None where it cannot be said."""
    lr, s, until = ours.lr, ours.settings, RATES
    match ours.name:
        case "constant":
            call = Call("constant_schedule", {"value": lr})
        case "step_decay":
            stairs = {"transition_steps": int(s["every"]), "decay_rate": s["factor"], "staircase": True}
            call = Call("exponential_decay", {"init_value": lr} | stairs)
        case "exponential_decay":
            decay = {"transition_steps": 1, "decay_rate": math.exp(-s["k"])}
            call = Call("exponential_decay", {"init_value": lr} | decay)
        case "linear":
            ends = {"init_value": lr, "end_value": s["end"]}
            call = Call("linear_schedule", ends | {"transition_steps": int(s["steps"])})
        case "polynomial":
            ends = {"init_value": lr, "end_value": s["end"]}
            call = Call("polynomial_schedule", ends | {"power": s["degree"], "transition_steps": int(s["steps"])})
        case "cosine":
            steps = {"decay_steps": int(s["steps"]), "alpha": s["end"] / lr}
            call = Call("cosine_decay_schedule", {"init_value": lr} | steps)
        case "cosine_restarts":
            periods, until = [], 0
            while until < RATES:
                length = s["period"] * s["mult"] ** len(periods)
                if length != int(length):
                    break
                until += int(length)
                ends = {"init_value": lr, "peak_value": lr, "end_value": s["end"]}
                periods.append(ends | {"warmup_steps": 0, "decay_steps": int(length)})
            until = min(until, RATES)
            call = Call("sgdr_schedule", {"cosine_kwargs": periods})
        case "one_cycle" if (s["peak_at"] * s["steps"]).is_integer():
            steps = int(s["steps"]) - 1
            share = (s["peak_at"] * s["steps"] - 0.5) / steps  # ⌊share · steps⌋ is the peak
            factors = {"pct_start": share, "div_factor": s["div"], "final_div_factor": s["final_div"]}
            call = Call("cosine_onecycle_schedule", {"transition_steps": steps, "peak_value": lr} | factors)
        case "warmup_stable_decay":
            rise, fall = int(s["warmup"]), int(s["decay"])
            parts = [
                Call("linear_schedule", {"init_value": 0.0, "end_value": lr, "transition_steps": rise}),
                Call("constant_schedule", {"value": lr}),
                Call("linear_schedule", {"init_value": lr, "end_value": s["end"], "transition_steps": fall}),
            ]
            call = Call("join_schedules", {"schedules": parts, "boundaries": [rise, int(s["steps"]) - fall]})
        case _:
            return None
    if ours.warmup:
        # optax has each of these whole.
        rise = int(ours.warmup["steps"])
        ends = {"init_value": ours.warmup["start"] * lr, "peak_value": lr, "warmup_steps": rise}
        after = call.arguments
        match ours.name:
            case "constant":
                call = Call("warmup_constant_schedule", ends)
            case "cosine":
                steps = {"decay_steps": rise + after["decay_steps"], "end_value": s["end"]}
                call = Call("warmup_cosine_decay_schedule", ends | steps)
            case "exponential_decay":
                decay = {name: after[name] for name in ("transition_steps", "decay_rate")}
                call = Call("warmup_exponential_decay_schedule", ends | decay)
    return TheirRates("optax", call, lr, until)


def _schedules() -> Iterator[tuple[Rates, tuple[TheirRates, ...]]]:
    for ours in (
        Rates("constant"),
        Rates("step_decay", {"factor": 0.5, "every": 20.0}),
        Rates("step_decay", {"factor": 0.9, "every": 1.0}),
        Rates("step_decay", {"factor": 0.3, "every": 60.0}),
        Rates("exponential_decay", {"k": 0.1}),
        Rates("exponential_decay", {"k": 0.01}),
        Rates("exponential_decay", {"k": 1.0}),
        Rates("linear", {"steps": 100.0, "end": 0.0}),
        Rates("linear", {"steps": 60.0, "end": 0.02}),
        Rates("linear", {"steps": 40.0, "end": 0.3}),
        Rates("polynomial", {"steps": 100.0, "degree": 2.0, "end": 0.0}),
        Rates("polynomial", {"steps": 60.0, "degree": 0.9, "end": 0.0}),
        Rates("polynomial", {"steps": 60.0, "degree": 0.0, "end": 0.0}),
        Rates("polynomial", {"steps": 60.0, "degree": 2.5, "end": 0.02}),
        Rates("cosine", {"steps": 100.0, "end": 0.0}),
        Rates("cosine", {"steps": 60.0, "end": 0.02}),
        Rates("cosine", {"steps": 41.0, "end": 0.05}),
        Rates("cosine_restarts", {"period": 20.0, "mult": 2.0, "end": 0.0}),
        Rates("cosine_restarts", {"period": 20.0, "mult": 1.0, "end": 0.02}),
        Rates("cosine_restarts", {"period": 7.0, "mult": 3.0, "end": 0.0}),
        Rates("cosine_restarts", {"period": 16.0, "mult": 1.5, "end": 0.02}),
        Rates("one_cycle", {"steps": 100.0, "peak_at": 0.3, "div": 25.0, "final_div": 1e4}),
        Rates("one_cycle", {"steps": 60.0, "peak_at": 0.35, "div": 10.0, "final_div": 50.0}),
        Rates("one_cycle", {"steps": 40.0, "peak_at": 0.5, "div": 2.0, "final_div": 1.0}),
        Rates("one_cycle", {"steps": 41.0, "peak_at": 0.5, "div": 2.0, "final_div": 10.0}),
        Rates("cyclic", {"half": 20.0, "base": 0.0}),
        Rates("cyclic", {"half": 7.0, "base": 0.02}),
        Rates("cyclic", {"half": 1.0, "base": 0.05}),
        Rates("warmup_stable_decay", {"steps": 100.0, "warmup": 20.0, "decay": 40.0, "end": 0.0}),
        Rates("warmup_stable_decay", {"steps": 60.0, "warmup": 1.0, "decay": 20.0, "end": 0.02}),
        Rates("warmup_stable_decay", {"steps": 60.0, "warmup": 20.0, "decay": 40.0, "end": 0.0}),
        Rates("constant", warmup={"steps": 40.0, "start": 0.25}),
        Rates("cosine", {"steps": 80.0, "end": 0.0}, warmup={"steps": 20.0, "start": 0.0}),
        Rates("cosine", {"steps": 60.0, "end": 0.02}, warmup={"steps": 40.0, "start": 0.1}),
        Rates("exponential_decay", {"k": 0.03}, warmup={"steps": 20.0, "start": 0.5}),
    ):
        yield ours, tuple(said for said in (_torch_rates(ours), _optax_rates(ours)) if said)


SCHEDULES = tuple(_schedules())

# What the libraries do otherwise

_BOWL = PLACES[0]

UNLIKE = {
    "torch SGD, dampening": Theirs("torch", Call("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.9}), _BOWL),
    "torch RAdam, eps": Theirs("torch", Call("RAdam", {"lr": 0.02, "eps": 0.1}), _BOWL),
    "torch NAdam, momentum_decay": Theirs("torch", Call("NAdam", {"lr": 0.02}), _BOWL),
    "torch NAdam, float32": Theirs(
        "torch", Call("NAdam", {"lr": 0.02, "momentum_decay": 1e9}), _BOWL, default_dtype="float32"
    ),
    "torch AdamW": Theirs("torch", Call("AdamW", {"lr": 0.02}), _BOWL),
    "optax adagrad": Theirs("optax", Call("adagrad", {"learning_rate": 0.2, "eps": 0.01}), PLACES[-1]),
    "optax rmsprop, eps": Theirs("optax", Call("rmsprop", {"learning_rate": 0.01, "eps": 0.01}), _BOWL),
    "optax amsgrad": Theirs("optax", Call("amsgrad", {"learning_rate": 0.02, "b2": 0.99}), _BOWL),
    "optax radam, threshold": Theirs(
        "optax", Call("radam", {"learning_rate": 0.02, "b2": 0.5, "threshold": 3.0}), _BOWL
    ),
    "optax adamw": Theirs("optax", Call("adamw", {"learning_rate": 0.02}), _BOWL),
    "optax lion": Theirs("optax", Call("lion", {"learning_rate": 0.01}), _BOWL),
}

UNLIKE_RATES = {
    "torch CosineAnnealingLR": TheirRates("torch", Call("CosineAnnealingLR", {"T_max": 60, "eta_min": 0.02})),
    "torch OneCycleLR": TheirRates(
        "torch", Call("OneCycleLR", {"max_lr": 0.1, "total_steps": 60, "cycle_momentum": False}), until=61
    ),
    "optax cosine_onecycle_schedule": TheirRates(
        "optax", Call("cosine_onecycle_schedule", {"transition_steps": 60, "peak_value": 0.1})
    ),
}

#: What our docstrings say of the defaults there. None: the argument has no default.
_BETAS = {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
DEFAULTS = {
    "torch.optim": {
        "SGD": {"lr": 1e-3, "momentum": 0, "dampening": 0},
        "Adagrad": {"lr": 1e-2, "eps": 1e-10, "initial_accumulator_value": 0},
        "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6},
        "RMSprop": {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8},
        "Adam": {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8},
        "AdamW": {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01},
        "RAdam": {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8},
        "NAdam": {"lr": 2e-3, "betas": [0.9, 0.999], "eps": 1e-8, "momentum_decay": 0.004},
    },
    "torch.optim.lr_scheduler": {
        "StepLR": {"gamma": 0.1},
        "LinearLR": {"end_factor": 1.0},
        "PolynomialLR": {"power": 1.0},
        "CosineAnnealingWarmRestarts": {"T_mult": 1, "eta_min": 0},
        "OneCycleLR": {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4, "cycle_momentum": True},
        "CyclicLR": {"step_size_up": 2000, "mode": "triangular", "cycle_momentum": True},
    },
    "optax": {
        "sgd": {"learning_rate": None, "momentum": None},
        "adagrad": {"initial_accumulator_value": 0.1, "eps": 1e-7},
        "adadelta": {"rho": 0.9, "eps": 1e-6},
        "rmsprop": {"decay": 0.9, "eps_in_sqrt": True},
        "adam": _BETAS,
        "adamw": _BETAS | {"weight_decay": 1e-4},
        "amsgrad": _BETAS,
        "radam": _BETAS | {"threshold": 5.0},
        "nadam": _BETAS,
        "lion": {"b1": 0.9, "b2": 0.99, "weight_decay": 1e-3},
        "cosine_onecycle_schedule": {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4},
    },
}

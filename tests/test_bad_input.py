"""What may not be given, to all of lrlib, and the word one gets for it.

Every message names the argument, what was given, what is allowed and, for a name, the nearest known
one. The modules' own tests hold more of them; here they stand side by side.
"""

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from lrlib import curvature, descend, lab, optimizers, outcome, schedules, search, source, surfaces, use
from lrlib.noise import normals
from lrlib.optimizers import OPTIMIZERS

USUAL = {"surface": "parabola", "optimizer": "gd", "start": 1.0, "lr": 0.1, "steps": 5}


def changed(**arguments):
    return lambda: descend(**(USUAL | arguments))


def heavy(**arguments):
    return changed(optimizer="momentum", **arguments)


def plane(**arguments):
    return changed(**({"surface": "quadratic", "start": (1.0, 1.0)} | arguments))


def ending(**arguments):
    return lambda: outcome(**(USUAL | {"compiled": True} | arguments))


def drawn(**arguments):
    return lambda: lab(**arguments)


def at_step(step, value):
    """A schedule that returns nonsense at one step."""
    return lambda t: value if t == step else 0.1


class Dying(Executor):
    """An executor whose workers die with the first task."""

    def submit(self, function, /, *arguments, **named):
        future = Future()
        future.set_exception(BrokenProcessPool("a worker died"))
        return future


def shut_down():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    return pool


def tried(objective=lambda lr: lr, choices=None, **more):
    return lambda: search.grid(objective, {"lr": [0.1, 0.2]} if choices is None else choices, **more)


BAD = [
    # names
    (changed(surface="parabol"), ValueError, "surface 'parabol' is unknown: did you mean 'parabola'?"),
    (changed(surface="rosenbrok"), ValueError, "surface 'rosenbrok' is unknown: did you mean 'rosenbrock'?"),
    (changed(surface=3), TypeError, "surface must be a name, got 3"),
    (changed(optimizer="adm"), ValueError, "optimizer 'adm' is unknown: did you mean 'adam'?"),
    (changed(optimizer="RMSprop"), ValueError, "optimizer 'RMSprop' is unknown: did you mean 'rmsprop'?"),
    (changed(optimizer=None), TypeError, "optimizer must be a name, got None"),
    (changed(optimizer=np.sqrt), TypeError, "optimizer must be a name, got <ufunc 'sqrt'>"),
    (changed(beta=0.9), TypeError, "'parabola' with 'gd' has no setting 'beta'"),
    (changed(curvatur=2), TypeError, "did you mean 'curvature'?"),
    (changed(optimizer="adam", beta_1=0.9), TypeError, "has no setting 'beta_1': did you mean 'beta1'?"),
    (changed(optimizer="RMSProp"), ValueError, "did you mean 'rmsprop'?"),
    (changed(optimizer="AdamW"), ValueError, "did you mean 'adamw'?"),
    (changed(sed=3), TypeError, "has no setting 'sed': did you mean 'seed'?"),
    (changed(optimizer="rmsprop", alpha=0.9), TypeError, "has no setting 'alpha'"),
    (lambda: curvature.threshold("sgd"), ValueError, "optimizer 'sgd' is unknown: did you mean 'gd'?"),
    (lambda: curvature.threshold("lion"), ValueError, "optimizer 'lion' has no threshold"),
    (lambda: schedules.cosine(0.1, step=9), TypeError, "'cosine' has no setting 'step': did you mean 'steps'?"),
    (lambda: use("fr"), ValueError, "language 'fr' is unknown: known: en, de, zh, ko"),
    # the rate
    (changed(lr=-0.1), ValueError, "lr must be a finite number above 0, got -0.1"),
    (changed(lr=0), ValueError, "lr must be a finite number above 0, got 0.0"),
    (changed(lr=np.nan), ValueError, "lr must be a finite number above 0, got nan"),
    (changed(lr=np.inf), ValueError, "lr must be a finite number above 0, got inf"),
    (changed(lr="0.1"), TypeError, "lr must be a number or a schedule, got '0.1'"),
    (changed(lr=None), TypeError, "lr must be a number or a schedule, got None"),
    (changed(lr=True), TypeError, "lr must be a number or a schedule, got True"),
    (changed(lr=[]), TypeError, "lr must be a number or a schedule, got []"),
    (changed(lr=1j), TypeError, "lr must be a number or a schedule, got 1j"),
    (changed(lr=[0.1, -2.0]), ValueError, "lr must be a finite number above 0, got -2.0"),
    # schedules that return nonsense
    (changed(lr=schedules.cosine), TypeError, "schedules.cosine(0.1, steps="),
    (changed(lr=at_step(3, np.nan)), ValueError, "at step 3 it gave nan"),
    (changed(lr=at_step(0, -0.1)), ValueError, "at step 0 it gave -0.1"),
    (changed(lr=at_step(2, np.inf)), ValueError, "at step 2 it gave inf"),
    (changed(lr=at_step(4, "small")), ValueError, "at step 4 it gave 'small'"),
    (changed(lr=at_step(1, None)), ValueError, "at step 1 it gave None"),
    (changed(lr=at_step(1, [0.1, 0.2])), ValueError, "at step 1"),
    (changed(lr=lambda t: 1 / (t - 2)), ValueError, "at step 0 it gave -0.5"),
    (changed(lr=lambda t: 0.1 / abs(t - 2)), ValueError, "at step 2"),
    (changed(lr=lambda: 0.1), ValueError, "at step 0"),
    # points and shapes
    (changed(start=(1, 2)), ValueError, "start must end in an axis of 1 number for surface 'parabola', got shape (2,)"),
    (plane(start=1), ValueError, "start must end in an axis of 2 numbers for surface 'quadratic', got shape ()"),
    (plane(start=(1, 2, 3)), ValueError, "got shape (3,)"),
    (changed(start="left"), TypeError, "start must be a finite number, got 'left'"),
    (changed(start=np.nan), ValueError, "start must be a finite number, got nan"),
    (changed(start=[[1.0], [1.0, 2.0]]), TypeError, "start must be a finite number, got [[1.0], [1.0, 2.0]]"),
    (
        changed(lr=[0.1, 0.2], curvature=[1, 2, 3]),
        ValueError,
        "do not broadcast: lr (2,), curvature (3,)",
    ),
    (changed(lr=[0.1, 0.2], seed=[1, 2, 3]), ValueError, "do not broadcast"),
    # numbers out of range
    (changed(steps=0), ValueError, "steps must be a whole number from 1 to 1000000, got 0"),
    (changed(steps=2.5), TypeError, "steps must be a whole number from 1 to 1000000, got 2.5"),
    (changed(steps=10**9), ValueError, "steps must be a whole number from 1 to 1000000, got 1000000000"),
    (changed(steps="many"), TypeError, "steps must be a whole number from 1 to 1000000, got 'many'"),
    (changed(curvature=-1), ValueError, "curvature must be a number from 1e-06 to 1e+06, got -1.0"),
    (changed(curvature="steep"), TypeError, "curvature must be a number from 1e-06 to 1e+06, got 'steep'"),
    (plane(condition=0.5), ValueError, "condition must be a number from 1 to 1e+06, got 0.5"),
    (heavy(beta=1.5), ValueError, "beta must be a number from 0 to 0.999, got 1.5"),
    (heavy(beta=[0.5, np.nan]), ValueError, "beta must be a number from 0 to 0.999, got nan"),
    (changed(optimizer="adam", eps=-1e-8), ValueError, "eps must be a number from 0 to 1, got -1e-08"),
    (changed(optimizer="adam", beta2=1.0), ValueError, "beta2 must be a number from 0 to 0.999999, got 1.0"),
    (changed(optimizer="adamw", weight_decay=11), ValueError, "weight_decay must be a number from 0 to 10, got 11.0"),
    (changed(noise=-0.1), ValueError, "noise must be a finite number of at least 0, got -0.1"),
    (changed(noise="loud"), TypeError, "noise must be a finite number of at least 0, got 'loud'"),
    (changed(noise=0.1, seed=0.5), ValueError, "seed must be a whole number from 0 to 999999, got 0.5"),
    (changed(noise=0.1, seed=-1), ValueError, "seed must be a number from 0 to 999999, got -1.0"),
    (changed(noise=0.1, seed=None), TypeError, "seed must be a number from 0 to 999999, got None"),
    (lambda: normals(0, 3, 4), ValueError, "coordinates must be a whole number from 1 to 2, got 4"),
    (changed(dtype="float8"), TypeError, "dtype must be one of float64, float32, float16, got 'float8'"),
    (changed(dtype=int), ValueError, "dtype must be one of float64, float32, float16, got 'int64'"),
    # what is not compiled
    (ending(dtype=np.float32), ValueError, "dtype must be float64 where compiled=True, got 'float32'"),
    (ending(compiled="yes"), TypeError, "compiled must be True or False, got 'yes'"),
    (ending(noise=0.1), ValueError, "noise must be 0 where compiled=True"),
    (ending(curvature=[1.0, 2.0]), ValueError, "curvature must be one number where compiled=True, got 2"),
    # curvature
    (lambda: curvature.critical_rate("gd", 0), ValueError, "sharpness must be a finite number above 0, got 0.0"),
    (lambda: curvature.overflow_step(0.9, 1.0, 1e10), ValueError, "multiplier must be larger than 1 in size"),
    (lambda: curvature.critical_rate("adamw", 10, lr=0.1), TypeError, "lr is what critical_rate finds"),
    (lambda: curvature.eigenvalues("quadratic", (0, 0)), TypeError, "surface must be one of lrlib.surfaces, got 'quad"),
    (lambda: curvature.eigenvalues(surfaces.quadratic, 0), ValueError, "point must end in an axis of 2"),
    (lambda: curvature.best_rate(1.0, 2.0), ValueError, "largest"),
    (lambda: curvature.hessian_vector_product("f", [1.0], [1.0]), TypeError, "function must be a function"),
    (lambda: surfaces.moments([1, 1], [1, 2]), ValueError, "x must hold at least two different values"),
    # executors that die, and other searches that cannot work
    (tried(executor=Dying()), RuntimeError, "computed nothing: BrokenProcessPool: a worker died"),
    (tried(executor=shut_down()), RuntimeError, "cannot schedule new futures after shutdown"),
    (tried(executor=ThreadPoolExecutor), TypeError, "executor must be an instance of a concurrent.futures.Executor"),
    (tried(executor=4), TypeError, "executor must be an instance of a concurrent.futures.Executor or None, got 4"),
    (tried(objective="loss"), TypeError, "objective must be a function of settings, got 'loss'"),
    (tried(choices={}), TypeError, "choices must be a dict of lists of numbers, by name of the setting, got {}"),
    (tried(choices={"lr": 0.1}), TypeError, "choices['lr'] must be a list of numbers, got 0.1"),
    (tried(objective=lambda lr: "low"), TypeError, "low"),
    (lambda: search.random(abs, {"lr": (0, 1)}, 5), ValueError, "ranges['lr'] must be (low, high) with 0 < low < high"),
    (lambda: search.Descent("parabola", "gd", 1.0, 5)(lr=0.1, beta=1), TypeError, "has no setting 'beta'"),
    # figures
    (drawn(panels=["lost"]), ValueError, "panels 'lost' is unknown: did you mean 'loss'?"),
    (drawn(controls=["curvatur"]), ValueError, "controls 'curvatur' is unknown: did you mean 'curvature'?"),
    (drawn(controls=["condition"]), ValueError, "controls 'condition' is unknown"),
    (drawn(lr=[0.1, 0.2]), TypeError, "lr must be one number, got [0.1, 0.2]"),
    (drawn(start=None, steps=20_001), ValueError, "steps must be a whole number from 1 to 20000, got 20001"),
    (drawn(noise=-1), ValueError, "noise must be a finite number of at least 0, got -1.0"),
    (drawn(noise=[0.1]), TypeError, "noise must be one number, got [0.1]"),
    (drawn(seed=1.5), TypeError, "seed must be a whole number from 0 to 999999, got 1.5"),
    (drawn(seed=1_000_000), ValueError, "seed must be a whole number from 0 to 999999, got 1000000"),
    (drawn(dtype="float8"), ValueError, "dtype 'float8' is unknown: did you mean 'float64'?"),
    (drawn(dtype=int), ValueError, "dtype 'int64' is unknown"),
    (drawn(cursor=51), ValueError, "cursor must be a whole number from 0 to steps, 50, got 51"),
    (drawn(cursor=-1), ValueError, "cursor must be a whole number from 0 to 20000, got -1"),
    (drawn(predict="ends"), ValueError, "predict 'ends' is unknown: did you mean 'end'?"),
    (drawn(hidden="loss"), TypeError, "hidden must be a list of names, got 'loss'"),
    (drawn(hidden=["loose"]), ValueError, "hidden 'loose' is unknown: did you mean 'loss'?"),
    # races
    (drawn(optimizer=[]), ValueError, "optimizers must be a list of 1 to 5 rules, got []"),
    (drawn(optimizer=list(OPTIMIZERS)[:6]), ValueError, "optimizers must be a list of 1 to 5 rules, got ['gd', "),
    (drawn(optimizer=["gd", "gd"]), ValueError, "optimizers must be different rules, got ['gd', 'gd']"),
    (drawn(optimizer=["gd", "adm"]), ValueError, "optimizer 'adm' is unknown: did you mean 'adam'?"),
    (drawn(optimizer=["gd", 3]), TypeError, "optimizer must be a name, got 3"),
    (drawn(optimizer=["gd", "adam"], beta=0.9), TypeError, "'parabola' with 'gd', 'adam' has no setting 'beta'"),
    (
        drawn(optimizer=["adam", "lion"], beta2=0.99995),
        ValueError,
        "beta2 must be a number from 0 to 0.9999, got 0.99995",
    ),
    (drawn(lr={"adam": 0.1}), ValueError, "rates['adam'] is the rate of a rule that does not run: known: gd"),
    (drawn(lr={"gdd": 0.1}), ValueError, "rates 'gdd' is unknown: did you mean 'gd'?"),
    (drawn(lr={"gd": -0.1}), ValueError, "rates['gd'] must be a finite number above 0, got -0.1"),
    (
        drawn(lr={"gd": schedules.cosine(0.1)}),
        TypeError,
        "rates['gd'] must be a finite number above 0, got schedules.co",
    ),
    (drawn(lr={}), ValueError, "lr must hold a rate for at least one rule, got {}"),
    (drawn(schedule={"name": "cosine"}), TypeError, "has no setting 'schedule'"),
    # schedules in figures
    (
        drawn(lr=schedules.cosine),
        TypeError,
        "lr must be a schedule with its rate: write schedules.cosine(0.1, steps=…)",
    ),
    (drawn(lr=lambda t: 0.1), TypeError, "lr must be a number or one of the book's schedules in a figure, such as"),
    (drawn(lr=schedules.cosine([0.1, 0.2])), TypeError, "lr must be one number, got array([0.1, 0.2])"),
    (
        drawn(lr=schedules.cosine(0.1, steps=[5, 9])),
        TypeError,
        "schedule's steps must be one number, got array([5., 9.])",
    ),
    (
        drawn(lr=schedules.warmup(schedules.warmup(0.1, 5), 5)),
        TypeError,
        "lr must have at most one warm-up in a figure",
    ),
    (
        drawn(lr=schedules.warmup(0.1, [5, 6])),
        TypeError,
        "steps of the warm-up must be one number, got array([5., 6.])",
    ),
    (
        drawn(lr=schedules.warmup(0.1, 2.5)),
        TypeError,
        "schedule's warmup must be a whole number from 0 to 1000000, got 2.5",
    ),
    (drawn(lr=schedules.warmup(lambda t: 0.1, 5)), TypeError, "lr must be a number or one of the book's schedules"),
    (lambda: lab(lr=schedules.cyclic(0.3, base=0.2)).set_trait("lr", 0.1), ValueError, "base must not be above lr"),
    (lambda: source("gd"), TypeError, "function must be a plain Python function, such as optimizers.gd, got 'gd'"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused_by_name(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)
    assert len(str(error.value)) < 500, "a message is to be read"


def test_a_rule_itself_is_as_good_as_its_name():
    assert descend(**(USUAL | {"optimizer": optimizers.gd})).points.shape == (6, 1)

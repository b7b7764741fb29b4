"""Adam on Rosenbrock's valley: one run, and a sweep of rates, beside what a reader would use instead.

PyTorch and optax are measured where they are installed (`pip install -e .[reference]`); elsewhere their
stored figures stand in the table, with what they are from. Where both are installed,

    python bench/mathematics.py

measures and stores them anew.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np

from lrlib import descend, outcome

STEPS, RATES, ROUNDS = 300, 10_000, 15
START, LR, SWEEP = (-1.2, 1.0), 0.01, np.geomspace(1e-4, 1e-1, RATES)
STORED = Path(__file__).with_name("stored.json")


def numpy_loop(lr: np.ndarray | float) -> np.ndarray:
    """What one writes in ten minutes: a loop over steps, the last point kept."""
    x = np.broadcast_to(START, (*np.shape(lr), 2)).copy()
    lr = np.asarray(lr)[..., None]
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t in range(1, STEPS + 1):
        a, b = x[..., 0], x[..., 1]
        g = np.stack([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)], axis=-1)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        x = x - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return x


def torch_runs() -> dict[str, Callable]:
    """One run with the gradient given, and one with autograd, float64."""
    import torch

    def run(autograd: bool) -> None:
        p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.Adam([p], lr=LR)
        for _ in range(STEPS):
            if autograd:
                optimizer.zero_grad()
                ((1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2).backward()
            else:
                a, b = p.tolist()
                p.grad = torch.tensor([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)], dtype=torch.float64)
            optimizer.step()

    return {"PyTorch, gradient given": lambda: run(False), "PyTorch, autograd": lambda: run(True)}


def optax_runs() -> tuple[dict[str, Callable], dict[str, Callable]]:
    """One run and the sweep, jitted, in float64; and one run uncompiled."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    slope = jax.grad(lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2)

    def last(lr):
        rule = optax.adam(1.0)

        def step(carry, _):
            p, state = carry
            update, state = rule.update(slope(p), state, p)
            return (optax.apply_updates(p, lr * update), state), None

        p = jax.numpy.array(START)
        return jax.lax.scan(step, (p, rule.init(p)), None, length=STEPS)[0][0]

    def uncompiled():
        rule, p = optax.adam(LR), jax.numpy.array(START)
        state = rule.init(p)
        for _ in range(STEPS):
            a, b = float(p[0]), float(p[1])
            g = jax.numpy.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])
            update, state = rule.update(g, state, p)
            p = optax.apply_updates(p, update)

    single, sweep = jax.jit(last), jax.jit(jax.vmap(last))
    return (
        {"optax, uncompiled": uncompiled, "optax, jitted": lambda: single(LR).block_until_ready()},
        {"optax, jitted and vmapped": lambda: sweep(SWEEP).block_until_ready()},
    )


def runs_by_title() -> dict[str, dict[str, Callable]]:
    """All that is measured here, by the title of its table."""
    singles: dict[str, Callable] = {
        "lrlib, whole path": lambda: descend("rosenbrock", "adam", START, LR, STEPS),
        "NumPy loop, last point": lambda: numpy_loop(LR),
    }
    sweeps: dict[str, Callable] = {
        "lrlib, last points": lambda: outcome("rosenbrock", "adam", START, SWEEP, STEPS),
        "lrlib, whole paths": lambda: descend("rosenbrock", "adam", START, SWEEP, STEPS),
        "lrlib[fast], last points": lambda: outcome("rosenbrock", "adam", START, SWEEP, STEPS, compiled=True),
        "NumPy loop, last points": lambda: numpy_loop(SWEEP),
    }
    if find_spec("torch"):
        singles |= torch_runs()
    if find_spec("optax"):
        one, many = optax_runs()
        singles, sweeps = singles | one, sweeps | many
    return {f"Adam, {STEPS} steps, one run": singles, f"Adam, {STEPS} steps, {RATES:,} rates": sweeps}


def _imports() -> list[float]:
    """Seconds of `import lrlib` in Pythons of their own, beyond the start of Python itself."""
    command = "import time; start = time.perf_counter(); import lrlib; print(time.perf_counter() - start)"
    runs = (subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True) for _ in "12345")
    return [float(run.stdout) for run in runs]


def report() -> Iterator[str]:
    yield f"import lrlib: {median(_imports()):.2f} s, median of 5 (aim 0.5)"
    yield ""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    for title, runs in runs_by_title().items():
        yield f"{title}, in milliseconds{'':12}{'first':>10}{'median':>10}{'least':>10}"
        for name, (first, times) in _measured(runs).items():
            yield f"  {name:44}{first:10.2f}{median(times):10.3f}{min(times):10.3f}"
        for name, (first, middle, least) in stored["times"][title].items():
            if name not in runs:
                yield f"  {name + ' (stored)':44}{first:10.2f}{middle:10.3f}{least:10.3f}"
        yield ""
    yield f"first: with compiling and importing. Stored figures: {stored['from']}"


def _measured(runs: dict[str, Callable]) -> dict[str, tuple[float, list[float]]]:
    """The first time and then the others, in turns, so that all meet the same machine."""
    first = {name: _time(run) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(_time(run))
    return {name: (first[name], times[name]) for name in runs}


def _time(run: Callable) -> float:
    start = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - start)


def store() -> None:
    """What PyTorch and optax need here and now, for machines without them."""
    times = {
        title: {
            name: [round(first, 3), round(median(times), 3), round(min(times), 3)]
            for name, (first, times) in _measured(runs).items()
            if "lrlib" not in name and "NumPy" not in name
        }
        for title, runs in runs_by_title().items()
    }
    origin = ", ".join(f"{name} {version(name)}" for name in ("torch", "optax", "jax"))
    origin += f", Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    STORED.write_text(json.dumps({"from": origin, "times": times}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    store()

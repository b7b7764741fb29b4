"""Run every case in PyTorch and optax and store what comes out in values.json.

    pip install -e ".[reference]"
    python tests/reference/make.py

The libraries' own classes walk the paths, in float64 on the processor. Their gradients are not ours
either: the losses are written once more here, and PyTorch's autograd and `jax.grad` differentiate them,
so a wrong gradient in `lrlib.surfaces` is found too. Nothing is imported from PyTorch and optax before
they are asked for: pytest collects this file on machines without them.
"""

import inspect
import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))

from cases import (
    CASES,
    DEFAULTS,
    LIBRARIES,
    SCHEDULES,
    STEPS,
    STORED,
    STORED_RATES,
    UNLIKE,
    UNLIKE_RATES,
    Call,
    Place,
    TheirRates,
    Theirs,
)

VALUES = Path(__file__).parent / "values.json"
COMMAND = "python tests/reference/make.py"


def all_theirs() -> list[Theirs]:
    """Every path that is walked by a library."""
    return [theirs for case in CASES for theirs in case.theirs] + list(UNLIKE.values())


def all_their_rates() -> list[TheirRates]:
    """Every schedule that a library computes."""
    return [theirs for _, said in SCHEDULES for theirs in said] + list(UNLIKE_RATES.values())


def loss(m: Any, place: Place, point: Any) -> Any:
    """The surface's loss at a point, in the functions of a module: torch or jax.numpy."""
    s = place.settings
    if place.surface == "pseudo_huber":
        return m.sqrt(1 + point[0] ** 2) - 1
    x, y = point[0], point[1]
    match place.surface:
        case "quadratic":
            alpha = math.radians(s["rotation"])
            u, v = x * math.cos(alpha) + y * math.sin(alpha), y * math.cos(alpha) - x * math.sin(alpha)
            return 0.5 * u**2 + 0.5 * s["condition"] * v**2
        case "valley":
            return 0.5 * x**2 + 0.5 * s["steepness"] * (y - s["bend"] * m.sin(x)) ** 2
        case "rosenbrock":
            return (1 - x) ** 2 + s["steepness"] * (y - x**2) ** 2
        case "beale":
            return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2
        case "himmelblau":
            return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
        case "cliff":
            square = x**2 + y**2
            return 1 - m.exp(-square / (2 * s["width"] ** 2)) + 0.5 * s["tilt"] * square
    raise ValueError(f"write the loss of {place.surface!r} into {__file__}")


def path(theirs: Theirs) -> list[list[float]]:
    """The points of a path as the library walks it, the start first."""
    return _torch_path(theirs) if theirs.library == "torch" else _optax_path(theirs)


def rates(theirs: TheirRates) -> list[float]:
    """The rates of a schedule as the library computes them, from step 0 on."""
    return _torch_rates(theirs) if theirs.library == "torch" else _optax_rates(theirs)


@contextmanager
def _default_dtype(name: str) -> Iterator[None]:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, name))
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _torch_path(theirs: Theirs) -> list[list[float]]:
    import torch

    with _default_dtype(theirs.default_dtype):
        point = torch.tensor(theirs.place.start, dtype=torch.float64, requires_grad=True)
        optimizer = getattr(torch.optim, theirs.call.name)([point], **theirs.call.arguments)
        scheduler = _scheduler(optimizer, theirs.schedule) if theirs.schedule else None
        points = [point.tolist()]
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss(torch, theirs.place, point).backward()
            optimizer.step()
            if scheduler:
                scheduler.step()
            points.append(point.tolist())
    return points


def _scheduler(optimizer: Any, call: Call) -> Any:
    from torch.optim import lr_scheduler

    given = dict(call.arguments)
    if "schedulers" in given:
        given["schedulers"] = [_scheduler(optimizer, part) for part in given["schedulers"]]
    return getattr(lr_scheduler, call.name)(optimizer, **given)


def _torch_rates(theirs: TheirRates) -> list[float]:
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=theirs.lr)
    scheduler = _scheduler(optimizer, theirs.call)
    found = []
    for t in range(theirs.until):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if t + 1 < theirs.until:
            scheduler.step()
    return found


def _optax(call: Any) -> Any:
    """The call made, those among its arguments first."""
    import optax

    if isinstance(call, list):
        return [_optax(part) for part in call]
    if not isinstance(call, Call):
        return call
    return getattr(optax, call.name)(**{name: _optax(value) for name, value in call.arguments.items()})


def _optax_path(theirs: Theirs) -> list[list[float]]:
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    optimizer = _optax(theirs.call)
    gradient = jax.grad(lambda point: loss(jax.numpy, theirs.place, point))

    def step(now: Any, _: Any) -> Any:
        point, state = now
        updates, state = optimizer.update(gradient(point), state, point)
        point = optax.apply_updates(point, updates)
        return (point, state), point

    start = jax.numpy.array(theirs.place.start, dtype="float64")
    walk = jax.jit(lambda point: jax.lax.scan(step, (point, optimizer.init(point)), None, STEPS)[1])
    return [start.tolist(), *walk(start).tolist()]


def _optax_rates(theirs: TheirRates) -> list[float]:
    import jax

    jax.config.update("jax_enable_x64", True)
    schedule = _optax(theirs.call)
    rate = jax.jit(jax.vmap(lambda t: jax.numpy.asarray(schedule(t), dtype="float64")))
    return rate(jax.numpy.arange(theirs.until)).tolist()


def defaults(module: str) -> dict[str, dict[str, Any]]:
    """What the library's signatures say of the arguments named in DEFAULTS."""
    found: dict[str, dict[str, Any]] = {}
    for name, arguments in DEFAULTS[module].items():
        parameters = inspect.signature(getattr(import_module(module), name)).parameters
        given = {argument: parameters[argument].default for argument in arguments}
        given = {argument: None if value is inspect.Parameter.empty else value for argument, value in given.items()}
        found[name] = {argument: list(v) if isinstance(v, tuple) else v for argument, v in given.items()}
    return found


def stored(values: Any, steps: tuple[int, ...]) -> list[Any]:
    """The values at these steps, as far as they go."""
    return [values[t] for t in steps if t < len(values)]


def main() -> None:
    """Compute and store everything; one line a case, so that a change can be read."""
    made = {name: metadata.version(name) for name in (*LIBRARIES, "jax")}
    parts = {
        "made": {"by": COMMAND} | made,
        "steps": {"paths": list(STORED), "rates": list(STORED_RATES)},
        "defaults": {module: defaults(module) for module in DEFAULTS},
        "paths": {repr(theirs): stored(path(theirs), STORED) for theirs in all_theirs()},
        "rates": {repr(theirs): stored(rates(theirs), STORED_RATES) for theirs in all_their_rates()},
    }
    lines = []
    for part, entries in parts.items():
        rows = ",\n".join(f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(v)}" for key, v in entries.items())
        lines.append(f"{json.dumps(part)}: {{\n{rows}\n}}")
    VALUES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

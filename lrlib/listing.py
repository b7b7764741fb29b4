"""A figure's run as lines of Python. The page writes the same text (`figure/share.js`)."""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from lrlib import schedules
from lrlib.optimizers import OPTIMIZERS
from lrlib.settings import Setting
from lrlib.state import State, is_resumed, rate_of
from lrlib.surfaces import SURFACES


def plain(value: float) -> str:
    """A finite number as JavaScript writes it, which Python reads as the same number.

    The shortest digits that give the number back; plain from 1e-6 to below 1e21, else with an
    exponent without leading zeros, and never a ".0": what `String(x)` gives. Only minus zero, which
    JavaScript writes as 0, is "-0.0".

    >>> [plain(x) for x in (50, 2.0, 0.1, 1e-7, 1.5e-7, 1e16, 1e21, -0.0)]
    ['50', '2', '0.1', '1e-7', '1.5e-7', '10000000000000000', '1e+21', '-0.0']
    """
    value = float(value)
    if value == 0:
        return "-0.0" if np.signbit(value) else "0"
    digits = Decimal(repr(abs(value))).normalize().as_tuple()
    text, point = "".join(map(str, digits.digits)), len(digits.digits) + digits.exponent
    if -6 < point <= 0:
        text = "0." + "0" * -point + text
    elif 0 < point <= 21:
        text = text.ljust(point, "0") if len(text) <= point else f"{text[:point]}.{text[point:]}"
    else:
        text = f"{text[0]}{'.' if len(text) > 1 else ''}{text[1:]}e{point - 1:+d}"
    return ("-" if value < 0 else "") + text


def _named(values: Mapping[str, float], known: Mapping[str, Setting]) -> list[str]:
    """Keyword arguments, for what differs from its default."""
    changed = (name for name in known if name in values and values[name] != known[name].default)
    return [f"{name}={plain(values[name])}" for name in changed]


def _rate_text(state: State, lr: float) -> str:
    schedule, text = state["schedule"], plain(lr)
    if schedule["name"] != "constant":
        known = schedules.SCHEDULES[schedule["name"]].settings
        text = f"schedules.{schedule['name']}({', '.join([text, *_named(schedule['settings'], known)])})"
    if schedule["warmup"]:
        steps = f"steps={plain(schedule['warmup'])}"
        start = [f"start={plain(schedule['start'])}"] if schedule["start"] else []
        text = f"schedules.warmup({', '.join([text, steps, *start])})"
    return text


def listing(state: State) -> str:
    """The lines that give the path of a figure, or in a race the paths, with the same bits.

    Beyond what `descend` demands, only what differs from its and the settings' defaults is written; the
    seed only with noise. The order is that of `descend`, of the surface's settings and of the rule's.
    """
    race = state["optimizers"]
    needed = "descend, schedules" if "schedules." in _rate_text(state, 1.0) else "descend"
    head = f"from lrlib import {needed}"
    if len(race) == 1:
        return f"{head}\npath = {_call(state, race[0])}"
    calls = [f'    "{name}": {_call(state, name)},' for name in race]
    return "\n".join([head, "paths = {", *calls, "}"])


def _call(state: State, name: str) -> str:
    point = [plain(value) for value in state["start"]]
    parts = [
        f'"{state["surface"]}"',
        f'"{name}"',
        f"start={point[0] if len(point) == 1 else '[' + ', '.join(point) + ']'}",
        f"lr={_rate_text(state, rate_of(state, name))}",
        f"steps={state['steps']}",
    ]
    if state["noise"]:
        parts += [f"noise={plain(state['noise'])}"] + ([f"seed={state['seed']}"] if state["seed"] else [])
    if state["dtype"] != "float64":
        parts.append(f'dtype="{state["dtype"]}"')
    if state["clip"] is not None:
        parts.append(f"clip={plain(state['clip'])}")
    if is_resumed(state):
        parts += [f"resume={state['resume']}"] + ([f'lost="{state["lost"]}"'] if state["lost"] != "nothing" else [])
    known = SURFACES[state["surface"]].settings | OPTIMIZERS[name].settings
    return f"descend({', '.join(parts + _named(state['settings'], known))})"

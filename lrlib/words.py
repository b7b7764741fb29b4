"""What a figure says, in the reader's language: its strings, its numbers, its one sentence.

`figure/run.js` says the same with the same strings; a test in a browser holds the two together.
"""

import json
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from lrlib.path import Path
from lrlib.settings import choice

LANGUAGES = ("en", "de", "zh", "ko")

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_current = "en"

#: Beside a number that was computed, what rounding may have made of 0.
_ROUNDING = 1e-12


def use(language: str) -> None:
    """Set the language of all figures made from here on.

    Arguments
        language: en, de, zh or ko.

    Raises TypeError or ValueError for any other.

    >>> from lrlib import use
    >>> use("en")
    """
    global _current
    _current = choice("language", language, LANGUAGES)


def current() -> str:
    """The language set by `use`."""
    return _current


@cache
def strings(language: str) -> dict[str, str]:
    """All strings of one language, from `lrlib/locale`."""
    return json.loads(files("lrlib").joinpath(f"locale/{language}.json").read_text(encoding="utf-8"))


def ten_to(exponent: int) -> str:
    """A power of ten.

    >>> ten_to(-12)
    '10⁻¹²'
    """
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def format_number(value: float, decimal: str = ".", figures: int = 3) -> str:
    """A number as a reader writes it: three digits or more, a real minus, powers of ten when they are needed.

    >>> [format_number(v) for v in (0.05, -2.0, 1234.5, 1.7e308, float("inf"), float("nan"))]
    ['0.05', '−2', '1230', '1.7×10³⁰⁸', '∞', 'nan']
    """
    if np.isnan(value):
        return "nan"
    sign = "−" if value < 0 else ""
    if np.isinf(value):
        return sign + "∞"
    if value == 0:
        return "0"
    exact = abs(Decimal(float(value)))
    exponent = exact.adjusted()
    digits = (exact.scaleb(figures - 1 - exponent)).quantize(Decimal(1), ROUND_HALF_UP)
    if digits == 10**figures:
        digits, exponent = Decimal(10 ** (figures - 1)), exponent + 1
    text = str(digits)
    if -4 <= exponent < 5:
        if exponent >= 0:
            text = text.ljust(exponent + 1, "0")
            whole, part = text[: exponent + 1], text[exponent + 1 :]
        else:
            whole, part = "0", "0" * (-exponent - 1) + text
        tail = ""
    else:
        whole, part = text[0], text[1:]
        tail = "×" + ten_to(exponent)
    part = part.rstrip("0")
    return sign + whole + (decimal + part if part else "") + tail


def facts(
    path: Path,
    view: Any,
    panels: Any,
    rate: float,
    floor: np.ndarray | None = None,
    resumed: tuple[int, str] | None = None,
) -> dict[str, Any]:
    """What happened on one run, as the sentence tells it.

    Steps are None where a thing did not happen: `leaves` is the step from which on every point lies
    outside the view (told only where the landscape is among the panels), `crosses` the first step after
    the start whose gauge is above the threshold, `below` the first whose loss is below 0, where no logarithm
    can show it, `infinite` the one from which on no loss is a number, `overflows` the first whose loss is none
    though a later one is, `nan` the first whose point is nan. `place` is the point at `leaves`, `before` the
    loss one step before `infinite`, `ends` the last rate where a schedule has moved it, `bounces` whether the
    path ends between two points. One step shows no `regime`, nor does a run that is infinite before it has made
    two; `steep` tells whether it is that of the steepest direction alone. `rate` is the one that the schedule
    begins with; of `floor`, the noise floor at the rate of each step, the last is told, None where it does not
    exist. `rescaled` tells whether the gauge is that of a rescaled Hessian, `clips` how many gradients were
    clipped, None where none could be; `resumed` is the step at which the run is resumed, and what it lost
    there.
    """
    low, high = np.asarray(view, dtype=float).T
    with np.errstate(all="ignore"):
        outside = ~((path.points >= low) & (path.points <= high)).all(axis=-1)
        over = np.asarray(path.gauge > path.threshold)
    leaves = _first(np.logical_and.accumulate(outside[::-1])[::-1]) if "landscape" in panels else None
    overflows, infinite = lost(path.losses)
    gauge = path.gauge[np.isfinite(path.losses[:-1])]
    constant = bool(np.all(gauge == path.gauge[0]))
    moves = bool((path.points[1] != path.points[0]).any())
    bowl = bool((path.preconditioned_eigenvalues[0] > 0).all())
    plain = constant and moves and bowl and path.optimizer.scale is None and path.noise is None
    product, threshold = float(path.gauge[0]), float(path.threshold[0])
    seen = len(path.losses) > 2 and (infinite is None or infinite > 1)
    regime = _regime(product, _glide(path), threshold) if plain and seen else None
    steep = _steep(path) if regime else None
    return {
        "rule": path.optimizer.name,
        "rescaled": path.optimizer.scale is not None or path.clip is not None,
        "lr": rate,
        "ends": None if path.rates[-1] == path.rates[0] else float(path.rates[-1]),
        "product": product,
        "threshold": threshold,
        "constant": constant,
        "regime": None if steep is None and regime != "glide" else regime,
        "steep": bool(steep),
        "bounces": not plain and path.noise is None and _bounces(path.points.astype(float)),
        "clips": None if path.clip is None else int((path.clipped[:-1] < 1).sum()),
        "resumed": resumed,
        "steps": len(path.losses) - 1,
        "first": float(path.losses[0]),
        "last": float(path.losses[-1]),
        "crosses": _first(over) or None,
        "leaves": leaves,
        "place": None if leaves is None else path.points[leaves].tolist(),
        "below": _first(path.losses < 0),
        "overflows": overflows,
        "infinite": infinite,
        "before": float(path.losses[infinite - 1]) if infinite else None,
        "nan": _first(np.isnan(path.points).any(axis=-1)),
        "floor": None if floor is None or not np.isfinite(floor[-1]) else float(floor[-1]),
    }


def lost(losses: np.ndarray) -> tuple[int | None, int | None]:
    """The first step whose loss is no number though a later one is, and the one from which on none is; None for never.

    >>> lost(np.array([1, np.inf, 3, np.inf, np.nan]))
    (1, 3)
    """
    known = np.isfinite(losses)
    last = int(np.flatnonzero(known).max(initial=-1))
    return _first(~known[: last + 1]), last + 1 if last + 1 < len(losses) else None


def _bounces(points: np.ndarray) -> bool:
    """Whether the path ends in jumps between two points, not too small beside its first step."""

    def apart(s: int, t: int) -> float:
        return float(np.abs(points[s] - points[t]).max())

    if len(points) < 4 or not np.isfinite(points[-4:]).all():
        return False
    jump = apart(-1, -2)
    return jump > 1e-6 * apart(0, 1) and max(apart(-1, -3), apart(-2, -4)) <= 1e-6 * jump


def _steep(path: Path) -> bool | None:
    """Whether the largest curvature is that of one direction alone; None where the path does not move along it."""
    large, small = path.eigenvalues[0][[0, -1]]
    if large - small <= _ROUNDING * large:
        return False
    point, settings = path.points[0].astype(float), {n: float(v) for n, v in path.surface_settings.items()}
    a, b, d = path.surface.hessian(*point, **settings)
    gx, gy = path.gradients[0].astype(float)
    # (H − λ₂)g, the part of Hg that the other direction does not explain.
    part = max(abs((a - small) * gx + b * gy), abs(b * gx + (d - small) * gy))
    return True if part > _ROUNDING * large * max(abs(gx), abs(gy)) else None


def _glide(path: Path) -> float:
    return float(path.optimizer.glide(path.rates[0], **path.optimizer_settings))


def _regime(product: float, glide: float, threshold: float) -> str | None:
    # Without memory the threshold is 2 and the path jumps from side to side; with memory it swings.
    jumps = threshold == 2
    if product <= glide:
        return "glide"
    if not _differ(product, threshold):
        return "border" if jumps else "border_memory"
    if product < threshold:
        return "zigzag" if jumps else "swing"
    return "explode" if jumps else "widen"


def _differ(product: float, threshold: float) -> bool:
    """Whether they do by more than rounding makes of equal ones; False where there is no threshold."""
    return bool(abs(product - threshold) > 4 * np.finfo(float).eps * threshold)


def figures_apart(product: float, threshold: float) -> int:
    """How many figures tell a product from the threshold, three to six.

    >>> figures_apart(0.5, 2.0), figures_apart(1.998, 2.0), figures_apart(2.0, 2.0)
    (3, 4, 3)
    """
    if not _differ(product, threshold):
        return 3
    written = (format_number(product, figures=n) != format_number(threshold, figures=n) for n in (3, 4, 5))
    return next((n for n, apart in zip((3, 4, 5), written, strict=True) if apart), 6)


def _first(happened: np.ndarray) -> int | None:
    return int(np.argmax(happened)) if happened.any() else None


def sentence(told: dict[str, Any], language: str, race: list[tuple[str, float]] | None = None) -> str:
    """A few plain sentences that say what the figure shows.

    `race` names each rule with its last loss where several run; then `told` is of the one in focus.
    """
    words = strings(language)
    number = written(told, ("lr", "ends", "product", "threshold", "first", "last"), words["decimal"])

    gauge = "ηλ̃" if told["rescaled"] else "ηλ"

    def say(key: str, **more: Any) -> str:
        return words["says_" + key].format(**number, steps=told["steps"], gauge=gauge, **more)

    said = []
    if race:
        said += [say("race", list=_standings(race, words)), say("focus", rule=words["rule_" + told["rule"]])]
    said.append(say("rate_alone" if np.isnan(told["threshold"]) else "rate" if told["constant"] else "rate_start"))
    if told["ends"] is not None and number["ends"] != number["lr"]:
        said.append(say("ends"))
    if told["regime"]:
        said.append(say(regime_key(told, words)))
    if told["clips"] is not None:
        said.append(say("clips", count=told["clips"]))
    if told["resumed"] is not None:
        step, lost = told["resumed"]
        said.append(say("resumed_" + lost, step=step))
    if told["bounces"]:
        said.append(say("bounces"))
    if told["crosses"] is not None:
        said.append(say("crosses", step=told["crosses"]))
    if told["leaves"] is not None:
        said.append(say("leaves", step=told["leaves"], place=_place(told["place"], words["decimal"])))
    if told["overflows"] is not None:
        said.append(say("overflows", step=told["overflows"]))
    if told["infinite"] is not None:
        said.append(say("infinite", step=told["infinite"]))
        if told["before"] is not None:
            said.append(say("before", before=format_number(told["before"], words["decimal"])))
    else:
        how = "same" if number["last"] == number["first"] else "falls" if told["last"] < told["first"] else "rises"
        said.append(say(how + "_one" if told["steps"] == 1 else how))
    if told["nan"] is not None:
        said.append(say("nan", step=told["nan"]))
    if told["floor"] is not None:
        said.append(say("floor", floor=format_number(told["floor"], words["decimal"])))
    return words["join"].join(said)


def regime_key(told: dict[str, Any], strings: dict[str, str]) -> str:
    """Which string tells the regime: where it is that of the steepest direction alone, and has a string for that, this one."""
    steep = f"{told['regime']}_steep"
    return steep if told["steep"] and f"says_{steep}" in strings else told["regime"]


def middle_zone(threshold: float) -> str:
    """Which string names what a path does between gliding and exploding: without a memory it lands on the other side.

    >>> middle_zone(2.0), middle_zone(3.6)
    ('zone_zigzag', 'zone_swing')
    """
    return "zone_zigzag" if threshold == 2 else "zone_swing"


def blank(label: str) -> str:
    """Where an answer is written on paper."""
    return f"{label}: ________"


def choices(labels: Iterable[str]) -> list[str]:
    """Answers of which one is ticked on paper."""
    return [f"○ {label}" for label in labels]


def written(told: dict[str, Any], names: tuple[str, ...], decimal: str) -> dict[str, str]:
    """Numbers of a sentence; the rate and what follows from it with as many figures as the threshold asks for."""
    figures = dict.fromkeys(("lr", "ends", "product", "threshold"), figures_apart(told["product"], told["threshold"]))
    return {name: format_number(told[name], decimal, figures.get(name, 3)) for name in names if told[name] is not None}


def _standings(race: list[tuple[str, float]], words: dict[str, str]) -> str:
    """The racers, the lowest loss first."""
    ordered = sorted(race, key=lambda one: np.inf if np.isnan(one[1]) else one[1])
    return words["comma"].join(
        f"{words['rule_' + name]}\u00a0{format_number(loss, words['decimal'])}" for name, loss in ordered
    )


def _place(point: list[float], decimal: str) -> str:
    written = [format_number(value, decimal) for value in point]
    between = " | " if decimal == "," else ", "
    return f"x = {written[0]}" if len(written) == 1 else f"({between.join(written)})"

"""Runs on a grid and runs at random, side by side: where they lie, and how many different rates they try."""

import html
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lrlib import search, words
from lrlib.settings import count as whole
from lrlib.settings import shown

#: Settings for the two curves beside the squares: so many along each side.
FINE = 41

MOST = 400

_SIDE, _STRIP, _GAP = 118, 30, 10  # of a square, of the curve beside it, of what is between
_LEFT, _TOP, _BELOW = 46, 4, 28  # room for the axes
_WIDE, _HIGH = _LEFT + _SIDE + _STRIP + _GAP, _TOP + _STRIP + _SIDE + _BELOW


class trials:
    r"""The same number of runs on a grid and at random, over two settings, drawn.

    $$\eta_i = \text{low}\,(\text{high}/\text{low})^{(i + u)/k}, \qquad i = 0 \dots k - 1$$

    Arguments
        objective: as for `search.grid`; a `search.Descent` is fastest.
        ranges: two settings and for each (low, high), 0 < low < high, the first one across.
        count: how many runs, a square from 4 to 400.
        seed: of the random draws and of u, which places the grid within its cells; in the middle of them, u = ½, for
            None, and the draws are then those of seed 0.

    Above each square the lowest loss at every value of the setting across, beside it that of the other one, both on a
    log axis, so that one sees which of them matters. The ticks below are the values that were tried; the ring is the
    best run.

    `grid` and `random` are the tables, as `search` gives them.

    Raises TypeError or ValueError for anything else.

    >>> from lrlib import search, trials
    >>> drawn = trials(search.Descent("quadratic", "adam", (-4, 2.5), 60), {"lr": (1e-3, 10), "eps": (1e-10, 1e-4)}, 16)
    >>> drawn
    16 runs on a grid: 4 different values of η, best loss 0.0145. 16 runs at random: 16 different values of η, best loss 0.00167.

    Source: after figure 1 of J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", Journal of
    Machine Learning Research 13 (2012), 281–305.
    """

    def __init__(self, objective: Any, ranges: Mapping[str, tuple], count: int = 16, seed: int | None = None):
        if not isinstance(ranges, Mapping) or len(ranges) != 2:
            raise ValueError(f"ranges must be a dict of two settings, got {shown(ranges)}")
        count = whole("count", count, 4, MOST)
        side = math.isqrt(count)
        if side * side != count:
            raise ValueError(f"count must be a square, such as 16 or 25, got {count}")
        self._names, self._ends = list(ranges), list(ranges.values())
        self.random = search.random(objective, ranges, count, seed=0 if seed is None else seed)
        shifts = (0.5, 0.5) if seed is None else np.random.default_rng([seed, 1]).random(2).tolist()
        self.grid = search.grid(objective, self._spread(side, shifts))
        steps = {name: ends[0] * (ends[1] / ends[0]) ** np.linspace(0, 1, FINE) for name, ends in ranges.items()}
        every = search.grid(objective, {name: np.clip(values, *ranges[name]) for name, values in steps.items()})
        if len(every) < FINE**2 or not np.isfinite(every.column("loss")).any():
            raise ValueError(f"objective must give a loss everywhere in the ranges: {every!r}")
        losses = np.nan_to_num(every.column("loss"), nan=np.inf, posinf=np.inf).reshape(FINE, FINE)
        # Runs that explode would press all others down to a line.
        losses = np.minimum(losses, np.quantile(losses[np.isfinite(losses)], 0.8))
        self._profiles = losses.min(axis=1), losses.min(axis=0)
        self._language = words.current()

    def _spread(self, side: int, shifts: Any) -> dict[str, list[float]]:
        places = [(np.arange(side) + shift) / side for shift in shifts]
        return {n: (e[0] * (e[1] / e[0]) ** at).tolist() for n, e, at in zip(self._names, self._ends, places)}

    @property
    def sentence(self) -> str:
        """What is drawn, in words."""
        told = words.strings(self._language)
        return told["join"].join(self._said(kind, told) + told["trials_stop"] for kind in ("grid", "random"))

    def _said(self, kind: str, told: Mapping[str, str]) -> str:
        table = getattr(self, kind)
        best = min((loss for loss in table.column("loss") if np.isfinite(loss)), default=np.inf)
        return told[f"trials_{kind}"].format(
            count=len(table),
            name=_symbol(self._names[0]),
            distinct=len(set(table.column(self._names[0]).tolist())),
            loss=words.format_number(float(best), told["decimal"]),
        )

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self.sentence, "text/html": self._drawn()}

    def _drawn(self) -> str:
        told = words.strings(self._language)
        squares = [
            f'<div style="flex:0 1 {1.3 * _WIDE:.0f}px"><svg role="img" aria-label="{html.escape(self._said(kind, told))}" '
            f'viewBox="0 0 {_WIDE} {_HIGH}" style="display:block;width:100%;font:11px sans-serif">'
            f'{self._square(kind)}</svg><p style="margin:0;font-size:0.85rem">{html.escape(self._said(kind, told))}</p></div>'
            for kind in ("grid", "random")
        ]
        style = "display:flex;flex-wrap:wrap;gap:0.5rem 1rem;color:inherit"
        return f'<div class="lr-trials" style="{style}">{"".join(squares)}</div>'

    def _square(self, kind: str) -> str:
        table = getattr(self, kind)
        top, bottom, right = _TOP + _STRIP, _TOP + _STRIP + _SIDE, _LEFT + _SIDE
        across, up = (self._shares(i, table.column(name)) for i, name in enumerate(self._names))
        best = int(np.argmin(np.nan_to_num(table.column("loss"), nan=np.inf)))
        box = f'x="{_LEFT}" y="{top}" width="{_SIDE}" height="{_SIDE}"'
        parts = [f'<rect {box} fill="none" stroke="currentColor" stroke-opacity="0.6"/>']
        parts += self._curves(top, right)
        ticks = "".join(f"M{_LEFT + x * _SIDE:.1f},{bottom + 3}v7" for x in across)
        ticks += "".join(f"M{_LEFT - 3},{bottom - y * _SIDE:.1f}h-7" for y in up)
        parts.append(f'<path d="{ticks}" stroke="currentColor" stroke-width="1.3" fill="none"/>')
        for i, (x, y) in enumerate(zip(across, up)):
            place = f'cx="{_LEFT + x * _SIDE:.1f}" cy="{bottom - y * _SIDE:.1f}"'
            parts.append(f'<circle {place} r="2.6" fill="currentColor"/>')
            if i == best:
                parts.append(f'<circle {place} r="6" fill="none" stroke="currentColor" stroke-width="1.6"/>')
        ends = [_written(each, words.strings(self._language)["decimal"]) for each in self._ends]
        texts = [
            (_LEFT, bottom + 22, "middle", ends[0][0]),
            (right, bottom + 22, "middle", ends[0][1]),
            (_LEFT + _SIDE / 2, bottom + 22, "middle", _symbol(self._names[0])),
            (_LEFT - 13, bottom + 2, "end", ends[1][0]),
            (_LEFT - 13, top + 9, "end", ends[1][1]),
            (_LEFT - 16, (top + bottom) / 2 + 4, "end", _symbol(self._names[1])),
        ]
        parts += [
            f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{side}" fill="currentColor">{html.escape(text)}</text>'
            for x, y, side, text in texts
        ]
        return "".join(parts)

    def _curves(self, top: float, right: float) -> list[str]:
        """The lowest loss over each setting: low losses near the square, as far away as the highest that is drawn."""
        logs = [np.log10(np.maximum(profile, 1e-300)) for profile in self._profiles]
        low, span = np.min(logs), max(np.ptp(logs), 1e-9)
        curves = []
        for i, each in enumerate(logs):
            away = 3 + (_STRIP - 6) * (each - low) / span
            at = np.linspace(0, _SIDE, FINE)
            points = zip(_LEFT + at, top - away) if i == 0 else zip(right + away, top + _SIDE - at)
            line = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
            curves.append(
                f'<path d="M{line}" fill="none" stroke="currentColor" stroke-width="1.6" stroke-opacity="0.75"/>'
            )
        return curves

    def _shares(self, which: int, values: np.ndarray) -> np.ndarray:
        low, high = self._ends[which]
        return np.log(values / low) / np.log(high / low)


def _written(ends: Any, decimal: str) -> list[str]:
    """The ends of an axis, both as powers of ten or, where one is none, both as numbers."""
    exponents = [math.log10(end) for end in ends]
    if all(abs(exponent - round(exponent)) < 1e-9 for exponent in exponents):
        return [words.ten_to(round(exponent)) for exponent in exponents]
    return [words.format_number(end, decimal) for end in ends]


def _symbol(name: str) -> str:
    """A setting as the formulas write it."""
    greek = {"lr": "η", "beta": "β", "eps": "ε", "rho": "ρ", "beta1": "β₁", "beta2": "β₂", "weight_decay": "w"}
    return greek.get(name, name)

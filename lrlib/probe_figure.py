"""The picture of a probe's report."""

import math
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrlib.figures import CALM, DANGER, INK, RACERS, fonts, packed
from lrlib.probe_words import strings
from lrlib.words import format_number
from lrlib.words import strings as figure_strings

_BLUE = RACERS[0][0]
_HATCHED = {"facecolor": "#fbe9e0", "edgecolor": "#e0a98f", "hatch": "///", "lw": 0}


def png(report: Any, language: str) -> bytes:
    """The picture as a PNG; nothing where there is nothing to be drawn."""
    panels = _panels(report)
    return _made(report, language, panels, packed) if panels else b""


def titles(report: Any, language: str) -> str:
    """What the picture shows, for those who do not see it; the numbers stand in the sentences."""
    return "; ".join(strings(language)["picture" + panel.__name__] for panel in _panels(report))


def drawn(report: Any, language: str) -> Figure:
    """The picture as a matplotlib figure; without a panel where there is nothing to be drawn."""
    return _made(report, language, _panels(report), lambda figure: figure)


def _panels(report: Any) -> list:
    """Gauge or eigenvalues, range test, rates to come: what there is."""
    panels = []
    if report.eigenvalues.size:
        judged = math.isfinite(report.gauge) and report.lr
        panels.append(_gauge if judged else _eigenvalues)
    if len(report.range_test) > 1:
        panels.append(_range)
    if report.planned is not None and len(report.planned) > 1:
        panels.append(_planned)
    return panels


def _made(report: Any, language: str, panels: list, finish: Any) -> Any:
    own, decimal = strings(language), figure_strings(language)["decimal"]
    with matplotlib.rc_context({"font.family": fonts(language), "axes.unicode_minus": False}):
        figure = Figure(figsize=(3.5 * max(len(panels), 1), 2.9), layout="constrained", facecolor="white")
        for place, panel in enumerate(panels, 1):
            axes = figure.add_subplot(1, len(panels), place)
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=8)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(lambda value, _: format_number(value, decimal))
            panel(axes, report, own, decimal)
        return finish(figure)


def _gauge(axes: Axes, report: Any, own: dict[str, str], decimal: str) -> None:
    """The rate as a part of the largest stable one: a bar against the threshold 1."""
    part = report.lr / report.critical_rate if report.critical_rate > 0 else 0.0
    right = min(max(1.5, 1.15 * part), 4.0)
    axes.set_title(own["picture_gauge"], fontsize=9, loc="left")
    axes.axvspan(0, 1, color=CALM, lw=0)
    axes.axvspan(1, right, **_HATCHED)
    axes.axvline(1, color=DANGER, lw=1.2)
    axes.barh([0], [min(part, right)], height=0.3, color=_BLUE)
    axes.text(0.02 * right, 0.32, format_number(part, decimal), fontsize=9, color=INK)
    axes.set(xlim=(0, right), ylim=(-0.6, 0.6), yticks=[])
    axes.spines["left"].set_visible(False)


def _eigenvalues(axes: Axes, report: Any, own: dict[str, str], decimal: str) -> None:
    """The largest eigenvalues with how far each may be off."""
    numbers = np.arange(1, len(report.eigenvalues) + 1)
    axes.set_title(own["picture_eigenvalues"], fontsize=9, loc="left")
    axes.bar(numbers, report.eigenvalues, width=0.5, color=_BLUE, yerr=report.residuals, ecolor=INK, capsize=3)
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xticks(numbers, [f"λ{str(n).translate(str.maketrans('0123456789', '₀₁₂₃₄₅₆₇₈₉'))}" for n in numbers])


def _range(axes: Axes, report: Any, own: dict[str, str], decimal: str) -> None:
    """The loss over the growing rate, with the rate in use and the largest stable one."""
    # Batches differ: each is compared with itself before the test, and all begin at the mean.
    rates, losses = report.range_test.column("lr"), report.loss + report.range_test.column("change")
    axes.set_title(own["picture_range"], fontsize=9, loc="left")
    axes.set_xscale("log")
    axes.set_xlabel("η", fontsize=8)
    axes.set_xlim(rates[0], max(rates[-1], rates[0] * 1.001))
    axes.plot(rates, np.where(np.isfinite(losses), losses, np.nan), color=_BLUE, lw=1.6)
    finite = losses[np.isfinite(losses)]
    if finite.size:
        room = 0.08 * (finite.max() - finite.min()) or 1.0
        axes.set_ylim(finite.min() - room, finite.max() + 3 * room)
    _rates_along(axes.axvline, report, own)
    if axes.get_legend_handles_labels()[0]:  # neither rate may be known
        axes.legend(fontsize=7, frameon=False, loc="upper left")


def _planned(axes: Axes, report: Any, own: dict[str, str], decimal: str) -> None:
    """The rates of the scheduler's next calls, with the largest stable one of now."""
    axes.set_title(own["picture_planned"], fontsize=9, loc="left")
    axes.plot(np.arange(1, len(report.planned) + 1), report.planned, color=_BLUE, lw=1.6)
    axes.set_xlabel(own["picture_calls"], fontsize=8)
    high = max(report.planned) * 1.15 or 1.0
    axes.set_ylim(0, high)
    if report.critical_rate < high:
        _rates_along(axes.axhline, report, own)
        axes.legend(fontsize=7, frameon=False)


def _rates_along(line: Any, report: Any, own: dict[str, str]) -> None:
    if 0 < report.critical_rate < math.inf:
        line(report.critical_rate, color=DANGER, lw=1.2, ls="--", label=own["picture_critical"])
    if report.lr:
        line(report.lr, color=INK, lw=1.0, ls=":", label=own["picture_now"])

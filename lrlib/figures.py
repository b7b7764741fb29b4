"""Every matplotlib picture: what a figure shows where no script runs (print, GitHub, plain HTML)."""

import io
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lrlib.path import Path
from lrlib.words import format_number, strings, ten_to

INK, PATH, DANGER, CALM = "#24292f", "#0b62a8", "#b3410e", "#eef3f8"
_FONTS = {"zh": "NotoSansSC-subset.otf", "ko": "NotoSansKR-subset.otf"}


def fonts(language: str) -> list[str]:
    """Font families for a language, the one with its script first; ours are registered on demand."""
    if language not in _FONTS:
        return ["DejaVu Sans"]
    with as_file(files("lrlib").joinpath("fonts", _FONTS[language])) as file:
        if not any(entry.fname == str(file) for entry in font_manager.fontManager.ttflist):
            font_manager.fontManager.addfont(file)
        return [font_manager.FontProperties(fname=str(file)).get_name(), "DejaVu Sans"]


def still(path: Path, view: Any, panels: tuple[str, ...], glide: float, told: dict[str, Any], language: str) -> bytes:
    """The panels of one run as a PNG, beside each other.

    Arguments
        path: one run.
        view: the window of the landscape, a (low, high) for each coordinate.
        panels: some of `PANELS`, in their order.
        glide: value of ηλ up to which nothing oscillates.
        told: the `words.facts` of the run.
        language: of the labels.
    """
    words = strings(language)
    figure = Figure(figsize=(3.3 * len(panels), 2.9), layout="constrained", facecolor="white")
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        PANELS[name](axes, path, view, glide, told, words)
        axes.set_title(words[name], fontsize=9, loc="left")
        axes.xaxis.set_major_formatter(lambda value, _: format_number(value, words["decimal"]))
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        if name != "landscape":
            axes.set_xlabel(words["axis_step"], fontsize=8)
        for text in figure.findobj(lambda artist: hasattr(artist, "set_fontfamily")):
            text.set_fontfamily(fonts(language))
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110, pil_kwargs={"optimize": True})
    return picture.getvalue()


def _landscape(axes: Axes, path: Path, view: Any, glide: float, told: dict[str, Any], words: dict[str, str]) -> None:
    near = np.abs(path.points).max(axis=-1) < 4 * np.max(np.abs(view))
    shown = path.points[: len(near) if near.all() else int(np.argmin(near)) + 1]
    minima = np.reshape(path.surface.minima(**_plain(path.surface_settings)), (-1, path.surface.dimension))
    if path.surface.dimension == 1:
        x = np.linspace(*view[0], 300)
        y = path.surface.value(x, **_plain(path.surface_settings))
        axes.plot(x, y, color=INK, lw=1)
        axes.plot(shown[:, 0], path.losses[: len(shown)], "o-", color=PATH, ms=3, lw=0.8)
        axes.plot(shown[0, 0], path.losses[0], "o", color=PATH, ms=8, mfc="white", mew=2)
        span = y.max() - y.min()
        axes.set(xlim=view[0], ylim=(y.min() - 0.05 * span, y.max()))
    else:
        x, y = np.meshgrid(*(np.linspace(*side, 120) for side in view))
        z = path.surface.value(x, y, **_plain(path.surface_settings))
        levels = z.min() + (z.max() - z.min()) * np.linspace(0, 1, 14)[1:-1] ** 2
        axes.contourf(x, y, z, [z.min(), *levels, z.max()], cmap="Blues", alpha=0.45, vmax=2 * z.max())
        axes.contour(x, y, z, levels, colors=INK, linewidths=0.3, alpha=0.6)
        axes.plot(*minima.T, "x", color=INK, ms=7, ls="none")
        axes.plot(*shown.T, "o-", color=PATH, ms=3, lw=0.8)
        axes.plot(*shown[0], "o", color=PATH, ms=8, mfc="white", mew=2)
        axes.set(xlim=view[0], ylim=view[1])
        axes.yaxis.set_major_formatter(lambda value, _: format_number(value, words["decimal"]))
    if told["leaves"] is not None:
        _note(axes, words["mark_leaves"].format(step=told["leaves"]))


def _loss(axes: Axes, path: Path, view: Any, glide: float, told: dict[str, Any], words: dict[str, str]) -> None:
    # Logarithms on a plain axis: matplotlib's log axis overflows near the largest float.
    usable = np.isfinite(path.losses) & (path.losses > 0)
    exponents = np.log10(np.where(usable, path.losses, np.nan))
    low, high = (np.nanmin(exponents), np.nanmax(exponents)) if usable.any() else (0, 0)
    first = exponents[0] if usable[0] else high
    axes.plot(exponents, color=PATH, lw=1.4, marker="o" if len(exponents) < 60 else None, ms=2.5)
    axes.set(xlim=(0, told["steps"]), ylim=(max(low - 0.3, first - 10), max(high + 0.3, first + 1)))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(lambda exponent, _: ten_to(round(exponent)))
    for key, place in (("below", 0.75), ("infinite", 0.95), ("nan", 0.85)):
        if told[key] is not None:
            axes.axvline(told[key], color=DANGER, ls="--", lw=1)
            _note(axes, words["mark_" + key].format(step=told[key]), place)


def _gauge(axes: Axes, path: Path, view: Any, glide: float, told: dict[str, Any], words: dict[str, str]) -> None:
    products = path.rates[0] * path.eigenvalues
    threshold = told["threshold"]
    finite = products[np.isfinite(products)]
    top = np.clip(1.15 * finite.max(initial=0), 1.5 * threshold, 4 * threshold)
    axes.axhspan(0, threshold, color=CALM, lw=0)
    axes.axhspan(threshold, top, facecolor="#fbe9e0", edgecolor="#e0a98f", hatch="///", lw=0)
    axes.axhline(threshold, color=DANGER, lw=1.2)
    for column, style in zip(products.T, ("-", "--"), strict=False):
        axes.plot(column, style, color=PATH, lw=1.8)
    middle = "zone_zigzag" if threshold == 2 else "zone_swing"
    for low, high, zone in ((0, glide, "zone_glide"), (glide, threshold, middle), (threshold, top, "zone_explode")):
        if high - low > top / 12:
            axes.text(
                told["steps"] * 0.98, (low + high) / 2, words[zone], fontsize=8, ha="right", va="center", color=INK
            )
    axes.set(xlim=(0, told["steps"]), ylim=(min(0, finite.min(initial=0)), top))
    if finite.size and finite[0] > top:
        _note(axes, f"▲ ηλ = {told['product']:.3g}")
    axes.yaxis.set_major_formatter(lambda value, _: format_number(value, words["decimal"]))


def _note(axes: Axes, text: str, height: float = 0.95) -> None:
    axes.text(
        0.5,
        height,
        text,
        transform=axes.transAxes,
        fontsize=8,
        color=DANGER,
        ha="center",
        va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )


def _plain(settings: dict[str, Any]) -> dict[str, float]:
    return {name: float(np.ravel(value)[0]) for name, value in settings.items()}


PANELS = {"landscape": _landscape, "loss": _loss, "gauge": _gauge}

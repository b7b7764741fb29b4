"""Every matplotlib picture: what a figure shows where no script runs (print, GitHub, plain HTML)."""

import io
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation
from PIL import Image

from lrlib import curvature, layout
from lrlib.path import Path
from lrlib.words import format_number, middle_zone, strings, ten_to

INK, DANGER, CALM = "#24292f", "#b3410e", "#eef3f8"
_HATCHED = {"facecolor": "#fbe9e0", "edgecolor": "#e0a98f", "hatch": "///", "lw": 0}
_FONTS = {"zh": "NotoSansSC-subset.otf", "ko": "NotoSansKR-subset.otf"}

#: Colour, line and dots of each racer, so that those who see no colours tell them apart, too.
RACERS = (
    ("#0b62a8", "-", "o"),
    ("#a3297f", (0, (5, 2)), "s"),
    ("#00776b", (0, (1, 1.2)), "^"),
    ("#8a5a00", (0, (6, 1.5, 1, 1.5)), "D"),
    ("#5b5b66", (0, (3, 1.5)), "v"),
)

_LINES = [bytes.fromhex(color.removeprefix("#")) for color in (INK, DANGER, *(color for color, _, _ in RACERS))]

#: Panels that show the rule in focus alone.
_OF_FOCUS = ("gauge", "rates", "state", "microscope", "map", "range")

#: Panels over the steps.
_OVER_STEPS = ("loss", "gauge", "norm", "rates", "schedule")

_ROW = 3  # panels beside each other
_WIDTH = 44  # letters of a line of text in a panel
_FEW = 60  # steps: beyond, dots would hide the line …
_MANY = 150  # … and these that of the path
_CROSSINGS = 20  # of a threshold: of more, as at the edge of stability, only the first is marked
_OUTSIDE = 1000  # times as far as the edges of a picture: a line from there looks as from farther still
_FAR = 10  # powers of ten: losses so far below or above the first are out of the picture
_MOST = 1e300  # beyond, the span of an axis would be infinite
_DEEP = 1000  # powers of ten below 1: below any picture


@dataclass(frozen=True)
class Scene:
    """What is to be drawn.

    paths     the runs, by the name of their rule, in the order of the race
    focus     the name of the one in focus
    view      the window of the landscape, a (low, high) for each coordinate
    told      the `words.facts` of the run in focus
    language  of the labels
    cursor    the step at which the figure stands, None for the end
    untold    whether the landscape keeps the paths to itself
    sweep     for the panel "sensitivity": "span" (low, high) of the rates, "rates", and by rule the
              final "losses" at them and the rate "now"
    formats   for the panel "microscope": the run in focus in each number format, by its name
    floor     for the panel "loss": the noise floor of the run in focus at each step's rate; None where it has none
    map       for the panel "map": "rates", "betas", their "factors", (rate, memory) "now" and, where it
              is known, "best", and the "curvatures" at the minimum; None where there is no memory or no error
    test      for the panel "range": "rates", the "losses" after them and the "first" before, the smoothed "curve", the
              "places" of what is read off it, the "critical" rate at the start or None, and the rate "now"
    """

    paths: dict[str, Path]
    focus: str
    view: Any
    told: dict[str, Any]
    language: str
    cursor: int | None = None
    untold: bool = False
    sweep: dict[str, Any] | None = None
    formats: dict[str, Path] | None = None
    floor: np.ndarray | None = None
    map: dict[str, Any] | None = None
    test: dict[str, Any] | None = None

    @property
    def path(self) -> Path:
        return self.paths[self.focus]

    @property
    def steps(self) -> int:
        return self.told["steps"]

    @cached_property
    def words(self) -> dict[str, str]:
        return strings(self.language)

    def number(self, value: float) -> str:
        return format_number(value, self.words["decimal"])

    def style(self, name: str) -> dict[str, Any]:
        """How the line of one rule is drawn; one that runs alone has the first one's looks."""
        color, line, marker = RACERS[list(self.paths).index(name)]
        return {"color": color, "ls": line, "marker": marker}

    def line(self, name: str) -> dict[str, Any]:
        """The same for a line over the steps: dots only where there is room for them."""
        return self.style(name) | {"lw": 1.4, "ms": 2.5} | ({} if self.steps < _FEW else {"marker": None})


def fonts(language: str) -> list[str]:
    """Font families for a language, the one with its script first; ours are registered on demand."""
    if language not in _FONTS:
        return ["DejaVu Sans"]
    with as_file(files("lrlib").joinpath("fonts", _FONTS[language])) as file:
        if not any(entry.fname == str(file) for entry in font_manager.fontManager.ttflist):
            font_manager.fontManager.addfont(file)
        return [font_manager.FontProperties(fname=str(file)).get_name(), "DejaVu Sans"]


def still(scene: Scene, panels: list[str]) -> bytes:
    """The panels as a PNG, three in a row; a race has a legend under them.

    Arguments
        scene: what is to be drawn.
        panels: some of `PANELS`, in their order.
    """
    columns = min(_ROW, len(panels))
    with matplotlib.rc_context({"font.family": fonts(scene.language), "axes.unicode_minus": False}):
        figure, every = layout.panels(len(panels), columns)
        for axes, name in zip(every, panels, strict=True):
            draw(axes, scene, name)
        if len(scene.paths) > 1:
            _legend(figure, scene, columns)
        layout.arrange(figure, every, columns)
        return packed(figure)


def packed(figure: Figure) -> bytes:
    """The figure as a PNG with a palette: a third of the size that true colours take, and no difference to be seen."""
    figure.dpi = layout.DPI
    canvas, picture = layout.canvas(figure), io.BytesIO()
    canvas.draw()  # once, where savefig draws twice
    drawn = _few_colours(np.asarray(canvas.buffer_rgba()))
    drawn.save(picture, format="png", dpi=(layout.DPI, layout.DPI), compress_level=8)  # 9 takes twice as long for 1 %
    return picture.getvalue()


def _few_colours(pixels: np.ndarray) -> Image.Image:
    """A picture of 128 colours, the median cut of all there are and every eighth pixel, and those of the lines as such."""
    colours = pixels.view("<u4")[..., 0] & 0xFFFFFF
    ordered = np.sort(colours, axis=None)
    first = np.append(True, ordered[1:] != ordered[:-1])
    sample = np.concatenate([ordered[first], ordered[::8]])
    cut = Image.frombuffer("RGBX", (sample.size, 1), sample).convert("RGB").quantize(128, Image.Quantize.MEDIANCUT)
    palette = bytes(cut.getpalette())
    index = np.empty(1 << 24, dtype=np.uint8)
    index[sample] = np.asarray(cut)[0]
    index[[int.from_bytes(line, "little") for line in _LINES]] = len(palette) // 3 + np.arange(len(_LINES))
    drawn = Image.fromarray(index[colours])
    drawn.putpalette(palette + b"".join(_LINES))
    return drawn


def draw(axes: Axes, scene: Scene, name: str) -> None:
    """One panel, title and all."""
    dress(axes, scene, name)
    PANELS[name](axes, scene)


def dress(axes: Axes, scene: Scene, name: str) -> None:
    """A panel's title and axes, before anything is drawn on them."""
    title = _wrapped(scene.words[name])
    if name in _OF_FOCUS and len(scene.paths) > 1:
        rule = scene.words["rule_" + scene.focus]
        title = scene.words["titled"].format(title=title, name=rule if _width(title + rule) < _WIDTH else "\n" + rule)
    axes.set_title(title, fontsize=9, loc="left", y=1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_major_formatter(lambda value, _: scene.number(value))
    axes.yaxis.set_major_formatter(lambda value, _: scene.number(value))
    if name in _OVER_STEPS:
        _steps_below(axes, scene)


def _steps_below(axes: Axes, scene: Scene) -> None:
    axes.set_xlim(0, scene.steps)
    axes.set_xlabel(scene.words["axis_step"], fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=(1, 2, 5, 10)))
    if scene.cursor is not None:
        axes.axvline(scene.cursor, color=INK, lw=0.8, alpha=0.6)


def _legend_within(axes: Axes, **look: Any) -> None:
    axes.legend(framealpha=0.8, edgecolor="none", **look).set_in_layout(False)


def _legend(figure: Figure, scene: Scene, columns: int) -> None:
    handles = [
        Line2D([], [], **scene.style(name), lw=1.4, ms=4, label=scene.words["rule_" + name]) for name in scene.paths
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=min(len(handles), 2 * columns),
        fontsize=8,
        frameon=False,
        handlelength=3.5,
    )


# ---------------------------------------------------------------- the landscape


def _landscape(axes: Axes, scene: Scene) -> None:
    surface, settings = scene.path.surface, _numbers(scene.path.surface_settings)
    (_curve if surface.dimension == 1 else _contours)(axes, surface, settings, scene.view)
    for name in () if scene.untold else scene.paths:
        _trail(axes, scene, name)
    axes.plot(
        *_place(scene.path, 0), "o", color=RACERS[0][0] if len(scene.paths) == 1 else INK, ms=8, mfc="white", mew=2
    )
    if scene.told["leaves"] is not None and not scene.untold:
        _note(axes, scene.words["mark_leaves"].format(step=scene.told["leaves"]))


def _curve(axes: Axes, surface: Any, settings: dict[str, float], view: Any) -> None:
    x = np.linspace(*view[0], 300)
    y = surface.value(x, **settings)
    axes.plot(x, y, color=INK, lw=1)
    span = y.max() - y.min()
    axes.set(xlim=view[0], ylim=(y.min() - 0.05 * span, y.max()))


def _contours(axes: Axes, surface: Any, settings: dict[str, float], view: Any) -> None:
    x, y = np.meshgrid(*(np.linspace(*side, 120) for side in view))
    z = surface.value(x, y, **settings)
    levels = z.min() + (z.max() - z.min()) * np.linspace(0, 1, 14)[1:-1] ** 2
    axes.contourf(x, y, z, [z.min(), *levels, z.max()], cmap="Blues", alpha=0.45, vmax=2 * z.max())
    axes.contour(x, y, z, levels, colors=INK, linewidths=0.3, alpha=0.6)
    minima = np.reshape(surface.minima(**settings), (-1, 2))
    axes.plot(*minima.T, "x", color=INK, ms=7, ls="none")
    axes.set(xlim=view[0], ylim=view[1])


def _trail(axes: Axes, scene: Scene, name: str) -> None:
    """A path; of what is far away only the way there and back."""
    path, style = scene.paths[name], scene.style(name)
    near = np.abs(path.points).max(axis=-1) < 4 * np.max(np.abs(scene.view))
    drawn = near | np.append(near[1:], False) | np.append(False, near[:-1])
    places = np.array([_place(path, t) if drawn[t] else (np.nan, np.nan) for t in range(len(near))])
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.abs(places / np.abs([axes.get_xlim(), axes.get_ylim()]).max(axis=1)).max(axis=1, keepdims=True)
        places /= np.maximum(away / _OUTSIDE, 1)  # dashes of a line to 10³⁰⁰ would never end
    dots = {} if scene.steps <= _MANY else {"marker": None}
    axes.plot(*np.transpose(places), **style | dots, ms=3, lw=0.8 if len(scene.paths) == 1 else 1.1)
    if scene.cursor is not None and drawn[scene.cursor]:
        axes.plot(*places[scene.cursor], style["marker"], color=style["color"], ms=8, mec=INK, mew=1.5)


def _place(path: Path, t: int) -> tuple[float, float]:
    """Where a point is drawn: over a line at the height of its loss."""
    x, *more = path.points[t].tolist()
    return x, (more[0] if more else float(path.losses[t]))


# ---------------------------------------------------------------- lines over the steps


def _loss(axes: Axes, scene: Scene) -> None:
    lines = [(path.losses, scene.line(name)) for name, path in scene.paths.items()]
    floor = None if scene.untold else scene.floor
    _decades(axes, lines if floor is None else [*lines, (_in_sight(floor, lines), {"visible": False})])
    if floor is not None:
        axes.plot(
            _exponents(_to_the_edge(floor)), color=INK, ls=(0, (1, 1.5)), lw=1.4, label=scene.words["noise_floor"]
        )
        _legend_within(axes, fontsize=8, handlelength=1.8, borderaxespad=0.2)
    first = _exponents(scene.path.losses)[0]
    if np.isfinite(first):
        axes.set_ylim(bottom=max(axes.get_ylim()[0], np.floor(first - _FAR)))
    for key, place in (("below", 0.75), ("infinite", 0.95), ("nan", 0.85)):
        if scene.told[key] is not None:
            axes.axvline(scene.told[key], color=DANGER, ls="--", lw=1)
            _note(axes, scene.words["mark_" + key].format(step=scene.told[key]), place)


def _in_sight(floor: np.ndarray, lines: list[tuple[np.ndarray, dict]]) -> np.ndarray:
    """A floor as far as the axis follows it: to ten times the highest and a tenth of the lowest loss."""
    losses = np.concatenate([values for values, _ in lines]).astype(float)
    losses = losses[np.isfinite(losses) & (losses > 0)]
    low, high = losses.min(initial=np.inf) / 10, losses.max(initial=0) * 10
    return np.where((floor > low) & (floor < high), floor, np.nan)


def _norm(axes: Axes, scene: Scene) -> None:
    _decades(axes, [(path.norms, scene.line(name)) for name, path in scene.paths.items()])


def _rates(axes: Axes, scene: Scene) -> None:
    if scene.path.optimizer.threshold is None:
        return _instead(axes, scene.words["no_threshold"])
    _decades(axes, _by_coordinate(scene, scene.path.effective_rates))
    _name_coordinates(axes, scene)


def _schedule(axes: Axes, scene: Scene) -> None:
    for name, path in scene.paths.items():
        axes.plot(_drawable(path.rates), **scene.line(name))
    every = np.concatenate([_drawable(path.rates) for path in scene.paths.values()])
    axes.set_ylim(0, 1.1 * every[np.isfinite(every)].max(initial=0) or 1)


def _state(axes: Axes, scene: Scene) -> None:
    """Each array of the rule's memory on its own axes, below each other."""
    kept = scene.path.state
    if not kept:
        return _instead(axes, scene.words["no_state"])
    axes.set_axis_off()
    share = 1 / len(kept)
    for i, (name, values) in enumerate(kept.items()):
        last = i == len(kept) - 1
        part = axes.inset_axes((0, 1 - (i + 1) * share + 0.08, 1, share - 0.16))
        part.spines[["top", "right"]].set_visible(False)
        part.tick_params(labelsize=8)
        part.xaxis.set_major_formatter((lambda value, _: scene.number(value)) if last else NullFormatter())
        part.yaxis.set_major_formatter(lambda value, _: scene.number(value))
        _steps_below(part, scene)
        part.set_xlabel(scene.words["axis_step"] if last else "", fontsize=8)
        part.set_title(name, fontsize=8, loc="left", y=1, pad=2, style="italic")
        lines = _by_coordinate(scene, values)
        if name in scene.path.corrected:
            lines += [(v, look | {"ls": "--"}) for v, look in _by_coordinate(scene, scene.path.corrected[name])]
        squares = name != "m" and scene.path.optimizer.scale  # all else has a sign
        (_decades if squares else _plainly)(part, lines)
        part.yaxis.get_major_locator().set_params(nbins=3)
        if i == 0:
            _name_coordinates(part, scene)


def _by_coordinate(scene: Scene, values: np.ndarray) -> list[tuple[np.ndarray, dict[str, Any]]]:
    """One line a coordinate: the first in the colour of the rule, the second thinner and in ink."""
    looks = ({"color": scene.style(scene.focus)["color"], "lw": 2.2}, {"color": INK, "lw": 1})
    return list(zip(values.T, looks, strict=False))


def _name_coordinates(axes: Axes, scene: Scene) -> None:
    if scene.path.surface.dimension == 1:
        return
    looks = _by_coordinate(scene, np.zeros((1, 2)))
    handles = [Line2D([], [], **look, label=scene.words[f"coordinate_{i}"]) for i, (_, look) in enumerate(looks)]
    _legend_within(axes, handles=handles, fontsize=8, handlelength=1.2, ncols=2)


def _decades(axes: Axes, lines: list[tuple[np.ndarray, dict]], places: np.ndarray | None = None) -> None:
    """Lines on whole decades, over the steps or over other places, as far up as `curves.js` shows them.

    Logarithms on a plain axis: matplotlib's log axis overflows near the largest float.
    """
    exponents = [_exponents(values) for values, _ in lines]
    for each, (values, style) in zip(exponents, lines, strict=True):
        # What is 0 leaves the picture at the bottom; its logarithm has no place.
        fallen = np.where(np.asarray(values) == 0, -_DEEP, each)
        axes.plot(np.arange(len(each)) if places is None else places, fallen, **style)
    seen = np.concatenate(exponents)
    seen = seen[np.isfinite(seen)]
    low, high = (seen.min(), seen.max()) if seen.size else (0, 0)
    first = max((each[0] for each in exponents if np.isfinite(each[:1]).any()), default=high)
    tame = [np.nanmax(each) for each in exponents if np.isfinite(each[-1:]).any()]
    if len(lines) > 1 and tame and min(tame) < first + 10:
        high = min(high, first + 10)
    axes.set_ylim(np.floor(low - 0.1), np.ceil(high + 0.1))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(lambda exponent, _: ten_to(round(exponent)))


def _exponents(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    usable = np.isfinite(values) & (values > 0)
    return np.log10(np.where(usable, values, np.nan), where=usable, out=np.full(values.shape, np.nan))


def _plainly(axes: Axes, lines: list[tuple[np.ndarray, dict]]) -> None:
    """Lines on a plain axis from below to above 0, without what is too large for one."""
    drawn = [_drawable(values) for values, _ in lines]
    for each, (_, style) in zip(drawn, lines, strict=True):
        axes.plot(each, **style)
    seen = np.concatenate([[0.0], *drawn])
    seen = seen[np.isfinite(seen)]
    low, high = seen.min(), seen.max()
    room = 0.06 * (high - low) or 1.0
    axes.set_ylim(low - room * (low < 0), high + room)
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _drawable(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return np.where(np.isfinite(values), np.clip(values, -_MOST, _MOST), np.nan)


# ---------------------------------------------------------------- the gauge


def _gauge(axes: Axes, scene: Scene) -> None:
    path = scene.path
    if path.optimizer.threshold is None:
        return _instead(axes, scene.words["no_threshold"])
    with np.errstate(all="ignore"):
        products = _to_the_edge(path.rates[:, None].astype(float) * path.preconditioned_eigenvalues)
        glide = float(path.optimizer.glide(float(path.rates[0]), **_numbers(path.optimizer_settings)))
        thresholds = _to_the_edge(np.asarray(path.threshold, dtype=float))
    if not ((thresholds > 0) & np.isfinite(thresholds)).all():
        return _instead(axes, scene.words["no_limit"])
    first = thresholds[0]
    finite = products[np.isfinite(products)]
    largest = 4 * thresholds.max()
    most = 1.15 * min(finite.max(initial=0), largest)
    if most > largest:  # a peak that leaves the picture anyway does not flatten all the rest
        sharpest = products[np.isfinite(products[:, 0]), 0]
        usual = np.percentile(sharpest, 95) if sharpest.size else 0
        most = max(1.15 * min(usual, largest), 2 * thresholds.max())
    top = np.clip(most, 1.5 * thresholds.max(), largest)
    steps = np.arange(scene.steps + 1)
    axes.fill_between(steps, 0, thresholds, color=CALM, lw=0)
    axes.fill_between(steps, thresholds, top, **_HATCHED)
    axes.plot(steps, thresholds, color=DANGER, lw=1.2)
    for column, line in zip(products.T, ("-", "--"), strict=False):
        axes.plot(steps, _drawable(column), ls=line, color=scene.style(scene.focus)["color"], lw=1.8)
    over = products[:-1, 0] > thresholds[:-1]
    crossings = np.flatnonzero(over[1:] & ~over[:-1]) + 1
    marked = crossings if len(crossings) <= _CROSSINGS else crossings[:1]
    axes.plot(marked, thresholds[marked] - 0.035 * top, "^", color=DANGER, ms=6, mec="white", mew=0.7)
    obstacles = [*products.T, thresholds, thresholds - 0.06 * top * bool(marked.size)]
    middle = middle_zone(first)
    last = thresholds[-1]
    for low, high, zone in ((0, glide, "zone_glide"), (glide, last, middle), (last, top, "zone_explode")):
        if high - low > top / 12:
            height = _free(low, high, obstacles, 0.05 * top)
            axes.text(scene.steps * 0.98, height, scene.words[zone], fontsize=8, ha="right", va="center", color=INK)
    axes.set_ylim(max(min(0, finite.min(initial=0)), -top), top)
    if not products[0, 0] <= top:
        _note(axes, f"▲ {_product(path)} = {scene.number(products[0, 0])}")


def _free(low: float, high: float, lines: list[np.ndarray], room: float) -> float:
    """A height at the right, between two others and near their middle, where a word has room beside the lines."""
    places = np.linspace(low, high, 41)
    across = np.linspace(0.75, 1, 60)
    near = np.concatenate([np.interp(across, np.linspace(0, 1, len(line)), _drawable(line)) for line in lines])
    near = np.concatenate([near[np.isfinite(near)], [low, high]])
    away = np.abs(places[:, None] - near).min(axis=1)
    return float(places[np.argmax(np.minimum(away, room) - 0.05 * np.abs(places - (low + high) / 2))])


def _to_the_edge(values: np.ndarray) -> np.ndarray:
    """Values of the steps, the last one once more: it lasts until the end of the picture."""
    return np.concatenate([values, values[-1:]])


def _product(path: Path) -> str:
    return "ηλ" if path.optimizer.scale is None and path.clip is None else "ηλ̃"


# ---------------------------------------------------------------- all rates, all formats


def _sensitivity(axes: Axes, scene: Scene) -> None:
    low, high = np.log10(scene.sweep["span"])
    places, every = np.log10(scene.sweep["rates"]), scene.sweep["losses"]
    looks = {name: scene.style(name) | {"marker": None, "lw": 1.4} for name in every}
    _decades(axes, [(losses, looks[name]) for name, losses in every.items()], places)
    first = _exponents(scene.path.losses)[0]
    if np.isfinite(first):
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, np.floor(first - _FAR)), min(top, np.ceil(first + _FAR)))
    for name, path in scene.paths.items():
        now, last = np.log10(scene.sweep["now"][name]), _exponents(path.losses[-1:])[0]
        axes.axvline(now, **looks[name] | {"lw": 0.8})
        axes.plot(now, last, **scene.style(name) | {"ls": ""}, ms=6, mec="white")
    for place in places[~np.isfinite(every[scene.focus])]:
        axes.axvspan(place - (high - low) / 190, place + (high - low) / 190, facecolor="#fbe9e0", lw=0, zorder=0)
    axes.set_xlim(low, high)
    axes.set_xlabel(scene.words["axis_rate"], fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(lambda exponent, _: ten_to(round(exponent)))


def _microscope(axes: Axes, scene: Scene) -> None:
    """The same run in each number format: how large its numbers get and when they end, and where it stands."""
    words, step = scene.words, scene.steps if scene.cursor is None else scene.cursor
    paths = scene.formats.values()
    rows = [[words["format_name"], *scene.formats]]
    rows.append([words["largest"], *(scene.number(np.finfo(name).max) for name in scene.formats)])
    for key, happened in (("inf_from", _is_infinite), ("nan_from", _is_nan)):
        rows.append([words[key], *(_first(happened(path), words["never"]) for path in paths)])
    for i in range(scene.path.surface.dimension):
        place = words["at_step"].format(name=words[f"coordinate_{i}"], step=step)
        rows.append([place, *(_digits(float(path.points[step, i]), scene) for path in paths)])
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(6, 0))
    for i, row in enumerate(rows):
        for x, text in zip((0, 0.54, 0.77, 1), row, strict=True):
            axes.text(x, i + 0.5, text, fontsize=7.5, color=INK, ha="right" if x else "left", va="center")
        axes.axhline(i + 1, color=INK, lw=0.3)


def _is_infinite(path: Path) -> np.ndarray:
    return ~np.isfinite(path.losses)


def _is_nan(path: Path) -> np.ndarray:
    return np.isnan(path.points).any(axis=-1)


def _first(happened: np.ndarray, never: str) -> str:
    return str(int(np.argmax(happened))) if happened.any() else never


def _digits(value: float, scene: Scene) -> str:
    """More digits than elsewhere: the formats differ in the last of them."""
    if not 1e-4 <= abs(value) < 1e6:
        return scene.number(value)
    return f"{value:.6g}".replace(".", scene.words["decimal"]).replace("-", "−")


# ---------------------------------------------------------------- one step, and rate with memory


def _taylor(axes: Axes, scene: Scene) -> None:
    """What a gradient step from the cursor changes the loss by at every rate: by slope, by curvature, in fact."""
    path, t = scene.path, scene.cursor or 0
    surface, settings, point = path.surface, _numbers(path.surface_settings), path.points[t].astype(float)
    with np.errstate(all="ignore"):
        value, g = surface.value(*point, **settings), np.array(surface.gradient(*point, **settings), dtype=float)
    unit = curvature.taylor(surface, point, 1.0, **settings)
    slope, curved = -float(unit.first), 2 * float(unit.second)
    if slope == 0 or not np.isfinite([value, slope, curved]).all():
        return _instead(axes, scene.words["taylor_level" if slope == 0 else "taylor_lost"])
    turns = [2 * slope / curved if curved > 0 else np.inf, float(curvature.turning_rate(surface, point, **settings))]
    finite = [turn for turn in turns if np.isfinite(turn)]
    top = 1.4 * min(max(finite), 3 * min(finite)) if finite else 2 * float(path.rates[min(t, scene.steps - 1)])
    rates = np.linspace(0, top, 121)
    with np.errstate(all="ignore"):
        lines = {
            "taylor_promise": (-rates * slope, {"color": INK, "ls": ":", "lw": 1}),
            "taylor_prediction": (
                -rates * slope + rates**2 / 2 * curved,
                {"color": INK, "ls": "--", "lw": 1.2, "zorder": 3},
            ),
            "taylor_change": (
                surface.value(*(point[:, None] - rates * g[:, None]), **settings) - value,
                {"color": scene.style(scene.focus)["color"], "lw": 2},
            ),
        }
    seen = np.concatenate([lines["taylor_prediction"][0], lines["taylor_change"][0]])
    low, high = seen[np.isfinite(seen)].min(), seen[np.isfinite(seen)].max()
    if not 1e-300 < -low < _MOST or not 0 < top < _MOST:
        return _instead(axes, scene.words["taylor_lost"])
    ceiling = min(max(high, -0.35 * low), -1.2 * low)
    axes.axhspan(0, ceiling, **_HATCHED)
    axes.axhline(0, color=DANGER, lw=1.2)
    formulas = ("−ηgᵀg", "−ηgᵀg + ½η²gᵀHg", "f(x−ηg) − f(x)")
    for (name, (values, look)), formula in zip(lines.items(), formulas, strict=True):
        axes.plot(rates, _drawable(values), label=scene.words[name].format(formula=formula), **look)
    now = float(path.rates[min(t, scene.steps - 1)])
    axes.axvline(now, color=INK, lw=0.8)
    for turn, marker, color, label in zip(
        turns,
        "v^",
        (INK, scene.style(scene.focus)["color"]),
        ("2gᵀg/gᵀHg = {lr}", scene.words["taylor_measured"]),
        strict=True,
    ):
        if np.isfinite(turn):
            place, up = min(turn, top), marker == "v"
            axes.plot(place, 0.025 * (ceiling - 2.4 * low) * (1 if up else -1), marker, color=color, ms=5)
            look = {"fontsize": 7, "ha": "right" if place > 0.6 * top else "center", "va": "bottom" if up else "top"}
            look["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.6}
            text = label.format(lr=scene.number(turn)) + (" ▶" if turn > top else "")
            axes.annotate(text, (place, 0), (0, 6 if up else -6), textcoords="offset points", **look)
    axes.set(xlim=(0, top), ylim=(2.4 * low, ceiling))  # with room for the legend
    axes.set_xlabel(scene.words["axis_rate"], fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    _legend_within(axes, fontsize=6.5, loc="lower right", handlelength=2.2)


#: Lines of equal factor on the map, as on the page.
_FACTORS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1)
_SHADES = ("6f9ec6", "86aed0", "9cbdda", "b3cce2", "c9dbeb", "dde9f3", "eef4f9")

#: Up to which β a rule does not swing, by √(ηλ), and up to which ηλ that can be asked.
_DAMPING = {"momentum": (4, lambda root: (1 - root) ** 2), "nesterov": (1, lambda root: (1 - root) / (1 + root))}


def _map(axes: Axes, scene: Scene) -> None:
    """The factor by which the error shrinks per step, over rate and memory; where it grows, danger."""
    if scene.map is None:
        known = "beta" in scene.path.optimizer.settings
        rule = scene.words["rule_" + scene.focus]
        return _instead(axes, scene.words["map_no_error" if known else "map_no_memory"].format(rule=rule))
    exponents, betas = np.log10(scene.map["rates"]), scene.map["betas"]
    factors = np.minimum(scene.map["factors"], 1.5)
    levels = [-1, *_FACTORS]
    axes.contourf(exponents, betas, factors, levels, colors=[f"#{shade}" for shade in _SHADES])
    axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, zorder=0, **_HATCHED))
    lines = axes.contour(exponents, betas, factors, _FACTORS, colors=RACERS[0][0], linewidths=0.6)
    for label in axes.clabel(lines, _FACTORS[:-1], fontsize=7, fmt=scene.number, colors=INK):
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.6})  # other lines pass here
    memories, (end, damping) = np.linspace(0, 1, 51), _DAMPING[scene.focus]
    products, limits = np.linspace(1e-4, end, 400), scene.path.optimizer.threshold(0.0, memories)
    for curve, dash in zip(scene.map["curvatures"], ("--", ":"), strict=False):
        axes.plot(np.log10(products / curve), damping(np.sqrt(products)), ls=dash, color=INK, lw=1)
    for curve in scene.map["curvatures"][:1]:
        axes.plot(np.log10(limits / curve), memories, color=DANGER, lw=1.6)
    if scene.map["best"]:
        axes.plot(np.log10(scene.map["best"][0]), scene.map["best"][1], "*", color=INK, ms=9, mec="white", mew=0.8)
    rate, beta = scene.map["now"]
    axes.plot(np.log10(rate), beta, "o", color=RACERS[0][0], ms=8, mfc="white", mew=2)
    axes.set(xlim=exponents[[0, -1]], ylim=(0, 1))
    axes.set_xlabel(scene.words["axis_rate"], fontsize=8)
    axes.set_ylabel("β", fontsize=8, rotation=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(lambda exponent, _: ten_to(round(exponent)))


#: What is read off a range test, and its mark.
_READ = {"falls": "o", "steepest": "v", "lowest": "x", "explodes": "^"}
_HEADROOM = 0.35  # of the height from the lowest loss, or 0, up to the first: so much above that the picture ends


def _range(axes: Axes, scene: Scene) -> None:
    """The loss against the rate of a run whose rate rises, and what is read off it."""
    test, words = scene.test, scene.words
    places, curve, first = np.log10(test["rates"]), test["curve"], test["first"]
    low = min(curve[np.isfinite(curve)].min(initial=first), 0)
    span = first - low or 1.0
    if not 1e-300 < span < _MOST:
        return _instead(axes, words["range_lost"])
    color = scene.style(scene.focus)["color"]
    top = first + _HEADROOM * span
    if not np.array_equal(curve, test["losses"], equal_nan=True):
        axes.plot(places, _drawable(test["losses"]), color=color, lw=0.8, alpha=0.45)
    axes.plot(places, _drawable(curve), color=color, lw=1.8)
    if test["critical"] and test["rates"][0] <= test["critical"] <= test["rates"][-1]:
        axes.axvline(np.log10(test["critical"]), color=DANGER, ls="--", lw=1)
    axes.axvline(np.log10(test["now"]), color=color, lw=0.8)
    for name, at in test["places"].items():
        if at is not None:
            height = min(curve[at], top) if np.isfinite(curve[at]) else top
            label = words["range_" + name].format(lr=scene.number(test["rates"][at]))
            look = {"color": DANGER if name == "explodes" else INK, "ms": 6, "mew": 1.8, "ls": "none"}
            axes.plot(places[at], height, _READ[name], label=label, clip_on=False, **look)
    axes.set(xlim=places[[0, -1]], ylim=(low - 0.06 * span * (low < 0), top))
    axes.set_xlabel(words["axis_rate"], fontsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(lambda exponent, _: ten_to(round(exponent)))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    if axes.get_legend_handles_labels()[1]:
        below = axes.transAxes + ScaledTranslation(0, -25 / 72, axes.figure.dpi_scale_trans)  # the axis with its name
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "bbox_transform": below}
        axes.legend(fontsize=7, frameon=False, handlelength=1, labelspacing=0.2, **place)


# ---------------------------------------------------------------- texts


def _instead(axes: Axes, text: str) -> None:
    """A text where there is nothing to draw."""
    for line in list(axes.lines):
        line.remove()
    axes.set_axis_off()
    look = {"fontsize": 9, "color": INK, "ha": "center", "va": "center", "linespacing": 1.4}
    axes.text(0.5, 0.55, _wrapped(text), transform=axes.transAxes, **look)


def _wrapped(text: str) -> str:
    """Lines of about the same length that fit into a panel; Chinese breaks anywhere but before a stop."""
    chinese = any(stop in text for stop in "，。：；")
    space = "" if chinese or " " not in text.strip() else " "
    pieces = text.split() if space else re.findall(r"[\x21-\x7e]+ ?|.", text)
    fit = _width(text) / -(-_width(text) // _WIDTH) + 4
    lines = [""]
    for piece in pieces:
        longer = lines[-1] + (space if lines[-1] else "") + piece
        if lines[-1] and _width(longer) > fit and piece not in "，。：；、":
            lines.append(piece)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _width(text: str) -> int:
    """Of a text in letters; Chinese and Korean ones are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


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


def _numbers(settings: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in settings.items()}


PANELS = {
    "landscape": _landscape,
    "loss": _loss,
    "gauge": _gauge,
    "norm": _norm,
    "rates": _rates,
    "state": _state,
    "schedule": _schedule,
    "sensitivity": _sensitivity,
    "microscope": _microscope,
    "taylor": _taylor,
    "map": _map,
    "range": _range,
}

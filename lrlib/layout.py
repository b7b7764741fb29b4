"""Where the panels of a picture stand, and their ticks.

Panels in a grid, all of one size, with the room around them that their texts need: what matplotlib's constrained layout
gives, which takes as long as all the rest because it measures every tick several times. Here each is measured once, and
the ticks of an axis are one line of marks and their texts.
"""

from itertools import compress

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.lines import TICKDOWN, TICKLEFT, Line2D
from matplotlib.text import Text
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox, ScaledTranslation

DPI = 110
_PANEL = np.array([3.3, 2.9])  # inches, with the room around it
_PAD = 3 / 72  # inches between a text and the next panel or the edge
_GUESS = (0.4, 0.1, 0.36, 0.2)  # inches left, right, below and above a panel, until its texts are known
_MARK, _AWAY, _NAME = 3.5, 7, 4  # points: length of a mark, where its text begins, and below that the axis's name


def panels(count: int, columns: int, below: float = 0.0) -> tuple[Figure, list[Axes]]:
    """A figure with panels, row by row, and some inches more for what is to stand under them."""
    rows = -(-count // columns)
    figure = Figure(_PANEL * (columns, rows) + (0, below), DPI, facecolor="white")
    grid = figure.add_gridspec(rows, columns)
    every = [figure.add_subplot(grid[at // columns, at % columns]) for at in range(count)]
    _place(figure, every, columns, np.tile(_GUESS, (count, 1)))
    return figure, every


def arrange(figure: Figure, every: list[Axes], columns: int) -> None:
    """Ticks for the panels, and all in its place: above the figure's legend, nothing over anything else."""
    renderer = canvas(figure).get_renderer()
    rooms = []
    for axes in every:
        panel = axes.bbox
        whole = Bbox.union([panel, *_boxes(axes, renderer)])
        rooms.append((panel.x0 - whole.x0, whole.x1 - panel.x1, panel.y0 - whole.y0, whole.y1 - panel.y1))
    below = sum(legend.get_window_extent(renderer).height / DPI + 2 * _PAD for legend in figure.legends)
    _place(figure, every, columns, np.array(rooms) / DPI, below)
    for axes, (_, right, _, _) in zip(every, rooms, strict=True):
        for title in _titles(axes):  # one that is too long begins further left
            beyond = title.get_window_extent(renderer).x1 - axes.bbox.x1 - right
            title.set_x(-max(0, beyond) / axes.bbox.width)


def canvas(figure: Figure) -> FigureCanvasAgg:
    """The one that a figure is drawn on: it keeps the sizes of the texts that were measured."""
    return figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)


def _place(figure: Figure, every: list[Axes], columns: int, rooms: np.ndarray, below: float = 0.0) -> None:
    """Panels of one size; in each column, and in each row, all have the room of the one that needs most."""
    column, row = np.arange(len(every)) % columns, np.arange(len(every)) // columns
    left, right = (_most(room, column) for room in rooms.T[:2])
    under, over = (_most(room, row) for room in rooms.T[2:])
    wide, high = figure.get_size_inches()
    width = (wide - left.sum() - right.sum()) / len(left)
    height = (high - below - under.sum() - over.sum()) / len(under)
    x = np.cumsum(left + width + right) - width - right
    y = high - np.cumsum(over + height + under) + under
    for axes, i, j in zip(every, column, row, strict=True):
        axes.set_position((x[i] / wide, y[j] / high, width / wide, height / high))


def _most(rooms: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """The largest room in each of the columns or rows."""
    return np.array([rooms[lines == line].max() for line in range(lines.max() + 1)]) + _PAD


def _titles(axes: Axes) -> list[Text]:
    """What stands above a panel: the texts that are none of its own."""
    own = axes.texts
    return [one for one in axes.get_children() if isinstance(one, Text) and one not in own and one.get_text()]


def _boxes(axes: Axes, renderer: RendererAgg) -> list[Bbox]:
    """What the texts of a panel take, those of its parts included, and its legend unless that is not in the layout."""
    boxes = [box for part in axes.child_axes for box in _boxes(part, renderer)]
    own = [one for one in (*axes.texts, axes.get_legend()) if one and one.get_in_layout()]
    boxes += [one.get_window_extent(renderer) for one in own]
    boxes += [_line(title.get_window_extent(renderer), axes.bbox, True) for title in _titles(axes)]
    if axes.axison:
        boxes += _ruled(axes.xaxis, renderer) + _ruled(axes.yaxis, renderer)
    return boxes


def _ruled(axis: Axis, renderer: RendererAgg) -> list[Bbox]:
    """Puts marks and texts for an axis's ticks on the figure, instead of its own, and its name beyond; what they take."""
    axes, figure, across = axis.axes, axis.axes.figure, axis.axis_name == "x"
    if across:
        edge, (transform, va, ha) = axes.get_xaxis_transform(), axes.get_xaxis_text1_transform(_AWAY)
    else:
        edge, (transform, va, ha) = axes.get_yaxis_transform(), axes.get_yaxis_text1_transform(_AWAY)
    places, names = _seen(axis)
    spots = [(place, 0) if across else (0, place) for place in places]
    look = {"ls": "", "marker": TICKDOWN if across else TICKLEFT, "ms": _MARK, "mew": 0.8, "color": "black"}
    figure.add_artist(Line2D(*np.reshape(spots, (-1, 2)).T, transform=edge, **look))
    look = {"fontsize": axis.get_tick_params()["labelsize"], "va": va, "ha": ha}
    texts = [figure.text(*spot, name, transform=transform, **look) for spot, name in zip(spots, names, strict=True)]
    outer = texts[:1] + texts[-1:] if across else texts  # below a panel all others are between these
    boxes = [text.get_window_extent(renderer) for text in outer]
    axis.set_major_locator(NullLocator())
    axis.set_visible(bool(axis.label.get_text()))
    if axis.get_visible():
        whole = Bbox.union([axes.bbox, *boxes])
        away = (axes.bbox.y0 - whole.y0 if across else axes.bbox.x0 - whole.x0) / DPI + _NAME / 72
        spot, shift = ((0.5, 0), (0, -away)) if across else ((0, 0.5), (-away, 0))
        axis.set_label_coords(*spot, axes.transAxes + ScaledTranslation(*shift, figure.dpi_scale_trans))
        boxes.append(_line(axis.label.get_window_extent(renderer), axes.bbox, across))
    return boxes


def _seen(axis: Axis) -> tuple[list[float], list[str]]:
    """Places and texts of the ticks within the panel."""
    low, high = sorted(axis.get_view_interval())
    places = np.asarray(axis.get_majorticklocs())
    names = axis.get_major_formatter().format_ticks(places)
    there = (places - low >= -1e-10 * (high - low)) & (places - high <= 1e-10 * (high - low))
    return list(compress(places, there)), list(compress(names, there))


def _line(box: Bbox, panel: Bbox, across: bool) -> Bbox:
    """What a line of text takes along a panel's edge, above or below it or beside it: its length is no matter."""
    return Bbox([[panel.x0, box.y0], [panel.x1, box.y1]] if across else [[box.x0, panel.y0], [box.x1, panel.y1]])

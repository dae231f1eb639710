"""The one Matplotlib style of the project: colours, line styles, markers, and figures without pyplot.

Colour is never the only key: `series` pairs every colour with a line style and a marker, and pictures with
more curves than that label them directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from itertools import cycle, islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict, cast

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito, "Color Universal Design" (2008): eight colours that people with any kind of colour vision
# tell apart. Yellow (#F0E442) is left out as it vanishes on white; black is the ink.
BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#cc79a7"
ORANGE = "#e69f00"
SKY = "#56b4e9"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)

INK = "#1d2433"  # text and curves that matter
MUTED = "#5c6675"  # axis labels, reference lines; 5.8:1 on white
FAINT = "#b4bcc8"  # curves that are only there for context
GRID = "#e3e7ed"
PAPER = "#ffffff"  # the inside of hollow marks

LINE_STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (7, 2, 1.5, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

RC: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],  # ships with Matplotlib: the same layout on every machine
        "font.size": 10.5,
        "axes.titlesize": 11.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 10,
        "axes.labelcolor": MUTED,
        "axes.edgecolor": FAINT,
        "axes.linewidth": 0.8,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": GRID,
        "grid.linewidth": 0.8,
        "text.color": INK,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "svg.fonttype": "none",  # text stays text: it can be searched, selected and read aloud
        "svg.hashsalt": "actlab",  # the same figure gives the same bytes
    }
)


class Series(TypedDict):
    """Keyword arguments of `Axes.plot` that tell one curve from the others."""

    color: str
    linestyle: Any
    marker: str


def context() -> AbstractContextManager[None]:
    """The style as a context: wrap the making *and* the saving of a figure in it."""
    return mpl.rc_context(cast("Any", dict(RC)))


def figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches that lays itself out; belongs inside `context`."""
    return Figure(figsize=(width, height), layout="constrained")


def series(count: int) -> list[Series]:
    """Colour, line style and marker for each of `count` curves; no two of the first 210 are alike.

    Examples
    --------
    >>> [each["marker"] for each in series(3)]
    ['o', 's', '^']
    """
    # Lengths 6, 5 and 7 have no common factor, so the triples repeat only after 6 * 5 * 7 curves.
    triples = zip(cycle(PALETTE), cycle(LINE_STYLES), cycle(MARKERS), strict=False)
    return [Series(color=color, linestyle=line, marker=marker) for color, line, marker in islice(triples, count)]


def ease(ax: Axes, *, grid: str = "both") -> None:
    """Take the tick marks off, and the grid lines of the axis that needs none ("x", "y", "both")."""
    ax.tick_params(length=0)
    if grid != "both":
        ax.grid(False)
        ax.grid(True, axis="x" if grid == "x" else "y")

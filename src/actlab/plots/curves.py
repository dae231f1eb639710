"""Curves and derivatives of activations on labelled axes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Final

import numpy as np

from actlab.plots import style
from actlab.plots.sampling import Curve
from actlab.plots.sampling import Quantity as Quantity
from actlab.plots.sampling import sample as sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actlab.activation import Activation

_AXIS_LABELS: Final = {"value": "value f(x)", "derivative": "derivative f'(x)"}
_LABEL_GAP: Final = 0.055  # height of a line of text as a share of the axes
_PANEL_WIDTH, _PANEL_HEIGHT = 7.0, 4.4  # inches
_LABEL_INCHES, _FOOTER_INCHES = 0.25, 0.17  # what one more label and one more line of footer take
_FOOTER_COLUMNS: Final = 105  # characters of 8 points in the width of a panel


def draw_curves(ax: Axes, drawn: Sequence[Curve], quantity: Quantity) -> Axes:
    """Draw curves into axes: one line each, its kinks as markers, its label at its right end.

    Parameters
    ----------
    ax : the axes
    drawn : the curves, all of the same quantity and range
    quantity : what the y axis shows

    Returns
    -------
    The axes.
    """
    for curve, look in zip(drawn, style.series(len(drawn)), strict=True):
        color, line = look["color"], look["linestyle"]
        ax.plot(curve.x, curve.y, color=color, linestyle=line, label=curve.label)
        if curve.kink_x.size:
            ax.plot(curve.kink_x, curve.kink_y, "o", color=color, markersize=5)
    ax.axhline(0, color=style.FAINT, linewidth=0.8, zorder=0)
    ax.axvline(0, color=style.FAINT, linewidth=0.8, zorder=0)
    ax.set_xlim(drawn[0].x[0], drawn[0].x[-1])
    ax.set_xlabel("input x")
    ax.set_ylabel(_AXIS_LABELS[quantity])
    style.ease(ax)
    _label_ends(ax, drawn)
    return ax


def _label_ends(ax: Axes, drawn: Sequence[Curve]) -> None:
    """Write each label right of the axes, joined to the end of its curve by a line in the same style."""
    low, high = ax.get_ylim()
    ends = [_end(curve) for curve in drawn]
    places = spread([(y - low) / (high - low) for _, y in ends], gap=_LABEL_GAP)
    for curve, look, end, place in zip(drawn, style.series(len(drawn)), ends, places, strict=True):
        ax.annotate(
            curve.label,
            xy=end,
            xytext=(1.09, place),
            textcoords="axes fraction",
            color=look["color"],
            va="center",
            arrowprops={
                "arrowstyle": "-",
                "color": look["color"],
                "linestyle": look["linestyle"],
                "shrinkA": 2,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
        )


def _end(curve: Curve) -> tuple[float, float]:
    """The rightmost point that is drawn; the right end of the x axis where nothing is."""
    finite = np.flatnonzero(np.isfinite(curve.y))
    return (float(curve.x[finite[-1]]), float(curve.y[finite[-1]])) if finite.size else (float(curve.x[-1]), 0.0)


def spread(places: Sequence[float], *, gap: float) -> list[float]:
    """Move numbers apart within [0, 1] until neighbours are at least `gap` from each other.

    They move as little as that takes; where [0, 1] is too short for the gap, they share it evenly.

    Examples
    --------
    >>> [round(place, 3) for place in spread([0.5, 0.5, 0.9], gap=0.1)]
    [0.45, 0.55, 0.9]
    """
    order = np.argsort(places, kind="stable")
    gap = min(gap, 1 / max(len(places) - 1, 1))
    # Pool neighbours that are too close into blocks around their common mean, as isotonic regression does.
    offsets = gap * np.arange(len(places))
    blocks: list[list[float]] = []
    for target in np.asarray(places, dtype=np.float64)[order] - offsets:
        blocks.append([float(target)])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    level = np.concatenate([np.full(len(block), np.mean(block)) for block in blocks])
    result = np.empty(len(places))
    result[order] = np.clip(level, 0.0, 1.0 - offsets[-1]) + offsets
    return [float(place) for place in result]


def figure(items: Sequence[Activation], *, low: float, high: float, derivative: bool = False) -> Figure:
    """Draw activations, with their derivatives in a second panel if asked.

    Parameters
    ----------
    items : the activations, at least one
    low, high : the range of the input, low < high
    derivative : add the panel

    Returns
    -------
    matplotlib Figure, to be saved inside `style.context()`
    """
    quantities: tuple[Quantity, ...] = ("value", "derivative") if derivative else ("value",)
    height = max(_PANEL_HEIGHT, _LABEL_INCHES * len(items))
    picture = style.figure(_PANEL_WIDTH * len(quantities), height + _FOOTER_INCHES * len(items))
    for ax, quantity in zip(np.ravel(picture.subplots(1, len(quantities))), quantities, strict=True):
        draw_curves(ax, [sample(item, quantity, low, high) for item in items], quantity)
        ax.set_title(quantity.capitalize())
    picture.supxlabel(
        footer(items, width=_FOOTER_COLUMNS * len(quantities)),
        x=0.01,
        ha="left",
        fontsize=8,
        color=style.MUTED,
    )
    return picture


def footer(items: Sequence[Activation], *, width: int) -> str:
    """Say what is drawn: formula, defaults and source of each activation, the markers, the version.

    Returns
    -------
    str, lines of at most `width` characters
    """
    marks = "dots: kinks, at the value taken there; " if any(getattr(i, "kinks", ()) for i in items) else ""
    texts = [*map(_caption, items), f"{marks}actlab {metadata.version('actlab')}"]
    return "\n".join(textwrap.fill(text, width, subsequent_indent="   ") for text in texts)


def _caption(item: Activation) -> str:
    defaults = ", ".join(f"{name}={param.default:g}" for name, param in item.parameters.items())
    from actlab.activation import Axis

    drawn = ", drawn for the pair (x, 0), first member" if isinstance(item, Axis) else ""
    return f"{item.name}: {item.formula}{drawn}" + (f"; default {defaults}" if defaults else "") + f"; {item.source}"

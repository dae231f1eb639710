"""A Matplotlib figure as an SVG element that can stand in one page with many others.

Matplotlib writes a whole document: with a date, with ids that start over in every figure, with fixed colours.
Inlined side by side those ids would clash (a curve clipped by another figure's frame), and the colours
could not follow the reader's light or dark theme.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

from actlab.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours of the style that the page's CSS may set; the colour itself stays as the fallback.
THEME = {
    style.INK: "ink",
    style.MUTED: "muted",
    style.FAINT: "faint",
    style.GRID: "grid",
    style.PAPER: "card",
    style.BLUE: "best",
    style.VERMILION: "warn",
}
DECIMALS = 2  # of a coordinate in points, 1/72 inch: finer than any screen

_TAG = re.compile(r"<[^!?][^>]*>")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:xlink:)?href="#([^"]*)"|url\(#([^)]*)\)')


def inline(figure: Figure, *, name: str, label: str) -> str:
    """The figure as an ``<svg>`` element.

    Parameters
    ----------
    figure : made inside `style.context`
    name : unique in the page; the prefix of every id
    label : what a reader who cannot see the picture should know

    Returns
    -------
    An element with ``role="img"`` and the label, as wide as its container, without any reference to the
    outside. The same figure gives the same text.
    """
    with style.context():
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    text = buffer.getvalue()
    body = text[text.index("<svg") :]
    body = _TAG.sub(lambda tag: _tidy(tag.group(), name), _drop_unused_ids(body))
    return _label(body, label)


def _drop_unused_ids(body: str) -> str:
    """Keep only the ids that something points to: most are Matplotlib's own bookkeeping."""
    used = {first or second for first, second in _REFERENCE.findall(body)}
    return _ID.sub(lambda match: match.group() if match.group(1) in used else "", body)


def _tidy(tag: str, name: str) -> str:
    """One tag with its ids prefixed, its numbers shortened and its colours under the page's control."""
    tag = _ID.sub(rf' id="{name}-\1"', tag)
    tag = re.sub(r'xlink:href="#', f'href="#{name}-', tag)
    tag = tag.replace("url(#", f"url(#{name}-")
    tag = _LONG_NUMBER.sub(lambda number: f"{float(number.group()):.{DECIMALS}f}", tag)
    for colour, variable in THEME.items():
        tag = tag.replace(f": {colour}", f": var(--{variable}, {colour})")
    return tag


def _label(body: str, label: str) -> str:
    """Replace the document's attributes (fixed size, namespaces) by what an inline picture needs."""
    box = re.search(r'viewBox="[^"]*"', body)
    start = body.index(">") + 1
    frame = box.group() if box else ""
    return f'<svg {frame} role="img" aria-label="{escape(label, quote=True)}">{body[start:]}'

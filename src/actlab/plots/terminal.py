"""A small plot made of characters: braille dots, or stars where the terminal knows only ASCII."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_DOT_ROWS, _DOT_COLUMNS = 4, 2
# Bit of each dot within a braille character, U+2800 + bits (Unicode chapter 21, braille patterns).
_BRAILLE_BITS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BRAILLE_BLANK: Final = 0x2800


@dataclass(frozen=True)
class Raster:
    """A curve turned into dots.

    Attributes
    ----------
    dots : bool[rows, columns], the first row is the top
    left, right, bottom, top : float, the input and the values at the edges
    zero_row : int or None, the row of dots nearest to the value 0, None when 0 lies outside
    zero_column : int or None, the column of dots nearest to the input 0, likewise
    """

    dots: NDArray[np.bool_]
    left: float
    right: float
    bottom: float
    top: float
    zero_row: int | None
    zero_column: int | None


def rasterise(x: NDArray[np.float64], y: NDArray[np.float64], *, columns: int, rows: int) -> Raster:
    """Turn a curve into dots; neighbouring points are joined, across a NaN they are not.

    Parameters
    ----------
    x : float64[n], increasing, finite
    y : float64[n], may hold NaN and infinities, which are left out
    columns, rows : the number of dots in each direction, at least 2

    Returns
    -------
    Raster
    """
    seen = y[np.isfinite(y)]
    bottom, top = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    if bottom == top:  # a constant gets a band of its own, or it could not be scaled
        bottom, top = bottom - 1.0, top + 1.0
    left, right = float(x[0]), float(x[-1])
    column = np.rint((x - left) / (right - left) * (columns - 1))
    row = np.rint((top - y) / (top - bottom) * (rows - 1))

    dots = np.zeros((rows, columns), dtype=bool)
    for i in np.flatnonzero(np.isfinite(row)):
        joined = i > 0 and np.isfinite(row[i - 1])
        first, last = sorted((int(row[i - 1]) if joined else int(row[i]), int(row[i])))
        dots[first : last + 1, int(column[i])] = True
    return Raster(dots, left, right, bottom, top, _place(0.0, top, bottom, rows), _place(0.0, left, right, columns))


def _place(value: float, first: float, last: float, count: int) -> int | None:
    """Index of a value on an axis of `count` dots that runs from `first` to `last`; None outside."""
    share = (value - first) / (last - first)
    return round(share * (count - 1)) if 0 <= share <= 1 else None


def render(raster: Raster, *, ascii_only: bool = False) -> list[str]:
    """Write a raster as lines of text with the values at its edges.

    Parameters
    ----------
    raster : Raster; for braille its size should be a multiple of 4 rows and 2 columns
    ascii_only : draw one star per character instead of braille dots

    Returns
    -------
    list of str, all of equal width; the last line names the inputs at both edges
    """
    cells = _stars(raster) if ascii_only else _braille(raster)
    bar, corner, dash = ("|", "+", "-") if ascii_only else ("│", "└", "─")
    labels = [""] * len(cells)
    if raster.zero_row is not None:
        labels[_cell_of(raster.zero_row, len(cells), raster)] = "0"
    labels[0], labels[-1] = f"{raster.top:.3g}", f"{raster.bottom:.3g}"
    margin = max(map(len, labels))
    body = [f"{label:>{margin}} {bar}{line}" for label, line in zip(labels, cells, strict=True)]
    width = len(cells[0])
    axis = f"{'':{margin}} {corner}{dash * width}"
    return [*body, axis, f"{'':{margin}}  {_inputs(raster, width)}"]


def _cell_of(row: int, cells: int, raster: Raster) -> int:
    rows: int = raster.dots.shape[0]
    return row * cells // rows


def _inputs(raster: Raster, width: int) -> str:
    """The line below the axis: the left edge, 0 where it lies inside, the right edge."""
    left, right = f"{raster.left:g}", f"{raster.right:g}"
    line = list(left + " " * (width - len(left) - len(right)) + right)
    if raster.zero_column is not None:
        column = raster.zero_column * width // raster.dots.shape[1]
        if len(left) < column < width - len(right):
            line[column] = "0"
    return "".join(line)


def _blocks(raster: Raster) -> NDArray[np.bool_]:
    """The dots as bool[cell row, cell column, 4, 2]; dots beyond a multiple of 4 by 2 are padded as empty."""
    rows, columns = raster.dots.shape
    padded = np.pad(raster.dots, ((0, -rows % _DOT_ROWS), (0, -columns % _DOT_COLUMNS)))
    shape = (padded.shape[0] // _DOT_ROWS, _DOT_ROWS, padded.shape[1] // _DOT_COLUMNS, _DOT_COLUMNS)
    return padded.reshape(shape).swapaxes(1, 2)


def _braille(raster: Raster) -> list[str]:
    bits = (_blocks(raster) * _BRAILLE_BITS).sum(axis=(2, 3))
    return ["".join(chr(_BRAILLE_BLANK + int(cell)) for cell in line) for line in bits]


def _stars(raster: Raster) -> list[str]:
    cells = np.asarray(_blocks(raster).any(axis=(2, 3)))
    return ["".join("*" if cell else " " for cell in line) for line in cells]

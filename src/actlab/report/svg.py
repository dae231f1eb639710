"""A small chart as an SVG element: marks that know their numbers, drawn sharp at any width.

The width of a chart follows its column, its height and its letters do not: dots and words stand at per cent of the
width, and lines are drawn in a stretched picture inside the chart, which cuts them off at its edges too. So a phone
shows letters of the same size as a wide screen, and nothing needs an id. Colours are the page's own (`report.css`).

What a mark stands for is its ``<title>``, which browsers show under the pointer without any JavaScript.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup, escape

from actlab.report.axis import Axis

Shape = Literal["circle", "square", "diamond", "triangle", "cross"]

WIDTH = 1000  # units of the stretched picture inside: finer than the pixels of a column
PADDING = 5  # pixels above and below the range, where dots at its ends reach
TEXT_BELOW = 15  # pixels from the lower edge to the feet of the tick labels

# Shapes of about equal weight around (0, 0); a circle of radius r has r for its half height.
PATHS: dict[str, str] = {
    "square": "M-4-4H4V4H-4Z",
    "diamond": "M0-5.6L5.6 0L0 5.6L-5.6 0Z",
    "triangle": "M0-5L5.2 4H-5.2Z",
    "cross": "M-4-4L4 4M4-4L-4 4",
}
RADIUS = 4.5
HIT = 8  # radius around a point of a line within which its value shows


@dataclass(frozen=True)
class Mark:
    """Something drawn: its kind, its look (classes of the style sheet), its numbers and what they mean.

    Attributes
    ----------
    kind : "line", "area", "upright", "span", "dot", "hit", "word"
    look : CSS classes
    x, y : the numbers as given; an area has its upper edge, then its lower one backwards
    tip : what the pointer shows, or the word itself
    shape, radius : of a dot
    """

    kind: str
    look: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    tip: str = ""
    shape: Shape = "circle"
    radius: float = RADIUS


@dataclass
class Chart:
    """Marks over two axes.

    Attributes
    ----------
    x, y : the axes
    height : pixels, without the labels below
    marks : what was drawn, in that order
    grid : where the horizontal grid lines end, a share of the width
    bare : without grid and tick labels, as a row of a bigger chart
    """

    x: Axis
    y: Axis
    height: int = 130
    grid: float = 1.0
    bare: bool = False
    marks: list[Mark] = field(default_factory=list)

    def line(self, x: Iterable[float], y: Iterable[float], look: str) -> None:
        """A line through the points; it is broken where one is not finite."""
        self.marks.append(Mark("line", look, tuple(map(float, x)), tuple(map(float, y))))

    def area(self, x: Sequence[float], low: Sequence[float], high: Sequence[float], look: str) -> None:
        """What lies between two lines over the same points."""
        outline_x, outline_y = (*x, *x[::-1]), (*high, *low[::-1])
        self.marks.append(Mark("area", look, tuple(map(float, outline_x)), tuple(map(float, outline_y))))

    def span(self, low: float, high: float, look: str, tip: str = "") -> None:
        """A part of the x axis, over the whole height."""
        self.marks.append(Mark("span", look, (low, high), (), tip))

    def upright(self, x: float, look: str) -> None:
        """A vertical line over the whole height, so that it goes on in the row below."""
        self.marks.append(Mark("upright", look, (float(x),), ()))

    def level(self, y: float, look: str) -> None:
        """A horizontal line over the whole width."""
        self.line((self.x.low, self.x.high), (y, y), look)

    def dot(self, x: float, y: float, look: str, tip: str, *, shape: Shape = "circle", radius: float = RADIUS) -> None:
        """A mark at a point."""
        self.marks.append(Mark("dot", look, (float(x),), (float(y),), tip, shape=shape, radius=radius))

    def hit(self, x: float, y: float, tip: str) -> None:
        """An invisible place that shows a value."""
        self.marks.append(Mark("hit", "hit", (float(x),), (float(y),), tip))

    def word(self, x: float, y: float, text: str, look: str = "") -> None:
        """Words whose left end is at the point."""
        self.marks.append(Mark("word", look, (float(x),), (float(y),), text))

    def svg(self, label: str) -> Markup:
        """The chart as an element with the label for those who cannot see it."""
        paths = [self._path(mark) for mark in self.marks if mark.kind in {"line", "area", "upright"}]
        drawn = "".join([*self._grid(), *paths])
        lines = f'<svg class="lines" {self._box}>{drawn}</svg>' if drawn else ""
        spans = "".join(self._span(mark) for mark in self.marks if mark.kind == "span")
        points = "".join(_POINTS[mark.kind](self, mark) for mark in self.marks if mark.kind in _POINTS)
        # Every text that came from outside is escaped where it enters a tag.
        return Markup(  # noqa: S704
            f'<svg class="chart" height="{self.height}" role="img" aria-label="{escape(label)}">'
            f"{spans}{lines}{self._labels()}{points}</svg>"
        )

    @property
    def _box(self) -> str:
        return f'viewBox="0 0 {WIDTH} {self.height}" preserveAspectRatio="none"'

    def _grid(self) -> list[str]:
        """Horizontal grid lines and the base line."""
        if self.bare:
            return []
        end = number(WIDTH * self.grid)
        return [
            *(f'<path class="grid" d="M0 {number(self._y(value))}H{end}"/>' for value, _ in self.y.ticks),
            f'<path class="grid" d="M0 {self.height}H{end}"/>',
        ]

    def _labels(self) -> str:
        """What the ticks say."""
        if self.bare:
            return ""
        texts = [
            f'<text class="y" x="-7" y="{number(self._y(value) + 3.5)}">{escape(text)}</text>'
            for value, text in self.y.ticks
        ]
        texts += [
            f'<text class="x" x="{self._x(value)}%" y="{self.height + TEXT_BELOW}">{escape(text)}</text>'
            for value, text in self.x.ticks
        ]
        return "".join(texts)

    def _x(self, value: float) -> str:
        """Per cent of the width."""
        return number(100 * self.x.share(value))

    def _y(self, value: float) -> float:
        """Pixels from the top."""
        return PADDING + (self.height - 2 * PADDING) * (1 - self.y.share(value))

    def _path(self, mark: Mark) -> str:
        if mark.kind == "upright":
            return f'<path class="{mark.look}" d="M{number(WIDTH * self.x.share(mark.x[0]))} 0V{self.height}"/>'
        steps = []
        pen = "M"
        for x, y in zip(mark.x, mark.y, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                steps.append(f"{pen}{number(WIDTH * self.x.share(x))} {number(self._y(y))}")
                pen = "L"
            else:
                pen = "M"
        if not steps:
            return ""
        end = "Z" if mark.kind == "area" else "h0" if len(steps) == 1 else ""
        return f'<path class="{mark.look}" d="{"".join(steps)}{end}"/>'

    def _span(self, mark: Mark) -> str:
        low, high = (100 * self.x.share(self.x.inside(value)) for value in mark.x)
        place = f'x="{number(low)}%" width="{number(high - low)}%" height="{self.height}"'
        return f'<rect class="{mark.look}" {place}>{_title(mark)}</rect>'

    def _dot(self, mark: Mark) -> str:
        x, y = self._x(mark.x[0]), number(self._y(mark.y[0]))
        if mark.shape == "circle":
            place = f'cx="{x}%" cy="{y}" r="{number(mark.radius)}"'
            return f'<circle class="dot {mark.look}" {place}>{_title(mark)}</circle>'
        path = f'<path class="dot {mark.look}" d="{PATHS[mark.shape]}">{_title(mark)}</path>'
        return f'<svg x="{x}%" y="{y}">{path}</svg>'

    def _hit(self, mark: Mark) -> str:
        x, y = self._x(mark.x[0]), number(self._y(mark.y[0]))
        return f'<circle class="hit" cx="{x}%" cy="{y}" r="{HIT}">{_title(mark)}</circle>'

    def _word(self, mark: Mark) -> str:
        x, y = self._x(mark.x[0]), number(self._y(mark.y[0]) + 3.5)
        return f'<text class="{mark.look}" x="{x}%" y="{y}">{escape(mark.tip)}</text>'


_POINTS: dict[str, Callable[[Chart, Mark], str]] = {"dot": Chart._dot, "hit": Chart._hit, "word": Chart._word}  # noqa: SLF001


def scale(axis: Axis, label: str) -> Markup:
    """The tick labels of an axis alone, to stand below or above rows of bare charts."""
    texts = "".join(
        f'<text class="x" x="{axis.percent(value):g}%" y="{TEXT_BELOW - 2}">{escape(text)}</text>'
        for value, text in axis.ticks
    )
    element = f'<svg class="chart scale" height="18" role="img" aria-label="{escape(label)}">{texts}</svg>'
    return Markup(element)  # noqa: S704  (escaped above)


def key(look: str, shape: Shape) -> Markup:
    """A shape as it is drawn, for the explanation of the marks."""
    if shape == "circle":
        body = f'<circle class="dot {look}" cx="7" cy="7" r="{RADIUS}"/>'
    else:
        body = f'<path class="dot {look}" transform="translate(7 7)" d="{PATHS[shape]}"/>'
    return Markup(f'<svg class="mark" viewBox="0 0 14 14" aria-hidden="true">{body}</svg>')  # noqa: S704


def number(value: float) -> str:
    """A coordinate with one decimal at most."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _title(mark: Mark) -> str:
    return f"<title>{escape(mark.tip)}</title>" if mark.tip else ""

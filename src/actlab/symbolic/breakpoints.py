"""Where a formula switches branches, and which of these points are kinks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actlab import expression as e
from actlab.emit import ieee
from actlab.emit import mpmath as reference
from actlab.expression import COMPARISONS, Expression
from actlab.symbolic.derivative import differentiate

_SEARCHED = 64.0  # crossings that have no closed form are looked for in [-64, 64]
_STEP = 1 / 64
_TOLERANCE = 1e-12  # one-sided derivatives closer than this are equal: they are evaluated to 40 digits


@dataclass(frozen=True)
class Kink:
    """A point where the value or the derivative jumps.

    Attributes
    ----------
    x : the point
    left, right : derivative just left and just right of it
    grad : derivative at it, by the formula's own branch
    jump : whether the value itself jumps
    """

    x: float
    left: float
    right: float
    grad: float
    jump: bool = False


def breakpoints(root: Expression) -> tuple[Expression, ...]:
    """Where some branch of the formula switches, as expressions in the parameters (or numbers found by search)."""
    found: dict[Expression, None] = {}
    for boundary in _boundaries(root):
        for point in _zeros(boundary):
            found.setdefault(point)
    return tuple(found)


def kinks(root: Expression, grad: Expression, parameters: Mapping[str, float]) -> list[Kink]:
    """The breakpoints at which value or derivative jumps, for these parameter values, in increasing order."""
    values = {k: e.constant(x) for k, x in parameters.items()}
    root, grad = e.substitute(root, values), e.substitute(grad, values)
    points = sorted({ieee.evaluate(point, 0.0, {}) for point in breakpoints(root)})
    return [kink for x in points if math.isfinite(x) and (kink := _kink(root, grad, x)) is not None]


def _kink(root: Expression, grad: Expression, x: float) -> Kink | None:
    import mpmath as mp

    f, slope = reference.function(root), reference.function(differentiate(root))
    with mp.workdps(60):
        near = mp.mpf(10) ** -40 * (1 + abs(mp.mpf(x)))
        left, right = (float(slope(mp.mpf(x) + side * near)) for side in (-1, 1))
        below, above = (float(f(mp.mpf(x) + side * near)) for side in (-1, 1))
        at = float(reference.function(grad)(mp.mpf(x)))
    jump = abs(above - below) > _TOLERANCE
    if not jump and abs(right - left) <= _TOLERANCE * (1 + abs(left)):
        return None
    return Kink(x, left, right, at, jump)


def _boundaries(root: Expression) -> Iterator[Expression]:
    """Expressions whose sign decides a branch."""
    for node in e.walk(root):
        if node.op in COMPARISONS or node.op == "clip":
            yield from (e.subtract(node.args[0], bound) for bound in node.args[1:])
        elif node.op in ("abs", "sign"):
            yield node.args[0]


def _zeros(boundary: Expression) -> Iterator[Expression]:
    """Roots in x: exact if the boundary is linear in x, otherwise found between points of a grid."""
    slope = differentiate(boundary)
    if "x" not in e.symbols(slope):
        if not e.is_zero(slope):
            start = e.substitute(boundary, {"x": e.constant(0)})
            yield _tidy(e.negate(start), slope)
    elif e.symbols(boundary) == {"x"}:
        yield from map(e.constant, _crossings(boundary))


def _tidy(a: Expression, b: Expression) -> Expression:
    return a if e.is_one(b) or e.is_zero(a) else e.divide(a, b)


def _crossings(boundary: Expression) -> Iterator[float]:
    def sign(x: float) -> int:
        y = ieee.evaluate(boundary, x, {})
        return (y > 0) - (y < 0)

    n = int(_SEARCHED / _STEP)
    grid = [i * _STEP for i in range(-n, n + 1)]
    signs = [sign(x) for x in grid]
    for (a, sa), (b, sb) in zip(zip(grid, signs, strict=True), list(zip(grid, signs, strict=True))[1:], strict=False):
        if sa == 0:
            yield a
        elif sa * sb < 0:
            yield _bisect(sign, a, b)


def _bisect(sign: Any, a: float, b: float) -> float:
    start = sign(a)
    while (middle := (a + b) / 2) not in (a, b):
        s = sign(middle)
        if s == 0:
            return middle
        a, b = (middle, b) if s == start else (a, middle)
    return a

"""What the formulas are worth, to many digits, and their derivatives without a single derivative rule.

A derivative is a difference quotient of the formula itself in at least 100 digits. Nothing here has been through
`symbolic.derivative`, a stable form or a kernel: agreement means that all of them are right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mpmath import mp, mpf

from actlab.activation import Elementwise
from actlab.emit import mpmath as emitted
from actlab.expression import Expression

_DIGITS = 60
_AGREE = mpf(10) ** -35
_MOST = 4000  # digits; a formula that needs more is not one of ours
_GRID = tuple(i / 8 + 1 / 32 for i in range(-160, 160))
_TINIEST = 800  # digits that show every number a float64 can hold, and whether it is 0


class Unsettled(AssertionError):
    """More and more digits give no steady answer."""


def settled(compute: Callable[[], Any]) -> mpf:
    """The number computed with ever more digits, until two results agree to 35 digits."""
    digits, before = _DIGITS, _with_digits(_DIGITS, compute)
    while digits < _MOST:
        digits = max(2 * digits, _TINIEST if before == 0 else 0)
        now = _with_digits(digits, compute)
        if digits >= 2 * _TINIEST and abs(now) < mpf(10) ** -(_TINIEST // 2):
            return mpf(0)  # the noise of a difference quotient that vanishes
        if now == before or (mp.isnan(now) and mp.isnan(before)) or abs(now - before) <= _AGREE * abs(now):
            return now
        before = now
    raise Unsettled(f"no steady value with {digits} digits: {float(before)}")


def _with_digits(digits: int, compute: Callable[[], Any]) -> mpf:
    with mp.workdps(digits):
        return mp.mpf(compute())


def of_expression(root: Expression, x: float, parameters: Mapping[str, Any]) -> mpf:
    """An expression at one point."""
    f = emitted.function(root)
    return settled(lambda: f(mpf(x), **{name: mpf(value) for name, value in parameters.items()}))


@dataclass(frozen=True, eq=False)
class Reference:
    """The exact values of an elementwise activation.

    Attributes
    ----------
    item : the activation; its parameters are at their bound or default values unless given
    given : parameter values
    """

    item: Elementwise
    given: Mapping[str, float] = field(default_factory=dict)
    _known: dict[tuple[float, int], mpf] = field(default_factory=dict)
    _roots: dict[int, tuple[float, ...]] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> dict[str, mpf]:
        """The value of each parameter."""
        return {name: mpf(value) for name, value in self.item.resolved(self.given).items()}

    @cached_property
    def _f(self) -> Callable[..., Any]:
        return emitted.function(self.item.expression)

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """Where the formula switches branches."""
        return tuple(
            sorted({float(emitted.function(point)(mpf(0), **self.parameters)) for point in self.item.breakpoints})
        )

    @cached_property
    def kinks(self) -> tuple[float, ...]:
        """Where value or derivative jumps, found from the formula's own difference quotients."""
        return tuple(x for x in self.breakpoints if not _equal(*self.one_sided(x)))

    def roots(self, n: int = 1) -> tuple[float, ...]:
        """Where the n-th derivative changes sign between -20 and 20, other than at 0."""
        if n not in self._roots:
            with mp.workdps(30):
                signs = [mp.sign(mp.diff(self._at, mpf(x), n)) for x in _GRID]
            pairs = zip(zip(_GRID, signs, strict=True), zip(_GRID[1:], signs[1:], strict=True), strict=False)
            self._roots[n] = tuple(self._root(a, b, n) for (a, sa), (b, sb) in pairs if sa * sb < 0 and a * b > 0)
        return self._roots[n]

    def value(self, x: float) -> mpf:
        """f(x)."""
        return self.derivative(x, 0)

    def grad(self, x: float) -> mpf:
        """f'(x), at a breakpoint that is no kink from either side; a kink has no derivative to compare with."""
        return self.derivative(x, 1)

    def derivative(self, x: float, n: int) -> mpf:
        """The n-th derivative."""
        key = float(x), n
        if key not in self._known:
            side = 1 if n and x in self.breakpoints else 0
            self._known[key] = self._quotient(x, n, side)
        return self._known[key]

    def one_sided(self, x: float) -> tuple[mpf, mpf]:
        """The derivative just left and just right of x, plus the jump of the value on the right."""
        near = mpf(10) ** -40 * (1 + abs(mpf(x)))
        with mp.workdps(100):
            jump = settled(lambda: self._at(mpf(x) + near) - self._at(mpf(x) - near))
            jump = mp.inf if abs(jump) > mpf(10) ** -30 else mpf(0)
            return self._quotient(mpf(x) - near, 1, -1), self._quotient(mpf(x) + near, 1, 1) + jump

    def slope_of_parameter(self, x: float, name: str) -> mpf:
        """The derivative with respect to a parameter at its value."""
        at = self.parameters[name]

        def f(value: Any) -> Any:
            return self._f(mpf(x), **{**self.parameters, name: value})

        return settled(lambda: mp.diff(f, at, h=_step(at)))

    def _at(self, x: Any) -> Any:
        return self._f(x, **self.parameters)

    def _quotient(self, x: Any, n: int, side: int) -> mpf:
        if n == 0:
            return settled(lambda: self._at(mpf(x)))
        # A one-sided quotient is off by about one step; its step must be the smaller for it.
        return settled(lambda: mp.diff(self._at, mpf(x), n, h=_step(mpf(x)), direction=side))

    def _root(self, a: float, b: float, n: int) -> float:
        start = mp.sign(self.derivative(a, n))
        for _ in range(16):  # to 2e-6
            middle = (a + b) / 2
            a, b = (middle, b) if mp.sign(self.derivative(middle, n)) == start else (a, middle)
        return a


def _step(x: mpf) -> mpf:
    """A step far below every length on which a formula changes, and never across 0."""
    size = abs(x)
    return mpf(10) ** -(mp.dps * 4 // 5) * (1 if size == 0 else min(mpf(1), size))


def _equal(left: mpf, right: mpf) -> bool:
    return bool(abs(left - right) <= mpf(10) ** -20 * (1 + abs(left)))

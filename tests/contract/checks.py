"""The promises of the contract, each as one function that raises AssertionError where it is broken.

Plain functions, so that the same check judges the catalogue and the deliberate mutations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from actlab.activation import Elementwise
from actlab.emit import ieee
from actlab.verification import float64, landmarks
from actlab.verification.balls import precision
from actlab.verification.exact import Exact
from actlab.verification.formats import FLOAT32, FLOAT64, Format
from actlab.verification.points import points
from actlab.verification.runs import Run

METHODS = {"value": "__call__", "grad": "grad"}
ORDER = {"value": 0, "grad": 1}
_BESIDE = 1e-40  # far below every length on which a formula changes


def check_float32(item: Elementwise, what: str, exact: Exact) -> None:
    """Rounded correctly but for 0.01 ulp, or within 1 ulp near a root of the derivative other than 0."""
    (found,) = Run(exact, FLOAT32, (ORDER[what],)).over(points(exact, FLOAT32, 1))
    assert found.kept, f"{item.label}: {what} in float32 at x={found.used_at!r}: {found.used:.4g} of what is promised"


def check_float64(item: Elementwise, what: str, exact: Exact, slack: float = 1.0) -> None:
    """Within `slack` times 2 ulp and what half a rounding of x makes of the result."""
    found = float64.over(exact, points(exact, FLOAT64, 1)[::4])[ORDER[what]]
    assert found.used <= slack, (
        f"{item.label}: {what} in float64 at x={found.used_at!r}: {found.used:.4g} of what is promised"
    )


def check_every_16_bit_input(item: Elementwise, what: str, exact: Exact, form: Format) -> None:
    """Correctly rounded for all 65,536 inputs."""
    (found,) = Run(exact, form, (ORDER[what],)).everywhere()
    assert not found.misrounded, (
        f"{item.label}: {what} in {form.name}: {found.misrounded} inputs wrong, the worst x={found.worst!r}"
    )


def check_limits(item: Elementwise, what: str, parameters: dict[str, Any], dtypes: Iterable[Any]) -> None:
    """At +-inf the limit, found independently by going far out; NaN where there is none."""
    exact = Exact(item.bind(**parameters))
    of_x = exact.item if what == "value" else exact.item.derivative()
    for side, limit in zip((-1, 1), of_x.limits, strict=True):
        want = ieee.evaluate(limit, 0.0, exact.values)
        _check_goes_to(item, what, exact, side, want)
        for dtype in dtypes:
            rounded = float(np.asarray(want, np.float64).astype(dtype).astype(np.float64))
            for got in _everywhere(getattr(item, METHODS[what]), side * math.inf, dtype, parameters):
                assert same(got, rounded), (
                    f"{item.label}: {what} at {side * math.inf} in {np.dtype(dtype)} must be {rounded}; got {got}"
                )


def check_nan(item: Elementwise, what: str, dtypes: Iterable[Any]) -> None:
    """NaN in, NaN out, at every place of an array."""
    for dtype in dtypes:
        for got in _everywhere(getattr(item, METHODS[what]), math.nan, dtype, {}):
            assert math.isnan(got), f"{item.label}: {what} of NaN in {np.dtype(dtype)} is {got}"


def check_kinks(item: Elementwise, exact: Exact, table: dict[float, float] | None = None) -> None:
    """`kinks` finds every jump; the derivative there lies between the one-sided ones and equals the table."""
    found = {kink.x: kink for kink in item.kinks}
    assert set(found) == set(kinks(exact)), f"{item.label}: kinks at {sorted(found)}, must be at {kinks(exact)}"
    for x, kink in found.items():
        left, right = one_sided(exact, x)
        right = right if math.isfinite(right) else kink.right  # the value jumps: only the left quotient says something
        assert math.isclose(kink.left, left, abs_tol=1e-15), f"{item.label}: left of {x}: {kink.left}, must be {left}"
        assert math.isclose(kink.right, right, abs_tol=1e-15), (
            f"{item.label}: right of {x}: {kink.right}, must be {right}"
        )
        got = item.grad(x)
        assert got == item.grad(np.array([x] * 9))[4], (
            f"{item.label}: at {x} the grad of a number and of an array differ"
        )
        assert math.isclose(got, kink.grad, rel_tol=1e-15), f"{item.label}: at {x}: grad {got}, kinks {kink.grad}"
        slack = 1e-15 * (1 + abs(got))
        assert min(left, right) - slack <= got <= max(left, right) + slack, (
            f"{item.label}: {got} at {x} not in [{left}, {right}]"
        )
        if table is not None:
            assert x in table, f"{item.label}: kink at {x} has no row in records.KINK_DERIVATIVES; it is {got}"
            assert math.isclose(got, table[x], rel_tol=1e-15), (
                f"{item.label}: derivative at {x} must be {table[x]}; got {got}"
            )


def check_one_pass(item: Elementwise, x: NDArray[Any]) -> None:
    """value_and_grad gives the very bits of the two calls."""
    value, grad = item.value_and_grad(x)
    for got, want in ((value, item(x)), (grad, item.grad(x))):
        assert same_bits(got, want), f"{item.label}: value_and_grad differs in {got.dtype}"


def check_layouts(item: Elementwise, what: str, dtype: Any) -> None:
    """The same bits whatever the length, offset, stride and order of the array."""
    call = getattr(item, METHODS[what])
    x = np.random.default_rng(3).normal(0, 3, 140).astype(dtype)
    x[[3, 17, 64]] = [np.inf, -np.inf, np.nan]
    whole = call(x)
    for n in (*range(1, 71), 127):
        start = n % 7
        assert same_bits(call(x[start : start + n]), whole[start : start + n]), (
            f"{item.label}: {n} elements from {start} differ"
        )
    views: tuple[Callable[[NDArray[Any]], NDArray[Any]], ...] = (
        lambda a: a[::2],
        lambda a: a[::-1],
        lambda a: a[5::3],
        lambda a: a[:0],
        lambda a: a[7],
        lambda a: a[7].reshape(()),
        lambda a: a.reshape(2, 70, 1),
        lambda a: a.reshape(10, 14).T,
        lambda a: a.reshape(10, 14)[:, ::2],
        lambda a: np.asfortranarray(a.reshape(7, 4, 5)),
        lambda a: np.broadcast_to(a[:, None], (140, 3)),
    )
    for number, view in enumerate(views):
        got, want = np.asarray(call(view(x))), view(whole)
        assert got.shape == want.shape, f"{item.label}: layout {number}: shape {got.shape}, must be {want.shape}"
        assert same_bits(got, want), f"{item.label}: layout {number} differs"


def same(a: float, b: float) -> bool:
    """Equal, or both NaN."""
    return a == b or (a != a and b != b)


def same_bits(a: Any, b: Any) -> bool:
    """Arrays with equal dtype, shape and bytes."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def one_sided(exact: Exact, x: float) -> tuple[float, float]:
    """The derivative just left and just right of x, plus the jump of the value on the right."""
    with precision(512):
        (below, left), (above, right) = (exact.taylor(arb(x) + side * arb(_BESIDE), 1, 512) for side in (-1, 1))
        jump = math.inf if abs(above - below) > _BESIDE**0.5 else 0.0
    return float(left), float(right) + jump


def kinks(exact: Exact) -> tuple[float, ...]:
    """Where value or derivative jumps, by the formula's own Taylor series."""
    return tuple(x for x in landmarks.breakpoints(exact) if not math.isclose(*one_sided(exact, x), abs_tol=1e-15))


def _check_goes_to(item: Elementwise, what: str, exact: Exact, side: int, limit: float) -> None:
    """Far out the function is where its limit says."""
    near, far = (exact.at(side * 10.0**k, ORDER[what]) for k in (6, 12))
    if math.isinf(limit):
        held = math.copysign(1, far) == math.copysign(1, limit) and abs(far) > 2 * abs(near)
    else:
        held = limit != limit or (abs(far - limit) <= abs(near - limit) and abs(far - limit) < 1e-9 * (1 + abs(limit)))
    assert held, f"{item.label}: {what} goes to {far} on side {side}; its limit is given as {limit}"


def _everywhere(call: Callable[..., Any], x: float, dtype: Any, parameters: dict[str, Any]) -> list[float]:
    """The result at x in arrays of several lengths, at each place: a vector loop and its scalar rest."""
    return [float(y) for n in (1, 3, 33) for y in call(np.full(n, x).astype(dtype), **parameters)]

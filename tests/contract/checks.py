"""The promises of the contract, each as one function that raises AssertionError where it is broken.

Plain functions, so that the same check judges the catalogue and the deliberate mutations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from contract import bounds
from contract.points import points
from contract.reference import Reference, of_expression
from contract.rounding import FLOAT32, FLOAT64, Format
from mpmath import mp, mpf
from numpy.typing import NDArray

from actlab.activation import Elementwise
from actlab.symbolic.derivative import differentiate

METHODS = {"value": "__call__", "grad": "grad"}
ORDER = {"value": 0, "grad": 1}
NEAR_ROOT = 1e-3
_SHOWN = 5


def check_float32(item: Elementwise, what: str, exact: Reference) -> float:
    """Rounded correctly but for 0.01 ulp, or within 1 ulp near a root of the derivative other than 0.

    Returns
    -------
    The largest error, in ulp.
    """
    order = ORDER[what]
    roots = exact.roots(order) if order else ()

    def allowed(x: float, _: float) -> float:
        return 1.0 if any(abs(x - root) < NEAR_ROOT for root in roots) else 0.51

    return _check_errors(item, what, FLOAT32, exact, allowed)


def check_float64(item: Elementwise, what: str, exact: Reference, least: float = 4.0) -> float:
    """Within `least` ulp(f) + |x f'(x)|*2^-52, and where results are subnormal what a factor lost there costs.

    x*e^x at -745.2 is 348 units of the smallest subnormal off, because e^x is rounded to one before x multiplies it.

    Returns
    -------
    The largest error, in ulp.
    """
    order = ORDER[what]

    def allowed(x: float, error: float) -> float:
        if error <= least:
            return least  # the second term need not be known
        inherited = (
            abs(mpf(x) * exact.derivative(x, order + 1)) * mpf(2) ** -52 / FLOAT64.ulp(exact.derivative(x, order))
        )
        underflow = min(1 + abs(x), 1e4) ** 2 * mpf(2) ** -1074 / FLOAT64.ulp(exact.derivative(x, order))
        return least + float(inherited + underflow)

    return _check_errors(item, what, FLOAT64, exact, allowed)


def check_every_16_bit_input(item: Elementwise, what: str, exact: Reference, form: Format) -> int:
    """Correctly rounded for all 65,536 inputs. Returns how many needed many digits to decide."""
    x = form.every_number()
    got = getattr(item, METHODS[what])(x)
    assert got.dtype == form.dtype, f"{item.label}: {what} of {form.name} is {got.dtype}"
    with np.errstate(invalid="ignore"):  # signalling NaN
        wide, got = x.astype(np.float64), got.astype(np.float64)
    smooth = np.isfinite(wide) & ~(np.isin(wide, exact.kinks) & (ORDER[what] > 0))
    wide, got = wide[smooth], got[smooth]
    root = item.expression if what == "value" else differentiate(item.expression)
    near = bounds.evaluate(root, wide, {name: float(value) for name, value in exact.parameters.items()})
    with np.errstate(invalid="ignore", over="ignore"):
        low, high = form.nearest(near.value - near.error), form.nearest(near.value + near.error)
    decided = (low == high) & np.isfinite(near.error)
    wrong = [(t, g, w) for t, g, w in zip(wide[decided], got[decided], low[decided], strict=True) if g != w]
    for t, g in zip(wide[~decided], got[~decided], strict=True):
        want = form.nearest_exact(of_expression(root, t, exact.parameters))
        if g != want:
            wrong.append((t, g, want))
    assert not wrong, f"{item.label}: {what} in {form.name}: {len(wrong)} inputs wrong, x, got, exact: {wrong[:_SHOWN]}"
    return int((~decided).sum())


def check_limits(item: Elementwise, what: str, parameters: dict[str, Any], dtypes: Iterable[Any]) -> None:
    """At +-inf the limit, found independently by going far out; NaN where there is none."""
    of_x = item if what == "value" else item.derivative()
    exact = Reference(item, parameters)
    for side, limit in zip((-1, 1), of_x.limits, strict=True):
        want = float(of_expression(limit, 0.0, exact.parameters))
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


def check_kinks(item: Elementwise, exact: Reference, table: dict[float, float] | None = None) -> None:
    """`kinks` finds every jump; the derivative there lies between the one-sided ones and equals the table."""
    found = {kink.x: kink for kink in item.kinks}
    assert set(found) == set(exact.kinks), f"{item.label}: kinks at {sorted(found)}, must be at {exact.kinks}"
    for x, kink in found.items():
        left, right = (float(side) for side in exact.one_sided(x))
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


def _check_errors(
    item: Elementwise, what: str, form: Format, exact: Reference, allowed: Callable[[float, float], float]
) -> float:
    """Errors at all points but kinks, which have a check of their own, against what x and the error allow."""
    x = points(exact, form.dtype.type)
    x = x[~np.isin(x, np.array(exact.kinks, form.dtype))]
    got = getattr(item, METHODS[what])(x)
    assert got.dtype == form.dtype, f"{item.label}: {what} of {form.name} is {got.dtype}"
    rows = [(float(t), float(y), exact.derivative(float(t), ORDER[what])) for t, y in zip(x, got, strict=True)]
    errors = [form.error(y, want) for _, y, want in rows]
    bad = [
        f"x={t!r}: got {y!r}, exact {mp.nstr(want, 20)}, {error:.4g} ulp"
        for (t, y, want), error in zip(rows, errors, strict=True)
        if not error <= allowed(t, error)
    ]
    assert not bad, f"{item.label}: {what} in {form.name} at {len(bad)} of {len(x)} points: " + "; ".join(bad[:_SHOWN])
    return max(errors)


def _check_goes_to(item: Elementwise, what: str, exact: Reference, side: int, limit: float) -> None:
    """Far out the function is where its limit says."""
    near, far = (exact.derivative(side * 10.0**k, ORDER[what]) for k in (6, 12))
    if math.isinf(limit):
        held = mp.sign(far) == math.copysign(1, limit) and abs(far) > 2 * abs(near)
    else:
        held = limit != limit or (abs(far - limit) <= abs(near - limit) and abs(far - limit) < 1e-9 * (1 + abs(limit)))
    assert held, f"{item.label}: {what} goes to {mp.nstr(far, 10)} on side {side}; its limit is given as {limit}"


def _everywhere(call: Callable[..., Any], x: float, dtype: Any, parameters: dict[str, Any]) -> list[float]:
    """The result at x in arrays of several lengths, at each place: a vector loop and its scalar rest."""
    return [float(y) for n in (1, 3, 33) for y in call(np.full(n, x).astype(dtype), **parameters)]

"""SymPy, asked for the limits that extended arithmetic does not decide; its answers are checked with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actlab import expression as e
from actlab.emit import mpmath as reference
from actlab.emit.sympy import convert
from actlab.expression import Expression
from actlab.interval import Interval
from actlab.vocabulary import inf, nan, pi


def limit(root: Expression, side: int, domains: Mapping[str, Interval]) -> Expression:
    """The limit of a branch-free expression as x goes to side*inf; `nan` if none is found and confirmed."""
    import sympy as sp

    assumptions: dict[str, dict[str, bool]] = {name: _assume(domain) for name, domain in domains.items()}
    try:
        answer = sp.limit(convert(root, assumptions, named=False), sp.Symbol("x", real=True), side * sp.oo)
        found = _back(answer)
    except (NotImplementedError, ValueError, TypeError, AttributeError, RecursionError, sp.PoleError):
        return nan
    try:
        return found if found is not None and _confirmed(root, side, found, domains) else nan
    except (ZeroDivisionError, OverflowError):  # far out a denominator is 0 to 60 digits
        return nan


def _assume(domain: Interval) -> dict[str, bool]:
    sign = domain.sign()
    return {"positive": True} if sign == 1 else {"negative": True} if sign == -1 else {"real": True}


def _back(answer: Any) -> Expression | None:
    """A SymPy answer as an expression, if it is made of numbers, parameters and plain operations."""
    import sympy as sp

    if answer is sp.oo or answer is -sp.oo:
        return inf if answer is sp.oo else e.negate(inf)
    if answer.is_Rational:
        return e.constant(int(answer.p)) / e.constant(int(answer.q))
    if answer.is_Symbol:
        return e.symbol(answer.name)
    if answer is sp.pi:
        return pi
    args = [_back(arg) for arg in answer.args]
    if not args or any(arg is None for arg in args):
        return None
    if answer.is_Add or answer.is_Mul:
        total: Any = args[0]
        for arg in args[1:]:
            total = total + arg if answer.is_Add else total * arg
        return total  # type: ignore[no-any-return]
    return args[0] ** args[1] if answer.is_Pow and args[0] is not None and args[1] is not None else None


def _confirmed(root: Expression, side: int, found: Expression, domains: Mapping[str, Interval]) -> bool:
    """Whether the function, far out, is where the answer says it goes."""
    import mpmath as mp

    values = {name: mp.mpf(_sample(domains.get(name))) for name in e.symbols(root) | e.symbols(found) if name != "x"}
    with mp.workdps(60):
        near, far = (reference.function(root)(side * mp.mpf(10) ** k, **values) for k in (4, 8))
        target = reference.function(found)(mp.mpf(0), **values)
        if mp.isinf(target):
            return bool(far * mp.sign(target) > near * mp.sign(target) > 0)
        return bool(
            abs(far - target) <= mp.mpf(10) ** -3 * (1 + abs(target)) and abs(far - target) <= abs(near - target)
        )


def _sample(domain: Interval | None) -> float:
    """A number inside the domain, of no special value."""
    if domain is None:
        return 0.7
    low, high = max(domain.low, -2.0), min(domain.high, 2.0)
    return low + 0.37 * (high - low) if low < high else domain.low + 1

"""Limits at -inf and +inf, as expressions in the parameters.

Arithmetic on the extended real line decides nearly everything: every operation is continuous there except the
indeterminate ones (inf - inf, 0*inf, inf/inf, a jump hit exactly). Where the sign of a parameter matters the answer is
split by `where`. An exponential tail beats every power (x*sigmoid(x) -> 0 at -inf). What is left goes to SymPy, whose
answer is believed only after a numerical check. No limit is `nan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from actlab import expression as e
from actlab.errors import FormulaError
from actlab.expression import COMPARISONS, Expression, Node
from actlab.interval import EVERYWHERE, Interval
from actlab.vocabulary import WORDS, inf, nan

MINUS_INF = e.negate(inf)
ZERO, ONE, MINUS_ONE = map(e.constant, (0, 1, -1))
Domains: TypeAlias = tuple[tuple[str, Interval], ...]  # of the parameters, by name
_INFINITE = frozenset({inf, MINUS_INF})  # a set asks for identity; `in` on a tuple would ask ==


class Indeterminate(Exception):
    """Extended real arithmetic does not decide."""


class NeedSign(Exception):
    """The limit depends on the sign of a parameter."""

    def __init__(self, name: str) -> None:
        self.name = name


def limit(root: Expression, side: int, domains: Mapping[str, Interval] = MappingProxyType({})) -> Expression:
    """The limit of the expression as x goes to side*inf.

    Parameters
    ----------
    side : +1 or -1
    domains : where each parameter lies; one that is missing may be any real number

    Returns
    -------
    An expression without x; `inf`, `-inf` or `nan` (there is no limit) are possible.

    Examples
    --------
    >>> from actlab import vocabulary as v
    >>> x, w = e.symbol("x"), e.symbol("w")
    >>> limit(x * v.sigmoid(x), -1)
    0
    >>> limit(v.where(x > 0, x, w * x), -1)
    where(w > 0, -inf, where(w < 0, inf, 0))
    """
    return _limit(root, side, tuple(sorted(domains.items(), key=lambda item: item[0])))


@lru_cache(maxsize=1024)
def _limit(root: Expression, side: int, domains: Domains) -> Expression:
    try:
        return _at(root, side, domains)
    except NeedSign as need:
        return _split(root, side, dict(domains), need.name)
    except Indeterminate:
        return _consulted(root, side, domains)
    except FormulaError:  # a constant beyond float64
        return nan


def _consulted(root: Expression, side: int, domains: Domains) -> Expression:
    from actlab.symbolic import consultant

    try:
        branch = e.rewrite(resolve_branches(root, side, domains), _without_zeros)
        with suppress(Indeterminate, NeedSign):
            return _at(branch, side, domains)
        return consultant.limit(branch, side, dict(domains))
    except FormulaError:  # the branch that holds far out divides by 0
        return nan


def _without_zeros(node: Node) -> Node | None:
    """0 for a product with 0: far out is not at infinity, and 0*x is 0 there."""
    return ZERO if node.op == "mul" and any(map(e.is_zero, node.args)) else None


def _split(root: Expression, side: int, domains: dict[str, Interval], name: str) -> Expression:
    """The limit for each sign the parameter can have."""
    domain, p = domains.get(name, EVERYWHERE), e.symbol(name)
    try:
        zero = limit(e.substitute(root, {name: ZERO}), side, domains) if 0 in domain else nan
    except FormulaError:  # x/0: the formula means nothing there
        zero = nan
    below = limit(root, side, domains | {name: domain.below_zero()}) if domain.low < 0 else zero
    above = limit(root, side, domains | {name: domain.above_zero()}) if domain.high > 0 else zero
    return e.where(p > 0, above, e.where(p < 0, below, zero))


@lru_cache(maxsize=4096)  # nested words would be looked at twice on every level
def _at(root: Node, side: int, domains: Domains) -> Expression:
    """Extended real arithmetic, leaves first; a branch that is not taken is not looked at."""
    if root.op == "symbol":
        return (inf if side > 0 else MINUS_INF) if root.value == "x" else e.symbol(root.value)
    if not root.args:
        return root  # type: ignore[return-value]
    if root.op == "where":
        return _chosen(root, side, domains)
    if _vanishes(root, side, domains):
        return ZERO
    args = [_at(arg, side, domains) for arg in root.args]
    if root.op in _RULES:
        return _RULES[root.op](root, args, domains)
    return _word(root, args)


def _chosen(root: Node, side: int, domains: Domains) -> Expression:
    condition, a, b = root.args
    holds = _holds(condition, side, domains)
    if holds is None:
        left, right = (_at(arg, side, domains) for arg in condition.args)
        return e.where(e.compare(condition.op, left, right), _at(a, side, domains), _at(b, side, domains))
    return _at(a if holds else b, side, domains)


def _holds(condition: Node, side: int, domains: Domains) -> bool | None:
    """Whether the condition holds for all x far enough out; None if that depends on the parameters."""
    if condition.op in "&|":
        sides = [_holds(arg, side, domains) for arg in condition.args]
        decided = condition.op == "|"
        if decided in sides:
            return decided
        if None in sides:
            raise Indeterminate
        return not decided
    left, right = (_at(arg, side, domains) for arg in condition.args)
    if left in _INFINITE or right in _INFINITE:
        if left is right:
            raise Indeterminate
        return _compare(condition.op, 1 if left is inf or right is MINUS_INF else -1)
    varies = any("x" in e.symbols(arg) for arg in condition.args)
    difference = e.subtract(left, right)
    if difference.op != "const":
        if varies:
            raise Indeterminate
        return None
    if e.is_zero(difference) and varies:
        raise Indeterminate  # the sides meet at infinity: which is larger before that is not known
    return _compare(condition.op, (difference.value > 0) - (difference.value < 0))


def _compare(op: str, sign: int) -> bool:
    return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0, "==": sign == 0}[op]


def _vanishes(node: Node, side: int, domains: Domains) -> bool:
    """Whether an exponential tail takes the node to 0, whatever power of x stands beside it."""
    if node.op == "mul":
        a, b = node.args
        return any(_vanishes(p, side, domains) and _tame(q) for p, q in ((a, b), (b, a)))
    if node.op == "div":
        return _vanishes(node.args[0], side, domains) and "x" not in e.symbols(node.args[1])
    if node.op in ("neg", "pow", "tanh", "expm1", "log1p", "erf", "sin"):  # f(u) ~ u as u -> 0
        return _vanishes(node.args[0], side, domains)
    if node.op in ("add", "sub"):
        return all(_vanishes(arg, side, domains) for arg in node.args)
    if node.op not in WORDS or not WORDS[node.op].decays or not _polynomial(node.args[0]):
        return False
    end = _at(node.args[0], side, domains)
    return (end is inf and 1 in WORDS[node.op].decays) or (end is MINUS_INF and -1 in WORDS[node.op].decays)


def _tame(node: Node) -> bool:
    """Whether the node grows no faster than a power of x (conditions are settled elsewhere)."""
    for inner in e.walk(node):
        word = WORDS.get(inner.op)
        if inner.op in ("where", *COMPARISONS, "clip") or (word and word.grows):
            return False
        if inner.op in ("div", "log", "log1p", "sqrt") and "x" in e.symbols(inner.args[-1]):
            return False
        if inner.op == "power" and "x" in e.symbols(inner):
            return False
    return True


def _polynomial(node: Node) -> bool:
    """Whether the node, where it goes to infinity, does so at least as fast as x."""

    def keeps_pace(inner: Node) -> bool:
        if inner.op == "div":
            return "x" not in e.symbols(inner.args[1])
        return inner.op in ("symbol", "add", "sub", "mul", "neg", "pow", "abs", "softplus")

    return all(keeps_pace(inner) or "x" not in e.symbols(inner) for inner in e.walk(node))


def _sign(node: Expression, domains: Domains) -> int:
    """The sign of a finite limit, from the parameters' domains."""
    if node.op == "const":
        return int(node.value > 0) - int(node.value < 0)
    if node.op == "symbol":
        sign = dict(domains).get(node.value, EVERYWHERE).sign()
        if sign is None:
            raise NeedSign(node.value)
        return sign
    if node.op in ("mul", "div"):
        return _sign(node.args[0], domains) * _sign(node.args[1], domains)
    if node.op == "neg":
        return -_sign(node.args[0], domains)
    if node.op in (
        "pi",
        "exp",
        "sigmoid",
        "softplus",
        "normal_pdf",
        "normal_cdf",
        "sech2",
        "logistic_pdf",
        "sqrt",
    ):
        return 1
    if node.op == "pow":
        return _sign(node.args[0], domains) ** node.value  # type: ignore[no-any-return]
    raise Indeterminate


def _signed_infinity(sign: int) -> Expression:
    if sign == 0:
        raise Indeterminate
    return inf if sign > 0 else MINUS_INF


def _sum(node: Node, args: list[Expression], domains: Domains) -> Expression:
    a, b = args[0], e.negate(args[1]) if node.op == "sub" else args[1]
    infinite = {term for term in (a, b) if term in _INFINITE}
    if len(infinite) == 2:  # noqa: PLR2004 - inf and -inf
        raise Indeterminate
    return infinite.pop() if infinite else (e.subtract if node.op == "sub" else e.add)(*args)


def _times(node: Node, args: list[Expression], domains: Domains) -> Expression:
    if not any(arg in _INFINITE for arg in args):
        if any(map(e.is_zero, args)):
            return ZERO
        a, b = args
        return e.negate(a) if b is MINUS_ONE else e.negate(b) if a is MINUS_ONE else e.multiply(a, b)
    for factor, infinite in (node.args, node.args[::-1]):
        names = e.symbols(factor)
        if len(names) > 1 and "x" not in names:
            return _by_sign(factor, args[infinite is node.args[1]])
    signs = [1 if arg is inf else -1 if arg is MINUS_INF else _sign(arg, domains) for arg in args]
    return _signed_infinity(signs[0] * signs[1])


def _by_sign(factor: Expression, infinite: Expression) -> Expression:
    """A factor in the parameters alone, of unknown sign, times infinity; where it is 0 the product is 0 throughout."""
    return e.where(factor > 0, infinite, e.where(factor < 0, e.negate(infinite), 0))


def _over(node: Node, args: list[Expression], domains: Domains) -> Expression:
    a, b = args
    if e.is_zero(b) or (a in _INFINITE and b in _INFINITE):
        raise Indeterminate
    if b in _INFINITE:
        return ZERO
    if a in _INFINITE:
        return _signed_infinity((1 if a is inf else -1) * _sign(b, domains))
    return ONE if a is b else ZERO if e.is_zero(a) else e.divide(a, b)


def _to_power(node: Node, args: list[Expression], domains: Domains) -> Expression:
    if args[0] in _INFINITE:
        return MINUS_INF if args[0] is MINUS_INF and node.value % 2 else inf
    return e.power(args[0], e.constant(node.value))


def _clipped(node: Node, args: list[Expression], domains: Domains) -> Expression:
    u, lo, hi = args
    if u in _INFINITE:
        return hi if u is inf else lo
    if u.op == lo.op == hi.op == "const":
        return e.constant(min(max(u.value, lo.value), hi.value))
    return e.call("clip", *args)


def _raised(node: Node, args: list[Expression], domains: Domains) -> Expression:
    u, p = args
    if u is inf and p.op == "const":
        return inf if p.value > 0 else ONE if e.is_zero(p) else ZERO
    if u in _INFINITE or p in _INFINITE or e.is_zero(u):
        raise Indeterminate
    return e.call("power", u, p)


_RULES: dict[str, Callable[[Node, list[Expression], Domains], Expression]] = {
    "add": _sum,
    "sub": _sum,
    "mul": _times,
    "div": _over,
    "neg": lambda node, args, domains: e.negate(args[0]),
    "pow": _to_power,
    "clip": _clipped,
    "power": _raised,
}

_AT_ZERO: dict[str, Expression] = {
    "exp": ONE, "expm1": ZERO, "log1p": ZERO, "tanh": ZERO, "sech2": ONE, "erf": ZERO, "sin": ZERO, "cos": ONE,
    "abs": ZERO, "sigmoid": e.constant(Fraction(1, 2)), "normal_cdf": e.constant(Fraction(1, 2)),
    "logistic_pdf": e.constant(Fraction(1, 4)),
}  # fmt: skip


def _word(node: Node, args: list[Expression]) -> Expression:
    """A word at an end of the line, at 0, or at a finite limit."""
    u = args[0]
    if u in _INFINITE:
        end = WORDS[node.op].ends[u is inf]
        if end is None:
            raise Indeterminate
        return {"inf": inf, "-inf": MINUS_INF}[end] if isinstance(end, str) else e.constant(end)
    if e.is_zero(u):
        if node.op in ("log", "sign", "sqrt"):
            raise Indeterminate  # approached from which side?
        return _AT_ZERO.get(node.op, e.call(node.op, u))
    if node.op == "log" and e.is_one(u):
        return ZERO
    if node.op == "sign" and u.op == "const":
        return e.constant(1 if u.value > 0 else -1)
    return e.call(node.op, *args)


def resolve_branches(root: Expression, side: int, domains: Domains) -> Expression:
    """The expression as it reads far out: `where`, `clip`, `abs` and `sign` replaced by the part that holds there."""

    def change(node: Node) -> Node | None:
        try:
            if node.op == "where":
                holds = _holds(node.args[0], side, domains)
                return None if holds is None else node.args[1 if holds else 2]
            if node.op not in ("clip", "abs", "sign"):
                return None
            end = _at(node.args[0], side, domains)
        except (Indeterminate, NeedSign):
            return None
        if end not in _INFINITE:
            return None
        up = end is inf
        if node.op == "clip":
            return node.args[2 if up else 1]  # type: ignore[no-any-return]
        if node.op == "sign":
            return e.constant(1 if up else -1)
        return node.args[0] if up else e.negate(node.args[0])

    return e.rewrite(root, change)  # type: ignore[no-any-return]

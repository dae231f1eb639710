"""Derivatives, one rule a word, applied step by step."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from actlab import expression as e
from actlab.errors import FormulaError
from actlab.expression import Expression
from actlab.vocabulary import WORDS

ZERO, ONE = e.constant(0), e.constant(1)


def differentiate(root: Expression, name: str = "x", order: int = 1) -> Expression:
    """The n-th derivative with respect to the symbol `name`.

    Raises
    ------
    FormulaError
        If the expression contains a word without a derivative (those that look along an axis).

    Examples
    --------
    >>> from actlab import vocabulary as v
    >>> differentiate(v.softplus(2 * e.symbol("x")))
    sigmoid(2*x)*2
    """
    for _ in range(order):
        root = _first(root, name)
    return root


@lru_cache(maxsize=4096)
def _first(root: Expression, name: str) -> Expression:
    slope: dict[e.Node, Expression] = {}
    for node in e.walk(root):
        if isinstance(node, Expression):
            slope[node] = _rule(node, name, slope)
    return slope[root]


def _rule(node: Expression, name: str, slope: dict[e.Node, Expression]) -> Expression:
    """The derivative of one node, those of its arguments being known."""
    if node.op == "symbol":
        return ONE if node.value == name else ZERO
    slopes = [slope.get(arg, ZERO) for arg in node.args]
    if node.op == "where":
        return e.where(node.args[0], slopes[1], slopes[2])
    if all(map(e.is_zero, slopes)):
        return ZERO
    if node.op in _OPERATORS:
        return _OPERATORS[node.op](node, *slopes)
    return _chain(node, slopes)


def _chain(node: Expression, slopes: list[Expression]) -> Expression:
    """Sum of partial derivative times inner derivative, over the arguments that vary."""
    partials = WORDS[node.op].partials
    if partials is None:
        raise FormulaError(f"formula: {node.op} looks along an axis and has no elementwise derivative; give vjp=")
    total = ZERO
    for partial, inner in zip(partials(*node.args), slopes, strict=True):
        total = e.add(total, _times(e.lift(partial), inner))
    return total


def _times(a: Expression, b: Expression) -> Expression:
    """a*b; a derivative that is identically 0, on the line or on one branch, kills the product there."""
    if e.is_zero(a) or e.is_zero(b):
        return ZERO
    for choice, other, turn in ((a, b, 1), (b, a, -1)):
        if choice.op == "where" and any(map(e.is_zero, choice.args[1:])):
            condition, *branches = choice.args
            return e.where(condition, *(_times(*(branch, other)[::turn]) for branch in branches))
    if b.op == "div" and (b.args[1] is a or e.is_one(b.args[0])):  # a*(u/a) = u, a*(1/u) = a/u
        return b.args[0] if b.args[1] is a else e.divide(a, b.args[1])
    return e.negate(a) if b is e.constant(-1) else e.multiply(a, b)


def _product(node: Expression, da: Expression, db: Expression) -> Expression:
    a, b = node.args
    return e.add(_times(da, b), _times(a, db))


def _quotient(node: Expression, da: Expression, db: Expression) -> Expression:
    a, b = node.args
    first = _over(da, b)
    return first if e.is_zero(db) else e.subtract(first, e.divide(_times(a, db), e.power(b, e.constant(2))))


def _over(a: Expression, b: Expression) -> Expression:
    """a/b; what cancels is cancelled, and a branch that is 0 stays 0."""
    if e.is_zero(a):
        return ZERO
    if a.op == "where" and any(map(e.is_zero, a.args[1:])):
        return e.where(a.args[0], *(_over(branch, b) for branch in a.args[1:]))
    if a.op == "mul" and b in set(a.args):  # a set asks for identity
        left, right = a.args
        return e.lift(left if right is b else right)
    return e.divide(a, b)


def _integer_power(node: Expression, du: Expression) -> Expression:
    n = node.value
    return _times(e.multiply(e.constant(n), e.power(node.args[0], e.constant(n - 1))), du)


_OPERATORS: dict[str, Callable[..., Expression]] = {
    "add": lambda _, da, db: e.add(da, db),
    "sub": lambda _, da, db: e.subtract(da, db),
    "neg": lambda _, du: e.negate(du),
    "mul": _product,
    "div": _quotient,
    "pow": _integer_power,
}

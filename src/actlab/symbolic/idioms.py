"""Formulas as people type them, rewritten to words that lose no digits.

log(1 + exp(x)) is 0 below -37 where it should be e^x, and the derivative of 1/(1 + exp(-x)) is NaN at -355; the words
softplus and sigmoid are neither. A rewrite is an identity on the real line: it changes how, never what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from actlab import expression as e
from actlab import vocabulary as v
from actlab.expression import Expression, Node


def stabilise(root: Expression) -> Expression:
    """The expression with every known idiom replaced by its word.

    Examples
    --------
    >>> x = e.symbol("x")
    >>> stabilise(x / (1 + v.exp(-x)))
    x*sigmoid(x)
    >>> stabilise(v.log(1 + v.exp(2 * x)))
    softplus(2*x)
    """
    return e.rewrite(root, _rewritten)  # type: ignore[no-any-return]


def _rewritten(node: Node) -> Node | None:
    for rule in _RULES.get(node.op, ()):
        found = rule(node)
        if found is not None:
            return found
    return None


def _terms(node: Node) -> Iterator[tuple[Expression, Expression]]:
    """A sum's two terms, in both orders, a difference being a sum with a negated term."""
    if node.op in ("add", "sub"):
        a, b = node.args
        other = e.negate(b) if node.op == "sub" else b
        yield a, other
        yield other, a


def _one_plus(node: Node) -> Iterator[Expression]:
    """u, for a node that reads 1 + u."""
    for one, u in _terms(node):
        if e.is_one(one):
            yield u


def _opposite(u: Expression) -> Expression:
    """-u, where people write -beta*x for (-beta)*x without a double sign."""
    if u.op in ("mul", "div") and (u.args[0].op == "neg" or u.args[0].op == "const"):
        first = e.negate(u.args[0])
        return e.multiply(first, u.args[1]) if u.op == "mul" else e.divide(first, u.args[1])
    return e.negate(u)


def _logistic(node: Node) -> Expression | None:
    """a/(1 + e^-u) = a*sigmoid(u)."""
    a, b = node.args
    for u in _one_plus(b):
        if u.op == "exp":
            return e.multiply(a, v.sigmoid(_opposite(u.args[0])))
    return None


def _exponential_ratio(node: Node) -> Expression | None:
    """e^u/(1 + e^u) = sigmoid(u)."""
    a, b = node.args
    return v.sigmoid(a.args[0]) if a.op == "exp" and any(u is a for u in _one_plus(b)) else None


def _tanh(node: Node) -> Expression | None:
    """(e^u - e^-u)/(e^u + e^-u) = tanh(u), and (e^u - 1)/(e^u + 1) = tanh(u/2)."""
    top, bottom = node.args
    if top.op == "expm1" and any(u is v.exp(top.args[0]) for u in _one_plus(bottom)):
        return v.tanh(top.args[0] / 2)
    if top.op != "sub" or bottom.op != "add":
        return None
    p, q = top.args
    opposite = p.op == q.op == "exp" and q.args[0] is e.negate(p.args[0])
    return v.tanh(p.args[0]) if opposite and {p, q} == {*bottom.args} else None


def _softplus(node: Node) -> Expression | None:
    """log(1 + e^u) = softplus(u), log(1 + u) = log1p(u)."""
    for u in _one_plus(node.args[0]):
        return v.softplus(u.args[0]) if u.op == "exp" else v.log1p(u)
    return None


def _softplus_of_log1p(node: Node) -> Expression | None:
    u = node.args[0]
    return v.softplus(u.args[0]) if u.op == "exp" else None


def _expm1(node: Node) -> Expression | None:
    """e^u - 1 = expm1(u)."""
    for a, b in _terms(node):
        if a.op == "exp" and b is e.constant(-1):
            return v.expm1(a.args[0])
    return None


def _normal_cdf(node: Node) -> Expression | None:
    """1 + erf(u) = 2*normal_cdf(sqrt(2)*u), and with u = t/sqrt(2) simply 2*normal_cdf(t)."""
    for u in _one_plus(node):
        if u.op == "erf":
            t = u.args[0]
            root2 = v.sqrt(2)
            return 2 * v.normal_cdf(t.args[0] if t.op == "div" and t.args[1] is root2 else root2 * t)
    return None


_RULES: dict[str, tuple[Callable[[Node], Expression | None], ...]] = {
    "div": (_exponential_ratio, _logistic, _tanh),
    "log": (_softplus,),
    "log1p": (_softplus_of_log1p,),
    "add": (_expm1, _normal_cdf),
    "sub": (_expm1,),
}

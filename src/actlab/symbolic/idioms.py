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
    """-u, where people write -beta*x*y for ((-beta)*x)*y without a double sign."""
    first = u
    while first.op in ("mul", "div"):
        first = first.args[0]
    if first is u or first.op not in ("neg", "const"):
        return e.negate(u)
    left = _opposite(u.args[0])
    return e.multiply(left, u.args[1]) if u.op == "mul" else e.divide(left, u.args[1])


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
    """(e^u - e^-u)/(e^u + e^-u) = tanh(u), and (e^u - 1)/(e^u + 1) = tanh(u/2), also with both signs turned."""
    top, bottom = node.args
    turned = top.op == "neg"
    rise = top.args[0] if turned else top
    if rise.op == "expm1" and any(u is v.exp(rise.args[0]) for u in _one_plus(bottom)):
        return v.tanh((_opposite(rise.args[0]) if turned else rise.args[0]) / 2)
    if top.op != "sub" or bottom.op != "add":
        return None
    p, q = top.args
    opposite = p.op == q.op == "exp" and q.args[0] is e.negate(p.args[0])
    return v.tanh(p.args[0]) if opposite and {p, q} == {*bottom.args} else None


def _tanh_of_softplus(node: Node) -> Expression | None:
    """(w^2 - 1)/(w^2 + 1) with w = 1 + e^u is tanh(softplus(u)): the mish that needs one exponential."""
    top, bottom = node.args
    for square, one in _terms(top):
        if one is e.constant(-1) and square.op == "pow" and square.value == 2 and square in {*_one_plus(bottom)}:  # noqa: PLR2004 - the square
            return next((v.tanh(v.softplus(u.args[0])) for u in _one_plus(square.args[0]) if u.op == "exp"), None)
    return None


def _ratio_beside_a_factor(node: Node) -> Expression | None:
    """a*p/q, which Python reads as (a*p)/q, where p/q is an idiom: x*exp(x)/(1 + exp(x)) is x*sigmoid(x)."""
    top, bottom = node.args
    if top.op != "mul":
        return None
    for factor, part in (top.args, top.args[::-1]):
        ratio = e.divide(part, bottom)
        for rule in (_exponential_ratio, _tanh, _tanh_of_softplus):
            found = rule(ratio) if ratio.op == "div" else None
            if found is not None:
                return e.multiply(factor, found)
    return None


def _logistic_pdf(node: Node) -> Expression | None:
    """sigmoid(u)*sigmoid(-u) = logistic_pdf(u)."""
    a, b = node.args
    both = a.op == b.op == "sigmoid" and b.args[0] is _opposite(a.args[0])
    return v.logistic_pdf(a.args[0]) if both else None


def _softplus(node: Node) -> Expression | None:
    """log(1 + e^u) = softplus(u), log(1 + u) = log1p(u), log(sigmoid(u)) = -softplus(-u)."""
    (inside,) = node.args
    if inside.op == "sigmoid":
        return e.negate(v.softplus(_opposite(inside.args[0])))
    for u in _one_plus(inside):
        return v.softplus(u.args[0]) if u.op == "exp" else v.log1p(u)
    return None


def _log_of_two_minus(node: Node) -> Expression | None:
    """log(2 - e^u) = log1p(-(e^u - 1))."""
    for two, u in _terms(node.args[0]):
        if two is e.constant(2) and u.op == "neg" and u.args[0].op == "exp":
            return v.log1p(e.negate(v.expm1(u.args[0].args[0])))
    return None


def _softplus_of_log1p(node: Node) -> Expression | None:
    u = node.args[0]
    return v.softplus(u.args[0]) if u.op == "exp" else None


def _expm1(node: Node) -> Expression | None:
    """e^u - 1 = expm1(u), and 1 - e^u its opposite."""
    for a, b in _terms(node):
        if a.op == "exp" and b is e.constant(-1):
            return v.expm1(a.args[0])
        if e.is_one(a) and b.op == "neg" and b.args[0].op == "exp":
            return e.negate(v.expm1(b.args[0].args[0]))
    return None


def _complement(node: Node) -> Expression | None:
    """1 - sigmoid(u) = sigmoid(-u), the same for normal_cdf, and 1 - tanh(u)^2 = sech2(u)."""
    for u in _one_plus(node):
        if u.op != "neg":
            continue
        (part,) = u.args
        if part.op in ("sigmoid", "normal_cdf"):
            return e.call(part.op, _opposite(part.args[0]))
        if part.op == "pow" and part.value == 2 and part.args[0].op == "tanh":  # noqa: PLR2004 - the square
            return v.sech2(part.args[0].args[0])
    return None


def _tanh_gate(node: Node) -> Expression | None:
    """1 + tanh(u) = 2*sigmoid(2*u), 1 - tanh(u) = 2*sigmoid(-2*u), and back: 2*sigmoid(u) - 1 = tanh(u/2)."""
    for a, b in _terms(node):
        if e.is_one(a) and b.op == "tanh":
            return 2 * v.sigmoid(_doubled(b.args[0]))
        if e.is_one(a) and b.op == "neg" and b.args[0].op == "tanh":
            return 2 * v.sigmoid(_opposite(_doubled(b.args[0].args[0])))
        if b is e.constant(-1) and a.op == "mul" and a.args[0] is e.constant(2) and a.args[1].op == "sigmoid":
            return v.tanh(_halved(a.args[1].args[0]))
    return None


def _doubled(u: Expression) -> Expression:
    return u.args[0] if u.op == "div" and u.args[1] is e.constant(2) else 2 * u


def _halved(u: Expression) -> Expression:
    return u.args[1] if u.op == "mul" and u.args[0] is e.constant(2) else u / 2


def _normal_cdf(node: Node) -> Expression | None:
    """1 + erf(u) = 2*normal_cdf(sqrt(2)*u), with u = t/sqrt(2) simply 2*normal_cdf(t); 1 - erf(u) with -u for u."""
    root2 = v.sqrt(2)
    for u in _one_plus(node):
        part = u.args[0] if u.op == "neg" else u
        if part.op == "erf":
            t = part.args[0]
            scaled = t.args[0] if t.op == "div" and t.args[1] is root2 else root2 * t
            return 2 * v.normal_cdf(scaled if part is u else _opposite(scaled))
    return None


_RULES: dict[str, tuple[Callable[[Node], Expression | None], ...]] = {
    "div": (_exponential_ratio, _tanh, _tanh_of_softplus, _ratio_beside_a_factor, _logistic),
    "mul": (_logistic_pdf,),
    "log": (_softplus, _log_of_two_minus),
    "log1p": (_softplus_of_log1p,),
    "add": (_expm1, _normal_cdf, _complement, _tanh_gate),
    "sub": (_expm1, _normal_cdf, _complement, _tanh_gate),
}

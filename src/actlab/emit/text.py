"""An expression as one line of text that `actlab.define` reads back to the same expression."""

from __future__ import annotations

from fractions import Fraction

from actlab.expression import Node

# How tightly Python binds an operator (& more tightly than <); an operand that binds less tightly gets brackets.
_BINDS = {
    "<": 1,
    "<=": 1,
    ">": 1,
    ">=": 1,
    "==": 1,
    "|": 2,
    "&": 3,
    "add": 4,
    "sub": 4,
    "mul": 5,
    "div": 5,
    "neg": 6,
    "pow": 7,
}
_FORMS = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{}*{}",
    "div": "{}/{}",
    "neg": "-{}",
    "<": "{} < {}",
    "<=": "{} <= {}",
    ">": "{} > {}",
    ">=": "{} >= {}",
    "==": "{} == {}",
    "&": "{} & {}",
    "|": "{} | {}",
}
_ATOM = 9


def render(node: Node) -> str:
    """The node as text.

    Examples
    --------
    >>> from actlab import vocabulary as v
    >>> from actlab.expression import symbol
    >>> render(v.where(symbol("x") > 0, symbol("x"), symbol("a") * v.expm1(symbol("x"))))
    'where(x > 0, x, a*expm1(x))'
    """
    return _render(node)[0]


def _render(node: Node) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    if node.op == "symbol":
        return node.value, _ATOM
    if node.op == "const":
        return _number(node.value)
    if node.op == "pow":
        return f"{_bracketed(node.args[0], 8)}**{node.value}", _BINDS["pow"]
    if node.op not in _FORMS:
        inside = ", ".join(_render(arg)[0] for arg in node.args)
        return (f"{node.op}({inside})" if node.args else node.op), _ATOM
    binds = _BINDS[node.op]
    # The right operand of - and / needs brackets already when it binds equally: a - (b - c).
    # So does that of + and *, for the text must give back the very same tree.
    operands = [_bracketed(arg, binds + (i > 0)) for i, arg in enumerate(node.args)]
    return _FORMS[node.op].format(*operands), binds


def _bracketed(node: Node, at_least: int) -> str:
    text, binds = _render(node)
    return text if binds >= at_least else f"({text})"


def _number(value: Fraction) -> tuple[str, int]:
    """An integer, a decimal where one is exact, else a ratio."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if value.denominator == 1:
        text = str(value.numerator)
    elif denominator == 1:
        text = _decimal(value)
    else:
        return f"{value.numerator}/{value.denominator}", _BINDS["div"]
    return text, _BINDS["neg"] if value < 0 else _ATOM


def _decimal(value: Fraction) -> str:
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"

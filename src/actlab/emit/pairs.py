"""A Plan's expressions as statements on pairs of float64 numbers, for float64 kernels; see `actlab.kernels.pairs`.

Each value is two names, that of its large and that of its small part; the small part of a number that float64 holds
exactly is written 0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from actlab.emit.python import OPERATORS
from actlab.expression import Node, walk

Names = tuple[str, str]

_CONSTANTS: dict[str, Names] = {
    "pi": ("_w.PI_HI", "_w.PI_LO"),
    "inf": ("_math.inf", "0.0"),
    "nan": ("_math.nan", "0.0"),
}
_CONDITIONS = ("<", "<=", ">", ">=", "==", "&", "|")


def lines(roots: Sequence[Node], rounding: str = "total") -> tuple[list[str], list[str]]:
    """Assignments that compute the roots, and the text of each root, rounded by that function of `kernels.pairs`."""
    body: list[str] = []
    names: dict[Node, Names] = {}
    conditions: dict[Node, str] = {}

    def named(text: str) -> Names:
        pair = f"_h{len(body)}", f"_l{len(body)}"
        body.append(f"{', '.join(pair)} = {text}")
        return pair

    for node in walk(*roots):
        if node.op in _CONDITIONS:  # comparisons are of large parts; & and | join conditions
            sides = [conditions[arg] if arg in conditions else names[arg][0] for arg in node.args]
            conditions[node] = OPERATORS[node.op].format(*sides)
        elif not node.args:
            names[node] = _leaf(node)
        elif node.op == "pow":
            names[node] = _whole_power(names[node.args[0]], node.value, named)
        elif node.op == "neg":
            names[node] = _negative(names[node.args[0]])
        elif node.op == "where":
            condition = conditions[node.args[0]]
            parts = zip(*(names[arg] for arg in node.args[1:]), strict=True)
            names[node] = named(", ".join(f"({a} if {condition} else {b})" for a, b in parts))
        else:
            a, *rest = (names[arg] for arg in node.args)
            function = "add" if node.op == "sub" else node.op
            args = [a, *(map(_negative, rest) if node.op == "sub" else rest)]
            names[node] = named(f"_w.{function}({', '.join(part for arg in args for part in arg)})")
    return body, [f"_w.{rounding}({', '.join(names[root])})" for root in roots]


def _leaf(node: Node) -> Names:
    if node.op == "symbol":
        return str(node.value), "0.0"
    if node.op == "const":
        near = float(node.value)
        return f"({near!r})", f"({float(node.value - Fraction(near))!r})"
    return _CONSTANTS[node.op]


def _negative(pair: Names) -> Names:
    return f"(-{pair[0]})", f"(-{pair[1]})"


def _whole_power(base: Names, n: int, named: Callable[[str], Names]) -> Names:
    """base**n by squaring."""
    if n < 0:
        inverse = _whole_power(base, -n, named)
        return named(f"_w.div(1.0, 0.0, {', '.join(inverse)})")
    if n == 1:
        return base
    half = _whole_power(base, n // 2, named)
    square = named(f"_w.mul({', '.join((*half, *half))})")
    return named(f"_w.mul({', '.join((*square, *base))})") if n % 2 else square

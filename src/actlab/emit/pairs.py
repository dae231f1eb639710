"""A Plan's expressions as statements on pairs of float64 numbers, for float64 kernels; see `actlab.kernels.pairs`.

Each value is three names: its large part, its small part and its scale. The small part of a number that float64 holds
exactly is written 0.0; the scale of all but tails, and what they are factors and terms of, is written 1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from actlab.emit.python import OPERATORS
from actlab.expression import Node, walk

Names = tuple[str, str, str]

_CONSTANTS: dict[str, Names] = {
    "pi": ("_w.PI_HI", "_w.PI_LO", "1.0"),
    "inf": ("_math.inf", "0.0", "1.0"),
    "nan": ("_math.nan", "0.0", "1.0"),
}
# Words that return a scale.
TAILS = (
    *("exp", "sigmoid", "logistic_pdf", "softplus", "sech2", "normal_cdf", "normal_pdf"),
    *("tanh_softplus", "tanh_softplus_slope"),
)
_CONDITIONS = ("<", "<=", ">", ">=", "==", "&", "|")


def lines(roots: Sequence[Node], rounding: str = "total") -> tuple[list[str], list[str]]:
    """Assignments that compute the roots, and the text of each root, rounded by that function of `kernels.pairs`."""
    writer = _Writer()
    for node in walk(*roots):
        writer.write(node)
    results = []
    for root in roots:
        large, small, scale = writer.names[root]
        results.append(f"_w.{rounding}({large}, {small})" + ("" if scale == "1.0" else f" * {scale}"))
    return writer.body, results


class _Writer:
    """The statements so far, and what each expression is called there."""

    def __init__(self) -> None:
        self.body: list[str] = []
        self.names: dict[Node, Names] = {}
        self.conditions: dict[Node, str] = {}

    def write(self, node: Node) -> None:
        """One more expression, whose arguments are written already."""
        if node.op in _CONDITIONS:  # comparisons are of large parts; & and | join conditions
            beside_0 = any(arg.op == "const" and arg.value == 0 for arg in node.args)
            sides = [self.conditions.get(arg) or self._number(arg, raw=beside_0) for arg in node.args]
            self.body.append(f"_c{len(self.body)} = {OPERATORS[node.op].format(*sides)}")
            self.conditions[node] = f"_c{len(self.body) - 1}"
        elif not node.args:
            self.names[node] = _leaf(node)
        elif node.op == "where":
            self.names[node] = self._chosen(node)
        else:
            args = [self.names[arg] for arg in node.args]
            self.names[node] = self._computed(node.op, node.value, args)

    def _computed(self, op: str, value: Any, args: list[Names]) -> Names:
        if op == "neg":
            return _negative(args[0])
        if op == "sub":
            return self._computed("add", None, [args[0], _negative(args[1])])
        if op == "mul":
            a, b = args
            scale = " * ".join(scale for _, _, scale in args if scale != "1.0") or "1.0"
            return self._pair(f"_w.mul({_text(a[:2], b[:2])})", scale)
        if op == "add" and any(scale != "1.0" for _, _, scale in args):
            return self._triple(f"_w.add_scaled({_text(*args)})")
        if op == "div":  # only what is divided may keep its scale
            return self._pair(f"_w.div({_text(args[0][:2], self._plain(args[1]))})", args[0][2])
        if op == "pow":
            return self._whole_power(self._plain(args[0]), value)
        call = f"_w.{op}({_text(*map(self._plain, args))})"
        return self._triple(call) if op in TAILS else self._pair(call)

    def _chosen(self, node: Node) -> Names:
        condition = self.conditions[node.args[0]]
        parts = zip(*(self.names[arg] for arg in node.args[1:]), strict=True)
        large, small, scale = (a if a == b else f"({a} if {condition} else {b})" for a, b in parts)
        return self._pair(f"{large}, {small}", scale)

    def _whole_power(self, base: tuple[str, str], n: int) -> Names:
        """base**n by squaring."""
        if n < 0:
            return self._pair(f"_w.div(1.0, 0.0, {_text(self._whole_power(base, -n)[:2])})")
        if n == 1:
            return *base, "1.0"
        half = self._whole_power(base, n // 2)[:2]
        square = self._pair(f"_w.mul({_text(half, half)})")
        return self._pair(f"_w.mul({_text(square[:2], base)})") if n % 2 else square

    def _plain(self, names: Names) -> tuple[str, str]:
        """Large and small part, the scale multiplied in."""
        large, small, scale = names
        return (large, small) if scale == "1.0" else (f"{large} * {scale}", f"{small} * {scale}")

    def _number(self, node: Node, *, raw: bool) -> str:
        """What a comparison compares; beside 0 a scale makes no difference, and without it a tail is not 0 too soon."""
        large = self.names[node][0]
        return large if raw else self._plain(self.names[node])[0]

    def _pair(self, text: str, scale: str = "1.0") -> Names:
        count = len(self.body)
        self.body.append(f"_h{count}, _l{count} = {text}")
        return f"_h{count}", f"_l{count}", scale if scale == "1.0" else self._scale(scale)

    def _triple(self, text: str) -> Names:
        count = len(self.body)
        self.body.append(f"_h{count}, _l{count}, _s{count} = {text}")
        return f"_h{count}", f"_l{count}", f"_s{count}"

    def _scale(self, text: str) -> str:
        if text.isidentifier():
            return text
        self.body.append(f"_s{len(self.body)} = {text}")
        return f"_s{len(self.body) - 1}"


def _leaf(node: Node) -> Names:
    if node.op == "symbol":
        return str(node.value), "0.0", "1.0"
    if node.op == "const":
        near = float(node.value)
        return f"({near!r})", f"({float(node.value - Fraction(near))!r})", "1.0"
    return _CONSTANTS[node.op]


def _negative(names: Names) -> Names:
    return f"(-{names[0]})", f"(-{names[1]})", names[2]


def _text(*numbers: Sequence[str]) -> str:
    return ", ".join(part for number in numbers for part in number)

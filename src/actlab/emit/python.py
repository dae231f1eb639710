"""Straight-line Python for any target whose words are spelled by a table.

Numba, PyTorch and mpmath all read Python; only the spelling of the words differs. A table maps an operation to a
format string over its arguments ("_w.tanh({0})"); the entries shared by all targets stand in `OPERATORS`. Whatever a
target brings along has a leading underscore, for the names without one belong to the formula's parameters.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from actlab.expression import Node, walk

OPERATORS: dict[str, str] = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "<": "({0} < {1})",
    "<=": "({0} <= {1})",
    ">": "({0} > {1})",
    ">=": "({0} >= {1})",
    "==": "({0} == {1})",
    "&": "({0} & {1})",
    "|": "({0} | {1})",
}


def lines(roots: Sequence[Node], table: Mapping[str, str], number: str = "float") -> tuple[list[str], list[str]]:
    """Assignments that compute the roots, and the text of each root.

    Parameters
    ----------
    roots : expressions; what they share is computed once
    table : operation -> format string, beside OPERATORS
    number : "float" writes constants as the nearest float64, "exact" as the table's row `const` of a ratio says,
        "float32" as its row `float32` of the nearest float64 says

    Raises
    ------
    KeyError
        If the target has no spelling for a word.
    """
    uses = Counter(arg for node in walk(*roots) for arg in node.args)
    uses.update(roots)
    text: dict[Node, str] = {}
    body: list[str] = []
    for node in walk(*roots):
        text[node] = _spell(node, [text[arg] for arg in node.args], table, number)
        if node.args and uses[node] > 1:
            body.append(f"_t{len(body)} = {text[node]}")
            text[node] = f"_t{len(body) - 1}"
    return body, [text[root] for root in roots]


def compile_source(source: str, filename: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Run generated source and return its namespace; tracebacks and debuggers can show the lines."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - the one place where generated text becomes code
    return namespace


def _spell(node: Node, args: list[str], table: Mapping[str, str], number: str) -> str:
    if node.op == "symbol":
        return str(node.value)
    if node.op == "const":
        if number == "exact":
            return table["const"].format(node.value.numerator, node.value.denominator)
        if number == "float32":
            return table["float32"].format(repr(float(node.value)))
        return repr(float(node.value)) if node.value >= 0 else f"({float(node.value)!r})"
    if node.op == "pow":
        return _chained(args[0], node.value, table)
    form = table.get(node.op) or OPERATORS[node.op]
    return form.format(*args)


def _chained(base: str, n: int, table: Mapping[str, str]) -> str:
    """u**n as the target writes it, or as repeated multiplication."""
    return table["pow"].format(base, n) if "pow" in table else f"({base}**{n})"

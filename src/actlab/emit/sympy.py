"""The formula as a SymPy expression, for LaTeX and for the limits that extended arithmetic does not decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actlab.expression import Expression, walk


def convert(root: Expression, assumptions: Mapping[str, dict[str, bool]] | None = None, *, named: bool = True) -> Any:
    """The expression in SymPy.

    Parameters
    ----------
    root : expression
    assumptions : parameter -> SymPy assumptions, e.g. {"alpha": {"positive": True}}
    named : keep words such as sigmoid by name (for printing), or write out what they mean (for limits)
    """
    import sympy as sp

    symbols = {"x": sp.Symbol("x", real=True)}
    for name, known in (assumptions or {}).items():
        symbols[name] = sp.Symbol(name, **known)
    table = _table(sp, named=named)
    new: dict[object, Any] = {}
    for node in walk(root):
        if node.op == "symbol":
            new[node] = symbols.setdefault(node.value, sp.Symbol(node.value, real=True))
        elif node.op == "const":
            new[node] = sp.Rational(node.value.numerator, node.value.denominator)
        elif node.op == "pow":
            new[node] = new[node.args[0]] ** node.value
        else:
            new[node] = table[node.op](*(new[arg] for arg in node.args))
    return new[root]


def _table(sp: Any, *, named: bool) -> dict[str, Callable[..., Any]]:
    operators: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "neg": lambda a: -a,
        "<": sp.Lt,
        "<=": sp.Le,
        ">": sp.Gt,
        ">=": sp.Ge,
        "==": sp.Eq,
        "&": sp.And,
        "|": sp.Or,
        "where": lambda c, a, b: sp.Piecewise((a, c), (b, True)),
        "pi": lambda: sp.pi,
        "inf": lambda: sp.oo,
        "nan": lambda: sp.nan,
        "exp": sp.exp,
        "log": sp.log,
        "tanh": sp.tanh,
        "erf": sp.erf,
        "sin": sp.sin,
        "cos": sp.cos,
        "sqrt": sp.sqrt,
        "abs": sp.Abs,
        "sign": sp.sign,
        "power": sp.Pow,
        "expm1": lambda u: sp.exp(u) - 1,
        "log1p": lambda u: sp.log(1 + u),
    }
    by_meaning: dict[str, Callable[..., Any]] = {
        "sech2": lambda u: 4 / (sp.exp(u) + sp.exp(-u)) ** 2,
        "sigmoid": lambda u: 1 / (1 + sp.exp(-u)),
        "logistic_pdf": lambda u: sp.exp(-u) / (1 + sp.exp(-u)) ** 2,
        "softplus": lambda u: sp.log(1 + sp.exp(u)),
        "normal_cdf": lambda u: sp.erfc(-u / sp.sqrt(2)) / 2,
        "normal_pdf": lambda u: sp.exp(-(u**2) / 2) / sp.sqrt(2 * sp.pi),
        "clip": lambda u, lo, hi: sp.Min(sp.Max(u, lo), hi),
    }
    names = {"normal_cdf": r"\Phi", "normal_pdf": r"\varphi", "sigmoid": r"\sigma"}
    by_name = {
        word: sp.Function(names.get(word, r"\operatorname{%s}" % word.replace("_", r"\_")))  # noqa: UP031 - braces
        for word in (*by_meaning, "sum", "amax", "first_max", "stop")
    }
    by_name["sech2"] = lambda u: sp.sech(u) ** 2
    return operators | (by_name if named else by_meaning)


def latex(root: Expression) -> str:
    """The expression in LaTeX."""
    import sympy as sp

    return str(sp.latex(convert(root)))

"""Formulas typed by users: Python's own grammar, read by `ast`, and nothing but the vocabulary let through.

Nothing is evaluated. Whatever is not a number, a name, an operator, a comparison or a call of a word is refused with a
message that shows where it stands.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from typing import Any, NoReturn

from actlab import expression as e
from actlab.errors import FormulaError, suggest
from actlab.expression import Condition, Expression
from actlab.vocabulary import AXIS_WORDS, CONSTANTS, MACROS, WORDS

# Characters; nested operations. The largest published formulas need a tenth of it.
_LONGEST, _DEEPEST = 4000, 100

_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
    ast.BitAnd: lambda a, b: a & b,
    ast.BitOr: lambda a, b: a | b,
}
_COMPARE: dict[type[ast.AST], Callable[[Any, Any], Condition]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}
_WORDS: dict[str, Callable[..., Any]] = {
    **{name: word for name, word in WORDS.items() if name not in AXIS_WORDS},
    **MACROS,
    "where": e.where,
}


def parse(text: str, parameters: Collection[str] = (), who: str = "formula") -> Expression:
    """The expression a text stands for, in x and the parameters.

    Parameters
    ----------
    text : e.g. "x*sigmoid(beta*x)"
    parameters : names allowed beside x
    who : begins the error message

    Raises
    ------
    FormulaError
        If the text is not a formula of the vocabulary; one line that points at the offending part.

    Examples
    --------
    >>> parse("x*exp(-x**2)")
    x*exp(-x**2)
    """
    if not isinstance(text, str):
        raise FormulaError(f"{who}: a formula must be text or a Python function; got {type(text).__name__}")
    if not text.strip():
        raise FormulaError(f'{who}: a formula must not be empty; write for example "x*sigmoid(1.7*x)"')
    if len(text) > _LONGEST:
        raise FormulaError(f"{who}: a formula must be at most {_LONGEST} characters long; got {len(text)}")
    source = " ".join(text.split())
    return _Reader(source, set(parameters), who).read()


class _Reader:
    """One pass over one text."""

    def __init__(self, source: str, parameters: set[str], who: str) -> None:
        self.source, self.parameters, self.who = source, parameters, who

    def read(self) -> Expression:
        try:
            tree = ast.parse(self.source, mode="eval").body
        except SyntaxError as error:
            place = self.source[max(0, (error.offset or 1) - 1) :][:20] or "the end"
            why = f"{_short(self.source)!r} is not a formula: {error.msg}, at {place!r}"
            raise FormulaError(f"{self.who}: {why}") from None
        except (RecursionError, MemoryError, ValueError) as error:  # a null byte, a number of 5,000 digits
            raise FormulaError(
                f"{self.who}: the formula is nested too deeply or holds what no formula can; {error}"
            ) from None
        result = self.visit(tree, 0)
        if not isinstance(result, Expression):
            self.refuse(tree, "a condition is not a number; write where(condition, a, b)")
        if e.written_size(result) > e.MOST_WRITTEN:
            self.refuse(tree, f"the formula written out has more than {e.MOST_WRITTEN} operations")
        return result

    def visit(self, node: ast.AST, depth: int) -> Any:
        if depth > _DEEPEST:
            self.refuse(node, f"nested more than {_DEEPEST} deep")
        try:
            return self._visit(node, depth + 1)
        except FormulaError as error:
            if str(error).startswith(f"{self.who}: in "):
                raise
            return self.refuse(node, str(error).removeprefix("formula: ").replace("v.", ""))

    def _visit(self, node: ast.AST, depth: int) -> Any:
        if isinstance(node, ast.Constant):
            return self.number(node)
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            return self.binary(node, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            operand = self.expression(node.operand, depth)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.Compare):
            return self.comparison(node, depth)
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        return self.refuse(node, _WHAT.get(type(node), f"{type(node).__name__} is not in the vocabulary"))

    def binary(self, node: ast.BinOp, depth: int) -> Any:
        left, right = self.visit(node.left, depth), self.visit(node.right, depth)
        joins = isinstance(node.op, ast.BitAnd | ast.BitOr)
        if any(isinstance(side, Condition) != joins for side in (left, right)):
            self.refuse(node, "& and | join conditions, + - * / ** join numbers")
        return _ARITHMETIC[type(node.op)](left, right)

    def number(self, node: ast.Constant) -> Expression:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            self.refuse(node, "only numbers may stand in a formula")
        if isinstance(node.value, float) and not node.value:
            return e.constant(0)  # 1e-999999999 would be a ratio of a billion digits
        if node.value == float("inf"):
            self.refuse(node, "the number is too large")
        written = ast.get_source_segment(self.source, node) or repr(node.value)
        return e.constant(node.value if isinstance(node.value, int) else written.replace("_", ""))

    def name(self, node: ast.Name) -> Expression:
        if node.id == "x" or node.id in self.parameters:
            return e.symbol(node.id)
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        if node.id in _WORDS:
            self.refuse(node, f"{node.id} is a word that needs an argument: {node.id}(x)")
        known = ("x", *self.parameters, *CONSTANTS)
        others = f"declare a parameter as {node.id}=1.0, or use {', '.join(known)}"
        return self.refuse(
            node,
            f"{node.id!r} is not a name here{suggest(node.id, known)}; {others}",
        )

    def expression(self, node: ast.AST, depth: int) -> Expression:
        value = self.visit(node, depth)
        if not isinstance(value, Expression):
            self.refuse(node, "a condition is not a number; write where(condition, a, b)")
        return value

    def comparison(self, node: ast.Compare, depth: int) -> Condition:
        if len(node.ops) > 1:
            self.refuse(node, "write (a < x) & (x < b) instead of a < x < b")
        compare = _COMPARE.get(type(node.ops[0]))
        if compare is None:
            self.refuse(node, "only <, <=, > and >= compare")
        return compare(self.expression(node.left, depth), self.expression(node.comparators[0], depth))

    def call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func, "only words of the vocabulary can be called")
        name = node.func.id
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            self.refuse(node, f"{name} takes plain arguments")
        if name not in _WORDS:
            return self.other(node, name, depth)
        arguments = [self.visit(arg, depth) for arg in node.args]
        if name == "where":
            self.check_where(node, arguments)
        try:
            return _WORDS[name](*arguments)
        except TypeError:  # a macro called with the wrong number of arguments
            self.refuse(node, f"{name} takes another number of arguments")

    def other(self, node: ast.Call, name: str, depth: int) -> Expression:
        """A call of an activation from the catalogue, which composes; anything else is refused."""
        from actlab.activation import Elementwise
        from actlab.registry import get, known_names

        known = (*_WORDS, *known_names())
        if name not in known:
            self.refuse(node, f"{name!r} is not in the vocabulary{suggest(name, known)}")
        item = get(name)
        if not isinstance(item, Elementwise) or len(node.args) != 1:
            self.refuse(node, f"{name} cannot be part of a formula this way; only f(x) of elementwise activations can")
        return item(self.expression(node.args[0], depth))  # type: ignore[no-any-return]

    def check_where(self, node: ast.Call, arguments: list[Any]) -> None:
        three = 3
        if len(arguments) != three or not isinstance(arguments[0], Condition):
            self.refuse(node, "where must be given a condition and two values: where(x > 0, a, b)")

    def refuse(self, node: ast.AST, why: str) -> NoReturn:
        segment = ast.get_source_segment(self.source, node) or self.source
        shown = segment if len(segment) <= 40 else segment[:37] + "..."  # noqa: PLR2004 - half a line
        column = getattr(node, "col_offset", 0) + 1
        raise FormulaError(f"{self.who}: in {_short(self.source)!r}, at column {column}, {shown!r}: {why}")


_WHAT: dict[type[ast.AST], str] = {
    ast.Attribute: "attributes cannot be read in a formula",
    ast.Subscript: "nothing can be indexed in a formula",
    ast.Lambda: "a formula cannot define functions",
    ast.IfExp: "write where(condition, a, b) instead of if and else",
    ast.BoolOp: "write & and | with each comparison in brackets instead of and, or",
    ast.BinOp: "the operators of a formula are + - * / and **, as in x**2",
    ast.UnaryOp: "only - and + may stand before a number",
    ast.List: "a formula is one expression, not a list",
    ast.Tuple: "a formula is one expression, not a list",
}


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - half a line

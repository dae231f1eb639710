"""The expressions that formulas are made of: small, immutable, exact, shared.

A node is an operation on other nodes. Equal nodes are one object (hash-consing), so a value and its
derivative share what they have in common without anybody looking for it. Constants are exact rational
numbers. Nothing is ever simplified behind the author's back except constants and the units of + and *.

Leaves are `const` (a Fraction), `symbol` (the input x or a parameter) and the named constants `pi`, `inf`, `nan`.
Operators are `neg add sub mul div pow where`; conditions are `< <= > >= == & |`; every other operation is a word of
the vocabulary, under its own name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn, TypeAlias
from weakref import WeakValueDictionary

from actlab.errors import FormulaError

Number: TypeAlias = int | float | Fraction | Decimal

COMPARISONS = ("<", "<=", ">", ">=", "==")
_MOST_BITS = 4096  # of a constant's numerator and denominator: repeated powers of constants must not fill the memory
_MAX_POWER = 64  # beyond it a formula is a mistake or an attack: (x**9)**9**9 would fill the memory
# Operations of a formula written out: nested words share their arguments and text does not, so that text doubles where
# an expression grows by one. The largest formulas of the catalogue need a hundredth of it.
MOST_WRITTEN = 20_000
_pool: WeakValueDictionary[tuple[object, ...], Node] = WeakValueDictionary()
_pool_lock = threading.Lock()


class Node:
    """One operation. Made only through `make`, which returns the existing equal node if there is one.

    Attributes
    ----------
    op : the operation's name
    args : the nodes it is applied to
    value : Fraction of a `const`, name of a `symbol`, exponent of a `pow`, else None
    """

    __slots__ = ("__weakref__", "args", "op", "value")
    __hash__ = object.__hash__

    op: str
    args: tuple[Any, ...]
    value: Any

    def __reduce__(self) -> tuple[Callable[..., Node], tuple[object, ...]]:
        return make, (self.op, self.args, self.value)

    def __copy__(self) -> Node:
        return self

    def __deepcopy__(self, memo: object) -> Node:
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an expression is immutable; cannot set {name}")

    def __bool__(self) -> NoReturn:
        raise FormulaError(
            "formula: a condition on x has no truth value while the formula is read; "
            "use v.where(condition, a, b) for if, max and min, and & or | for and, or"
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        raise FormulaError("formula: == cannot be asked of an expression; use <, <=, >, >= inside v.where")

    def __repr__(self) -> str:
        from actlab.emit.text import render

        size = written_size(self)
        return render(self) if size <= MOST_WRITTEN else f"<expression of {size} operations>"


class Condition(Node):
    """A comparison, or several joined by & and |."""

    __slots__ = ()

    def __and__(self, other: Condition) -> Condition:
        return _join("&", self, other)

    def __or__(self, other: Condition) -> Condition:
        return _join("|", self, other)


class Expression(Node):
    """A number that depends on x and the parameters."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __add__(self, other: Expression | Number) -> Expression:
        return add(self, lift(other))

    def __radd__(self, other: Number) -> Expression:
        return add(lift(other), self)

    def __sub__(self, other: Expression | Number) -> Expression:
        return subtract(self, lift(other))

    def __rsub__(self, other: Number) -> Expression:
        return subtract(lift(other), self)

    def __mul__(self, other: Expression | Number) -> Expression:
        return multiply(self, lift(other))

    def __rmul__(self, other: Number) -> Expression:
        return multiply(lift(other), self)

    def __truediv__(self, other: Expression | Number) -> Expression:
        return divide(self, lift(other))

    def __rtruediv__(self, other: Number) -> Expression:
        return divide(lift(other), self)

    def __neg__(self) -> Expression:
        return negate(self)

    def __pos__(self) -> Expression:
        return self

    def __pow__(self, exponent: Expression | Number) -> Expression:
        return power(self, lift(exponent))

    def __rpow__(self, base: Number) -> Expression:
        raise FormulaError(f"formula: {base}**x is not in the vocabulary; write v.exp(x*v.log({base}))")

    def __abs__(self) -> Expression:
        return call("abs", self)

    def __lt__(self, other: Expression | Number) -> Condition:
        return compare("<", self, lift(other))

    def __le__(self, other: Expression | Number) -> Condition:
        return compare("<=", self, lift(other))

    def __gt__(self, other: Expression | Number) -> Condition:
        return compare(">", self, lift(other))

    def __ge__(self, other: Expression | Number) -> Condition:
        return compare(">=", self, lift(other))

    def __float__(self) -> NoReturn:
        raise FormulaError(
            "formula: math functions cannot read an expression; use the word of the vocabulary, e.g. v.exp(x)"
        )

    __int__ = __index__ = __float__

    def __array_ufunc__(self, ufunc: Any, *_: object, **__: object) -> NoReturn:
        raise FormulaError(
            f"formula: np.{ufunc.__name__} cannot read an expression; use the word of the vocabulary, e.g. v.exp(x)"
        )


def make(op: str, args: tuple[Node, ...] = (), value: object = None) -> Any:
    """The one node with this operation, arguments and value."""
    key = (op, value, *map(id, args))
    with _pool_lock:
        node = _pool.get(key)
        if node is None:
            node = object.__new__(Condition if op in COMPARISONS or op in "&|" else Expression)
            for name, content in (("op", op), ("args", args), ("value", value)):
                object.__setattr__(node, name, content)
            _pool[key] = node
    return node


def symbol(name: str) -> Expression:
    """The input (x) or a parameter, by name; equal names are the same symbol."""
    return make("symbol", (), name)  # type: ignore[no-any-return]


def constant(number: Number | str) -> Expression:
    """An exact constant. Text keeps every digit: constant("1.6732632423543772848170429916717")."""
    value = _exact(number)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MOST_BITS or abs(value) >= 2**1024:
        raise FormulaError("formula: a constant must be a float64 of at most 1200 digits; got a larger or longer one")
    return make("const", (), value)  # type: ignore[no-any-return]


def lift(value: object) -> Expression:
    """The value as an expression; numbers become exact constants."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, Condition):
        raise FormulaError("formula: a condition is not a number; write v.where(condition, 1, 0)")
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | Decimal):
        raise FormulaError(f"formula: {value!r} is neither a number nor an expression")
    return constant(value)


def call(word: str, *args: Expression | Number) -> Expression:
    """A word of the vocabulary applied to arguments; a whole power of anything is repeated multiplication."""
    if word == "power" and (exponent := lift(args[1])).op == "const" and exponent.value.denominator == 1:
        return power(lift(args[0]), exponent)
    return make(word, tuple(map(lift, args)))  # type: ignore[no-any-return]


def where(condition: Condition, a: Expression | Number, b: Expression | Number) -> Expression:
    """a where the condition holds, else b; equal branches need no condition."""
    if not isinstance(condition, Condition):
        raise FormulaError(f"formula: where must be given a condition such as x > 0; got {condition!r}")
    a, b = lift(a), lift(b)
    return a if a is b else make("where", (condition, a, b))


def compare(op: str, a: Expression, b: Expression) -> Condition:
    """The condition `a op b`."""
    return make(op, (a, b))  # type: ignore[no-any-return]


def _join(op: str, a: Condition, b: Condition) -> Condition:
    if not isinstance(b, Condition):
        raise FormulaError(f"formula: {op} joins two conditions; got {b!r}")
    return make(op, (a, b))  # type: ignore[no-any-return]


def add(a: Expression, b: Expression) -> Expression:
    """a + b, constants folded."""
    if a.op == b.op == "const":
        return constant(a.value + b.value)
    if is_zero(a):
        return b
    return a if is_zero(b) else make("add", (a, b))


def subtract(a: Expression, b: Expression) -> Expression:
    """a - b, constants folded."""
    if a.op == b.op == "const":
        return constant(a.value - b.value)
    if is_zero(a):
        return negate(b)
    return a if is_zero(b) else make("sub", (a, b))


def multiply(a: Expression, b: Expression) -> Expression:
    """a * b, constants folded; 0*a stays, because 0*inf is not 0."""
    if a.op == b.op == "const":
        return constant(a.value * b.value)
    if is_one(a):
        return b
    return a if is_one(b) else make("mul", (a, b))


def divide(a: Expression, b: Expression) -> Expression:
    """a / b, constants folded."""
    if is_zero(b):
        raise FormulaError("formula: division by the constant 0")
    if a.op == b.op == "const":
        return constant(a.value / b.value)
    return a if is_one(b) else make("div", (a, b))


def negate(a: Expression) -> Expression:
    """-a, without double signs."""
    if a.op == "const":
        return constant(-a.value)
    inner: Expression = a.args[0] if a.op == "neg" else make("neg", (a,))
    return inner


def power(base: Expression, exponent: Expression) -> Expression:
    """base**exponent; an integer exponent is repeated multiplication, any other the word `power`."""
    if exponent.op != "const":
        return call("power", base, exponent)
    n = exponent.value
    if abs(n) > _MAX_POWER:
        raise FormulaError(f"formula: a power must lie in [-{_MAX_POWER}, {_MAX_POWER}]; got {n}")
    if n.denominator != 1:
        return call("sqrt", base) if n == Fraction(1, 2) else call("power", base, exponent)
    if base.op == "const" and (n >= 0 or base.value != 0):
        return constant(base.value**n)
    if n < 0:
        return divide(constant(1), power(base, constant(-n)))
    if n == 0:
        return constant(1)
    return base if n == 1 else make("pow", (base,), int(n))


def is_zero(node: Node) -> bool:
    """Whether the node is the constant 0."""
    return node.op == "const" and node.value == 0


def is_one(node: Node) -> bool:
    """Whether the node is the constant 1."""
    return node.op == "const" and node.value == 1


def walk(*roots: Node) -> Iterator[Node]:
    """Every node below the roots once, arguments before the nodes that use them."""
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if node in seen:
            continue
        if ready:
            seen.add(node)
            yield node
        else:
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))


def symbols(*roots: Node) -> set[str]:
    """Names of all symbols below the roots."""
    return {node.value for node in walk(*roots) if node.op == "symbol"}


def written_size(root: Node) -> int:
    """How many operations, constants and symbols the expression has as text, where nothing is shared."""
    size: dict[Node, int] = {}
    for node in walk(root):
        size[node] = 1 + sum(size[arg] for arg in node.args)
    return size[root]


def require_writable(root: Expression) -> Expression:
    """The expression itself; FormulaError if it is too large to be written out."""
    if written_size(root) > MOST_WRITTEN:
        raise FormulaError(f"formula: a formula must have at most {MOST_WRITTEN} operations when written out")
    return root


def structure(*roots: Node) -> str:
    """Text that differs where expressions differ; it does not grow faster than they do, as their formula would."""
    number: dict[Node, int] = {}
    for node in walk(*roots):
        number[node] = len(number)
    rows = [(node.op, str(node.value), *(number[arg] for arg in node.args)) for node in number]
    return f"{rows}{[number[root] for root in roots]}"


def rewrite(root: Any, change: Callable[[Node], Node | None]) -> Any:
    """The expression with `change` applied to every node, leaves first; None keeps a node."""
    new: dict[Node, Node] = {}
    for node in walk(root):
        rebuilt = _rebuild(node, tuple(new[arg] for arg in node.args))
        changed = change(rebuilt)
        new[node] = rebuilt if changed is None else changed
    return new[root]


def substitute(root: Any, values: dict[str, Expression]) -> Any:
    """The expression with symbols replaced."""
    return rewrite(root, lambda node: values.get(node.value) if node.op == "symbol" else None)


def _rebuild(node: Node, args: tuple[Any, ...]) -> Node:
    """The node over new arguments, constants folded again."""
    if all(old is new for old, new in zip(node.args, args, strict=True)):
        return node
    builders: dict[str, Callable[..., Node]] = {
        "add": add, "sub": subtract, "mul": multiply, "div": divide, "neg": negate, "where": where,
    }  # fmt: skip
    if node.op == "pow":
        return power(args[0], constant(node.value))
    return builders[node.op](*args) if node.op in builders else make(node.op, args, node.value)


def _exact(number: Number | str) -> Fraction:
    """The number its author wrote: 0.1 is one tenth, and 1/3 computed by Python is one third."""
    if not isinstance(number, float):
        try:
            return Fraction(number)
        except (ValueError, OverflowError) as error:
            raise FormulaError(f"formula: a constant must be a finite number; got {number!r}") from error
    if number != number or number in (float("inf"), float("-inf")):
        raise FormulaError(f"formula: a constant must be a finite number; got {number!r}")
    written = Fraction(repr(float(number)))
    ratio = written.limit_denominator(1000)
    return ratio if float(ratio) == number else written

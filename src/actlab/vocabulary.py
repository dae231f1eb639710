"""The words a formula may use, each with its derivative and its values at the ends of the line.

Use it through its module, `from actlab import vocabulary as v`: an activation named `softplus` would
otherwise hide the word `softplus` from its neighbours in the file.

>>> from actlab import vocabulary as v
>>> from actlab.expression import symbol
>>> x = symbol("x")
>>> x * v.tanh(v.softplus(x))
x*tanh(softplus(x))

A word is one row here and one row in the table of each target (`actlab.emit`); a test demands every cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from actlab.errors import FormulaError
from actlab.expression import Expression, Number, call, lift, make
from actlab.expression import constant as constant
from actlab.expression import where as where

Operand: TypeAlias = Expression | Number
WORDS: dict[str, Word] = {}


@dataclass(frozen=True, eq=False)
class Word:
    """One word: what it means, its partial derivatives, and its limits at -inf and +inf.

    Attributes
    ----------
    name : as written in formulas
    meaning : one line in mathematical notation; u is the first argument
    partials : function of the arguments giving one derivative per argument; None for axis words
    ends : limits as the (only) argument goes to -inf and +inf; None where there is none or it is outside
        the domain. "-inf", "inf" for infinite ones
    decays : ends (-1, +1) at which the word falls to 0 faster than any power of its argument grows
    grows : whether the word outgrows every power of its argument at +inf
    """

    name: str
    meaning: str
    partials: Callable[..., tuple[Operand, ...]] | None
    ends: tuple[int | str | None, int | str | None] = (None, None)
    decays: tuple[int, ...] = ()
    grows: bool = False
    arity: int = field(default=1)

    def __post_init__(self) -> None:
        WORDS[self.name] = self

    def __call__(self, *args: Operand) -> Expression:
        """The word applied to expressions or numbers."""
        if len(args) != self.arity:
            raise FormulaError(f"formula: {self.name} takes {self.arity} argument(s); got {len(args)}")
        return call(self.name, *args)


pi: Expression = make("pi")  # the circle constant
inf: Expression = make("inf")  # appears in limits, not in formulas
nan: Expression = make("nan")

exp: Word = Word("exp", "e^u", lambda u: (exp(u),), (0, "inf"), decays=(-1,), grows=True)
expm1: Word = Word("expm1", "e^u - 1", lambda u: (exp(u),), (-1, "inf"), grows=True)
log: Word = Word("log", "natural logarithm of u", lambda u: (1 / u,), (None, "inf"))
log1p: Word = Word("log1p", "log(1 + u)", lambda u: (1 / (1 + u),), (None, "inf"))
tanh: Word = Word("tanh", "hyperbolic tangent of u", lambda u: (sech2(u),), (-1, 1))
sech2: Word = Word("sech2", "1 - tanh(u)^2", lambda u: (-2 * (tanh(u) * sech2(u)),), (0, 0), decays=(-1, 1))
sigmoid: Word = Word("sigmoid", "1/(1 + e^-u)", lambda u: (logistic_pdf(u),), (0, 1), decays=(-1,))
logistic_pdf: Word = Word(
    "logistic_pdf",
    "sigmoid(u)*(1 - sigmoid(u))",
    lambda u: (-(logistic_pdf(u) * tanh(u / 2)),),
    (0, 0),
    decays=(-1, 1),
)
softplus: Word = Word("softplus", "log(1 + e^u)", lambda u: (sigmoid(u),), (0, "inf"), decays=(-1,))
normal_cdf: Word = Word("normal_cdf", "(1 + erf(u/sqrt(2)))/2", lambda u: (normal_pdf(u),), (0, 1), decays=(-1,))
normal_pdf: Word = Word(
    "normal_pdf", "e^(-u^2/2)/sqrt(2*pi)", lambda u: (-(u * normal_pdf(u)),), (0, 0), decays=(-1, 1)
)
erf: Word = Word(
    "erf", "2/sqrt(pi) * integral of e^(-t^2) from 0 to u", lambda u: (2 / sqrt(pi) * exp(-(u**2)),), (-1, 1)
)
sin: Word = Word("sin", "sine of u, in radians", lambda u: (cos(u),))
cos: Word = Word("cos", "cosine of u, in radians", lambda u: (-sin(u),))
sqrt: Word = Word("sqrt", "square root of u", lambda u: (1 / (2 * sqrt(u)),), (None, "inf"))
abs: Word = Word("abs", "u where u > 0, else -u; its derivative at 0 is 0", lambda u: (sign(u),), ("inf", "inf"))  # noqa: A001 - the word is called so
sign: Word = Word("sign", "-1, 0 or 1", lambda _: (constant(0),), (-1, 1))
power: Word = Word("power", "u^p for u >= 0", lambda u, p: (p * power(u, p - 1), log(u) * power(u, p)), arity=2)
clip: Word = Word(
    "clip",
    "u, but no less than lo and no more than hi; its derivative is 0 at both",
    lambda u, lo, hi: (where((u > lo) & (u < hi), 1, 0), where(u <= lo, 1, 0), where(u >= hi, 1, 0)),
    arity=3,
)

# Words that look along an axis; formulas of softmax and its kin are written with them.
sum: Word = Word("sum", "sum of u along the axis", None)  # noqa: A001 - the word is called so
amax: Word = Word("amax", "largest u along the axis", None)
first_max: Word = Word("first_max", "1 at the first of the largest u along the axis, else 0", None)
stop: Word = Word("stop", "u, seen as a constant by derivatives", None)

AXIS_WORDS = ("sum", "amax", "first_max", "stop")


def maximum(a: Operand, b: Operand) -> Expression:
    """The larger of two; at a tie the derivative is that of b, so maximum(x, 0) is ReLU with derivative 0 at 0."""
    return where(lift(a) > lift(b), a, b)


def minimum(a: Operand, b: Operand) -> Expression:
    """The smaller of two; at a tie the derivative is that of b."""
    return where(lift(a) < lift(b), a, b)


MACROS: dict[str, Callable[..., Expression]] = {
    "maximum": maximum,
    "minimum": minimum,
    "max": maximum,
    "min": minimum,
}
CONSTANTS: dict[str, Expression] = {"pi": pi}

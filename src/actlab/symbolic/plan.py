"""The Plan: everything a target has to render, edge cases included. Emitters only spell it out.

A formula evaluated by plain arithmetic goes wrong in three places: where a tail underflows to 0 while a power of x
overflows (0*inf in x*normal_pdf(x)), at +-inf, and at NaN where a comparison takes a branch that forgets it. The Plan
finds out by evaluating the formula there, and adds a guard where the answer is not the right one, and only there.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from actlab import expression as e
from actlab.emit import ieee
from actlab.expression import Expression, Node
from actlab.interval import Interval
from actlab.symbolic.limits import limit
from actlab.vocabulary import WORDS, inf, nan

# Large inputs, finite ones: their powers may overflow.
_HUGE = (1e100, 1e200, 1.7e308)
_HUGE32 = (1e12, 1e25, 3.4e38)  # of float32 arrays, which are computed in float64
_LIGHT = ("abs", "sign", "clip")
_SELECTING = ("symbol", "where", "<", "<=", ">", ">=", "==", "&", "|", "neg", *_LIGHT)
_SAMPLES = (0.7, 2.5, 0.0, -0.7, -2.5)  # parameter values of every sign


@dataclass(frozen=True, eq=False)
class Plan:
    """Expressions to compute together.

    Attributes
    ----------
    name : of the activation, for generated names and tracebacks
    roots : the expressions as the mathematics gives them
    domains : (parameter, interval) in the order in which targets take them
    """

    name: str
    roots: tuple[Expression, ...]
    domains: tuple[tuple[str, Interval], ...]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters the roots depend on, in order."""
        used = e.symbols(*self.roots)
        return tuple(name for name, _ in self.domains if name in used)

    @cached_property
    def outputs(self) -> tuple[Expression, ...]:
        """The roots with their guards: right for every float64, +-inf and NaN included."""
        return tuple(_guarded(root, dict(self.domains), _HUGE) for root in self.roots)

    @cached_property
    def outputs32(self) -> tuple[Expression, ...]:
        """The roots with the guards that float32 inputs need in float64 arithmetic: fewer."""
        return tuple(_guarded(root, dict(self.domains), _HUGE32) for root in self.roots)

    @cached_property
    def selects(self) -> bool:
        """Whether each result is the input, its size or opposite, a parameter, or a constant that float32 can hold."""
        return all(
            node.op in _SELECTING or (node.op == "const" and _is_float32(float(node.value)))
            for node in e.walk(*self.roots)
        )

    @cached_property
    def is_light(self) -> bool:
        """Whether an element costs hardly more than to read and write it: comparisons, sums, products."""
        x = e.symbol("x")
        return all(
            node.op in _LIGHT if node.op in WORDS else node.op != "div" or x not in {*e.walk(node.args[1])}
            for node in e.walk(*self.roots)
        )

    @cached_property
    def key(self) -> str:
        """A name for caches that changes when the mathematics does."""
        text = f"{self.name}|{e.structure(*self.roots)}|{[(name, str(domain)) for name, domain in self.domains]}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=1024)
def make_plan(name: str, roots: tuple[Expression, ...], domains: tuple[tuple[str, Interval], ...]) -> Plan:
    """The Plan of these expressions; equal ones are one object."""
    return Plan(name, roots, domains)


def _guarded(exact: Expression, domains: Mapping[str, Interval], huge: tuple[float, ...]) -> Expression:
    root, samples = exact, list(_samples(exact, domains))
    if any(math.isnan(_value(root, side * x, p)) for x in huge for side in (-1, 1) for p in samples):
        root = absorb_zeros(root)
    x = e.symbol("x")
    for side, at in ((-1, e.negate(inf)), (1, inf)):
        target = limit(exact, side, domains)
        if any(not _same(_value(root, side * math.inf, p), _value(target, 0.0, p)) for p in samples):
            root = e.where(e.compare("==", x, at), target, root)
    if any(not math.isnan(_value(root, math.nan, p)) for p in samples):
        root = e.where(e.compare("==", x, x), root, nan)
    return root


def absorb_zeros(root: Expression) -> Expression:
    """The expression with every tail that has underflowed to 0 winning over what it is multiplied by.

    Against a factor that itself outgrows every power it must not win: e^(2x)*sigmoid(-2x) goes to 1.
    """

    def change(node: Node) -> Node | None:
        if node.op != "mul":
            return None
        a, b = node.args
        tails = [arg for arg, other in ((a, b), (b, a)) if _is_tail(arg) and not _outgrows(other)]
        if not tails:
            return None
        zeros = [e.compare("==", tail, e.constant(0)) for tail in tails]
        gone = zeros[0] if len(zeros) == 1 else zeros[0] | zeros[1]
        return e.where(gone, 0, node)  # type: ignore[arg-type]

    return e.rewrite(root, change)  # type: ignore[no-any-return]


def _outgrows(node: Node) -> bool:
    """Whether the node contains a word that grows faster than any power."""
    return any(inner.op in WORDS and WORDS[inner.op].grows for inner in e.walk(node))


def _is_tail(node: Node) -> bool:
    """Whether the node is a product with a word that decays faster than any power grows."""
    if node.op in WORDS:
        return bool(WORDS[node.op].decays)
    if node.op == "where":  # a product that has been guarded already
        return node.args[0].op in "==|" and _is_tail(node.args[2])
    return node.op in ("mul", "neg", "pow") and any(map(_is_tail, node.args))


def _samples(root: Expression, domains: Mapping[str, Interval]) -> Iterable[dict[str, float]]:
    """Parameter values of every sign that their domains allow."""
    names = sorted(e.symbols(root) - {"x"})
    choices = [[s for s in _SAMPLES if s in domains[name]] or [domains[name].low + 1] for name in names]
    return (dict(zip(names, values, strict=True)) for values in itertools.product(*choices))


def _value(root: Expression, x: float, parameters: Mapping[str, float]) -> float:
    return ieee.evaluate(root, x, parameters)


def _is_float32(value: float) -> bool:
    try:
        return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
    except OverflowError:
        return False


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))

"""One derivative of one activation in one format: what is promised for it, and who is right where it is doubtful."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from flint import arb

from actlab.verification import landmarks
from actlab.verification.compare import Promise, Rules, Tangent, compare
from actlab.verification.enclosure import Array, Near
from actlab.verification.exact import Exact, Judgement, judged
from actlab.verification.finding import Finding
from actlab.verification.formats import FLOAT32, Format

# What is promised for value, derivative and second derivative of float32, in ulp: everywhere, and near a root.
_FLOAT32 = ((0.51, 0.51), (0.51, 1.0), (2.0, math.inf))
_CORRECTLY_ROUNDED = 0.5


class ReferencesDisagree(AssertionError):
    """The exact result lies outside the fast reference's error bound: one of the two must be mended first."""


class Doubts(NamedTuple):
    """Inputs that the fast reference left undecided, the results there, and how many more there were."""

    x: Array
    got: Array
    left_out: int = 0

    @classmethod
    def together(cls, several: Sequence[Doubts]) -> Doubts:
        """All of them."""
        x, got, left_out = zip(*several, strict=True)
        return cls(np.concatenate(x), np.concatenate(got), sum(left_out))

    def at_most(self, n: int) -> Doubts:
        """An even choice of n."""
        if self.x.size <= n:
            return self
        chosen = np.linspace(0, self.x.size - 1, n).astype(np.int64)
        return Doubts(self.x[chosen], self.got[chosen], self.left_out + self.x.size - n)


@dataclass(frozen=True, eq=False)
class Referee:
    """Judges results of the order-th derivative in a format of at most 32 bits."""

    exact: Exact
    form: Format
    order: int

    @cached_property
    def rules(self) -> Rules:
        """The format, what is promised, and how ties next to 0 are settled."""
        tangent = landmarks.tangent(self.exact) if self.order == 0 else Tangent()
        if self.form is not FLOAT32:
            return Rules(self.form, Promise(_CORRECTLY_ROUNDED), tangent)
        roots = landmarks.roots(self.exact, self.order) if self.order else ()
        return Rules(self.form, Promise(*_FLOAT32[self.order], roots), tangent)

    def judge(self, x: Array, got: Array, near: Near) -> tuple[Finding, Doubts]:
        """Judge results by the fast reference, and at infinity by the limits."""
        found, left = compare(self.rules, x, got, near)
        ends = np.isinf(x)
        for end, y in zip(x[ends].tolist(), got[ends].tolist(), strict=True):
            found |= replace(self._finding(end, self._at_infinity(end, y)), inputs=0)  # compare has counted it
        return found, Doubts(x[left], got[left])

    def settle(self, doubts: Doubts) -> Finding:
        """Judge results by the exact reference."""
        found = Finding(left_out=doubts.left_out)
        for x, got in zip(doubts.x.tolist(), doubts.got.tolist(), strict=True):
            found |= self._finding(x, self.exact.judge(self.form, x, got, self.order))
        return replace(found, settled=found.inputs)

    def audit(self, x: Array, near: Near) -> None:
        """Compute inputs by the exact reference that the fast one has decided: it must keep to its bound.

        Raises
        ------
        ReferencesDisagree
            If it does not.
        """
        for t, value, error in zip(x.tolist(), *(part.tolist() for part in near), strict=True):
            exact = self.exact.taylor(t, self.order)[self.order]
            if math.isfinite(error) and abs(exact - value) > error:
                raise ReferencesDisagree(
                    f"{self.exact.item.label}: the references for derivative {self.order} must agree; got {value!r} by "
                    f"the C library and {float(exact.mid())!r} by Arb at x={t!r}; a rule, a stable form or a bound errs"
                )

    @cached_property
    def _limits(self) -> tuple[float, float]:
        return landmarks.limits(self.exact, self.order)

    def _at_infinity(self, end: float, got: float) -> Judgement:
        limit = self._limits[end > 0]
        if math.isfinite(limit):
            return judged(self.form, got, arb(limit)) or Judgement(math.inf, misrounded=True)
        right = got == limit or (math.isnan(got) and math.isnan(limit))
        return Judgement(0.0 if right else math.inf, misrounded=not right)

    def _finding(self, x: float, judgement: Judgement) -> Finding:
        used = judgement.ulp / self.rules.promise.at(x)
        return Finding(judgement.ulp, x, used, x, int(judgement.misrounded), inputs=1)

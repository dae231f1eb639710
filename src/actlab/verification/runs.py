"""Whole runs through the public calls and both references: every number of a format, or a sample of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from actlab.verification.enclosure import Array, Near, enclose
from actlab.verification.exact import Exact
from actlab.verification.finding import Finding
from actlab.verification.formats import Format
from actlab.verification.referee import Doubts, Referee

# Inputs of one call, whose arrays stay in the cache and are too small for the allocator to give back, and of one task.
_PIECE, _TASK = 2**14, 2**20
# Inputs that both references compute, so that they are known to agree: of a sample, of all numbers.
_AUDITED_OF_SAMPLE, _AUDITED = 200, 4096
# What the exact reference settles at most, in one task and in all, at about 40 microseconds each.
_MOST_IN_TASK, _MOST = 2**12, 200_000

Verdict: TypeAlias = tuple[Finding, Doubts]


@dataclass(frozen=True, eq=False)
class Run:
    """An activation in one format of at most 32 bits and some of its derivatives.

    Attributes
    ----------
    exact : the exact reference of the activation
    form : format of inputs and results
    orders : of the derivatives; (0, 1) means value and derivative in one pass
    """

    exact: Exact
    form: Format
    orders: tuple[int, ...] = (0, 1)

    def over(self, x: NDArray[Any]) -> list[Finding]:
        """Judge the results at these inputs; one finding for each order."""
        self._audit(x[:: max(1, x.size // _AUDITED_OF_SAMPLE)])
        return self._settled(self._judged(x))

    def everywhere(self, jobs: int = 1, progress: Callable[[float], None] = lambda _: None) -> list[Finding]:
        """Judge the results for every number of the format.

        Parameters
        ----------
        jobs : threads
        progress : called with the share that is done
        """
        total = 2**self.form.bits
        starts = range(0, total, _TASK)
        self._audit(np.concatenate([self.form.numbers(k, k + 1) for k in range(0, total, total // _AUDITED)]))
        done = []
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for verdicts in pool.map(lambda start: self._task(start, min(start + _TASK, total)), starts):
                    done.append(verdicts)
                    progress(len(done) / len(starts))
            except BaseException:  # Ctrl-C among them: what has not begun never will
                pool.shutdown(cancel_futures=True)
                raise
        return self._settled(_together(done))

    @cached_property
    def referees(self) -> list[Referee]:
        """Who judges each of the orders."""
        return [Referee(self.exact, self.form, order) for order in self.orders]

    def _task(self, start: int, stop: int) -> list[Verdict]:
        """Judge the numbers whose bit patterns are start, ..., stop - 1."""
        pieces = [self.form.numbers(k, min(k + _PIECE, stop)) for k in range(start, stop, _PIECE)]
        return [(found, doubts.at_most(_MOST_IN_TASK)) for found, doubts in _together(map(self._judged, pieces))]

    def _judged(self, x: NDArray[Any]) -> list[Verdict]:
        """Call the activation and judge as far as the fast reference goes, order by order."""
        wide = _widened(x)
        triples = zip(self.referees, self._called(x), self._near(wide), strict=True)
        return [referee.judge(wide, _widened(result), near) for referee, result, near in triples]

    def _called(self, x: NDArray[Any]) -> Iterable[NDArray[Any]]:
        item = self.exact.item
        if self.orders == (0, 1):
            return item.value_and_grad(x)
        return [item.derivative(order)(x) if order else item(x) for order in self.orders]

    def _near(self, x: Array) -> list[Near]:
        # Whichever of the two is wanted, value and derivative are one compiled function.
        orders = (0, 1) if max(self.orders) <= 1 else self.orders
        forms = [self.exact.item.form(("x",) * order) for order in orders]
        near = dict(zip(orders, enclose(forms, x, self.exact.values), strict=True))
        return [near[order] for order in self.orders]

    def _audit(self, x: NDArray[Any]) -> None:
        wide = _widened(x)
        wide = wide[np.isfinite(wide)]
        for referee, near in zip(self.referees, self._near(wide), strict=True):
            referee.audit(wide, near)

    def _settled(self, verdicts: list[Verdict]) -> list[Finding]:
        pairs = zip(self.referees, verdicts, strict=True)
        return [found | referee.settle(doubts.at_most(_MOST)) for referee, (found, doubts) in pairs]


def _together(several: Iterable[list[Verdict]]) -> list[Verdict]:
    """Verdicts on pieces as verdicts on the whole, order by order."""
    whole = [zip(*verdicts, strict=True) for verdicts in zip(*several, strict=True)]
    return [(reduce(or_, found), Doubts.together(tuple(doubts))) for found, doubts in whole]


def _widened(x: NDArray[Any]) -> Array:
    """The same numbers in float64."""
    with np.errstate(invalid="ignore"):  # NaN of every kind are among them
        return x.astype(np.float64)

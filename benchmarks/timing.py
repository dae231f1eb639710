"""Paired timings: ours and the peer's in turn, so that a machine that slows down slows both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

Call = Callable[[], object]

# Seconds of one timing: a thousand times the clock's resolution, yet mostly over before the scheduler, whose slices are
# some milliseconds, gives the core to somebody else in its midst.
_LONG_ENOUGH = 3e-4


class Pair(NamedTuple):
    """What the rounds of one pair say; medians, in seconds a call.

    Attributes
    ----------
    ours, theirs : time of one call
    ratio : theirs/ours; above 1 ours is faster
    spread : how far the middle half of the ratios reaches, as a share of `ratio`
    """

    ours: float
    theirs: float
    ratio: float
    spread: float


def paired(ours: Call, theirs: Call, rounds: int, prepare: Call | None = None) -> Pair:
    """Time both in every round, the first in one round the second in the next.

    Parameters
    ----------
    ours, theirs : what is timed; called first until a timing is long enough, which also compiles and warms up
    rounds : paired timings; at least 2
    prepare : called before every single call and not counted, for calls that spoil their input

    Examples
    --------
    >>> pair = paired(lambda: sum(range(10)), lambda: sum(range(10)), rounds=3)
    >>> pair.ratio > 0
    True
    """
    plans = (ours, _calls(ours, prepare)), (theirs, _calls(theirs, prepare))
    times: list[tuple[float, float]] = []
    collecting = gc.isenabled()
    gc.disable()  # as timeit does: the garbage of one must not be the other's time
    try:
        for k in range(rounds):
            order = (0, 1) if k % 2 == 0 else (1, 0)
            taken = {side: _timed(*plans[side], prepare) for side in order}
            times.append((taken[0], taken[1]))
    finally:
        if collecting:
            gc.enable()
    return _summary(times)


def _summary(times: list[tuple[float, float]]) -> Pair:
    ratios = [theirs / ours for ours, theirs in times]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Pair(
        statistics.median(ours for ours, _ in times),
        statistics.median(theirs for _, theirs in times),
        middle,
        (high - low) / middle,
    )


def _calls(function: Call, prepare: Call | None) -> int:
    """How many calls make one timing long enough; the first call, which may compile, does not count."""
    _timed(function, 1, prepare)
    calls = 1
    while (seconds := _timed(function, calls, prepare) * calls) < _LONG_ENOUGH / 2:
        calls *= 2
    return calls if seconds >= _LONG_ENOUGH else calls * 2


def _timed(function: Call, calls: int, prepare: Call | None) -> float:
    """Seconds a call."""
    if prepare is None:
        start = time.perf_counter()
        for _ in range(calls):
            function()
        return (time.perf_counter() - start) / calls
    total = 0.0
    for _ in range(calls):
        prepare()
        start = time.perf_counter()
        function()
        total += time.perf_counter() - start
    return total / calls

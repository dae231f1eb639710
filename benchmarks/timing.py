"""Paired timings: ours and the peer's in turn, so that a machine that slows down slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

_LONG_ENOUGH = 2e-3  # seconds: well above the clock's resolution and a scheduler's hiccup


def ratio(ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of one call of ours, and the median of peer time / our time over paired rounds."""
    calls = _calls(ours)
    times, ratios = [], []
    for _ in range(rounds):
        mine, other = _timed(ours, calls), _timed(peer, calls)
        times.append(mine)
        ratios.append(other / mine)
    return statistics.median(times), statistics.median(ratios)


def _calls(function: Callable[[], object]) -> int:
    """How many calls make one timing long enough; the first call, which may compile, is not counted."""
    function()
    return max(1, round(_LONG_ENOUGH / _timed(function, 1)))


def _timed(function: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls

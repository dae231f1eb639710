"""Paired timings on a clock that we turn."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from benchmarks import timing
from benchmarks.timing import paired


class Clock:
    """Time passes only in calls; `slowness` is the machine's."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slowness = 1.0
        self.calls: list[str] = []

    def perf_counter(self) -> float:
        """Seconds, as `time.perf_counter`."""
        return self.now

    def call(self, name: str, seconds: float) -> Callable[[], None]:
        """Something that takes so long."""

        def run() -> None:
            self.now += seconds * self.slowness
            self.calls.append(name)

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fake = Clock()
    monkeypatch.setattr(timing, "time", fake)
    return fake


def test_ratio_is_the_peers_time_over_ours(clock: Clock) -> None:
    pair = paired(clock.call("ours", 1e-3), clock.call("theirs", 3e-3), rounds=5)
    assert (pair.ours, pair.theirs, pair.ratio, pair.spread) == pytest.approx((1e-3, 3e-3, 3, 0))


def test_order_alternates(clock: Clock) -> None:
    paired(clock.call("ours", 1), clock.call("theirs", 1), rounds=4)
    assert clock.calls[-8:] == ["ours", "theirs", "theirs", "ours"] * 2


def test_short_calls_are_repeated_until_the_clock_can_tell(clock: Clock) -> None:
    paired(clock.call("ours", 1e-6), clock.call("theirs", 1e-2), rounds=2)
    assert 2 * 300 <= clock.calls.count("ours") < 2 * 4 * 300
    assert clock.calls.count("theirs") == 2 + 2  # once to warm up, once to look, once a round


def test_one_disturbed_round_does_not_count(clock: Clock) -> None:
    slow = iter([1, 1, 1, 1, 50, 1, 1, 1, 1, 1, 1])

    def ours() -> None:
        clock.now += next(slow)

    pair = paired(ours, clock.call("theirs", 2), rounds=9)
    assert pair.ratio == pytest.approx(2)


def test_a_machine_that_slows_down_slows_both(clock: Clock) -> None:
    theirs = clock.call("theirs", 2)

    def slowing() -> None:
        theirs()
        clock.slowness *= 1.001

    assert paired(clock.call("ours", 1), slowing, rounds=31).ratio == pytest.approx(2, rel=0.01)


def test_preparation_is_not_counted(clock: Clock) -> None:
    pair = paired(clock.call("ours", 1e-5), clock.call("theirs", 2e-5), rounds=3, prepare=clock.call("prepare", 1e-3))
    assert (pair.ours, pair.ratio) == pytest.approx((1e-5, 2))
    assert clock.calls.count("prepare") == clock.calls.count("ours") + clock.calls.count("theirs")


def test_garbage_is_collected_again_afterwards() -> None:
    seen = []

    def ours() -> None:
        seen.append(gc.isenabled())

    assert gc.isenabled()
    paired(ours, lambda: None, rounds=2)
    assert gc.isenabled()
    assert not seen[-1]

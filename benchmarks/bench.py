"""One run: who takes part, how often, on what; and the comparison most sections consist of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

import actlab
from actlab.activation import Axis
from benchmarks.figures import Figure
from benchmarks.machine import threads
from benchmarks.peers import VALUE, Peer
from benchmarks.peers.ours import OURS
from benchmarks.timing import Call, paired

_HUGE = 10_000_000  # elements from which a call takes so long that a sixth of the rounds must do
_ERROR_SAMPLE = 100_000  # elements on which errors are measured


@dataclass(frozen=True)
class Bench:
    """One run.

    Attributes
    ----------
    peers : who is there, by name
    functions : our names of what is measured
    rounds : paired timings of each pair
    sizes : instead of the sections' own; empty: their own
    full : whether to measure what takes minutes, too
    """

    peers: dict[str, Peer]
    functions: tuple[str, ...]
    rounds: int = 31
    sizes: tuple[int, ...] = ()
    full: bool = False

    def figure(
        self,
        function: str,
        what: str,
        peer: str,
        *,
        x: NDArray[Any],
        ours: Call,
        theirs: Call,
        n: int = 1,
        prepare: Call | None = None,
    ) -> Figure:
        """Time two calls on x against each other; the figure's value is their ratio, theirs/ours."""
        rounds = max(3, self.rounds // 6) if x.size >= _HUGE else self.rounds
        pair = paired(ours, theirs, rounds, prepare)
        array = (x.dtype.name, x.size, n)
        return Figure(function, what, peer, *array, pair.ours, pair.theirs, pair.ratio, pair.spread)

    def sized(self, *usual: int) -> tuple[int, ...]:
        """The sizes to measure."""
        return self.sizes or usual

    @property
    def elementwise(self) -> tuple[str, ...]:
        """Those functions that look at each element by itself."""
        return tuple(name for name in self.functions if not isinstance(actlab.get(name), Axis))

    def chosen(self, *usual: str) -> tuple[str, ...]:
        """Those of these functions that were asked for."""
        return tuple(name for name in usual if name in self.functions)

    def against(
        self,
        *names: str,
        what: Sequence[str],
        sizes: Sequence[int],
        dtype: str = "float32",
        n: int = 1,
        functions: Sequence[str] | None = None,
        errors: bool = False,
    ) -> Iterator[Figure]:
        """Ours against each of these peers, as far as they are there and have it, with n threads each.

        With `errors` the values' errors are measured, too. Arrays live as long as their pair is measured, so that few
        are in memory at a time.
        """
        present = [self.peers[name] for name in names if name in self.peers]
        present = [peer for peer in present if n == 1 or peer.many_threads]
        for size in sizes:
            x = normal(size, dtype)
            with threads(n, (OURS, *present)):
                for function, word, peer in product(functions or self.elementwise, what, present):
                    figure = self._one(peer, function, word, x, n)
                    if figure is not None:
                        yield _with_errors(figure, peer, x) if errors else figure

    def _one(self, peer: Peer, function: str, what: str, x: NDArray[Any], n: int) -> Figure | None:
        theirs, ours = peer.call(function, what, x), OURS.call(function, what, x)
        if theirs is None or ours is None:
            return None
        return self.figure(function, what, peer.name, x=x, ours=ours, theirs=theirs, n=n)


@lru_cache(maxsize=1)
def normal(size: int, dtype: str) -> NDArray[Any]:
    """The input of every section: standard normal numbers times 3, the same in each run.

    Wide enough that kinks, saturated parts and tails all take part.
    """
    kind: Any = np.dtype(dtype)
    x = np.random.default_rng(0).standard_normal(size, kind)
    x *= 3
    return x


def _with_errors(figure: Figure, peer: Peer, x: NDArray[Any]) -> Figure:
    """With our and the peer's worst error on (the beginning of) this float32 input, in units in the last place.

    The reference is our float64 value, which `make test` holds to exact arithmetic.
    """
    function, x = figure.function, x[:_ERROR_SAMPLE]
    reference = np.asarray(_now(OURS, function, x.astype(np.float64)))
    unit = np.spacing(np.abs(reference).astype(np.float32)).astype(np.float64)
    ours, theirs = (
        float(np.max(np.abs(np.asarray(_now(who, function, x), np.float64) - reference) / unit)) for who in (OURS, peer)
    )
    return replace(figure, own_error=ours, peer_error=theirs)


def _now(who: Peer, function: str, x: NDArray[Any]) -> Any:
    call = who.call(function, VALUE, x)
    assert call is not None  # noqa: S101 - it was just timed
    return call()

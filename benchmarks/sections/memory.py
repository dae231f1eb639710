"""Arrays far larger than any cache: page faults and bandwidth decide."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import actlab
from actlab.activation import Elementwise
from benchmarks.bench import Bench, normal
from benchmarks.figures import Figure, Goal, lowest, median
from benchmarks.machine import threads
from benchmarks.peers import OUT, VALUE
from benchmarks.peers.ours import OURS
from benchmarks.section import Section

LARGE = 30_000_000  # 120 MB of float32
_THREADS = 2


def _fresh(bench: Bench) -> Iterator[Figure]:
    yield from bench.against("PyTorch", what=[VALUE], sizes=bench.sized(LARGE), n=_THREADS)


def _share_of_copy(bench: Bench) -> Iterator[Figure]:
    """Our speed into an existing array, as a share of a copy's by as many threads."""
    for size in bench.sized(LARGE):
        x = normal(size, "float32")
        target = np.empty_like(x)
        parts = np.array_split(target, _THREADS), np.array_split(x, _THREADS)
        with ThreadPoolExecutor(_THREADS) as pool, threads(_THREADS, [OURS]):
            copy = partial(_copied, pool, *parts)
            for function in bench.elementwise:
                ours = partial(actlab.get(function), x, out=target)
                yield bench.figure(function, OUT, "copy", x=x, ours=ours, theirs=copy, n=_THREADS)


def _copied(pool: ThreadPoolExecutor, targets: list[NDArray[Any]], sources: list[NDArray[Any]]) -> None:
    list(pool.map(np.copyto, targets, sources))


def _piecewise_linear(figure: Figure) -> bool:
    """Whether the second derivative is 0, which its formula says."""
    item = actlab.get(figure.function)
    return not isinstance(item, Elementwise) or item.derivative(2).formula == "0"


SECTIONS = (
    Section(
        "C",
        "float32 value, fresh outputs, two threads each, against PyTorch",
        _fresh,
        (Goal("geometric mean", 2.5), Goal("median", None, median), Goal("slowest function", 1, lowest)),
    ),
    Section(
        "D",
        "float32 value into an existing array, two threads, as a share of the speed of a copy by two threads",
        _share_of_copy,
        (
            Goal("slowest piecewise linear function", 0.85, lowest, _piecewise_linear, unit="%"),
            Goal("geometric mean of the others", None, chosen=lambda figure: not _piecewise_linear(figure), unit="%"),
        ),
        unit="%",
        note="The copy is numpy.copyto of each half of the array in a thread of its own.",
    ),
)

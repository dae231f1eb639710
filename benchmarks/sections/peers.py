"""Arrays of middling size against the peers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal, lowest, median, where
from benchmarks.peers import BOTH, DERIVATIVE, VALUE, WHATS
from benchmarks.section import Section

SMALL, IN_CACHE, MIDDLING = 1_000, 100_000, 1_000_000
_OWN_BOUND = ("sigmoid", "silu", "hard_swish", "gelu")


def _values(bench: Bench) -> Iterator[Figure]:
    sizes = bench.sized(IN_CACHE, MIDDLING)
    yield from bench.against("PyTorch", what=[VALUE], sizes=sizes, errors=True)
    if gelu := bench.chosen("gelu"):
        yield from bench.against("JAX", what=[VALUE], sizes=sizes, functions=gelu, errors=True)


def _both(bench: Bench) -> Iterator[Figure]:
    yield from bench.against("PyTorch", what=[BOTH], sizes=bench.sized(IN_CACHE, MIDDLING))


def _float64(bench: Bench) -> Iterator[Figure]:
    sizes = bench.sized(IN_CACHE, MIDDLING)
    yield from bench.against("PyTorch", what=[VALUE, DERIVATIVE, BOTH], sizes=sizes, dtype="float64")


def _obvious(bench: Bench) -> Iterator[Figure]:
    sizes = bench.sized(MIDDLING)
    yield from bench.against("NumPy", "SciPy", "numexpr", "JAX", what=[VALUE], sizes=sizes, errors=True)


def _everything(bench: Bench) -> Iterator[Figure]:
    """Two thousand pairs: a quarter of the rounds must do, and means over functions are what the table shows."""
    quick = replace(bench, rounds=max(3, bench.rounds // 4))
    for n, dtype in product((1, 2), ("float32", "float64")):
        sizes = bench.sized(SMALL, IN_CACHE, MIDDLING)
        yield from quick.against(*bench.peers, what=WHATS, sizes=sizes, dtype=dtype, n=n)


SECTIONS = (
    Section(
        "A",
        "float32 value, one thread, against PyTorch",
        _values,
        (
            Goal("geometric mean", 1.1, chosen=where(peer="PyTorch")),
            Goal("median", None, median, where(peer="PyTorch")),
            Goal("sigmoid, silu, hard_swish", 0.5, lowest, where(peer="PyTorch", function=_OWN_BOUND[:3])),
            Goal("gelu", 0.25, lowest, where(peer="PyTorch", function="gelu")),
            Goal("gelu against JAX", 0.8, lowest, where(peer="JAX")),
            Goal("every other function", 0.9, lowest, lambda figure: figure.function not in _OWN_BOUND),
        ),
        note="PyTorch's gelu is x*(1 + erf(x/sqrt(2)))/2 and loses every digit below -5.6; see its error.",
    ),
    Section(
        "B",
        "float32 value and derivative, one thread, against PyTorch's forward and backward kernels",
        _both,
        (Goal("geometric mean", 1.3),),
    ),
    Section(
        "E",
        "float64, one thread, against PyTorch",
        _float64,
        tuple(Goal(f"geometric mean, {what}", 1.5, chosen=where(what=what)) for what in (VALUE, DERIVATIVE, BOTH)),
        column="{what} {size}",
    ),
    Section(
        "F",
        "float32 value, one thread, against NumPy written the obvious way, SciPy and others",
        _obvious,
        (
            Goal("geometric mean, NumPy", 3, chosen=where(peer="NumPy")),
            Goal("median, NumPy", None, median, where(peer="NumPy")),
            Goal("geometric mean, SciPy", 5, chosen=where(peer="SciPy")),
        ),
    ),
    Section(
        "L",
        "every peer, size, dtype and number of threads: geometric means over functions",
        _everything,
        row="{peer}, {what}, threads: {threads}",
        column="{dtype} {size}",
        times=False,
    ),
)

"""How we are called: value and gradient at once, tiny arrays, layouts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import actlab
from actlab.activation import Elementwise
from benchmarks.bench import Bench, normal
from benchmarks.figures import Figure, Goal, highest, where
from benchmarks.peers import BOTH, VALUE
from benchmarks.section import Section
from benchmarks.timing import Call

IN_CACHE, MIDDLING, TINY = 100_000, 1_000_000, 16


def _at_once(bench: Bench) -> Iterator[Figure]:
    """value_and_grad against value, then grad."""
    for dtype in ("float32", "float64"):
        for size in bench.sized(IN_CACHE, MIDDLING):
            x = normal(size, dtype)
            for function in bench.elementwise:
                item = actlab.get(function)
                once, twice = partial(item.value_and_grad, x), partial(_one_by_one, item, x)
                yield bench.figure(function, BOTH, "value then grad", x=x, ours=once, theirs=twice)


def _one_by_one(item: Any, x: NDArray[Any]) -> tuple[Any, Any]:
    return item(x), item.grad(x)


def _tiny(bench: Bench) -> Iterator[Figure]:
    """A warm call on few elements, over numpy.exp on the same array."""
    x = normal(TINY, "float32")
    for function in bench.elementwise:
        ours, theirs = partial(actlab.get(function), x), partial(np.exp, x)
        figure = bench.figure(function, VALUE, "numpy.exp", x=x, ours=ours, theirs=theirs)
        yield replace(figure, value=(figure.ours - figure.theirs) * 1e6)


def _layouts(bench: Bench) -> Iterator[Figure]:
    """Arrays that are not plain contiguous memory, against the same numbers that are."""
    for size in bench.sized(MIDDLING):
        x = normal(size, "float32")
        for function in bench.elementwise:
            for what, peer, ours, theirs, prepare in _variants(function, x):
                figure = bench.figure(function, what, peer, x=x, ours=ours, theirs=theirs, prepare=prepare)
                yield replace(figure, value=1 / figure.value)


def _variants(function: str, x: NDArray[Any]) -> Iterator[tuple[str, str, Call, Call, Call | None]]:
    """What is timed, against what, and what restores an input that a call spoils."""
    item, source, target = actlab.get(function), x.copy(), np.empty_like(x)
    yield (
        "in place",
        "plain",
        partial(item, source, out=source),
        partial(item, source, out=target),
        partial(np.copyto, source, x),
    )
    side = math.isqrt(x.size)
    square = x[: side**2].reshape(side, side)
    yield "Fortran order", "plain", partial(item, np.asfortranarray(square)), partial(item, square), None
    if isinstance(item, Elementwise) and item.parameters:
        name, parameter = next(iter(item.parameters.items()))
        column = {name: np.full(side, float(parameter.default))}
        row = {name: np.full((side, 1), float(parameter.default))}
        yield "parameter a column", "plain", partial(item, square, **column), partial(item, square), None
        yield "parameter a row", "plain", partial(item, square, **row), partial(item, square), None
    strided = np.repeat(x, 2)[::2]
    yield "strided", "plain", partial(item, strided), partial(item, x), None
    yield "strided", "copy, then call", partial(item, strided), lambda: item(strided.copy()), None
    yield "strided", "copy", partial(item, strided), strided.copy, None


SECTIONS = (
    Section(
        "G",
        "value_and_grad against value, then grad, one thread",
        _at_once,
        (Goal("geometric mean", 1.4),),
        column="{dtype} {size}",
    ),
    Section(
        "H",
        "a warm call on 16 elements of float32, over numpy.exp on the same array",
        _tiny,
        (Goal("slowest function", 3, highest, at_most=True, unit="µs"),),
        unit="µs",
        times=False,
    ),
    Section(
        "I",
        "layouts, float32 value, one thread: our time there / on plain contiguous memory",
        _layouts,
        (
            *(
                Goal(layout, 1.5, highest, where(what=layout), at_most=True)
                for layout in ("in place", "Fortran order", "parameter a column", "parameter a row")
            ),
            Goal("strided, against copying first", 1.5, highest, where(peer="copy, then call"), at_most=True),
        ),
        column="{what} / {peer}",
        times=False,
    ),
)

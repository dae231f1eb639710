"""softmax and log_softmax along the last and the first axis, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import actlab
from actlab.frameworks.axis import vjp_from
from benchmarks.bench import Bench, normal
from benchmarks.figures import Figure, Goal
from benchmarks.section import Section
from benchmarks.timing import Call

_FUNCTIONS = ("softmax", "log_softmax")
_SHAPES = ((1000, 1000), (1000, 100))
_FORWARD, _BACKWARD = "forward", "backward"


def _passes(bench: Bench) -> Iterator[Figure]:
    peers = {"PyTorch": _by_torch, "SciPy": _by_scipy}
    for function in bench.chosen(*_FUNCTIONS):
        for shape in _SHAPES:
            x = normal(shape[0] * shape[1], "float32").reshape(shape)
            g = np.ascontiguousarray(x[::-1, ::-1])
            for axis in (-1, 0):
                for name in filter(bench.peers.__contains__, peers):
                    ours = _ours(function, x, g, axis, kept=name == "PyTorch")
                    theirs = peers[name](function, x, g, axis)
                    for word in (_FORWARD, _BACKWARD):
                        what = f"{word}, {'last' if axis else 'first'} axis"
                        yield bench.figure(function, what, name, x=x, ours=ours[word], theirs=theirs[word])


def _ours(function: str, x: NDArray[Any], g: NDArray[Any], axis: int, *, kept: bool) -> dict[str, Call]:
    """Both passes; with `kept` backward starts from the kept result, as it does in our PyTorch functions."""
    item = actlab.get(function)
    kept_result = {"y": item(x, axis=axis), "g": g}
    from_result = partial(vjp_from, item.record, kept_result, item.resolved({"axis": axis}))
    return {
        _FORWARD: partial(item, x, axis=axis),
        _BACKWARD: from_result if kept else partial(item.vjp, x, g, axis=axis),
    }


def _by_torch(function: str, x: NDArray[Any], g: NDArray[Any], axis: int) -> dict[str, Call]:
    """PyTorch's backward kernel starts from the result it kept, and so does ours beside it."""
    import torch

    forward = partial({"softmax": torch.softmax, "log_softmax": torch.log_softmax}[function], torch.from_numpy(x), axis)
    kernels = torch.ops.aten
    kernel = {"softmax": kernels._softmax_backward_data, "log_softmax": kernels._log_softmax_backward_data}[function]  # noqa: SLF001
    return {
        _FORWARD: forward,
        _BACKWARD: partial(kernel.default, torch.from_numpy(g), forward(), axis, torch.float32),
    }


def _by_scipy(function: str, x: NDArray[Any], g: NDArray[Any], axis: int) -> dict[str, Call]:
    """SciPy has no backward pass: the textbook formula on its forward pass."""
    from scipy import special

    forward: Callable[..., Any] = getattr(special, function)

    def softmax() -> Any:
        y = forward(x, axis=axis)
        return y * (g - (g * y).sum(axis, keepdims=True))

    def log_softmax() -> Any:
        y = forward(x, axis=axis)
        return g - np.exp(y) * g.sum(axis, keepdims=True)

    backward = {"softmax": softmax, "log_softmax": log_softmax}[function]
    return {_FORWARD: partial(forward, x, axis=axis), _BACKWARD: backward}


def _of(peer: str, word: str) -> Callable[[Figure], bool]:
    return lambda figure: figure.peer == peer and figure.what.startswith(word)


SECTIONS = (
    Section(
        "K",
        "softmax and log_softmax of float32, one thread, against PyTorch and SciPy",
        _passes,
        tuple(
            Goal(f"geometric mean, {word}, {peer}", bound, chosen=_of(peer, word))
            for peer, bound in (("PyTorch", 1), ("SciPy", 5))
            for word in (_FORWARD, _BACKWARD)
        ),
        row="{function} {what}",
        note="Arrays of 1000 rows of 1000 and of 100. SciPy's backward is the textbook formula in NumPy behind SciPy's "
        "forward; so do we beside it. PyTorch's backward kernel starts from the kept result, and so do we beside that.",
    ),
)

"""What the frameworks have in common: the checks of axis and shape, and the way to the kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.errors import OptionError, ParameterError, UnsupportedType
from actlab.frameworks import bfloat16
from actlab.kernels.elementwise import run
from actlab.symbolic.plan import Plan

_PIECE = 8192  # elements: 64 KiB of float64, as in kernels/elementwise.py
_PIECES = ("nbo", "aligned", "contig", "overlap_assume_elementwise")


def axis_and_pieces(who: str, shape: Sequence[int], parameters: Mapping[str, Any]) -> tuple[int, int | None]:
    """The axis, counted from the front, and into groups of how many it is cut (None: not at all)."""
    axis, pieces, ndim = int(parameters["axis"]), parameters.get("pieces"), len(shape)
    if not ndim:
        raise UnsupportedType(f"{who}: x must have an axis to look along; got a single number")
    if not -ndim <= axis < ndim:
        raise ParameterError(f"{who}: axis must lie in [{-ndim}, {ndim}); got axis={axis}")
    axis %= ndim
    if pieces is None:
        return axis, None
    if shape[axis] % int(pieces) or not shape[axis]:
        raise ParameterError(f"{who}: pieces must divide the axis length {shape[axis]}; got pieces={int(pieces)}")
    return axis, int(pieces)


def broadcast(who: str, shape: Sequence[int], others: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The shape of the result for x and parameters of these shapes."""
    shapes = [tuple(shape), *map(tuple, others)]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ParameterError(f"{who}: parameters must broadcast against x; got shapes {shapes}") from None


def refuse_out(who: str, out: Any, kinds: str) -> None:
    """Raise OptionError if `out` is given where results are always new objects."""
    if out is not None:
        raise OptionError(f"{who}: out must be left out for {kinds}; got {type(out).__name__}; use what is returned")


def target(source: NDArray[Any], shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """A new array, laid out like the source where it has its shape.

    NumPy's allocation asks for huge pages, torch's does not: a fresh large result costs a fraction.
    """
    return np.empty_like(source, dtype, subok=False) if source.shape == shape else np.empty(shape, dtype)


def run_bfloat16(
    plan: Plan,
    bits: NDArray[np.uint16],
    values: Sequence[Any],
    shape: tuple[int, ...],
    outs: Sequence[NDArray[np.uint16]] = (),
) -> Sequence[NDArray[np.uint16]]:
    """The plan's outputs for bfloat16 input, as bfloat16 bits: computed in float64, rounded once.

    Piece by piece, so that the float64 numbers in between stay in the cache; into `outs` where they are given.
    """
    results = outs or [target(bits, shape, np.uint16) for _ in plan.roots]
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    wide = np.empty((len(results), _PIECE))
    with np.nditer(  # type: ignore[call-overload]
        [*results, bits, *arrays],
        flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
        op_flags=[["writeonly", *_PIECES]] * len(results) + [["readonly", *_PIECES]] * (1 + len(arrays)),
        op_dtypes=[np.uint16] * (len(results) + 1) + [np.float64] * len(arrays),
        casting="same_kind",
        buffersize=_PIECE,
    ) as pieces:
        for piece in pieces:
            written, read = piece[: len(results)], iter(piece[len(results) :])
            source = bfloat16.decode(next(read))
            numbers = [next(read) if isinstance(value, np.ndarray) else value for value in values]
            run(plan, source, numbers, [row[: source.size] for row in wide], "odd")
            for out, row in zip(written, wide, strict=True):
                out[...] = bfloat16.encode(row[: source.size])
    return results

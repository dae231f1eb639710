"""What NumPy arrays and PyTorch tensors have in common: the checks of axis and shape, and the way to the kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.errors import ParameterError, UnsupportedType
from actlab.frameworks import bfloat16
from actlab.kernels.elementwise import run
from actlab.symbolic.plan import Plan


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


def target(source: NDArray[Any], shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """A new array, laid out like the source where it has its shape.

    NumPy's allocation asks for huge pages, torch's does not: a fresh large result costs a fraction.
    """
    return np.empty_like(source, dtype, subok=False) if source.shape == shape else np.empty(shape, dtype)


def run_bfloat16(
    plan: Plan, bits: NDArray[np.uint16], values: Sequence[Any], shape: tuple[int, ...]
) -> list[NDArray[np.uint16]]:
    """The plan's outputs for bfloat16 input, as bfloat16 bits: computed in float64, rounded once."""
    source = bfloat16.decode(bits)
    wide = [target(source, shape, np.float64) for _ in plan.roots]
    run(plan, source, values, wide)
    return [bfloat16.encode(result) for result in wide]

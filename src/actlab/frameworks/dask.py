"""Activations on Dask arrays: nothing is computed, each block gets a task that calls the activation on it.

Chunks stay as they are; float arrays keep their dtype, integers become float64. Along an axis, that axis is made one
chunk. Parameters may be numbers, NumPy arrays or Dask arrays; the numbers in a Dask array are compared with their
domain when they are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from actlab.emit.axis import is_per_group
from actlab.errors import OptionError, ParameterError, UnsupportedType
from actlab.frameworks import numpy as on_numpy
from actlab.frameworks.arrays import real_array, result_dtype
from actlab.frameworks.common import axis_and_pieces, refuse_out

if TYPE_CHECKING:
    from actlab.activation import Axis, Elementwise


def elementwise(item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """One derivative (or the value) of x, lazily.

    Examples
    --------
    >>> import actlab, dask.array as da
    >>> y = actlab.silu(da.linspace(-1, 1, 10**9, chunks=10**7))
    >>> y.shape, y.numblocks
    ((1000000000,), (100,))
    """
    refuse_out(item.name, out, "Dask arrays")
    return _blockwise(partial(on_numpy.elementwise, out=None), item, steps, x, parameters)


def elementwise_pair(
    item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any = None
) -> tuple[Any, ...]:
    """Value and gradient of x, lazily; computed together they take one pass."""
    refuse_out(item.name, out, "Dask arrays")
    pairs = _blockwise(on_numpy.elementwise_pair, item, steps, x, parameters)
    return tuple(pairs.map_blocks(itemgetter(k), dtype=pairs.dtype, meta=pairs._meta) for k in range(2))  # noqa: SLF001


def draw(x: Any, lower: Any, upper: Any, rng: np.random.Generator | None) -> Any:
    """Uniform draws between lower and upper, one for each element of x, lazily and chunked like it."""
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise UnsupportedType(
            f"draw: rng must be a numpy.random.Generator; got {type(rng).__name__}; use numpy.random.default_rng(seed)"
        )
    _require_known(x.shape, "draw")
    generator = da.random.default_rng(None if rng is None else rng.bit_generator)
    return lower + (upper - lower) * generator.random(size=x.shape, chunks=x.chunks)


def along_axis(item: Axis, x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """f(x) along an axis, lazily; the axis is made one chunk, which has to fit into memory."""
    refuse_out(item.name, out, "Dask arrays")
    rows, after, adjusted = _as_rows(item, x, parameters)
    call = partial(on_numpy.along_axis, item, parameters=dict(parameters), out=None)
    return da.blockwise(
        call, after, rows, tuple(range(x.ndim)), adjust_chunks=adjusted, concatenate=True, token=item.name,
        meta=np.empty((0,) * len(after), _dtype(x, item.name)),
    )  # fmt: skip


def along_axis_vjp(item: Axis, x: Any, g: Any, parameters: Mapping[str, Any]) -> Any:
    """The gradient with respect to x, given that with respect to f(x), lazily."""
    y = along_axis(item, x, parameters, None)
    if g.shape != y.shape:
        raise OptionError(f"{item.name}: g must have the shape of f(x), {y.shape}; got shape {g.shape}")
    rows, after, _ = _as_rows(item, x, parameters)
    call = partial(on_numpy.along_axis_vjp, item, parameters=dict(parameters))
    every = tuple(range(x.ndim))
    return da.blockwise(
        call, every, rows, every, da.asarray(g).rechunk(y.chunks), after, align_arrays=False, concatenate=True,
        token=f"{item.name}_vjp", meta=np.empty((0,) * x.ndim, y.dtype),
    )  # fmt: skip


def _blockwise(
    call: Callable[..., Any], item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any]
) -> Any:
    """call(item, steps, block of x, parameters) for every block, parameters cut to match."""
    dtype = _dtype(x, item.name)
    arrays = {name: _operand(v, name, item.name) for name, v in parameters.items() if not isinstance(v, int | float)}
    numbers = {name: value for name, value in parameters.items() if name not in arrays}
    operands = [x, *arrays.values()]
    try:
        ndim = len(da.core.broadcast_shapes(*(operand.shape for operand in operands)))
    except ValueError:
        shapes = [operand.shape for operand in operands]
        raise ParameterError(f"{item.name}: parameters must broadcast against x; got shapes {shapes}") from None
    # NumPy aligns shapes at their ends: count indices from there.
    indexed = chain.from_iterable((operand, tuple(range(operand.ndim))[::-1]) for operand in operands)
    task = partial(_on_block, partial(call, item, steps), item, numbers, tuple(arrays))
    meta = np.empty((0,) * ndim, dtype)  # given, lest Dask calls the activation to learn the dtype
    return da.blockwise(task, tuple(range(ndim))[::-1], *indexed, token=item.name, dtype=dtype, meta=meta)


def _on_block(
    call: Callable[..., Any], item: Elementwise, numbers: dict[str, float], names: tuple[str, ...], *blocks: Any
) -> Any:
    """Compute one block; parameters that were not in memory before are held against their domain here."""
    parameters = numbers | dict(zip(names, blocks[1:], strict=True))
    item.resolved({name: value for name, value in parameters.items() if name in item.parameters})
    return call(blocks[0], parameters)


def _operand(value: Any, name: str, who: str) -> Any:
    """A parameter that is an array, as a Dask array."""
    if isinstance(value, da.Array):
        _dtype(value, who, name)
        return value
    if isinstance(value, np.ndarray | np.generic | list | tuple):
        return da.asarray(real_array(value, who, name))
    raise UnsupportedType(f"{who}: {name} must be a number, a NumPy or a Dask array; got {type(value).__name__}")


def _dtype(x: Any, who: str, name: str = "x") -> np.dtype[Any]:
    """The dtype of f(x), if the blocks of x are NumPy arrays of real numbers."""
    block = x._meta  # noqa: SLF001 - Dask's word for an empty example of a block; there is no public one
    if type(block) is not np.ndarray and not isinstance(block, np.generic):
        raise UnsupportedType(
            f"{who}: {name} must be a Dask array of NumPy arrays; got blocks of {type(block).__qualname__}; "
            f"convert them with {name}.map_blocks(numpy.asarray) if that loses nothing"
        )
    return result_dtype(real_array(block, who, name).dtype)


def _as_rows(item: Axis, x: Any, parameters: Mapping[str, Any]) -> tuple[Any, tuple[int, ...], dict[int, int]]:
    """x with the axis in one chunk, the axes that f(x) has, and the new length of one that changes it."""
    _require_known(x.shape, item.name)
    axis, pieces = axis_and_pieces(item.name, x.shape, parameters)
    removed = is_per_group(item.expression) and pieces is None
    after = tuple(k for k in range(x.ndim) if not (removed and k == axis))
    return x.rechunk({axis: -1}), after, {} if pieces is None else {axis: x.shape[axis] // pieces}


def _require_known(shape: tuple[float, ...], who: str) -> None:
    if any(length != length for length in shape):
        raise OptionError(f"{who}: x must have chunks of known size; got shape {shape}; call x.compute_chunk_sizes()")

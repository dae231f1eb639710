"""Which arrays are taken: as x or a parameter, and as `out`. Nothing is converted that would lose what it carries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.errors import OptionError, UnsupportedType
from actlab.frameworks import bfloat16

_FLOATS = tuple(map(np.dtype, (np.float16, np.float32, np.float64)))
_FLOAT64 = np.dtype(np.float64)
_PLAIN = (np.ndarray, np.memmap)


def as_array(x: Any, who: str) -> NDArray[Any]:
    """x as an array of float64, float32, float16 or bfloat16; see `real_array`."""
    array = real_array(x, who)
    return array.astype(_FLOAT64) if array.dtype.kind in "biu" else array


def real_array(x: Any, who: str, name: str = "x") -> NDArray[Any]:
    """x as an array of real numbers: an array as it is, also one of integers; a list or a number as float64.

    Raises
    ------
    UnsupportedType
        If it is complex, longdouble, float8, text, an object array, or an array subclass that carries more.
    """
    array = _plain(x, who, name)
    if _is_real(array.dtype):
        return array if isinstance(x, np.ndarray | np.generic) else array.astype(_FLOAT64)
    if isinstance(x, list | tuple) and not array.size:
        return array.astype(_FLOAT64)
    raise UnsupportedType(
        f"{who}: {name} must hold real numbers of 64 bits or less; got dtype {array.dtype}; {_hint(array.dtype, name)}"
    )


def result_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of f(x) for real x of this dtype: native floats are kept, integers and bool become float64."""
    return _FLOAT64 if dtype.kind in "biu" else dtype.newbyteorder("=")


def checked_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any], who: str) -> NDArray[Any]:
    """`out`, if the result can be written into it as it is.

    Raises
    ------
    UnsupportedType
        If it is no plain NumPy array.
    OptionError
        If shape or dtype differ from those of the result (the byte order may), or an element cannot be written.
    """
    if not isinstance(out, np.ndarray):
        raise UnsupportedType(f"{who}: out must be a NumPy array; got {type(out).__name__}")
    if type(out) not in _PLAIN:
        raise UnsupportedType(f"{who}: out must be a plain array; got {type(out).__name__}; pass numpy.asarray(out)")
    if out.shape != shape or out.dtype.newbyteorder("=") != dtype:
        raise OptionError(
            f"{who}: out must have shape {shape} and dtype {dtype}; got shape {out.shape} and dtype {out.dtype}"
        )
    if not out.flags.writeable:
        raise OptionError(f"{who}: out must be writeable; got a read-only array")
    if not out.flags.forc and _overlaps_itself(out):
        raise OptionError(
            f"{who}: out must have a place for each element; got strides {out.strides}; pass an array of its own"
        )
    return out


def apart(out: Any, who: str) -> tuple[Any, Any]:
    """The arrays for value and gradient, if they are two and share no memory."""
    if not isinstance(out, tuple) or [isinstance(array, np.ndarray) for array in out] != [True, True]:
        got = ", ".join(type(array).__name__ for array in out) if isinstance(out, tuple) else type(out).__name__
        raise UnsupportedType(f"{who}: out must be a pair of NumPy arrays, (value, gradient); got {got}")
    if np.shares_memory(*out):
        raise OptionError(f"{who}: out must be two arrays apart; got a pair that shares memory")
    return out


def _plain(x: Any, who: str, name: str) -> NDArray[Any]:
    """x as a plain array, unless it is or holds an array of another kind."""
    listed = isinstance(x, list | tuple)
    special = _special(x) if listed else type(x)
    if special is not None and (listed or isinstance(x, np.ndarray)) and special not in _PLAIN:
        where = " in a list" if listed else ""
        raise UnsupportedType(
            f"{who}: {name} must be a plain array; got {special.__name__}{where}; "
            f"pass numpy.asarray({name}), which drops what it adds"
        )
    try:
        return np.asarray(x)
    except ValueError as error:
        raise UnsupportedType(f"{who}: {name} must be a rectangular list of numbers; {error}") from None


def _special(items: list[Any] | tuple[Any, ...]) -> type | None:
    """The type of an array in a list, at any depth, that NumPy would strip: of its mask, unit or device."""
    for kind in set(map(type, items)):
        if hasattr(kind, "__array__") and not issubclass(kind, np.generic) and kind not in _PLAIN:
            return kind
    nested = (_special(item) for item in items if isinstance(item, list | tuple))
    return next((kind for kind in nested if kind is not None), None)


def _is_real(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biu" or dtype.newbyteorder("=") in _FLOATS or bfloat16.is_bfloat16(dtype)


def _hint(dtype: np.dtype[Any], name: str) -> str:
    if dtype.kind == "c":
        return f"pass {name}.real or abs({name})"
    if dtype.names:
        return f"pass one field, {name}[{dtype.names[0]!r}]"
    return f"convert it with {name}.astype(numpy.float64) if the numbers allow it"


def _overlaps_itself(out: NDArray[Any]) -> bool:
    """Whether two elements may lie in the same place: no slice does, views made by stride tricks do."""
    reach = out.itemsize
    for stride, length in sorted((abs(s), n) for s, n in zip(out.strides, out.shape, strict=True) if n > 1):
        if stride < reach:
            return True
        reach += stride * (length - 1)
    return False

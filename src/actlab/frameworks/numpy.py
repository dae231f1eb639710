"""Activations on NumPy arrays, Python numbers and lists: what is taken, what comes back, where it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actlab.errors import UnsupportedType
from actlab.frameworks import axis, bfloat16
from actlab.frameworks.arrays import apart, as_array, checked_out, real_array, result_dtype
from actlab.frameworks.common import broadcast, run_bfloat16, target
from actlab.kernels.elementwise import loop, run

if TYPE_CHECKING:
    from actlab.activation import Axis, Elementwise
    from actlab.symbolic.plan import Plan

_FLOATS = tuple(map(np.dtype, (np.float16, np.float32, np.float64)))
_FLOAT64 = np.dtype(np.float64)
_LANES = _FLOATS[1:]


def elementwise(item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """One derivative (or the value) of x; see `Elementwise.__call__`."""
    return _answer(item.plan(steps), x, _numbers(parameters, item.name), out, item.name)


def elementwise_pair(
    item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any = None
) -> tuple[Any, ...]:
    """Value and gradient of x in one pass, into the two arrays of `out` if it is given."""
    plan = item.plan(steps, (*steps, "x"))
    return _answer(plan, x, _numbers(parameters, item.name), out, item.name)  # type: ignore[no-any-return]


def direct(
    item: Elementwise, forms: tuple[tuple[str, ...], ...], values: Mapping[str, float]
) -> Callable[[Any, Any], Any]:
    """f(x, out) at these parameters, prepared: for contiguous arrays little but the kernel is left to do."""
    plan, who = item.plan(*forms), item.name
    numbers = _numbers(values, who)
    chosen = [numbers[name] for name in plan.parameters]
    loops: dict[np.dtype[Any], Any] = {}

    def call(x: Any, out: Any) -> Any:
        if not (type(x) is np.ndarray and x.dtype in _LANES and x.flags.c_contiguous and x.ndim):
            return _answer(plan, x, numbers, out, who)
        if out is None:
            results: tuple[Any, ...] = tuple([np.empty(x.shape, x.dtype) for _ in forms])
        elif len(forms) == 1 and _takes(out, x):
            results = (out,)
        else:
            return _answer(plan, x, numbers, out, who)
        run = loops.get(x.dtype) or loops.setdefault(x.dtype, loop(plan, x.dtype, chosen))
        run((x, *results) if x.ndim == 1 else [array.reshape(-1) for array in (x, *results)])
        return results if len(forms) > 1 else results[0]

    return call


def _takes(out: Any, x: NDArray[Any]) -> bool:
    """Whether a kernel can write f(x) there as it is."""
    return (
        type(out) is np.ndarray
        and out.dtype == x.dtype
        and out.shape == x.shape
        and out.flags.carray
        and not np.may_share_memory(x, out)
    )


def draw(x: Any, lower: Any, upper: Any, rng: np.random.Generator | None) -> NDArray[np.float64]:
    """Uniform draws between lower and upper, one for each element of x."""
    array = as_array(x, "draw")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise UnsupportedType(
            f"draw: rng must be a numpy.random.Generator; got {type(rng).__name__}; use numpy.random.default_rng(seed)"
        )
    generator = np.random.default_rng() if rng is None else rng
    return generator.uniform(lower, upper, array.shape)


def along_axis(item: Axis, x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """f(x) along an axis; see `Axis.__call__`."""
    result = axis.value(item.record, as_array(x, item.name), parameters, out)
    return _like_input(result, x) if out is None else out


def along_axis_vjp(item: Axis, x: Any, g: Any, parameters: Mapping[str, Any]) -> Any:
    """The gradient with respect to x; see `Axis.vjp`."""
    return axis.vjp(item.record, as_array(x, item.name), as_array(g, item.name), parameters)


def _answer(plan: Plan, x: Any, parameters: Mapping[str, Any], out: Any, who: str) -> Any:
    """The plan's one result for x, or its pair of results; `out` itself if it is given."""
    array, pair = real_array(x, who), len(plan.roots) > 1
    if out is not None:
        _evaluate(plan, array, parameters, apart(out, who) if pair else (out,), who)
        return out
    results = tuple(_like_input(result, x) for result in _evaluate(plan, array, parameters, [None] * (1 + pair), who))
    return results if pair else results[0]


def _evaluate(
    plan: Plan, x: NDArray[Any], parameters: Mapping[str, Any], outs: Sequence[Any], who: str
) -> list[NDArray[Any]]:
    values = [parameters[name] for name in plan.parameters]
    # A parameter that this derivative no longer depends on still takes part in broadcasting.
    shapes = [p.shape for p in parameters.values() if isinstance(p, np.ndarray)]
    shape = broadcast(who, x.shape, shapes)
    dtype = result_dtype(x.dtype)
    results = [target(x, shape, dtype) if out is None else checked_out(out, shape, dtype, who) for out in outs]
    values = [_unshared(value, results) for value in values]
    if bfloat16.is_bfloat16(dtype):
        run_bfloat16(plan, x.view(np.uint16), values, shape, [result.view(np.uint16) for result in results])
    else:
        run(plan, x, values, results)
    return results


def _unshared(value: float | NDArray[Any], results: Sequence[NDArray[Any]]) -> float | NDArray[Any]:
    """A parameter where no result is written over it: it may be read again for later elements."""
    if isinstance(value, np.ndarray) and any(np.may_share_memory(value, result) for result in results):
        return value.copy()
    return value


def _numbers(parameters: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Parameters as Python floats or arrays."""
    return {name: _number(value, name, who) for name, value in parameters.items()}


def _number(value: Any, name: str, who: str) -> float | NDArray[Any]:
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, np.ndarray | np.generic | list | tuple):
        array = real_array(value, who, name)
        if bfloat16.is_bfloat16(array.dtype):
            array = bfloat16.decode(array.view(np.uint16))
        return float(array) if array.ndim == 0 else array
    raise UnsupportedType(f"{who}: {name} must be a number or a NumPy array like x; got {type(value).__name__}")


def _like_input(result: NDArray[Any], x: Any) -> Any:
    """A Python number for a Python number, a scalar for a 0-d array, otherwise the array."""
    if isinstance(x, bool | int | float) and not isinstance(x, np.generic):
        return float(result) if result.ndim == 0 else result
    return result[()] if result.ndim == 0 else result

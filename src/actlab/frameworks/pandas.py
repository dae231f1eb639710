"""Activations on pandas Series and DataFrames of NumPy dtypes: index, columns, name and attributes stay.

Each column keeps its own float dtype. Parameters may be numbers, arrays that broadcast by position, or pandas objects
with the labels of x: nothing is aligned in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actlab.errors import OptionError, ParameterError, UnsupportedType
from actlab.frameworks import numpy as on_numpy
from actlab.frameworks.arrays import real_array
from actlab.frameworks.common import refuse_out

if TYPE_CHECKING:
    from actlab.activation import Axis, Elementwise


def elementwise(item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """One derivative (or the value) of x, labelled like it.

    Examples
    --------
    >>> import actlab, pandas as pd
    >>> actlab.relu(pd.Series([-1.0, 2.0], ["a", "b"], name="signal"))
    a    0.0
    b    2.0
    Name: signal, dtype: float64
    """
    refuse_out(item.name, out, "pandas objects")
    call = partial(on_numpy.elementwise, item, steps, out=None)
    return _mapped(item.name, x, parameters, lambda values, numbers: (call(values, numbers),))[0]


def elementwise_pair(
    item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any = None
) -> tuple[Any, ...]:
    """Value and gradient of x, labelled like it."""
    refuse_out(item.name, out, "pandas objects")
    return _mapped(item.name, x, parameters, partial(on_numpy.elementwise_pair, item, steps), outputs=2)


def draw(x: Any, lower: Any, upper: Any, rng: Any) -> Any:
    """Uniform draws between lower and upper, one for each element of x."""
    ends = {"lower": lower, "upper": upper}
    return _mapped("draw", x, ends, lambda values, v: (on_numpy.draw(values, **v, rng=rng),))[0]


def along_axis(item: Axis, x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """f(x) along an axis, columns in their common dtype; where the axis becomes shorter its labels are numbers."""
    refuse_out(item.name, out, "pandas objects")
    y = on_numpy.along_axis(item, _values(x, item.name), parameters, None)
    return _labelled(y, x, _labels_after(x, y.shape, int(parameters["axis"])))


def along_axis_vjp(item: Axis, x: Any, g: Any, parameters: Mapping[str, Any]) -> Any:
    """The gradient with respect to x, labelled like it; a pandas g must have the labels of f(x)."""
    if isinstance(g, pd.Series | pd.DataFrame):
        labels = _labels_after(x, g.shape, int(parameters["axis"]))
        if not _same_labels(g.axes, labels):
            raise OptionError(
                f"{item.name}: g must have the labels of f(x); got others; pass g.to_numpy() to go by position"
            )
        g = _values(g, item.name)
    return _labelled(on_numpy.along_axis_vjp(item, _values(x, item.name), g, parameters), x, x.axes)


def _mapped(
    who: str, x: Any, parameters: Mapping[str, Any], call: Callable[..., tuple[Any, ...]], outputs: int = 1
) -> tuple[Any, ...]:
    """call(values, parameters) on the values of x, column by column where their dtypes differ; each result like x."""
    dtypes = _dtypes(x, who)
    numbers = {name: _parameter(value, name, x, who) for name, value in parameters.items()}
    if len(set(dtypes)) == 1:
        return tuple(_labelled(result, x, x.axes) for result in call(x.to_numpy(), numbers))
    results = tuple(x.copy(deep=False) for _ in range(outputs))
    for k in range(len(dtypes)):
        of_column = {name: v[:, k] if isinstance(v, np.ndarray) else v for name, v in numbers.items()}
        for result, column in zip(results, call(x.iloc[:, k].to_numpy(), of_column), strict=True):
            result.isetitem(k, column)
    return results


def _values(x: Any, who: str) -> NDArray[Any]:
    """All values as one array of their common dtype."""
    return x.to_numpy(dtype=np.result_type(*_dtypes(x, who), np.bool))  # type: ignore[no-any-return]


def _dtypes(x: Any, who: str) -> list[Any]:
    """The dtypes of the columns, if all are NumPy's and real."""
    columns = [("x", x.dtype)] if x.ndim == 1 else [(f"column {name!r}", dtype) for name, dtype in x.dtypes.items()]
    for what, dtype in columns:
        if not isinstance(dtype, np.dtype) or dtype.kind not in "biuf":
            raise UnsupportedType(
                f"{who}: {what} must have a NumPy dtype of real numbers; got dtype {dtype}; "
                "convert it with astype('float64') if it holds numbers"
            )
    return [dtype for _, dtype in columns]


def _parameter(value: Any, name: str, x: Any, who: str) -> Any:
    """A parameter as a number or an array of the shape of x."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, pd.Series | pd.DataFrame):
        if not _same_labels(value.axes, x.axes):
            raise ParameterError(
                f"{who}: {name} must have the labels of x; got others; pass {name}.to_numpy() to go by position"
            )
        array = _values(value, f"{who}: {name}")
    else:
        array = real_array(value, who, name)
    try:
        return np.broadcast_to(array, x.shape)
    except ValueError:
        raise ParameterError(
            f"{who}: {name} must broadcast to the shape of x, {x.shape}; got shape {array.shape}"
        ) from None


def _labels_after(x: Any, shape: tuple[int, ...], axis: int) -> list[Any]:
    """The labels of f(x) along an axis, for a result of this shape."""
    labels = list(x.axes)
    if len(shape) < x.ndim:
        del labels[axis]
    elif shape != x.shape:
        labels[axis] = pd.RangeIndex(shape[axis])
    return labels


def _same_labels(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(one.equals(other) for one, other in zip(a, b, strict=True))


def _labelled(values: Any, x: Any, labels: list[Any]) -> Any:
    """The values as an object like x (a Series where an axis went, a number where none is left)."""
    if not labels:
        return values
    kind = x._constructor if len(labels) == x.ndim else pd.Series  # noqa: SLF001 - pandas' word for "of the same class"
    return kind(values, *labels, copy=False).__finalize__(x)

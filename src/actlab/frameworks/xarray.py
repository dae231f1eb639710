"""Activations on xarray's DataArrays and Datasets: computed on what they hold (also Dask arrays), labels kept.

Name, coordinates and attributes stay, as for NumPy's functions. Parameters that are DataArrays broadcast by the names
of their dimensions, others by position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import xarray as xr

from actlab.errors import OptionError, ParameterError, UnsupportedType
from actlab.frameworks import of
from actlab.frameworks.common import refuse_out

if TYPE_CHECKING:
    from actlab.activation import Axis, Elementwise


def elementwise(item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """One derivative (or the value) of x, labelled like it.

    Examples
    --------
    >>> import actlab, xarray as xr
    >>> actlab.relu(xr.DataArray([-1.0, 2.0], {"t": [10, 20]}, name="signal"))
    <xarray.DataArray 'signal' (t: 2)> Size: 16B
    array([0., 2.])
    Coordinates:
      * t        (t) int64 16B 10 20
    """
    refuse_out(item.name, out, "xarray objects")
    return _mapped(
        item.name, x, parameters,
        lambda data, values: of(data, item.name).elementwise(item, steps, data, values, None),
    )  # fmt: skip


def elementwise_pair(
    item: Elementwise, steps: tuple[str, ...], x: Any, parameters: Mapping[str, Any], out: Any = None
) -> tuple[Any, ...]:
    """Value and gradient of x, labelled like it."""
    refuse_out(item.name, out, "xarray objects")
    return _mapped(  # type: ignore[no-any-return]
        item.name, x, parameters,
        lambda data, values: of(data, item.name).elementwise_pair(item, steps, data, values),
        outputs=2,
    )  # fmt: skip


def draw(x: Any, lower: Any, upper: Any, rng: Any) -> Any:
    """Uniform draws between lower and upper, one for each element of x."""
    _require_array(x, "draw")
    return _mapped(
        "draw", x, {"lower": lower, "upper": upper}, lambda data, v: of(data, "draw").draw(data, **v, rng=rng)
    )


def along_axis(item: Axis, x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
    """f(x) along an axis; where it becomes shorter, it loses its coordinates."""
    refuse_out(item.name, out, "xarray objects")
    _require_array(x, item.name)
    data = of(x.data, item.name).along_axis(item, x.data, parameters, None)
    if data.shape == x.shape:
        return x.copy(data=data)
    dim = x.dims[int(parameters["axis"])]
    dims = x.dims if data.ndim == x.ndim else tuple(other for other in x.dims if other != dim)
    coords = {name: coord for name, coord in x.coords.items() if dim not in coord.dims}
    return xr.DataArray(data, coords, dims, name=x.name, attrs=x.attrs)


def along_axis_vjp(item: Axis, x: Any, g: Any, parameters: Mapping[str, Any]) -> Any:
    """The gradient with respect to x, labelled like it; a DataArray g must have the dimensions and labels of f(x)."""
    _require_array(x, item.name)
    data = _positional(x, g, int(parameters["axis"]), item.name) if isinstance(g, xr.DataArray) else g
    return x.copy(data=of(x.data, item.name).along_axis_vjp(item, x.data, data, parameters))


def _mapped(who: str, x: Any, parameters: Mapping[str, Any], call: Callable[..., Any], outputs: int = 1) -> Any:
    """call(data, parameters) on what x and the parameters hold, broadcast by the names of dimensions."""
    arrays = {name: value for name, value in parameters.items() if not isinstance(value, int | float)}

    def on_data(data: Any, *values: Any) -> Any:
        return call(data, {**parameters, **dict(zip(arrays, values, strict=True))})

    try:
        xr.align(x, *(v for v in arrays.values() if isinstance(v, xr.DataArray | xr.Dataset)), join="exact")
    except ValueError as error:
        raise ParameterError(f"{who}: parameters must have the labels of x; xarray: {_first_line(error)}") from None
    return xr.apply_ufunc(
        on_data,
        x,
        *arrays.values(),
        output_core_dims=[[]] * outputs,
        dask="allowed",
        keep_attrs=xr.get_options()["keep_attrs"] is not False,  # as xarray has it for NumPy's functions
    )


def _positional(x: xr.DataArray, g: xr.DataArray, axis: int, who: str) -> Any:
    """What g holds, its dimensions in the order of x, if its labels are those of f(x)."""
    try:
        g = g.transpose(*(dim for dim in x.dims if dim in g.dims))
        xr.align(x, g, join="exact", exclude=() if g.shape == x.shape else (x.dims[axis],))
    except ValueError as error:
        raise OptionError(
            f"{who}: g must have the dimensions and labels of f(x); xarray: {_first_line(error)}"
        ) from None
    return g.data


def _require_array(x: Any, who: str) -> None:
    if not isinstance(x, xr.DataArray):
        raise UnsupportedType(f"{who}: x must be one DataArray; got {type(x).__name__}; use x.map(...)")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
